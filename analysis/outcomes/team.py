"""The KPI of a team: the mean of who had the person's manager at time zero, or output per seat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.wording import per_cent, share_text
from analysis.funnel import Query

if TYPE_CHECKING:
    from analysis.diagnostics.thresholds import Thresholds
    from analysis.panel import Panel
    from analysis.study import StudySpec

SMALLEST_TEAM = 2  # one person is no team

_SQL = """
with funnel as (
    select person_no, {time_zero} as time_zero
    from marts.programme_funnel
    where programme = ? and known_from <= ? and known_to > ? and {time_zero} is not null
),
jobs as (
    select person_no, manager_no, valid_from, valid_to
    from marts.job_history
    where manager_no is not null and known_from <= ? and known_to > ?
),
spells as (
    select person_no, hired_on, exited_on
    from marts.employment
    where known_from <= ? and known_to > ?
),
own as (
    select f.person_no, f.time_zero, max(j.manager_no) as manager_no
    from funnel as f
    inner join jobs as j
        on f.person_no = j.person_no and j.valid_from <= f.time_zero and j.valid_to > f.time_zero
    group by f.person_no, f.time_zero
),
teams as (
    select distinct manager_no, time_zero from own
),
members as (
    select distinct t.manager_no, t.time_zero, j.person_no as member_no
    from teams as t
    inner join jobs as j
        on t.manager_no = j.manager_no and j.valid_from <= t.time_zero and j.valid_to > t.time_zero
    left join spells as s on j.person_no = s.person_no
    where s.person_no is null
        or (s.hired_on <= t.time_zero and (s.exited_on is null or s.exited_on >= t.time_zero))
),
results as (
    select person_no, month, value
    from marts.performance
    where metric = ? and known_from <= ? and known_to > ?
),
"""

_MEAN = """
by_month as (
    select m.manager_no, m.time_zero, r.month, avg(r.value order by m.member_no) as value
    from members as m
    inner join results as r on m.member_no = r.person_no
    where (m.manager_no, m.time_zero) in (
        select (manager_no, time_zero) from members group by manager_no, time_zero
        having count(*) >= ?
    )
    group by m.manager_no, m.time_zero, r.month
)
select o.person_no, b.month, b.value
from own as o
inner join by_month as b on o.manager_no = b.manager_no and o.time_zero = b.time_zero
order by o.person_no, b.month
"""

# From time zero on a seat stands empty from the month after its holder left, until somebody hired
# since reports to the same manager. Whoever fills seats is measured; who is not (on leave, say)
# is taken to produce as much as the others who are there.
_PER_SEAT = """
seats as (
    select manager_no, time_zero, count(*) as seats from members
    group by manager_no, time_zero having count(*) >= ?
),
months as (
    select distinct month from results
),
there as (
    select m.manager_no, m.time_zero, h.month, m.member_no as person_no
    from members as m
    inner join months as h on h.month < date_trunc('month', m.time_zero)
    union
    select m.manager_no, m.time_zero, h.month, m.member_no as person_no
    from members as m
    inner join months as h on h.month >= date_trunc('month', m.time_zero)
    left join spells as s on m.member_no = s.person_no
    where s.person_no is null
        or (
            s.hired_on < h.month + interval 1 month
            and (s.exited_on is null or s.exited_on >= h.month)
        )
    union
    select t.manager_no, t.time_zero, h.month, j.person_no
    from teams as t
    inner join months as h on h.month >= date_trunc('month', t.time_zero)
    inner join jobs as j
        on t.manager_no = j.manager_no
        and j.valid_from < h.month + interval 1 month and j.valid_to > h.month
    inner join spells as s
        on j.person_no = s.person_no and s.hired_on > t.time_zero
        and s.hired_on < h.month + interval 1 month
        and (s.exited_on is null or s.exited_on >= h.month)
),
measured as (
    select t.manager_no, t.time_zero, t.month, count(*) as people,
        avg(r.value order by t.person_no) as value
    from there as t
    left join results as r on t.person_no = r.person_no and t.month = r.month
    group by t.manager_no, t.time_zero, t.month
),
by_month as (
    select s.manager_no, s.time_zero, h.month,
        case
            when h.month < date_trunc('month', s.time_zero) then m.value
            when m.people is null then 0.0
            else m.value * least(m.people, s.seats) / s.seats
        end as value
    from seats as s
    cross join months as h
    left join measured as m
        on s.manager_no = m.manager_no and s.time_zero = m.time_zero and h.month = m.month
)
select o.person_no, b.month, b.value
from own as o
inner join by_month as b on o.manager_no = b.manager_no and o.time_zero = b.time_zero
where b.value is not null
order by o.person_no, b.month
"""


def team_query(spec: StudySpec) -> Query:
    """SQL for (person_no, month, value), the mean of the person's team in that month.

    The team is everybody employed who had the same manager on the person's day of time zero,
    fixed then; it counts while any member has a result. Teams of one have none. With
    ``after_exit: zero`` it is the output per seat of time zero, vacant ones included.
    """
    known = (spec.as_of, spec.as_of)
    # time_zero is one of four literals, checked by StudySpec, so it may enter the text.
    per_seat = spec.outcome.after_exit == "zero"
    sql = (_SQL + (_PER_SEAT if per_seat else _MEAN)).replace("{time_zero}", spec.time_zero)
    return Query(
        sql,
        (spec.programme, *known, *known, *known, spec.outcome.metric, *known, SMALLEST_TEAM),
    )


def mentored_mates(panel: Panel, limits: Thresholds) -> Diagnostic:
    """Share of comparators in a team with somebody of a treated arm: one outcome, two arms."""
    people = panel.people
    treated = people.loc[people["arm"] != panel.comparison, "cluster"].unique()
    others = people[people["arm"] == panel.comparison]
    shared = int(others["cluster"].isin(treated).sum())
    share = shared / len(others) if len(others) else 0.0
    status: Status = "pass"
    if share > limits.contamination_warn:
        status = "fail" if share > limits.contamination_fail else "warn"
    return Diagnostic(
        name="mentored_mates",
        label=f"People of {panel.comparison} in a team with somebody of another arm",
        value=share,
        display=share_text(share),
        threshold=f"warn above {per_cent(limits.contamination_warn)} %, "
        f"fail above {per_cent(limits.contamination_fail)} %",
        status=status,
        remedy=""
        if status == "pass"
        else "Both arms share the outcome of such a team. Draw whole teams, or study people.",
        n_smallest=len(others),
        shares=(Share("", shared, len(others)),),
    )
