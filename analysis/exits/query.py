"""SQL of a study of exits: spells, starts, jobs and figures, as known at the study's date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.funnel import Query

if TYPE_CHECKING:
    from analysis.study import StudySpec

_MONTH = "cast(12 * extract('year' from {0}) + extract('month' from {0}) - 1 as integer)"

# ``exit_known_on``: the delivery since which an exit has been on record without a break.
_SPELLS = """
with versions as (
    select person_no, spell_no, hired_on, exited_on, exit_kind, notice_on, exit_inferred,
        known_from, known_to
    from marts.employment
    where known_from <= ?
),
learnt as (
    select person_no, spell_no,
        coalesce(
            max(known_to) filter (where exited_on is null and known_to <= ?), min(known_from)
        ) as exit_known_on
    from versions
    group by person_no, spell_no
)
select versions.person_no, versions.hired_on, versions.exited_on, versions.exit_kind,
    versions.notice_on, versions.exit_inferred, learnt.exit_known_on
from versions
inner join learnt
    on versions.person_no = learnt.person_no and versions.spell_no = learnt.spell_no
where versions.known_to > ?
order by versions.person_no, versions.hired_on, versions.spell_no
"""


def spells_query(spec: StudySpec) -> Query:
    """SQL for one row an employment spell, with the delivery that first told of its exit."""
    return Query(_SPELLS, (spec.as_of, spec.as_of, spec.as_of))


def deliveries_query(spec: StudySpec) -> Query:
    """SQL for the dates of the deliveries that say who was employed."""
    sql = """
select delivered_on from staging.employment_delivery
where delivered_on <= ?
order by delivered_on
"""
    return Query(sql, (spec.as_of,))


def starts_query(spec: StudySpec) -> Query:
    """SQL for (person_no, time_zero, started_on): people whom the programme knows.

    The day of starting is that of the study's trials; a roll-out's sites start at time zero.
    """
    start = spec.time_zero if spec.design == "rollout" else spec.trials.start
    # Both are literals checked by StudySpec, so they may enter the text.
    sql = f"""
select person_no, {spec.time_zero} as time_zero, {start} as started_on
from marts.programme_funnel
where programme = ? and known_from <= ? and known_to > ?
order by person_no
"""
    return Query(sql, (spec.programme, spec.as_of, spec.as_of))


def jobs_query(spec: StudySpec) -> Query:
    """SQL for who held which job when."""
    sql = """
select person_no, department, level, site, manager_no, valid_from, valid_to
from marts.job_history
where known_from <= ? and known_to > ?
order by person_no, valid_from
"""
    return Query(sql, (spec.as_of, spec.as_of))


def figures_query(spec: StudySpec, metric: str, first_month: int) -> Query:
    """SQL for (person_no, month_no, value) of a metric; months are 12 * year + month - 1."""
    month = _MONTH.format("month")
    sql = f"""
select person_no, {month} as month_no, value
from marts.performance
where metric = ? and known_from <= ? and known_to > ? and {month} >= ? and month <= ?
"""
    return Query(sql, (metric, spec.as_of, spec.as_of, first_month, spec.as_of))


def answers_query(spec: StudySpec, item: str) -> Query:
    """SQL for (person_no, month_no, value) of the answers to one item of the surveys."""
    month = _MONTH.format("answered_on")
    sql = f"""
select person_no, {month} as month_no, value
from marts.survey_responses
where item = ? and known_from <= ? and known_to > ? and value is not null
    and answered_on <= ?
order by person_no, answered_on, wave
"""
    return Query(sql, (item, spec.as_of, spec.as_of, spec.as_of))


def other_mentors_query(spec: StudySpec) -> Query:
    """SQL for (person_no, first_on, last_on) of informal mentors and those of other programmes."""
    sql = """
select mentee_no as person_no, matched_on as first_on, ended_on as last_on
from staging.match
where (kind = 'informal' or programme <> ?) and matched_on is not null
    and known_from <= ? and known_to > ?
order by person_no, first_on
"""
    return Query(sql, (spec.programme, spec.as_of, spec.as_of))
