"""Which groups may not be shown for what they are themselves, whatever stands beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

DOMINANT, SHARE = 2, 0.90  # the (n, k) rule
P = 0.10  # the p % rule
DIGITS = 3  # of a mean or sum that are shown


def gives_away(contributions: npt.NDArray[np.float64]) -> str:
    """Why a mean or sum of these contributions (people,) may not be shown; empty if it may.

    The (n, k) rule with n = 2 and k = 90 %, the p % rule with p = 10: who contributes second most
    knows the most to within what the others contribute (Hundepool et al. 2012, Statistical
    Disclosure Control, ch. 4.2). A mean of equal contributions is that of everybody.
    """
    size = np.sort(np.abs(contributions))[::-1]
    rest = size[DOMINANT:].sum()
    if size.size and np.ptp(contributions) == 0:
        return "Everybody in it has the same."
    if size[:DOMINANT].sum() > SHARE * size.sum() or rest < P * size[:1].sum():
        return "One or two people make up nearly all of it."
    return ""


def rounded(value: float, contributions: npt.NDArray[np.float64], *, mean: bool) -> float:
    """A mean or sum to three digits; a mean of whole numbers to one decimal at most.

    Closer, and a mean times the people it is of is a whole number for one number of people alone.
    """
    if not value:
        return 0.0
    digits = DIGITS - 1 - math.floor(math.log10(abs(value)))
    whole = bool(np.all(contributions == np.round(contributions)))
    return round(value, min(digits, 1) if mean and whole else digits)
