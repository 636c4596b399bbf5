"""How closely linear relations pin down unknowns: the tightest interval of each, by HiGHS.

Unknowns x within bounds, relations ``low <= A x <= high``. A range that two solutions span is no
interval of the attacker's yet, but shows that the interval is at least as wide: most unknowns are
settled by solutions found for others, and only those that still look narrow are solved for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOKS = 2  # rounds that settle nothing before single unknowns are solved for


@dataclass(eq=False)
class System:
    """Relations as they are collected; unknowns are named by anything hashable."""

    unknowns: dict[object, int] = field(default_factory=dict)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    rows: list[tuple[Mapping[int, float], float, float]] = field(default_factory=list)

    def unknown(self, name: object, low: float, high: float) -> int:
        """The number of an unknown; bounds told again are narrowed."""
        at = self.unknowns.setdefault(name, len(self.low))
        if at == len(self.low):
            self.low.append(low)
            self.high.append(high)
        self.low[at], self.high[at] = max(self.low[at], low), min(self.high[at], high)
        return at

    def relate(self, terms: Mapping[int, float], low: float, high: float) -> None:
        """Adds ``low <= sum of terms <= high``; terms are unknown -> factor.

        What the bounds say already is left out, for it would only tie unknowns together.
        """
        ends = np.array([(f * self.low[i], f * self.high[i]) for i, f in terms.items()])
        if ends.min(1).sum() < low or ends.max(1).sum() > high:
            self.rows.append((terms, low, high))

    def matrix(self) -> csr_array:
        """A, (relations, unknowns)."""
        at = [(i, j, f) for i, (terms, *_) in enumerate(self.rows) for j, f in terms.items()]
        row, column, factor = zip(*at, strict=True) if at else ((), (), ())
        shape = (len(self.rows), len(self.low))
        return csr_array((np.array(factor, float), (row, column)), shape=shape)


def tightest(
    system: System,
    targets: list[int],
    safe: Callable[[np.ndarray, np.ndarray], np.ndarray],
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends for the targets; where ``safe(low, high)``, seen ends inside the true.

    ``safe`` takes arrays over targets and must stay true when ends move apart.
    """  # fmt: skip
    matrix, chosen = system.matrix(), np.array(targets, dtype=int)
    seen = _Seen(np.full(len(system.low), np.inf), np.full(len(system.low), -np.inf))

    def open_() -> np.ndarray:
        return chosen[~safe(seen.low[chosen], seen.high[chosen])]

    rng = np.random.default_rng(seed)
    _look_around(_Block(system, matrix, np.arange(len(system.low))), open_, seen, rng)
    links = abs(matrix.T) @ abs(matrix)
    _, block = connected_components(csr_array(links), directed=False)
    finished = np.zeros(len(system.low), dtype=bool)
    while (todo := (left := open_())[~finished[left]]).size:
        part = np.flatnonzero(block == block[todo[0]])
        _one_by_one(_Block(system, matrix, part), open_, seen)
        finished[part] = True
    return seen.low[chosen], seen.high[chosen]


@dataclass
class _Seen:
    low: np.ndarray
    high: np.ndarray


class _Block:
    """The relations among unknowns that no relation links to others."""

    def __init__(self, system: System, matrix: csr_array, part: np.ndarray) -> None:
        self.part = part
        kept = matrix[:, part]
        rows = np.flatnonzero(np.diff(kept.indptr))
        low = np.array([system.rows[i][1] for i in rows])
        high = np.array([system.rows[i][2] for i in rows])
        self.limits = [LinearConstraint(kept[rows], low, high)] if len(rows) else []
        self.bounds = Bounds(np.array(system.low)[part], np.array(system.high)[part])

    def look(self, direction: np.ndarray, seen: _Seen) -> None:
        """A solution as far in the direction as there is one; what it takes is seen."""
        found = milp(direction, constraints=self.limits, bounds=self.bounds)
        if found.x is None:
            raise AssertionError(f"the attacker's relations contradict each other: {found.message}")
        seen.low[self.part] = np.minimum(seen.low[self.part], found.x)
        seen.high[self.part] = np.maximum(seen.high[self.part], found.x)


def _look_around(
    block: _Block, open_: Callable[[], np.ndarray], seen: _Seen, rng: np.random.Generator
) -> None:
    """Solutions that drive the open targets up and down together, as long as some get settled."""
    idle, before = 0, np.inf
    while (todo := open_()).size and idle < LOOKS:
        idle = 0 if todo.size < before else idle + 1
        before = todo.size
        for sign in (1.0, -1.0):
            direction = np.zeros(len(block.part))
            direction[todo] = sign * rng.random(todo.size)
            block.look(direction, seen)


def _one_by_one(block: _Block, open_: Callable[[], np.ndarray], seen: _Seen) -> None:
    """The least and the greatest of every open target of the block."""
    done: list[int] = []
    while (todo := np.setdiff1d(np.intersect1d(open_(), block.part), done)).size:
        for sign in (1.0, -1.0):
            direction = np.zeros(len(block.part))
            direction[np.searchsorted(block.part, todo[0])] = sign
            block.look(direction, seen)
        done.append(int(todo[0]))
