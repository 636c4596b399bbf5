"""Hazard ratios by tenure: mentoring that starts along the way, and a Cox check.

These look at all person-months at once; the headline of a study of exits compares people on the
day on which some of them start. Proportional hazards are assumed, and tested in a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.proportional_hazards import (
    left_before,
    proportional_hazards,
    proportionality,
)
from analysis.diagnostics.wording import share_text
from analysis.estimate import Estimate, NotEstimable, Target
from analysis.estimators.cox import fit_cox
from analysis.estimators.linear import CR1_WORDS, FEW_CLUSTERS, clustered_words
from analysis.exits.careers import KINDS
from analysis.exits.hazard_by_month import fit_by_month
from analysis.exits.spans import equal_bands, risk_sets
from analysis.exits.tenure import tenure_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result, Role
    from analysis.exits.careers import Careers
    from analysis.exits.spans import RiskSets
    from analysis.exits.tenure import TenureSpans
    from analysis.study import StudySpec

VARYING = "hazard after the start of mentoring against before it, at the same tenure"
NO_RATIO = "nobody left on one side, or mentoring follows from the covariates: there is no ratio"
NOBODY = "nobody was followed for a whole month on one side"
TOO_FEW = f"under {FEW_CLUSTERS} clusters the errors of a hazard model are too small"
CLUSTERED = "errors of the Cox check are those of independent people, and the study clusters them"
_EXITS_A_BAND, _BANDS = 10, 40  # exits a parameter (methods: warn below ten); and no more bands
_CLOGLOG = "complementary log-log hazard by tenure"
_INTERVAL = "a ratio, 1 is no difference; interval of the logarithm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """Results, and notes on what they assume."""

    results: tuple[Result, ...]
    notes: tuple[Diagnostic, ...]


def hazard_ratios(careers: Careers, spec: StudySpec) -> Ratios:
    """The ratios of each treated arm against everybody's time without mentoring."""
    results: list[Result] = []
    notes: list[Diagnostic] = []
    assigned = bool((careers.arm >= 0).any())
    for code, arm in enumerate(spec.arms.treated, start=1):
        own = (careers.arm == 0) | (careers.arm == code)
        who = own if assigned else np.ones(len(careers), dtype=bool)
        found = _of_arm(careers, spec, arm, who)
        results += found.results
        notes += found.notes
    return Ratios(results=tuple(results), notes=tuple(notes))


def _of_arm(careers: Careers, spec: StudySpec, arm: str, who: NDArray[np.bool_]) -> Ratios:
    def target(name: str, estimator: str, estimand: str, role: Role) -> Target:
        return Target(
            name=name, role=role, estimand=estimand, estimator=estimator, arm=arm,
            comparison=spec.arms.comparison, window=spec.follow_up.primary, unit="ratio",
        )  # fmt: skip

    kinds = _codes(spec.outcome.metric)
    varying = tenure_spans(careers, who, spec.notice_months)
    cox, notes = _cox(varying, kinds, target("cox_hazard_ratio", "Cox, Efron ties, by tenure",
                                             VARYING, "secondary"))  # fmt: skip
    return Ratios(
        results=(
            _by_month(
                varying, kinds, spec, target("hazard_ratio_time_varying", _CLOGLOG, VARYING,
                                             "secondary")
            ),
            cox,
        ),
        notes=notes,
    )  # fmt: skip


def _codes(metric: str) -> tuple[int, ...]:
    """Codes of the kinds of exits that the study is about."""
    return tuple(range(1, len(KINDS))) if metric == "any" else (KINDS.index(metric),)


def _by_month(
    tenure: TenureSpans, kinds: tuple[int, ...], spec: StudySpec, target: Target
) -> Result:
    """The hazard model with a dummy a band of tenure, clustered."""
    if not min(tenure.people[:2]):
        return NotEstimable(target=target, reason=NOBODY)
    sets = risk_sets(tenure.spans, len(tenure.columns), kinds)
    edges = equal_bands(sets.events.sum(axis=0), _EXITS_A_BAND, _BANDS)
    fit = fit_by_month(tenure.spans, tenure.columns, sets, edges, kinds, "cloglog")
    if isinstance(fit, str):
        return NotEstimable(target=target, reason=fit)
    if not fit.identified[0]:
        return NotEstimable(target=target, reason=NO_RATIO)
    if fit.clusters < FEW_CLUSTERS:
        return NotEstimable(target=target, reason=TOO_FEW)
    words = clustered_words(spec.cluster.removesuffix("_no"), CR1_WORDS)
    return _ratio(
        target, float(fit.coefficients[0]), float(np.sqrt(fit.cov[0, 0])), tenure,
        df=float(fit.clusters - 1), t_df=float(fit.clusters - 1), convention=words,
        fewest=_fewest(tenure, sets),
    )  # fmt: skip


def _cox(
    tenure: TenureSpans, kinds: tuple[int, ...], target: Target
) -> tuple[Result, tuple[Diagnostic, ...]]:
    """The Cox ratio, and the note on proportional hazards that comes with it."""
    if not min(tenure.people[:2]):
        return NotEstimable(target=target, reason=NOBODY), ()
    if tenure.spans.cluster is not None:
        return NotEstimable(target=target, reason=CLUSTERED), ()
    sets = risk_sets(tenure.spans, len(tenure.columns), kinds).with_events()
    fit = fit_cox(tenure.columns, sets.at_risk, sets.events)
    if isinstance(fit, str):
        return NotEstimable(target=target, reason=fit), ()
    if not fit.cov[0, 0] > 0:
        return NotEstimable(target=target, reason=NO_RATIO), ()
    made = _ratio(
        target, float(fit.coefficients[0]), float(np.sqrt(fit.cov[0, 0])), tenure,
        df=float(sets.events.sum()), t_df=None, convention="inverse information, normal",
        fewest=_fewest(tenure, sets),
    )  # fmt: skip
    test = proportionality(fit, left_before(sets))
    notes = _never_seen(tenure)
    if np.isfinite(test.chi2[0]):
        notes = (proportional_hazards(test, 0, people=min(tenure.people[:2])), *notes)
    return made, notes


def _fewest(tenure: TenureSpans, sets: RiskSets) -> int:
    """People who left on the side of fewer exits: on those the ratio rests."""
    left, exposed = sets.events.sum(axis=1), tenure.columns[:, 0] == 1
    return int(min(left[exposed].sum(), left[~exposed].sum()))


def _never_seen(tenure: TenureSpans) -> tuple[Diagnostic, ...]:
    """A note where spells tell nothing: followed for no whole month in which they could start."""
    if not tenure.never_seen:
        return ()
    share = tenure.never_seen / tenure.spells
    return (
        Diagnostic(
            name="never_followed",
            label="spells without a whole month in which mentoring could have started",
            value=share,
            display=share_text(share),
            threshold="not gated",
            status="note",
            remedy="they are not in the hazard ratios by tenure",
            n_smallest=min(tenure.never_seen, tenure.spells - tenure.never_seen),
        ),
    )


def _ratio(
    target: Target, log_ratio: float, error: float, tenure: TenureSpans, *,
    df: float, t_df: float | None, convention: str, fewest: int,
) -> Estimate:  # fmt: skip
    """Exp of a coefficient; the standard error by the delta method."""
    reference = stats.norm if t_df is None else stats.t(t_df)
    half = float(reference.ppf(0.975)) * error
    value = float(np.exp(log_ratio))
    spans = tenure.spans
    return Estimate(
        target=target, estimate=value, std_error=value * error,
        ci_low=float(np.exp(log_ratio - half)), ci_high=float(np.exp(log_ratio + half)),
        p_value=float(2 * reference.sf(abs(log_ratio) / error)), df=df, t_df=t_df,
        n_treated=tenure.people[0], n_comparison=tenure.people[1], n_both=tenure.people[2],
        n_rows=int((spans.last - spans.first + 1).sum()), n_smallest=fewest,
        convention=f"{convention}; {_INTERVAL}",
    )  # fmt: skip
