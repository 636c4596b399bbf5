"""Released figures of protected people: nobody can be counted from an interval or a bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.estimate import Estimate, Target
from analysis.estimators.lee import People, given_away
from analysis.figures import coarse_figures, exact_figures, shown_figures
from analysis.rules import Rules

TARGET = Target(
    name="primary", role="headline", estimand="ITT", estimator="ANCOVA", arm="mentee",
    comparison="control", window=(1, 3), unit="EUR",
)  # fmt: skip


def _estimate(df: int, error: float = 1.2345678) -> Estimate:
    half = float(stats.t.ppf(0.975, df)) * error
    return Estimate(
        target=TARGET, estimate=4.0, std_error=error, ci_low=4 - half, ci_high=4 + half,
        p_value=0.0123456, df=df, n_treated=31, n_comparison=30, n_rows=183, convention="HC2",
        t_df=float(df),
    )  # fmt: skip


def _people_from(low: float, high: float, error: float) -> float:
    quantile = (high - low) / 2 / error
    return optimize.brentq(lambda df: stats.t.ppf(0.975, df) - quantile, 2, 1e6)


def test_an_exact_interval_tells_how_many_people_there_were() -> None:
    """Why figures are coarse: the attack works on exact ones."""
    shown = exact_figures(_estimate(59))
    assert _people_from(shown["ci_low"], shown["ci_high"], shown["std_error"]) == pytest.approx(59)


def test_coarse_figures_are_the_same_for_neighbouring_counts() -> None:
    assert coarse_figures(_estimate(56), log=False) == coarse_figures(_estimate(59), log=False)


def test_coarse_intervals_only_widen_and_keep_three_digits() -> None:
    shown = coarse_figures(_estimate(59), log=False)
    half = float(stats.t.ppf(0.975, 55)) * 1.2345678
    assert shown == {
        "estimate": 4.0, "std_error": 1.23, "p_value": 0.01,
        "ci_low": pytest.approx(round(4 - half, 2)), "ci_high": pytest.approx(round(4 + half, 2)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("missing_treated", "missing_others", "expected"),
    [(0, 0, None), (1, 0, 1), (12, 11, 1), (20, 3, 3)],
)
def test_lee_bounds_know_whom_they_give_away(
    missing_treated: int, missing_others: int, expected: int | None
) -> None:
    outcome = np.arange(80.0)
    outcome[:missing_treated] = np.nan
    outcome[40 : 40 + missing_others] = np.nan
    people = People(
        treated=np.arange(80) < 40, outcome=outcome, weight=np.ones(80), cluster=np.arange(80)
    )
    assert given_away(people) == expected


def _of_unit(unit: str, **more: object) -> Estimate:
    target = replace(TARGET, unit=unit)
    return replace(_estimate(59), target=target, **more)


@pytest.mark.parametrize("people", [978, 979, 980, 981, 982])
def test_exits_avoided_do_not_tell_how_many_people_there_were(people: int) -> None:
    """2.11 points times the people: the quotient of two exact figures is their count."""
    risk, error = 0.0211, 0.0102
    avoided = _of_unit(
        "people", estimate=risk * people, std_error=error * people, t_df=None, n_treated=people,
        ci_low=(risk - 2 * error) * people, ci_high=(risk + 2 * error) * people,
    )  # fmt: skip
    shown = shown_figures(avoided, Rules(), log=False)
    assert shown == {
        "estimate": 21.0, "std_error": 10.0, "ci_low": 1.0, "ci_high": 41.0, "p_value": 0.01
    }  # fmt: skip
    exact = shown_figures(avoided, Rules(mode="public"), log=False)
    assert exact["estimate"] / risk == pytest.approx(people)


def test_a_hazard_ratio_has_the_interval_of_its_logarithm() -> None:
    """Ln 0.79 = -0.2357, standard error .11 / .79 = .1392; t with 55 degrees of freedom, 2.0040."""
    shown = coarse_figures(_of_unit("ratio", estimate=0.79, std_error=0.11, t_df=59.0), log=False)
    assert shown["ci_low"] == pytest.approx(0.598, abs=1e-3)
    assert shown["ci_high"] == pytest.approx(1.044, abs=1e-3)
    assert shown["ci_high"] - 0.79 > 0.79 - shown["ci_low"]


def test_per_cent_keep_the_interval_of_their_logarithm() -> None:
    """1.05 exp(-+ 2.0040 * .02 / 1.05) - 1: the same rule, moved by one and times a hundred."""
    per_cent = coarse_figures(_of_unit("%", estimate=5.0, std_error=2.0), log=True)
    ratio = coarse_figures(_of_unit("ratio", estimate=1.05, std_error=0.02), log=False)
    assert per_cent["ci_low"] == pytest.approx(100 * (ratio["ci_low"] - 1), abs=6e-3)
    assert per_cent["ci_low"] == pytest.approx(1.07, abs=5e-3)


def _shares(left: int, of: int, left_others: int, of_others: int) -> Estimate:
    """The difference of two shares as counted, with the binomial standard error."""
    own, others = left / of, left_others / of_others
    error = np.sqrt(own * (1 - own) / of + others * (1 - others) / of_others)
    return _of_unit(
        "share", estimate=own - others, std_error=float(error), t_df=148.0,
        ci_low=own - others - 2 * error, ci_high=own - others + 2 * error,
        counted=((left, float(of)), (left_others, float(of_others))),
    )  # fmt: skip


def test_a_difference_of_shares_gives_its_counts_away_unless_they_are_rounded() -> None:
    """12 of 97 and 68 of 303: to three digits of the standard error no other counts fit, though
    groups are known to five people only. What is shown is the same for all counts in their sixes.
    """
    exact = coarse_figures(_shares(12, 97, 68, 303), log=False)
    fits = {
        (left, others)
        for of in range(93, 98)
        for of_others in range(398 - of, 403 - of)
        for left in range(1, 40)
        for others in range(1, 200)
        if abs(left / of - others / of_others - exact["estimate"]) < 1e-4
        and coarse_figures(_shares(left, of, others, of_others), log=False)["std_error"]
        == exact["std_error"]
        and round(left / of - others / of_others, 4) == exact["estimate"]
    }
    assert fits == {(12, 68)}
    shown = [
        shown_figures(_shares(left, of, others, of_others), Rules(), log=False)
        for left in range(7, 13) for of in (97, 102) for others in range(67, 73)
        for of_others in (301, 306)
    ]  # fmt: skip
    assert all(figures == shown[0] for figures in shown)
    assert shown[0]["estimate"] == pytest.approx(9 / 99 - 69 / 303, abs=1e-4)
    public = shown_figures(_shares(12, 97, 68, 303), Rules(mode="public"), log=False)
    assert public["estimate"] == pytest.approx(12 / 97 - 68 / 303)
