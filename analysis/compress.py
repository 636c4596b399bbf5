"""Exact sufficient statistics of a person-month panel: one pass, then no second look at people.

People who share a pattern (cohort, covariate cell, cluster, months observed) enter every linear
estimator in the same way. The number of people of a pattern, the sums of their outcomes and the
cross-moments of their outcomes month by month are therefore all that ATT(g,t), event studies,
two-way fixed effects and imputation need, points and person-clustered covariance alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.person_chunks import chunks, dense, group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from analysis.person_chunks import Chunk, Groups
    from analysis.person_chunks import Rows as Rows

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Key = tuple[int, bytes]  # code of what is known beforehand, bits of the periods observed

Path = Literal["sums", "moments", "rows"]
NEVER = np.iinfo(np.int64).max  # cohort of people who never start
CROSS_BYTES = 200_000_000  # beyond this the cross-moments would be as large as a panel
_FEW = 50  # people of a pattern from which a product a pattern beats one running sum


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
    """The moments of a panel read batch by batch, sorted by person and period.

    ``read`` is called once, or once more for every covariance where patterns do not compress.
    Outcomes are centred by the mean of each period of the first chunk before they are squared:
    any constant will do (time effects absorb it), one near the mean keeps the digits. Raises
    ValueError where rows are out of order or stand twice, and on a panel without outcomes.
    """
    kind = dense(*_known(people))
    sums: _Sums | None = None
    for chunk in chunks(read(), len(people), len(periods)):
        if sums is None:
            sums = _Sums(_means(chunk), keep_cross and people.cluster is None)
        groups = group(kind[chunk.start :][: len(chunk.matrix)], chunk)
        sums.add(groups, *_outcomes(chunk, groups, sums.centre, people.weight))
    if sums is None or not sums.place:
        raise ValueError("a panel without outcomes has no moments")
    return _moments(sums, people, kind, periods, read)


def _moments(
    sums: _Sums, people: People, kind: Ints, periods: Ints, read: Callable[[], Iterable[Rows]]
) -> Moments:
    """The sums with patterns in order of cohort, cell, cluster and periods observed."""
    keys = list(sums.place)
    example = np.empty(int(kind.max()) + 1, dtype=np.int64)
    example[kind] = np.arange(len(kind))  # somebody of each kind
    who = example[[code for code, _ in keys]]
    cohort, cell, cluster = (part[who] for part in _known(people))
    months = np.frombuffer(b"".join(bits for _, bits in keys), dtype=np.uint8)
    months = months.reshape(len(keys), -1)
    order = np.lexsort((*months.T[::-1], cluster, cell, cohort))
    place = {keys[p]: number for number, p in enumerate(order)}
    weight, total = sums.weight[order], sums.total[order]
    plain = people.weight is None  # squares of weights are the weights
    return Moments(
        periods=periods,
        centre=sums.centre,
        cohort=cohort[order],
        cell=cell[order],
        cluster=cluster[order],
        observed=np.unpackbits(months[order], axis=1, count=len(periods)).astype(bool),
        people=sums.people[order],
        weight=weight,
        total=total,
        square_weight=weight if plain else sums.square_weight[order],
        square_total=total if plain else sums.square_total[order],
        cross=np.array([sums.cross[p] for p in order]) if sums.crossed else None,
        clustered=people.cluster is not None,
        rows=partial(_rows, read, people, kind, sums.centre, place),
    )


def _known(people: People) -> tuple[Ints, Ints, Ints]:
    """Cohort, cell and cluster, each (N,); cluster 0 where none was declared."""
    cluster = people.cluster
    return people.cohort, people.cell, np.zeros_like(people.cell) if cluster is None else cluster


def _means(chunk: Chunk) -> Floats:
    count = np.asarray(chunk.observed.sum(axis=0), dtype=float)
    return np.asarray(chunk.matrix.sum(axis=0) / np.where(count > 0, count, 1.0))


def _outcomes(
    chunk: Chunk, groups: Groups, centre: Floats, weight: Floats | None
) -> tuple[Floats, Floats | None]:
    """Outcomes (n, T) of people in the order of patterns, centred, missing 0; their weights."""
    outcomes = chunk.matrix.take(groups.order, axis=0)
    outcomes -= centre
    if chunk.gaps:
        outcomes[~chunk.observed.take(groups.order, axis=0)] = 0.0
    return outcomes, None if weight is None else weight[groups.order + chunk.start]


def _rows(
    read: Callable[[], Iterable[Rows]],
    people: People,
    kind: Ints,
    centre: Floats,
    place: dict[Key, int],
) -> Iterator[Block]:
    """The people again, each with the number of the pattern it belongs to."""
    for chunk in chunks(read(), len(people), len(centre)):
        groups = group(kind[chunk.start :][: len(chunk.matrix)], chunk)
        outcomes, weight = _outcomes(chunk, groups, centre, people.weight)
        numbers = np.array([place[key] for key in groups.keys], dtype=np.int64)
        yield Block(
            pattern=np.repeat(numbers, np.diff(groups.bounds)),
            outcomes=outcomes,
            weight=np.ones(len(outcomes)) if weight is None else weight,
        )


class _Sums:
    """Running sums by pattern; cross-moments are given up once they would not be small."""

    def __init__(self, centre: Floats, crossed: bool) -> None:
        self.centre = centre
        self.crossed = crossed
        self.place: dict[Key, int] = {}
        self.people = np.zeros(0, dtype=np.int64)
        self.weight, self.square_weight = np.zeros((2, 0))
        self.total, self.square_total = np.zeros((2, 0, len(centre)))
        self.cross: list[Floats] = []

    def add(self, groups: Groups, outcomes: Floats, weight: Floats | None) -> None:
        """Add people in the order of their patterns: outcomes (n, T), weights (n,) or all 1."""
        where = [self.place.setdefault(key, len(self.place)) for key in groups.keys]
        self._make_room()
        bounds, size = groups.bounds, np.diff(groups.bounds)
        self.people[where] += size
        weighted = outcomes if weight is None else outcomes * weight[:, None]
        self.weight[where] += size if weight is None else _by_pattern(weight, bounds)
        self.total[where] += _by_pattern(weighted, bounds)
        if weight is not None:
            self.square_weight[where] += _by_pattern(weight**2, bounds)
            self.square_total[where] += _by_pattern(weighted * weight[:, None], bounds)
        if self.crossed:
            edges = bounds.tolist()
            for p, (a, b) in zip(where, pairwise(edges), strict=True):
                self.cross[p] += weighted[a:b].T @ weighted[a:b]

    def _make_room(self) -> None:
        """Rows for patterns met for the first time; at least twice as many as before."""
        needed, periods = len(self.place), len(self.centre)
        if self.crossed and needed * periods**2 * 8 > CROSS_BYTES:
            self.crossed, self.cross = False, []
        if self.crossed:
            self.cross += [np.zeros((periods, periods)) for _ in range(len(self.cross), needed)]
        if needed > len(self.people):
            more = max(needed, 2 * len(self.people)) - len(self.people)
            for name in ("people", "weight", "square_weight", "total", "square_total"):
                old = getattr(self, name)
                new = np.zeros((more, *old.shape[1:]), dtype=old.dtype)
                setattr(self, name, np.concatenate([old, new]))


def _by_pattern(values: Floats, bounds: Ints) -> Floats:
    """Sums of consecutive rows (n, ...) between the bounds (G + 1,)."""
    if len(values) < _FEW * len(bounds):
        return np.add.reduceat(values, bounds[:-1], axis=0)
    edges = bounds.tolist()
    return np.array([values[a:b].sum(axis=0) for a, b in pairwise(edges)])
