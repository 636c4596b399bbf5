"""Outcome regression: what the models of both arms predict for the people in question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from analysis.estimators.influence import Influence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells
    from analysis.estimators.outcome_model import OutcomeModel


def standardise(cells: Cells, model: OutcomeModel, whom: Literal["att", "ate"]) -> Influence:
    """Mean difference of the two predictions over joiners (att) or everybody (ate): g-formula.

    Robins 1986; for the joiners with a model by arm it is Oaxaca's and Blinder's. The influence
    carries the estimation of the models.
    """
    people = float(cells.people.sum())
    over: NDArray[np.float64] = cells.people.copy()
    if whom == "att":
        over[0] = 0.0
    mass = over.sum(axis=0)
    low, high = predicted = model.predicted()
    estimate = float(mass @ (high - low) / mass.sum())
    share = mass / mass.sum()
    reach = model.reach((-share, share)) * people
    # each person's outcome error, as far as it moves the models
    intercept = -reach * predicted
    counted = (over.sum(axis=1) > 0).astype(float)[:, None]
    intercept = intercept + counted * (high - low - estimate) * people / mass.sum()
    return Influence(estimate=estimate, intercept=intercept, slope=reach, terms=model.terms)
