"""One common factor behind the items of a scale, by maximum likelihood, and omega from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Share of an item's variance that is its own, at the least: below, the likelihood may have no
# maximum (Heywood case). That of factanal in R.
_LEAST_OWN = 0.005
_STEP = 1e-5  # of numerical derivatives of gradients, in standard deviations


@dataclass(frozen=True, slots=True)
class OneFactor:
    """Loadings (their sum is not negative) and unique variances, (k,) each, in items' units."""

    loadings: Floats
    unique: Floats


def fit_one_factor(cov: Floats) -> OneFactor | str:
    """The one-factor model of a covariance matrix, or why there is none.

    Unique variances by their profile likelihood (Joereskog 1967), on correlations: the estimate
    does not depend on the items' units.
    """
    if len(cov) < 3:
        return "one factor needs three questions"
    sd = np.sqrt(np.diag(cov))
    corr = cov / np.outer(sd, sd)
    if np.linalg.eigvalsh(corr)[0] < 1e-8:
        return "the questions repeat one another, or too few people answered them together"
    start = np.log(np.clip(1 / np.diag(np.linalg.inv(corr)), _LEAST_OWN, 1.0))
    bounds = [(np.log(_LEAST_OWN), 0.0)] * len(corr)
    options = {"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9}
    done = minimize(_profile, start, (corr,), "L-BFGS-B", jac=True, bounds=bounds, options=options)
    unique = np.exp(done.x)
    if (unique <= _LEAST_OWN * 1.001).any():
        return "one question alone would be the factor (a Heywood case)"
    root = np.sqrt(unique)
    values, vectors = np.linalg.eigh(corr / np.outer(root, root))
    loadings = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
    sign = -1.0 if (sd * loadings).sum() < 0 else 1.0
    return OneFactor(sign * sd * loadings, sd**2 * unique)


def omega_and_gradient(cov: Floats, fitted: OneFactor) -> tuple[float, Floats]:
    """McDonald's omega of the sum of all items, and its derivative by the covariances (k, k).

    omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of unique variances) (McDonald 1999,
    eq. 6.20). The derivative follows from the estimating equations (implicit function theorem) with
    their own, not the model's, derivative: the model need not be true.
    """
    sd = np.sqrt(np.diag(cov))
    corr = cov / np.outer(sd, sd)
    k, theta = len(cov), np.concatenate([fitted.loadings / sd, fitted.unique / sd**2])
    common, own = fitted.loadings.sum() ** 2, fitted.unique.sum()
    omega = common / (common + own)
    by_loading = 2 * fitted.loadings.sum() * own / (common + own) ** 2
    by_theta = np.concatenate([by_loading * sd, -common / (common + own) ** 2 * sd**2])
    hessian = np.empty((2 * k, 2 * k))
    for a, step in enumerate(np.eye(2 * k) * _STEP):
        ahead, behind = _score(theta + step, corr), _score(theta - step, corr)
        hessian[a] = (ahead - behind) / (2 * _STEP)
    c = np.linalg.solve((hessian + hessian.T) / 2, by_theta)
    loadings = theta[:k]
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(theta[k:]))
    middle = np.outer(c[:k], loadings) + np.outer(loadings, c[:k]) + np.diag(c[k:])
    by_corr = inverse @ middle @ inverse
    # Units are put back, held fixed: maximum likelihood does not depend on them.
    return float(omega), by_corr / np.outer(sd, sd)


def _score(theta: Floats, corr: Floats) -> Floats:
    """Derivative of log det(model) + tr(corr model^-1) by loadings and unique variances."""
    k = len(corr)
    loadings = theta[:k]
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(theta[k:]))
    residual = inverse - inverse @ corr @ inverse
    return np.concatenate([2 * residual @ loadings, np.diag(residual)])


def _profile(log_unique: Floats, corr: Floats) -> tuple[float, Floats]:
    """Discrepancy at the best loadings for these unique variances, and its derivative."""
    unique = np.exp(log_unique)
    root = np.sqrt(unique)
    values, vectors = np.linalg.eigh(corr / np.outer(root, root))
    rest = values[:-1]
    loadings = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
    by_unique = _score(np.concatenate([loadings, unique]), corr)[len(corr) :]
    return float((rest - np.log(rest) - 1).sum()), by_unique * unique
