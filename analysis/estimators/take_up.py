"""Those who took part: the first stage, two-stage least squares and the Anderson-Rubin interval.

One arm against the comparison, taking part instrumented by assignment: the effect on those who
take part because they were assigned (Imbens and Angrist 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimate import NotEstimable
from analysis.estimators.anderson_rubin import invert
from analysis.estimators.linear import Fit, fit_ols, two_sided
from analysis.estimators.results import (
    NO_FREEDOM,
    NOT_IDENTIFIED,
    make_estimate,
    make_target,
)
from analysis.estimators.sample import build_sample, design_columns, too_thin, unusable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result, Target
    from analysis.estimators.linear import Robust
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

LATE = "effect on those who took part (LATE)"
FIRST_STAGE = "difference in the share that took part"
_NO_FIRST_STAGE = 1e-9


def take_up_effects(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """First stage, 2SLS and Anderson-Rubin results of each treated arm, in this order.

    2SLS: HC0 (robust, no degrees-of-freedom factor) with one row a cluster, the study's
    clustered covariance otherwise. First stage and Anderson-Rubin use the study's covariance.
    """
    results: list[Result] = []
    for arm in panel.treated:
        results += _one_arm(panel.pair(arm), spec, window, arm)
    return tuple(results)


@dataclass(frozen=True, slots=True)
class _Equations:
    """The pair's rows and its regressions on assignment, one outcome at a time."""

    sample: Sample
    spec: StudySpec

    def on_assignment(self, outcome: NDArray[np.float64], covariance: Robust) -> Fit | None:
        return fit_ols(
            outcome,
            np.hstack([design_columns(self.sample), self.sample.covariates]),
            self.sample.treated(1)[:, None],
            self.sample.cluster,
            covariance=covariance,
            cluster_name=self.spec.cluster,
        )


def _one_arm(pair: Panel, spec: StudySpec, window: Window, arm: str) -> list[Result]:
    targets = _targets(pair, spec, window, arm)
    sample = build_sample(pair, window, spec.missing_covariates)
    sample = sample.where(~np.isnan(sample.take_up))
    reason = _why_not(sample, pair)
    if reason:
        return [NotEstimable(target=t, reason=reason) for t in targets]
    equations = _Equations(sample, spec)
    first = equations.on_assignment(sample.take_up, spec.covariance)
    reduced = equations.on_assignment(sample.outcome, spec.covariance)
    if first is None or reduced is None or not first.identified[0]:
        reason = NO_FREEDOM if first is None else NOT_IDENTIFIED
        return [NotEstimable(target=t, reason=reason) for t in targets]
    counts = (sample.people(1), sample.people(0), len(sample.outcome))
    share, share_error = first.figures(0)
    strength = f"; F = {(share / share_error) ** 2:,.1f}" if share_error > 0 else ""
    stage = make_estimate(
        targets[0],
        (share, share_error),
        t_df=float(first.t_df[0]),
        df=first.df,
        counts=counts,
        convention=first.convention + strength,
        log=False,
        scale=1.0,
    )
    if abs(share) < _NO_FIRST_STAGE:
        reason = "assignment did not change who took part"
        return [stage, *(NotEstimable(target=t, reason=reason) for t in targets[1:])]
    return [stage, *_late(equations, first, reduced, targets, counts)]


def _targets(pair: Panel, spec: StudySpec, window: Window, arm: str) -> list[Target]:
    texts = {
        "first_stage": ("First stage", FIRST_STAGE, "share"),
        "two_stage_least_squares": ("Two-stage least squares", LATE, None),
        "anderson_rubin": ("Two-stage least squares, Anderson-Rubin interval", LATE, None),
    }
    return [
        make_target(
            pair, spec, arm, window, name=name, estimator=text, estimand=estimand, unit=unit
        )
        for name, (text, estimand, unit) in texts.items()
    ]


def _why_not(sample: Sample, pair: Panel) -> str | None:
    reason = unusable(sample, pair.comparison) or too_thin(sample, 1, pair.treated[0])
    if reason:
        recorded = pair.people.groupby("arm")["take_up"].count()
        silent = [arm for arm in recorded.index[recorded == 0]]
        return f"taking part was not recorded for {', '.join(silent)}" if silent else reason
    if np.ptp(sample.take_up) == 0:
        return "everybody took part" if sample.take_up[0] else "nobody took part"
    return None


def _late(
    equations: _Equations,
    first: Fit,
    reduced: Fit,
    targets: list[Target],
    counts: tuple[int, int, int],
) -> list[Result]:
    """2SLS with its own standard error, then the same point with the Anderson-Rubin interval.

    Just identified: the estimate is reduced form / first stage, and its sandwich variance is
    that of the assignment coefficient for the outcome less estimate x take-up, / first stage^2.
    """
    sample, spec = equations.sample, equations.spec
    late = float(reduced.effects[0] / first.effects[0])
    left = equations.on_assignment(sample.outcome - late * sample.take_up, "HC0")
    if left is None:
        return [NotEstimable(target=t, reason=NO_FREEDOM) for t in targets[1:]]
    figures = (late, left.figures(0)[1] / abs(float(first.effects[0])))
    log, scale = spec.outcome.transform == "log", sample.size_of_outcome
    words = left.convention.replace("HC0", "HC0 (robust, no degrees-of-freedom factor)")
    wald = make_estimate(
        targets[1],
        figures,
        t_df=float(left.t_df[0]),
        df=left.df,
        counts=counts,
        convention=words,
        log=log,
        scale=scale,
    )
    t_df = float(reduced.t_df[0])
    limits, shape = invert(
        (float(reduced.effects[0]), float(first.effects[0])),
        _joint(equations, reduced, first),
        float(stats.t.ppf(0.975, t_df)),
    )
    robust = make_estimate(
        targets[2],
        figures,
        t_df=t_df,
        df=reduced.df,
        counts=counts,
        convention=f"{shape}; {reduced.convention}; the standard error is that of 2SLS",
        log=log,
        scale=scale,
        interval=limits,
        p_value=two_sided(*reduced.figures(0), t_df) if reduced.cov[0, 0] > 0 else None,
    )
    return [wald, robust]


def _joint(equations: _Equations, reduced: Fit, first: Fit) -> NDArray[np.float64]:
    """Covariance (2, 2) of the two assignment coefficients, by polarisation.

    Every sandwich here is quadratic in the residuals: V(y + d) = V(y) + V(d) + 2 C(y, d).
    """
    sample = equations.sample
    spread = float(sample.outcome.std())  # brings both outcomes to one size
    both = sample.outcome / spread + sample.take_up
    together = equations.on_assignment(both, equations.spec.covariance)
    v_y, v_d = float(reduced.cov[0, 0]), float(first.cov[0, 0])
    v_sum = v_y / spread**2 + v_d if together is None else float(together.cov[0, 0])
    cross = (v_sum - v_y / spread**2 - v_d) / 2 * spread
    return np.array([[v_y, cross], [cross, v_d]])
