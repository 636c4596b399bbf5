"""Figures of a plan: published power numbers, spreads with a known formula, few people hidden."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import TTestIndPower

from analysis.panel import Panel
from analysis.planning.exits import leaving_of
from analysis.planning.plan import Plan, Row, windows_of
from analysis.planning.power import (
    errors_needed,
    events_needed,
    fewer,
    people_for_fewer,
    smallest_difference,
    smallest_hazard_ratio,
    units_needed,
)
from analysis.planning.released import lines_of, released_plan
from analysis.planning.size import Size, size_of
from analysis.planning.spread import spread_of
from analysis.rules import Rules

WINDOW = (1, 6)


def test_published_numbers_of_power() -> None:
    """Two arms, d = .5 and .2; 110 against 171 (the call-centre trial); Schoenfeld's events."""
    assert units_needed(0.5, 1, 0.5) / 2 == pytest.approx(63.77, abs=0.005)
    assert units_needed(0.2, 1, 0.5) / 2 == pytest.approx(393.41, abs=0.005)
    assert smallest_difference(1, 110, 171) == pytest.approx(0.344, abs=0.0005)
    assert events_needed(0.8) == pytest.approx(630.5, abs=0.05)
    assert events_needed(0.5) == pytest.approx(65.3, abs=0.05)
    assert errors_needed() == pytest.approx(2.8016, abs=1e-4)


@pytest.mark.parametrize(("arm", "ratio", "power"), [(2, 1, 0.8), (12, 3, 0.9), (400, 1, 0.8)])
def test_the_smallest_difference_is_that_of_statsmodels(
    arm: int, ratio: float, power: float
) -> None:
    told = TTestIndPower().solve_power(nobs1=arm, ratio=ratio, power=power, alpha=0.05)
    assert smallest_difference(1, arm, arm * ratio, power) == pytest.approx(told, rel=1e-6)


def test_needed_and_smallest_are_two_sides_of_one_figure() -> None:
    people = units_needed(0.3, 2.5, 0.4, 0.9)
    assert smallest_difference(2.5, 0.4 * people, 0.6 * people, 0.9) == pytest.approx(0.3)
    assert units_needed(0, 1, 0.5) == math.inf
    assert units_needed(1e9, 1, 0.5) == 3  # one degree of freedom is the least
    assert smallest_hazard_ratio(630.52) == pytest.approx(0.8, abs=1e-4)


def test_a_fall_of_a_share_is_found_as_often_as_planned() -> None:
    """20,000 draws of 400 and 600 people, tested with each arm's own variance (to 1.5 points).

    The approximation is normal and the draws are binomial; their steps are about a point.
    """
    fall = fewer(0.20, 400, 600)
    assert fall is not None
    rng = np.random.default_rng(3)
    less, base = rng.binomial(400, 0.20 - fall, 20_000) / 400, rng.binomial(600, 0.2, 20_000) / 600
    error = np.sqrt(less * (1 - less) / 400 + base * (1 - base) / 600)
    assert np.mean(np.abs(base - less) > 1.96 * error) == pytest.approx(0.80, abs=0.015)
    assert people_for_fewer(0.20, fall, (0.4, 0.6)) == pytest.approx(1_000)


def test_what_cannot_be_seen_is_no_number() -> None:
    assert fewer(0.05, 20, 20) is None
    assert people_for_fewer(0.05, 0.06, (0.5, 0.5)) is None


def _panel(values: np.ndarray, past: np.ndarray, cluster: np.ndarray | None = None) -> Panel:
    people, months = values.shape
    frame = pd.DataFrame(
        {
            "person": np.arange(people), "arm": "control", "stratum": 0,
            "cluster": np.arange(people) if cluster is None else cluster,
            "take_up": np.nan, "pre_outcome": past, "past": past,
        }
    )  # fmt: skip
    rows = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), months),
            "event_month": np.tile(np.arange(1, months + 1), people),
            "outcome": values.ravel(),
        }
    ).dropna(ignore_index=True)
    return Panel(
        people=frame, rows=rows, treated=("mentored",), comparison="control", covariates=("past",)
    )


def _months(rng: np.random.Generator, people: int, rho: float, months: int) -> np.ndarray:
    """Outcomes of variance 1, each two months of a person correlated by rho."""
    shared, own = rng.normal(size=(people, 1)), rng.normal(size=(people, months))
    return np.sqrt(rho) * shared + np.sqrt(1 - rho) * own


@pytest.mark.parametrize(("after", "before", "rho"), [(1, 1, 0.5), (6, 12, 0.4), (6, 1, 0.8)])
def test_the_spread_is_that_of_mckenzies_formula(make_spec, after, before, rho) -> None:
    """(1 + (r - 1) rho) / r - m rho^2 / (1 + (m - 1) rho) for r months after and m before.

    McKenzie 2012, equation for ANCOVA. A variance of 8,000 people has a standard error of 1.6 %.
    """
    values = _months(np.random.default_rng(5), 8_000, rho, before + after)
    panel = _panel(values[:, before:], values[:, :before].mean(axis=1))
    spread = spread_of(panel, make_spec(), (1, after))
    formula = (1 + (after - 1) * rho) / after - before * rho**2 / (1 + (before - 1) * rho)
    assert spread.variance == pytest.approx(formula, rel=0.06)
    assert spread.sd == pytest.approx(1, rel=0.03)
    if after > 1:
        left = rho - before * rho**2 / (1 + (before - 1) * rho)
        assert spread.within == pytest.approx(left / (left + 1 - rho), abs=0.02)


def test_who_is_not_seen_makes_the_spread_of_a_person_larger(make_spec) -> None:
    """A quarter never measured: the same as a third more people for the same precision."""
    values = _months(np.random.default_rng(6), 4_000, 0.3, 6)
    whole = spread_of(_panel(values, np.zeros(4_000)), make_spec(), WINDOW)
    values[::4] = np.nan
    part = spread_of(_panel(values, np.zeros(4_000)), make_spec(), WINDOW)
    assert (part.seen, part.people) == (3_000, 4_000)
    assert part.variance / whole.variance == pytest.approx(4 / 3, rel=0.05)


def test_ratios_of_means_have_the_spread_of_the_log(make_spec) -> None:
    """A count of mean 4 and variance 4: relative variance 1/4 a month."""
    spec = make_spec()
    counts = spec.model_copy(update={"outcome": spec.outcome.model_copy(update={"kind": "count"})})
    values = np.random.default_rng(7).poisson(4, (8_000, 2)).astype(float)
    spread = spread_of(_panel(values, np.zeros(8_000)), counts, (1, 2))
    assert spread.variance == pytest.approx(0.25 / 2, rel=0.05)


def test_groups_that_are_drawn_whole_add_their_likeness(make_spec) -> None:
    """400 groups of 20, ICC .2: a group adds (1 + 19 x .2) / 20 of a person's variance 1."""
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(400), 20)
    values = np.sqrt(0.2) * rng.normal(size=400)[cluster] + np.sqrt(0.8) * rng.normal(size=8_000)
    panel = _panel(values[:, None], np.zeros(8_000), cluster)
    spread = spread_of(panel, make_spec(cluster="site"), (1, 1))
    assert spread.clusters == 400
    assert spread.icc == pytest.approx(0.2, abs=0.04)
    assert spread.of_clusters == pytest.approx(4.8 / 20, rel=0.15)


LEFT = pd.DataFrame(
    {
        "seen_on": pd.Timestamp("2024-01-01"),
        "exited_on": ["2024-03-29", "2024-03-31", "2024-02-01", "2024-06-01", "2024-02-01", None],
        "notice_on": [None, None, None, "2024-02-01", "2023-12-01", None],
        "exit_kind": ["voluntary", "voluntary", "retirement", "voluntary", "voluntary", None],
    }
)


@pytest.mark.parametrize(("metric", "events"), [("voluntary", 2), ("retirement", 1), ("any", 3)])
def test_who_left_within_ninety_days(make_spec, metric: str, events: int) -> None:
    """Day 88 counts, day 90 does not; notice counts as leaving; who had given it is left out."""
    spec = make_spec()
    exits = spec.outcome.model_copy(update={"kind": "exit", "metric": metric})
    found = leaving_of(spec.model_copy(update={"outcome": exits}), LEFT, 3)
    assert (found.events, found.people) == (events, 5)


def _plan(spec, base: int = 200, seen: int = 180, treated: float = 50) -> Plan:
    row = Row(
        window=spec.follow_up.primary, looked_at=pd.Timestamp("2024-01-01"), base=base, seen=seen,
        smallest=(0.04567, 0.05432), needed=(123.4, 4_321.0), months_to_come=4.2, left=23,
    )  # fmt: skip
    size = Size(treated=treated, comparison=53, source="as asked for", a_month=30, intake=0)
    return Plan(spec=spec, size=size, rows=(row,), assumptions=("something",), reasons=())


def test_counts_and_effects_are_rounded_in_protected_projects(make_spec) -> None:
    made = released_plan(_plan(make_spec()), Rules())
    (row,) = made.rows
    assert (made.people, made.treated) == (105, 50)
    assert (row["smallest_effect_power_80"], row["smallest_effect_power_90"]) == (0.046, 0.054)
    assert (row["people_needed_power_80"], row["people_needed_power_90"]) == (130, 4_400)
    assert row["months_to_come"] == 5
    assert row["will_have_left"] == "10 %"  # middles of groups of six: 21 of 201
    columns, lines = lines_of(made)
    assert "hazard ratio, power 80 %" not in columns
    assert lines[0][:3] == ("1 to 12", "0.046 units", "0.054 units")


@pytest.mark.parametrize("few", [{"base": 9, "seen": 9}, {"seen": 8}, {"treated": 9.0}])
def test_nothing_is_shown_about_few_people(make_spec, few: dict[str, float]) -> None:
    made = released_plan(_plan(make_spec(), **few), Rules())
    assert made.rows == () and made.assumptions == ()
    assert "fewer than 10 people" in made.reasons[0]
    assert len(released_plan(_plan(make_spec(), **few), Rules(mode="public")).rows) == 1


def test_a_window_of_few_people_hides_itself_alone(make_spec) -> None:
    plan = _plan(make_spec())
    small = replace(plan.rows[0], window=(1, 3), seen=7)
    made = released_plan(replace(plan, rows=(small, *plan.rows)), Rules())
    assert [row["window"] for row in made.rows] == [[1, 12]]
    assert made.reasons == ("months 1 to 3: fewer than 10 people are behind a figure, which is "
                            "not shown",)  # fmt: skip


def test_the_size_of_an_opt_in_study_of_exits_is_who_could_start_and_who_did(make_spec) -> None:
    """Four could from January to March, one of them has a mentor; the fifth has no such day."""
    spec = make_spec(
        design="opt_in", time_zero="invited_on",
        arms={"treated": "mentored", "comparison": "not_yet_mentored"},
    )  # fmt: skip
    exits = spec.outcome.model_copy(update={"kind": "exit", "metric": "voluntary"})
    funnel = pd.DataFrame(
        {
            "time_zero": ["2024-01-05", "2024-01-05", "2024-02-05", "2024-03-05", None],
            "matched_on": [None, "2024-02-01", None, None, "2024-02-01"],
            "applied_on": None,
        }
    )
    spec = spec.model_copy(update={"outcome": exits})
    size = size_of(spec, lambda _: funnel, 99, None, None)
    assert (size.treated, size.comparison, size.intake) == (1, 3, 2)
    assert size.a_month == pytest.approx(4 / 3)
    assert size_of(spec, lambda _: funnel.assign(matched_on=None), 99, None, None).people == 99


def test_windows_are_those_declared_and_others_of_a_usual_length(make_spec) -> None:
    spec = make_spec(follow_up={"months": 12, "primary": [4, 12], "windows": [[1, 3]]})
    assert windows_of(spec) == ((1, 3), (4, 6), (4, 9), (4, 12), (4, 15))
