"""The attack on counts: what all tables of a month together say of the cells that are not shown.

Known to everybody: which cells are parts of which totals, how counts are rounded, what signs mean,
that leavers were there the month before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.disclosure.intervals import System, tightest
from tests.disclosure.printed import ALL, counts_of

if TYPE_CHECKING:
    from tests.disclosure.firms import Firm
    from tests.disclosure.printed import Cell

NEAR = 5  # a hidden count is told when both ends are within so many of it
SLACK = 1e-6  # of the solver, in people

Name = tuple[int, str, int, int]  # month, table, row, column


@dataclass(frozen=True, eq=False)
class Told:
    """Cells without a figure of their month, the ends that the attacker has, and the truth."""

    cells: list[Cell]
    low: np.ndarray
    high: np.ndarray
    truth: np.ndarray

    @property
    def exact(self) -> np.ndarray:
        """Where one count alone is possible."""
        return self.low == self.high

    @property
    def near(self) -> np.ndarray:
        """Where all that is possible is NEAR the truth, and the sign itself does not say so."""
        return _told(self.low, self.high, self.truth, *_by_sign(self.cells))


def attack(firm: Firm, cells: list[Cell]) -> Told:
    """What the printed cells of all months say of those that are not shown."""
    system = relations(firm, cells)
    hidden = [c for c in cells if c.table != "pay" and c.sign != "shown"]
    hidden = [c for c in hidden if _name(c)[1] == c.table]
    tables = {(c.month, c.table): counts_of(firm, c.month, c.table) for c in hidden}
    truth = np.array([tables[c.month, c.table][c.row, c.column] for c in hidden])
    by_sign = _by_sign(hidden)

    def safe(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return ~_told(*_whole(low, high), truth, *by_sign)

    found = tightest(system, [system.unknowns[_name(c)] for c in hidden], safe)
    return Told(hidden, *_whole(*found), truth)


def relations(firm: Firm, cells: list[Cell]) -> System:
    """Every count as an unknown with the ends that its own print gives; totals are sums of parts."""
    system = System()
    known = {_name(c): system.unknown(_name(c), c.low, c.high) for c in cells if c.table != "pay"}
    rows, columns = range(firm.departments), range(firm.levels)
    for month in range(firm.months):
        people = lambda r, c=ALL, m=month: (m, "people by level" if c != ALL else "people", r, c)  # noqa: E731
        everybody = people(ALL)
        sums = [(everybody, [people(r) for r in rows])]
        sums += [(everybody, [people(ALL, c) for c in columns])]
        sums += [(people(r), [people(r, c) for c in columns]) for r in rows]
        sums += [(people(ALL, c), [people(r, c) for r in rows]) for c in columns]
        leavers = [(month, "leavers", r, ALL) for r in rows]
        sums += [((month, "leavers", ALL, ALL), leavers)]
        for total, parts in sums:
            if total in known and all(p in known for p in parts):
                terms = {known[p]: 1.0 for p in parts}
                system.relate({**terms, known[total]: -1.0}, 0.0, 0.0)
        for row in rows if month else ():
            left, before = (month, "leavers", row, ALL), (month - 1, "people", row, ALL)
            if left in known and before in known:
                system.relate({known[before]: 1.0, known[left]: -1.0}, 0.0, np.inf)
    return system


def _name(c: Cell) -> Name:
    """People by department stand in two tables: one unknown."""
    table = "people" if c.table == "people by level" and c.column == ALL else c.table
    return (c.month, table, c.row, c.column)


def _by_sign(cells: list[Cell]) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.array([c.low for c in cells]), np.array([c.high for c in cells])
    return low, high


def _whole(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """People are whole."""
    return np.ceil(low - SLACK), np.floor(high + SLACK)


def _told(low: np.ndarray, high: np.ndarray, truth: np.ndarray, own_low: np.ndarray,
          own_high: np.ndarray) -> np.ndarray:  # fmt: skip
    near = (low >= truth - NEAR) & (high <= truth + NEAR)
    return near & ((low > own_low) | (high < own_high))
