"""Power of a two-sided test: smallest effects, people and events, for means, shares and hazards."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats

ALPHA = 0.05
POWER = 0.80
_NORMAL_DF = 5_000  # beyond, t and normal differ by less than 1 in 5,000
_MOST = 1e12  # people; whoever needs more needs another question


def errors_needed(power: float = POWER, alpha: float = ALPHA, df: float = math.inf) -> float:
    """The effect, in standard errors, that a test finds with this power.

    2.80 for large samples (Bloom 1995, Evaluation Review 19:547-556); with ``df`` degrees of
    freedom from the noncentral t, as in Cohen (1988), chapter 2.
    """
    if df > _NORMAL_DF:
        return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))
    critical = stats.t.ppf(1 - alpha / 2, df)

    def missing(effect: float) -> float:
        found = stats.nct.sf(critical, df, effect) + stats.nct.cdf(-critical, df, effect)
        return (1.0 if np.isnan(found) else float(found)) - power  # far beyond, it is 1

    return float(optimize.brentq(missing, 0.0, 4 * critical + 2))


def two_arm_error(
    variance: float, treated: float, comparison: float, weighting: float = 1
) -> float:
    """Standard error of a difference of means: ``variance`` is that of one person's figure.

    ``weighting``: by how much weights make the comparison smaller (Kish's design effect).
    """
    return math.sqrt(variance * (1 / treated + weighting / comparison))


def smallest_difference(
    variance: float, treated: float, comparison: float, power: float = POWER, weighting: float = 1
) -> float:
    """Minimum detectable difference of means, in the square root of the unit of ``variance``."""
    error = two_arm_error(variance, treated, comparison, weighting)
    return errors_needed(power, df=treated + comparison - 2) * error


def units_needed(
    effect: float, variance: float, share: float, power: float = POWER, weighting: float = 1
) -> float:
    """People (or clusters) of both arms together that see this effect; ``share`` are treated.

    Not a whole number. Infinite where an effect of 0 is to be seen.
    """

    def missing(units: float) -> float:
        found = smallest_difference(variance, share * units, (1 - share) * units, power, weighting)
        return found - abs(effect)

    fewest = 3.0  # one degree of freedom
    if not effect or missing(_MOST) > 0:
        return math.inf
    return fewest if missing(fewest) < 0 else float(optimize.brentq(missing, fewest, _MOST))


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
    base: float, fall: float, share: float, power: float = POWER, design: float = 1
) -> float | None:
    """People of both arms that see a share fall by ``fall``; None where it is not so large."""
    if not 0 < fall <= base < 1:
        return None
    one = _share_error(base, fall, share, 1 - share, design)
    return (errors_needed(power) * one / fall) ** 2


def _share_error(
    base: float, fall: float, treated: float, comparison: float, design: float
) -> float:
    """Standard error of a difference of two shares."""
    less = base - fall
    return math.sqrt(design * (less * (1 - less) / treated + base * (1 - base) / comparison))
