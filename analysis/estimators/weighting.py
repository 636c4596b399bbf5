"""Weights from the chance of joining, and the weighted difference of means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.estimators.influence import Influence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells
    from analysis.estimators.logit import Logit

Scheme = Literal["att", "ate", "overlap"]
NO_CHANCE = "nobody joined from some category of the covariates: no effect there can be known"


def weights(chance: NDArray[np.float64], scheme: Scheme) -> NDArray[np.float64]:
    """Weights (2, c) of comparison and treated people.

    "att": the others stand for the joiners; "ate": both for everybody; "overlap": both for
    those whose choice was open (Li, Morgan and Zaslavsky 2018, JASA 113:390-400).
    """
    if scheme == "att":
        return np.stack([chance / (1 - chance), np.ones_like(chance)])
    if scheme == "ate":
        return np.stack([1 / (1 - chance), 1 / chance])
    return np.stack([chance, 1 - chance])


def _slopes(chance: NDArray[np.float64], scheme: Scheme) -> NDArray[np.float64]:
    """Derivatives (2, c) of the weights by the linear predictor of the logit."""
    odds = chance / (1 - chance)
    if scheme == "att":
        return np.stack([odds, np.zeros_like(chance)])
    if scheme == "ate":
        return np.stack([odds, -1 / odds])
    both = chance * (1 - chance)
    return np.stack([both, -both])


def weighted_difference(
    cells: Cells, logit: Logit, scheme: Scheme, *, weights_known: bool = False
) -> Influence | str:
    """Difference of weighted means, each divided by the sum of its weights (Hajek).

    The influence carries the estimation of the chance (Lunceford and Davidian 2004, Statistics
    in Medicine 23:2937-2960); with ``weights_known`` it does not, as robust least squares would.
    """
    if scheme == "ate" and not logit.chance.all():
        return NO_CHANCE
    w = weights(logit.chance, scheme)
    means, intercept, slope = _means(cells, w)
    if not weights_known:
        people = float(cells.people.sum())
        pulled = _slopes(logit.chance, scheme) * (cells.total - cells.people * means[:, None])
        pulled /= (w * cells.people).sum(axis=1, keepdims=True)
        by_coefficient = logit.bread @ ((pulled[1] - pulled[0]) @ cells.design) * people
        moved = cells.design @ by_coefficient  # by a person's score, T - chance
        intercept = intercept + np.stack([-logit.chance, 1 - logit.chance]) * moved
    return Influence(estimate=float(means[1] - means[0]), intercept=intercept, slope=slope, terms=1)


def raw_difference(cells: Cells) -> Influence:
    """Difference of means as if nobody had chosen."""
    means, intercept, slope = _means(cells, np.ones_like(cells.people))
    return Influence(estimate=float(means[1] - means[0]), intercept=intercept, slope=slope, terms=1)


def _means(
    cells: Cells, w: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weighted means (2,) and the influence of their difference, weights taken as given."""
    mass = (w * cells.people).sum(axis=1)
    means = (w * cells.total).sum(axis=1) / mass
    slope = w * np.array([[-1.0], [1.0]]) * cells.people.sum() / mass[:, None]
    return means, -slope * means[:, None], slope


def effective_size(people: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    """Kish's effective sample size of people (c,) with weights (c,)."""
    squares = float(people @ w**2)
    return float(people @ w) ** 2 / squares if squares > 0 else 0.0
