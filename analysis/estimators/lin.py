"""Lin (2013, Annals of Applied Statistics 7:295-318): arms interacted with centred covariates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.arms import arm_effects
from analysis.estimators.columns import Columns, covariates, design, strata
from analysis.estimators.sample import build_sample

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.estimators.arms import Around
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


def lin(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Effect of each arm at the mean of covariates and strata, with slopes of its own an arm.

    Event months enter additively, as in ANCOVA.
    """
    sample = build_sample(panel, window, spec.missing_covariates)
    return arm_effects(
        panel, spec, window, sample, around, name="lin", estimator="Lin, fully interacted"
    )


def around(sample: Sample, treated: Columns) -> Around:
    """Controls as in ANCOVA, and the arms times what is centred."""
    controls = design(sample).beside(covariates(sample))
    moderators = np.hstack([strata(sample), sample.of_person])
    if not moderators.shape[1]:
        return controls, None
    rows = np.bincount(sample.place, minlength=len(moderators))
    centred = moderators - rows @ moderators / rows.sum()
    width = centred.shape[1]
    products = [treated.person[:, [j]] * centred for j in range(len(treated))]
    months = [np.repeat(treated.month[:, [j]], width, axis=1) for j in range(len(treated))]
    return controls, Columns(person=np.hstack(products), month=np.hstack(months))
