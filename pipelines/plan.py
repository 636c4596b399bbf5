"""Plans of studies from the published warehouse, and their tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from analysis.diagnostics.wording import number_text
from analysis.errors import SpecError
from analysis.planning.plan import plan_study
from analysis.planning.released import lines_of, not_planned, released_plan
from pipelines import publish
from pipelines.config import chosen_studies, load_project, read_study
from pipelines.errors import Exit, UserError
from pipelines.opened import opened
from pipelines.terminal import Block, printed
from reports.numbers import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.planning.released import ReleasedPlan
    from analysis.study import StudySpec
    from pipelines.config import Project
    from pipelines.engine import Engine


def plan_all(
    project_dir: Path,
    out: Path,
    named: str | None,
    people: int | None,
    intake: int | None = None,
) -> tuple[ReleasedPlan, ...]:
    """Plans of the project's studies, or of the one that is named or lies in a file of its own.

    A study that nothing can be said about has no rows and the reason. Raises UserError where there
    is no such study, or no warehouse yet.
    """
    project = load_project(project_dir)
    studies = _studies(project, named)
    path = publish.resolve(out / "warehouse")
    with opened(path, "warehouse", project=project.settings.project) as engine:
        return tuple(_plan(engine, spec, project, (people, intake)) for spec in studies)


def _studies(project: Project, named: str | None) -> Sequence[StudySpec]:
    if named and Path(named).suffix in (".yml", ".yaml"):
        if not Path(named).is_file():
            fix = "Name a study of the project, or the file of one."
            raise UserError(f"{named}: there is no such file", fix, Exit.PROJECT)
        return (read_study(Path(named), project.settings.thresholds),)
    return chosen_studies(project, named, "; or name the file of another")


def _plan(
    engine: Engine, spec: StudySpec, project: Project, asked: tuple[int | None, int | None]
) -> ReleasedPlan:
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            plan = plan_study(spec, lambda query: engine.frame(query.sql, query.params), *asked)
    except SpecError as error:
        return not_planned(spec, error)
    return released_plan(plan, project.settings.rules)


def as_json(plans: Sequence[ReleasedPlan]) -> str:
    """All plans as one document."""
    document = {"schema_version": 1, "plans": [asdict(plan) for plan in plans]}
    return escaped(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))


def as_text(plans: Sequence[ReleasedPlan]) -> str:
    """Tables with what they rest on, for a terminal."""
    return printed(_block(plan) for plan in plans)


def _block(plan: ReleasedPlan) -> Block:
    columns, rows = lines_of(plan)
    return Block(head=tuple(_head(plan)), columns=columns, rows=rows, foot=tuple(_foot(plan)))


def _head(plan: ReleasedPlan) -> Iterator[str]:
    yield f"{plan.study}: {plan.outcome}, {plan.design.replace('_', '-')}"
    if plan.people is not None and plan.treated is not None:
        yield f"{plan.people:,} people, {plan.treated:,} of them in the treated arm"
    if plan.effect_of_interest is not None:
        wanted = abs(plan.effect_of_interest) * (100 if plan.unit == "%" else 1)
        yield f"effect of interest: {number_text(wanted, plan.unit)}"
    else:
        yield "no effect of interest is declared: people needed are not known"


def _foot(plan: ReleasedPlan) -> Iterator[str]:
    for line in plan.assumptions:
        yield f"  - {line}"
    for line in plan.reasons:
        yield f"  not shown: {line}"
    yield ""
