"""The two models behind AIPW: the chance of joining and the outcome, fitted or cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.logit import fit_logit
from analysis.estimators.outcome_model import fit_by_arm, fit_together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Nuisance:
    """Of each cell: ``chance`` of joining (c,), expected outcome in either arm (2, c).

    ``terms`` counts the coefficients of the largest model of outcomes.
    """

    chance: NDArray[np.float64]
    outcome: NDArray[np.float64]
    terms: int


def fit_nuisance(cells: Cells, interactions: tuple[int, ...] | None = None) -> Nuisance | str:
    """Both models from all people, or why there are none.

    Outcomes are modelled by arm; with ``interactions`` (columns of the design) by one model.
    """
    logit = fit_logit(cells.design, cells.people)
    if isinstance(logit, str):
        return logit
    model = fit_by_arm(cells) if interactions is None else fit_together(cells, interactions)
    return Nuisance(chance=logit.chance, outcome=model.predicted(), terms=model.terms)


def draw_folds(
    cluster: NDArray[np.int64], rng: np.random.Generator, folds: int = FOLDS
) -> NDArray[np.int64]:
    """A fold (n,) for each person, the same for a whole cluster; as even as can be."""
    names, code = np.unique(cluster, return_inverse=True)
    return np.asarray((rng.permutation(len(names)) % folds)[code], dtype=np.int64)


def draw_folds_within(
    kinds: NDArray[np.float64], rng: np.random.Generator, folds: int = FOLDS
) -> NDArray[np.int64]:
    """A fold (n,) for each person, people of one kind (a row of ``kinds``) shared out evenly.

    Folds drawn without regard to kinds may leave a category with a handful of people on one side,
    and what its coefficient then predicts moves the answer more than the data do. Kinds are who
    joined and what is adjusted for, never outcomes.
    """
    kind = np.unique(kinds, axis=0, return_inverse=True)[1].reshape(-1)
    shuffled = rng.permutation(len(kind))
    fold = np.empty(len(kind), dtype=np.int64)
    fold[shuffled[np.argsort(kind[shuffled], kind="stable")]] = np.arange(len(kind)) % folds
    return fold


def cross_fit(cells: Cells) -> Nuisance | str:
    """Both models for the people of each fold from those of the others, or why there are none.

    Chernozhukov et al. 2018 (Econometrics Journal 21:C1-C68), DML2.
    """
    if cells.fold is None:
        raise ValueError("cells without folds")
    chance = np.empty(len(cells.fold))
    outcome = np.empty((2, len(cells.fold)))
    terms = 0
    for fold in np.unique(cells.fold):
        held = cells.fold == fold
        rest = cells.where(~held)
        logit = fit_logit(rest.design, rest.people)
        if isinstance(logit, str):
            return logit
        model = fit_by_arm(rest)
        chance[held] = logit.predict(cells.design[held])
        outcome[:, held] = (cells.design[held] @ np.column_stack(model.coefficients)).T
        terms = max(terms, model.terms)
    return Nuisance(chance=chance, outcome=outcome, terms=terms)
