"""Formal, informal or no mentor: three groups side by side, an association."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimate import TOO_FEW, NotEstimable, Target
from analysis.estimators.columns import covariates, design, every_month, months, of_people
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import NOT_IDENTIFIED, Figures, make_estimate, why_no_fit
from analysis.estimators.sample import MIN_PEOPLE, build_sample, informative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.estimators.linear import Fit
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

COLUMN = "practice: formality"
ASSOCIATION = "association among everybody in the study: not an effect"
_LEVELS = {2.0: "formal mentor", 1.0: "informal mentor"}


def formality_associations(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Mean outcome of people with a formal, and with an informal mentor, less those with none.

    Everybody of the study whose mentors are known, whatever their arm; adjusted for strata and the
    panel's covariates where there are any, then as it is. Who finds a mentor alone decides this.
    """
    if COLUMN not in panel.people:
        return ()
    something = bool(panel.covariates) or panel.people["stratum"].nunique() > 1
    found: list[Result] = []
    for adjusted in (True, False) if something else (False,):
        found += _both(panel, spec, window, adjusted=adjusted)
    return tuple(found)


def _both(panel: Panel, spec: StudySpec, window: Window, *, adjusted: bool) -> list[Result]:
    sample = build_sample(panel, window, spec.missing_covariates, adjusted=adjusted)
    sample = sample.where(sample.month >= 0)
    level = _level(panel, sample)
    kept = ~np.isnan(level)
    sample = informative(sample.where(kept), spec.outcome.link)
    level = _level(panel, sample)
    people = {code: len(np.unique(sample.person[level == code])) for code in (0.0, *_LEVELS)}
    fit = None
    if min(people.values()) >= MIN_PEOPLE and np.ptp(sample.outcome) > 0:
        groups = np.column_stack([of_people(sample, (level == c).astype(float)) for c in _LEVELS])
        fit = fit_panel(
            sample,
            sample.outcome,
            design(sample).beside(covariates(sample)) if adjusted else months(sample),
            every_month(groups, sample),
            covariance=spec.covariance,
            cluster_name=spec.cluster,
            link=spec.outcome.link,
        )
    made: list[Result] = []
    for place, (code, words) in enumerate(_LEVELS.items()):
        target = _target(panel, spec, window, words, "adjusted" if adjusted else "as it is")
        if min(people.values()) < MIN_PEOPLE:
            reason = f"{TOO_FEW} with a {words}, or with none, have an outcome"
            made.append(NotEstimable(target=target, reason=reason))
        elif fit is None or not fit.identified[place]:
            reason = why_no_fit(spec) if fit is None else NOT_IDENTIFIED
            made.append(NotEstimable(target=target, reason=reason))
        else:
            counts = (people[code], people[0.0], len(sample.outcome))
            figures = _figures(fit, place, counts, sample)
            made.append(make_estimate(target, figures, log=spec.outcome.per_cent))
    return made


def _target(panel: Panel, spec: StudySpec, window: Window, words: str, how: str) -> Target:
    return Target(
        name=f"{COLUMN}, {words}",
        role="association",
        estimand=ASSOCIATION,
        estimator=f"{words.capitalize()} against none, {how}",
        arm=panel.treated[0],
        comparison=panel.comparison,
        window=window,
        unit=spec.unit,
    )


def _level(panel: Panel, sample: Sample) -> NDArray[np.float64]:
    place = pd.Index(panel.people["person"]).get_indexer(sample.person)
    return np.asarray(panel.people[COLUMN].to_numpy(dtype=float)[place])


def _figures(fit: Fit, place: int, counts: tuple[int, int, int], sample: Sample) -> Figures:
    estimate, std_error = fit.figures(place)
    return Figures(
        estimate=estimate,
        std_error=std_error,
        t_df=float(fit.t_df[place]),
        df=fit.df,
        counts=counts,
        convention=fit.convention,
        size=sample.size_of_outcome if fit.link == "identity" else 1.0,
    )
