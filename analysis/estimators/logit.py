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
Shared = tuple[tuple[int, float], ...]
_STEPS = 40
_CLOSE = 1e-8  # largest change of a linear predictor; Newton squares it in the step taken
_HALVINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Logit:
    """A fitted model: ``coefficients`` (p,), ``chance`` (c,), inverse information ``bread`` (p, p).

    Columns that follow from the ones before them have coefficient and ``bread`` 0. ``shared``
    are 0/1 columns with the value that all joiners share: the chance of other values is 0.
    """

    coefficients: NDArray[np.float64]
    chance: NDArray[np.float64]
    bread: NDArray[np.float64]
    shared: tuple[tuple[int, float], ...] = ()

    def predict(self, design: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance for other rows of the same columns."""
        open_to = _has(design, self.shared)
        return np.asarray(np.where(open_to, expit(design @ self.coefficients), 0.0))


def fit_logit(design: NDArray[np.float64], people: NDArray[np.float64]) -> Logit | str:
    """Maximum likelihood from ``design`` (c, p; constant first) and ``people`` (2, c), or why not.

    Where nobody of a category joined the chance there is 0 and those people tell nothing else,
    which is the limit of the likelihood. Under any other separation the steps of the linear
    predictor never shrink (Albert and Anderson 1984, Biometrika 71:1-10); near a maximum they
    shrink quadratically.
    """
    count, joined = people.sum(axis=0), people[1]
    if not 0 < joined.sum() < count.sum():
        return ONE_GROUP
    shared = _shared_by_joiners(design, people)
    there = (count > 0) & _has(design, shared)
    count = np.where(there, count, 0.0)
    if not 0 < joined.sum() < count.sum():
        return SEPARATION
    kept = independent(design[there])
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
        size = _uphill(eta[there], change[there], count[there], joined[there])
        beta = beta + size * step
        if np.abs(change[there]).max() < _CLOSE:
            return _embedded(design, kept, beta, information, shared)
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
    shared: Shared,
) -> Logit:
    coefficients = np.zeros(len(kept))
    coefficients[kept] = beta
    bread = np.zeros((len(kept), len(kept)))
    bread[np.ix_(kept, kept)] = np.linalg.inv(information)
    chance = np.where(_has(design, shared), expit(design @ coefficients), 0.0)
    return Logit(coefficients=coefficients, chance=chance, bread=bread, shared=shared)


def _shared_by_joiners(design: NDArray[np.float64], people: NDArray[np.float64]) -> Shared:
    """Columns of two values of which joiners have one and others both, and that one."""
    joined, others = design[people[1] > 0], design[people[0] > 0]
    found: list[tuple[int, float]] = []
    for column in range(1, design.shape[1]):
        value, rest = joined[0, column], others[:, column]
        if (joined[:, column] != value).any():
            continue
        away = rest != value
        other = rest[away]
        if away.any() and not away.all() and (other == other[0]).all():
            found.append((column, float(value)))
    return tuple(found)


def _has(design: NDArray[np.float64], shared: Shared) -> NDArray[np.bool_]:
    """Rows (c,) with the values that all joiners share."""
    found = np.ones(len(design), dtype=bool)
    for column, value in shared:
        found &= design[:, column] == value
    return found
