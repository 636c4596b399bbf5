"""Power of a two-sided test: smallest effects, people and events, for means, shares and hazards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHA = 0.05
POWER = 0.80
_NORMAL_DF = 5_000  # beyond, t and normal differ by less than 1 in 5,000
_FAR = 1e3  # times the effect that is looked for
_MOST = 1e12  # people; whoever needs more needs another question


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """``variance`` of an effect, the ``reported`` one on average, and that one's ``df``.

    The degrees of freedom are Satterthwaite's: twice the squared mean over the variance.
    """

    variance: float
    reported: float
    df: float

    def smallest(self, power: float, critical: float) -> float:
        """The effect found with this power by a test at ``critical`` of the reported errors."""
        if not math.isfinite(self.variance):
            return math.inf
        wider = math.sqrt(self.reported / self.variance)
        return errors_needed(power, self.df, critical * wider) * math.sqrt(self.variance)


def errors_needed(
    power: float = POWER, df: float = math.inf, critical: float | None = None
) -> float:
    """The effect, in standard errors, that a test finds with this power.

    2.80 for large samples (Bloom 1995, Evaluation Review 19:547-556); with ``df`` degrees of
    freedom from the noncentral t, as in Cohen (1988), chapter 2. ``critical``: where the test's
    critical value is another than that of the t.
    """
    limit = critical_t(df) if critical is None else critical
    if df > _NORMAL_DF:
        return limit + float(stats.norm.ppf(power))

    def missing(effect: float) -> float:
        found = stats.nct.sf(limit, df, effect) + stats.nct.cdf(-limit, df, effect)
        return (1.0 if np.isnan(found) else float(found)) - power  # far beyond, it is 1

    return float(optimize.brentq(missing, 0.0, 4 * limit + 2))


def critical_t(df: float) -> float:
    """The critical value of the t, of the normal where ``df`` are infinite."""
    return float(stats.norm.isf(ALPHA / 2) if df > _NORMAL_DF else stats.t.isf(ALPHA / 2, df))


def smallest_difference(
    variance: float, treated: float, comparison: float, power: float = POWER
) -> float:
    """Minimum detectable difference of means, in the square root of the unit of ``variance``.

    ``variance`` is that of one person's figure.
    """
    error = math.sqrt(variance * (1 / treated + 1 / comparison))
    return errors_needed(power, df=treated + comparison - 2) * error


def units_needed(effect: float, variance: float, share: float, power: float = POWER) -> float:
    """People (or clusters) of both arms together that see this effect; ``share`` are treated.

    Not a whole number. Infinite where an effect of 0 is to be seen.
    """
    return units_for(
        effect, lambda n: smallest_difference(variance, share * n, (1 - share) * n, power)
    )


def units_for(effect: float, smallest: Callable[[float], float], fewest: float = 3.0) -> float:
    """The units with which the ``smallest`` effect found is this one, no fewer than ``fewest``.

    Three leave one degree of freedom.
    """

    def missing(log_units: float) -> float:  # as good as infinite is enough to search from
        return min(smallest(math.exp(log_units)), _FAR * abs(effect)) - abs(effect)

    low, high = math.log(fewest), math.log(_MOST)
    if not effect or missing(high) > 0:
        return math.inf
    return fewest if missing(low) <= 0 else math.exp(float(optimize.brentq(missing, low, high)))


def events_needed(ratio: float, share: float = 0.5, power: float = POWER) -> float:
    """Exits of both arms that see this hazard ratio (Schoenfeld 1983, Biometrics 39:499-503)."""
    return errors_needed(power) ** 2 / (share * (1 - share) * math.log(ratio) ** 2)


def smallest_hazard_ratio(events: float, share: float = 0.5, power: float = POWER) -> float:
    """The hazard ratio below 1 that this many exits of both arms see (Schoenfeld 1983)."""
    return math.exp(-errors_needed(power) / math.sqrt(share * (1 - share) * events))


def fewer(
    base: float, treated: float, comparison: float, power: float = POWER, design: float = 1
) -> float | None:
    """The smallest fall of a share that is seen, from ``base`` in the comparison.

    Each arm has the variance of its own share, times ``design`` (clusters). None where not even a
    fall to nothing would be seen.
    """

    def missing(fall: float) -> float:
        return _share_error(base, fall, treated, comparison, design) * needed - fall

    needed = errors_needed(power)
    if not 0 < base < 1 or missing(base) > 0:
        return None
    return float(optimize.brentq(missing, 0.0, base))


def people_for_fewer(
    base: float, fall: float, arms: tuple[float, float], power: float = POWER, design: float = 1
) -> float | None:
    """People of both arms that see a share fall by ``fall``; None where it is not so large.

    ``arms``: what each of them adds to the treated and to the comparison.
    """
    if not 0 < fall <= base < 1:
        return None
    one = _share_error(base, fall, *arms, design)
    return (errors_needed(power) * one / fall) ** 2


def _share_error(
    base: float, fall: float, treated: float, comparison: float, design: float
) -> float:
    """Standard error of a difference of two shares."""
    less = base - fall
    return math.sqrt(design * (less * (1 - less) / treated + base * (1 - base) / comparison))
