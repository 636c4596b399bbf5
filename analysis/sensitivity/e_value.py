"""E-values: how strongly something unseen would have to go with both the choice and the outcome.

VanderWeele & Ding 2017 (Annals of Internal Medicine 167:268-274), table 2 for other measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RARE = 0.15  # outcomes rarer than this by the end of follow-up make a hazard ratio a risk ratio
_PER_SD = 0.91  # log risk ratio that a standard deviation stands for (Hasselblad and Hedges 1995)


@dataclass(frozen=True, slots=True)
class EValue:
    """Risk ratios of something unseen with both sides: for the estimate, for its interval.

    ``limit`` is 1 where the interval holds no effect already.
    """

    point: float
    limit: float


def e_value(ratio: float, low: float, high: float) -> EValue:
    """The E-values of a risk ratio with its interval; ValueError unless all are positive."""
    if min(ratio, low, high) <= 0:
        raise ValueError("risk ratios are positive")
    nearest = 1.0 if low <= 1 <= high else low if low > 1 else high
    return EValue(_strength(ratio), _strength(nearest))


def _strength(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def ratio_of_hazards(ratio: float, *, rare: bool) -> float:
    """The risk ratio that a hazard ratio stands for, by the end of the follow-up."""
    if rare:
        return ratio
    return (1 - math.pow(0.5, math.sqrt(ratio))) / (1 - math.pow(0.5, math.sqrt(1 / ratio)))


def ratio_of_standardised(difference: float) -> float:
    """The risk ratio that a difference of means in standard deviations stands for."""
    return math.exp(_PER_SD * difference)
