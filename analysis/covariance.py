"""Covariance of estimators that are linear in each person's outcomes, from moments by pattern.

Every estimator here is a sum over people of w (c + sum_t a_t y_t), where c and a depend on the
person's pattern alone. The sandwich needs the sum over people (or clusters) of the outer product
of that influence; it follows from the moments, or, where there are none, from one more reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_PEOPLE_AT_ONCE = 4_096
_PATTERNS_AT_ONCE = 32
_NUMBERS_AT_ONCE = 2_000_000


class Differences:
    """Influences of the form w (constant + slope y[late] - early_slope y[early]).

    Filled column by column, K of them; ``late`` and ``early`` (K,) are period numbers. The slopes
    are one where outcomes are subtracted, two where they are divided, and only for patterns that
    have both periods. With declared clusters a column is summed at once, so that memory does not
    grow with patterns times columns.
    """

    def __init__(self, moments: Moments, late: Ints, early: Ints, *, slopes: int = 1) -> None:
        """No influences yet; ``slopes`` is 2 where the two may differ."""
        self.moments, self.late, self.early = moments, late, early
        if moments.clustered:
            codes, self._cluster = np.unique(moments.cluster, return_inverse=True)
            self._sums = np.zeros((len(codes), len(late)))
            return
        shape = (len(moments.people), len(late))
        self._constant, self._slope = np.zeros((2, *shape))
        self._early_slope = np.zeros(shape) if slopes == 2 else self._slope

    def put(
        self, k: int, used: Ints, constant: Floats, slope: Floats, early_slope: Floats | None = None
    ) -> None:
        """Column ``k``: influences (U,) of the patterns ``used`` (U,)."""
        early_slope = slope if early_slope is None else early_slope
        if not self.moments.clustered:
            self._constant[used, k], self._slope[used, k] = constant, slope
            self._early_slope[used, k] = early_slope
            return
        total, late, early = self.moments.total, self.late[k], self.early[k]
        values = constant * self.moments.weight[used]
        values = values + slope * total[used, late] - early_slope * total[used, early]
        self._sums[:, k] = np.bincount(self._cluster[used], values, len(self._sums))

    @property
    def sums(self) -> Floats | None:
        """Influence of each declared cluster, in their order, on each column; None without them."""
        return self._sums if self.moments.clustered else None

    def outer(self) -> Floats:
        """Sum over people, or clusters where declared, of the outer product, shape (K, K)."""
        if self.moments.clustered:
            return np.asarray(self._sums.T @ self._sums)
        if self.moments.cross is None:
            return self._by_rows()
        return self._by_moments(self.moments.cross)

    def _by_moments(self, crosses: Floats) -> Floats:
        made = np.zeros((len(self.late), len(self.late)))
        for p, k in self._alike():
            made[np.ix_(k, k)] += self._products(crosses[p], p, k)
        return made

    def _alike(self) -> Iterator[tuple[Ints, Ints]]:
        """Pattern numbers, a few at a time, with the influences that are not zero for them."""
        some = (self._slope != 0) | (self._constant != 0)
        _, code = np.unique(np.packbits(some, axis=1), axis=0, return_inverse=True)
        for one in range(int(code.max()) + 1):
            members = np.flatnonzero(code.reshape(-1) == one)
            k = np.flatnonzero(some[members[0]])
            for start in range(0, len(members), _PATTERNS_AT_ONCE):
                yield members[start : start + _PATTERNS_AT_ONCE], k

    def _products(self, cross: Floats, p: Ints, k: Ints) -> Floats:
        """Sum over the patterns ``p`` of E[w^2 (c + d)(c + d)'] as one matrix product.

        With d = a y[late] - b y[early] it is that of E[dd'] + E[c + d]c' + c E[d]'.
        """
        moments, late, early = self.moments, self.late[k], self.early[k]
        c, a, b = (x[np.ix_(p, k)] for x in (self._constant, self._slope, self._early_slope))
        total = moments.square_total[p]
        first = a * total[:, late] - b * total[:, early]
        taken = np.zeros((*a.shape, cross.shape[-1]))
        where = np.arange(len(k))
        taken[:, where, late] += a
        taken[:, where, early] -= b
        spread = a[:, :, None] * cross[:, late] - b[:, :, None] * cross[:, early]
        whole = c * moments.square_weight[p, None] + first
        left = np.concatenate([spread, whole[:, :, None], c[:, :, None]], axis=2)
        right = np.concatenate([taken, c[:, :, None], first[:, :, None]], axis=2)
        flat = (len(k), -1)
        return np.asarray(left.swapaxes(0, 1).reshape(flat) @ right.swapaxes(0, 1).reshape(flat).T)

    def _by_rows(self) -> Floats:
        size = len(self.late)
        made = np.zeros((size, size))
        for p, y, w in _pieces(self.moments):
            values = self._constant[p] + self._slope[p] * y[:, self.late]
            values -= self._early_slope[p] * y[:, self.early]
            values *= w[:, None]
            made += values.T @ values
        return made


class Linear:
    """Influences of the form w (constant + slope . y), K of them, filled some patterns at a time.

    A slope must be zero in the periods that a pattern lacks. Only where there are no moments to
    work with are constants and slopes kept.
    """

    def __init__(self, moments: Moments, size: int) -> None:
        """No influences yet; ``size`` is K."""
        self.moments = moments
        self._made = np.zeros((size, size))
        self._kept: list[tuple[Floats, Floats]] = []
        if moments.clustered:
            codes, self._cluster = np.unique(moments.cluster, return_inverse=True)
            self._sums = np.zeros((len(codes), size))

    def put(self, part: slice, constant: Floats, slope: Floats) -> None:
        """Constants (U, K) and slopes (U, K, T) of the patterns of ``part``, in their order."""
        moments = self.moments
        if moments.clustered:
            sums = constant * moments.weight[part, None]
            sums += (slope @ moments.total[part, :, None])[:, :, 0]
            np.add.at(self._sums, self._cluster[part], sums)
        elif moments.cross is None:
            self._kept.append((constant, slope))
        else:
            numbers = range(*part.indices(len(moments.people)))
            for number, c, a in zip(numbers, constant, slope, strict=True):
                first = np.outer(c, a @ moments.square_total[number])
                second = a @ moments.cross[number] @ a.T
                self._made += np.outer(c, c) * moments.square_weight[number]
                self._made += first + first.T + second

    def outer(self) -> Floats:
        """Sum over people, or clusters where declared, of the outer product, shape (K, K)."""
        if self.moments.clustered:
            return np.asarray(self._sums.T @ self._sums)
        if self.moments.cross is not None:
            return self._made
        constant, slope = (np.concatenate(side) for side in zip(*self._kept, strict=True))
        made = self._made
        for p, y, w in _pieces(self.moments):
            values = constant[p] + np.einsum("nkt,nt->nk", slope[p], y)
            values *= w[:, None]
            made = made + values.T @ values
        return made


def parts(moments: Moments, size: int) -> Iterator[slice]:
    """The patterns in pieces whose influences on K = ``size`` figures are small in memory."""
    step = max(1, _NUMBERS_AT_ONCE // (max(size, 1) * len(moments.periods)))
    for a in range(0, len(moments.people), step):
        yield slice(a, a + step)


def _pieces(moments: Moments) -> Iterator[tuple[Ints, Floats, Floats]]:
    """Pattern, outcomes and weight of a few thousand people at a time."""
    for block in moments.rows():
        for a in range(0, len(block.pattern), _PEOPLE_AT_ONCE):
            part = slice(a, a + _PEOPLE_AT_ONCE)
            yield block.pattern[part], block.outcomes[part], block.weight[part]
