"""What effects come out where there are none: an empirical null from many negative controls.

Schuemie et al. 2014 (Statistics in Medicine 33:209-218): systematic error is normal over controls,
on top of each one's own random error. EASE is the mean absolute systematic error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH = 30  # controls below which the spread of systematic error cannot be told


@dataclass(frozen=True, slots=True)
class EmpiricalNull:
    """Mean and standard deviation of systematic error, on the log-ratio scale."""

    mean: float
    sd: float

    @property
    def ease(self) -> float:
        """Expected absolute systematic error: the mean of a folded normal."""
        if self.sd <= 0:
            return abs(self.mean)
        z = self.mean / self.sd
        return float(2 * self.sd * stats.norm.pdf(z) + self.mean * (1 - 2 * stats.norm.cdf(-z)))

    def p_value(self, log_ratio: float, std_error: float) -> float:
        """The two-sided p-value against systematic and random error together."""
        z = (log_ratio - self.mean) / math.hypot(self.sd, std_error)
        return float(2 * stats.norm.sf(abs(z)))


def empirical_null(log_ratios: Floats, std_errors: Floats) -> EmpiricalNull:
    """Maximum likelihood from the log ratios (n,) of controls and their standard errors (n,).

    The mean has a closed form given the spread, so one dimension is searched.
    """

    def weighted_mean(sd: float) -> float:
        return float(np.average(log_ratios, weights=1 / (sd**2 + std_errors**2)))

    def misfit(sd: float) -> float:
        total = np.sqrt(sd**2 + std_errors**2)
        return -float(stats.norm.logpdf(log_ratios, weighted_mean(sd), total).sum())

    widest = 2 * float(np.ptp(log_ratios)) + 1e-12
    # The likelihood may have its best value at no spread at all, which the search only nears.
    found = optimize.minimize_scalar(
        misfit, bounds=(0.0, widest), method="bounded", options={"xatol": 1e-9}
    )
    sd = 0.0 if misfit(0.0) <= found.fun else float(found.x)
    return EmpiricalNull(weighted_mean(sd), sd)
