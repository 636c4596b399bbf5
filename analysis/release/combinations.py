"""Sums shown over time: no way to add and subtract them leaves fewer people than may be shown.

A mean times the people it is of is a sum, and people know who came and went: every figure ever
shown is an equation in what single people contribute. Write the sums of a cell as its first and
its changes since. If these generators can be put in an order in which each has ``min_group``
people who are in none that come after, no combination of figures, with whatever factors, rests on
fewer than ``min_group`` people: the first generator with a factor other than 0 has that many all
to itself. This holds also where contributions change between runs. What cannot be put in such an
order is looked at on its own: a combination with any of the others rests on enough people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analysis.release.atoms import incidence
from analysis.release.audit import TOLERANCE, Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.release.members import Members

_RANK = 1e-9  # of a matrix of zeros and ones: what is smaller beside the largest is none


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Generators that the order does not cover.

    ``uses`` (generators, people): 1 or -1 where a person came into the sum or went out of it.
    ``latest`` (generators,): the chain whose last sum it is, or -1.
    """

    uses: csr_array
    latest: npt.NDArray[np.int64]


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
    latest = np.where(np.append(np.diff(of) != 0, True), of, -1)
    return Open(csr_array(uses[left]), latest[left])


def tells(left: Open, new: Sequence[int], min_group: int) -> bool:
    """Whether open generators tell of few people now that the last of the ``new`` chains are shown.

    Exactly, of people no figure tells apart (by the null space); or nearly: take everybody's
    contribution to be known to within 1. By how much a new sum can then still differ, given those
    before it, is by duality the least weight of people that any combination with it rests on. Where
    it cannot differ at all it is no news.
    """
    found, counts = np.unique(left.uses.toarray().astype(np.int8), axis=1, return_counts=True)
    some = found.any(axis=0)
    kinds, size = found[:, some].astype(float), counts[some].astype(float)
    if _tells_exactly(kinds, size, min_group):
        return True
    is_new = np.isin(left.latest, list(new))
    given = np.flatnonzero(~is_new)
    for row in np.flatnonzero(is_new):
        before = [LinearConstraint(csr_array(kinds[given]), 0, 0)] if given.size else []
        most = -milp(-kinds[row], constraints=before, bounds=Bounds(-size, size)).fun
        if TOLERANCE < most < min_group - TOLERANCE:
            return True
        given = np.append(given, row)
    return False


def _tells_exactly(kinds: Floats, size: Floats, min_group: int) -> bool:
    few = size < min_group
    squared, turned = np.linalg.eigh(kinds @ kinds.T)  # the row space, by its smaller side
    kept = squared > _RANK * squared[-1]
    space = (turned[:, kept] / np.sqrt(squared[kept])).T @ kinds
    # an atom is known when its unit vector lies in the space of the sums
    return bool((1 - (space[:, few] ** 2).sum(axis=0) < _RANK).any())
