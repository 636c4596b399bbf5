"""From coefficients to results: targets, intervals, per cent for log outcomes, reasons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy import stats

from analysis.estimate import Estimate, NotEstimable, Result, Role, Target
from analysis.estimators.linear import two_sided

if TYPE_CHECKING:
    from analysis.estimators.linear import Fit
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

ITT = "intention to treat"
NOT_IDENTIFIED = "the arm cannot be told apart from the strata, months or covariates of the model"
NO_FREEDOM = "the model has as many terms as there are rows"
NO_SPREAD = "the outcome does not vary around the model, so there is no standard error"
_LOG_WORDS = "; fitted on logs, shown as 100 x (exp(b) - 1), delta-method standard error"
_RELATIVE_ZERO = 1e-10


def make_target(
    panel: Panel,
    spec: StudySpec,
    arm: str,
    window: Window,
    *,
    name: str,
    estimator: str,
    estimand: str = ITT,
    role: Role = "secondary",
    unit: str | None = None,
) -> Target:
    """The target of one figure of ``arm`` against the comparison, secondary unless told."""
    return Target(
        name=name,
        role=role,
        estimand=estimand,
        estimator=estimator,
        arm=arm,
        comparison=panel.comparison,
        window=window,
        unit=spec.unit if unit is None else unit,
    )


def as_per_cent(log_points: float) -> float:
    """100 x (exp(b) - 1); infinite where the power cannot be held."""
    try:
        return 100 * math.expm1(log_points)
    except OverflowError:
        return math.inf


def make_estimate(
    target: Target,
    figures: tuple[float, float],
    *,
    t_df: float,
    df: float,
    counts: tuple[int, int, int],
    convention: str,
    log: bool,
    interval: tuple[float, float] | None = None,
    p_value: float | None = None,
    scale: float = 0.0,
) -> Result:
    """An Estimate from (estimate, standard error) on the model's scale, or why there is none.

    ``counts`` are people treated, people in the comparison, rows. ``interval`` and ``p_value``
    replace the t ones. ``scale`` is the size of the outcome: a standard error of nothing
    beside it means that the outcome does not vary.
    """
    estimate, std_error = figures
    if not (math.isfinite(estimate) and math.isfinite(std_error) and t_df > 0):
        return NotEstimable(target=target, reason=NOT_IDENTIFIED)
    if std_error <= _RELATIVE_ZERO * max(abs(estimate), scale):
        return NotEstimable(target=target, reason=NO_SPREAD)
    half = float(stats.t.ppf(0.975, t_df)) * std_error
    low, high = interval or (estimate - half, estimate + half)
    if interval is None:
        p_value = two_sided(estimate, std_error, t_df)
    if log:
        convention += _LOG_WORDS
        low, high = as_per_cent(low), as_per_cent(high)
        std_error *= as_per_cent(estimate) + 100
        estimate = as_per_cent(estimate)
        if not (math.isfinite(estimate) and math.isfinite(std_error)):
            return NotEstimable(target=target, reason="the effect is too large to show in per cent")
    treated, comparison, rows = counts
    return Estimate(
        target=target,
        estimate=float(estimate),
        std_error=float(std_error),
        ci_low=float(low),
        ci_high=float(high),
        p_value=p_value,
        df=df,
        n_treated=treated,
        n_comparison=comparison,
        n_rows=rows,
        convention=convention,
    )


def from_fit(
    target: Target, fit: Fit, column: int, sample: Sample, code: int, *, log: bool
) -> Result:
    """The result of treatment column ``column`` of a fit, for the arm with this code."""
    if not fit.identified[column]:
        return NotEstimable(target=target, reason=NOT_IDENTIFIED)
    return make_estimate(
        target,
        fit.figures(column),
        t_df=float(fit.t_df[column]),
        df=fit.df,
        counts=(sample.people(code), sample.people(0), len(sample.outcome)),
        convention=fit.convention,
        log=log,
        scale=sample.size_of_outcome,
    )
