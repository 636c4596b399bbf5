"""The same effect in other forms: standard deviations, and odds of a single question."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.item import item_effects
from analysis.estimators.results import NO_SPREAD, relabelled
from analysis.opt_in import as_adjusted

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.scales.study import ScaleStudy

_LOG_ODDS = "log odds"
SD_WORDS = "; in standard deviations of the comparison group's scores in the window, taken as known"


def standardised(study: ScaleStudy, scores: tuple[Result, ...]) -> tuple[Result, ...]:
    """Differences in scores over the standard deviation of the comparison group (Glass 1976)."""
    window, people = study.spec.follow_up.primary, study.cohort.people
    compared = people.loc[people["arm"] == study.spec.arms.comparison, "person_no"]
    values = study.values(window, "score").reindex(compared).dropna()
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return tuple(_in_sd(r, spread) for r in scores)


def _in_sd(result: Result, spread: float) -> Result:
    named = relabelled(result, name="standardised")
    target = replace(named.target, unit="SD")
    if not isinstance(result, Estimate):
        return NotEstimable(target=target, reason=result.reason)
    if spread <= 0:
        return NotEstimable(target=target, reason=NO_SPREAD)
    return replace(
        result,
        target=target,
        estimate=result.estimate / spread,
        std_error=result.std_error / spread,
        ci_low=result.ci_low / spread,
        ci_high=result.ci_high / spread,
        convention=result.convention + SD_WORDS,
    )


def single_item(study: ScaleStudy) -> tuple[Result, ...]:
    """Odds of a higher answer and shares from each answer on, where one question is the outcome."""
    if study.item is None:
        return ()
    spec, window = study.spec_of("score"), study.spec.follow_up.primary
    panel = as_adjusted(study.panel(window, "score"), spec)
    found = item_effects(panel, study.spec, window)
    return tuple(_as_ratio(r) if r.target.unit == _LOG_ODDS else r for r in found)


def _as_ratio(result: Result) -> Result:
    """An odds ratio from its logarithm, standard error by the delta method."""
    target = replace(
        result.target,
        name="ordinal",
        unit="ratio",
        estimator=result.target.estimator.replace("log odds", "odds ratio"),
    )
    if not isinstance(result, Estimate):
        return NotEstimable(target=target, reason=result.reason)
    ratio = math.exp(result.estimate)
    return replace(
        result,
        target=target,
        estimate=ratio,
        std_error=ratio * result.std_error,
        ci_low=math.exp(result.ci_low),
        ci_high=math.exp(result.ci_high),
        convention=f"{result.convention}; interval of the logarithm, delta-method standard error",
    )
