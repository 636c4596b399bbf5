"""What stands beside the headline of a roll-out: other estimators of the same question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.efficient_timing import efficient, unit_means
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.imputation import imputation
from analysis.estimators.linear import FEW_CLUSTERS
from analysis.estimators.poisson_two_way import poisson_two_way
from analysis.estimators.results import Figures

if TYPE_CHECKING:
    from analysis.compress import Moments
    from analysis.estimate import Result
    from analysis.roll_out_panel import RollOut
    from analysis.roll_out_results import Effects

OF_UNITS = "effect on sites that started, each counting once"
MIXED = "average of comparisons, some with sites that started before"
_NO_RATIO = "it compares outcomes as differences, and effects on a count are ratios"


def imputed(moments: Moments, effects: Effects) -> Result:
    """Imputation of the untreated, averaged over person-months of the follow-up."""
    spec = effects.spec
    target = effects.target(
        (0, spec.follow_up.months), "imputation", estimator="Imputation of the untreated"
    )
    if spec.outcome.kind == "count":
        return NotEstimable(target=target, reason=_NO_RATIO)
    try:
        made = imputation(moments, anticipation=spec.rollout.anticipation)
    except ValueError as error:
        return NotEstimable(target=target, reason=str(error))
    inside = (made.labels >= 0) & (made.labels <= spec.follow_up.months)
    if not inside.any():
        return NotEstimable(target=target, reason="no month of the follow-up can be imputed")
    weight = np.concatenate([[0.0], inside / inside.sum()])
    variance = float(weight @ made.covariance @ weight)
    return effects.result(target, float(weight @ made.estimate), np.sqrt(max(variance, 0.0)))


def drawn_efficiently(roll_out: RollOut, effects: Effects) -> list[Result]:
    """The efficient estimator in the headline's window; nothing where starts were not drawn."""
    spec = effects.spec
    if not spec.rollout.drawn:
        return []
    target = effects.target(
        spec.follow_up.primary,
        "efficient_timing",
        estimator="Efficient estimator for drawn starts",
        estimand=OF_UNITS,
    )
    if spec.outcome.kind == "count":
        return [NotEstimable(target=target, reason=_NO_RATIO)]
    try:
        made = efficient(
            unit_means(roll_out.moments, roll_out.strata),
            window=spec.follow_up.primary,
            anticipation=spec.rollout.anticipation,
        )
    except ValueError as error:
        return [NotEstimable(target=target, reason=str(error))]
    few, panel = made.units < FEW_CLUSTERS, effects.seen.panel()
    lost = f"; {made.left_out} without a month left out" if made.left_out else ""
    figures = Figures(
        estimate=made.estimate,
        std_error=made.std_error,
        t_df=float(made.df) if few else 1e6,
        df=float(made.df),
        counts=panel.counts,
        both=panel.both,
        convention=f"Neyman variance over {made.units} {effects.unit}s{lost}, "
        + (f"t with {made.df} degrees of freedom" if few else "normal")
        + f"; difference before the start taken off {made.beta:.2f} times",
        size=1.0,
    )
    return [effects.finish(target, figures)]


def naive(moments: Moments, effects: Effects) -> Result:
    """What one would have concluded: two-way fixed effects."""
    count = effects.spec.outcome.kind == "count"
    target = effects.target(
        (0, effects.spec.follow_up.months),
        "two_way_fixed_effects",
        "naive",
        estimator="Two-way fixed effects, Poisson" if count else "Two-way fixed effects",
        estimand=MIXED,
    )
    try:
        if count:
            return effects.result(target, *poisson_two_way(moments))
        fit = two_way(moments)
    except ValueError as error:
        return NotEstimable(target=target, reason=str(error))
    return effects.result(target, float(fit.estimate[0]), float(np.sqrt(fit.covariance[0, 0])))
