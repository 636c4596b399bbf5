"""People with the same covariates as one cell: counts and outcome moments by arm.

Everything an opt-in design estimates is a sum over people of something linear or quadratic in
the outcome given the covariates, so cells give the figures of the rows exactly. Where hardly any
two people share their covariates every person is a cell, and the same code is the row path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORTH_IT = 0.5  # more cells than this share of the people and grouping saves nothing
_SPARE = 4  # codes may run to this many times the people before they are made dense


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Cells (c,) of people; rows of ``people``, ``total``, ``within`` are comparison and treated.

    ``design`` (c, p): a constant, then the covariates in standard deviations from their mean.
    ``people`` (2, c): counts. ``total`` (2, c): sum of outcomes less ``centre``. ``within``
    (2, c): squares about the mean of the cell's arm. ``cluster`` and ``fold`` (c,) are codes;
    without a cluster everybody is one of their own. ``size`` is the largest absolute outcome.
    """

    design: NDArray[np.float64]
    people: NDArray[np.float64]
    total: NDArray[np.float64]
    within: NDArray[np.float64]
    cluster: NDArray[np.int64] | None
    fold: NDArray[np.int64] | None
    centre: float
    size: float

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean outcome less ``centre`` by arm and cell (2, c); 0 where there is nobody."""
        return np.asarray(self.total / np.maximum(self.people, 1.0))

    @property
    def counts(self) -> tuple[float, float]:
        """People of the comparison, people treated."""
        comparison, treated = self.people.sum(axis=1)
        return float(comparison), float(treated)

    @property
    def compression(self) -> float:
        """People a cell, on average: 1 is the row path."""
        return sum(self.counts) / max(len(self.design), 1)

    def where(self, kept: NDArray[np.bool_]) -> Cells:
        """The cells for which ``kept`` (c,) is true."""
        return Cells(
            design=self.design[kept],
            people=self.people[:, kept],
            total=self.total[:, kept],
            within=self.within[:, kept],
            cluster=None if self.cluster is None else self.cluster[kept],
            fold=None if self.fold is None else self.fold[kept],
            centre=self.centre,
            size=self.size,
        )


def build_cells(
    covariates: NDArray[np.float64],
    treated: NDArray[np.bool_],
    outcome: NDArray[np.float64],
    *,
    cluster: NDArray[np.int64] | None = None,
    fold: NDArray[np.int64] | None = None,
    exact_rows: bool = False,
) -> Cells:
    """Cells of people with covariates (n, k) without gaps; sums by cell, cluster and fold.

    ``exact_rows`` makes every person a cell, as happens anyway where grouping saves nothing.
    """
    keys: list[NDArray[Any]] = [key for key in (cluster, fold) if key is not None]
    code = None if exact_rows else group_rows([*keys, *covariates.T], len(outcome))
    if code is None:
        code = np.arange(len(outcome))
    count = int(code.max(initial=-1)) + 1
    first = np.empty(count, dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]  # the first row of a cell is written last
    centre = float(outcome.mean()) if len(outcome) else 0.0
    centred, place = outcome - centre, code + count * treated

    def sums(values: NDArray[np.float64] | None) -> NDArray[np.float64]:
        found = np.bincount(place, weights=values, minlength=2 * count)
        return np.asarray(found, dtype=np.float64).reshape(2, count)

    people, total = sums(None), sums(centred)
    mean = (total / np.maximum(people, 1.0)).ravel()
    return Cells(
        design=standardised(covariates[first], people.sum(axis=0)),
        people=people,
        total=total,
        within=sums((centred - mean[place]) ** 2),
        cluster=None if cluster is None else cluster[first],
        fold=None if fold is None else fold[first],
        centre=centre,
        size=float(np.abs(outcome).max(initial=0.0)),
    )


def cells_from_sums(
    covariates: NDArray[np.float64],
    people: NDArray[np.float64],
    total: NDArray[np.float64],
    squares: NDArray[np.float64],
    *,
    centre: float,
    size: float,
    cluster: NDArray[np.int64] | None = None,
    fold: NDArray[np.int64] | None = None,
) -> Cells:
    """Cells (c,) from sums made elsewhere (a GROUP BY), each (2, c): comparison, treated.

    ``total`` and ``squares`` are of outcomes less ``centre``, which should be near their mean:
    squares lose the digits that a mean far from zero takes.
    """
    within = np.maximum(squares - total**2 / np.maximum(people, 1.0), 0.0)
    return Cells(
        design=standardised(covariates, people.sum(axis=0)),
        people=people,
        total=total,
        within=within,
        cluster=cluster,
        fold=fold,
        centre=centre,
        size=size,
    )


def group_rows(keys: list[NDArray[Any]], rows: int) -> NDArray[np.int64] | None:
    """A dense code (rows,) for each combination of the keys, in sorted order of the keys.

    None as soon as combinations outnumber half the rows: grouping would save nothing.
    """
    code, levels = np.zeros(rows, dtype=np.int64), 1
    for key in keys:
        values, distinct = pd.factorize(key, sort=True)
        if levels * len(distinct) > _SPARE * rows:
            code, levels = _dense(code, levels, rows)
        code, levels = code * len(distinct) + values, levels * len(distinct)
        if len(distinct) > _WORTH_IT * rows:
            return None
    code, levels = _dense(code, levels, rows)
    return None if levels > _WORTH_IT * rows else code


def _dense(code: NDArray[np.int64], levels: int, rows: int) -> tuple[NDArray[np.int64], int]:
    """The same codes without the ones nobody has, in the same order."""
    if levels > _SPARE * rows:
        found, distinct = pd.factorize(code, sort=True)
        return np.asarray(found, dtype=np.int64), len(distinct)
    there = np.bincount(code, minlength=levels) > 0
    return (np.cumsum(there) - 1)[code], int(there.sum())


def standardised(
    covariates: NDArray[np.float64], people: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A constant and the covariates (c, k) in standard deviations from their mean over people."""
    total = max(float(people.sum()), 1.0)
    centred = covariates - people @ covariates / total
    spread = np.sqrt(people @ centred**2 / total)
    scaled = centred / np.where(spread > 0, spread, 1.0)
    return np.column_stack([np.ones(len(covariates)), scaled])
