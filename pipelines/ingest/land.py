"""Lands every delivered file: one pass a file and table, each row with a known outcome."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.errors import Exit, UserError
from pipelines.ingest import headcount, ledger, mapping, outcomes, quarantine, reasons, rules
from pipelines.ingest.files import check_unchanged, deliveries, refusal
from pipelines.ingest.pseudonym import Pseudonyms
from pipelines.ingest.report import FileReport, IngestReport, LoadReport
from pipelines.models import contracts, create_described
from pipelines.sources import Dialect, read_source

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.ingest.files import DeliveredFile, RefusedFile
    from pipelines.ingest.mapping import Mapping
    from pipelines.ingest.reasons import Meaning
    from pipelines.models import Contract
    from pipelines.sources import Batch


@dataclass
class Landing:
    """What every file is landed with, and how many rows have landed before it."""

    engine: Engine
    settings: Settings
    tables: dict[str, Contract]
    pseudonyms: Pseudonyms
    reasons_mapped: bool
    landed: int = 0


def land(
    engine: Engine,
    settings: Settings,
    data_dir: Path,
    key: bytes,
    *,
    meanings: tuple[Meaning, ...] | None = None,
    known_at: dt.date | None = None,
) -> IngestReport:
    """Land all files of a project into empty ``landed`` tables; where each row went.

    ``meanings`` is the project's table of exit reasons; files delivered after ``known_at`` stay
    out. Raises :class:`UserError` naming file, row or column and the fix when a file cannot be
    used; the database is then to be thrown away.
    """
    tables = {contract.table: contract for contract in contracts("landed")}
    with engine.transaction():
        for contract in tables.values():
            create_described(engine, contract)
    reasons.store(engine, meanings or ())
    engine.run("insert into landed.project values ($1)", [settings.history.transfer_gap_days])
    landing = Landing(engine, settings, tables, Pseudonyms(key), meanings is not None)
    inbox = deliveries(settings, data_dir, known_at)
    accepted: list[FileReport] = []
    refused, remarks = list(inbox.refused), ledger.gaps(inbox.files)
    for _, group in itertools.groupby(inbox.files, key=lambda f: (f.delivered_on, f.source.name)):
        reports, refusals, remark = _land_delivery(landing, list(group))
        ledger.store(engine, reports, refusals)
        accepted += reports
        refused += refusals
        remarks += remark
    ledger.store_left_out(engine, inbox.skipped, inbox.refused)
    return IngestReport(tuple(accepted), inbox.skipped, tuple(refused), tuple(remarks))


def _land_delivery(
    landing: Landing, files: list[DeliveredFile]
) -> tuple[list[FileReport], list[RefusedFile], list[str]]:
    """Land the files of one source and date; refused ones leave nothing behind."""
    reports: list[FileReport] = []
    refused: list[RefusedFile] = []
    for file in files:
        try:
            reports.append(_land_file(landing, file))
        except UserError as error:
            if error.exit_code != Exit.DATA or file.source.on_refused == "stop":
                raise
            _take_back(landing, file)
            refused.append(refusal(file, error))
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
        _take_back(landing, report.delivered)
        refused.append(refusal(report.delivered, fall))
    return [r for r in reports if r not in full], refused, []


def _land_file(landing: Landing, file: DeliveredFile) -> FileReport:
    engine, source = landing.engine, file.source
    table = read_source(file.path, dialect(file))
    declared = quarantine.loads_of(file, table.header)
    loads = [mapping.Mapping(source, x, landing.tables[x.table], file.name) for x in declared]
    for load in loads:
        mapping.check(load, table.header)
    answers: list[tuple[str, int]] = []
    batches = quarantine.noting(file, table, answers)
    rows = _stage(engine, batches, loads, landing.pseudonyms)
    check_unchanged(file)
    reports: list[LoadReport] = []
    for i, load in enumerate(loads):
        judge = outcomes.Judge(engine, load, landing.settings, file.delivered_on)
        report = judge.land(f"landing_staged_{i}", reasons_mapped=landing.reasons_mapped)
        _insert(engine, file, load, report, landing.landed)
        landing.landed += report.loaded
        reports.append(report)
    quarantine.mark_answered(engine, file, answers)
    used = set().union(*(load.used() for load in loads))
    unused = tuple(name for name in table.header if name not in used | quarantine.OWN_COLUMNS)
    return FileReport(file, rows, unused, tuple(reports))


def write_workbooks(engine: Engine, report: IngestReport, folder: Path) -> dict[Path, int]:
    """Write the rows in quarantine back to HR, a workbook a source; rows in each."""
    files = [file.delivered for file in report.files]
    return quarantine.write_workbooks(engine, files, folder, dialect)


def dialect(file: DeliveredFile) -> Dialect:
    """How a file is written: as its source says, or as the quarantine workbooks are."""
    source = file.source
    if file.correction:
        return Dialect()
    return Dialect(source.sheet, source.header_row, source.delimiter, source.encoding)


def _stage(
    engine: Engine, batches: Iterator[Batch], loads: list[Mapping], pseudonyms: Pseudonyms
) -> int:
    """Store every batch, mapped and pseudonymised, for each load; the number of rows."""
    rows = 0
    for batch in batches:
        for i, load in enumerate(loads):
            engine.register("landing_batch", mapping.stage(load, batch, pseudonyms))
            if rows == 0:
                engine.run(
                    f"create or replace temp table landing_staged_{i} as "
                    "select * from landing_batch"
                )
            else:
                engine.run(f"insert into landing_staged_{i} select * from landing_batch")
            engine.unregister("landing_batch")
        rows += len(batch)
    return rows


def _insert(
    engine: Engine, file: DeliveredFile, load: Mapping, report: LoadReport, landed: int
) -> None:
    """Store judged rows behind the ``landed`` ones before them, and name the quarantined.

    Raises AssertionError unless exactly the rows that were counted are stored.
    """
    table = load.contract.table
    filled = rules.content_columns(load)
    content = ", ".join(map(ident, filled))
    origin = {"source": file.source.name, "file": file.name, "day": file.delivered_on}
    stored = engine.scalar(
        f"insert into landed.{table} ({content}, _source, _file, _file_hash, _delivered_on, _row, "
        f"_columns, _seq) select {content}, $source, $file, $sha256, cast($day as date), _row, "
        f"$columns, $landed + row_number() over (order by _row) "
        f"from {outcomes.JUDGED} where _outcome = 'loaded' order by _row",
        {**origin, "sha256": file.sha256, "landed": landed, "columns": f" {' '.join(filled)} "},
    )
    person = "person_id" if "person_id" in filled else "null"
    held = engine.scalar(
        "insert into landed.quarantine (_source, _file, _row, table_name, rule, column_name, "
        f"person_id, _delivered_on) select $source, $file, _row, $table_name, _rule, _column, "
        f"{person}, $day from {outcomes.JUDGED} where _outcome = 'quarantined' order by _row",
        {**origin, "table_name": table},
    )
    if (stored, held) != (report.loaded, report.quarantined):
        raise AssertionError(
            f"{file.name}: {table}: {report.loaded - stored} rows were counted but not loaded, "
            f"{report.quarantined - held} not quarantined"
        )


def _take_back(landing: Landing, file: DeliveredFile) -> None:
    """Remove what a refused file has landed."""
    for contract in landing.tables.values():
        if any(column.name == "_file" for column in contract.columns):
            landing.engine.run(
                f"delete from {contract.name} where _source = $1 and _file = $2",
                [file.source.name, file.name],
            )
