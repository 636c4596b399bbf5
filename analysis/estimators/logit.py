"""Logistic regression on cells with counts: the chance of joining."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from analysis.estimators.binomial import LINKS, has, maximise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.binomial import Problem

SEPARATION = (
    "the covariates tell the two groups apart completely (separation): "
    "some people have no counterpart"
)
ONE_GROUP = "there are people of one group only"
_REASONS: dict[Problem, str] = {"one outcome only": ONE_GROUP, "separation": SEPARATION}


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
        return _chance(design, self.coefficients, self.shared)


def fit_logit(design: NDArray[np.float64], people: NDArray[np.float64]) -> Logit | str:
    """From ``design`` (c, p; constant first) and ``people`` (2, c) by arm, or why there is none."""
    found = maximise(design, people.sum(axis=0), people[1], LINKS["logit"])
    if isinstance(found, str):
        return _REASONS[found]
    return Logit(
        coefficients=found.coefficients,
        chance=_chance(design, found.coefficients, found.shared),
        bread=found.expected,
        shared=found.shared,
    )


def _chance(
    design: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    shared: tuple[tuple[int, float], ...],
) -> NDArray[np.float64]:
    return np.asarray(np.where(has(design, shared), expit(design @ coefficients), 0.0))
