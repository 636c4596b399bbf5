"""Lands every delivered file: one pass a file and table, each row with a known outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.errors import UserError
from pipelines.ingest import mapping, rules
from pipelines.ingest.drift import Watch
from pipelines.ingest.files import check_unchanged, deliveries
from pipelines.ingest.headers import resolve
from pipelines.ingest.identity.crosswalk import crosswalk
from pipelines.ingest.pseudonym import LINK_RULE, Identifiers
from pipelines.ingest.report import FileReport, IngestReport, LoadReport, RuleCount
from pipelines.ingest.responses import supersede_sql
from pipelines.models import contracts, create_described
from pipelines.sources import SHEET, Dialect, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.engine import Engine
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.mapping import Mapping
    from pipelines.models import Contract
    from pipelines.sources import Batch, SourceTable

_JUDGED = "landing_judged"


def land(
    engine: Engine,
    settings: Settings,
    data_dir: Path,
    key: bytes,
    *,
    project: Path | None = None,
    private: Path | None = None,
) -> IngestReport:
    """Land all files of a project into empty ``landed`` tables; where each row went.

    ``project`` is the folder with what the owner decided about doubtful links, ``private`` the
    one that takes the crosswalk. Raises :class:`UserError` naming file, row or column and the fix
    when a file cannot be used; the database is then to be thrown away.
    """
    tables = {contract.table: contract for contract in contracts("landed")}
    with engine.transaction():
        for contract in tables.values():
            create_described(engine, contract)
    files, skipped = deliveries(settings, data_dir)
    programmes = [programme.id for programme in settings.programmes]
    reports: list[FileReport] = []
    landed = 0
    watch = Watch()
    with crosswalk(settings.identity, files, read_file, project, private) as people:
        identifiers = Identifiers(key, people.resolver if people else None)
        for file in files:
            report = land_file(engine, file, tables, identifiers, programmes, landed, watch)
            landed += sum(load.loaded for load in report.loads)
            reports.append(report)
        identity = people.finish(identifiers.pseudonyms, private) if people else None
    return IngestReport(tuple(reports), tuple(skipped), identity)


def land_file(
    engine: Engine,
    file: DeliveredFile,
    tables: dict[str, Contract],
    identifiers: Identifiers,
    programmes: Sequence[str],
    landed: int,
    watch: Watch,
) -> FileReport:
    """Land one file behind ``landed`` rows; raises :class:`UserError` when it cannot be used."""
    try:
        table = read_file(file)
        loads = [resolve(file, x, tables[x.table], table.header) for x in file.source.loads]
        rows = _stage(engine, table.batches(), loads, identifiers)
    except (OSError, ValueError, UserError):
        check_unchanged(file)  # a file that changes is the cause of any other complaint
        raise
    check_unchanged(file)
    drift = watch.look(engine, file, table.header, loads)
    reports: list[LoadReport] = []
    for i, load in enumerate(loads):
        report = _land_load(engine, load, f"landing_staged_{i}", programmes)
        _insert(engine, file, load, landed)
        landed += report.loaded
        reports.append(report)
    used = set().union(*(load.used() for load in loads))
    unused = tuple(name for name in table.header if name not in used and name != SHEET)
    return FileReport(
        source=file.source.name,
        file=file.name,
        sha256=file.sha256,
        delivered_on=file.delivered_on,
        rows=rows,
        columns_not_loaded=unused,
        loads=tuple(reports),
        not_data=dict(table.reading.not_data),
        counted=dict(table.reading.counted),
        notes=tuple(table.reading.notes),
        drift=tuple(drift),
    )


def read_file(file: DeliveredFile) -> SourceTable:
    """The table in a delivered file, laid out as its source declares."""
    return read_source(file.path, Dialect.of(file.source))


def _stage(
    engine: Engine, batches: Iterator[Batch], loads: list[Mapping], identifiers: Identifiers
) -> int:
    """Store every batch, mapped and pseudonymised, for each load; the number of rows."""
    rows = 0
    for batch in batches:
        for i, load in enumerate(loads):
            engine.register("landing_batch", mapping.stage(load, batch, identifiers))
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
    if load.contract.table == "surveys":
        engine.run(supersede_sql(load, _JUDGED))
    rows_in = engine.scalar(f"select count(*) from {staged}")
    duplicates = _drop_duplicates(engine, load)
    _check_conflicts(engine, load)
    counted = engine.rows(
        f"select _outcome, coalesce(_rule, ''), coalesce(_column, ''), count(*) from {_JUDGED} "
        "group by all order by all"
    )
    counted += _links_left_empty(engine, load, _JUDGED)
    differing = _differing(engine, load, staged)
    engine.run(f"drop table {staged}")
    totals = {
        outcome: sum(n for found, _, _, n in counted if found == outcome)
        for outcome in ("loaded", "quarantined", "excluded")
    }
    named = [RuleCount(*row) for row in counted if row[0] != "loaded"]
    return LoadReport(
        load.load.table,
        rows_in,
        **totals,
        duplicates=duplicates,
        rules=tuple(named),
        lines_per_row=len(load.items) or 1,
        read=tuple((name, load.headers(name)) for name in load.columns() if load.headers(name)),
        absent=load.absent,
        differing=differing,
    )


def _differing(engine: Engine, load: Mapping, staged: str) -> tuple[tuple[str, int], ...]:
    """Rows in which several headers of one column hold different values, by column."""
    several = load.several()
    if not several:
        return ()
    counts = ", ".join(f"count(distinct _row) filter ({ident(c)})" for c in several.values())
    found = engine.rows(f"select {counts} from {staged}")[0]
    return tuple(zip(several, found, strict=True))


def _links_left_empty(
    engine: Engine, load: Mapping, judged: str
) -> list[tuple[str, str, str, int]]:
    """Loaded rows in which an optional identifier was left empty, by rule and column."""
    found = []
    for name in load.links():
        rule = ident(LINK_RULE + name)
        counted = engine.rows(
            f"select {rule}, count(*) from {judged} where _outcome = 'loaded' "
            f"and {rule} is not null group by 1 order by 1"
        )
        found += [("link", broken, name, rows) for broken, rows in counted]
    return found


def _check_vocabularies(engine: Engine, load: Mapping, programmes: Sequence[str]) -> None:
    filled = load.columns()
    problems, fixes = [], []
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
            problems.append(f"{load.load.table}.{column.name} holds {odd}")
            fixes.append(
                f"Map each under `values: {column.name}:` to one of: "
                f"{', '.join(allowed) or '(no programme is declared)'}."
            )
    if problems:
        raise UserError(f"{load.file}: {'; '.join(problems)}.", " ".join(fixes))


def _drop_duplicates(engine: Engine, load: Mapping) -> int:
    """Drop all but the first of rows with the same content in this file; how many."""
    content = ", ".join(map(ident, rules.content_columns(load)))
    loaded = f"select {content}, _row, rowid as _line from {_JUDGED} where _outcome = 'loaded'"
    repeated = engine.scalar(
        f"select coalesce(sum(n - 1), 0) from (select count(*) as n from ({loaded}) "
        f"group by {content} having count(*) > 1)"
    )
    if repeated:
        engine.run(
            f"delete from {_JUDGED} where _outcome = 'loaded' and rowid not in "
            f"(select min_by(_line, _row) from ({loaded}) group by {content})"
        )
    return int(repeated)


def _check_conflicts(engine: Engine, load: Mapping) -> None:
    key = [name for name in load.contract.key if name in load.columns()]
    if not key:
        return
    names = ", ".join(map(ident, key))
    found = engine.rows(
        f"select min(_row), max(_row) from {_JUDGED} where _outcome = 'loaded' "
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
    engine.run(
        f"insert into landed.{table} ({content}, _source, _file, _file_hash, _delivered_on, _row, "
        f"_seq) select {content}, $source, $file, $sha256, cast($day as date), _row, "
        f"$landed + row_number() over (order by _row, rowid) "
        f"from {_JUDGED} where _outcome = 'loaded' order by _row, rowid",
        {**origin, "sha256": file.sha256, "day": file.delivered_on, "landed": landed},
    )
    engine.run(
        "insert into landed.quarantine (_source, _file, _row, table_name, rule, column_name) "
        f"select $source, $file, _row, $table_name, _rule, _column from {_JUDGED} "
        "where _outcome = 'quarantined' order by _row",
        {**origin, "table_name": table},
    )
