"""Lands every delivered file: one pass a file and table, each row with a known outcome."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.encryption import written_with
from pipelines.errors import Exit, UserError
from pipelines.ingest import (
    crossings,
    draws,
    file_names,
    headcount,
    ledger,
    plain_ids,
    quarantine,
    reasons,
    scoring_keys,
    store,
)
from pipelines.ingest.drift import Watch
from pipelines.ingest.files import check_unchanged, deliveries, refusal
from pipelines.ingest.headers import resolve
from pipelines.ingest.identity.crosswalk import crosswalk
from pipelines.ingest.outcomes import Judge
from pipelines.ingest.pseudonym import Identifiers
from pipelines.ingest.report import FileReport, IngestReport, LoadReport
from pipelines.models import contracts, create_described
from pipelines.sources import SHEET, Dialect, Reading

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.erasure.tombstones import Erased
    from pipelines.ingest.files import DeliveredFile, Inbox, RefusedFile
    from pipelines.ingest.mapping import Mapping
    from pipelines.ingest.reasons import Meaning
    from pipelines.instruments import KeyRow
    from pipelines.lottery_audit import NamedDraw
    from pipelines.models import Contract
    from pipelines.sources import SourceTable


@dataclass
class Landing:
    """What every file is landed with, and how many rows came before it."""

    engine: Engine
    settings: Settings
    tables: dict[str, Contract]
    identifiers: Identifiers
    reasons_mapped: bool
    several: frozenset[str]  # sources of several files: each is compared with the one before
    unlinked: dict[tuple[str, str], UserError]  # files that the crosswalk refused, by source
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)  # of several tabs
    watch: Watch = field(default_factory=Watch)
    landed: int = 0


def land(
    engine: Engine,
    settings: Settings,
    data_dir: Path,
    key: bytes,
    *,
    project: Path | None = None,
    private: Path | None = None,
    meanings: tuple[Meaning, ...] | None = None,
    keys: tuple[KeyRow, ...] = (),
    lots: tuple[NamedDraw, ...] = (),
    known_at: dt.date | None = None,
    erased: Erased | None = None,
) -> IngestReport:
    """Land all files of a project into empty ``landed`` tables; where each row went.

    ``project`` is the folder with what the owner decided about doubtful links, ``private`` takes
    the crosswalk, ``meanings`` are exit reasons, ``keys`` score survey items, ``lots`` are recorded
    draws; files after ``known_at`` and ``erased`` persons stay out. Raises :class:`UserError` with
    file, row or column and fix when a file cannot be used; the database is then to be thrown away.
    """
    tables = {contract.table: contract for contract in contracts("landed")}
    with engine.transaction():
        for contract in tables.values():
            create_described(engine, contract)
    reasons.store(engine, meanings or ())
    scoring_keys.store(engine, keys)
    engine.run("insert into landed.project values ($1)", [settings.history.transfer_gap_days])
    inbox = deliveries(settings, data_dir, known_at)
    linked = (settings.identity, inbox.files, read_file, project, private, erased)
    with crosswalk(*linked, written_with(key, settings.identity)) as people:
        identifiers = Identifiers(key, people.resolver if people else None, erased)
        given = (meanings is not None, _delivered_twice(inbox), people.refused if people else {})
        landing = Landing(engine, settings, tables, identifiers, *given)
        accepted, refused, remarks = _land_all(landing, inbox)
        accepted = crossings.settle(engine, accepted)
        draws.store(engine, lots, identifiers, settings)
        remarks += plain_ids.forgotten(settings, tables) + identifiers.remarks()
        identity = people.finish(identifiers.pseudonyms, private) if people else None
    return IngestReport(tuple(accepted), inbox.skipped, tuple(refused), tuple(remarks), identity)


def _delivered_twice(inbox: Inbox) -> frozenset[str]:
    """Sources of several files."""
    names = [file.source.name for file in inbox.files]
    return frozenset(name for name in names if names.count(name) > 1)


_Landed = tuple[list[FileReport], list["RefusedFile"], list[str]]


def _land_all(landing: Landing, inbox: Inbox) -> _Landed:
    accepted: list[FileReport] = []
    refused, remarks = list(inbox.refused), ledger.gaps(inbox.files)
    if not landing.identifiers.as_they_stand:  # who there is is known before any row is read
        file_names.check(inbox, landing.identifiers.are_named)
    for _, group in itertools.groupby(inbox.files, key=lambda f: (f.delivered_on, f.source.name)):
        reports, refusals, remark = _land_delivery(landing, list(group))
        ledger.store(landing.engine, reports, refusals)
        accepted += reports
        refused += refusals
        remarks += remark
    if landing.identifiers.as_they_stand:
        file_names.check(inbox, landing.identifiers.are_named)
    ledger.store_left_out(landing.engine, inbox.skipped, inbox.refused)
    return accepted, refused, remarks


def _land_delivery(landing: Landing, files: list[DeliveredFile]) -> _Landed:
    """Land the files of one source and date; refused ones leave nothing behind."""
    reports: list[FileReport] = []
    refused: list[RefusedFile] = []
    for file in files:
        try:
            reports.append(land_file(landing, file))
        except UserError as error:
            if error.exit_code != Exit.DATA or file.source.on_refused == "stop":
                raise
            refused.append(_take_back(landing, file, error))
    source, day = files[0].source, files[0].delivered_on
    # Parts of a delivery that is not whole count as a delta.
    whole = not any(file.contents == "full" for file in refused)
    full = [r for r in reports if r.delivered.contents == "full" and whole]
    fall = headcount.fall(landing.engine, source, day) if full else None
    if fall is None:
        return reports, refused, []
    if source.on_headcount_drop == "continue":
        return reports, refused, [fall.problem]
    if source.on_refused == "stop":
        raise fall
    for report in full:
        refused.append(_take_back(landing, report.delivered, fall))
    return [r for r in reports if r not in full], refused, []


def _take_back(landing: Landing, file: DeliveredFile, why: UserError) -> RefusedFile:
    """Leave nothing of a refused file: no rows, and nothing that later files are compared with."""
    store.take_back(landing.engine, landing.tables.values(), file)
    landing.watch.forget(file)
    return refusal(file, why)


def land_file(landing: Landing, file: DeliveredFile) -> FileReport:
    """Land one file behind the others; raises :class:`UserError` when it cannot be used."""
    engine = landing.engine
    answers: list[tuple[str, int]] = []
    if error := landing.unlinked.get((file.source.name, file.name)):
        raise error
    try:
        table = read_file(file)
        if table.reading.tabs:
            landing.readings[file.source.name, file.name] = table.reading
        declared = quarantine.loads_of(file, table.header)
        loads = [resolve(file, x, landing.tables[x.table], table.header) for x in declared]
        batches = quarantine.noting(file, table, answers, _row_of(landing, file))
        watched = file.source.name in landing.several and not file.correction
        rows = store.stage(engine, batches, loads, landing.identifiers, keep_given=watched)
    except (OSError, ValueError, UserError):
        check_unchanged(file)  # a file that changes is the cause of any other complaint
        raise
    check_unchanged(file)
    drift = landing.watch.look(engine, file, table.header, loads) if watched else []
    place = table.reading.place
    reports = [_land_load(landing, file, load, i, place) for i, load in enumerate(loads)]
    quarantine.mark_answered(engine, file, answers)
    used = set().union(*(load.used() for load in loads)) | quarantine.OWN_COLUMNS | {SHEET}
    return FileReport(
        delivered=file,
        rows=rows,
        columns_not_loaded=tuple(name for name in table.header if name not in used),
        loads=tuple(reports),
        not_data=dict(table.reading.not_data),
        counted=dict(table.reading.counted),
        notes=tuple(table.reading.notes),
        drift=tuple(drift),
        tabs=tuple(table.reading.tabs),
    )


def _row_of(landing: Landing, file: DeliveredFile) -> Callable[[str, str], int | None]:
    """What finds the row of another file of the same source by tab and number."""

    def row_of(name: str, place: str) -> int | None:
        return landing.readings.get((file.source.name, name), Reading()).row_of(place)

    return row_of


def _land_load(
    landing: Landing,
    file: DeliveredFile,
    load: Mapping,
    number: int,
    place: Callable[[int], str],
) -> LoadReport:
    judged, day = store.judged(number), file.delivered_on
    judge = Judge(landing.engine, load, judged, landing.settings, day, place)
    report = judge.land(reasons_mapped=landing.reasons_mapped)
    store.insert(landing.engine, file, load, judged, report, landing.landed)
    landing.landed += report.rows_in
    return report


def read_file(file: DeliveredFile) -> SourceTable:
    """The table in a delivered file, laid out as its source declares."""
    return quarantine.read(file, dialect(file))


def write_workbooks(
    engine: Engine, report: IngestReport, folder: Path, erased: Erased | None = None
) -> dict[Path, int]:
    """Write the rows in quarantine back to HR, a workbook a source; rows in each."""
    files = [file.delivered for file in report.files]
    return quarantine.write_workbooks(engine, files, folder, dialect, erased)


def dialect(file: DeliveredFile) -> Dialect:
    """How a file is written: as its source says, or as the quarantine workbooks are."""
    return Dialect() if file.correction else Dialect.of(file.source)
