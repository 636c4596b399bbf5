"""The target trial of a study: who is eligible, when time begins, which arm, who is left out.

SQL text goes out (the shell runs it over the marts), frames come in. Everything is read as it
was known at the study's date.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.errors import SpecError
from analysis.finding import ArmCount, Flow, Step
from analysis.study import Range

if TYPE_CHECKING:
    from analysis.study import StudySpec

# What is known of everybody at time zero; any other name is an attribute of people.
JOB_COLUMNS = ("department", "level", "site", "manager_no")
BASE_COLUMNS = (*JOB_COLUMNS, "tenure_months", "stratum")
DOSE_COLUMNS = ("meetings", "hours")  # made from meetings
CHOICE_MONTHS = 1  # an application this many months after time zero is an answer to the offer
_FUNNEL_DATES = (("invited_on", "invited"), ("applied_on", "applied"))


_FUNNEL = """
with funnel as (
    select person_no, {time_zero} as time_zero, invited_on, applied_on, assigned_on, arm, stratum,
        matched_on, took_up
    from marts.programme_funnel
    where programme = ? and known_from <= ? and known_to > ?
),
spells as (
    select person_no, hired_on, exited_on
    from marts.employment
    where known_from <= ? and known_to > ?
),
spell_at_zero as (
    select f.person_no, max(s.hired_on) as hired_on, max(s.exited_on) as exited_on
    from funnel as f
    inner join spells as s
        on f.person_no = s.person_no
        and s.hired_on <= f.time_zero
        and (s.exited_on is null or s.exited_on >= f.time_zero)
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
job_at_zero as (
    select f.person_no, max(j.department) as department, max(j.level) as level,
        max(j.site) as site, max(j.manager_no) as manager_no
    from funnel as f
    inner join marts.job_history as j
        on f.person_no = j.person_no
        and j.valid_from <= f.time_zero and j.valid_to > f.time_zero
        and j.known_from <= ? and j.known_to > ?
    group by f.person_no
)
select f.*, m.met_on, m.met_anybody_on, s.hired_on, s.exited_on,
    j.department, j.level, j.site, j.manager_no,
    (select count(*) from spells) as spells_known
from funnel as f
left join spell_at_zero as s on f.person_no = s.person_no
left join met as m on f.person_no = m.person_no
left join job_at_zero as j on f.person_no = j.person_no
order by f.person_no
"""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL text with its bound values, in order."""

    sql: str
    params: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """People of a study at time zero, and the attrition table that led to them.

    ``people``: one row a person, sorted by person_no: person_no, time_zero (date), arm,
    stratum, department, level, site, manager_no, tenure_months, exited_on, take_up (0/1/nan),
    mentored (0/1: met a mentor of any programme), and one text column for each attribute the
    study names.
    """

    people: pd.DataFrame
    steps: tuple[Step, ...]


def attribute_names(spec: StudySpec) -> tuple[str, ...]:
    """Names the study uses that are neither job columns nor made by the panel, sorted."""
    used = {*spec.population, *spec.adjust_for, *spec.allocation.strata, spec.cluster, *spec.dose}
    for further in spec.specifications:
        used.update(further.adjust_for)
    return tuple(sorted(used - {*BASE_COLUMNS, *DOSE_COLUMNS, "pre_period_outcome", "person"}))


def funnel_query(spec: StudySpec) -> Query:
    """SQL for one row a person of the programme's funnel, with the job held at time zero."""
    known = (spec.as_of, spec.as_of)
    # time_zero is one of three literals, checked by StudySpec, so it may enter the text.
    sql = _FUNNEL.replace("{time_zero}", spec.time_zero)
    return Query(sql, (spec.programme, *known, *known, spec.programme, *known, *known))


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


def attributes_query(spec: StudySpec) -> Query:
    """SQL for (person_no, attribute, value) of the attributes the study names."""
    names = attribute_names(spec)
    places = ", ".join("?" for _ in names) or "null"
    sql = f"""
select person_no, attribute, value
from marts.person_attributes
where attribute in ({places}) and known_from <= ? and known_to > ?
order by person_no, attribute
"""
    return Query(sql, (*names, spec.as_of, spec.as_of))


def build_cohort(spec: StudySpec, funnel: pd.DataFrame, attributes: pd.DataFrame) -> Cohort:
    """The cohort with its attrition table; raises SpecError where the study names the unknown.

    ``funnel`` and ``attributes`` are what the two queries return.
    """
    if funnel.empty:
        raise SpecError(
            "programme",
            "nobody is recorded in this programme as known at the study's date",
            "Check the programme's id and as_of, and that enrolments were delivered before it.",
        )
    people = _with_attributes(spec, funnel, attributes)
    people["tenure_months"] = months_since(people["hired_on"], people["time_zero"])
    people["take_up"] = _take_up(spec, people)
    people["mentored"] = _within(spec, people, "met_anybody_on")
    steps = [Step(label="recorded in the programme", people=len(people))]
    for column, word in _FUNNEL_DATES:
        if (column, spec.design) == ("applied_on", "opt_in"):
            people["arm"] = _by_choice(people)  # who did not apply is the comparison
        elif people[column].notna().any():
            people = _keep(steps, people, people[column].notna(), word, f"not {word}")
    for name, rule in spec.population.items():
        label = f"{name.replace('_', ' ')} {_rule_words(rule)}"
        people = _keep(steps, people, _matches(people[name], rule), label, "others")
    started = people["time_zero"].notna()
    people = _keep(steps, people, started, "with a start date", "without a start date")
    if (people["spells_known"] > 0).any():  # a study without HR data has no spells to look at
        employed = people["hired_on"].notna()
        people = _keep(steps, people, employed, "employed at the start", "not employed then")
    people = _drawn(spec, people)
    last = "chose" if spec.design == "opt_in" else "entered the draw"
    steps.append(Step(label=last, people=len(people), left_out="in no study arm"))
    return Cohort(people=people.reset_index(drop=True), steps=tuple(steps))


def _by_choice(people: pd.DataFrame) -> pd.Series[str]:
    """The arm recorded, else what the person chose when it could be chosen.

    ``joined``: applied by the end of the month after time zero, whatever came of it, so that
    nobody must stay to be counted; ``joined_later``; ``never_applied``.
    """
    months = months_since(people["time_zero"], people["applied_on"])
    chosen = pd.Series("never_applied", index=people.index)
    chosen[months.notna()] = "joined_later"
    chosen[months.between(0, CHOICE_MONTHS)] = "joined"
    return people["arm"].fillna(chosen)


def _drawn(spec: StudySpec, people: pd.DataFrame) -> pd.DataFrame:
    """Those in an arm of the study; an arm that nobody is in was misspelled."""
    arms = [*spec.arms.treated, spec.arms.comparison]
    found = sorted(people["arm"].dropna().unique())
    unknown = [arm for arm in arms if arm not in found]
    if unknown:
        raise SpecError(
            "arms",
            f"{', '.join(unknown)}: no such arm in this population",
            f"Arms found: {', '.join(found) or 'none'}.",
        )
    return people[people["arm"].isin(arms)]


def flow(spec: StudySpec, cohort: Cohort, answered: pd.Series[int]) -> Flow:
    """The attrition table of the report: the steps, then each arm from the draw to the answer.

    ``answered`` holds the person_no of those with an outcome in the primary window.
    """
    counts: list[ArmCount] = []
    for arm in (*spec.arms.treated, spec.arms.comparison):
        group = cohort.people[cohort.people["arm"] == arm]
        label = "in the group" if spec.design == "opt_in" else "drawn"
        counts.append(ArmCount(arm=arm, label=label, people=len(group)))
        if spec.take_up and group["take_up"].notna().any():
            took = int((group["take_up"] == 1).sum())
            counts.append(ArmCount(arm=arm, label=_TAKE_UP_LABEL[spec.take_up], people=took))
        seen = int(group["person_no"].isin(answered).sum())
        counts.append(ArmCount(arm=arm, label="with an outcome, in the answer", people=seen))
    return Flow(steps=cohort.steps, arms=tuple(counts))


_TAKE_UP_LABEL = {
    "met_mentor_once": "met a mentor at least once",
    "matched": "matched with a mentor",
    "recorded": "took part, as recorded",
}


def _with_attributes(
    spec: StudySpec, funnel: pd.DataFrame, attributes: pd.DataFrame
) -> pd.DataFrame:
    names = attribute_names(spec)
    found = set(attributes["attribute"])
    missing = [n for n in names if n not in found]
    if missing:
        raise SpecError(
            "adjust_for, population, strata or cluster",
            f"{', '.join(missing)}: no such attribute of people",
            f"Load it under `attributes`, or use one of {', '.join(BASE_COLUMNS)}, "
            "pre_period_outcome.",
        )
    wide = attributes.pivot(index="person_no", columns="attribute", values="value")
    return funnel.merge(wide.reset_index(), on="person_no", how="left", validate="one_to_one")


def _keep(
    steps: list[Step], people: pd.DataFrame, kept: pd.Series[bool], label: str, left_out: str
) -> pd.DataFrame:
    """The people kept; a step that loses nobody is not worth a line."""
    if not kept.all():
        steps.append(Step(label=label, people=int(kept.sum()), left_out=left_out))
    return people[kept]


def _rule_words(rule: Range | tuple[str, ...]) -> str:
    if isinstance(rule, Range):
        return " ".join(
            f"{word} {limit:g}"
            for word, limit in (("from", rule.min), ("to", rule.max))
            if math.isfinite(limit)
        )
    return " or ".join(rule)


def _matches(values: pd.Series[str], rule: Range | tuple[str, ...]) -> pd.Series[bool]:
    if isinstance(rule, Range):
        numbers = pd.to_numeric(values, errors="coerce")
        return numbers.between(rule.min, rule.max)
    return values.astype(str).isin(rule)


def _take_up(spec: StudySpec, people: pd.DataFrame) -> pd.Series[float]:
    """1 where the person took part by the end of the primary window, 0 where not, nan unknown."""
    if spec.take_up == "recorded":
        return people["took_up"].astype("Float64").astype(float)
    return _within(spec, people, "met_on" if spec.take_up == "met_mentor_once" else "matched_on")


def _within(spec: StudySpec, people: pd.DataFrame, column: str) -> pd.Series[float]:
    """1 where the day lies between time zero and the end of the primary window, else 0."""
    months = months_since(people["time_zero"], people[column])
    return months.between(0, spec.follow_up.primary[1]).astype(float)


def months_since(start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    """Calendar months from the month of ``start`` to the month of ``end``; nan where unknown."""
    first, last = pd.to_datetime(start), pd.to_datetime(end)
    return (last.dt.year - first.dt.year) * 12.0 + (last.dt.month - first.dt.month)
