"""Covariance of estimates that rest on different people who may share clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.influence import cluster_sums, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells
    from analysis.estimators.influence import Influence

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPeople:
    """An estimate, its standard error, and what it rests on.

    ``cluster`` (G,) names the clusters in order and ``sums`` (G,) their influences, scaled so that
    their squares add up to the variance; both empty where everybody is a cluster of their own.
    ``units``: people, or clusters, behind it.
    """

    estimate: float
    std_error: float
    units: float
    cluster: NDArray[np.int64]
    sums: Floats


def influence_of(cells: Cells, influence: Influence) -> OfPeople:
    """The estimate of these cells with its standard error, clustered where they are."""
    found = spread(cells, influence)
    units = found.df + 1
    names, sums = np.zeros(0, dtype=np.int64), np.zeros(0)
    if cells.cluster is not None:
        names = np.unique(cells.cluster)
        factor = np.sqrt(units / max(units - 1, 1.0)) / float(cells.people.sum())
        sums = cluster_sums(cells, influence, cells.cluster) * factor
    return OfPeople(
        estimate=influence.estimate, std_error=found.std_error, units=units,
        cluster=names, sums=sums,
    )  # fmt: skip


def cross_covariance(parts: Sequence[OfPeople]) -> tuple[Floats, float]:
    """Covariance (K, K) of estimates of different people, and degrees of freedom of a joint test.

    People apart share nothing; clusters may be shared, and then so are errors. Degrees of freedom
    are people less groups, or clusters less one.
    """
    covariance = np.diag([p.std_error**2 for p in parts])
    if not parts or not len(parts[0].cluster):
        return covariance, sum(p.units for p in parts) - len(parts)
    every = np.unique(np.concatenate([p.cluster for p in parts]))
    sums = np.zeros((len(every), len(parts)))
    for k, part in enumerate(parts):
        sums[np.searchsorted(every, part.cluster), k] = part.sums
    return sums.T @ sums, float(len(every) - 1)
