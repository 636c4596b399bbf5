"""The attack on counts: what all tables of a month together say of the cells that are not shown.

Known to everybody: which cells are parts of which totals, how counts are rounded, what signs mean,
that leavers were there the month before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tests.disclosure.intervals import System, tightest
from tests.disclosure.printed import ALL, Print, counts_of, name_of

if TYPE_CHECKING:
    from tests.disclosure.firms import Firm
    from tests.disclosure.printed import Count, Name

NEAR = 5  # a hidden count is told when both ends are within so many of it
MOST = 10_000  # people that the attacker takes no department to have
SLACK = 1e-6  # of the solver, in people


@dataclass(frozen=True, eq=False)
class Told:
    """Counts without a figure of their month, the ends that the attacker has, and the truth.

    Ends of counts that are not near are no ends, but two that are both possible.
    """

    counts: list[Count]
    low: np.ndarray
    high: np.ndarray
    truth: np.ndarray
    near: np.ndarray  # all that is possible is NEAR the truth, and the signs alone do not say so

    @property
    def exact(self) -> np.ndarray:
        """Where one count alone is possible."""
        return self.near & (self.low == self.high)


def attack(firm: Firm, printed: Print) -> Told:
    """What the figures of all months say of the counts that are not shown."""
    hidden = [c for c in printed.counts if c.sign != "shown"]
    asked = {c.name[:2] for c in hidden}
    tables = {at: counts_of(firm, *at) for at in asked}  # type: ignore[arg-type]
    truth = np.array([tables[c.name[:2]][c.name[2:]] for c in hidden])
    own = np.array([(c.low, c.high) for c in hidden]).reshape(-1, 2).T
    found = _ends(firm, printed, hidden, truth, own)
    near = _told(*found, truth, own)
    if near.any():  # a level of a department of under ten is under nine, by the signs alone
        doubted = [c for c, told in zip(hidden, near, strict=True) if told]
        by_signs = _ends(firm, _signs_of(printed), doubted, truth[near], own[:, near])
        near[near] = _told(*(e[near] for e in found), truth[near], np.array(by_signs))
    return Told(hidden, *found, truth, near)


def _ends(
    firm: Firm, printed: Print, hidden: list[Count], truth: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    system = relations(firm, printed)

    def safe(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return ~_told(*_whole(low, high), truth, own)

    return _whole(*tightest(system, [system.unknowns[c.name] for c in hidden], safe))


def _signs_of(printed: Print) -> Print:
    """The print with every figure blackened; signs remain: nobody, fewer than ten, at least ten."""
    black = replace(printed.counts[0], low=0, high=np.inf)
    return Print(
        counts=[
            replace(black, name=c.name) if c.sign == "shown" and c.high > 0 else c
            for c in printed.counts
        ]
    )


def relations(firm: Firm, printed: Print) -> System:
    """Every count as an unknown with the ends that its print gives; totals are sums of parts."""
    system = System()
    known = {c.name: system.unknown(c.name, c.low, min(c.high, MOST)) for c in printed.counts}
    for month in range(firm.months):
        for total, parts in _sums(firm, month):
            if total in known and all(p in known for p in parts):
                terms = {known[p]: 1.0 for p in parts}
                system.relate({**terms, known[total]: -1.0}, 0.0, 0.0)
        for row in range(firm.departments) if month else ():
            left, before = name_of(month, "leavers", row), name_of(month - 1, "people", row)
            if left in known and before in known:
                system.relate({known[before]: 1.0, known[left]: -1.0}, 0.0, np.inf)
    for said in printed.together:
        system.relate({known[n]: 1.0 for n in said.names}, said.low, said.high)
    for s in printed.since:
        system.relate({known[s.now]: 1.0, known[s.then]: -1.0}, -s.at_most, s.at_most)
    return system


def _sums(firm: Firm, month: int) -> list[tuple[Name, list[Name]]]:
    """Totals and their parts."""
    rows, columns = range(firm.departments), range(firm.levels)
    people = partial(name_of, month, "people by level")
    return [
        (people(ALL), [people(r) for r in rows]),
        (people(ALL), [people(ALL, c) for c in columns]),
        *((people(r), [people(r, c) for c in columns]) for r in rows),
        *((people(ALL, c), [people(r, c) for r in rows]) for c in columns),
        (name_of(month, "leavers", ALL), [name_of(month, "leavers", r) for r in rows]),
    ]


def _whole(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """People are whole."""
    return np.ceil(low - SLACK), np.floor(high + SLACK)


def _told(low: np.ndarray, high: np.ndarray, truth: np.ndarray, own: np.ndarray) -> np.ndarray:
    near = (low >= truth - NEAR) & (high <= truth + NEAR)
    return near & ((low > own[0]) | (high < own[1]))
