"""Proportional effect of one cohort and period: a ratio of ratios, from sums by pattern.

With a dummy for each cohort and period the Poisson quasi-likelihood fits the means of cohorts
exactly, so its coefficient is the log of this ratio (Wooldridge 2023, Econometrics Journal
26:C31-C66, section 4). Outcomes may be 0 and need not be counts; only means must be positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments
    from analysis.estimators.doubly_robust import Sides

    Floats = NDArray[np.float64]

NO_MEAN = "somebody compared has no positive mean, so there is no ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The log ratio of ratios, and influences (U,) of the patterns of the sides.

    A person's influence is w (constant + slope y[late] - early_slope y[early]), y as centred.
    """

    value: float
    constant: Floats
    slope: Floats
    early_slope: Floats


def ratio_of_ratios(moments: Moments, sides: Sides, late: int, early: int) -> Ratio | str:
    """Growth of the treated over growth of the others, in logs; or why there is none.

    The influence is the delta method's on the four means: y / M less the share of the weight,
    M the sum of outcomes.
    """
    if not sides.treated.any():
        return "nobody of this cohort is seen in both periods"
    if sides.treated.all():
        return "nobody to compare with is seen in both periods"
    value = 0.0
    constant, slope, early_slope = np.zeros((3, len(sides.used)))
    for side, sign in ((sides.treated, 1.0), (~sides.treated, -1.0)):
        used = sides.used[side]
        weight = moments.weight[used].sum()
        after, before = (
            moments.total[used, t].sum() + weight * moments.centre[t] for t in (late, early)
        )
        if min(after, before) <= 0:
            return NO_MEAN
        value += sign * float(np.log(after) - np.log(before))
        slope[side], early_slope[side] = sign / after, sign / before
        constant[side] = sign * (moments.centre[late] / after - moments.centre[early] / before)
    return Ratio(value=value, constant=constant, slope=slope, early_slope=early_slope)
