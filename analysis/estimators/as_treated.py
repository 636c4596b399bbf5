"""The naive comparison: those who took part against those who did not, as if nobody had chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.columns import arm as arm_column
from analysis.estimators.columns import months
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import from_fit, make_target, why_no_fit
from analysis.estimators.sample import build_sample, informative, too_thin, unusable

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

AS_TREATED = "as treated: not an effect"


def as_treated(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Raw difference by take-up within each pair of arms; only event months are held fixed.

    Both groups mix the arms: ``n_treated`` counts those who took part, ``n_comparison`` the rest.
    """
    return tuple(_one_arm(panel.pair(arm), spec, window, arm) for arm in panel.treated)


def _one_arm(pair: Panel, spec: StudySpec, window: Window, arm: str) -> Result:
    target = make_target(
        pair,
        spec,
        arm,
        window,
        name="as_treated",
        estimator="Took part against did not, unadjusted",
        estimand=AS_TREATED,
        role="naive",
    )
    sample = build_sample(pair, window, spec.missing_covariates, adjusted=False)
    if np.isnan(sample.take_up).all() and len(sample.take_up):
        return NotEstimable(target=target, reason="taking part was not recorded")
    sample = sample.where(~np.isnan(sample.take_up) & (sample.month >= 0))
    sample = replace(sample, arm=sample.take_up.astype(np.int64))
    sample = informative(sample, spec.outcome.link)
    reason = unusable(sample, "those who did not take part")
    reason = reason or too_thin(sample, 1, "those who took part")
    if reason:
        return NotEstimable(target=target, reason=reason)
    fit = fit_panel(
        sample,
        sample.outcome,
        months(sample),
        arm_column(sample, 1),
        covariance=spec.covariance,
        cluster_name=spec.cluster,
        link=spec.outcome.link,
    )
    if fit is None:
        return NotEstimable(target=target, reason=why_no_fit(spec))
    return from_fit(target, fit, 0, sample, 1, log=spec.outcome.per_cent)
