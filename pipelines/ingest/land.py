"""Lands every delivered file: one pass a file and table, each row with a known outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.errors import UserError
from pipelines.ingest import mapping, repeats, rules
from pipelines.ingest.files import check_unchanged, deliveries
from pipelines.ingest.pseudonym import Pseudonyms
from pipelines.ingest.report import FileReport, IngestReport, LoadReport, RuleCount
from pipelines.models import contracts, create_described
from pipelines.sources import Dialect, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.mapping import Mapping
    from pipelines.models import Contract
    from pipelines.sources import Batch

_JUDGED = "landing_judged"


def land(engine: Engine, settings: Settings, data_dir: Path, key: bytes) -> IngestReport:
    """Land all files of a project into empty ``landed`` tables; where each row went.

    Raises :class:`UserError` naming file, row or column and the fix when a file cannot be used;
    the database is then to be thrown away.
    """
    tables = {contract.table: contract for contract in contracts("landed")}
    with engine.transaction():
        for contract in tables.values():
            create_described(engine, contract)
    files, skipped = deliveries(settings, data_dir)
    pseudonyms = Pseudonyms(key)
    programmes = [programme.id for programme in settings.programmes]
    reports: list[FileReport] = []
    landed = 0
    for file in files:
        report = _land_file(engine, file, tables, pseudonyms, programmes, landed)
        landed += sum(load.loaded for load in report.loads)
        reports.append(report)
    return IngestReport(tuple(reports), tuple(skipped))


def _land_file(
    engine: Engine,
    file: DeliveredFile,
    tables: dict[str, Contract],
    pseudonyms: Pseudonyms,
    programmes: Sequence[str],
    landed: int,
) -> FileReport:
    source = file.source
    dialect = Dialect(source.sheet, source.header_row, source.delimiter, source.encoding)
    table = read_source(file.path, dialect)
    loads = [mapping.Mapping(source, x, tables[x.table], file.name) for x in source.loads]
    for load in loads:
        mapping.check(load, table.header)
    rows = _stage(engine, table.batches(), loads, pseudonyms)
    check_unchanged(file)
    reports: list[LoadReport] = []
    for i, load in enumerate(loads):
        report = _land_load(engine, load, f"landing_staged_{i}", programmes)
        _insert(engine, file, load, landed)
        landed += report.loaded
        reports.append(report)
    used = set().union(*(load.used() for load in loads))
    unused = tuple(name for name in table.header if name not in used)
    return FileReport(
        source.name, file.name, file.sha256, file.delivered_on, rows, unused, tuple(reports)
    )


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


def _land_load(engine: Engine, load: Mapping, staged: str, programmes: Sequence[str]) -> LoadReport:
    engine.run(rules.judge_sql(load, staged, _JUDGED))
    _check_vocabularies(engine, load, programmes)
    rows_in = engine.scalar(f"select count(*) from {staged}")
    duplicates = 0
    if repeats.possible(engine, load, _JUDGED):
        duplicates = _drop_duplicates(engine, load)
        _check_conflicts(engine, load)
    counted = engine.rows(
        f"select _outcome, coalesce(_rule, ''), coalesce(_column, ''), count(*) from {_JUDGED} "
        "group by all order by all"
    )
    engine.run(f"drop table {staged}")
    totals = {
        outcome: sum(n for found, _, _, n in counted if found == outcome)
        for outcome in ("loaded", "quarantined", "excluded")
    }
    named = [RuleCount(*row) for row in counted if row[0] != "loaded"]
    return LoadReport(load.load.table, rows_in, **totals, duplicates=duplicates, rules=tuple(named))


def _check_vocabularies(engine: Engine, load: Mapping, programmes: Sequence[str]) -> None:
    filled = load.columns()
    for column in load.contract.columns:
        if column.name not in filled:
            continue
        if column.role in {"vocabulary", "flag"}:
            found = engine.rows(rules.vocabulary_sql(load, column, _JUDGED))
            allowed = column.accepted_values or ("yes", "no", "true", "false", "1", "0")
        elif column.role == "programme":
            found = engine.rows(
                f"select distinct programme from {_JUDGED} where _outcome = 'loaded' "
                "and not list_contains($known, programme) order by programme",
                {"known": list(programmes)},
            )
            allowed = tuple(programmes)
        else:
            continue
        if found:
            odd = ", ".join(repr(row[0]) for row in found[:20])
            problem = f"{load.file}: {load.load.table}.{column.name} holds {odd}."
            fix = (
                f"Map each under `values: {column.name}:` to one of: "
                f"{', '.join(allowed) or '(no programme is declared)'}."
            )
            raise UserError(problem, fix)


def _drop_duplicates(engine: Engine, load: Mapping) -> int:
    """Drop all but the first of rows with the same content in this file; how many."""
    content = ", ".join(map(ident, rules.content_columns(load)))
    alike = f"_outcome = 'loaded' and {repeats.among(load)}"
    loaded = f"select {content}, _row from {_JUDGED} where {alike}"
    repeated = engine.scalar(
        f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({loaded}) "
        f"group by {content} having count(*) > 1)"
    )
    if repeated:
        engine.run(
            f"delete from {_JUDGED} where {alike} and _row not in "
            f"(select min(_row) from ({loaded}) group by {content})"
        )
    return int(repeated)


def _check_conflicts(engine: Engine, load: Mapping) -> None:
    key = [name for name in load.contract.key if name in load.columns()]
    if not key:
        return
    names = ", ".join(map(ident, key))
    found = engine.rows(
        f"select min(_row), max(_row) from {_JUDGED} "
        f"where _outcome = 'loaded' and {repeats.among(load)} "
        f"group by {names} having count(*) > 1 order by min(_row) limit 1"
    )
    if found:
        first, other = found[0]
        problem = (
            f"{load.file}: rows {first} and {other} have the same {', '.join(key)} "
            f"but differ otherwise ({load.load.table})."
        )
        fix = "Keep the right one of the two rows in the file, or narrow the load with keep_if."
        raise UserError(problem, fix)


def _insert(engine: Engine, file: DeliveredFile, load: Mapping, landed: int) -> None:
    """Store judged rows behind the ``landed`` ones before them, and name the quarantined."""
    table = load.contract.table
    content = ", ".join(map(ident, rules.content_columns(load)))
    origin = {"source": file.source.name, "file": file.name}
    order = "" if repeats.in_order(engine, _JUDGED) else "order by _row"
    engine.run(
        f"insert into landed.{table} ({content}, _source, _file, _file_hash, _delivered_on, _row, "
        f"_seq) select {content}, $source, $file, $sha256, cast($day as date), _row, "
        f"$landed + row_number() over ({order}) from {_JUDGED} where _outcome = 'loaded' {order}",
        {**origin, "sha256": file.sha256, "day": file.delivered_on, "landed": landed},
    )
    engine.run(
        "insert into landed.quarantine (_source, _file, _row, table_name, rule, column_name) "
        f"select $source, $file, _row, $table_name, _rule, _column from {_JUDGED} "
        "where _outcome = 'quarantined' order by _row",
        {**origin, "table_name": table},
    )
