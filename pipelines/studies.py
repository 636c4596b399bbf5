"""Answer each study of a project from the marts: SQL goes out, frames come in, findings leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.benefits.answer import who_benefits
from analysis.cohort import build_cohort, flow, population_words, treated_starts
from analysis.diagnostics.comparison_group import comparison_group, drawn_start_dates, notice
from analysis.diagnostics.contamination import team_mates
from analysis.diagnostics.group_size import group_size, groups_compared
from analysis.diagnostics.informal_mentors import informal_mentors
from analysis.diagnostics.roster import check_roster
from analysis.errors import SpecError
from analysis.exits.answer import answer_exits
from analysis.exits.rules import refuse_completion
from analysis.figures_of_people import Contents, people_of, with_contents
from analysis.finding import Finding
from analysis.follow_up import build_panel, outcome_query
from analysis.funnel import DRAWN, attributes_query, funnel_query, spans_query
from analysis.membership import of_sites
from analysis.objective import objective_result, objective_spec, with_objective
from analysis.opt_in import diagnose_opt_in, estimate_opt_in
from analysis.outcome import Outcome
from analysis.outcomes.dose import meetings_query
from analysis.outcomes.practices import matches_query
from analysis.randomised import diagnose_randomised, estimate_randomised
from analysis.roll_out import control_of, diagnose_roll_out, effects_of, estimate_roll_out
from analysis.roll_out_panel import build_roll_out
from analysis.roll_out_query import counts_query, people_query, rows_query, spread_query
from analysis.roll_out_subgroups import subgroup_roll_out
from analysis.scales.checks import diagnose_scale
from analysis.scales.mediators import mediation_of
from analysis.scales.results import estimate_scale
from analysis.scales.subgroups import subgroup_scales
from analysis.start_dates import draw_starts
from analysis.survey_linking import check_linked, waves_query
from analysis.unused_keys import refuse_unused
from pipelines.beyond import with_others
from pipelines.errors import Exit, UserError
from pipelines.scales import read_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.cohort import Cohort
    from analysis.compress import Rows
    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.funnel import Query
    from analysis.panel import Panel
    from analysis.roll_out_panel import RollOut
    from analysis.study import StudySpec
    from pipelines.engine import Engine
    from pipelines.scales import Read


def answer(engine: Engine, spec: StudySpec, min_group: int, *, exact_rows: bool = False) -> Finding:
    """The finding of one study; raises UserError naming the study's key and the fix.

    ``exact_rows`` estimates from the rows of people, without compression.
    """
    try:
        # Matrices are many and small: more threads wait for each other longer than they work.
        with threadpool_limits(limits=1, user_api="blas"):
            finding = _answer(engine, spec, min_group, exact_rows)
            return with_others(finding, lambda query: _frame(engine, query), exact_rows=exact_rows)
    except SpecError as error:
        raise UserError(
            f"study {spec.study}: {error.key}: {error.problem}", error.fix, Exit.PROJECT
        ) from None


def _answer(engine: Engine, spec: StudySpec, min_group: int, exact_rows: bool) -> Finding:
    _refuse_unsupported(spec)
    if spec.outcome.kind == "exit":
        return answer_exits(
            spec, lambda query: _frame(engine, query), min_group, exact_rows=exact_rows
        )
    _require_metric(engine, spec)
    if spec.design == "rollout":
        return _roll_out(engine, spec, min_group, exact_rows)
    cohort = read_cohort(engine, spec)
    asked = bool(spec.dose or spec.practices)
    meetings = _frame(engine, meetings_query(spec)) if asked else None
    matches = _frame(engine, matches_query(spec)) if spec.practices else None
    if spec.outcome.kind == "scale":
        read = read_scale(engine, spec, cohort, (meetings, matches), exact_rows=exact_rows)
        return _scale(engine, read, min_group)
    outcomes = _frame(engine, outcome_query(spec))
    panel = build_panel(spec, cohort, outcomes, meetings, matches)
    panel = replace(panel, exact_rows=exact_rows)
    answered = panel.between(*spec.follow_up.primary).rows["person"]
    checks = _cohort_checks(spec, cohort, panel, min_group)
    if spec.design == "opt_in":
        estimates, further = estimate_opt_in(panel, spec), diagnose_opt_in(panel, spec)
    else:
        checks = (check_roster(spec, lambda query: _frame(engine, query)), *checks)
        estimates, further = estimate_randomised(panel, spec), diagnose_randomised(panel, spec)
    who = who_benefits(panel, spec)
    estimates, checks = (*estimates, *who.results), (*checks, *further, *who.notes)
    if spec.outcome.objective:
        found, checks = _measured(engine, spec, cohort, estimates[0], checks, exact_rows)
        estimates = (*estimates, found)
    return Finding(
        spec=spec,
        population=population_words(spec, cohort),
        flow=flow(spec, cohort, answered),
        estimates=estimates,
        diagnostics=checks,
        interactions=who.interactions,
        rests_on=people_of(spec, cohort, panel, outcomes),
    )


def _measured(
    engine: Engine, spec: StudySpec, cohort: Cohort, headline: Result,
    checks: tuple[Diagnostic, ...], exact_rows: bool,
) -> tuple[Result, tuple[Diagnostic, ...]]:  # fmt: skip
    """The measured outcome beside a rating, and the checks with whether it agrees."""
    other = objective_spec(spec)
    panel = build_panel(other, cohort, _frame(engine, outcome_query(other)))
    found = objective_result(replace(panel, exact_rows=exact_rows), other)
    return found, with_objective(checks, headline, found, other.outcome.higher_is)


def _scale(engine: Engine, read: Read, min_group: int) -> Finding:
    spec, cohort = read.study.spec, read.study.cohort
    panel = read.study.panel(spec.follow_up.primary, read.study.headline)
    checks = _cohort_checks(spec, cohort, panel, min_group)
    if spec.design == "randomised":
        checks = (check_roster(spec, lambda query: _frame(engine, query)), *checks)
    answered = panel.between(*spec.follow_up.primary).rows["person"]
    through, notes = mediation_of(read.study, read.others)
    who = subgroup_scales(read.study)
    return Finding(
        spec=spec,
        population=population_words(spec, cohort),
        flow=flow(spec, cohort, answered),
        estimates=(*estimate_scale(read.study), *through, *who.results),
        diagnostics=(*checks, *diagnose_scale(read.study, read.items), *read.notes, *notes),
        interactions=who.interactions,
        rests_on=people_of(spec, cohort, panel, panel.rows),
    )


def _cohort_checks(
    spec: StudySpec, cohort: Cohort, panel: Panel, min_group: int
) -> tuple[Diagnostic, ...]:
    arms = (*spec.arms.treated, spec.arms.comparison)
    return (
        group_size(panel.people["arm"], arms, min_group),
        comparison_group(cohort.groups, spec.arms.comparison, min_group),
        *drawn_start_dates(spec),
        *(team_mates(cohort.people, spec.arms.comparison) if spec.outcome.kind != "team" else ()),
        *notice(spec, cohort.people),
        *informal_mentors(cohort.people, arms),
    )


def read_cohort(engine: Engine, spec: StudySpec) -> Cohort:
    """The people of a study at time zero; where the study asks for it, start dates are drawn."""
    funnel = _frame(engine, funnel_query(spec))
    attributes = _frame(engine, attributes_query(spec))
    if spec.start_dates == "recorded":
        return build_cohort(spec, funnel, attributes)
    spans = _frame(engine, spans_query(spec))
    drawn = draw_starts(spec, treated_starts(spec, funnel, attributes), spans, attributes)
    engine.register(DRAWN, drawn)
    try:
        funnel = _frame(engine, funnel_query(spec, drawn=True))
    finally:
        engine.unregister(DRAWN)
    outside = int((~spans["person_no"].drop_duplicates().isin(funnel["person_no"])).sum())
    return build_cohort(spec, funnel, attributes, outside)


def _roll_out(engine: Engine, spec: StudySpec, min_group: int, exact_rows: bool) -> Finding:
    people = _frame(engine, people_query(spec))
    read = Contents(people["person_no"].to_numpy(dtype=np.int64), np.zeros(len(people), np.uint64))
    made = _sites(engine, spec, people, exact_rows, read=read)
    effects = effects_of(made, spec)
    results = estimate_roll_out(made, spec, effects)
    headline = next(r for r in results if r.target.role == "headline")
    controls = tuple(_control(engine, spec, name, exact_rows) for name in spec.negative_controls)
    who = subgroup_roll_out(made, spec, effects)
    return Finding(
        spec=spec,
        population=f"people of each {effects.unit} as first seen, whether or not they took part",
        flow=made.flow,
        estimates=(*results, *who.results),
        diagnostics=(
            *groups_compared(headline, min_group),
            *diagnose_roll_out(made, spec, effects, results, controls),
        ),
        interactions=who.interactions,
        rests_on=tuple(with_contents(of_sites(spec, people), read)),
    )


def _sites(
    engine: Engine, spec: StudySpec, people: pd.DataFrame, exact_rows: bool, size: float = 1.0,
    *, read: Contents | None = None,
) -> RollOut:  # fmt: skip
    """The people of a roll-out with their results, in units of ``size``; ``read`` is told of each
    what was.
    """
    query = rows_query(spec)

    def rows() -> Iterator[Rows]:
        if read is not None:
            read.number[:] = 0
        for batch in engine.batches(query.sql, query.params):
            person, month, value = (column.to_numpy() for column in batch.columns)
            if read is not None:
                read.add(person, pd.DataFrame({"month": month, "value": value}))
            yield person, month, value / size

    counts = _frame(engine, counts_query(spec))
    return build_roll_out(spec, people, counts, rows, exact_rows=exact_rows)


def _control(engine: Engine, spec: StudySpec, metric: str, exact_rows: bool) -> Result:
    """The headline of another metric, which mentoring cannot change, in standard deviations."""
    other = spec.model_copy(update={"outcome": Outcome(metric=metric)})
    spread = float(_frame(engine, spread_query(other)).iloc[0]["spread"])
    people, size = _frame(engine, people_query(other)), spread if spread > 0 else 1.0
    return control_of(_sites(engine, other, people, exact_rows, size), other)


def latest_delivery(engine: Engine) -> str:
    """The day of the latest delivery that was read, ISO; empty where none was accepted."""
    sql = "select max(delivered_on) from landed.deliveries where outcome = 'accepted'"
    ((day,),) = engine.rows(sql)
    return day.isoformat() if day else ""


def _frame(engine: Engine, query: Query) -> pd.DataFrame:
    return engine.frame(query.sql, query.params)


def _refuse_unsupported(spec: StudySpec) -> None:
    """A key that would be read and then ignored is refused: nothing is dropped silently."""
    if spec.design == "descriptive":
        raise SpecError(
            "design",
            f"{spec.design} has no estimator in this version",
            "`randomised`, `opt_in` and `rollout` are answered; move the file out of studies/.",
        )
    refuse_completion(spec)
    refuse_unused(spec)


def _require_metric(engine: Engine, spec: StudySpec) -> None:
    if spec.outcome.kind == "promotion":  # read from the levels of jobs
        return
    if spec.outcome.kind == "scale":
        check_linked(spec, _frame(engine, waves_query()))
        return
    rows = engine.rows("select distinct metric from marts.performance order by metric")
    known = [str(metric) for (metric,) in rows]
    named = [("outcome.metric", spec.outcome.metric)]
    if spec.outcome.objective:
        named.append(("outcome.objective.metric", spec.outcome.objective.metric))
    if spec.design == "rollout":  # sites are compared over time, so controls are metrics too
        named += [("negative_controls", metric) for metric in spec.negative_controls]
    for key, metric in named:
        if metric not in known:
            raise SpecError(
                key,
                f"there are no results of the metric {metric}",
                f"Metrics delivered: {', '.join(known) or 'none'}.",
            )
