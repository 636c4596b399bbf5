"""The SQL of the moments is not DuckDB's alone: PostgreSQL gives the moments of the rows."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import psycopg
import pytest

from analysis.compress import NEVER, People, fold
from analysis.moments_sql import PanelTables, moments_in_sql

SAME = 1e-10  # sums of the same numbers in another order


def test_moments_in_postgresql(server):
    rng = np.random.default_rng(5)
    periods = np.arange(1, 6)
    cohort = rng.choice([3, NEVER], 40)
    cell, weight = rng.integers(0, 2, 40), rng.uniform(0.5, 2, 40)
    person, period = np.nonzero(rng.random((40, 5)) < 0.8)
    value = 1000 + rng.normal(size=len(person))
    expected = fold(
        lambda: [(person, period, value)],
        People(cohort=cohort, cell=cell, weight=weight),
        periods,
    )
    with psycopg.connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("create temp table panel (person_no int, period int, value float8)")
        cursor.execute(
            "create temp table people (person_no int, cohort int, cell int, weight float8)"
        )
        rows = zip(person.tolist(), period.tolist(), value.tolist(), strict=True)
        cursor.executemany("insert into panel values (%s, %s, %s)", list(rows))
        starts = [None if start == NEVER else start for start in cohort.tolist()]
        known = zip(range(40), starts, cell.tolist(), weight.tolist(), strict=True)
        cursor.executemany("insert into people values (%s, %s, %s, %s)", list(known))

        def select(sql: str) -> list[tuple]:
            return cursor.execute(sql).fetchall()

        found = moments_in_sql(select, PanelTables(weighted=True), periods)
    for field in fields(found):
        one, other = getattr(expected, field.name), getattr(found, field.name)
        if isinstance(one, np.ndarray):
            size = max(float(np.abs(one.astype(float)).max()), 1.0)
            assert other == pytest.approx(one, rel=SAME, abs=SAME * size), field.name
