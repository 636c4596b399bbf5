"""CUPED (Deng, Xu, Kohavi and Walker 2013, WSDM): the outcome less what its past predicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.arms import arm_effects
from analysis.estimators.difference import design_only
from analysis.estimators.results import make_target
from analysis.estimators.sample import build_sample, dummies, fill_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

NAME = "cuped"
TEXT = "CUPED, on the outcome before time zero"


def cuped(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Difference in means of the outcome less theta x (pre-period outcome - its mean).

    Theta is the slope over all arms together (eq. 4 of the paper), within months. People
    without a past are left out ("drop") or keep their outcome as it is ("indicator").
    """
    adjusted = less_the_past(panel, spec, window)
    if adjusted is None:
        reason = "no outcome before time zero that differs between people"
        return tuple(
            NotEstimable(
                target=make_target(panel, spec, arm, window, name=NAME, estimator=TEXT),
                reason=reason,
            )
            for arm in panel.treated
        )
    return arm_effects(panel, spec, window, adjusted, design_only, name=NAME, estimator=TEXT)


def less_the_past(panel: Panel, spec: StudySpec, window: Window) -> Sample | None:
    """The rows with the outcome less what the past predicts; None where there is no past."""
    sample = build_sample(panel, window, spec.missing_covariates, adjusted=False)
    known = ~np.isnan(sample.pre_outcome)
    if not known.any() or np.ptp(sample.pre_outcome[known]) == 0:
        return None
    if spec.missing_covariates == "drop":
        sample = sample.where(known)
    return replace(sample, outcome=_less_predicted(sample))


def _less_predicted(sample: Sample) -> NDArray[np.float64]:
    """The outcome (n,) less theta times the centred past; gaps are filled with the mean."""
    past = fill_missing(sample.pre_outcome[:, None])[:, 0]
    past = past - past.mean()
    months = np.hstack([np.ones((len(past), 1)), dummies(sample.month)])
    hat = np.linalg.lstsq(months, np.column_stack([sample.outcome, past]), rcond=None)[0]
    outcome, centred = (np.column_stack([sample.outcome, past]) - months @ hat).T
    spread = float(centred @ centred)
    theta = float(centred @ outcome) / spread if spread > 0 else 0.0
    return np.asarray(sample.outcome - theta * past)
