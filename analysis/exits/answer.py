"""The finding of a study of exits: careers, estimates, curves and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics.balance import balance
from analysis.diagnostics.comparison_group import comparison_group
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.exit_records import exit_records, notice_days
from analysis.diagnostics.group_size import group_size
from analysis.diagnostics.informal_mentors import informal_mentors
from analysis.diagnostics.roster import check_roster
from analysis.diagnostics.sample_ratio import sample_ratio
from analysis.exits.build import build_starting
from analysis.exits.build_assigned import build_assigned
from analysis.exits.curves import ALL_KINDS, observed_curves
from analysis.exits.observed import observed_differences
from analysis.exits.ratios import hazard_ratios
from analysis.exits.results import estimate_exits
from analysis.exits.setting import arm_codes, fitter_of
from analysis.exits.subgroups import subgroup_exits
from analysis.figures_of_people import of_careers, with_contents
from analysis.finding import Finding
from analysis.membership import of_trials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.diagnostics import Diagnostic
    from analysis.exits.built import Built
    from analysis.exits.covariates import Read
    from analysis.membership import Part
    from analysis.study import StudySpec


def answer_exits(
    spec: StudySpec, read: Read, min_group: int, *, exact_rows: bool = False
) -> Finding:
    """The finding of a study of exits in any design; ``read`` answers a query with a frame.

    ``exact_rows`` fits models to every person-month instead of cells of equal ones.
    Raises SpecError where the study names what nobody knows.
    """
    assigned = spec.design == "randomised"
    built = build_assigned(spec, read) if assigned else build_starting(spec, read)
    results, curves, fitted = estimate_exits(built.careers, spec, exact_rows=exact_rows)
    ratios = hazard_ratios(built.careers, spec)
    who = subgroup_exits(built.careers, spec, exact_rows=exact_rows)
    results = (*results, *ratios.results, *who.results)
    if assigned:  # the arms as seen, beside
        results = (*results, *observed_differences(built.careers, spec))
        curves = (*curves, *observed_curves(built.careers, spec))
    drawn = _of_draw(spec, built, read, min_group) if assigned else ()
    checks = (*drawn, *_of_data(spec, built, min_group), *fitted, *ratios.notes)
    return Finding(
        spec=spec,
        population=built.population,
        flow=built.flow,
        estimates=results,
        diagnostics=checks,
        curves=curves,
        interactions=who.interactions,
        rests_on=tuple(
            with_contents(_people(spec, built), of_careers(built.careers, built.person_no))
        ),
    )


def _people(spec: StudySpec, built: Built) -> Iterator[Part]:
    """Who is compared in any trial, of each treated arm where arms were drawn."""
    fitter = fitter_of(built.careers, spec)
    kinds = ALL_KINDS if spec.outcome.metric == "any" else fitter.kinds[0].codes
    for code in arm_codes(spec, assigned=spec.design == "randomised"):
        entries, _ = fitter.trials(code)
        yield from of_trials(spec, built.careers, built.person_no, entries, kinds)


def _of_data(spec: StudySpec, built: Built, min_group: int) -> Iterator[Diagnostic]:
    """Checks of the people and of the records of exits."""
    arms = (*spec.arms.treated, spec.arms.comparison)
    yield group_size(built.panel.people["arm"], arms, min_group)
    yield from exit_records(built.careers, built.records, spec.thresholds)
    yield from notice_days(built.careers, spec)
    yield contamination(built.panel, spec.thresholds)


def _of_draw(spec: StudySpec, built: Built, read: Read, min_group: int) -> Iterator[Diagnostic]:
    """Checks of the draw and of the people drawn."""
    yield check_roster(spec, read)
    yield comparison_group(built.flow.groups, spec.arms.comparison, min_group)
    yield sample_ratio(built.panel, spec)
    yield balance(built.panel, spec)
    yield from informal_mentors(built.panel.people, (*spec.arms.treated, spec.arms.comparison))
