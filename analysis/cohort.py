"""The target trial of a study: who is eligible, when time begins, which arm, who is left out.

Frames of the funnel come in (``funnel.py`` has their SQL), people at time zero go out. Everything
is read as it was known at the study's date.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.beyond.spec import NOT_DRAWN
from analysis.errors import SpecError
from analysis.finding import ArmCount, Flow, Group, Step
from analysis.groups import (
    BEST_FIRST,
    DERIVED,
    arms_of,
    check_groups,
    formed_on,
    funnel_groups,
    had_come_before,
    is_derived,
    on_notice,
)
from analysis.months import months_since
from analysis.population import matches, rule_words, with_attributes

if TYPE_CHECKING:
    from analysis.study import StudySpec

_FUNNEL_DATES = (("invited_on", "invited"), ("applied_on", "applied"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """People of a study at time zero, and the attrition table that led to them.

    ``people``: one row a person, sorted by person_no: person_no, time_zero (date), arm,
    stratum, department, level, site, manager_no, tenure_months, exited_on, take_up (0/1/nan),
    mentored (0/1/nan: had a mentor of any kind), says_informal (0/1/nan: of an informal
    mentor, in a survey), and one text column for each attribute the
    study names. ``groups`` are those found in the whole programme.
    """

    people: pd.DataFrame
    steps: tuple[Step, ...]
    groups: tuple[Group, ...] = ()


def build_cohort(
    spec: StudySpec, funnel: pd.DataFrame, attributes: pd.DataFrame, outside: int = 0
) -> Cohort:
    """The cohort with its attrition table; raises SpecError where the study names the unknown.

    ``funnel`` and ``attributes`` are what the two queries return. ``outside`` is the number of
    people for whom no start date could be drawn and whom the programme does not know.
    """
    steps, people, groups = _in_population(spec, funnel, attributes)
    if outside:
        everybody = Step(
            label="employed or recorded in the programme", people=len(funnel) + outside
        )
        first = replace(steps[0], left_out="in the population on no day on which others started")
        steps[:1] = [everybody, first]
    people = _started(spec, steps, people)
    people = _in_arms(spec, people)
    last = "in an arm of the study" if spec.design == "opt_in" else "entered the draw"
    steps.append(Step(label=last, people=len(people), left_out="in no study arm"))
    return Cohort(people=people.reset_index(drop=True), steps=tuple(steps), groups=groups)


def treated_starts(spec: StudySpec, funnel: pd.DataFrame, attributes: pd.DataFrame) -> pd.DataFrame:
    """People of the treated arms, from whose start dates those of others are drawn."""
    steps, people, _ = _in_population(spec, funnel, attributes)
    people = _started(spec, steps, people)
    return people[people["arm"].isin(spec.arms.treated)]


def _in_population(
    spec: StudySpec, funnel: pd.DataFrame, attributes: pd.DataFrame
) -> tuple[list[Step], pd.DataFrame, tuple[Group, ...]]:
    """Everybody recorded (or given a start date) who satisfies the population."""
    check_groups(spec)
    if funnel.empty:
        raise SpecError(
            "programme",
            "nobody is recorded in this programme as known at the study's date",
            "Check the programme's id and as_of, and that enrolments were delivered before it.",
        )
    people = with_attributes(spec, funnel, attributes, "seen_on")
    people["tenure_months"] = months_since(people["hired_on"], people["seen_on"])
    people["take_up"] = _take_up(spec, people)
    people["mentored"] = _mentored(spec, people)
    asked, told = (_within(spec, people, c) for c in ("asked_on", "said_informal_on"))
    people["says_informal"] = told.where(asked == 1)
    drawn = " or given a start date" if spec.start_dates == "matched" else ""
    steps = [Step(label=f"recorded in the programme{drawn}", people=len(people))]
    for name, rule in spec.population.items():
        label = f"{name.replace('_', ' ')} {rule_words(rule)}"
        people = _keep(steps, people, matches(people[name], rule), label, "others")
    return steps, people, funnel_groups(spec, people)


def _started(spec: StudySpec, steps: list[Step], people: pd.DataFrame) -> pd.DataFrame:
    """Those with a start date who were employed then; with arms told from days, also later."""
    for column, word in _FUNNEL_DATES:
        if (column, spec.design) == ("applied_on", "opt_in") or spec.start_dates == "matched":
            continue  # who did not apply, or was never invited, may be the comparison
        if people[column].notna().any():
            people = _keep(steps, people, people[column].notna(), word, f"not {word}")
    started = people["time_zero"].notna()
    people = _keep(steps, people, started, "with a start date", "without a start date")
    known = (people["spells_known"] > 0).any()  # a study without HR data has no spells to look at
    if known:
        employed = people["hired_on"].notna()
        people = _keep(steps, people, employed, "employed at the start", "not employed then")
    if not is_derived(spec):
        return people
    people = people.assign(arm=arms_of(spec, people))
    fresh = ~had_come_before(people["arm"])
    people = _keep(steps, people, fresh, "new at the start", "had applied or been matched before")
    formed = formed_on(spec, people["time_zero"])
    told = formed <= pd.Timestamp(spec.as_of)
    people = _keep(steps, people, told, "told apart by the study's date", "started too recently")
    if known:
        stayed = ~(pd.to_datetime(people["exited_on"]) < formed[people.index])
        label = f"still employed at the end of month {spec.decided_within}"
        people = _keep(steps, people, stayed, label, "left before the groups were told apart")
        free = ~on_notice(spec, people)
        people = _keep(steps, people, free, "not on notice then", "had given notice")
    return people


def _in_arms(spec: StudySpec, people: pd.DataFrame) -> pd.DataFrame:
    """Those in an arm of the study; an arm that nobody is in was misspelled.

    A group told from days may be empty: that is an answer, and the smallest group says so.
    """
    arms = [*spec.arms.treated, spec.arms.comparison]
    found = sorted(people["arm"].dropna().unique())
    may_be_empty = {*DERIVED, *BEST_FIRST} if is_derived(spec) else set()
    if not set(arms) & set(found):  # where a draw is recorded, its arms are the groups
        may_be_empty = set()
    may_be_empty |= {NOT_DRAWN}  # where everybody was drawn
    unknown = [arm for arm in arms if arm not in found and arm not in may_be_empty]
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
        # Of a composite, people like them stand in for those who did not answer.
        label = "with an outcome" + (", in the answer" if spec.outcome.cut is None else "")
        counts.append(ArmCount(arm=arm, label=label, people=seen))
    return Flow(steps=cohort.steps, arms=tuple(counts), groups=cohort.groups)


def population_words(spec: StudySpec, cohort: Cohort) -> str:
    """Whom the answer is about, in words."""
    who = "people who entered the draw"
    if spec.design == "opt_in":
        asked = spec.time_zero == "applied_on" and spec.start_dates == "recorded"
        who = "people who applied" if asked else "people who could join"
    elif any(step.label == "applied" for step in cohort.steps):
        who = "people who applied and entered the draw"
    first, last = cohort.people["time_zero"].min(), cohort.people["time_zero"].max()
    span = f"{first:%b %Y}" if first == last else f"{first:%b %Y} to {last:%b %Y}"
    return f"{who}, {span}"


_TAKE_UP_LABEL = {
    "met_mentor_once": "met a mentor at least once",
    "matched": "matched with a mentor",
    "recorded": "took part, as recorded",
}


def _keep(
    steps: list[Step], people: pd.DataFrame, kept: pd.Series[bool], label: str, left_out: str
) -> pd.DataFrame:
    """The people kept; a step that loses nobody is not worth a line."""
    if not kept.all():
        steps.append(Step(label=label, people=int(kept.sum()), left_out=left_out))
    return people[kept]


def _take_up(spec: StudySpec, people: pd.DataFrame) -> pd.Series[float]:
    """1 where the person took part by the end of the primary window, 0 where not, nan unknown."""
    if spec.take_up == "recorded":
        return people["took_up"].astype("Float64").astype(float)
    return _within(spec, people, "met_on" if spec.take_up == "met_mentor_once" else "matched_on")


def _mentored(spec: StudySpec, people: pd.DataFrame) -> pd.Series[float]:
    """1 where the person had a mentor by the end of the primary window, of whatever kind.

    A recorded informal mentor counts; a meeting in another programme where meetings are the
    study's measure of taking part; a match where arms are told from days, whatever that measure is.
    nan where nothing of this is recorded.
    """
    matches = is_derived(spec)
    if not spec.take_up and not matches:
        return pd.Series(np.nan, index=people.index)
    kinds = [people["take_up"], _within(spec, people, "informal_on")]
    if matches:
        kinds.append(_within(spec, people, "matched_on"))
    if spec.take_up == "met_mentor_once":
        kinds.append(_within(spec, people, "met_anybody_on"))
    most = pd.concat(kinds, axis=1).max(axis=1)
    return most if matches else most.where(people["take_up"].notna())


def _within(spec: StudySpec, people: pd.DataFrame, column: str) -> pd.Series[float]:
    """1 where the day lies between time zero and the end of the primary window, else 0."""
    months = months_since(people["time_zero"], people[column])
    return months.between(0, spec.follow_up.primary[1]).astype(float)
