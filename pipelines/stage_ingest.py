"""The first stage of a run: delivered files are pulled where a database holds them, and landed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines import encryption, ingest, publish, workspace
from pipelines.config import load_project
from pipelines.engine import Engine
from pipelines.erasure.tombstones import Erased
from pipelines.errors import Arrived
from pipelines.ingest.freshness import freshness
from pipelines.keys import load_key, retired
from pipelines.lottery_audit import read_draws
from pipelines.pull import is_pulled, pull
from reports.wording.deliveries import warnings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.run import Context

# Files of any size land within twice this; more would only make very large ones a little faster.
INGEST_MEMORY = "2GB"


def pull_stage(project_dir: Path, data: Path, say: Callable[[str], None]) -> None:
    """Add what the project's databases hold to the delivered files; nothing where none is named."""
    project = load_project(project_dir)
    if is_pulled(project):
        pull(project, data, say)


def ingest_stage(context: Context, say: Callable[[str], None]) -> None:
    """Land every file of the project as text, identifiers replaced by pseudonyms."""
    space, settings = context.space, context.project.settings
    key, _, _ = load_key(settings.project)
    erased = Erased(context.erased, key, retired(settings.project))
    space.work.mkdir(parents=True, exist_ok=True)
    temporary = publish.fresh(space.landed)
    changes = encryption.changes(space.identity, settings.identity)
    with Engine.open(temporary, memory=INGEST_MEMORY) as engine:
        report = ingest.land(
            engine,
            settings,
            context.data,
            key,
            project=context.project.folder,
            private=space.private if settings.identity else None,
            meanings=ingest.read_reasons(context.project.folder),
            keys=context.project.keys,
            lots=read_draws(context.project.folder, context.project.studies),
            known_at=context.day,
            erased=erased,
        )
        _check_begun_with(context.manifest.inputs, report)
        if context.known_at is None:  # HR corrects what is open today
            books = ingest.write_workbooks(engine, report, space.quarantine, erased)
            for book, rows in books.items():
                say(f"to be corrected by HR: {rows:,} rows in {book}")
    publish.settle(temporary, space.landed)
    fresh = [row.as_dict() for row in freshness(settings.sources, report.files, context.due)]
    workspace.write_json(space.reconciliation, {**report.as_dict(), "freshness": fresh})
    for line in [*_told(report, fresh), *changes]:
        say(line)
    if context.known_at is None:
        ingest.remember(space.ledger, context.manifest.inputs, say)


def _check_begun_with(inputs: dict[str, str], report: ingest.IngestReport) -> None:
    """Raise :class:`Arrived` where other files were read than those the run is called after."""
    files = [*(r.delivered for r in report.files), *(s.file for s in report.skipped)]
    read = {f.name: f.sha256 for f in files}
    read |= {r.file: r.sha256 or inputs.get(r.file, "") for r in report.refused}
    other = sorted(n for n in {*read, *inputs} if read.get(n) != inputs.get(n))
    if other:
        raise Arrived.named(other[0])


def _told(report: ingest.IngestReport, fresh: list[dict[str, Any]]) -> list[str]:
    """What the run says of its files: columns that changed, rows, what is overdue, who is who."""
    drifts = [drift for file in report.files for drift in file.drift]
    lines = [f"drift: {drift.describe()}" for drift in drifts if drift.decision != "ignore"]
    lines += [*report.lines(), *(f"warning: {line}" for line in warnings(fresh))]
    if report.identity:
        lines += [report.identity.in_one_line()]
        lines += [f"advice: {advice}" for advice in report.identity.advice]
    return lines
