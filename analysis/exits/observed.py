"""Differences between assigned arms as seen: days employed, log-rank."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from scipy import stats

from analysis.estimate import Estimate, NotEstimable, Target
from analysis.estimators.log_rank import log_rank
from analysis.estimators.results import ITT, Figures, make_estimate
from analysis.estimators.rmst import rmst
from analysis.exits.calendar import end_of_month
from analysis.exits.careers import KINDS
from analysis.exits.curves import ALL_KINDS, arm_names, arm_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimate import Result
    from analysis.estimators.risk_table import RiskTable
    from analysis.estimators.rmst import Mean
    from analysis.exits.careers import Careers
    from analysis.study import StudySpec

_Z = float(stats.norm.ppf(0.975))
_INDEPENDENT = "arms and people independent, normal interval"
_CLUSTERED = "errors are to be clustered, and this comparison takes people as independent"
NOT_FOLLOWED = "nobody of one arm is followed to the end of the window"


def observed_differences(careers: Careers, spec: StudySpec) -> tuple[Result, ...]:
    """Of each treated arm less the comparison, at the end of the primary window.

    ``rmst_unadjusted`` (days employed until then, any exit ending it), ``log_rank`` (ratio of
    hazards of the study's kind over the whole follow-up to that day, one-step estimate of Peto,
    with the p-value of the test).
    Not estimable where the study declares a cluster other than the person.
    """
    comparison, *treated = arm_tables(careers, spec)
    names = arm_names(spec)[1:]
    return tuple(
        result
        for name, table in zip(names, treated, strict=True)
        for result in _of_arm(spec, name, table, comparison)
    )


def _of_arm(spec: StudySpec, arm: str, table: RiskTable, comparison: RiskTable) -> Iterator[Result]:
    tau = end_of_month(spec.follow_up.primary[1])
    metric = spec.outcome.metric
    codes = ALL_KINDS if metric == "any" else (KINDS.index(metric),)
    pair = (table.until(tau), comparison.until(tau))
    targets = [
        _target(spec, arm, "rmst_unadjusted", "restricted mean days employed", "days"),
        _target(spec, arm, "log_rank", "one-step hazard ratio of the log-rank test", "ratio"),
    ]
    followed = all(t.followed_at(tau) for t in pair)
    if not followed or spec.cluster != "person":
        reason = _CLUSTERED if followed else NOT_FOLLOWED
        yield from (NotEstimable(target=t, reason=reason) for t in targets)
        return
    means = [rmst(t, tau) for t in pair]
    yield _difference(targets[0], means, pair, ALL_KINDS, "variance of Greenwood's type")
    yield _hazard_ratio(targets[1], pair, codes)


def _target(spec: StudySpec, arm: str, name: str, estimator: str, unit: str) -> Target:
    return Target(
        name=name,
        role="secondary",
        estimand=ITT,
        estimator=estimator,
        arm=arm,
        comparison=spec.arms.comparison,
        window=spec.follow_up.primary,
        unit=unit,
    )


def _difference(
    target: Target,
    means: list[Mean],
    pair: tuple[RiskTable, RiskTable],
    codes: tuple[int, ...],
    words: str,
) -> Result:
    """First less second, of independent arms."""
    value = means[0].value - means[1].value
    error = math.hypot(means[0].std_error, means[1].std_error)
    p_value = float(2 * stats.norm.sf(abs(value) / error)) if error else None
    figures = Figures(
        estimate=value,
        std_error=error,
        t_df=math.inf,
        df=_df(pair),
        counts=(pair[0].size, pair[1].size, pair[0].size + pair[1].size),
        convention=f"{words}; {_INDEPENDENT}",
        size=1.0,
        interval=(value - _Z * error, value + _Z * error),
        p_value=p_value,
    )
    return _told(make_estimate(target, figures, log=False), pair, codes)


def _hazard_ratio(
    target: Target, pair: tuple[RiskTable, RiskTable], codes: tuple[int, ...]
) -> Result:
    """exp((O - E) / V), standard error of the logarithm 1 / sqrt(V) (Yusuf et al. 1985)."""
    test = log_rank([pair], codes)
    if test.variance <= 0 or not all(t.of(codes).any() for t in pair):
        return NotEstimable(target=target, reason="one of the arms has no exit of this kind")
    log_ratio, error = test.excess / test.variance, 1 / math.sqrt(test.variance)
    made = Estimate(
        target=target,
        estimate=math.exp(log_ratio),
        std_error=math.exp(log_ratio) * error,
        ci_low=math.exp(log_ratio - _Z * error),
        ci_high=math.exp(log_ratio + _Z * error),
        p_value=test.p_value,
        df=_df(pair),
        n_treated=pair[0].size,
        n_comparison=pair[1].size,
        n_rows=pair[0].size + pair[1].size,
        convention=f"hypergeometric variance, interval of the logarithm; {_INDEPENDENT}",
    )
    return _told(made, pair, codes)


def _df(pair: tuple[RiskTable, RiskTable]) -> float:
    return float(pair[0].size + pair[1].size - 2)


def _told(result: Result, pair: tuple[RiskTable, RiskTable], codes: tuple[int, ...]) -> Result:
    """With the smallest group it gives away: those of an arm who left so, or who did not."""
    if not isinstance(result, Estimate):
        return result
    left = [int(t.of(codes).sum()) for t in pair]
    groups = [g for n, t in zip(left, pair, strict=True) for g in (n, t.size - n) if g]
    return replace(result, n_smallest=min(groups, default=None))
