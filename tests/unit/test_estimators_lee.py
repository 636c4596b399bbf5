"""Lee bounds against examples worked by hand, and the Imbens-Manski limits at both ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.estimate import NotEstimable
from analysis.estimators.lee import Bound, People, bounds, imbens_manski, lee_bounds

WINDOW = (1, 12)

# Everybody of the arm has an outcome, 4 of 5 of the comparison: trim one in five of the arm.
TABLE = """
arm      m1
mentored 1
mentored 3
mentored 5
mentored 7
mentored 14
control  2
control  3
control  4
control  3
control  -
"""


def test_bounds_by_hand(make_panel, make_spec):
    """Keep 4 of 5: lowest four (1 + 3 + 5 + 7) / 4 = 4, highest four 29 / 4; comparison 3."""
    low, high = lee_bounds(make_panel(TABLE), make_spec(), WINDOW)
    assert (low.target.name, high.target.name) == ("lee_bound_lower", "lee_bound_upper")
    assert low.estimate == pytest.approx(4 - 3)
    assert high.estimate == pytest.approx(29 / 4 - 3)
    assert (low.ci_low, low.ci_high) == (high.ci_low, high.ci_high)
    assert low.ci_low < low.estimate < high.estimate < low.ci_high
    assert (low.n_treated, low.n_comparison) == (5, 4)
    assert low.p_value is None
    assert "monotonicity assumed" in low.convention


def test_the_comparison_is_trimmed_where_it_has_more_outcomes(make_panel, make_spec):
    table = TABLE.replace("mentored", "x").replace("control ", "mentored").replace("x", "control")
    low, high = lee_bounds(make_panel(table), make_spec(), WINDOW)
    assert (low.estimate, high.estimate) == (pytest.approx(3 - 29 / 4), pytest.approx(3 - 4))


def test_a_person_at_the_cut_counts_in_part(make_panel, make_spec):
    """Shares 1 and 3/4 keep 3.75 of 5: lower mean (1 + 3 + 5 + 0.75 x 7) / 3.75."""
    table = TABLE.replace("control  3\ncontrol  -", "control  -")
    low, _ = lee_bounds(make_panel(table), make_spec(), WINDOW)
    assert low.estimate == pytest.approx((1 + 3 + 5 + 0.75 * 7) / 3.75 - 3)


def test_the_standard_error_is_that_of_proposition_3():
    """Lee 2009, proposition 3: V = [Var(Y | kept) / keep + (cut - mean)^2 (1 - keep) / keep] / n
    + ((cut - mean))^2 x Var(log share ratio) + Var(Y | comparison) / n, on a large sample.
    """
    rng = np.random.default_rng(11)
    n = 40_000
    treated = np.arange(2 * n) < n
    outcome = rng.normal(size=2 * n)
    outcome[rng.random(2 * n) > np.where(treated, 0.9, 0.6)] = np.nan
    people = People(
        treated=treated, outcome=outcome, weight=np.ones(2 * n), cluster=np.arange(2 * n)
    )
    low, _ = bounds(people)
    seen = ~np.isnan(outcome)
    share1, share0 = seen[treated].mean(), seen[~treated].mean()
    keep = share0 / share1
    y1 = np.sort(outcome[treated & seen])
    kept = y1[: int(keep * len(y1))]
    gap = kept[-1] - kept.mean()
    variance = (kept.var() / keep + gap**2 * (1 - keep) / keep) / len(y1)
    variance += gap**2 * ((1 - share1) / (n * share1) + (1 - share0) / (n * share0))
    variance += outcome[~treated & seen].var() / (~treated & seen).sum()
    assert low.std_error == pytest.approx(math.sqrt(variance), rel=1e-3)


def test_imbens_manski_is_one_sided_for_wide_bounds_and_two_sided_for_a_point():
    wide = imbens_manski(Bound(estimate=0.0, std_error=1.0), Bound(estimate=100.0, std_error=1.0))
    assert wide == (pytest.approx(-1.6449, abs=1e-4), pytest.approx(101.6449, abs=1e-4))
    point = imbens_manski(Bound(estimate=5.0, std_error=1.0), Bound(estimate=5.0, std_error=1.0))
    assert point == (pytest.approx(5 - 1.96, abs=1e-3), pytest.approx(5 + 1.96, abs=1e-3))


def test_log_bounds_are_per_cent(make_panel, make_spec):
    low, high = lee_bounds(make_panel(TABLE), make_spec(transform="log"), WINDOW)
    assert low.estimate == pytest.approx(100 * (math.exp(1) - 1))
    assert high.estimate == pytest.approx(100 * (math.exp(4.25) - 1))


def test_no_bounds_without_people(make_panel, make_spec):
    panel = make_panel("arm m1\nmentored 1\nmentored -\ncontrol 3\ncontrol 1")
    results = lee_bounds(panel, make_spec(), WINDOW)
    assert all(isinstance(r, NotEstimable) for r in results)
    assert results[0].reason == "fewer than 2 people of mentored have an outcome in this window"
