"""People cut into atoms: those who stand in the same cells, whom no figure tells apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.release.members import Members


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """``uses`` (cells, atoms): 1 where the people of an atom are in a cell; ``size`` in people."""

    uses: csr_array
    size: npt.NDArray[np.int64]


def incidence(cells: Sequence[Members]) -> csr_array:
    """Cells by people, shape (cells, people): 1 where a person is in a cell."""
    everybody, place = np.unique(np.concatenate([*cells]), return_inverse=True)
    starts = np.concatenate([[0], np.cumsum([c.size for c in cells])])
    return csr_array((np.ones(place.size), place, starts), shape=(len(cells), everybody.size))


def atoms(cells: Sequence[Members]) -> Atoms:
    """The atoms of these cells, in an order that depends on them alone."""
    if not sum(c.size for c in cells):
        return Atoms(csr_array((len(cells), 0)), np.zeros(0, dtype=np.int64))
    stands = np.ascontiguousarray(np.packbits(incidence(cells).T.toarray() > 0, axis=1))
    kinds, size = np.unique(stands, axis=0, return_counts=True)
    uses = np.unpackbits(kinds, axis=1, count=len(cells)).T
    return Atoms(csr_array(uses.astype(float)), size)
