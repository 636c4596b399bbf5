"""Exact sufficient statistics of a person-month panel: one pass, then no second look at people.

People who share a pattern (cohort, covariate cell, cluster, months observed) enter every linear
estimator in the same way. The number of people of a pattern, the sums of their outcomes and the
cross-moments of their outcomes month by month are therefore all that ATT(g,t), event studies,
two-way fixed effects and imputation need, points and person-clustered covariance alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    # (person number, period index, value) of consecutive rows, sorted by person.
    Rows = tuple[Ints, Ints, Floats]

Path = Literal["sums", "moments", "rows"]
NEVER = np.iinfo(np.int64).max  # cohort of people who never start
CHUNK = 65_536  # people held as a matrix at a time: 19 MB of outcomes at 36 months
CROSS_BYTES = 400_000_000  # beyond this the cross-moments would be as large as the panel
_BITS = 62  # months that fit one integer code with room for a sign


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What is known of each person, by dense number 0..N-1; every array has shape (N,).

    ``cohort`` is the period in which treatment starts (a label of ``periods``), NEVER without one.
    ``cell`` codes covariates, ``cluster`` the unit of the standard error (None: the person).
    """

    cohort: Ints
    cell: Ints
    cluster: Ints | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.cohort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums over the people of each of P patterns and T periods.

    ``observed`` (P, T); ``people`` and ``weight`` (P,): number and sum of weights w; ``total``
    (P, T): sum of w y; ``square_weight`` (P,), ``square_total`` (P, T) and ``cross`` (P, T, T):
    sums of w^2, w^2 y and w^2 y y'. Outcomes are centred by ``centre`` (T,); missing ones count 0.
    ``cross`` is None where patterns are too many to be worth it (``rows`` then reads people
    again), and where a cluster was declared: sums of clusters are products of ``total``.
    """

    periods: Ints
    centre: Floats
    cohort: Ints
    cell: Ints
    cluster: Ints
    observed: Bools
    people: Ints
    weight: Floats
    total: Floats
    square_weight: Floats
    square_total: Floats
    cross: Floats | None
    clustered: bool
    rows: Callable[[], Iterable[Block]]

    @property
    def compression(self) -> float:
        """People a pattern stands for, on average."""
        return float(self.people.sum() / len(self.people))

    @property
    def path(self) -> Path:
        """How covariances are made: sums of clusters, cross-moments, or people read again."""
        return "sums" if self.clustered else "moments" if self.cross is not None else "rows"

    @property
    def clusters(self) -> int | None:
        """Number of declared clusters; None where people are their own."""
        return len(np.unique(self.cluster)) if self.clustered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Consecutive people: pattern numbers (n,), outcomes (n, T) centred, missing 0; weights."""

    pattern: Ints
    outcomes: Floats
    weight: Floats


def fold(
    read: Callable[[], Iterable[Rows]],
    people: People,
    periods: Ints,
    *,
    keep_cross: bool = True,
) -> Moments:
    """The moments of a panel read batch by batch, sorted by person.

    ``read`` is called once, or once more for every covariance where patterns do not compress.
    Outcomes are centred by the mean of each period of the first chunk before they are squared:
    any constant will do (time effects absorb it), one near the mean keeps the digits.
    """
    centre: Floats | None = None
    sums = _Sums(len(periods), keep_cross and people.cluster is None)
    for start, matrix, seen in _chunks(read(), len(people), len(periods)):
        if centre is None:
            centre = _means(matrix, seen)
        _add(sums, people, start, np.where(seen, matrix - centre, 0.0), seen)
    if centre is None or not sums.keys:
        raise ValueError("a panel without outcomes has no moments")
    order = sorted(range(len(sums.keys)), key=sums.keys.__getitem__)
    place = {sums.keys[p]: number for number, p in enumerate(order)}
    return Moments(
        periods=periods,
        centre=centre,
        cohort=np.array([sums.keys[p][0] for p in order], dtype=np.int64),
        cell=np.array([sums.keys[p][1] for p in order], dtype=np.int64),
        cluster=np.array([sums.keys[p][2] for p in order], dtype=np.int64),
        observed=np.array([np.frombuffer(sums.keys[p][3], dtype=bool) for p in order]),
        people=np.array([sums.people[p] for p in order], dtype=np.int64),
        weight=np.array([sums.weight[p] for p in order]),
        total=np.array([sums.total[p] for p in order]),
        square_weight=np.array([sums.square_weight[p] for p in order]),
        square_total=np.array([sums.square_total[p] for p in order]),
        cross=np.array([sums.cross[p] for p in order]) if sums.crossed else None,
        clustered=people.cluster is not None,
        rows=partial(_rows, read, people, len(periods), centre, place),
    )


def _means(matrix: Floats, seen: Bools) -> Floats:
    count = np.asarray(seen.sum(axis=0), dtype=float)
    total = np.where(seen, matrix, 0.0).sum(axis=0)
    return np.asarray(total / np.where(count > 0, count, 1.0))


def _rows(
    read: Callable[[], Iterable[Rows]],
    people: People,
    periods: int,
    centre: Floats,
    place: dict[_Key, int],
) -> Iterator[Block]:
    """The people again, each with the number of the pattern it belongs to."""
    for start, matrix, seen in _chunks(read(), len(people), periods):
        order, edges, keys = _groups(people, start, seen)
        kept = np.concatenate([order[a:b] for a, b in edges] or [order[:0]])
        numbers = [place[key] for key in keys]
        yield Block(
            pattern=np.repeat(numbers, [b - a for a, b in edges]).astype(np.int64),
            outcomes=np.where(seen[kept], matrix[kept] - centre, 0.0),
            weight=_weights(people, kept + start),
        )


def _weights(people: People, who: Ints) -> Floats:
    return np.ones(len(who)) if people.weight is None else people.weight[who]


def _add(sums: _Sums, people: People, start: int, outcomes: Floats, seen: Bools) -> None:
    order, edges, keys = _groups(people, start, seen)
    sorted_outcomes = outcomes[order]
    weight = _weights(people, order + start)
    for (a, b), key in zip(edges, keys, strict=True):
        sums.add(key, sorted_outcomes[a:b], weight[a:b])


_Key = tuple[int, int, int, bytes]


class _Sums:
    """Running sums by pattern; cross-moments are given up once they would not be small."""

    def __init__(self, periods: int, crossed: bool) -> None:
        self.periods = periods
        self.crossed = crossed
        self.place: dict[_Key, int] = {}
        self.keys: list[_Key] = []
        self.people: list[int] = []
        self.weight: list[float] = []
        self.square_weight: list[float] = []
        self.total: list[Floats] = []
        self.square_total: list[Floats] = []
        self.cross: list[Floats] = []

    def add(self, key: _Key, block: Floats, weight: Floats) -> None:
        """Add people of one pattern: outcomes (n, T), weights (n,)."""
        p = self.place.get(key)
        if p is None:
            p = self._begin(key)
        weighted = block * weight[:, None]
        square = weight * weight
        self.people[p] += len(weight)
        self.weight[p] += float(weight.sum())
        self.square_weight[p] += float(square.sum())
        self.total[p] += weighted.sum(axis=0)
        self.square_total[p] += square @ block
        if self.crossed:
            self.cross[p] += weighted.T @ weighted

    def _begin(self, key: _Key) -> int:
        p = self.place[key] = len(self.keys)
        self.keys.append(key)
        self.people.append(0)
        self.weight.append(0.0)
        self.square_weight.append(0.0)
        self.total.append(np.zeros(self.periods))
        self.square_total.append(np.zeros(self.periods))
        if self.crossed and (p + 1) * self.periods**2 * 8 > CROSS_BYTES:
            self.crossed = False
            self.cross = []
        if self.crossed:
            self.cross.append(np.zeros((self.periods, self.periods)))
        return p


def _chunks(
    batches: Iterable[Rows], people: int, periods: int
) -> Iterator[tuple[int, Floats, Bools]]:
    """(first person, outcomes (n, T), observed (n, T)) for consecutive people."""
    start = 0
    size = min(CHUNK, people)
    matrix, seen = np.zeros((size, periods)), np.zeros((size, periods), dtype=bool)
    for person, period, value in batches:
        at = 0
        while at < len(person):
            end = int(np.searchsorted(person, start + size))
            if end > at:
                row, column = person[at:end] - start, period[at:end]
                matrix[row, column] = value[at:end]
                seen[row, column] = True
                at = end
            if at < len(person):  # the next row belongs to a later chunk
                yield start, matrix, seen
                start += size
                size = min(CHUNK, people - start)
                matrix = np.zeros((size, periods))
                seen = np.zeros((size, periods), dtype=bool)
    yield start, matrix, seen


def _groups(
    people: People, start: int, seen: Bools
) -> tuple[Ints, list[tuple[int, int]], list[_Key]]:
    """People of a chunk sorted by pattern, where each pattern begins and ends, and its key.

    People without any outcome take part in no comparison and are left out.
    """
    where = slice(start, start + len(seen))
    cohort, cell = people.cohort[where], people.cell[where]
    cluster = np.zeros(len(seen), dtype=np.int64)
    if people.cluster is not None:
        cluster = people.cluster[where]
    code = _codes(seen, cohort, cell, cluster)
    order = np.argsort(code, kind="stable")
    bounds = np.flatnonzero(np.diff(code[order], prepend=-1, append=-2))
    some: Bools = np.asarray(seen.any(axis=1))
    edges, keys = [], []
    for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        one = order[a]
        if some[one]:
            edges.append((a, b))
            keys.append((int(cohort[one]), int(cell[one]), int(cluster[one]), seen[one].tobytes()))
    return order, edges, keys


def _codes(seen: Bools, *parts: Ints) -> Ints:
    """One integer a person, equal for people with the same months observed and the same parts."""
    code = np.zeros(len(seen), dtype=np.int64)
    columns = [
        seen[:, a : a + _BITS] @ (1 << np.arange(min(_BITS, seen.shape[1] - a), dtype=np.int64))
        for a in range(0, seen.shape[1], _BITS)
    ]
    for part in (*columns, *parts):
        values, inverse = np.unique(part, return_inverse=True)
        if len(values) > 1:
            code = np.unique(code * len(values) + inverse, return_inverse=True)[1]
    return code
