"""The randomised design: its estimates, the headline first, and its checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.diagnostics.balance import balance
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.fading import fading
from analysis.diagnostics.first_stage import first_stage as first_stage_strength
from analysis.diagnostics.no_effect import NAME_THEM, negative_controls
from analysis.diagnostics.power import enough_data, minimum_detectable_effect
from analysis.diagnostics.response import differential_missing, response, response_by_month
from analysis.diagnostics.sample_ratio import sample_ratio
from analysis.estimate import NotEstimable
from analysis.estimators import ESTIMATORS
from analysis.estimators.as_treated import as_treated
from analysis.estimators.by_month import effects_by_month
from analysis.estimators.dose import dose_associations
from analysis.estimators.dose_instrumented import instrumented_dose
from analysis.estimators.first_stage import first_stage
from analysis.estimators.formality import formality_associations
from analysis.estimators.lee import lee_bounds
from analysis.estimators.permutation import randomisation_inference
from analysis.estimators.results import make_target, relabelled
from analysis.estimators.stayers import beside_zeros, called_while_employed, while_employed
from analysis.estimators.two_stage import two_stage_least_squares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import Specification, StudySpec, Window


WITHOUT_STAYING = ("promotion", "team")  # known of everybody, whoever stays
# Columns of people that are never covariates, whatever a study calls its attributes.
_STRUCTURE = ("person", "arm", "stratum", "cluster", "take_up")


def estimate_randomised(panel: Panel, spec: StudySpec) -> tuple[Result, ...]:
    """All results of a randomised study, the one headline first; no figure is computed twice.

    The headline is the declared estimator in the primary window for the first treated arm.
    """
    adjusted = with_covariates(panel, spec.adjust_for) or panel
    window = spec.follow_up.primary
    headline = primary_results(adjusted, spec)
    results = [*headline]
    for name in _other_estimators(adjusted, spec):
        results += ESTIMATORS[name](adjusted, spec, window)
    for further in spec.follow_up.windows:
        if further != window:
            results += _secondary_window(adjusted, spec, further)
    results += effects_by_month(adjusted, spec, (0, spec.follow_up.months))
    results += randomisation_inference(adjusted, spec, headline)
    stayers = while_employed(adjusted)
    if stayers is not adjusted:
        found = ESTIMATORS[spec.primary_estimator](stayers, spec, window)
        results += beside_zeros(adjusted, window, called_while_employed(found))
    if spec.outcome.kind not in WITHOUT_STAYING and spec.outcome.cut is None:
        results += beside_zeros(adjusted, window, lee_bounds(stayers, spec, window))
    for specification in spec.specifications:
        results += estimate_specification(panel, spec, specification)
    if spec.take_up and panel.people["take_up"].notna().any():
        results += first_stage(adjusted, spec, window)
        results += two_stage_least_squares(adjusted, spec, window)
        results += as_treated(adjusted, spec, window)
    results += dose_associations(adjusted, spec, window)
    results += formality_associations(adjusted, spec, window)
    results += instrumented_dose(adjusted, spec, window)
    return tuple(results)


def diagnose_randomised(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """All checks of a randomised study; none depends on the sign or size of the headline."""
    adjusted = with_covariates(panel, spec.adjust_for) or panel
    checks = [
        sample_ratio(adjusted, spec),
        balance(adjusted, spec),
        *differential_missing(adjusted, spec),
        contamination(adjusted, spec.thresholds),
        enough_data(adjusted, spec),
        negative_controls(list(_controls(adjusted, spec)), spec.thresholds, asked=NAME_THEM),
        *minimum_detectable_effect(primary_results(adjusted, spec), spec),
    ]
    if spec.take_up:
        checks += first_stage_strength(adjusted, spec)
    checks += fading(adjusted, spec)
    checks += response(adjusted, spec)
    checks += response_by_month(adjusted, spec)
    return (*checks, *panel.notes)


def primary_results(panel: Panel, spec: StudySpec) -> tuple[Result, ...]:
    """The declared estimator in the primary window: the headline, then the other arms."""
    results = ESTIMATORS[spec.primary_estimator](panel, spec, spec.follow_up.primary)
    return tuple(
        relabelled(result, name="primary", role="headline" if place == 0 else "secondary")
        for place, result in enumerate(results)
    )


def _controls(panel: Panel, spec: StudySpec) -> Iterator[Result]:
    """The primary estimator on each negative control, in standard deviations of everybody drawn."""
    month = spec.follow_up.primary[0]
    natural = spec.outcome.model_copy(update={"transform": "none", "kind": "continuous"})
    plain = spec.model_copy(update={"outcome": natural})
    for name in spec.negative_controls:
        values = panel.people[name] / (float(panel.people[name].std(ddof=0)) or 1.0)
        rows = panel.people[["person"]].assign(event_month=month, outcome=values)
        other = replace(panel, rows=rows.dropna(ignore_index=True), notes=())
        yield from (
            relabelled(r, name=name)
            for r in ESTIMATORS[spec.primary_estimator](other, plain, (month, month))
        )


def estimate_specification(
    panel: Panel, spec: StudySpec, specification: Specification
) -> tuple[Result, ...]:
    """A named specification, one secondary result an arm; its covariates are columns of people.

    Without ``adjust_for`` it uses the study's own covariates.
    """
    window: Window = (specification.first_month, specification.last_month)
    name = f"specification: {specification.name}"
    chosen = with_covariates(panel, specification.adjust_for or spec.adjust_for)
    if chosen is None:
        return tuple(
            NotEstimable(
                target=make_target(
                    panel, spec, arm, window, name=name, estimator=specification.name
                ),
                reason="a covariate of this specification is not in the panel",
            )
            for arm in panel.treated
        )
    results = ESTIMATORS[specification.estimator](chosen, spec, window)
    return tuple(
        relabelled(r, name=name, estimator=f"{r.target.estimator} ({specification.name})")
        for r in results
    )


def with_covariates(panel: Panel, names: tuple[str, ...]) -> Panel | None:
    """The panel with these covariates (each a column, or 0/1 columns "name=category").

    No names: the panel as it is. None where a name has no column.
    """
    if not names:
        return panel
    available = [c for c in panel.people.columns if c not in _STRUCTURE]
    chosen: list[str] = []
    for name in names:
        columns = [c for c in available if c == name or c.startswith(f"{name}=")]
        if not columns:
            return None
        chosen += columns
    return replace(panel, covariates=tuple(chosen))


def _secondary_window(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    results = ESTIMATORS[spec.primary_estimator](panel, spec, window)
    return tuple(relabelled(result, name="window") for result in results)


def _other_estimators(panel: Panel, spec: StudySpec) -> list[str]:
    """Estimators that say something the headline does not.

    Without covariates ANCOVA is the difference in means, and so is Lin within one stratum.
    """
    same: set[str] = {spec.primary_estimator}
    if spec.outcome.link == "log":  # these two estimate differences
        same |= {"lin", "cuped"}
    if spec.outcome.kind == "promotion":  # nobody is promoted since time zero before it
        same.add("cuped")
    if not panel.covariates:
        plain = {"difference_in_means", "ancova"}
        if panel.people["stratum"].nunique() < 2:
            plain.add("lin")
        same |= plain if same & plain else {"ancova", "lin"} & plain
    return [name for name in ESTIMATORS if name not in same]
