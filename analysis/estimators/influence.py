"""Influence functions on cells: an estimate, its standard error, a bootstrap of multipliers.

The influence of a person is ``intercept + slope x outcome`` of their arm and cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """An estimate and what each person moves it by: ``intercept`` and ``slope``, both (2, c).

    Influences are times the number of people and sum to nothing; the slope is that of outcomes
    less the centre of their cells. ``terms`` counts the coefficients of the largest model.
    """

    estimate: float
    intercept: NDArray[np.float64]
    slope: NDArray[np.float64]
    terms: int


@dataclass(frozen=True, slots=True)
class Spread:
    """A standard error and its degrees of freedom: people or clusters, less one."""

    std_error: float
    df: float


def centred(
    cells: Cells,
    intercept: NDArray[np.float64],
    slope: NDArray[np.float64],
    share: NDArray[np.float64],
    terms: int,
) -> Influence:
    """The estimate is the mean of scores; ``share`` (2,) is the score's part of it by arm."""
    scores = cells.people * intercept + slope * cells.total
    estimate = float(scores.sum() / cells.people.sum())
    return Influence(
        estimate=estimate,
        intercept=intercept - estimate * share[:, None],
        slope=slope,
        terms=terms,
    )


def cluster_sums(
    cells: Cells, influence: Influence, cluster: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sum of the influences of each cluster's people (G,), in order of the clusters' codes."""
    sums = (cells.people * influence.intercept + influence.slope * cells.total).sum(axis=0)
    codes = np.unique(cluster, return_inverse=True)[1]
    return np.asarray(np.bincount(codes, weights=sums), dtype=np.float64)


def spread(cells: Cells, influence: Influence) -> Spread:
    """Root of G/(G-1) times the sum of squared influences of people or clusters, over people."""
    people = float(cells.people.sum())
    if cells.cluster is None:
        at_mean = influence.intercept + influence.slope * cells.mean
        squares = float((cells.people * at_mean**2 + influence.slope**2 * cells.within).sum())
        groups = people
    else:
        sums = cluster_sums(cells, influence, cells.cluster)
        squares, groups = float(sums @ sums), float(len(sums))
    if groups < 2:
        return Spread(float("nan"), 0.0)
    return Spread(float(np.sqrt(squares * groups / (groups - 1))) / people, groups - 1)
