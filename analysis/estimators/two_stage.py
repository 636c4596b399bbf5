"""Effect on those who took part: two-stage least squares and the Anderson-Rubin interval.

One arm against the comparison, taking part instrumented by assignment: the effect on those who
take part because they were assigned (Imbens and Angrist 1994, Econometrica 62:467-475).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimate import NotEstimable
from analysis.estimators.anderson_rubin import invert
from analysis.estimators.first_stage import Stages, stages, with_smallest
from analysis.estimators.linear import two_sided
from analysis.estimators.results import NO_FREEDOM, Figures, make_estimate, make_target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

LATE = "effect on those who took part (LATE)"
_TEXTS = {
    "two_stage_least_squares": "Two-stage least squares",
    "anderson_rubin": "Two-stage least squares, Anderson-Rubin interval",
}
_HC0 = "HC0 (robust, no degrees-of-freedom factor)"
_NOTHING = 1e-9


def two_stage_least_squares(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """For each arm the 2SLS estimate with its own interval, then with the Anderson-Rubin one.

    Standard error: HC0 (no degrees-of-freedom factor) with one row a cluster, the study's
    clustered covariance otherwise. Anderson-Rubin uses the study's covariance throughout.
    """
    return tuple(r for arm in panel.treated for r in _one_arm(panel.pair(arm), spec, window))


def _one_arm(pair: Panel, spec: StudySpec, window: Window) -> list[Result]:
    log = spec.outcome.transform == "log"
    # A ratio does not divide by the share that took part; differences on the natural scale do.
    unit = None if log or not spec.outcome.per_cent else spec.outcome.natural_unit
    targets = [
        make_target(
            pair, spec, pair.treated[0], window,
            name=name, estimator=text, estimand=LATE, unit=unit,
        )
        for name, text in _TEXTS.items()
    ]  # fmt: skip
    both = stages(pair, spec, window, adjusted=True)
    if isinstance(both, str):
        return [NotEstimable(target=t, reason=both) for t in targets]
    if abs(float(both.first.effects[0])) < _NOTHING:
        reason = "assignment did not change who took part"
        return [NotEstimable(target=t, reason=reason) for t in targets]
    found = wald(both)
    if found is None:
        return [NotEstimable(target=t, reason=NO_FREEDOM) for t in targets]
    return [
        with_smallest(make_estimate(targets[0], found, log=log), both),
        with_smallest(make_estimate(targets[1], _anderson_rubin(both, found), log=log), both),
    ]


def wald(both: Stages) -> Figures | None:
    """Reduced form over first stage: the model is just identified.

    Its sandwich variance is that of the assignment coefficient for the outcome less
    estimate x take-up, over the first stage squared.
    """
    sample, first = both.sample, float(both.first.effects[0])
    late = float(both.reduced.effects[0]) / first
    left = both.on_assignment(sample.outcome - late * sample.take_up, "HC0")
    if left is None:
        return None
    return Figures(
        estimate=late,
        std_error=left.figures(0)[1] / abs(first),
        t_df=float(left.t_df[0]),
        df=left.df,
        counts=sample.counts(1),
        convention=left.convention.replace("HC0", _HC0),
        size=sample.size_of_outcome,
    )


def _anderson_rubin(both: Stages, late: Figures) -> Figures:
    """The 2SLS point with the Anderson-Rubin interval; p-value of the reduced form."""
    reduced, t_df = both.reduced, float(both.reduced.t_df[0])
    limits, shape = invert(
        (float(reduced.effects[0]), float(both.first.effects[0])),
        _joint(both),
        float(stats.t.ppf(0.975, t_df)),
    )
    effect, error = reduced.figures(0)
    return replace(
        late,
        convention=f"{shape}; {reduced.convention}; the standard error is that of 2SLS",
        interval=limits,
        p_value=two_sided(effect, error, t_df) if error > 0 else None,
    )


def _joint(both: Stages) -> NDArray[np.float64]:
    """Covariance (2, 2) of reduced form and first stage, by polarisation.

    Every sandwich here is quadratic in the residuals: V(y + d) = V(y) + V(d) + 2 C(y, d).
    """
    sample = both.sample
    spread = float(sample.outcome.std())  # brings both outcomes to one size
    v_y, v_d = float(both.reduced.cov[0, 0]), float(both.first.cov[0, 0])
    sum_ = both.on_assignment(sample.outcome / spread + sample.take_up, both.spec.covariance)
    v_sum = float(sum_.cov[0, 0]) if sum_ else v_y / spread**2 + v_d
    cross = (v_sum - v_y / spread**2 - v_d) / 2 * spread
    return np.array([[v_y, cross], [cross, v_d]])
