"""Placebo programmes of the studies of a project, from a warehouse, and their tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from analysis.calibration.study import calibrate_study
from analysis.calibration.summary import restore_calibration
from pipelines import publish, workspace
from pipelines.config import chosen_studies, load_project
from pipelines.opened import opened
from pipelines.studies import read_cohort
from pipelines.terminal import Block, printed
from reports.numbers import escaped
from reports.wording.calibration import in_words, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from analysis.calibration.summary import Calibration
    from analysis.study import StudySpec
    from pipelines.config import Project
    from pipelines.engine import Engine


def calibrate(engine: Engine, spec: StudySpec, programmes: int, min_group: int) -> Calibration:
    """What so many placebo programmes of a study found in this warehouse."""
    with threadpool_limits(limits=1, user_api="blas"):
        return calibrate_study(
            spec,
            lambda query: engine.frame(query.sql, query.params),
            lambda: read_cohort(engine, spec),
            programmes,
            min_group,
        )


def calibrate_project(
    engine: Engine, project: Project, say: Callable[[str], None]
) -> tuple[Calibration, ...]:
    """As many placebo programmes of every study as the project asks for; nothing where none."""
    asked = project.settings.calibrate
    return _each(engine, project, project.studies, asked, say) if asked else ()


def read_calibrations(path: Path) -> tuple[Calibration, ...]:
    """What the estimate stage of a run wrote down."""
    return tuple(restore_calibration(item) for item in workspace.read_json(path))


def calibrate_all(
    project_dir: Path, out: Path, named: str | None, programmes: int, say: Callable[[str], None]
) -> tuple[Calibration, ...]:
    """Placebo programmes of the project's studies, or of the one named, in the last run's data.

    Raises UserError where there is no such study, or no warehouse yet.
    """
    project = load_project(project_dir)
    studies = chosen_studies(project, named)
    path = publish.resolve(out / "warehouse")
    with opened(path, "warehouse", project=project.settings.project) as engine:
        return _each(engine, project, studies, programmes, say)


def _each(
    engine: Engine, project: Project, studies: Sequence[StudySpec], programmes: int,
    say: Callable[[str], None],
) -> tuple[Calibration, ...]:  # fmt: skip
    found = []
    for spec in studies:
        say(f"study {spec.study}: {programmes} placebo programmes")
        found.append(calibrate(engine, spec, programmes, project.settings.min_group))
    return tuple(found)


def as_json(found: Sequence[Calibration]) -> str:
    """All calibrations as one document."""
    document = {"schema_version": 1, "calibrations": [c.as_dict() for c in found]}
    return escaped(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))


def as_text(found: Sequence[Calibration]) -> str:
    """A sentence and a table a study, for a terminal."""
    return printed(_block(item) for item in found)


def _block(item: Calibration) -> Block:
    columns, rows = lines_of(item)
    return Block(head=tuple(_head(item)), columns=columns, rows=rows)


def _head(item: Calibration) -> Iterator[str]:
    yield f"{item.study}: {item.outcome_kind}, {item.design.replace('_', '-')}"
    yield from in_words(item)
