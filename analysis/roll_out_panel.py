"""The panel of a roll-out: SQL text out, moments of people by site, start and month in.

A site (or whatever the study's ``cluster`` names) starts with the earliest time zero of its people
in the programme; sites without any never start. People belong to the site where they are first
seen, for good: whoever moves does not change sides. The population is read month by month: a
month counts while the person satisfies it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.compress import NEVER, Moments, People, fold
from analysis.errors import SpecError
from analysis.finding import ArmCount, Flow, Step
from analysis.funnel import JOB_COLUMNS, Query
from analysis.study import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.compress import Rows
    from analysis.study import StudySpec

    # (person, month number, value) of consecutive rows, sorted by person
    Batches = Callable[[], Iterable[Rows]]

HISTORY_MONTHS = 12  # months before the first start that are looked at
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
)
select homes.*, starts.start_month
from homes left join starts on homes.{unit} = starts.unit
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """The moments of a roll-out study, rows of covariates by cell (None without), and its flow.

    Periods and cohorts are months counted from year 0.
    """

    moments: Moments
    covariates: NDArray[np.float64] | None
    covariate_names: tuple[str, ...]
    starts: tuple[int, ...]
    flow: Flow


def people_query(spec: StudySpec) -> Query:
    """SQL for one row a person: where first seen, its covariates then, the start of that site."""
    columns = (spec.cluster, *(c for c in spec.adjust_for if c != spec.cluster))
    homes = ", ".join(f"arg_min({c}, month_no) as {c}" for c in columns)
    return _query(spec, _PEOPLE.replace("{homes}", homes))


def rows_query(spec: StudySpec) -> Query:
    """SQL for (person from 0, month number, value), sorted by both."""
    return _query(spec, _ROWS)


def counts_query(spec: StudySpec) -> Query:
    """SQL for the people measured, of those employed and placed, of those in the population."""
    return _query(spec, _COUNTS)


def _query(spec: StudySpec, tail: str) -> Query:
    for key, names in (
        ("cluster", (spec.cluster,)),
        ("adjust_for", spec.adjust_for),
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
        ("month", _MONTH.format("month")),
        ("history", str(HISTORY_MONTHS)),
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


def build_roll_out(
    spec: StudySpec, people: pd.DataFrame, counts: pd.DataFrame, read: Batches
) -> RollOut:
    """The moments of a roll-out; raises SpecError where nobody starts or nobody is measured.

    ``people`` and ``counts`` are what the queries return; ``read`` gives batches of the rows.
    """
    starts = people["start_month"].dropna()
    if people.empty or starts.empty:
        raise SpecError(
            "programme",
            f"no {spec.cluster} with results starts this programme",
            f"Check programme, population and that enrolments hold {spec.time_zero}.",
        )
    first = int(starts.min()) - HISTORY_MONTHS
    last = spec.as_of.year * 12 + spec.as_of.month - 1
    cell, covariates, names = _cells(spec, people)
    moments = fold(
        lambda: ((p, m - first, _outcome(spec, v)) for p, m, v in read()),
        People(
            cohort=people["start_month"].fillna(NEVER).to_numpy(dtype=np.int64),
            cell=cell,
            cluster=np.unique(people[spec.cluster].astype(str), return_inverse=True)[1],
        ),
        np.arange(first, last + 1),
    )
    return RollOut(
        moments=moments,
        covariates=covariates,
        covariate_names=names,
        starts=tuple(int(s) for s in np.unique(starts)),
        flow=_flow(spec, people, counts),
    )


def _outcome(spec: StudySpec, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if spec.outcome.transform != "log":
        return values
    if (values <= 0).any():
        raise SpecError(
            "outcome.transform",
            "log of a value of 0 or less",
            "Use `transform: none`, or another metric.",
        )
    return np.log(values)


def _cells(
    spec: StudySpec, people: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None, tuple[str, ...]]:
    """Each person's cell of covariates, and a row of 0/1 columns a cell (a constant first)."""
    if not spec.adjust_for:
        return np.zeros(len(people), dtype=np.int64), None, ()
    text = people[list(spec.adjust_for)].astype("string").fillna("not recorded")
    rows, cell = np.unique(text.to_numpy(dtype=str), axis=0, return_inverse=True)
    columns, names = [np.ones(len(rows))], []
    for j, name in enumerate(spec.adjust_for):
        for level in np.unique(rows[:, j])[1:]:
            columns.append((rows[:, j] == level) * 1.0)
            names.append(f"{name}={level}")
    return cell.reshape(-1), np.column_stack(columns), tuple(names)


def _flow(spec: StudySpec, people: pd.DataFrame, counts: pd.DataFrame) -> Flow:
    row, unit = counts.iloc[0], spec.cluster.removesuffix("_no")
    measured, employed, kept = (int(row[c]) for c in ("measured", "employed", "kept"))
    started = int(people["start_month"].notna().sum())
    label = f"at a {unit} that starts" if unit != "manager" else "with a manager who starts"
    return Flow(
        steps=(
            Step(label=f"with {spec.outcome.metric.replace('_', ' ')}", people=measured),
            Step(label="employed and placed", people=employed, left_out="not employed or no job"),
            Step(label="in the population", people=kept, left_out="outside it in every month"),
        ),
        arms=(
            ArmCount(arm=spec.arms.treated[0], label=label, people=started),
            ArmCount(arm=spec.arms.comparison, label="never starts", people=kept - started),
        ),
    )
