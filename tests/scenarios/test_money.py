"""Intervals of what comes back, over the drawn demo companies: how many hold the truth.

The draws are those of the table: each row is one company with its estimate, interval and planted
truth. What a case makes of the truth is its value at that effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.money.effect import Effect
from analysis.money.price import value
from tests.money_cases import exits, money_case, uplift
from tests.report_cases import trial_spec
from tests.scenarios.raw import RAW

if TYPE_CHECKING:
    from analysis.money.spec import MoneyCase
    from analysis.money.value import Return

SPECS = {
    s.study: s
    for s in (
        trial_spec(
            study="kpi",
            outcome={"metric": "kpi", "transform": "log"},
            follow_up={"months": 6, "primary": [1, 6]},
        ),
        trial_spec(
            study="left",
            outcome={"kind": "exit", "metric": "voluntary"},
            follow_up={"months": 12, "primary": [1, 12]},
        ),
    )
}
LEVEL = 0.001  # the chance that an interval of exactly 95 % fails here, both sides together
ONE = money_case(uplift(study="kpi"))
TWO = money_case(
    uplift(study="kpi", monthly_value=2000, persistence=None), exits(study="left", people=60)
)


def rows(name: str) -> pd.DataFrame:
    return pd.read_csv(RAW / f"{name}.csv").set_index("seed").filter(like="primary.").dropna()


def effect(row: pd.Series, study: str, field: str = "") -> Effect:
    """The estimate of a draw; with a field, that figure without error."""
    names = [field] * 3 if field else ["estimate", "low", "high"]
    found = [float(row[f"primary.{name}"]) for name in names]
    exit_study = study == "left"
    return Effect(
        value=found[0], low=found[1], high=found[2], sign=-1 if exit_study else 1,
        log=not exit_study,
    )  # fmt: skip


def returned(case: MoneyCase, found: dict[str, Effect]) -> Return:
    made = value(case, SPECS, found).returned
    assert made is not None
    return made


def limits(draws: int) -> tuple[float, float]:
    """Counts that hold the truth between which 95 % falls, but for LEVEL."""
    low, high = stats.binom.ppf([LEVEL / 2, 1 - LEVEL / 2], draws, 0.95)
    return float(low), float(high)


@pytest.mark.parametrize("scenario", ["default", "null", "small"])
def test_one_benefit_has_nominal_coverage(scenario: str) -> None:
    drawn = rows(f"{scenario}.sales-mentoring")
    held = 0
    for _, row in drawn.iterrows():
        made = returned(ONE, {"kpi": effect(row, "kpi")})
        truth = returned(ONE, {"kpi": effect(row, "kpi", "truth")}).ratio
        held += made.low <= truth <= made.high
    low, high = limits(len(drawn))
    assert len(drawn) >= 60 and low <= held <= high


def test_the_chance_of_paying_is_what_it_says() -> None:
    """Where the truth just breaks even the share of draws that pay is uniform over companies."""
    drawn = rows("default.sales-mentoring")
    shares = []
    for _, row in drawn.iterrows():
        worth = returned(ONE, {"kpi": effect(row, "kpi", "truth")}).benefits
        even = money_case(uplift(study="kpi"), costs=_costing(worth))
        shares.append(returned(even, {"kpi": effect(row, "kpi")}).p_positive)
    assert stats.kstest(shares, "uniform").pvalue > LEVEL


def test_two_benefits_of_the_same_people_are_held_at_least_as_often() -> None:
    kpi, left = rows("default.care-mentoring"), rows("default.care-turnover")
    seeds = kpi.index.intersection(left.index)
    held = 0
    for seed in seeds:
        of = {"kpi": kpi.loc[seed], "left": left.loc[seed]}
        made = returned(TWO, {study: effect(row, study) for study, row in of.items()})
        truth = returned(TWO, {study: effect(row, study, "truth") for study, row in of.items()})
        held += made.low <= truth.ratio <= made.high
    assert len(seeds) >= 60 and held >= limits(len(seeds))[0]


@pytest.mark.parametrize("correlation", [-0.9, 0.0, 1.0])
def test_whatever_the_correlation_of_the_errors(correlation: float) -> None:
    """250 pairs of normal errors: at least 95 %, and 95 % where they move as one."""
    rng = np.random.default_rng(20_261)
    mixed = [[1, correlation], [correlation, 1]]
    errors = rng.multivariate_normal([0, 0], mixed, size=250, method="eigh")
    truth = {"kpi": Effect(value=2.0, low=2.0, high=2.0, log=True),
             "left": Effect(value=-0.02, low=-0.02, high=-0.02, sign=-1)}  # fmt: skip
    target, held = returned(TWO, truth).ratio, 0
    for first, second in errors:
        middle = np.log(1.02) + 0.01 * first
        ends = 100 * np.expm1(middle + 0.01 * stats.norm.ppf([0.5, 0.025, 0.975]))
        stays = -0.02 - 0.012 * second + 0.012 * stats.norm.ppf([0.5, 0.025, 0.975])
        kpi = Effect(value=ends[0], low=ends[1], high=ends[2], log=True)
        left = Effect(value=stays[0], low=stays[1], high=stays[2], sign=-1)
        made = returned(TWO, {"kpi": kpi, "left": left})
        held += made.low <= target <= made.high
    low, high = limits(len(errors))
    assert low <= held and (correlation < 1 or held <= high)


def _costing(total: float) -> dict[str, float]:
    """Costs of so much and nothing else."""
    hours = dict.fromkeys(("mentor_hours", "mentor_rate", "mentee_hours", "mentee_rate"), 0.0)
    return {**hours, "months": 1.0, "training": total}
