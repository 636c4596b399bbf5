"""The figures of an estimate as released: exact, or so coarse that nobody can be counted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from scipy import stats

from analysis.rules import midpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.estimate import Estimate
    from analysis.rules import Rules

RATIO, PEOPLE = "ratio", "people"  # units with a rule of their own
DF_STEP = 5  # counts of people are rounded to 5; a t quantile must not tell more than they do
SE_DIGITS = 3
_WHOLE = (
    1e-6  # a number of people behind a share is whole where nobody is censored, but for rounding
)


class Figures(TypedDict):
    """What is printed of an estimate; None stands for an open interval end."""

    estimate: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None


def shown_figures(result: Estimate, rules: Rules, *, log: bool) -> Figures:
    """The figures as the project allows them: exact if its data are public."""
    if rules.mode == "public":
        return exact_figures(result)
    result = _of_rounded_counts(result)
    return coarse_figures(result, log=log, counted=rules.count(result.n_treated))


def exact_figures(result: Estimate) -> Figures:
    """Every figure as estimated."""
    return Figures(
        estimate=finite(result.estimate),
        std_error=finite(result.std_error),
        ci_low=finite(result.ci_low),
        ci_high=finite(result.ci_high),
        p_value=result.p_value,
    )


def coarse_figures(result: Estimate, *, log: bool, counted: int | None = None) -> Figures:
    """Rounded to three digits of the standard error, the interval on degrees of freedom in steps.

    Interval width over standard error is a t quantile, and its degrees of freedom are people less
    terms: exact figures would give an exact count, and two of them a difference of one person.
    The degrees of freedom are rounded down, so that the interval only ever widens.
    ``log``: per cent that were a log; a hazard ratio (unit "ratio") always is one.
    ``counted``: treated people as printed. A number of people (unit "people") is a risk times
    their exact number, which the two figures would give away: it is shown for the printed number,
    in whole people.
    """
    low, high = _limits(result, log=log)
    places = SE_DIGITS - 1 - math.floor(math.log10(result.std_error))
    times = 1.0
    if result.target.unit == PEOPLE:
        times = (counted or result.n_treated) / result.n_treated
        places = min(places, 0)
    return Figures(
        estimate=_rounded(times * result.estimate, places),
        std_error=_rounded(times * result.std_error, places),
        ci_low=_rounded(times * low, places),
        ci_high=_rounded(times * high, places),
        p_value=None if result.p_value is None else coarse_p(result.p_value),
    )


def _of_rounded_counts(result: Estimate) -> Estimate:
    """A difference of shares as seen, made anew of counts rounded to the middle of their six.

    Difference and standard error to three digits leave, with groups known to five people, a single
    pair of counts. What clustering makes of the standard error is kept as a factor to a tenth.
    """
    if not result.counted:
        return result
    rounded = [(float(midpoint(n)), midpoint(math.ceil(of - _WHOLE))) for n, of in result.counted]
    (own, of), (others, of_others) = rounded
    value, spread = own / of - others / of_others, _binomial(rounded)
    error = spread * (round(result.std_error / _binomial(result.counted), 1) or 1.0)
    reference = stats.norm if result.t_df is None else stats.t(result.t_df)
    half = float(reference.ppf(0.975)) * error
    return replace(
        result, estimate=value, std_error=error, ci_low=value - half, ci_high=value + half,
        p_value=None if result.p_value is None else float(2 * reference.sf(abs(value) / error)),
    )  # fmt: skip


def _binomial(counted: Sequence[tuple[float, float]]) -> float:
    """Standard error of a difference of shares, each (people, of), of people apart."""
    return math.sqrt(sum(n / of * (1 - n / of) / of for n, of in counted))


def _limits(result: Estimate, *, log: bool) -> tuple[float, float]:
    if result.t_df is None:
        return result.ci_low, result.ci_high
    quantile = float(stats.t.ppf(0.975, coarse_df(result.t_df)))
    ratio = result.target.unit == RATIO
    if not (log or ratio):
        half = quantile * result.std_error
        return result.estimate - half, result.estimate + half
    # The figure is factor * exp(b) - less: a ratio, or 100 (exp b - 1) per cent.
    factor, less = (1.0, 0.0) if ratio else (100.0, 100.0)
    middle = math.log((result.estimate + less) / factor)
    half = quantile * result.std_error / (result.estimate + less)  # delta method
    return factor * math.exp(middle - half) - less, factor * math.exp(middle + half) - less


def coarse_df(df: float) -> int:
    """Degrees of freedom of a t, rounded down in steps of five.

    Under ten, steps of five would widen beyond use; such estimates rest on few clusters.
    """
    step = DF_STEP if df >= 2 * DF_STEP else 1
    return max(step * math.floor(df / step), 1)


def coarse_p(p_value: float) -> float:
    """Two decimals, or one digit below .1."""
    return round(p_value, 2) if p_value >= 0.1 else float(f"{p_value:.1g}")


def _rounded(value: float, places: int) -> float | None:
    return None if finite(value) is None else round(value, places)


def finite(value: float) -> float | None:
    """The value, or None where it is infinite: JSON has no infinity."""
    return value if math.isfinite(value) else None
