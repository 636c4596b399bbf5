"""From coefficients to results: targets, intervals, per cent for log outcomes, reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
NO_MAXIMUM = (
    "the model has as many terms as rows, or a group with zeros only, to which there is no ratio"
)
NO_SPREAD = "the outcome does not vary around the model, so there is no standard error"
_LOG_WORDS = "; a log ratio b, shown as 100 x (exp(b) - 1), delta-method standard error"
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


def why_no_fit(spec: StudySpec) -> str:
    """Why a regression of the outcome gave nothing."""
    return NO_MAXIMUM if spec.outcome.link == "log" else NO_FREEDOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A figure on the model's scale, before it becomes an Estimate.

    ``counts`` are people treated, people in the comparison, rows; ``both`` are people in the two
    groups in turn. ``interval`` and ``p_value``
    replace those of the t reference. ``size`` is the largest absolute outcome: a standard error
    of nothing beside it means that the outcome does not vary.
    """

    estimate: float
    std_error: float
    t_df: float
    df: float
    counts: tuple[int, int, int]
    convention: str
    size: float
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    both: int = 0

    @property
    def limits(self) -> tuple[float, float]:
        """The 95 % interval."""
        half = float(stats.t.ppf(0.975, self.t_df)) * self.std_error
        return self.interval or (self.estimate - half, self.estimate + half)

    @property
    def problem(self) -> str | None:
        """Why this is no figure, in plain words; None where it is one."""
        if not (math.isfinite(self.estimate) and math.isfinite(self.std_error) and self.t_df > 0):
            return NOT_IDENTIFIED
        if self.std_error <= _RELATIVE_ZERO * max(abs(self.estimate), self.size):
            return NO_SPREAD
        return None


def make_estimate(target: Target, figures: Figures, *, log: bool) -> Result:
    """The figures as an Estimate, in per cent for log outcomes, or why there is none."""
    if figures.problem:
        return NotEstimable(target=target, reason=figures.problem)
    estimate, std_error, p_value = figures.estimate, figures.std_error, figures.p_value
    (low, high), convention = figures.limits, figures.convention
    if figures.interval is None:
        p_value = two_sided(estimate, std_error, figures.t_df)
    if log:
        std_error *= as_per_cent(estimate) + 100
        estimate, low, high = as_per_cent(estimate), as_per_cent(low), as_per_cent(high)
        convention += _LOG_WORDS
        if not (math.isfinite(estimate) and math.isfinite(std_error)):
            return NotEstimable(target=target, reason="the effect is too large to show in per cent")
    treated, comparison, rows = figures.counts
    return Estimate(
        target=target,
        estimate=float(estimate),
        std_error=float(std_error),
        ci_low=float(low),
        ci_high=float(high),
        p_value=p_value,
        df=figures.df,
        n_treated=treated,
        n_comparison=comparison,
        n_rows=rows,
        convention=convention,
        t_df=figures.t_df if figures.interval is None else None,
        n_both=figures.both,
    )


def from_fit(
    target: Target, fit: Fit, column: int, sample: Sample, code: int, *, log: bool
) -> Result:
    """The result of treatment column ``column`` of a fit, for the arm with this code."""
    if not fit.identified[column]:
        return NotEstimable(target=target, reason=NOT_IDENTIFIED)
    return make_estimate(target, figures_of(fit, column, sample, code), log=log)


def figures_of(fit: Fit, column: int, sample: Sample, code: int) -> Figures:
    """The figures of treatment column ``column`` on the model's scale."""
    estimate, std_error = fit.figures(column)
    return Figures(
        estimate=estimate,
        std_error=std_error,
        t_df=float(fit.t_df[column]),
        df=fit.df,
        counts=sample.counts(code),
        convention=fit.convention,
        size=sample.size_of_outcome if fit.link == "identity" else 1.0,
    )


def relabelled(
    result: Result,
    *,
    name: str,
    role: Role = "secondary",
    estimator: str | None = None,
    estimand: str | None = None,
) -> Result:
    """The same figures under another name and role."""
    target = replace(
        result.target,
        name=name,
        role=role,
        estimator=result.target.estimator if estimator is None else estimator,
        estimand=result.target.estimand if estimand is None else estimand,
    )
    return replace(result, target=target)
