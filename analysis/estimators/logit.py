"""Logistic regression by Newton's method on cells with counts: the chance of joining."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from analysis.estimators.linear import independent

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEPARATION = (
    "the covariates tell the two groups apart completely (separation): "
    "some people have no counterpart"
)
ONE_GROUP = "there are people of one group only"
_STEPS = 40
_CLOSE = 1e-8  # largest change of a linear predictor; Newton squares it in the step taken
_HALVINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Logit:
    """A fitted model: ``coefficients`` (p,), ``chance`` (c,), inverse information ``bread`` (p, p).

    Columns that follow from the ones before them have coefficient and ``bread`` 0.
    """

    coefficients: NDArray[np.float64]
    chance: NDArray[np.float64]
    bread: NDArray[np.float64]

    def predict(self, design: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance for other rows of the same columns."""
        return np.asarray(expit(design @ self.coefficients))


def fit_logit(design: NDArray[np.float64], people: NDArray[np.float64]) -> Logit | str:
    """Maximum likelihood from ``design`` (c, p; constant first) and ``people`` (2, c), or why not.

    Under separation the steps of the linear predictor never shrink (Albert and Anderson 1984,
    Biometrika 71:1-10); near a maximum they shrink quadratically.
    """
    count, joined = people.sum(axis=0), people[1]
    if not 0 < joined.sum() < count.sum():
        return ONE_GROUP
    kept = independent(design[count > 0])
    x = design[:, kept]
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(joined.sum() / (count.sum() - joined.sum()))
    for _ in range(_STEPS):
        eta = x @ beta
        chance = expit(eta)
        information = (x * (count * chance * (1 - chance))[:, None]).T @ x
        try:
            step = np.linalg.solve(information, x.T @ (joined - count * chance))
        except np.linalg.LinAlgError:
            return SEPARATION
        change = x @ step
        size = _uphill(eta, change, count, joined)
        beta = beta + size * step
        if np.abs(change[count > 0]).max() < _CLOSE:
            return _embedded(design, kept, beta, information)
    return SEPARATION


def _uphill(
    eta: NDArray[np.float64],
    change: NDArray[np.float64],
    count: NDArray[np.float64],
    joined: NDArray[np.float64],
) -> float:
    """The share of the step to take: halved until the likelihood does not fall."""

    def likelihood(at: NDArray[np.float64]) -> float:
        return float(joined @ at - count @ np.logaddexp(0.0, at))

    if np.abs(change).max() < 1e-3:  # so close the full step always is the best one
        return 1.0
    size, before = 1.0, likelihood(eta)
    for _ in range(_HALVINGS):
        if likelihood(eta + size * change) >= before:
            break
        size /= 2
    return size


def _embedded(
    design: NDArray[np.float64],
    kept: NDArray[np.bool_],
    beta: NDArray[np.float64],
    information: NDArray[np.float64],
) -> Logit:
    coefficients = np.zeros(len(kept))
    coefficients[kept] = beta
    bread = np.zeros((len(kept), len(kept)))
    bread[np.ix_(kept, kept)] = np.linalg.inv(information)
    chance = np.asarray(expit(design @ coefficients))
    return Logit(coefficients=coefficients, chance=chance, bread=bread)
