"""The roll-out design: its estimates, the headline first, and its checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.power import minimum_detectable_effect
from analysis.diagnostics.pre_trend import pre_trend
from analysis.diagnostics.thresholds import DEFAULT, Thresholds
from analysis.diagnostics.wording import share_text
from analysis.estimate import NotEstimable, Target
from analysis.estimators.aggregate import Aggregate, aggregate
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.goodman_bacon import decompose
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.imputation import imputation
from analysis.estimators.linear import FEW_CLUSTERS
from analysis.estimators.results import Figures, make_estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments
    from analysis.estimate import Result, Role
    from analysis.roll_out_panel import RollOut
    from analysis.study import StudySpec, Window

    Floats = NDArray[np.float64]

ATT = "effect on those at sites that started (ATT)"
GROUP_TIME = "ATT(g,t), not-yet-started comparison"
_SIZE = 1.0  # scale beside which a standard error of nothing would mean an outcome that is fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What all figures of one roll-out share; ``factor`` scales variances, ``df`` is of the t."""

    spec: StudySpec
    event: Aggregate
    leads: Aggregate
    counts: tuple[int, int, int]
    clusters: int
    df: float
    factor: float

    @property
    def convention(self) -> str:
        """How the standard errors were made."""
        few = "t with sites − cohorts degrees of freedom" if np.isfinite(self.df) else "normal"
        unit = self.spec.cluster.replace("_", " ")
        return f"influence function clustered by {unit}, {few}"

    def result(
        self,
        target: Target,
        estimate: float,
        std_error: float,
        *,
        critical: float | None = None,
        words: str = "",
        smallest: int | None = None,
    ) -> Result:
        """The figure with a t (or normal) interval, or with the critical value given."""
        error = std_error * float(np.sqrt(self.factor))
        t_df = self.df if np.isfinite(self.df) else 1e6
        interval = p = None
        if critical is not None:
            interval = (estimate - critical * error, estimate + critical * error)
            p = float(2 * stats.t.sf(abs(estimate) / error, t_df)) if error > 0 else None
        figures = Figures(
            estimate=estimate,
            std_error=error,
            t_df=t_df,
            df=min(self.df, float(self.clusters - 1)),
            counts=self.counts,
            convention=self.convention + words,
            size=_SIZE,
            interval=interval,
            p_value=p,
        )
        made = make_estimate(target, figures, log=self.spec.outcome.transform == "log")
        return made if isinstance(made, NotEstimable) else replace(made, n_smallest=smallest)

    def smallest(self, inside: NDArray[np.bool_]) -> int:
        """The fewest people that any ATT(g,t) of these event times rests on, on either side."""
        return int(min(self.event.treated[inside].min(), self.event.controls[inside].min()))


def effects_of(roll_out: RollOut, spec: StudySpec) -> Effects:
    """ATT(g,t) by event time, on the period before (headline) and on one base (leads)."""
    moments = roll_out.moments
    made = att_by_group_and_time(moments, covariates=roll_out.covariates)
    fixed = att_by_group_and_time(moments, covariates=roll_out.covariates, base="universal")
    clusters = made.clusters or made.people
    cohorts = len(np.unique(moments.cohort))
    few = clusters < FEW_CLUSTERS
    started = moments.cohort <= moments.periods[-1]
    return Effects(
        spec=spec,
        event=aggregate(made, "event"),
        leads=aggregate(fixed, "event"),
        counts=(
            int(moments.people[started].sum()),
            int(moments.people[~started].sum()),
            int(moments.people @ moments.observed.sum(axis=1)),
        ),
        clusters=clusters,
        df=float(clusters - cohorts) if few else np.inf,
        factor=clusters / (clusters - cohorts) if few and clusters > cohorts else 1.0,
    )


def estimate_roll_out(roll_out: RollOut, spec: StudySpec, effects: Effects) -> tuple[Result, ...]:
    """All results of a roll-out study, the one headline first."""
    window = spec.follow_up.primary
    results = [_window(effects, window, name="primary", role="headline")]
    for further in spec.follow_up.windows:
        if further != window:
            results.append(_window(effects, further, name="window", role="secondary"))
    results += _by_month(effects)
    results.append(_imputed(roll_out.moments, effects))
    results.append(_two_way(roll_out.moments, effects))
    return tuple(results)


def diagnose_roll_out(
    roll_out: RollOut,
    spec: StudySpec,
    effects: Effects,
    results: tuple[Result, ...],
    limits: Thresholds = DEFAULT,
) -> tuple[Diagnostic, ...]:
    """All checks of a roll-out; none depends on the sign or size of the headline."""
    scaled = replace(effects.leads, covariance=effects.leads.covariance * effects.factor)
    return (
        pre_trend(scaled, spec, effects.df, limits),
        _sites(effects),
        _already_treated(roll_out.moments),
        *minimum_detectable_effect(results[:1], spec),
    )


def _target(spec: StudySpec, window: Window, name: str, role: Role, estimator: str) -> Target:
    return Target(
        name=name,
        role=role,
        estimand=ATT,
        estimator=estimator,
        arm=spec.arms.treated[0],
        comparison=spec.arms.comparison,
        window=window,
        unit=spec.unit,
    )


def _window(effects: Effects, window: Window, *, name: str, role: Role) -> Result:
    """The plain average of the event times of a window."""
    target = _target(effects.spec, window, name, role, GROUP_TIME)
    event = effects.event
    inside = (event.labels >= window[0]) & (event.labels <= window[1])
    if inside.sum() < window[1] - window[0] + 1:
        return NotEstimable(
            target=target, reason="the window reaches beyond the months that can be compared"
        )
    weight = inside / inside.sum()
    variance = float(weight @ event.covariance @ weight)
    return effects.result(
        target,
        float(weight @ event.estimate),
        np.sqrt(max(variance, 0.0)),
        smallest=effects.smallest(inside),
    )


def _by_month(effects: Effects) -> list[Result]:
    """Effects by event month up to the end of the follow-up, with a band that covers all."""
    spec, event = effects.spec, effects.event
    inside = np.abs(event.labels) <= spec.follow_up.months
    shown = replace(event, covariance=event.covariance[np.ix_(inside, inside)])
    shown = replace(shown, estimate=event.estimate[inside], labels=event.labels[inside])
    critical = shown.simultaneous(np.random.default_rng(spec.seed()))
    if np.isfinite(effects.df):  # the band keeps its shape, its width follows the t reference
        ratio = stats.t.ppf(0.975, effects.df) / stats.norm.ppf(0.975)
        critical *= float(ratio)
    return [
        effects.result(
            _target(spec, (int(e), int(e)), "by_month", "secondary", GROUP_TIME),
            float(value),
            float(error),
            critical=critical,
            words="; simultaneous band",
            smallest=effects.smallest(event.labels == e),
        )
        for e, value, error in zip(shown.labels, shown.estimate, shown.std_error, strict=True)
    ]


def _imputed(moments: Moments, effects: Effects) -> Result:
    spec = effects.spec
    target = _target(
        spec, (0, spec.follow_up.months), "imputation", "secondary", "imputation of the untreated"
    )
    try:
        made = imputation(moments)
    except ValueError as error:
        return NotEstimable(target=target, reason=str(error))
    inside = (made.labels >= 0) & (made.labels <= spec.follow_up.months)
    if not inside.any():
        return NotEstimable(target=target, reason="no month of the follow-up can be imputed")
    weight = np.concatenate([[0.0], inside / inside.sum()])
    variance = float(weight @ made.covariance @ weight)
    return effects.result(target, float(weight @ made.estimate), np.sqrt(max(variance, 0.0)))


def _two_way(moments: Moments, effects: Effects) -> Result:
    """What one would have concluded."""
    spec = effects.spec
    fit = two_way(moments)
    target = _target(
        spec, (0, spec.follow_up.months), "two_way_fixed_effects", "naive", "two-way fixed effects"
    )
    return effects.result(target, float(fit.estimate[0]), float(np.sqrt(fit.covariance[0, 0])))


def _sites(effects: Effects) -> Diagnostic:
    few = effects.clusters < FEW_CLUSTERS
    unit = effects.spec.cluster.replace("_", " ")
    return Diagnostic(
        name="clusters",
        label=f"Number of {unit}s compared",
        value=float(effects.clusters),
        display=f"{effects.clusters}",
        threshold=f"under {FEW_CLUSTERS} intervals use t, not the normal",
        status="note",
        remedy="Intervals allow for few sites." if few else "",
    )


def _already_treated(moments: Moments) -> Diagnostic:
    """How much of two-way fixed effects compares people with others who started before."""
    try:
        pairs = decompose(moments)
    except ValueError:
        share = None
    else:
        share = sum(p.weight for p in pairs if p.compared_with == "already treated")
    return Diagnostic(
        name="already_treated_share",
        label="Weight of comparisons with sites already started in two-way fixed effects",
        value=share,
        display="nobody is seen in every month" if share is None else share_text(share),
        threshold="the headline makes none",
        status="note",
        remedy="",
    )
