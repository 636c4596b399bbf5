"""Standing in for people who did not answer: by hand, against statsmodels, and with known truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimators.answering import (
    answering_weights,
    joining_weights,
    stand_ins,
    weighted_difference,
)

NOTHING = np.empty((8, 0))


def test_without_covariates_answerers_stand_for_as_many_as_stayed():
    """Two of eight left; of the six who stayed three answered, one of them high."""
    outcome = np.array([1, 1, 1, 0, 0, np.nan, np.nan, np.nan])
    certain = np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
    arm = np.zeros(8, dtype=np.int64)
    weight = answering_weights(~np.isnan(outcome), certain, arm, NOTHING)
    assert weight == pytest.approx([1, 1, 2, 2, 2, 0, 0, 0])
    filled = stand_ins(outcome, certain, arm, NOTHING)
    assert filled.mean() == pytest.approx((2 + 6 * (1 / 3)) / 8)  # not the 3 / 5 of those known
    assert filled[:2].tolist() == [1, 1]


def test_arms_are_fitted_apart_and_one_without_answers_stays_empty():
    outcome = np.array([1.0, 0.0, np.nan, np.nan, np.nan, np.nan, 1.0, 0.0])
    arm = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    filled = stand_ins(outcome, np.zeros(8, dtype=bool), arm, NOTHING)
    assert filled[:4].mean() == pytest.approx(0.5)
    assert np.isnan(filled[4:6]).all()
    assert filled[6:].tolist() == [1, 0]


def test_standing_in_is_right_where_answering_follows_the_covariate():
    """Who is high on x answers half as often and scores more: those known score .32 too little."""
    rng = np.random.default_rng(4)
    n = 40_000
    x = rng.integers(0, 2, n).astype(float)
    y = 2.0 + 2.0 * x + rng.normal(size=n)
    seen = rng.random(n) < np.where(x > 0, 0.4, 0.8)
    outcome, nobody = np.where(seen, y, np.nan), np.zeros(n, dtype=bool)
    filled = stand_ins(outcome, nobody, np.zeros(n, dtype=np.int64), x[:, None])
    error = 4 * y.std() / np.sqrt(n)
    assert filled.mean() == pytest.approx(3.0, abs=error)
    assert np.nanmean(outcome) == pytest.approx(2 + 2 / 3, abs=error)


def test_the_weighted_regression_is_that_of_statsmodels():
    rng = np.random.default_rng(1)
    n = 120
    treated, controls = rng.random(n) < 0.5, rng.normal(size=(n, 2))
    outcome = 0.3 * treated + controls @ [0.5, -0.2] + rng.normal(size=n)
    weight, cluster = rng.uniform(0.5, 3, n), rng.integers(0, 50, n)
    weight[:7] = 0.0
    found = weighted_difference(outcome, treated, controls, weight, cluster, "manager_no")
    kept = weight > 0
    columns = sm.add_constant(np.column_stack([controls, treated])[kept])
    peer = sm.WLS(outcome[kept], columns, weights=weight[kept]).fit(
        cov_type="cluster", cov_kwds={"groups": cluster[kept]}
    )
    assert found.estimate == pytest.approx(peer.params[-1], rel=1e-10)
    assert found.std_error == pytest.approx(peer.bse[-1], rel=1e-10)
    assert found.t_df == len(np.unique(cluster[kept])) - 1


def test_others_stand_for_joiners_by_their_odds():
    """Three of four with x = 1 joined and one of four without: odds 3 and 1/3."""
    x = np.repeat([1.0, 0.0], 4)
    joined = np.array([1, 1, 1, 0, 1, 0, 0, 0], dtype=bool)
    weight = joining_weights(joined, x[:, None])
    assert weight == pytest.approx([1, 1, 1, 3, 1, 1 / 3, 1 / 3, 1 / 3])
