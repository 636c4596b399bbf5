"""Who a shown figure rests on: sets of people, as tokens made with a key outside this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

Members = npt.NDArray[np.uint64]
"""Sorted, unique tokens: the first 8 bytes of a keyed hash of a person."""


def members(tokens: Iterable[int] | npt.NDArray[np.uint64]) -> Members:
    """The set of these tokens, shape (people,), sorted, each once."""
    made = tokens if isinstance(tokens, np.ndarray) else np.array(list(tokens), dtype=np.uint64)
    return np.unique(made.astype(np.uint64, copy=False))


def changed(a: Members, b: Members) -> int:
    """People who are in exactly one of the two sets: those who came or went."""
    both = np.intersect1d(a, b, assume_unique=True).size
    return int(a.size + b.size - 2 * both)
