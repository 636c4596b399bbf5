"""Did sites that start later already drift apart before they started?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import p_text, per_cent, power_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.aggregate import Aggregate
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

# Months before the start whose averages are tested, declared once for every study: at most three
# contrasts, so that the test keeps its power (methods: diagnostics).
LEADS = ((-12, -9), (-8, -5), (-4, -2))
_LABEL = "Sites developed alike before the start (joint test of three leads)"
_REMEDY = "Compare with sites that developed alike before, or draw the order of starts."
_TOO_FEW = "Too few sites to see a drift that could make the effect: more sites would help."


def pre_trend(event: Aggregate, spec: StudySpec, df: float) -> Diagnostic:
    """The joint test of the lead contrasts with its power.

    ``event`` are effects by event time on one base period before the start; ``df`` are the degrees
    of freedom of its covariance (clusters less cohorts; infinite: known). Months in which the study
    allows for anticipation are no leads. The reference is that of Hotelling's T2 (1931, Annals of
    Mathematical Statistics 2:360-378): a covariance that is estimated as a whole makes F(q, df)
    reject too often, with 20 sites 1.8 % at 1 %.
    """
    limits = spec.thresholds
    contrasts = _contrasts(event, spec.rollout.anticipation)
    if not len(contrasts):
        return _none()
    if len(contrasts) > df:
        return _none("too few sites to test the leads together", _TOO_FEW)
    leads = contrasts @ event.estimate
    variance = contrasts @ event.covariance @ contrasts.T
    count = len(leads)
    statistic = float(leads @ np.linalg.solve(variance, leads)) / count
    p = _tail(statistic, count, df)
    power = _power(contrasts, variance, event, spec, df)
    excluded = _excludes(leads, variance, spec, df)
    failed = p < limits.pre_trend_fail_p and excluded
    warned = p < limits.pre_trend_warn_p or (power is not None and power < limits.pre_trend_power)
    remedy = _REMEDY if p < limits.pre_trend_warn_p else _TOO_FEW if warned else ""
    shown = p_text(p) + (f", power {power_text(power)}" if power is not None else "")
    return Diagnostic(
        name="pre_trend",
        label=_LABEL,
        value=p,
        display=shown,
        threshold=(
            f"warn below p = {limits.pre_trend_warn_p:g} or power "
            f"{100 * limits.pre_trend_power:g} %; fail below p = {limits.pre_trend_fail_p:g} "
            "when the largest lead is surely over "
            f"{per_cent(limits.pre_trend_fail_share)} % of the effect of interest"
        ),
        status="fail" if failed else "warn" if warned else "pass",
        remedy=remedy,
    )


def _none(
    why: str = "no months before the start",
    remedy: str = "Deliver results of the year before the first start.",
) -> Diagnostic:
    return Diagnostic(
        name="pre_trend",
        label=_LABEL,
        value=None,
        display=why,
        threshold="months before the start are needed",
        status="warn",
        remedy=remedy,
    )


def _contrasts(event: Aggregate, anticipation: int) -> Floats:
    """Averages of the leads that exist before any anticipation, (q, E)."""
    known = (event.std_error > 0) & (event.labels < -anticipation)
    rows = [(event.labels >= a) & (event.labels <= b) & known for a, b in LEADS]
    return np.array([row / row.sum() for row in rows if row.any()])


def _tail(statistic: float, count: int, df: float) -> float:
    if np.isinf(df):
        return float(stats.chi2.sf(count * statistic, count))
    left = df - count + 1
    return float(stats.f.sf(statistic * left / df, count, left))


def _power(
    contrasts: Floats, variance: Floats, event: Aggregate, spec: StudySpec, df: float
) -> float | None:
    """Power at 5 % against a straight drift that alone would make the effect of interest.

    The drift reaches the effect at the middle of the primary window; None without such an effect.
    """
    if not spec.wanted:
        return None
    middle = sum(spec.follow_up.primary) / 2
    base = -1 - spec.rollout.anticipation
    drift = contrasts @ (spec.wanted * (event.labels - base) / (middle - base))
    shift = float(drift @ np.linalg.solve(variance, drift))
    count = len(drift)
    if np.isinf(df):
        return float(stats.ncx2.sf(stats.chi2.ppf(0.95, count), count, shift))
    left = df - count + 1
    return float(stats.ncf.sf(stats.f.ppf(0.95, count, left), count, left, shift))


def _excludes(leads: Floats, variance: Floats, spec: StudySpec, df: float) -> bool:
    """Whether the simultaneous interval of the largest lead lies beyond that part of it."""
    if not spec.wanted:
        return True
    largest = int(np.argmax(np.abs(leads)))
    level = 1 - 0.05 / (2 * len(leads))  # Bonferroni over at most three
    reach = stats.norm.ppf(level) if np.isinf(df) else stats.t.ppf(level, df)
    half = float(reach * np.sqrt(variance[largest, largest]))
    part = spec.thresholds.pre_trend_fail_share * spec.wanted
    return bool(abs(leads[largest]) - half > part)
