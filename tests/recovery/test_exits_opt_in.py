"""CARE-OPTIN of the demo company: what starting with a mentor does to voluntary exits, by truth.

Companies of 5,000 heads as the generator draws them (some 850 people start, 1,900 are compared),
as arrays and without files. Truth is expected: chances integrated over the people who started.
In CI a smoke; `MENTORLIFT_DRAWS=500` takes some eight minutes a scenario on an idle core.
Limits are the 99.9 % binomial bounds of 95 % at the draws run. A mean miss may be a quarter of a
standard error besides four of its own: with notice, hazards follow tenure and season one to two
months ahead of the model's bands, and over 300 draws the mean was .21 standard errors off.
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from analysis.estimate import Estimate
from analysis.exits.entries import ever
from analysis.exits.figures import Maker
from analysis.exits.incidence import area, by_day
from analysis.exits.raw import naive_difference
from analysis.exits.results import days, difference
from analysis.exits.setting import ExitSetting, fitter_of
from analysis.study import parse_study
from analysis.synthetic.company import draw_company
from tests.synthetic_careers import FIRST_MONTH, curves, opt_in_careers

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "8"))
FIRST_SEED = 1_000
ALLOWED = 0.25  # of a standard error, the stated allowance for bias; costs .6 points of coverage
MONTHS = 12
DAYS = (365, 90, 180)

SPEC = parse_study(
    {
        "study": "care-exits",
        "question": "Do people with a mentor leave less?",
        "as_of": "2025-12-31",
        "programme": "CARE-OPTIN",
        "design": "opt_in",
        "time_zero": "invited_on",
        "arms": {"treated": "with_mentor", "comparison": "without"},
        "outcome": {"kind": "exit", "metric": "voluntary"},
        "follow_up": {"months": MONTHS, "primary": [1, 12], "windows": [[1, 3], [1, 6]]},
    }
)


class Row(NamedTuple):
    estimate: float
    std_error: float
    low: float
    high: float
    truth: float


def one(scenario: str, seed: int) -> dict[str, Row]:
    """Of each figure of one company, the estimate and its truth."""
    company = draw_company(scenario, size=5_000, seed=seed)
    careers = opt_in_careers(company)
    fitter = fitter_of(careers, SPEC)
    compared = fitter.headline(None)
    assert not isinstance(compared, str), compared
    setting = ExitSetting(
        careers=careers, spec=SPEC, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
    )
    maker = Maker(setting=setting, arm="with_mentor")
    group = compared.group
    who = company.programme("CARE-OPTIN").person[group.row]
    first = group.month - FIRST_MONTH
    plain = np.ones((len(who), MONTHS))
    without = curves(company, who, first, plain, MONTHS)
    having = curves(company, who, first, company.scenario.theta * plain, MONTHS)
    voluntary, anyhow = (b - a for a, b in zip(without, having, strict=True))

    def true(change: np.ndarray, weights: np.ndarray) -> float:
        return float((weights[group.group] * change).sum() / len(who))

    found = {
        f"{day}": (difference(maker, compared, "x", "voluntary", place=place), voluntary,
                   by_day(group.ends, day))
        for place, day in enumerate(DAYS)
    }  # fmt: skip
    found["any"] = (difference(maker, compared, "x", "any"), anyhow, by_day(group.ends, 365))
    found["rmst"] = (
        days(maker, compared, "x", "any", "", sign=-1), -anyhow, area(group.ends, 365)
    )  # fmt: skip
    rows = {name: row(result, true(*rest)) for name, (result, *rest) in found.items()}
    rows["naive"] = row(naive_difference(maker, ever(careers, MONTHS)), 0.0)
    return rows


def row(result: object, truth: float) -> Row:
    assert isinstance(result, Estimate), result
    return Row(result.estimate, result.std_error, result.ci_low, result.ci_high, truth)


@cache
def run(scenario: str) -> dict[str, np.ndarray]:
    """Of each figure, a row a draw."""
    draws = [one(scenario, FIRST_SEED + d) for d in range(DRAWS)]
    return {name: np.array([d[name] for d in draws]) for name in draws[0]}


def bounds(rate: float) -> tuple[float, float]:
    low, high = stats.binom.interval(0.999, DRAWS, rate)
    return low / DRAWS, high / DRAWS


@pytest.mark.parametrize("figure", ["365", "90", "180", "any", "rmst"])
@pytest.mark.parametrize("scenario", ["null", "notice", "default"])
def test_intervals_cover_the_expected_truth(scenario: str, figure: str) -> None:
    estimate, error, lower, upper, truth = run(scenario)[figure].T
    low, high = bounds(0.95)
    assert low <= ((lower <= truth) & (truth <= upper)).mean() <= high
    miss = estimate - truth
    allowed = 4 * miss.std(ddof=1) / np.sqrt(DRAWS) + ALLOWED * error.mean()
    assert abs(miss.mean()) < allowed


@pytest.mark.parametrize("scenario", ["null", "notice"])
def test_no_effect_is_claimed_where_there_is_none(scenario: str) -> None:
    """While ever started against never promises some seven points fewer exits in every draw."""
    _, _, lower, upper, truth = run(scenario)["365"].T
    assert (truth == 0).all()
    assert ((lower > 0) | (upper < 0)).mean() <= bounds(0.05)[1]
    naive = run(scenario)["naive"]
    assert -0.10 < naive[:, 0].mean() < -0.05
    assert (naive[:, 3] < 0).mean() > 0.95


def test_standard_errors_are_those_of_the_estimates() -> None:
    """Ratio of the mean standard error to the spread; its own error is 1 / sqrt(2 draws)."""
    for scenario in ("null", "default"):
        estimate, error = run(scenario)["365"].T[:2]
        assert abs(error.mean() / estimate.std(ddof=1) - 1) < 4 / np.sqrt(2 * DRAWS)
