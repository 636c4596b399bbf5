"""The efficient estimator for drawn start dates: what it equals in special cases, and its truth.

With coefficient 0 it is a difference in means, with 1 the change since the base month (Callaway &
Sant'Anna), with two groups and two months the interacted regression (Lin 2013), which statsmodels
fits.
"""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.compress import NEVER, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.efficient_timing import Units, efficient, unit_means
from analysis.estimators.group_time import att_by_group_and_time

EXACT = 1e-9
PERIODS = np.arange(1, 8)


def units(mean: np.ndarray, cohort: np.ndarray, stratum: np.ndarray | None = None) -> Units:
    return Units(
        periods=np.arange(1, mean.shape[1] + 1),
        cohort=cohort,
        stratum=np.zeros(len(cohort), dtype=int) if stratum is None else stratum,
        mean=mean,
    )


def two_groups(seed: int = 0, treated: int = 12, others: int = 18) -> tuple[np.ndarray, np.ndarray]:
    """(outcomes (n, 2), treated first); the month before varies as much in both groups."""
    rng = np.random.default_rng(seed)
    before = rng.normal(size=treated + others)
    for part in (slice(0, treated), slice(treated, None)):
        before[part] = (before[part] - before[part].mean()) / before[part].std(ddof=1)
    before += rng.normal(size=2)[(np.arange(len(before)) >= treated).astype(int)]
    slope = np.where(np.arange(len(before)) < treated, 0.9, 0.4)
    after = slope * before + rng.normal(size=len(before))
    return np.column_stack([before, after]), np.arange(len(before)) < treated


def test_no_adjustment_is_the_difference_in_means():
    y, treated = two_groups()
    found = efficient(units(y, np.where(treated, 2, NEVER)), beta=0.0)
    after = y[:, 1]
    assert found.estimate == pytest.approx(after[treated].mean() - after[~treated].mean())
    variance = after[treated].var(ddof=1) / 12 + after[~treated].var(ddof=1) / 18
    assert found.std_error == pytest.approx(np.sqrt(variance))
    assert found.df == 28


def test_two_groups_and_months_are_the_interacted_regression():
    """Equal spread before weighs the slopes of the groups by their shares, as Lin does."""
    y, treated = two_groups()
    centred = y[:, 0] - y[:, 0].mean()
    design = np.column_stack([treated, centred, treated * centred]) * 1.0
    lin = sm.OLS(y[:, 1], sm.add_constant(design)).fit()
    found = efficient(units(y, np.where(treated, 2, NEVER)))
    assert found.estimate == pytest.approx(lin.params[1], rel=EXACT)
    # Residuals of the common slope: at most as small as those of two.
    assert found.std_error == pytest.approx(lin.HC3_se[1], rel=0.2)


def staggered(seed: int, n: int = 30, *, gaps: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cohort = rng.permutation(np.repeat([3, 4, 6, NEVER], [n // 5, n // 3, n // 5, n])[:n])
    y = rng.normal(size=(n, 1)) + rng.normal(size=(n, len(PERIODS)))
    y += 2.0 * (cohort[:, None] <= PERIODS)
    return y, cohort


@pytest.mark.parametrize("kind", ["simple", "group", "event", "calendar"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_full_adjustment_is_the_change_since_the_base(kind, anticipation):
    y, cohort = staggered(3)
    person, period = np.indices(y.shape)
    rows = (person.ravel(), period.ravel(), y.ravel())
    moments = fold(
        lambda: [rows],
        People(cohort=cohort, cell=np.zeros(len(y), dtype=int), cluster=np.arange(len(y))),
        PERIODS,
    )
    changed = aggregate(
        att_by_group_and_time(moments, anticipation=anticipation, base="universal"), kind
    )
    found = efficient(unit_means(moments), kind=kind, anticipation=anticipation, beta=1.0)
    assert found.estimate == pytest.approx(changed.overall, rel=EXACT)


def test_the_coefficient_makes_the_variance_smallest():
    drawn = units(*staggered(5))
    found = efficient(drawn, window=(0, 1))
    scale = np.sqrt((found.df + 1) / found.df)
    for beta in (0.0, found.beta - 0.05, found.beta + 0.05, 1.0):
        assert efficient(drawn, window=(0, 1), beta=beta).std_error > found.std_error / scale
    assert found.unadjusted == pytest.approx(efficient(drawn, window=(0, 1), beta=0.0).estimate)


def test_strata_are_compared_within_and_weigh_as_many_as_start():
    """Two strata on levels of their own: 2 of 4 units start in one, 4 of 8 in the other."""
    rng = np.random.default_rng(1)
    stratum = np.repeat([0, 1], [4, 8])
    cohort = np.concatenate([[2, 2, NEVER, NEVER], np.repeat([2, NEVER], 4)])
    y = rng.normal(size=(12, 2)) + 100 * stratum[:, None]
    found = efficient(units(y, cohort, stratum), beta=0.0)
    gaps = [
        y[(stratum == s) & (cohort == 2), 1].mean() - y[(stratum == s) & (cohort > 2), 1].mean()
        for s in (0, 1)
    ]
    assert found.estimate == pytest.approx((gaps[0] + 2 * gaps[1]) / 3)


def test_units_without_a_month_are_left_out_and_counted():
    y, cohort = staggered(9)
    y[4, 2] = np.nan
    found = efficient(units(y, cohort), window=(0, 0))
    kept = np.arange(len(y)) != 4
    assert found.left_out == 1
    assert found.estimate == pytest.approx(
        efficient(units(y[kept], cohort[kept]), window=(0, 0)).estimate
    )


@pytest.mark.parametrize(
    ("cohort", "window", "reason"),
    [
        ([2, NEVER, NEVER, NEVER], (0, 0), "fewer than two units"),
        ([2, 2, NEVER, NEVER], (0, 4), "beyond the months"),
        ([NEVER, NEVER, NEVER, NEVER], None, "no month after a start"),
        ([1, 1, NEVER, NEVER], None, "no month after a start"),
    ],
)
def test_reasons(cohort, window, reason):
    y = np.random.default_rng(0).normal(size=(4, 3))
    with pytest.raises(ValueError, match=reason):
        efficient(units(y, np.array(cohort)), window=window)


def test_over_draws_it_is_right_and_more_precise():
    """Outcomes fixed, starts drawn 600 times: the mean is the truth, and better than both ends.

    Effects differ between units, so the conservative variance must be on the large side.
    """
    rng = np.random.default_rng(12)
    n, draws = 40, 600
    level = 2 * rng.normal(size=(n, 1))
    untreated = 0.5 * level + rng.normal(size=(n, len(PERIODS)))
    own = 1 + 0.5 * rng.normal(size=n)
    starts = np.repeat([3, 5, NEVER], [10, 10, 20])
    found = {beta: [] for beta in ("fitted", 0.0, 1.0)}
    for _ in range(draws):
        cohort = rng.permutation(starts)
        y = untreated + own[:, None] * (cohort[:, None] <= PERIODS)
        for beta, values in found.items():
            given = None if beta == "fitted" else beta
            made = efficient(units(y, cohort), window=(0, 1), beta=given)
            values.append((made.estimate, made.std_error))
    table = {beta: np.array(values) for beta, values in found.items()}
    fitted = table["fitted"]
    assert abs(fitted[:, 0].mean() - own.mean()) < 4 * fitted[:, 0].std() / np.sqrt(draws)
    assert fitted[:, 0].std() < min(table[0.0][:, 0].std(), table[1.0][:, 0].std())
    assert fitted[:, 1].mean() > 0.98 * fitted[:, 0].std()  # 2 %: error of 600 draws' deviation
