"""People as matrices, a chunk at a time, and the patterns into which a chunk falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Bytes = NDArray[np.uint8]
    # (person number, period index, value) of consecutive rows, sorted by person and period.
    Rows = tuple[NDArray[np.integer], NDArray[np.integer], Floats]

CHUNK = 65_536  # people held as a matrix at a time: 19 MB of outcomes at 36 months
_WORD = 8  # bytes of a machine word


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Consecutive people from number ``start``: ``matrix`` and ``observed``, both (n, T).

    Both are written over by the next chunk. ``gaps`` is whether anybody lacks a period.
    """

    start: int
    matrix: Floats
    observed: Bools
    gaps: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The G patterns of a chunk: ``order`` puts people (by row) of a pattern together.

    Pattern k is ``order[bounds[k]:bounds[k + 1]]``; ``kind`` (G,) codes what was known beforehand,
    ``months`` (G, bytes) the periods observed, one bit each. People without any outcome take
    part in no comparison and are left out.
    """

    order: Ints
    bounds: Ints
    kind: Ints
    months: Bytes

    @property
    def keys(self) -> list[tuple[int, bytes]]:
        """One key a pattern, the same in every chunk."""
        width = self.months.shape[1]
        text = self.months.tobytes()
        return [(int(k), text[j * width : (j + 1) * width]) for j, k in enumerate(self.kind)]


def chunks(batches: Iterable[Rows], people: int, periods: int) -> Iterator[Chunk]:
    """The rows as matrices of consecutive people; raises ValueError on rows that are not sorted."""
    start, last = 0, -1
    size = min(CHUNK, people)
    matrix, observed = np.zeros((size, periods)), np.zeros((size, periods), dtype=bool)
    for person, period, value in batches:
        place = _places(person, period, people, periods, last)
        at = 0
        while at < len(place):
            end = int(np.searchsorted(place, (start + size) * periods))
            if end > at:
                _put(matrix, observed, place[at:end] - start * periods, value[at:end])
                at = end
            if at < len(place):  # the next row belongs to a later chunk
                yield _chunk(start, matrix, observed)
                start += size
                size = min(CHUNK, people - start)
                matrix, observed = matrix[:size], observed[:size]
                matrix.fill(0.0)
                observed.fill(False)
        last = int(place[-1]) if len(place) else last
    yield _chunk(start, matrix, observed)


def _chunk(start: int, matrix: Floats, observed: Bools) -> Chunk:
    return Chunk(start=start, matrix=matrix, observed=observed, gaps=not observed.all())


def _places(
    person: NDArray[np.integer], period: NDArray[np.integer], people: int, periods: int, last: int
) -> Ints:
    """Person x T + period of each row; these must rise, from one batch to the next as well."""
    place: Ints = np.multiply(person, periods, dtype=np.int64)
    place += period
    if not len(place):
        return place
    if period.min() < 0 or period.max() >= periods or place[-1] >= people * periods:
        raise ValueError("a row outside the people and periods of the panel")
    if place[0] <= last or not (place[1:] > place[:-1]).all():
        raise ValueError("rows not sorted by person and period, or one person and period twice")
    return place


def _put(matrix: Floats, observed: Bools, place: Ints, value: Floats) -> None:
    first, end = int(place[0]), int(place[-1]) + 1
    if end - first == len(place):  # nobody lacks a period: one block
        matrix.reshape(-1)[first:end] = value
        observed.reshape(-1)[first:end] = True
    else:
        matrix.reshape(-1)[place] = value
        observed.reshape(-1)[place] = True


def dense(*parts: NDArray[np.integer]) -> Ints:
    """One integer a person from 0, equal where all parts are."""
    code = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        values, distinct = pd.factorize(part)
        if len(distinct) > 1:
            code = pd.factorize(code * len(distinct) + values)[0].astype(np.int64, copy=False)
    return code


def group(kind: Ints, chunk: Chunk) -> Groups:
    """The people of a chunk by ``kind`` (n,), their codes, and the periods observed."""
    packed = np.packbits(chunk.observed, axis=1)
    who = None
    code = kind
    if chunk.gaps:
        code = dense(kind, *_words(packed).T)
        if not (some := packed.any(axis=1)).all():
            who = np.flatnonzero(some)
            code = code[who]
    values, distinct = pd.factorize(code)
    # A chunk has no more than 65,536 patterns, and integers of 16 bits are sorted by radix.
    order = np.argsort(values.astype(np.uint16), kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(values, minlength=len(distinct)))])
    order = order if who is None else who[order]
    first = order[bounds[:-1]]
    return Groups(order=order, bounds=bounds, kind=kind[first], months=packed[first])


def _words(packed: Bytes) -> Ints:
    """Bits (n, bytes) as integers (n, words)."""
    width = -(-packed.shape[1] // _WORD) * _WORD
    padded = np.zeros((len(packed), width), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.int64)
