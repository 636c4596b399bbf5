"""SQL of a programme's funnel as it was known at a study's date; the shell runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.study import StudySpec

# What is known of everybody at time zero; any other name is an attribute of people.
JOB_COLUMNS = ("department", "level", "site", "manager_no")
BASE_COLUMNS = (*JOB_COLUMNS, "tenure_months", "stratum")
FIGURES = ("performance.", "survey.")  # figures of people by month, for studies of exits
DOSE_COLUMNS = ("meetings", "hours")  # made from meetings
DRAWN = "drawn_starts"  # a table (person_no, time_zero) that the shell provides
INFORMAL_ITEM = "informal_mentor"  # the survey item that asks; an answer of 1 or more means yes

# People without a start date are looked at on the first day that the programme knows of them, so
# that everybody can be told to be in the population or not.
_FUNNEL = """
with recorded as (
    select person_no, {time_zero} as time_zero, eligible_on, invited_on, applied_on, assigned_on,
        arm, stratum, matched_on, closed_on, took_up
    from marts.programme_funnel
    where programme = ? and known_from <= ? and known_to > ?
),
started as (
    {started}
),
funnel as (
    select *, coalesce(
        time_zero, invited_on, eligible_on, applied_on, assigned_on, matched_on
    ) as seen_on
    from started
),
spells as (
    select person_no, hired_on, exited_on, notice_on
    from marts.employment
    where known_from <= ? and known_to > ?
),
spell_then as (
    select f.person_no, max(s.hired_on) as hired_on, max(s.exited_on) as exited_on,
        max(s.notice_on) as notice_on
    from funnel as f
    inner join spells as s
        on f.person_no = s.person_no
        and s.hired_on <= f.seen_on
        and (s.exited_on is null or s.exited_on >= f.seen_on)
    group by f.person_no
),
met as (
    select f.person_no,
        min(s.held_on) filter (where s.programme = ?) as met_on,
        min(s.held_on) as met_anybody_on
    from funnel as f
    inner join staging.session as s
        on f.person_no = s.person_no
        and s.held_on >= f.time_zero
        and coalesce(s.status, 'confirmed') <> 'scheduled'
        and s.known_from <= ? and s.known_to > ?
    group by f.person_no
),
informal as (
    select f.person_no, min(greatest(m.matched_on, f.time_zero)) as informal_on
    from funnel as f
    inner join staging.match as m
        on f.person_no = m.mentee_no
        and m.kind = 'informal'
        and (m.ended_on is null or m.ended_on >= f.time_zero)
        and m.known_from <= ? and m.known_to > ?
    group by f.person_no
),
asked as (
    select f.person_no, min(r.answered_on) as asked_on,
        min(r.answered_on) filter (where r.value >= 1) as said_informal_on
    from funnel as f
    inner join marts.survey_responses as r
        on f.person_no = r.person_no
        and r.item = ? and r.value is not null
        and r.answered_on >= f.time_zero
        and r.known_from <= ? and r.known_to > ?
    group by f.person_no
),
job_then as (
    select f.person_no, max(j.department) as department, max(j.level) as level,
        max(j.site) as site, max(j.manager_no) as manager_no
    from funnel as f
    inner join marts.job_history as j
        on f.person_no = j.person_no
        and j.valid_from <= f.seen_on and j.valid_to > f.seen_on
        and j.known_from <= ? and j.known_to > ?
    group by f.person_no
)
select f.*, m.met_on, m.met_anybody_on, i.informal_on, a.asked_on, a.said_informal_on,
    s.hired_on, s.exited_on, s.notice_on, j.department, j.level, j.site, j.manager_no,
    (select count(*) from spells) as spells_known
from funnel as f
left join spell_then as s on f.person_no = s.person_no
left join met as m on f.person_no = m.person_no
left join informal as i on f.person_no = i.person_no
left join asked as a on f.person_no = a.person_no
left join job_then as j on f.person_no = j.person_no
order by f.person_no
"""
_AS_RECORDED = "select * from recorded"
_WITH_DRAWN = """
    select coalesce(r.person_no, d.person_no) as person_no,
        coalesce(r.time_zero, cast(d.time_zero as date)) as time_zero,
        r.eligible_on, r.invited_on, r.applied_on, r.assigned_on, r.arm, r.stratum, r.matched_on,
        r.closed_on, r.took_up
    from recorded as r
    full join {drawn} as d on r.person_no = d.person_no
"""

# Spans in which somebody without a start date held one job and had not come to the programme.
_SPANS = """
with recorded as (
    select person_no, {time_zero} as time_zero, least(applied_on, matched_on) as came_on
    from marts.programme_funnel
    where programme = ? and known_from <= ? and known_to > ?
)
select s.person_no, s.hired_on, j.department, j.level, j.site, j.manager_no,
    greatest(s.hired_on, j.valid_from) as first_on,
    least(s.exited_on, j.valid_to - interval 1 day, r.came_on - interval 1 day, ?) as last_on
from marts.employment as s
left join recorded as r on s.person_no = r.person_no
left join marts.job_history as j
    on s.person_no = j.person_no
    and (s.exited_on is null or j.valid_from <= s.exited_on)
    and j.valid_to > s.hired_on
    and j.known_from <= ? and j.known_to > ?
where s.known_from <= ? and s.known_to > ? and r.time_zero is null
order by s.person_no, first_on
"""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL text with its bound values, in order."""

    sql: str
    params: tuple[object, ...]


def funnel_query(spec: StudySpec, *, drawn: bool = False) -> Query:
    """SQL for one row a person of the programme's funnel, with the job held at time zero.

    ``drawn``: start dates of the table ``DRAWN`` stand where the programme has none.
    """
    known = (spec.as_of, spec.as_of)
    started = _WITH_DRAWN.replace("{drawn}", DRAWN) if drawn else _AS_RECORDED
    # time_zero is one of four literals, checked by StudySpec, so it may enter the text.
    sql = _FUNNEL.replace("{started}", started).replace("{time_zero}", spec.time_zero)
    asked = (INFORMAL_ITEM, *known)
    return Query(
        sql, (spec.programme, *known, *known, spec.programme, *known, *known, *asked, *known)
    )


def spans_query(spec: StudySpec) -> Query:
    """SQL for (person_no, hired_on, job, first_on, last_on) of people without a start date."""
    known = (spec.as_of, spec.as_of)
    sql = _SPANS.replace("{time_zero}", spec.time_zero)
    return Query(sql, (spec.programme, *known, spec.as_of, *known, *known))


def roster_query(spec: StudySpec) -> Query:
    """SQL for the number of people whose arm or day of assignment a later delivery changed."""
    sql = """
select count(*) as people from (
    select person_no
    from marts.programme_funnel
    where programme = ? and known_from <= ? and arm is not null
    group by person_no
    having count(distinct arm) > 1 or count(distinct assigned_on) > 1
)
"""
    return Query(sql, (spec.programme, spec.as_of))


def drawn_query(spec: StudySpec) -> Query:
    """SQL for (draws, drawn, recorded): everybody in the study's draws or with a recorded arm.

    Somebody drawn whom no delivery knows is a row of their own, without a recorded arm.
    """
    places = ", ".join("?" for _ in spec.allocation.lottery)
    sql = f"""
with lots as (
    select person_no, arm from staging.lottery_draw where lottery in ({places})
),
drawn as (
    select person_no, count(*) as draws, min(arm) as arm
    from lots where person_no is not null group by person_no
    union all
    select null as person_no, 1 as draws, arm from lots where person_no is null
),
recorded as (
    select person_no, arm
    from marts.programme_funnel
    where programme = ? and known_from <= ? and known_to > ? and arm is not null
)
select coalesce(d.draws, 0) as draws, d.arm as drawn, r.arm as recorded
from drawn as d
full join recorded as r on d.person_no = r.person_no
"""
    return Query(sql, (*spec.allocation.lottery, spec.programme, spec.as_of, spec.as_of))


def attributes_query(spec: StudySpec) -> Query:
    """SQL for (person_no, attribute, value, known_from, known_to) of versions known at its date."""
    names = attribute_names(spec)
    places = ", ".join("?" for _ in names) or "null"
    sql = f"""
select person_no, attribute, value, known_from,
    cast(least(known_to, date '2200-01-01') as date) as known_to
from marts.person_attributes
where attribute in ({places}) and known_from <= ?
order by person_no, attribute, known_from
"""
    return Query(sql, (*names, spec.as_of))


def attribute_names(spec: StudySpec) -> tuple[str, ...]:
    """Names the study uses that are neither job columns nor made by the panel, sorted.

    Where the panel makes a column for one key (meetings, say, for a dose), only there.
    """
    adjusted = {*spec.adjust_for, *(n for s in spec.specifications for n in s.adjust_for)}
    if spec.outcome.kind == "exit":
        adjusted = {name for name in adjusted if not name.startswith(FIGURES)}
    made = adjusted - {"pre_period_outcome"} | {*spec.dose} - {*DOSE_COLUMNS}
    cluster = {spec.cluster} - {"person"}
    made |= {s.name for s in spec.subgroups} - {"pre_period_outcome"}
    return tuple(
        sorted(
            {*spec.population, *spec.allocation.strata, *made, *cluster, *spec.negative_controls}
            - {*BASE_COLUMNS}
        )
    )
