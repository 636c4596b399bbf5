"""Lin (2013, Annals of Applied Statistics 7:295-318): arms interacted with centred covariates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.arms import arm_effects
from analysis.estimators.sample import build_sample, design_columns, dummies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.estimators.arms import Columns
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


def lin(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Effect of each arm at the mean of covariates and strata, with slopes of its own an arm.

    Event months enter additively, as in ANCOVA.
    """
    sample = build_sample(panel, window, spec.missing_covariates)
    return arm_effects(
        panel, spec, window, sample, _columns, name="lin", estimator="Lin, fully interacted"
    )


def _columns(sample: Sample, treated: NDArray[np.float64]) -> Columns:
    moderators = np.hstack([dummies(sample.stratum), sample.covariates])
    centred = moderators - moderators.mean(axis=0)
    products = [treated[:, [j]] * centred for j in range(treated.shape[1])]
    controls = np.hstack([design_columns(sample), sample.covariates])
    return controls, np.hstack(products) if centred.shape[1] else None
