"""Moments made by SQL alone are those made from the rows, on random panels with gaps."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.compress import NEVER, Moments, People, fold
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.group_time import att_by_group_and_time
from analysis.moments_sql import PanelTables, moments_in_sql
from pipelines.engine import Engine

SAME = 1e-10  # sums of the same numbers in another order


@dataclass
class Panel:
    """A panel both as arrays and as the tables of a database."""

    rows: tuple[np.ndarray, np.ndarray, np.ndarray]
    people: People
    periods: np.ndarray

    def frames(self) -> dict[str, pd.DataFrame]:
        """Rows in random order: SQL needs none."""
        who, (person, period, value) = self.people, self.rows
        cohort = pd.array(np.where(who.cohort == NEVER, 0, who.cohort), dtype="Int64")
        cohort[who.cohort == NEVER] = pd.NA
        known = {"person_no": np.arange(len(who)), "cohort": cohort, "cell": who.cell}
        for name in ("cluster", "weight"):
            if (given := getattr(who, name)) is not None:
                known[name] = given
        panel = pd.DataFrame({"person_no": person, "period": period, "value": value})
        return {
            "panel": panel.sample(frac=1, random_state=1, ignore_index=True),
            "people": pd.DataFrame(known),
        }

    def tables(self) -> PanelTables:
        who = self.people
        return PanelTables(clustered=who.cluster is not None, weighted=who.weight is not None)


def draw(
    seed: int, *, clustered: bool = False, weighted: bool = False, months: int = 6, people: int = 80
) -> Panel:
    """Three cohorts, two cells, a fifth of the months missing, one person without any."""
    rng = np.random.default_rng(seed)
    periods = np.arange(1, months + 1)
    cohort = rng.choice([3, 5, NEVER], people)
    cohort[:3] = 3, 5, NEVER
    seen = rng.random((people, months)) < 0.8
    seen[:3], seen[-1] = True, False
    person, period = np.nonzero(seen)
    value = 20 + rng.normal(size=(people, 1)) + rng.normal(size=(people, months))
    return Panel(
        rows=(person, period, value[seen]),
        people=People(
            cohort=cohort,
            cell=rng.integers(0, 2, people),
            cluster=rng.integers(0, 9, people) if clustered else None,
            weight=rng.uniform(0.5, 2, people) if weighted else None,
        ),
        periods=periods,
    )


panels = st.builds(draw, st.integers(0, 10_000), clustered=st.booleans(), weighted=st.booleans())


def in_duckdb(panel: Panel) -> Moments:
    with Engine.memory(threads=1) as engine:
        for name, frame in panel.frames().items():
            engine.register(name, frame)
        return moments_in_sql(engine.rows, panel.tables(), panel.periods)


def same(left: Moments, right: Moments) -> None:
    for field in fields(Moments):
        one, other = getattr(left, field.name), getattr(right, field.name)
        if isinstance(one, np.ndarray):
            size = max(float(np.abs(one.astype(float)).max()), 1.0)
            assert other == pytest.approx(one, rel=SAME, abs=SAME * size), field.name
        elif field.name != "rows":
            assert one == other, field.name


@settings(max_examples=15, deadline=None)
@given(panel=panels)
def test_moments_are_those_of_the_rows(panel):
    from_rows = fold(lambda: [panel.rows], panel.people, panel.periods)
    same(from_rows, in_duckdb(panel))


def test_estimates_are_those_of_the_rows():
    panel = draw(1)
    from_rows, from_sql = fold(lambda: [panel.rows], panel.people, panel.periods), in_duckdb(panel)
    left, right = att_by_group_and_time(from_rows), att_by_group_and_time(from_sql)
    assert right.att == pytest.approx(left.att, rel=SAME, nan_ok=True)
    assert right.covariance == pytest.approx(left.covariance, rel=SAME, abs=SAME)
    assert two_way(from_sql).std_error() == pytest.approx(two_way(from_rows).std_error(), SAME)


def test_more_months_than_an_integer_has_bits():
    """70 months: two words of bits, and more sums than one statement may hold."""
    panel = draw(2, months=70, people=30)
    same(fold(lambda: [panel.rows], panel.people, panel.periods), in_duckdb(panel))


def test_nobody_with_an_outcome():
    panel = draw(3)
    panel.rows = tuple(part[:0] for part in panel.rows)
    with pytest.raises(ValueError, match="without outcomes"):
        in_duckdb(panel)
