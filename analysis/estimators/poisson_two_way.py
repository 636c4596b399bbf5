"""Two-way fixed effects by Poisson quasi-likelihood, from sums by cohort and period.

The naive companion where effects are ratios. Effects of cohorts stand for those of people: where
everybody is seen in every period both give one coefficient, since the regressors of a person are
those of the cohort. Only means need to be right, not the Poisson variance (Wooldridge 1999).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.covariance import Linear
from analysis.estimators.within import independent_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]

_STEPS = 100
_TOLERANCE = 1e-12


def poisson_two_way(moments: Moments) -> tuple[float, float]:
    """Log ratio for being treated and its sandwich standard error, over people or clusters.

    Raises ValueError where it cannot be fitted.
    """
    cohorts, place = np.unique(moments.cohort, return_inverse=True)
    periods = len(moments.periods)
    size, total = np.zeros((2, len(cohorts), periods))
    seen = moments.observed * moments.weight[:, None]
    np.add.at(size, place, seen)
    np.add.at(total, place, moments.total + seen * moments.centre)
    design = _design(moments, cohorts)
    kept = _kept(design, size)
    beta = _fit(design[:, :, kept], size, total)
    mean = np.exp(design[:, :, kept] @ beta)
    hessian = np.einsum("gt,gtj,gtk->jk", size * mean, design[:, :, kept], design[:, :, kept])
    row = np.linalg.inv(hessian)[-1]
    slope = (design[:, :, kept] @ row)[place] * moments.observed
    constant = (slope * (moments.centre - mean[place])).sum(axis=1)
    influence = Linear(moments, 1)
    influence.put(slice(None), constant[:, None], slope[:, None, :])
    return float(beta[-1]), float(np.sqrt(influence.outer()[0, 0]))


def _design(moments: Moments, cohorts: NDArray[np.int64]) -> Floats:
    """(cohorts, T, columns): dummies of cohorts, of periods but the first, being treated last."""
    shape = (len(cohorts), len(moments.periods))
    own = np.broadcast_to(np.eye(shape[0])[:, None, :], (*shape, shape[0]))
    when = np.broadcast_to(np.eye(shape[1])[None, :, 1:], (*shape, shape[1] - 1))
    treated = (moments.periods >= cohorts[:, None])[:, :, None] * 1.0
    return np.concatenate([own, when, treated], axis=2)


def _kept(design: Floats, size: Floats) -> NDArray[np.bool_]:
    kept = independent_columns(np.einsum("gt,gtj,gtk->jk", size, design, design))
    if not kept[-1]:
        raise ValueError("being treated cannot be told from cohort and month")
    return kept


def _fit(design: Floats, size: Floats, total: Floats) -> Floats:
    """Newton's method from the logs of means; ValueError where it does not settle."""
    if (total.sum(axis=1) <= 0).any() or (total.sum(axis=0)[size.any(axis=0)] <= 0).any():
        raise ValueError("a cohort or a month has no positive mean")
    start = np.where(size > 0, np.log(np.maximum(total, 0.5) / np.maximum(size, 1.0)), 0.0)
    root = np.sqrt(size)[:, :, None]
    columns = design.shape[2]
    beta = np.linalg.lstsq((design * root).reshape(-1, columns), (start * root[:, :, 0]).ravel())[0]
    for _ in range(_STEPS):
        mean = size * np.exp(np.clip(design @ beta, -50, 50))
        gradient = np.einsum("gt,gtj->j", total - mean, design)
        step = np.linalg.solve(np.einsum("gt,gtj,gtk->jk", mean, design, design), gradient)
        beta = beta + step
        if float(gradient @ step) < _TOLERANCE * total.sum():
            return np.asarray(beta)
    raise ValueError("the fit does not settle")
