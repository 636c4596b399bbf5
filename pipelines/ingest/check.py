"""What a run would do with each file: everything is read and judged, nothing is kept."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest.drift import Watch
from pipelines.ingest.files import deliveries
from pipelines.ingest.identity.crosswalk import crosswalk
from pipelines.ingest.land import land_file, read_file
from pipelines.ingest.pseudonym import Identifiers
from pipelines.ingest.report import FileReport, IngestReport
from pipelines.models import contracts, create_described

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.ingest.files import DeliveredFile, SkippedFile
    from pipelines.models import Contract


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
            yield f"{skipped.file}: skipped, same content as {skipped.same_as}"
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
    tables = {contract.table: contract for contract in contracts("landed")}
    reports = []
    with ExitStack() as stack:
        engine = stack.enter_context(Engine.memory())
        for contract in tables.values():
            create_described(engine, contract)
        identifiers = Identifiers(secrets.token_bytes(32))
        try:
            people = stack.enter_context(crosswalk(settings.identity, files, read_file, project))
            identifiers = Identifiers(secrets.token_bytes(32), people.resolver if people else None)
        except UserError as error:
            problems.append(_problem("identity", error))
        examiner = _Examiner(engine, tables, identifiers, settings)
        for file in files:
            report, found = examiner.examine(file)
            reports += [report] if report else []
            problems += found
    return CheckReport(IngestReport(tuple(reports), tuple(skipped)), tuple(problems))


def _deliveries(
    settings: Settings, data: Path, problems: list[Problem]
) -> tuple[list[DeliveredFile], list[SkippedFile]]:
    """The files of every source that has some, in the order they would land."""
    files: list[tuple[Any, DeliveredFile]] = []
    skipped: list[SkippedFile] = []
    for position, source in enumerate(settings.sources):
        try:
            found, copies = deliveries(settings.model_copy(update={"sources": (source,)}), data)
        except UserError as error:
            problems.append(_problem(source.name, error))
            continue
        files += [((file.delivered_on, position, file.name), file) for file in found]
        skipped += copies
    return [file for _, file in sorted(files, key=lambda item: item[0])], skipped


class _Examiner:
    """Judges one file after the other; each load by itself, so that none hides another's faults."""

    def __init__(
        self,
        engine: Engine,
        tables: dict[str, Contract],
        identifiers: Identifiers,
        settings: Settings,
    ) -> None:
        self._engine, self._tables, self._identifiers = engine, tables, identifiers
        self._programmes = [programme.id for programme in settings.programmes]
        self._watches: dict[tuple[str, int], Watch] = {}

    def examine(self, file: DeliveredFile) -> tuple[FileReport | None, list[Problem]]:
        """What the file would become, as far as it can be used, and what is wrong with it."""
        reports: list[FileReport] = []
        problems: dict[str, Problem] = {}
        for i, load in enumerate(file.source.loads):
            source = file.source.model_copy(update={"loads": (load,)})
            watch = self._watches.setdefault((source.name, i), Watch())
            try:
                reports.append(
                    land_file(
                        self._engine,
                        replace(file, source=source),
                        self._tables,
                        self._identifiers,
                        self._programmes,
                        0,
                        watch,
                    )
                )
            except UserError as error:
                problems.setdefault(error.problem, _problem(file.name, error))
        return _joined(reports), list(problems.values())


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
            column = f" in {rule.column}" if rule.column else ""
            yield f"    {rule.outcome}: {rule.rule}{column}, {rule.rows:,} rows"
    if file.columns_not_loaded:
        yield f"  not read: {', '.join(map(repr, file.columns_not_loaded))}"
    for note in file.notes:
        yield f"  {note}"
    for drift in file.drift:
        yield f"  drift: column {drift.column!r} {drift.detail} (before: {drift.before})"
