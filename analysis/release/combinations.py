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

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from analysis.release.atoms import atoms, incidence
from analysis.release.audit import Known, widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.release.members import Members

P = 0.10  # what a few people contribute may not be known to within a tenth: the p % rule
_RANK = 1e-8  # singular values below it, of a matrix of zeros and ones, are none

Mask = npt.NDArray[np.bool_]


def entangled(chains: Sequence[Sequence[Members]], min_group: int) -> Mask:
    """Which chains have a sum that the order of generators does not cover, (chains,).

    A chain is the people of one cell at each of the runs that showed a figure, oldest first.
    """
    of = np.repeat(np.arange(len(chains)), [len(c) for c in chains])
    uses = incidence([m for c in chains for m in c])
    first = np.concatenate([[True], of[1:] != of[:-1]])
    before = np.maximum(np.arange(of.size) - 1, 0)
    changes = abs(uses - csr_array(uses[before].multiply(~first[:, None])))
    changes.eliminate_zeros()
    left = np.ones(of.size, dtype=bool)
    while left.any():
        alone = changes.T @ left.astype(float) == 1
        covered = left & (changes @ alone.astype(float) >= min_group)
        if not covered.any():
            break
        left &= ~covered
    found = np.zeros(len(chains), dtype=bool)
    found[of[left]] = True
    return found


def tells(sums: Sequence[Members], min_group: int) -> bool:
    """Whether the sums over these sets of people tell what fewer than ``min_group`` contribute.

    Exactly (by the null space), to within ``P`` (by linear programming, with contributions that
    cannot be negative, and as if all were alike), or by one sum less another within it.
    """
    cut = atoms(sums)
    few = np.flatnonzero(cut.size < min_group)
    if _differ_by_few(cut.uses, cut.size, min_group):
        return True
    if not few.size:
        return False
    _, singular, rows = np.linalg.svd(cut.uses.toarray(), full_matrices=False)
    rows = rows[singular > _RANK]
    # an atom is known when its unit vector lies in the space of the sums
    if (1 - (rows[:, few] ** 2).sum(axis=0) < _RANK).any():
        return True
    size = cut.size.astype(float)
    total = cut.uses @ size
    one = csr_array((np.ones(few.size), (np.arange(few.size), few)), (few.size, size.size))
    wide = 2 * P * size[few]
    return bool((widths(Known(cut.uses, total, total, size), one, wide) < 0.999 * wide).any())


def _differ_by_few(uses: csr_array, size: npt.NDArray[np.int64], min_group: int) -> bool:
    both = (uses.multiply(size[None, :]) @ uses.T).toarray()
    less = np.diag(both)[:, None] - both  # people of the one who are not in the other
    return bool(((less.T == 0) & (less > 0) & (less < min_group)).any())
