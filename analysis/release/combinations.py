"""Sums shown over time: no way to add and subtract them leaves fewer people than may be shown.

A mean times the people it is of is a sum, and people know who came and went: every figure ever
shown is an equation in what single people contribute. Write the sums of a cell as its first and
its changes since. If these generators can be put in an order in which each has ``min_group``
people who are in none that come after, no combination of figures, with whatever factors, rests on
fewer than ``min_group`` people: the first generator with a factor other than 0 has that many all
to itself. This holds also where contributions change between runs. What cannot be put in such an
order is left to algebra and linear programming, on its own: a combination with any of the others
rests on enough people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from analysis.release.atoms import incidence
from analysis.release.audit import TOLERANCE, Known, widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.release.members import Members

P = 0.10  # what a few people contribute may not be known to within a tenth: the p % rule
_RANK = 1e-9  # of a matrix of zeros and ones: what is smaller beside the largest is none


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Generators that the order does not cover.

    ``uses`` (generators, people): 1 or -1 where a person came into the sum or went out of it;
    ``chain`` (generators,): the cell of each.
    """

    uses: csr_array
    chain: npt.NDArray[np.int64]


def uncovered(chains: Sequence[Sequence[Members]], min_group: int) -> Open:
    """The generators left when those with ``min_group`` people to themselves are taken away.

    A chain is the people of one cell at each of the runs that showed a figure, oldest first.
    """
    of = np.repeat(np.arange(len(chains)), [len(c) for c in chains])
    sums = incidence([m for c in chains for m in c])
    again = np.flatnonzero(np.diff(of) == 0)  # a later sum of the same cell: less the one before
    steps = csr_array((np.ones(again.size), (again + 1, again)), shape=(of.size, of.size))
    uses = csr_array(sums - steps @ sums)
    uses.eliminate_zeros()
    people = abs(uses)
    left = np.ones(of.size, dtype=bool)
    while left.any():
        alone = people.T @ left.astype(float) == 1
        covered = left & (people @ alone.astype(float) >= min_group)
        if not covered.any():
            break
        left &= ~covered
    return Open(csr_array(uses[left]), of[left])


def tells(uses: csr_array, min_group: int) -> bool:
    """Whether sums (sums, people; 1, 0, -1) tell what fewer than ``min_group`` people contribute.

    Exactly (by the null space) or to within ``P`` (by linear programming, with contributions that
    cannot be negative, and as if all were alike).
    """
    kinds, size = np.unique(uses.toarray().astype(np.int8), axis=1, return_counts=True)
    few = np.flatnonzero((size < min_group) & kinds.any(axis=0))
    if not few.size:
        return False
    rows = kinds.astype(float)
    squared, turned = np.linalg.eigh(rows @ rows.T)  # the row space, by its smaller side
    kept = squared > _RANK * squared[-1]
    space = (turned[:, kept] / np.sqrt(squared[kept])).T @ rows
    # an atom is known when its unit vector lies in the space of the sums
    if (1 - (space[:, few] ** 2).sum(axis=0) < _RANK).any():
        return True
    people = size.astype(float)
    total = rows @ people
    one = csr_array((np.ones(few.size), (np.arange(few.size), few)), (few.size, size.size))
    wide = 2 * P * people[few]
    known = Known(csr_array(rows), total, total, people)
    return bool((widths(known, one, wide) < wide - TOLERANCE).any())
