"""Doubly robust difference-in-differences for one cohort and period, from sums by pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_STEPS = 50
_TOLERANCE = 1e-12
_CERTAIN = 1e-10  # a propensity this near 1 has nobody to compare with


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Patterns that take part in one comparison; arrays (U,) beside ``used``, their numbers.

    ``weight`` is the sum of weights, ``change`` the weighted sum of changes in outcome.
    """

    used: Ints
    treated: Bools
    cell: Ints
    weight: Floats
    change: Floats

    def people(self, moments: Moments) -> tuple[int, int]:
        """People treated and people they are compared with."""
        people = moments.people[self.used]
        return int(people[self.treated].sum()), int(people[~self.treated].sum())


# Estimate, slope and constant of the influence of each pattern, (U,).
Comparison = tuple[float, "Floats", "Floats"]


def doubly_robust(sides: Sides, covariates: Floats | None) -> Comparison | str:
    """The ATT with each pattern's influence, or why there is none.

    Influence of a person: w (constant + slope times change), to be summed over people; Sant'Anna &
    Zhao 2020. Without covariates: difference in mean changes.
    """
    if not sides.treated.any():
        return "nobody of this cohort is seen in both periods"
    if sides.treated.all():
        return "nobody to compare with is seen in both periods"
    if covariates is None:
        return _means(sides)
    return _adjusted(sides, covariates)


def _means(sides: Sides) -> Comparison:
    sizes = [sides.weight[side].sum() for side in (sides.treated, ~sides.treated)]
    means = [
        sides.change[side].sum() / size
        for side, size in zip((sides.treated, ~sides.treated), sizes, strict=True)
    ]
    slope = np.where(sides.treated, 1 / sizes[0], -1 / sizes[1])
    constant = -slope * np.where(sides.treated, means[0], means[1])
    return float(means[0] - means[1]), slope, constant


def _adjusted(sides: Sides, covariates: Floats) -> Comparison | str:
    cells, inverse = np.unique(sides.cell, return_inverse=True)
    x = covariates[cells]
    t, c = sides.treated, ~sides.treated
    size = len(cells)
    weight_t, weight_c, change_t, change_c = (
        np.bincount(inverse[side], values[side], size).astype(float)
        for values in (sides.weight, sides.change)
        for side in (t, c)
    )
    gram = x.T @ (x * weight_c[:, None])
    if np.linalg.matrix_rank(gram, hermitian=True) < x.shape[1]:
        return "the covariates do not vary enough among those compared with"
    propensity = _propensity(x, weight_t, weight_t + weight_c)
    if propensity is None or (propensity[weight_t > 0] > 1 - _CERTAIN).any():
        return "the covariates tell the cohort and those compared with apart without overlap"
    beta = np.linalg.solve(gram, x.T @ change_c)
    fitted = x @ beta
    odds = propensity / (1 - propensity)
    n1, n0 = weight_t.sum(), float(odds @ weight_c)
    eta1 = float((change_t - weight_t * fitted).sum() / n1)
    eta0 = float(odds @ (change_c - weight_c * fitted) / n0)
    # Estimating beta adds its score; estimating the propensity adds its own.
    shift = np.linalg.solve(gram, x.T @ (odds * weight_c) / n0 - x.T @ weight_t / n1)
    information = x.T @ (x * ((weight_t + weight_c) * propensity * (1 - propensity))[:, None])
    moment = x.T @ (odds * (change_c - weight_c * (fitted + eta0)))
    score = x @ np.linalg.solve(information, moment) / n0
    slope_c = -odds / n0 + x @ shift
    constant_t = -(fitted + eta1) / n1 - (1 - propensity) * score
    constant_c = -slope_c * fitted + odds * eta0 / n0 + propensity * score
    slope = np.where(t, 1 / n1, slope_c[inverse])
    return eta1 - eta0, slope, np.where(t, constant_t[inverse], constant_c[inverse])


def _propensity(x: Floats, treated: Floats, weight: Floats) -> Floats | None:
    """Fitted probabilities of a logit on cells by Newton's method; None without convergence."""
    gamma = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ gamma, -30, 30)))
        hessian = x.T @ (x * (weight * p * (1 - p))[:, None])
        gradient = x.T @ (treated - weight * p)
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        gamma = gamma + step
        if float(gradient @ step) < _TOLERANCE * weight.sum():
            return np.asarray(1 / (1 + np.exp(-np.clip(x @ gamma, -30, 30))))
    return None
