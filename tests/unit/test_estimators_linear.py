"""Least squares underneath: columns kept, robust and clustered variances, CR2 by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg

from analysis.estimators.linear import FEW_CLUSTERS, fit_ols, independent
from analysis.estimators.small_sample import cr2

EXACT = 1e-10  # the same algebra by another road


def _data(people: int, rows: int, seed: int = 1) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(people), rows)
    arm = (cluster % 3 == 0).astype(float)
    x = rng.normal(size=(len(cluster), 2)) + 0.3 * cluster[:, None] / people
    y = 1 + arm + x @ [0.5, -0.2] + rng.normal(size=people)[cluster] + rng.normal(size=len(cluster))
    return y, np.column_stack([np.ones(len(y)), x]), arm[:, None], cluster


def test_columns_that_follow_from_the_ones_before_are_left_out() -> None:
    a, b = np.array([0.0, 1, 0, 1, 1]), np.array([1.0, 0, 0, 2, 5])
    one = np.ones(5)
    columns = np.column_stack([one, a, 0 * one + 7, b, 2 * a - b + 3, a * b])
    assert independent(columns).tolist() == [True, True, False, True, False, True]


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_one_row_a_cluster_is_robust_as_in_statsmodels(kind: str) -> None:
    y, controls, arm, cluster = _data(60, 1)
    fit = fit_ols(y, controls, arm, cluster, covariance=kind)
    oracle = sm.OLS(y, np.hstack([controls, arm])).fit(cov_type=kind)
    assert fit.effects[0] == pytest.approx(oracle.params[-1], rel=EXACT)
    assert fit.cov[0, 0] ** 0.5 == pytest.approx(oracle.bse[-1], rel=EXACT)
    assert fit.clusters is None
    assert fit.df == 60 - 4


def test_several_rows_a_cluster_are_clustered_as_in_statsmodels() -> None:
    y, controls, arm, cluster = _data(FEW_CLUSTERS, 3)
    fit = fit_ols(y, controls, arm, cluster, covariance="HC2")
    oracle = sm.OLS(y, np.hstack([controls, arm])).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True
    )
    assert fit.cov[0, 0] ** 0.5 == pytest.approx(oracle.bse[-1], rel=EXACT)
    assert fit.t_df[0] == FEW_CLUSTERS - 1
    assert fit.convention == "clustered by person, CR1, t with clusters − 1 degrees of freedom"


def _brute_force_cr2(
    design: np.ndarray, residuals: np.ndarray, cluster: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bell and McCaffrey with full n x n matrices, as their paper writes it."""
    n, k = design.shape
    bread = np.linalg.inv(design.T @ design)
    annihilator = np.eye(n) - design @ bread @ design.T
    meat, columns = np.zeros((k, k)), []
    for g in np.unique(cluster):
        rows = cluster == g
        root = linalg.inv(linalg.sqrtm(annihilator[np.ix_(rows, rows)]).real)
        score = design[rows].T @ root @ residuals[rows]
        meat += np.outer(score, score)
        columns.append(annihilator[:, rows] @ root @ design[rows] @ bread)
    df = []
    for j in range(k):
        p = np.column_stack([c[:, j] for c in columns])
        df.append(np.trace(p.T @ p) ** 2 / np.trace(p.T @ p @ p.T @ p))
    return bread @ meat @ bread, np.array(df)


def test_cr2_and_satterthwaite_agree_with_brute_force() -> None:
    y, controls, arm, cluster = _data(9, 4)
    cluster = np.where(cluster == 1, 0, cluster)  # clusters of unequal size
    design = np.hstack([controls, arm])
    bread = np.linalg.inv(design.T @ design)
    residuals = y - design @ bread @ design.T @ y
    cov, df = _brute_force_cr2(design, residuals, cluster)
    small = cr2(design, residuals, bread, cluster)
    np.testing.assert_allclose(small.cov, cov, rtol=1e-8)
    np.testing.assert_allclose(small.df, df, rtol=1e-8)


def test_cr2_with_one_row_a_cluster_is_hc2() -> None:
    y, controls, arm, cluster = _data(30, 1)
    design = np.hstack([controls, arm])
    oracle = sm.OLS(y, design).fit(cov_type="HC2")
    small = cr2(design, oracle.resid, np.linalg.inv(design.T @ design), cluster)
    np.testing.assert_allclose(np.sqrt(np.diag(small.cov)), oracle.bse, rtol=1e-8)


def test_satterthwaite_is_welch_for_two_groups() -> None:
    """Groups of 4 and 6, by hand: B has n - 1 eigenvalues 1 / (n (n - 1)) for a group of n, so
    tr(B)^2 / tr(B^2) = (1/4 + 1/6)^2 / (1/48 + 1/180), Welch at equal variances.
    """
    arm = np.repeat([1.0, 0.0], [4, 6])
    design = np.column_stack([np.ones(10), arm])
    y = np.arange(10.0) ** 2
    bread = np.linalg.inv(design.T @ design)
    small = cr2(design, y - design @ bread @ design.T @ y, bread, np.arange(10))
    assert small.df[1] == pytest.approx((1 / 4 + 1 / 6) ** 2 / (1 / 48 + 1 / 180), rel=1e-8)


def test_few_clusters_use_cr2_and_say_so() -> None:
    y, controls, arm, cluster = _data(12, 3)
    fit = fit_ols(y, controls, arm, cluster, covariance="HC2", cluster_name="manager_no")
    assert "clustered by manager no, CR2" in fit.convention
    assert fit.t_df[0] < 11
    assert fit.df == 11


def test_a_person_fitted_exactly_changes_nothing() -> None:
    """A dummy for one person equals leaving that person out."""
    y, controls, arm, cluster = _data(40, 1)
    only = (cluster == 5).astype(float)[:, None]
    fit = fit_ols(y, np.hstack([controls, only]), arm, cluster, covariance="HC2")
    kept = cluster != 5
    without = fit_ols(y[kept], controls[kept], arm[kept], cluster[kept], covariance="HC2")
    assert fit.effects[0] == pytest.approx(without.effects[0], rel=1e-8)
    assert fit.cov[0, 0] == pytest.approx(without.cov[0, 0], rel=1e-8)


def test_an_arm_within_the_span_of_controls_is_not_identified() -> None:
    y, controls, arm, cluster = _data(40, 1)
    fit = fit_ols(y, np.hstack([controls, 1 - arm]), arm, cluster, covariance="HC2")
    assert not fit.identified[0]
    assert np.isnan(fit.effects[0])


def test_no_fit_without_residual_freedom() -> None:
    y = np.array([1.0, 2.0, 4.0])
    one, x, arm = np.ones(3), np.array([1.0, 2, 5]), np.array([1.0, 0, 0])
    assert (
        fit_ols(y, np.column_stack([one, x]), arm[:, None], np.arange(3), covariance="HC2") is None
    )
