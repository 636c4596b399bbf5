"""The opt-in design: its estimates, the headline first, and its checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics.adjusted_balance import adjusted_balance, rare_categories
from analysis.diagnostics.comparability import comparability
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.missing_outcome import missing_outcome
from analysis.diagnostics.no_effect import NAME_THEM, negative_controls, null_of, placebo
from analysis.diagnostics.power import enough_data, minimum_detectable_effect
from analysis.diagnostics.response import recorded_shares, response, response_by_month, told_of
from analysis.diagnostics.unseen import unseen_notes
from analysis.estimate import NotEstimable
from analysis.estimators.choice import choice_of
from analysis.estimators.dose import dose_associations
from analysis.estimators.formality import formality_associations
from analysis.estimators.logit import fit_logit
from analysis.estimators.opt_in_results import companions, headline, held_out
from analysis.estimators.opt_in_setting import make_setting, setting_of
from analysis.estimators.results import make_target, relabelled
from analysis.estimators.stayers import beside_zeros, called_while_employed, while_employed
from analysis.randomised import with_covariates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.estimators.opt_in_setting import Setting
    from analysis.panel import Panel
    from analysis.study import Specification, StudySpec, Window

PAST = "pre_period_outcome"
ADJUSTED = (-3, -1)  # the months of the outcome before the start that are adjusted for
PLACEBO = (-9, -7)  # months before those, where a future mentee cannot have an effect
EARLIER_SCORE = "in the last score but one"  # what stands in those months of a survey scale


def estimate_opt_in(panel: Panel, spec: StudySpec) -> tuple[Result, ...]:
    """All results of an opt-in study, the one headline first.

    The headline is the effect on those who joined, by cross-fitted AIPW, in the primary window
    for the first treated arm.
    """
    adjusted = as_adjusted(panel, spec)
    window = spec.follow_up.primary
    first: list[Result] = []
    beside: list[Result] = []
    for place, arm in enumerate(panel.treated):
        setting = make_setting(adjusted, spec, arm, window)
        held = held_out(setting)
        first.append(headline(setting, held=held, role="secondary" if place else "headline"))
        beside += companions(setting, held)
    stayers = while_employed(adjusted)
    if stayers is not adjusted:
        found = _in_window(stayers, spec, window, "while_employed")
        beside += beside_zeros(adjusted, window, called_while_employed(found))
    for further in spec.follow_up.windows:
        if further != window:
            beside += _in_window(adjusted, spec, further, "window")
    for specification in spec.specifications:
        beside += estimate_specification(panel, spec, specification)
    beside += dose_associations(adjusted, spec, window)
    beside += formality_associations(adjusted, spec, window)
    return (*first, *beside)


def diagnose_opt_in(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """All checks of an opt-in study; none depends on the sign or size of the headline."""
    adjusted = as_adjusted(panel, spec)
    window, limits = spec.follow_up.primary, spec.thresholds
    checks: list[Diagnostic] = []
    arms = len(panel.treated)
    spent = limits.negative_control_fail_p if spec.negative_controls else 0.0
    for arm in panel.treated:
        setting = make_setting(adjusted, spec, arm, window)
        chance = _chance(setting)
        checks.append(adjusted_balance(setting, chance))
        checks += comparability(setting, chance)
        before = headline(make_setting(adjusted, spec, arm, PLACEBO), name="placebo")
        when = EARLIER_SCORE if spec.outcome.kind == "scale" else ""
        checks.append(placebo(before, PLACEBO, limits, when=when, tests=arms, spent=spent))
        pair = adjusted.pair(arm)
        joined = (pair.people["arm"] == arm).to_numpy()
        shares = np.asarray(recorded_shares(pair, window), dtype=np.float64)
        told = min(told_of(shares[joined]), told_of(shares[~joined]))
        checks.append(missing_outcome(_of_people(pair, spec, shares, "recorded"), told, limits))
        controls = [_of_people(pair, spec, *named) for named in _controls(pair, spec)]
        checks.append(negative_controls(controls, limits, asked=NAME_THEM, arms=arms))
        held = held_out(setting)
        found = headline(setting, held=held)
        checks += minimum_detectable_effect((found,), spec)
        checks += unseen_notes(setting, found, held, null_of(controls))
        checks += rare_categories(setting)
    checks += [contamination(adjusted, limits), enough_data(adjusted, spec)]
    checks += [*response(adjusted, spec), *response_by_month(adjusted, spec)]
    return (*checks, *panel.notes)


def estimate_specification(
    panel: Panel, spec: StudySpec, specification: Specification
) -> tuple[Result, ...]:
    """A named specification: the headline's estimator with other covariates or another window."""
    window = (specification.first_month, specification.last_month)
    name = f"specification: {specification.name}"
    chosen = with_covariates(panel, specification.adjust_for or spec.adjust_for)
    if chosen is None:
        why = "a covariate of this specification is not in the panel"
        return tuple(
            NotEstimable(
                target=make_target(panel, spec, a, window, name=name, estimator="AIPW"), reason=why
            )
            for a in panel.treated
        )
    results = _in_window(with_past(chosen, spec), spec, window, name)
    return tuple(
        relabelled(r, name=name, estimator=f"{r.target.estimator} ({specification.name})")
        for r in results
    )


def as_adjusted(panel: Panel, spec: StudySpec) -> Panel:
    """The panel with the study's own covariates, of a draw or an opt-in."""
    chosen = with_covariates(panel, spec.adjust_for) or panel
    return with_past(chosen, spec) if spec.design == "opt_in" else chosen


def with_past(panel: Panel, spec: StudySpec) -> Panel:
    """The panel with the outcome before the start, where adjusted for, over ``ADJUSTED`` only.

    Months before those stay out of the covariates: the placebo looks there. Of a survey scale the
    past is the last score, whenever that was, and the placebo the one before it.
    """
    if PAST not in panel.covariates or spec.outcome.kind == "scale":
        return panel
    rows = panel.between(*ADJUSTED).rows
    past = panel.people["person"].map(rows.groupby("person")["outcome"].mean())
    return replace(panel, people=panel.people.assign(**{PAST: past.astype(float)}))


def _in_window(panel: Panel, spec: StudySpec, window: Window, name: str) -> tuple[Result, ...]:
    return tuple(
        headline(make_setting(panel, spec, arm, window), name=name) for arm in panel.treated
    )


def _chance(setting: Setting) -> NDArray[np.float64] | None:
    """The chance of joining by cell; None where it cannot be estimated."""
    if setting.problem:
        return None
    fitted = fit_logit(setting.cells.design, setting.cells.people)
    return None if isinstance(fitted, str) else fitted.chance


def _of_people(pair: Panel, spec: StudySpec, outcome: NDArray[np.float64], name: str) -> Result:
    """The headline's estimator on another figure of each person (n,), on its own scale."""
    natural = spec.outcome.model_copy(update={"transform": "none", "kind": "continuous"})
    plain = spec.model_copy(update={"outcome": natural})
    choice = choice_of(pair, outcome, spec.missing_covariates)
    return headline(setting_of(pair, plain, spec.follow_up.primary, choice), name=name)


def _controls(pair: Panel, spec: StudySpec) -> Iterator[tuple[NDArray[np.float64], str]]:
    """The negative controls, each a column of people in standard deviations."""
    for name in spec.negative_controls:
        values = pair.people[name].to_numpy(dtype=float)
        yield values / (np.nanstd(values) or 1.0), name
