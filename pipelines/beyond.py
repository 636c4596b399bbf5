"""What a study asks about others than those mentored, added to its finding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.beyond.mentor_exits import first_mentees_query, mentor_exits
from analysis.beyond.mentor_months import mentor_months_query, mentor_results
from analysis.beyond.team_mates import mates_funnel, mates_study, team_mates
from analysis.beyond.volunteers import Branch, decompose, voluntary_funnel, voluntary_study
from analysis.cohort import build_cohort
from analysis.diagnostics.roster import check_roster
from analysis.follow_up import build_panel, outcome_query
from analysis.funnel import attributes_query, funnel_query
from analysis.membership import of_panel, part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.finding import Finding
    from analysis.funnel import Query
    from analysis.membership import Part
    from analysis.study import StudySpec

    Read = Callable[[Query], pd.DataFrame]


def with_others(finding: Finding, read: Read, *, exact_rows: bool = False) -> Finding:
    """The finding with what was asked about volunteers, mentors and team mates.

    ``read`` answers a query with a frame. Raises SpecError naming the key and the fix.
    """
    spec = finding.spec
    if spec.branches:
        first = _branch(spec, read, read(funnel_query(spec)), exact_rows=exact_rows)
        other = voluntary_study(spec)
        funnel = voluntary_funnel(spec, read(funnel_query(other)))
        second = _branch(other, read, funnel, exact_rows=exact_rows)
        results, checks = decompose(spec, first, second, check_roster(other, read))
        finding = _with(finding, results, checks, _people(other, second, "volunteers, "))
    if spec.spillover:
        other = mates_study(spec)
        made = _branch(other, read, mates_funnel(spec, read(funnel_query(spec))))
        results = team_mates(spec, made.cohort, made.panel)
        finding = _with(finding, results, people=_people(other, made, "mates, "))
    if spec.mentors:
        if spec.outcome.kind == "exit":
            first = read(first_mentees_query(spec))
            mentors = first["person_no"].to_numpy(dtype="int64")
            finding = _with(finding, mentor_exits(spec, read), people=[part("mentors", mentors)])
        else:
            rows = read(mentor_months_query(spec))
            mentors = rows.loc[rows["first_on"].notna(), "person_no"].to_numpy(dtype="int64")
            finding = _with(finding, mentor_results(spec, rows), people=[part("mentors", mentors)])
    return finding


def _with(
    finding: Finding, results: tuple[Result, ...], checks: tuple[Diagnostic, ...] = (),
    people: Sequence[Part] = (),
) -> Finding:  # fmt: skip
    return replace(
        finding,
        estimates=(*finding.estimates, *results),
        diagnostics=(*finding.diagnostics, *checks),
        rests_on=(*finding.rests_on, *people),
    )


def _people(spec: StudySpec, branch: Branch, about: str) -> list[Part]:
    answered = branch.panel.between(*spec.follow_up.primary).rows["person"]
    return of_panel(spec, branch.panel, answered, about)


def _branch(
    spec: StudySpec, read: Read, funnel: pd.DataFrame, *, exact_rows: bool = False
) -> Branch:
    """Cohort and panel of a study as asked of other people."""
    cohort = build_cohort(spec, funnel, read(attributes_query(spec)))
    panel = build_panel(spec, cohort, read(outcome_query(spec)))
    return Branch(cohort, replace(panel, exact_rows=exact_rows))
