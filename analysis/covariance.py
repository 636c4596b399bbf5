"""Covariance of estimators that are linear in each person's outcomes, from moments by pattern.

Every estimator here is a sum over people of w (c + sum_t a_t y_t), where c and a depend on the
person's pattern alone. The sandwich needs the sum over people (or clusters) of the outer product
of that influence; it follows from the moments, or, where there are none, from one more reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_PEOPLE_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Influences of the form w (constant + slope y[late] - early_slope y[early]).

    ``constant`` and the slopes (P, K) by pattern, ``late`` and ``early`` (K,) period numbers. The
    slopes are one where outcomes are subtracted, two where they are divided. They must be zero
    where a pattern lacks one of the two periods.
    """

    constant: Floats
    slope: Floats
    early_slope: Floats
    late: Ints
    early: Ints

    def outer(self, moments: Moments) -> Floats:
        """Sum over people, or clusters where declared, of the outer product, shape (K, K)."""
        if moments.clustered:
            return _clustered(moments, self._sums(moments))
        if moments.cross is None:
            return self._by_rows(moments)
        size = self.constant.shape[1]
        made = np.zeros((size, size))
        for p, cross in enumerate(moments.cross):
            k = np.flatnonzero((self.slope[p] != 0) | (self.constant[p] != 0))
            late, early = self.late[k], self.early[k]
            c, a, b = self.constant[p, k], self.slope[p, k], self.early_slope[p, k]
            first = a * moments.square_total[p, late] - b * moments.square_total[p, early]
            rows = a[:, None] * cross[late] - b[:, None] * cross[early]
            second = rows[:, late] * a - rows[:, early] * b
            block = np.outer(c * moments.square_weight[p] + first, c) + np.outer(c, first)
            made[np.ix_(k, k)] += block + second
        return made

    def _sums(self, moments: Moments) -> Floats:
        made = self.constant * moments.weight[:, None] + self.slope * moments.total[:, self.late]
        made -= self.early_slope * moments.total[:, self.early]
        return made

    def _by_rows(self, moments: Moments) -> Floats:
        size = self.constant.shape[1]
        made = np.zeros((size, size))
        for p, y, w in _pieces(moments):
            values = self.constant[p] + self.slope[p] * y[:, self.late]
            values -= self.early_slope[p] * y[:, self.early]
            values *= w[:, None]
            made += values.T @ values
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Influences of the form w (constant + slope . y): (P, K) and (P, K, T) by pattern.

    A slope must be zero in the periods that a pattern lacks.
    """

    constant: Floats
    slope: Floats

    def outer(self, moments: Moments) -> Floats:
        """Sum over people, or clusters where declared, of the outer product, shape (K, K)."""
        if moments.clustered:
            sums = self.constant * moments.weight[:, None]
            return _clustered(moments, sums + np.einsum("pkt,pt->pk", self.slope, moments.total))
        size = self.constant.shape[1]
        made = np.zeros((size, size))
        if moments.cross is None:
            for p, y, w in _pieces(moments):
                values = self.constant[p] + np.einsum("nkt,nt->nk", self.slope[p], y)
                values *= w[:, None]
                made += values.T @ values
            return made
        for number, cross in enumerate(moments.cross):
            c, a = self.constant[number], self.slope[number]
            first = np.outer(c, a @ moments.square_total[number])
            made += (
                np.outer(c, c) * moments.square_weight[number] + first + first.T + a @ cross @ a.T
            )
        return made


def _pieces(moments: Moments) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Pattern, outcomes and weight of a few thousand people at a time."""
    for block in moments.rows():
        for a in range(0, len(block.pattern), _PEOPLE_AT_ONCE):
            part = slice(a, a + _PEOPLE_AT_ONCE)
            yield block.pattern[part], block.outcomes[part], block.weight[part]


def _clustered(moments: Moments, sums: Floats) -> Floats:
    """Outer product of the sums of influences (P, K) over the patterns of each cluster."""
    codes, inverse = np.unique(moments.cluster, return_inverse=True)
    made = np.zeros((len(codes), sums.shape[1]))
    np.add.at(made, inverse, sums)
    return made.T @ made
