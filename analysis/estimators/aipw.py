"""AIPW: outcome models whose errors are weighted by the chance of joining; doubly robust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.estimators.influence import centred
from analysis.estimators.weighting import NO_CHANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells
    from analysis.estimators.influence import Influence
    from analysis.estimators.nuisance import Nuisance

Whom = Literal["att", "ate", "atc"]


def aipw(cells: Cells, nuisance: Nuisance, whom: Whom) -> Influence | str:
    """The effect on those who joined (att), on everybody (ate) or on those who did not (atc).

    Robins, Rotnitzky and Zhao 1994 (JASA 89:846-866); for the joiners Hahn 1998 (Econometrica
    66:315-331, the efficient score with unknown propensity). Weights are not normalised. A
    reason where somebody who counts had no chance of the other arm.
    """
    chance, (low, high) = nuisance.chance, nuisance.outcome
    ones = np.ones(len(chance))
    comparison, treated = cells.counts
    people = comparison + treated
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if whom == "ate":
            base = high - low
            slope = np.stack([-1 / (1 - chance), 1 / chance])
            intercept = np.stack([base - slope[0] * low, base - slope[1] * high])
            share = np.ones(2)
        elif whom == "att":
            # y - m0 of the joiners, less the same of the others at the odds of joining
            slope = _stack(-chance / (1 - chance), ones) * (people / treated)
            intercept = -slope * low
            share = np.array([0.0, people / treated])
        else:
            slope = _stack(-ones, (1 - chance) / chance) * (people / comparison)
            intercept = -slope * high
            share = np.array([people / comparison, 0.0])
        found = centred(cells, intercept, slope, share, nuisance.terms)
    return found if np.isfinite(found.estimate) else NO_CHANCE


def _stack(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([low, high])
