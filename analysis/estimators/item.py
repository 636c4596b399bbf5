"""One question of a survey by arm: odds of a higher answer, shares at or above an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.linear import CR1_WORDS, clustered_words, independent
from analysis.estimators.ordinal import fit_ordinal, share_difference
from analysis.estimators.results import Figures, make_estimate, make_target
from analysis.estimators.sample import build_sample, dummies, too_thin, unusable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result, Target
    from analysis.estimators.ordinal import OrdinalFit
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

    Floats = NDArray[np.float64]

_HOW = "Ordinal logit of one item"
_MODEL = "inverse information of the ordinal model"
NO_MAXIMUM = "the ordinal model has no maximum: an arm or a covariate separates the answers"


def item_effects(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """For each arm the log odds ratio of a higher answer, and P(answer >= cut) with and without.

    The panel's outcome is one item; of several answers in the window the last counts. Adjusted for
    strata and the panel's covariates; shares are means over everybody of both arms (g-formula). The
    cut is the study's, or else every answer given but the lowest.
    """
    return tuple(r for arm in panel.treated for r in _one_arm(panel.pair(arm), spec, window))


def _one_arm(pair: Panel, spec: StudySpec, window: Window) -> list[Result]:
    arm = pair.treated[0]
    odds = make_target(
        pair, spec, arm, window, name="item_log_odds", unit="log odds",
        estimator=f"{_HOW}, log odds of a higher answer",
    )  # fmt: skip
    sample = _last_answers(build_sample(pair, window, spec.missing_covariates))
    reason = unusable(sample, pair.comparison) or too_thin(sample, 1, arm)
    if reason:
        return [NotEstimable(target=odds, reason=reason)]
    controls = np.hstack(
        [np.ones((len(sample.arm), 1)), dummies(sample.stratum), sample.covariates]
    )
    controls = controls[:, independent(controls)]
    columns = np.column_stack([sample.arm.astype(float), controls[:, 1:]])
    whole = len(np.unique(sample.cluster)) == len(sample.cluster)
    fit = fit_ordinal(sample.outcome, columns, None if whole else sample.cluster)
    if fit is None:
        return [NotEstimable(target=odds, reason=NO_MAXIMUM)]
    made = [_estimate(odds, (float(fit.effects[0]), float(fit.std_errors[0])), fit, sample, spec)]
    with_it, without = columns.copy(), columns.copy()
    with_it[:, 0], without[:, 0] = 1.0, 0.0
    for cut in (spec.outcome.cut,) if spec.outcome.cut is not None else fit.answers[1:]:
        target = make_target(
            pair, spec, arm, window, name="item_share", unit="share",
            estimator=f"{_HOW}, share answering {cut:g} or more",
        )  # fmt: skip
        made.append(
            _estimate(target, share_difference(fit, with_it, without, cut), fit, sample, spec)
        )
    return made


def _last_answers(sample: Sample) -> Sample:
    """The last row of each person; rows stand sorted by person and month."""
    last = np.append(sample.person[1:] != sample.person[:-1], True)
    return sample.where(last[: len(sample.person)])


def _estimate(
    target: Target, found: tuple[float, float], fit: OrdinalFit, sample: Sample, spec: StudySpec
) -> Result:
    groups, terms = len(np.unique(sample.cluster)), len(fit.cov)
    clustered = groups < len(sample.cluster)
    df = float(groups - 1 if clustered else groups - terms)
    figures = Figures(
        estimate=found[0],
        std_error=found[1],
        t_df=df,
        df=df,
        counts=sample.counts(1),
        convention=clustered_words(spec.cluster, CR1_WORDS) if clustered else _MODEL,
        size=1.0,
    )
    return make_estimate(target, figures, log=False)
