"""What assignment does to taking part: the first stage of the effect on those who took part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.columns import arm, covariates, design
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import (
    NO_FREEDOM,
    NO_SPREAD,
    NOT_IDENTIFIED,
    Figures,
    make_estimate,
    make_target,
)
from analysis.estimators.sample import build_sample, too_thin, unusable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.estimators.linear import Fit, Robust
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

FIRST_STAGE = "difference in the share that took part"


@dataclass(frozen=True, slots=True)
class Stages:
    """One pair's rows with both regressions on assignment: of take-up, and of the outcome."""

    sample: Sample
    spec: StudySpec
    first: Fit
    reduced: Fit

    @property
    def smallest_group(self) -> int:
        """Fewest people of an arm who took part, or who did not; an empty group gives nobody away.

        The share that took part, and with it the ratio of both effects, tells their number.
        """
        sizes: list[int] = []
        for code in (0, 1):
            of_arm = self.sample.arm == code
            for took in (False, True):
                kept = of_arm & ((self.sample.take_up > 0) == took)
                sizes.append(len(np.unique(self.sample.person[kept])))
        return min(n for n in sizes if n)

    def on_assignment(self, outcome: NDArray[np.float64], covariance: Robust) -> Fit | None:
        """The same regression for another outcome (n,)."""
        return _on_assignment(self.sample, self.spec, outcome, covariance)


def first_stage(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Share taking part in each arm less the comparison's, without covariates, never transformed.

    Over the rows of the window, so that it is the share behind the outcome.
    """
    return tuple(_one_arm(panel.pair(arm), spec, window) for arm in panel.treated)


def _one_arm(pair: Panel, spec: StudySpec, window: Window) -> Result:
    target = make_target(
        pair,
        spec,
        pair.treated[0],
        window,
        name="first_stage",
        estimator="First stage, without covariates",
        estimand=FIRST_STAGE,
        unit="share",
    )
    both = stages(pair, spec, window, adjusted=False)
    if isinstance(both, str):
        return NotEstimable(target=target, reason=both)
    share, std_error = both.first.figures(0)
    figures = Figures(
        estimate=share,
        std_error=std_error,
        t_df=float(both.first.t_df[0]),
        df=both.first.df,
        counts=both.sample.counts(1),
        convention=both.first.convention,
        size=1.0,
    )
    if figures.problem == NO_SPREAD:
        reason = f"within each arm everybody did the same: a difference of {share:.2f}, no spread"
        return NotEstimable(target=target, reason=reason)
    return with_smallest(make_estimate(target, figures, log=False), both)


def with_smallest(result: Result, both: Stages) -> Result:
    """The result with the smallest group it gives away."""
    if isinstance(result, NotEstimable):
        return result
    return replace(result, n_smallest=both.smallest_group)


def stages(pair: Panel, spec: StudySpec, window: Window, *, adjusted: bool) -> Stages | str:
    """Both regressions among people whose taking part is recorded, or why there are none."""
    sample = build_sample(pair, window, spec.missing_covariates, adjusted=adjusted)
    sample = sample.where(~np.isnan(sample.take_up))
    reason = _why_not(sample, pair)
    if reason:
        return reason
    first = _on_assignment(sample, spec, sample.take_up, spec.covariance)
    reduced = _on_assignment(sample, spec, sample.outcome, spec.covariance)
    if first is None or reduced is None:
        return NO_FREEDOM
    return Stages(sample, spec, first, reduced) if first.identified[0] else NOT_IDENTIFIED


def _on_assignment(
    sample: Sample, spec: StudySpec, outcome: NDArray[np.float64], covariance: Robust
) -> Fit | None:
    return fit_panel(
        sample,
        outcome,
        design(sample).beside(covariates(sample)),
        arm(sample, 1),
        covariance=covariance,
        cluster_name=spec.cluster,
    )


def _why_not(sample: Sample, pair: Panel) -> str | None:
    recorded = pair.people.groupby("arm")["take_up"].count()
    silent = [arm for arm in (pair.treated[0], pair.comparison) if not recorded.get(arm, 0)]
    if silent:
        return f"taking part was not recorded for {' and '.join(silent)}"
    reason = unusable(sample, pair.comparison) or too_thin(sample, 1, pair.treated[0])
    if reason is None and np.ptp(sample.take_up) == 0:
        reason = "everybody took part" if sample.take_up[0] else "nobody took part"
    return reason
