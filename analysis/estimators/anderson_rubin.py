"""Anderson-Rubin interval of a just-identified effect, right at any strength of the first stage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = "Anderson-Rubin interval"


def invert(
    coefficients: tuple[float, float], cov: NDArray[np.float64], critical: float
) -> tuple[tuple[float, float], str]:
    """The 95 % confidence set and its description; infinite limits where it has no end.

    All b with (r - b f)^2 <= critical^2 x (V_rr - 2 b V_rf + b^2 V_ff), where r and f are the
    reduced form and the first stage (Anderson and Rubin 1949): a quadratic in b.
    """
    r, f = coefficients
    c = critical**2
    square = f * f - c * float(cov[1, 1])
    middle = r * f - c * float(cov[0, 1])
    constant = r * r - c * float(cov[0, 0])
    discriminant = middle**2 - square * constant
    if square > 0 and discriminant >= 0:
        root = math.sqrt(discriminant)
        return ((middle - root) / square, (middle + root) / square), WORDS
    everything = (-math.inf, math.inf)
    if square < 0 < discriminant:
        root = math.sqrt(discriminant)
        low, high = sorted(((middle - root) / square, (middle + root) / square))
        return everything, (
            f"{WORDS} in two pieces: it leaves out only {low:,.4g} to {high:,.4g} on the model's "
            "scale; assignment moves take-up too little to bound the effect"
        )
    return everything, f"{WORDS} without limits: assignment moves take-up too little"
