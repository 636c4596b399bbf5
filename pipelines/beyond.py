"""What a study asks about others than those mentored, added to its finding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.beyond.mentor_exits import mentor_exits
from analysis.beyond.mentor_months import mentor_months_query, mentor_results
from analysis.beyond.team_mates import mates_funnel, mates_study, team_mates
from analysis.beyond.volunteers import Branch, decompose, voluntary_funnel, voluntary_study
from analysis.cohort import build_cohort
from analysis.diagnostics.roster import check_roster
from analysis.follow_up import build_panel, outcome_query
from analysis.funnel import attributes_query, funnel_query

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.finding import Finding
    from analysis.funnel import Query
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
        finding = _with(finding, results, checks)
    if spec.spillover:
        other = mates_study(spec)
        made = _branch(other, read, mates_funnel(spec, read(funnel_query(spec))))
        finding = _with(finding, team_mates(spec, made.cohort, made.panel))
    if spec.mentors:
        if spec.outcome.kind == "exit":
            finding = _with(finding, mentor_exits(spec, read))
        else:
            finding = _with(finding, mentor_results(spec, read(mentor_months_query(spec))))
    return finding


def _with(
    finding: Finding, results: tuple[Result, ...], checks: tuple[Diagnostic, ...] = ()
) -> Finding:
    return replace(
        finding,
        estimates=(*finding.estimates, *results),
        diagnostics=(*finding.diagnostics, *checks),
    )


def _branch(
    spec: StudySpec, read: Read, funnel: pd.DataFrame, *, exact_rows: bool = False
) -> Branch:
    """Cohort and panel of a study as asked of other people."""
    cohort = build_cohort(spec, funnel, read(attributes_query(spec)))
    panel = build_panel(spec, cohort, read(outcome_query(spec)))
    return Branch(cohort, replace(panel, exact_rows=exact_rows))
