"""The pre-trend test by hand: which leads it reads, when it warns and fails, its power."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.diagnostics.pre_trend import pre_trend
from analysis.estimators.aggregate import Aggregate
from analysis.study import StudySpec, parse_study


def spec(**changes: Any) -> StudySpec:
    return parse_study(
        {
            "study": "sites",
            "question": "?",
            "as_of": "2024-06-30",
            "programme": "P",
            "design": "rollout",
            "cluster": "site",
            "arms": {"treated": "m", "comparison": "n"},
            "outcome": {"metric": "orders"},
            "follow_up": {"months": 6, "primary": [1, 5]},
            "effect_of_interest": 4.0,
        }
        | changes
    )


def event(leads: dict[int, float], error: float = 1.0, base: int = -1) -> Aggregate:
    """Effects by month -12 to 6 with independent errors; those not named are 0."""
    labels = np.arange(-12, 7)
    errors = np.where(labels == base, 0.0, error)
    return Aggregate(
        kind="event",
        labels=labels,
        estimate=np.array([leads.get(int(e), 0.0) for e in labels]),
        covariance=np.diag(errors**2),
        overall=0.0,
        overall_std_error=1.0,
        treated=np.full(len(labels), 50),
        controls=np.full(len(labels), 50),
        gradient=np.eye(len(labels)),
    )


# Averages of 4, 4 and 3 independent leads with error 1: variances 1/4, 1/4 and 1/3.
VARIANCES = np.array([1 / 4, 1 / 4, 1 / 3])


@pytest.mark.parametrize("df", [np.inf, 16.0])
def test_p_value_and_power_by_hand(df):
    found = pre_trend(event({-2: 3.0, -9: 2.0}), spec(effect_of_interest=0.6), df)
    leads = np.array([0.5, 0.0, 1.0])
    statistic = float((leads**2 / VARIANCES).sum())
    # a drift through 0 at month -1 that is .6 at month 3 is .15 a month
    drift = np.array([-9.5, -5.5, -2.0]) * 0.15
    shift = float((drift**2 / VARIANCES).sum())
    if np.isinf(df):
        p, power = stats.chi2.sf(statistic, 3), stats.ncx2.sf(stats.chi2.ppf(0.95, 3), 3, shift)
    else:
        left = df - 2  # Hotelling: T2 (df - q + 1) / (df q) is F(q, df - q + 1)
        p = stats.f.sf(statistic / 3 * left / df, 3, left)
        power = stats.ncf.sf(stats.f.ppf(0.95, 3, left), 3, left, shift)
    assert found.value == pytest.approx(p)
    assert f"power {100 * power:.1f} %" in found.display
    assert found.status == "pass"


def test_leads_inside_the_anticipation_are_left_out():
    """With two months, the base is month -3 and of the last lead only month -4 is left."""
    moved = event({-2: 50.0, -1: 50.0}, base=-3)
    allowed = spec(rollout={"anticipation": 2})
    assert pre_trend(moved, allowed, np.inf).value == pytest.approx(1.0)
    # the same movement without the allowance cannot be overlooked
    assert pre_trend(event({-2: 50.0}), spec(), np.inf).status == "fail"


def test_the_drift_of_the_power_goes_through_the_base():
    """Month -4 is one month before the base -3: the drift of .9 by month 3 is .15 a month."""
    study = spec(rollout={"anticipation": 2}, effect_of_interest=0.9)
    found = pre_trend(event({}, base=-3), study, np.inf)
    drift = np.array([-7.5, -3.5, -1.0]) * 0.9 / 6
    shift = float((drift**2 / np.array([1 / 4, 1 / 4, 1.0])).sum())
    power = stats.ncx2.sf(stats.chi2.ppf(0.95, 3), 3, shift)
    assert f"power {100 * power:.1f} %" in found.display


def test_a_blunt_test_warns_and_a_small_sure_drift_does_not_fail():
    blunt = pre_trend(event({}, error=20.0), spec(), np.inf)
    assert blunt.status == "warn"
    assert "Too few sites" in blunt.remedy
    small = {e: 0.5 for e in range(-12, -1)}  # beyond doubt, but far from half of 4
    assert pre_trend(event(small, error=0.1), spec(), np.inf).status == "warn"


def test_no_month_before_the_start_warns():
    gone = event({}, error=0.0)
    assert pre_trend(gone, spec(), np.inf).display == "no months before the start"


def test_fewer_degrees_of_freedom_than_leads_are_no_test():
    assert pre_trend(event({-2: 9.0}), spec(), 2.0).display.startswith("too few sites")
