"""Least squares of the outcome on covariates, from cells: by arm, or one model for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.linear import independent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

Pair = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeModel:
    """Coefficients of the comparison and of the treated, and the columns they belong to.

    ``designs`` are what a cell's people would have in each arm, ``breads`` (X'X)^-1; where one
    model serves both arms (``shared``) the two coefficients and breads are the same.
    """

    designs: Pair
    coefficients: Pair
    breads: Pair
    shared: bool

    @property
    def terms(self) -> int:
        """Coefficients of the larger model."""
        return max(int((np.diag(bread) > 0).sum()) for bread in self.breads)

    def predicted(self) -> NDArray[np.float64]:
        """Expected outcome, less the centre of the cells, of each cell in either arm (2, c)."""
        return np.stack([d @ b for d, b in zip(self.designs, self.coefficients, strict=True)])

    def reach(self, weights: Pair) -> NDArray[np.float64]:
        """How far each outcome (2, c) moves the sum over cells of weights x predictions.

        ``weights`` (c,) of the predictions of the comparison and of the treated.
        """
        pulls = [w @ d for w, d in zip(weights, self.designs, strict=True)]
        if self.shared:
            pulls = [pulls[0] + pulls[1]] * 2
        return np.stack(
            [
                d @ (bread @ pull)
                for d, bread, pull in zip(self.designs, self.breads, pulls, strict=True)
            ]
        )


def fit_by_arm(cells: Cells) -> OutcomeModel:
    """A model of its own for each arm; columns not identified within an arm do nothing there."""
    fits = [_least_squares(cells.design, cells.people[a], cells.total[a]) for a in (0, 1)]
    return OutcomeModel(
        designs=(cells.design, cells.design),
        coefficients=(fits[0][0], fits[1][0]),
        breads=(fits[0][1], fits[1][1]),
        shared=False,
    )


def fit_together(cells: Cells, interactions: tuple[int, ...] = ()) -> OutcomeModel:
    """One model for both arms, the effect varying with these columns of the design only."""
    varying = cells.design[:, list(interactions)]
    extra = np.column_stack([np.ones(len(varying)), varying])
    designs = (
        np.column_stack([cells.design, np.zeros_like(extra)]),
        np.column_stack([cells.design, extra]),
    )
    coefficients, bread = _least_squares(
        np.vstack(designs), cells.people.ravel(), cells.total.ravel()
    )
    return OutcomeModel(
        designs=designs,
        coefficients=(coefficients, coefficients),
        breads=(bread, bread),
        shared=True,
    )


def _least_squares(
    design: NDArray[np.float64], people: NDArray[np.float64], total: NDArray[np.float64]
) -> Pair:
    """Coefficients (p,) and (X'X)^-1 (p, p) of cells; both 0 for columns not identified."""
    there = people > 0
    coefficients, bread = np.zeros(design.shape[1]), np.zeros((design.shape[1],) * 2)
    if not there.any():
        return coefficients, bread
    kept = independent(design[there])
    x = design[there][:, kept]
    inverse = np.linalg.inv((x * people[there, None]).T @ x)
    coefficients[kept] = inverse @ (x.T @ total[there])
    bread[np.ix_(kept, kept)] = inverse
    return coefficients, bread
