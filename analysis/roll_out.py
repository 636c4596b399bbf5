"""The roll-out design: its estimates, the headline first, and its checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.contamination import contaminated_sites
from analysis.diagnostics.drift import drift_notes
from analysis.diagnostics.no_effect import NAME_THEM, negative_controls
from analysis.diagnostics.power import minimum_detectable_effect
from analysis.diagnostics.pre_trend import pre_trend
from analysis.diagnostics.roll_out_missing import roll_out_missing
from analysis.diagnostics.site_balance import site_balance
from analysis.diagnostics.wording import share_text
from analysis.errors import SpecError
from analysis.estimators.aggregate import aggregate
from analysis.estimators.goodman_bacon import decompose
from analysis.estimators.group_time import CONTROLS, att_by_group_and_time
from analysis.estimators.linear import FEW_CLUSTERS
from analysis.estimators.people_compared import people_seen
from analysis.estimators.start_permutation import permuted, sites_of
from analysis.roll_out_companions import drawn_efficiently, imputed, naive
from analysis.roll_out_results import (
    Effects,
    aggregations,
    by_month,
    permutation_result,
    window_result,
)

if TYPE_CHECKING:
    from analysis.compress import Moments
    from analysis.estimate import Result
    from analysis.estimators.aggregate import Aggregate
    from analysis.estimators.group_time import Base, GroupTime
    from analysis.estimators.start_permutation import Reference
    from analysis.roll_out_panel import RollOut
    from analysis.study import StudySpec

_HARDLY = 2.0  # people a pattern below which compressing saves nothing


def effects_of(roll_out: RollOut, spec: StudySpec) -> Effects:
    """ATT(g,t) by event time: the headline's, and on one base before the start (leads).

    Raises SpecError where no start can be compared with anybody.
    """
    moments = roll_out.moments
    made, event = _by_event_time(roll_out, spec, spec.rollout.base)
    leads = event
    if spec.rollout.base != "universal":
        _, leads = _by_event_time(roll_out, spec, "universal")
    clusters = made.clusters or made.people
    cohorts = len(np.unique(moments.cohort))
    few = clusters < FEW_CLUSTERS
    return Effects(
        spec=spec,
        group_time=made,
        event=event,
        leads=leads,
        seen=people_seen(moments, CONTROLS[spec.rollout.control], spec.rollout.anticipation),
        clusters=clusters,
        df=float(clusters - cohorts) if few else np.inf,
        factor=clusters / (clusters - cohorts) if few and clusters > cohorts else 1.0,
        cohorts=cohorts,
        reference=_reference(roll_out, spec, made) if spec.rollout.drawn and few else None,
        adjusted=roll_out.covariates is not None,
    )


def _by_event_time(roll_out: RollOut, spec: StudySpec, base: Base) -> tuple[GroupTime, Aggregate]:
    try:
        made = att_by_group_and_time(
            roll_out.moments,
            control=CONTROLS[spec.rollout.control],
            base=base,
            anticipation=spec.rollout.anticipation,
            covariates=roll_out.covariates,
            proportional=spec.outcome.kind == "count",
        )
        return made, aggregate(made, "event")
    except ValueError as error:
        raise SpecError(
            "rollout",
            f"no start can be compared with anybody: {error}",
            f"Check that some {spec.cluster} had not started yet, or never does, and that cluster, "
            "population, adjust_for and rollout leave both sides people to compare.",
        ) from None


def _reference(roll_out: RollOut, spec: StudySpec, effects: GroupTime) -> Reference | str:
    sites = sites_of(
        roll_out.moments,
        effects,
        spec.follow_up.primary,
        control=CONTROLS[spec.rollout.control],
        anticipation=spec.rollout.anticipation,
        stratum=roll_out.strata,
        proportional=spec.outcome.kind == "count",
    )
    return permuted(sites, np.random.default_rng([spec.seed(), 1]))


def estimate_roll_out(roll_out: RollOut, spec: StudySpec, effects: Effects) -> tuple[Result, ...]:
    """All results of a roll-out study, the one headline first."""
    window = spec.follow_up.primary
    further = (w for w in spec.follow_up.windows if w != window)
    return (
        window_result(effects, window, name="primary", role="headline"),
        *(window_result(effects, w, name="window", role="secondary") for w in further),
        *by_month(effects),
        *aggregations(effects),
        *permutation_result(effects),
        *drawn_efficiently(roll_out, effects),
        imputed(roll_out.moments, effects),
        naive(roll_out.moments, effects),
    )


def diagnose_roll_out(
    roll_out: RollOut,
    spec: StudySpec,
    effects: Effects,
    results: tuple[Result, ...],
    controls: tuple[Result, ...] = (),
) -> tuple[Diagnostic, ...]:
    """All checks of a roll-out; none depends on the sign or size of the headline.

    ``controls`` are the headline's estimator on outcomes that mentoring cannot change.
    """
    return (
        leads_alike(spec, effects),
        roll_out_missing(roll_out.moments, effects),
        contaminated_sites(roll_out.mentored_early, spec.thresholds),
        negative_controls(controls, spec.thresholds, asked=NAME_THEM),
        replace(_sites(effects), balances=site_balance(roll_out, spec)),
        _already_treated(roll_out.moments),
        _compression(roll_out.moments),
        *minimum_detectable_effect(results[:1], spec),
        *drift_notes(effects, results[0]),
    )


def leads_alike(spec: StudySpec, effects: Effects) -> Diagnostic:
    """The pre-trend test, its reference that of a covariance estimated from so many clusters."""
    df = float(effects.clusters - effects.cohorts)
    factor = effects.clusters / df if df > 0 else 1.0
    scaled = replace(effects.leads, covariance=effects.leads.covariance * factor)
    return pre_trend(scaled, spec, df)


def control_of(roll_out: RollOut, spec: StudySpec) -> Result:
    """The headline's estimator on an outcome that mentoring cannot change, that of ``spec``."""
    return window_result(
        effects_of(roll_out, spec), spec.follow_up.primary, name=spec.outcome.metric,
        role="headline",
    )  # fmt: skip


def _sites(effects: Effects) -> Diagnostic:
    few = effects.clusters < FEW_CLUSTERS
    way = "the draw of starts" if effects.permuted else "t"
    return Diagnostic(
        name="clusters",
        label=f"Number of {effects.unit}s compared",
        value=float(effects.clusters),
        display=f"{effects.clusters}",
        threshold=f"under {FEW_CLUSTERS} intervals use {way}, not the normal",
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


def _compression(moments: Moments) -> Diagnostic:
    """How many people a pattern stands for, and which way the covariances went."""
    share = float(f"{moments.compression:.2g}")
    path = {
        "sums": "from sums by cluster",
        "moments": "from cross-moments",
        "rows": "people read again for each covariance",
    }[moments.path]
    vanished = "; compression vanishes, as much work as row by row" if share < _HARDLY else ""
    return Diagnostic(
        name="compression",
        label="People alike in start, covariates, site and months seen, on average",
        value=share,
        display=f"{share:g} people a pattern; {path}{vanished}",
        threshold="answers are the same either way",
        status="note",
        remedy="",
    )
