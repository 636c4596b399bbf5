"""SQL of a roll-out: who is where and when, which sites start, and the results in long form.

A site (or whatever the study's ``cluster`` names) starts with the earliest time zero of its people
in the programme; sites without any never start. People belong to the site where they are first
seen, for good: whoever moves does not change sides. The population is read month by month: a
month counts while the person satisfies it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.errors import SpecError
from analysis.funnel import JOB_COLUMNS, Query
from analysis.study import Range

if TYPE_CHECKING:
    from analysis.study import StudySpec

HISTORY_MONTHS = 12  # months before the first start, and its anticipation, that are looked at
KNOWN = (*JOB_COLUMNS, "tenure_months")  # of everybody, in the month first seen
_MONTH = "(12 * extract('year' from {0}) + extract('month' from {0}) - 1)"

_PANEL = """
with funnel as (
    select person_no, {time_zero} as time_zero
    from marts.programme_funnel
    where programme = ? and known_from <= ? and known_to > ? and {time_zero} is not null
),
jobs as (
    select person_no, department, level, site, manager_no, valid_from, valid_to
    from marts.job_history
    where known_from <= ? and known_to > ?
),
starts as (
    select jobs.{unit} as unit, min({zero_month}) as start_month
    from funnel
    inner join jobs
        on funnel.person_no = jobs.person_no
        and jobs.valid_from <= funnel.time_zero and jobs.valid_to > funnel.time_zero
    group by jobs.{unit}
),
spells as (
    select person_no, hired_on, exited_on from marts.employment
    where known_from <= ? and known_to > ?
),
results as (
    select person_no, month, {month} as month_no, value
    from marts.performance
    where metric = ? and known_from <= ? and known_to > ?
        and {month} >= (select min(start_month) from starts) - {history}
        and month <= ?
),
employed as (
    select results.person_no, results.month, results.month_no, results.value,
        results.month_no - max({hire_month}) as tenure_months
    from results
    inner join spells
        on results.person_no = spells.person_no
        and spells.hired_on < results.month + interval 1 month
        and (spells.exited_on is null or spells.exited_on >= results.month)
    group by results.person_no, results.month, results.month_no, results.value
),
placed as (
    select employed.person_no, employed.month_no, employed.value, employed.tenure_months,
        jobs.department, jobs.level, jobs.site, jobs.manager_no
    from employed
    inner join jobs
        on employed.person_no = jobs.person_no
        and jobs.valid_from < employed.month + interval 1 month
        and jobs.valid_to >= employed.month + interval 1 month
),
kept as (
    select * from placed where {unit} is not null{population}
)
"""
_PEOPLE = """
, homes as (
    select person_no, {homes} from kept group by person_no
),
mentors as (
    select person_no,
        min({met_month}) filter (where {met_month} >= (select min(start_month) from starts))
            as mentored_month
    from marts.programme_funnel
    where known_from <= ? and known_to > ?
    group by person_no
),
attributes as (
    select person_no{attributes}
    from marts.person_attributes
    where known_from <= ? and known_to > ?
    group by person_no
)
select homes.*, starts.start_month, mentors.mentored_month, attributes.* exclude (person_no)
from homes
left join mentors on homes.person_no = mentors.person_no
left join starts on homes.{unit} = starts.unit
left join attributes on homes.person_no = attributes.person_no
order by homes.person_no
"""
_ROWS = """
select cast(dense_rank() over (order by person_no) - 1 as bigint) as person,
    cast(month_no as bigint) as month_no, cast(value as double) as value
from kept
order by person_no, month_no
"""
_COUNTS = """
select (select count(distinct person_no) from results) as measured,
    (select count(distinct person_no) from placed) as employed,
    (select count(distinct person_no) from kept) as kept
"""


def people_query(spec: StudySpec, back: int | None = None) -> Query:
    """SQL for one row a person: where first seen, its covariates then, the start of that site.

    ``back``: months before the first start that are looked at, as in the other queries.

    Attributes are columns ``attribute_0`` on, in the order of :func:`attributes_of`.
    ``mentored_month`` is that of the first mentor in any programme since the first site started.
    """
    grouped = (s.name for s in spec.subgroups)
    named = (spec.cluster, *spec.allocation.strata, *spec.adjust_for, *grouped)
    columns = [c for c in dict.fromkeys(named) if c in KNOWN]
    attributes = attributes_of(spec)
    texts = [
        f", max(value) filter (where attribute = ?) as attribute_{i}"
        for i in range(len(attributes))
    ]
    tail = _PEOPLE.replace(
        "{homes}", ", ".join(f"arg_min({c}, month_no) as {c}" for c in columns)
    ).replace("{attributes}", "".join(texts))
    query = _query(spec, tail, back)
    known = (spec.as_of, spec.as_of)
    return Query(query.sql, (*query.params, *known, *attributes, *known))


def attributes_of(spec: StudySpec) -> tuple[str, ...]:
    """Covariates and subgroups that are attributes of people, not of their jobs."""
    named = dict.fromkeys((*spec.adjust_for, *(s.name for s in spec.subgroups)))
    return tuple(name for name in named if name not in KNOWN)


def history(spec: StudySpec) -> int:
    """Months before the first start that are looked at."""
    return HISTORY_MONTHS + spec.rollout.anticipation


def spread_query(spec: StudySpec) -> Query:
    """SQL for the standard deviation of the outcome over everybody and every month."""
    sql = """
select stddev_samp(value) as spread from marts.performance
where metric = ? and known_from <= ? and known_to > ?
"""
    return Query(sql, (spec.outcome.metric, spec.as_of, spec.as_of))


def rows_query(spec: StudySpec, back: int | None = None) -> Query:
    """SQL for (person from 0, month number, value), sorted by both."""
    return _query(spec, _ROWS, back)


def counts_query(spec: StudySpec, back: int | None = None) -> Query:
    """SQL for the people measured, of those employed and placed, of those in the population."""
    return _query(spec, _COUNTS, back)


def _query(spec: StudySpec, tail: str, back: int | None = None) -> Query:
    for key, names in (
        ("cluster", (spec.cluster,)),
        ("allocation.strata", spec.allocation.strata),
        ("population", tuple(n for n in spec.population if n != "tenure_months")),
    ):
        unknown = [name for name in names if name not in JOB_COLUMNS]
        if unknown:
            raise SpecError(
                key,
                f"{', '.join(unknown)}: a roll-out cannot use it",
                f"Use what is known of everybody's job: {', '.join(JOB_COLUMNS)}"
                + ("; or tenure_months." if key == "population" else "."),
            )
    known = (spec.as_of, spec.as_of)
    population, values = _population(spec)
    sql = (_PANEL + tail).replace("{population}", population)
    for name, text in (
        ("unit", spec.cluster),
        ("time_zero", spec.time_zero),
        ("zero_month", _MONTH.format("time_zero")),
        ("hire_month", _MONTH.format("hired_on")),
        ("met_month", _MONTH.format("least(matched_on, first_met_on)")),
        ("month", _MONTH.format("month")),
        ("history", str(history(spec) if back is None else back)),
    ):
        sql = sql.replace("{" + name + "}", text)
    params = (spec.programme, *known, *known, *known, spec.outcome.metric, *known, spec.as_of)
    return Query(sql, (*params, *values))


def _population(spec: StudySpec) -> tuple[str, list[object]]:
    """Conditions a month must satisfy, names of columns checked before, values bound."""
    parts: list[str] = []
    values: list[object] = []
    for name, rule in spec.population.items():
        if isinstance(rule, Range):
            for sign, limit in ((">=", rule.min), ("<=", rule.max)):
                if math.isfinite(limit):
                    parts.append(f" and try_cast({name} as double) {sign} ?")
                    values.append(limit)
        else:
            parts.append(f" and cast({name} as varchar) in ({', '.join('?' for _ in rule)})")
            values += rule
    return "".join(parts), values
