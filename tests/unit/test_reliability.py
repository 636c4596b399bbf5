"""Alpha, omega and item-rest correlations: identities, planted truth, and what cannot be had."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from analysis.one_factor import fit_one_factor, omega_and_gradient
from analysis.reliability import (
    Coefficient,
    item_rest,
    pairwise_covariance,
    raw_alpha,
    reliability,
)
from analysis.synthetic.items import CONGRUENCE, KNOWLEDGE, TIS, answers_to

LOADINGS = np.array([0.5, 0.7, 0.9, 1.2])
UNIQUE = np.array([1.0, 0.6, 0.8, 0.5])
COV = np.outer(LOADINGS, LOADINGS) + np.diag(UNIQUE)


def test_a_covariance_of_one_factor_gives_its_loadings_and_omega():
    fitted = fit_one_factor(COV)
    np.testing.assert_allclose(fitted.loadings, LOADINGS, atol=1e-6)
    np.testing.assert_allclose(fitted.unique, UNIQUE, atol=1e-6)
    omega, _ = omega_and_gradient(COV, fitted)
    assert omega == pytest.approx(3.3**2 / (3.3**2 + 2.9), abs=1e-7)


def test_of_parallel_items_alpha_and_omega_are_spearman_and_browns():
    cov = 0.4 * np.ones((5, 5)) + 0.6 * np.eye(5)
    expected = 5 * 0.4 / (1 + 4 * 0.4)
    assert raw_alpha(cov) == pytest.approx(expected, rel=1e-12)
    assert omega_and_gradient(cov, fit_one_factor(cov))[0] == pytest.approx(expected, abs=1e-7)


def test_units_do_not_change_the_fit():
    units = np.diag([1.0, 10.0, 0.1, 3.0])
    fitted = fit_one_factor(units @ COV @ units)
    np.testing.assert_allclose(fitted.loadings, units @ LOADINGS, rtol=1e-5)


def test_the_derivative_of_omega_is_that_of_refitting():
    """A covariance that no single factor fits; differences of refitted omegas, pair by pair."""
    cov = COV + 0.2 * np.outer([1, -1, 1, 0], [1, -1, 1, 0])
    _, gradient = omega_and_gradient(cov, fit_one_factor(cov))
    step = 1e-4
    for j, m in ((0, 0), (0, 1), (2, 3), (3, 3)):
        change = np.zeros((4, 4))
        change[j, m] = change[m, j] = step
        ahead, behind = (
            omega_and_gradient(cov + d, fit_one_factor(cov + d))[0] for d in (change, -change)
        )
        slope = (ahead - behind) / (2 * step) / (1 if j == m else 2)
        assert slope == pytest.approx(gradient[j, m], abs=1e-5)


def test_pairwise_covariances_are_those_of_pandas():
    import pandas as pd

    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))
    x[rng.random(x.shape) < 0.2] = np.nan
    cov, pairs = pairwise_covariance(x)
    np.testing.assert_allclose(cov, pd.DataFrame(x).cov().to_numpy(), rtol=1e-12)
    assert pairs[0, 1] == (~np.isnan(x[:, :2])).all(axis=1).sum()


def test_item_rest_correlations_are_those_of_the_sums():
    x = np.random.default_rng(3).normal(size=(40, 4)) @ np.linalg.cholesky(COV).T
    x[:, 2] *= -1
    direct = [np.corrcoef(x[:, j], np.delete(x, j, 1).sum(axis=1))[0, 1] for j in range(4)]
    np.testing.assert_allclose(item_rest(np.cov(x.T)), direct, rtol=1e-12)
    assert reliability(x, tuple("abcd")).against == ("c",)


def planted(instrument) -> float:
    """Alpha of a demo instrument's printed items, from the normal integrals behind their cuts."""
    cuts, rho = np.array(instrument.cuts), instrument.loading
    joint = multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    above = norm.sf(cuts)
    both = np.array([[joint.cdf([-c, -d]) for d in cuts] for c in cuts])
    covariance = (both - np.outer(above, above)).sum()
    variance = (np.minimum.outer(above, above) - np.outer(above, above)).sum()
    r = covariance / variance
    return float(instrument.items * r / (1 + (instrument.items - 1) * r))


@pytest.mark.parametrize(
    ("instrument", "published"), [(TIS, 0.80), (CONGRUENCE, 0.87), (KNOWLEDGE, 0.80)]
)
def test_the_planted_alpha_is_found_and_omega_with_it(instrument, published):
    """All items load alike, so omega has the same truth; four standard errors."""
    truth = planted(instrument)
    assert truth == pytest.approx(published, abs=0.015)
    rng = np.random.default_rng(4)
    x = answers_to(instrument, rng.normal(size=4_000), rng.normal(size=(4_000, 24)))
    found = reliability(x, tuple(str(n) for n in range(instrument.items)))
    for made in (found.alpha, found.omega):
        assert isinstance(made, Coefficient)
        assert abs(made.value - truth) < 4 * made.std_error
        assert made.std_error < 0.01


def test_intervals_cover_the_planted_alpha_in_nineteen_of_twenty_draws():
    """400 draws of 200 people; 99.9 % binomial bounds of 95 % are 364 to 393."""
    truth, rng, covered = planted(TIS), np.random.default_rng(5), {"alpha": 0, "omega": 0}
    for _ in range(400):
        x = answers_to(TIS, rng.normal(size=200), rng.normal(size=(200, 24)))
        found = reliability(x, tuple("123456"))
        for name in covered:
            made = getattr(found, name)
            covered[name] += made.ci_low <= truth <= made.ci_high
    assert all(364 <= n <= 393 for n in covered.values()), covered


@pytest.mark.parametrize(
    ("values", "alpha", "omega"),
    [
        ([[1.0], [2.0], [3.0]], "a single question", "a single question"),
        ([[1.0, np.nan], [np.nan, 2.0]], "fewer than three people", "fewer than three people"),
        ([[1.0, 3], [2, 3], [4, 3]], "the same answer to b", "the same answer to b"),
        ([[1.0, 3], [2, 2], [3, 1]], "cancel each other", "cancel each other"),
        ([[1.0, 3], [2, 4], [3, 4], [5, 4]], None, "one factor needs three"),
        ([[1.0, 1, 1], [2, 2, 3], [3, 3, 1], [5, 5, 4]], None, "repeat one another"),
    ],
)
def test_what_cannot_be_had_has_a_reason(values, alpha, omega):
    found = reliability(values, tuple("abc"[: len(values[0])]))
    assert isinstance(found.alpha, Coefficient) if alpha is None else alpha in found.alpha
    assert omega in found.omega


def test_people_without_any_answer_do_not_count():
    x = [[1.0, 2, 2], [np.nan] * 3, [2, 3, 5], [4, 4, 3], [5, 4, 5]]
    found = reliability(x, tuple("abc"))
    assert (found.people, found.fewest) == (4, 4)
