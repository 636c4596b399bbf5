"""Invented careers of 36 months: people are hired, start mentoring or never do, and leave.

A person-month is a row of the panel file, up to the month of the exit; a person is a row of the
careers, as exports have them. The same seed and size give the same people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data import CHUNK, MONTHS
from pipelines.engine import Engine, quote_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXITS = "exits.duckdb"
_PANEL = pa.schema(
    [
        *(("person_no", pa.int32()), ("month", pa.int8()), ("started", pa.bool_())),
        *(("exit_kind", pa.int8()), ("x1", pa.int8()), ("x2", pa.int8())),
    ]
)


def write_exits(folder: Path, people: int) -> None:
    """Careers and person-months: `exits.duckdb` for us, Parquet files for the others."""
    done = folder / "exits_complete"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EXITS).unlink(missing_ok=True)
    careers = draw_careers(people, np.random.default_rng(people + 1))
    pq.write_table(careers, folder / "careers.parquet")
    with pq.ParquetWriter(folder / "person_months.parquet", _PANEL) as writer:
        for batch in person_months(careers):
            writer.write_table(batch)
    with Engine.open(folder / EXITS, threads=2) as engine:
        for name in ("careers", "person_months"):
            path = quote_text(str(folder / f"{name}.parquet"))
            engine.run(f"create table {name} as select * from read_parquet({path})")
        engine.checkpoint()
    done.touch()


def draw_careers(people: int, rng: np.random.Generator) -> pa.Table:
    """One row a person: month of the start (36 never), last month, kind of exit, covariates."""
    x1, x2 = rng.integers(0, 10, (2, people))
    start = np.where(rng.random(people) < 0.3 + 0.03 * x1, rng.integers(1, MONTHS, people), MONTHS)
    last = np.full(people, MONTHS - 1)
    kind = np.zeros(people, dtype=np.int64)
    for month in range(MONTHS):
        log_hazard = np.log(0.007 + 0.006 * (month < 6)) + 0.05 * (x1 - x2)
        voluntary = np.exp(log_hazard - 0.2 * (start <= month))
        draw = rng.random(people)
        gone = (kind == 0) & (draw < voluntary + 0.003)
        last[gone] = month
        kind[gone] = np.where(draw[gone] < voluntary[gone], 1, 2)
    columns = {"start_month": start, "last_month": last, "exit_kind": kind, "x1": x1, "x2": x2}
    return pa.table(
        {
            "person_no": pa.array(np.arange(people, dtype=np.int32)),
            **{name: pa.array(values.astype(np.int8)) for name, values in columns.items()},
        }
    )


def person_months(careers: pa.Table) -> Iterator[pa.Table]:
    """Rows sorted by person and month, a chunk of people at a time."""
    for first in range(0, len(careers), CHUNK):
        part = {name: col.to_numpy() for name, col in zip(
            careers.column_names, careers.slice(first, CHUNK).columns, strict=True
        )}  # fmt: skip
        length = part["last_month"].astype(np.int64) + 1
        row = np.repeat(np.arange(len(length)), length)
        month = np.arange(len(row)) - (length.cumsum() - length)[row]
        left = month == part["last_month"][row]
        columns = (
            part["person_no"][row],
            month.astype(np.int8),
            part["start_month"][row] <= month,
            np.where(left, part["exit_kind"][row], 0).astype(np.int8),
            part["x1"][row],
            part["x2"][row],
        )
        yield pa.table([pa.array(column) for column in columns], schema=_PANEL)
