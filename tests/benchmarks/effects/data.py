"""An invented panel in the form of the panel mart: dense person numbers, sorted, in DuckDB.

People join in six waves or never; who joins depends on two covariates of ten levels, and so does
the trend. Effects grow for a year and fade. The same seed and size give the same panel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.engine import Engine, quote_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MONTHS = 36
STARTS = (7, 12, 17, 22, 27, 32)  # months counted from 1; 0 is never
CHUNK = 100_000
MART = "mart.duckdb"
LEVELS = (2, 2, 3, 5, 8)  # of the covariates of a programme that people choose


def write_mart(folder: Path, people: int) -> None:
    """The panel and its people: `mart.duckdb` for us, Parquet files for the others."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "complete"
    if done.exists():
        return
    rng = np.random.default_rng(people)
    for old in folder.iterdir():
        old.unlink()
    everybody = draw_people(people, rng)
    pq.write_table(everybody, folder / "people.parquet")
    with pq.ParquetWriter(folder / "panel.parquet", PANEL) as writer:
        for batch in draw_panel(everybody, rng):
            writer.write_table(batch)
    with Engine.open(folder / MART, threads=2) as engine:
        for name in ("people", "panel"):
            path = quote_text(str(folder / f"{name}.parquet"))
            engine.run(f"create table {name} as select * from read_parquet({path})")
        engine.checkpoint()
    done.touch()


PANEL = pa.schema([("person_no", pa.int32()), ("month", pa.int32()), ("value", pa.float64())])


def draw_people(people: int, rng: np.random.Generator) -> pa.Table:
    """One row a person: number, start (0 never), covariates, and a choice with its outcome."""
    x1, x2 = rng.integers(0, 10, (2, people))
    chance = 1 / (1 + np.exp(-(0.15 * (x1 - 4.5) - 0.1 * (x2 - 4.5) + 0.6)))
    start = np.where(rng.random(people) < chance, rng.choice(STARTS, people), 0)
    levels = [rng.integers(0, count, people) for count in LEVELS]
    joined = rng.random(people) < 1 / (1 + np.exp(1 - 0.2 * levels[3]))
    return pa.table(
        {
            "person_no": pa.array(np.arange(people, dtype=np.int32)),
            "start": pa.array(start.astype(np.int32)),
            "x1": pa.array(x1.astype(np.int32)),
            "x2": pa.array(x2.astype(np.int32)),
            **{f"z{k}": pa.array(z.astype(np.int32)) for k, z in enumerate(levels, start=1)},
            "joined": pa.array(joined),
            "outcome": pa.array(levels[3] + joined + rng.normal(size=people)),
        }
    )


def draw_panel(people: pa.Table, rng: np.random.Generator) -> Iterator[pa.Table]:
    """Rows sorted by person and month, a chunk of people at a time."""
    month = np.arange(1, MONTHS + 1, dtype=np.int32)
    for first in range(0, len(people), CHUNK):
        part = people.slice(first, CHUNK)
        start, x1, x2 = (part[name].to_numpy()[:, None] for name in ("start", "x1", "x2"))
        since = month - start
        effect = np.where(since < 12, 0.1 + 0.05 * since, 0.7 * 0.95 ** (since - 12.0))
        value = 10 + rng.normal(size=(len(part), 1)) + 0.01 * month * (x1 - 0.5 * x2)
        value = value + np.where((start > 0) & (since >= 0), effect, 0.0)
        value += rng.normal(size=value.shape)
        number = np.repeat(part["person_no"].to_numpy(), MONTHS)
        columns = [number, np.tile(month, len(part)), value.ravel()]
        yield pa.table([pa.array(column) for column in columns], schema=PANEL)
