"""Random numbers by address: a person gets the same draws in any order, block or scenario."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Dates = npt.NDArray[np.datetime64]

MONTHLY = 48  # uniforms a person, one for each month of the company's calendar
SCALAR = 4  # one Philox step, the smallest row that can be addressed
_WORDS_A_STEP = 4
_A_START = 2_000  # numbers drawn in the time that a stream takes to start
_AT_ONCE = 4_000_000  # numbers, 32 MB


class Streams:
    """Named streams of uniforms in [0, 1); a row of a stream belongs to one person (or site)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def rows(self, name: str, first: int, count: int, width: int) -> Floats:
        """Rows first..first+count-1 of a stream, shape (count, width); width is a multiple of 4."""
        bits = np.random.Philox(key=[self.seed, crc32(name.encode())])
        bits.advance(first * width // _WORDS_A_STEP)
        return np.random.Generator(bits).random((count, width))

    def picked(self, name: str, rows: Ints, width: int) -> Floats:
        """The given rows of a stream, shape (len(rows), width).

        All rows between are drawn at once where they are not many more: starting a stream takes
        as long as drawing thousands of numbers.
        """
        first, span = (int(rows.min()), int(np.ptp(rows)) + 1) if len(rows) else (0, 0)
        if span * width <= min(_AT_ONCE, _A_START * len(rows)):
            return self.rows(name, first, span, width)[rows - first]
        out = np.empty((len(rows), width))
        for place, row in enumerate(rows.tolist()):
            out[place] = self.rows(name, row, 1, width)[0]
        return out

    def monthly(self, name: str, first: int, count: int) -> Floats:
        """One uniform a person and month, shape (count, 48)."""
        return self.rows(name, first, count, MONTHLY)

    def scalar(self, name: str, first: int, count: int) -> Floats:
        """One uniform a person, shape (count,)."""
        return self.rows(name, first, count, SCALAR)[:, 0]


def normal(uniform: Floats) -> Floats:
    """Standard normals by inversion: samplers that reject would break the addressing."""
    return np.asarray(ndtri(np.maximum(uniform, 2.0**-54)))


def logistic(uniform: Floats) -> Floats:
    """Standard logistic variates by inversion."""
    u = np.maximum(uniform, 2.0**-54)
    return np.asarray(np.log(u) - np.log1p(-u))
