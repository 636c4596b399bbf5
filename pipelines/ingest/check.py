"""What a run would do with each file: everything is read and judged, nothing is kept."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines import encryption
from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest import crossings, headcount, ledger, plain_ids
from pipelines.ingest.drift import Watch
from pipelines.ingest.files import deliveries, refusal
from pipelines.ingest.identity.crosswalk import crosswalk
from pipelines.ingest.land import Landing, land_file, read_file
from pipelines.ingest.pseudonym import Identifiers
from pipelines.ingest.reasons import read_reasons, store
from pipelines.ingest.report import FileReport, IngestReport
from pipelines.models import contracts, create_described

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.ingest.files import DeliveredFile, RefusedFile, SkippedFile
    from pipelines.ingest.identity.crosswalk import Crosswalk


@dataclass(frozen=True)
class Problem:
    """Why a file or a source cannot be used as it is, and how to mend it."""

    where: str
    problem: str
    fix: str
    exit_code: Exit


@dataclass(frozen=True)
class CheckReport:
    """What would happen: the reconciliation of what can be read, and every problem."""

    report: IngestReport
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> Exit:
        """OK, or whether the project file or the data are to be mended first."""
        codes = {problem.exit_code for problem in self.problems}
        if not codes:
            return Exit.OK
        return Exit.PROJECT if Exit.PROJECT in codes else Exit.DATA

    def as_dict(self) -> dict[str, Any]:
        """The check as plain values."""
        problems = [
            {"where": p.where, "problem": p.problem, "fix": p.fix, "exit_code": int(p.exit_code)}
            for p in self.problems
        ]
        return {"schema_version": 1, "problems": problems, **self.report.as_dict()}

    def lines(self) -> Iterator[str]:
        """The check as text: files first, then what stands in the way."""
        for file in self.report.files:
            yield from _file(file)
        for skipped in self.report.skipped:
            yield f"{skipped.file.name}: skipped, same content as {skipped.same_as}"
        yield from self.report.remarks
        for problem in self.problems:
            yield f"refused: {problem.problem}"
            yield f"  fix: {problem.fix}"
        yield self.report.in_one_line()
        yield f"{len(self.problems)} problems" if self.problems else "nothing stands in the way"


def examine(settings: Settings, data: Path, project: Path | None = None) -> CheckReport:
    """Everything that would happen to the delivered files, all problems at once.

    The database lies in memory and identifiers are replaced under a key that is thrown away.
    """
    problems: list[Problem] = []
    files, skipped = _deliveries(settings, data, problems)
    names = [file.source.name for file in files]
    several = frozenset(name for name in names if names.count(name) > 1)
    reports: list[FileReport] = []
    remarks = ledger.gaps(files)
    with ExitStack() as stack:
        engine = stack.enter_context(Engine.memory())
        people = _people(stack, settings, files, project, problems)
        landing = Landing(
            engine=engine,
            settings=settings,
            tables={contract.table: contract for contract in contracts("landed")},
            identifiers=Identifiers(secrets.token_bytes(32), people.resolver if people else None),
            reasons_mapped=_reasons(engine, settings, project, problems),
            several=several,
            unlinked=people.refused if people else {},
        )
        watches: dict[tuple[str, int], Watch] = {}
        for _, group in groupby(files, key=lambda f: (f.delivered_on, f.source.name)):
            landed, found, remark = _examine_delivery(landing, watches, list(group))
            reports += landed
            problems += found
            remarks += remark
        reports = crossings.settle(engine, reports)
        remarks += plain_ids.forgotten(settings, landing.tables) + landing.identifiers.remarks()
    report = IngestReport(tuple(reports), tuple(skipped), remarks=tuple(remarks))
    once = {problem.problem: problem for problem in reversed(problems)}
    return CheckReport(report, tuple(reversed(once.values())))


def _people(
    stack: ExitStack,
    settings: Settings,
    files: list[DeliveredFile],
    project: Path | None,
    problems: list[Problem],
) -> Crosswalk | None:
    """The crosswalk; None where the project declares none, or where it cannot be made."""
    try:
        if project is not None:
            encryption.check(project, settings.identity)
    except UserError as error:
        problems.append(_problem(error.problem.split(":")[0], error))
    try:
        return stack.enter_context(crosswalk(settings.identity, files, read_file, project))
    except UserError as error:
        problems.append(_problem(error.problem.split(":")[0], error))
        return None


def _reasons(
    engine: Engine, settings: Settings, project: Path | None, problems: list[Problem]
) -> bool:
    """Whether the project maps reasons of exit; its table is stored, beside the empty others."""
    for contract in contracts("landed"):
        create_described(engine, contract)
    engine.run("insert into landed.project values ($1)", [settings.history.transfer_gap_days])
    try:
        meanings = read_reasons(project) if project else None
    except UserError as error:
        problems.append(_problem("mappings", error))
        meanings = None
    store(engine, meanings or ())
    return meanings is not None


def _deliveries(
    settings: Settings, data: Path, problems: list[Problem]
) -> tuple[list[DeliveredFile], list[SkippedFile]]:
    """The files of every source that has some, in the order they would land."""
    files: list[tuple[Any, DeliveredFile]] = []
    skipped: list[SkippedFile] = []
    for position, source in enumerate(settings.sources):
        try:
            inbox = deliveries(settings, data, only=source)
        except UserError as error:
            problems.append(_problem(source.name, error))
            continue
        files += [((file.delivered_on, position, file.name), file) for file in inbox.files]
        skipped += inbox.skipped
        problems += [Problem(r.file, r.reason, r.fix, Exit.DATA) for r in inbox.refused]
    return [file for _, file in sorted(files, key=lambda item: item[0])], skipped


def _examine(
    landing: Landing, watches: dict[tuple[str, int], Watch], file: DeliveredFile
) -> tuple[FileReport | None, list[Problem]]:
    """What the file would become, as far as it can be used, and what is wrong with it.

    Each load is judged by itself, so that none hides another's faults. Where the crosswalk could
    not be made, identifiers are taken as they stand.
    """
    reports: list[FileReport] = []
    problems: dict[str, Problem] = {}
    for i, load in enumerate(file.source.loads):
        if landing.identifiers.as_they_stand:
            load = load.model_copy(update={"id_systems": {}})
        source = file.source.model_copy(update={"loads": (load,)})
        watch = watches.setdefault((source.name, i), Watch())
        here = replace(landing, watch=watch)
        try:
            reports.append(land_file(here, replace(file, source=source)))
        except UserError as error:
            problems.setdefault(error.problem, _problem(file.name, error))
        landing.landed = here.landed
    joined = _joined(reports)
    return joined and replace(joined, delivered=file), list(problems.values())


def _examine_delivery(
    landing: Landing, watches: dict[tuple[str, int], Watch], files: list[DeliveredFile]
) -> tuple[list[FileReport], list[Problem], list[str]]:
    """The files of one source and date, what is wrong with them, and what is worth a look."""
    reports: list[FileReport] = []
    problems: list[Problem] = []
    refused: list[RefusedFile] = []
    for file in files:
        report, found = _examine(landing, watches, file)
        reports += [report] if report else []
        refused += [refusal(file, UserError(found[0].problem, found[0].fix))] if found else []
        problems += found
    ledger.store(landing.engine, reports, refused)
    source, day = files[0].source, files[0].delivered_on
    full = not refused and any(report.delivered.contents == "full" for report in reports)
    fall = headcount.fall(landing.engine, source, day) if full else None
    if fall and source.on_headcount_drop == "continue":
        return reports, problems, [fall.problem]
    return reports, [*problems, *([_problem(source.name, fall)] if fall else [])], []


def _joined(reports: list[FileReport]) -> FileReport | None:
    """One report of a file out of those of its loads."""
    if not reports:
        return None
    first = reports[0]
    unread = set.intersection(*({*r.columns_not_loaded} for r in reports))
    return replace(
        first,
        columns_not_loaded=tuple(c for c in first.columns_not_loaded if c in unread),
        loads=tuple(load for report in reports for load in report.loads),
        drift=tuple(dict.fromkeys(drift for report in reports for drift in report.drift)),
    )


def _problem(where: str, error: UserError) -> Problem:
    return Problem(where, error.problem, error.fix, error.exit_code)


def _file(file: FileReport) -> Iterator[str]:
    yield f"{file.file} ({file.source}, delivered {file.delivered_on}): {file.rows:,} rows"
    for load in file.loads:
        kinds = ("loaded", "quarantined", "excluded", "duplicates")
        parts = " + ".join(f"{getattr(load, kind):,} {kind}" for kind in kinds)
        yield f"  {load.table}: {load.rows_in:,} in = {parts}"
        differing = dict(load.differing)
        for name, headers in load.read:
            note = f" (they differ in {differing[name]:,} rows)" if differing.get(name) else ""
            yield f"    {name} from {', then '.join(map(repr, headers))}{note}"
        if load.absent:
            yield f"    not in the file: {', '.join(load.absent)}"
        for rule in load.rules:
            yield f"    {rule.outcome}: {rule.describe()}"
        for cells in load.blanked:
            yield f"    loaded, this cell left empty: {cells.describe()}"
    if file.columns_not_loaded:
        yield f"  not read: {', '.join(map(repr, file.columns_not_loaded))}"
    for note in file.notes:
        yield f"  {note}"
    for drift in file.drift:
        yield f"  drift: column {drift.column!r} {drift.detail} (before: {drift.before})"
