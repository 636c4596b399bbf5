"""SQL of a plan: what the records hold, and who was employed on a day, as known at its date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.funnel import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.study import StudySpec

_SPELLS = """
select s.person_no, s.hired_on, s.exited_on, s.notice_on, s.exit_kind,
    j.department, j.level, j.site, j.manager_no
from marts.employment as s
left join marts.job_history as j
    on s.person_no = j.person_no
    and j.valid_from <= ? and j.valid_to > ? and j.known_from <= ? and j.known_to > ?
where s.hired_on <= ? and (s.exited_on is null or s.exited_on >= ?)
    and s.known_from <= ? and s.known_to > ?
order by s.person_no, s.hired_on
"""
_WITHOUT_SPELLS = """
select distinct person_no, cast(null as date) as hired_on, cast(null as date) as exited_on,
    cast(null as date) as notice_on, cast(null as varchar) as exit_kind,
    cast(null as varchar) as department, cast(null as varchar) as level,
    cast(null as varchar) as site, cast(null as integer) as manager_no
from marts.employees
where not exists (select 1 from marts.employment)
order by person_no
"""
_SPAN = """
select
    (select min(valid.first_hired_on) from marts.employees as valid) as first_month,
    (select max(delivered_on) from staging.employment_delivery where delivered_on <= ?) as told_on,
    (select min(least(assigned_on, matched_on, eligible_on, applied_on))
     from marts.programme_funnel
     where programme = ? and known_from <= ? and known_to > ?) as begun_on
"""


@dataclass(frozen=True, slots=True)
class Span:
    """When the first person was hired, employment was last told, and the programme began."""

    first_month: pd.Timestamp | None
    told_on: pd.Timestamp | None
    begun_on: pd.Timestamp | None


def read_span(spec: StudySpec, read: Callable[[Query], pd.DataFrame]) -> Span:
    """What the records hold of employment and of the programme."""
    row = read(Query(_SPAN, (spec.as_of, spec.programme, spec.as_of, spec.as_of))).iloc[0]
    first, told, begun = (
        None if pd.isna(row[name]) else pd.Timestamp(row[name])
        for name in ("first_month", "told_on", "begun_on")
    )
    return Span(first, told, begun)


def spells_at_query(spec: StudySpec, day: pd.Timestamp) -> Query:
    """SQL for people employed on a day, with job, exit, notice and kind of exit."""
    date, known = day.date(), (spec.as_of, spec.as_of)
    return Query(_SPELLS, (date, date, *known, date, date, *known))


def everybody_query() -> Query:
    """SQL for the same columns, empty, of everybody; no rows where employment is on record."""
    return Query(_WITHOUT_SPELLS, ())
