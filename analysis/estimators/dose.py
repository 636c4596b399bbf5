"""Dose and practices among those who took part: associations, labelled as no effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimate import TOO_FEW, NotEstimable, Target
from analysis.estimators.columns import covariates, design, every_month, months, of_people
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import NOT_IDENTIFIED, Figures, make_estimate, why_no_fit
from analysis.estimators.sample import (
    MIN_PEOPLE,
    build_sample,
    informative,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.estimators.linear import Fit
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

DOSE, PRACTICE = "dose", "practice"
ASSOCIATION = "association among those who took part: not an effect"
EACH = {"meetings": "a meeting", "hours": "an hour"}
# What one more of a practice is; shares go from none to all.
_MORE = {
    "goal_set_before": "with a goal set before the match",
    "reason_recorded": "with the reason for the match recorded",
    "rhythm": "with a meeting in every month against none",
    "acted_on_advice": "with all advice acted on against none",
}


def dose_associations(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """How the outcome of the window goes with each more of an exposure, in each treated arm.

    First adjusted for strata and the panel's covariates, where there are any, then as it is; linear
    in the exposure, event months held fixed. People decide how often they meet: neither is an
    effect.
    """
    something = bool(panel.covariates) or panel.people["stratum"].nunique() > 1
    return tuple(
        _one(panel.pair(arm), spec, window, name, adjusted)
        for name in exposures_of(spec)
        for arm in panel.treated
        for adjusted in ((True, False) if something else (False,))
    )


def exposures_of(spec: StudySpec) -> tuple[str, ...]:
    """Columns of people that hold an amount among those who took part, by their full name."""
    practised = (f"{PRACTICE}: {name}" for name in spec.practices if name in _MORE)
    return (*(f"{DOSE}: {name}" for name in spec.dose), *practised)


def _one(pair: Panel, spec: StudySpec, window: Window, name: str, adjusted: bool) -> Result:
    arm, short = pair.treated[0], name.partition(": ")[2]
    each = _MORE.get(short) if name.startswith(PRACTICE) else EACH.get(short)
    target = Target(
        name=name,
        role="association",
        estimand=ASSOCIATION,
        estimator="Linear in the exposure, " + ("adjusted" if adjusted else "as it is"),
        arm=arm,
        comparison=arm,
        window=window,
        unit=f"{spec.unit} {each or f'a unit of {short}'}",
    )
    sample, dose = _takers(pair, spec, window, name, adjusted=adjusted)
    reason = _why_not(sample, dose, arm)
    if reason:
        return NotEstimable(target=target, reason=reason)
    fit = fit_panel(
        sample,
        sample.outcome,
        design(sample).beside(covariates(sample)) if adjusted else months(sample),
        every_month(of_people(sample, dose)[:, None], sample),
        covariance=spec.covariance,
        cluster_name=spec.cluster,
        link=spec.outcome.link,
    )
    if fit is None or not fit.identified[0]:
        reason = why_no_fit(spec) if fit is None else NOT_IDENTIFIED
        return NotEstimable(target=target, reason=reason)
    return make_estimate(target, _figures(fit, sample, dose), log=spec.outcome.per_cent)


def _why_not(sample: Sample, dose: NDArray[np.float64], arm: str) -> str | None:
    if len(np.unique(sample.person)) < MIN_PEOPLE:
        return f"{TOO_FEW} of {arm} took part and have an outcome"
    if np.ptp(dose) == 0 or np.ptp(sample.outcome) == 0:
        return "everybody who took part had the same exposure, or the same outcome"
    return None


def _figures(fit: Fit, sample: Sample, dose: NDArray[np.float64]) -> Figures:
    """The slope; people counted are those with more than the mean exposure, and the others."""
    estimate, std_error = fit.figures(0)
    much = len(np.unique(sample.person[dose > dose.mean()]))
    return Figures(
        estimate=estimate,
        std_error=std_error,
        t_df=float(fit.t_df[0]),
        df=fit.df,
        counts=(much, len(np.unique(sample.person)) - much, len(dose)),
        convention=fit.convention,
        size=sample.size_of_outcome if fit.link == "identity" else 1.0,
    )


def _takers(
    pair: Panel, spec: StudySpec, window: Window, name: str, *, adjusted: bool
) -> tuple[Sample, NDArray[np.float64]]:
    """Rows of people of the arm who took part and whose exposure (n,) is known."""
    people = pair.people
    dose = people[name]
    kept = (people["arm"] == pair.treated[0]) & dose.notna()
    if name.startswith(DOSE) and name.partition(": ")[2] in EACH:
        kept &= dose > 0
    elif people["take_up"].notna().any():
        kept &= people["take_up"] == 1
    chosen = replace(pair, people=people[kept].reset_index(drop=True))
    sample = build_sample(chosen, window, spec.missing_covariates, adjusted=adjusted)
    sample = informative(sample.where(sample.month >= 0), spec.outcome.link)
    place = pd.Index(people["person"]).get_indexer(sample.person)
    return sample, dose.to_numpy(dtype=float)[place]
