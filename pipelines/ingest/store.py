"""The tables of a landing: rows judged batch by batch, then stored behind those before them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.ingest import mapping, repeats, rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.engine import Engine
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.mapping import Mapping
    from pipelines.ingest.pseudonym import Identifiers
    from pipelines.ingest.report import LoadReport
    from pipelines.models import Contract
    from pipelines.sources import Batch


def judged(number: int) -> str:
    """The table with the judged rows of a file's load, by its number."""
    return f"landing_judged_{number}"


def given(number: int) -> str:
    """The table with the rows as delivered, pseudonymised; kept where drift is looked for."""
    return f"landing_staged_{number}"


def stage(
    engine: Engine,
    batches: Iterator[Batch],
    loads: list[Mapping],
    identifiers: Identifiers,
    *,
    keep_given: bool,
) -> int:
    """Store every batch, mapped, pseudonymised and judged, for each load; the number of rows."""
    rows = 0
    mapped = ((len(b), [mapping.stage(x, b, identifiers) for x in loads]) for b in batches)
    # While DuckDB judges one batch, Arrow reads and maps the next.
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, mapped, None)
        while made := coming.result():
            coming = pool.submit(next, mapped, None)
            lines, staged = made
            for i, load in enumerate(loads):
                engine.register("landing_batch", staged[i])
                _append(engine, judged(i), rules.judge_sql(load, "landing_batch"), first=rows == 0)
                if keep_given:
                    _append(engine, given(i), "select * from landing_batch", first=rows == 0)
                engine.unregister("landing_batch")
            rows += lines
    return rows


def _append(engine: Engine, table: str, select: str, *, first: bool) -> None:
    if first:
        engine.run(f"create or replace temp table {table} as {select}")
    else:
        engine.run(f"insert into {table} {select}")


def insert(
    engine: Engine, file: DeliveredFile, load: Mapping, table: str, report: LoadReport, landed: int
) -> None:
    """Store judged rows behind the ``landed`` ones before them, name the quarantined, drop both.

    Rows are numbered by their place among those delivered, which several threads can do at once.
    Raises AssertionError unless exactly the rows that were counted are stored.
    """
    target = load.contract.table
    order, place = "", "rowid + 1"
    if not repeats.in_order(engine, table):
        order = "order by _row, rowid"
        place = f"row_number() over ({order})"
    filled = rules.content_columns(load)
    values = {ident(name): ident(name) for name in filled}
    values |= {"_source": "$source", "_file": "$file", "_delivered_on": "cast($day as date)"}
    values |= {"_row": "_row", "_seq": f"$landed + {place}"}
    if any(column.name == "_columns" for column in load.contract.columns):
        values["_columns"] = text(f" {' '.join(filled)} ")
    origin = {"source": file.source.name, "file": file.name, "day": file.delivered_on}
    stored = engine.scalar(
        f"insert into landed.{target} ({', '.join(values)}) select {', '.join(values.values())} "
        f"from {table} where _outcome = 'loaded' {order}",
        {**origin, "landed": landed},
    )
    person = "person_id" if "person_id" in filled else "null"
    held = engine.scalar(
        "insert into landed.quarantine (_source, _file, _row, table_name, rule, column_name, "
        f"person_id, _delivered_on) select $source, $file, _row, $table_name, _rule, _column, "
        f"{person}, $day from {table} where _outcome = 'quarantined' {order}",
        {**origin, "table_name": target},
    )
    if (stored, held) != (report.loaded, report.quarantined):
        raise AssertionError(
            f"{file.name}: {target}: {report.loaded - stored} rows were counted but not loaded, "
            f"{report.quarantined - held} not quarantined"
        )
    engine.run(f"drop table {table}")


def take_back(engine: Engine, tables: Iterable[Contract], file: DeliveredFile) -> None:
    """Remove what a refused file has landed."""
    for contract in tables:
        if any(column.name == "_file" for column in contract.columns):
            engine.run(
                f"delete from {contract.name} where _source = $1 and _file = $2",
                [file.source.name, file.name],
            )
