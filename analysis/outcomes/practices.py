"""What pairs did: a goal set before, a reason written down, meetings kept up, advice acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.funnel import Query
from analysis.months import months_since

if TYPE_CHECKING:
    from analysis.study import StudySpec

FORMALITY = "formality"
_MATCHES, _MEETINGS = ("goal_set_before", "reason_recorded"), ("rhythm", "acted_on_advice")
# What a company would have to deliver where a practice is not recorded.
_DELIVER = {
    "goal_set_before": "Deliver `goal_set_on` in `matches`: the day on which the pair set a goal.",
    "reason_recorded": "Deliver `reason_recorded` in `matches`: yes where the reason was written.",
    "rhythm": "Load `sessions`: the days of meetings.",
    "acted_on_advice": "Deliver `acted_on_advice` in `sessions`: yes where the mentored person had "
    "done what was advised at the meeting before.",
    FORMALITY: "Ask everybody for informal mentors (survey item `informal_mentor`), or deliver "
    "`matches` of the kind `informal`.",
}


def matches_query(spec: StudySpec) -> Query:
    """SQL for (person_no, matched_on, goal_set_on, reason_recorded) of the programme's matches."""
    sql = """
select mentee_no as person_no, matched_on, goal_set_on, reason_recorded
from staging.match
where programme = ? and coalesce(kind, 'formal') = 'formal' and known_from <= ? and known_to > ?
order by person_no, matched_on, mentor_no
"""
    return Query(sql, (spec.programme, spec.as_of, spec.as_of))


def practices(
    spec: StudySpec,
    people: pd.DataFrame,
    meetings: pd.DataFrame | None,
    matches: pd.DataFrame | None,
) -> dict[str, pd.Series[float]]:
    """A column (n,) for each practice of the study, nan where there is nothing to say of a person.

    ``goal_set_before`` and ``reason_recorded`` are 0 or 1 of the person's first match between time
    zero and the end of the primary window. ``rhythm`` is the share of months with a meeting, from
    the month of the first one to the end of the window, ``acted_on_advice`` of the meetings of
    which it is recorded. ``formality`` is 2 with a mentor of the programme, 1 with another, 0 with
    none. Raises SpecError for a practice that nobody has on record, naming what to deliver.
    """
    made: dict[str, pd.Series[float]] = {}
    for name in spec.practices:
        if name in _MATCHES:
            made[name] = _of_matches(name, spec, people, matches)
        elif name in _MEETINGS:
            made[name] = _of_meetings(name, spec, people, meetings)
        else:
            made[name] = _formality(spec, people)
        if made[name].isna().all():
            raise SpecError("practices", f"{name} is not recorded", _DELIVER[name])
    return made


def _of_matches(
    name: str, spec: StudySpec, people: pd.DataFrame, matches: pd.DataFrame | None
) -> pd.Series[float]:
    source = {"goal_set_before": "goal_set_on"}.get(name, name)
    if matches is None or matches[source].isna().all():
        return pd.Series(np.nan, index=people.index)
    first = _in_window(spec, people, matches, "matched_on").drop_duplicates("person_no")
    if name == "goal_set_before":  # an empty day: the pair set none
        goal, match = (pd.to_datetime(first[c]) for c in ("goal_set_on", "matched_on"))
        value = (goal <= match).astype(float)
    else:
        value = first["reason_recorded"].astype("Float64").astype(float)
    return _of_people(people, first["person_no"], value)


def _of_meetings(
    name: str, spec: StudySpec, people: pd.DataFrame, meetings: pd.DataFrame | None
) -> pd.Series[float]:
    if meetings is None or meetings.empty:
        return pd.Series(np.nan, index=people.index)
    held = _in_window(spec, people, meetings, "held_on")
    by_person = held.groupby("person_no")
    if name == "acted_on_advice":
        held = held.assign(acted=held["acted_on_advice"].astype("Float64").astype(float))
        value = held.groupby("person_no")["acted"].mean()
    else:
        months = spec.follow_up.primary[1] - by_person["event_month"].min() + 1
        value = by_person["event_month"].nunique() / months
    return _of_people(people, value.index.to_series(), value)


def _formality(spec: StudySpec, people: pd.DataFrame) -> pd.Series[float]:
    """Who was not asked and has no mentor on record is unknown, unless nobody was asked at all."""
    formal = _happened(spec, people, "matched_on") | (people["take_up"] == 1)
    informal = _happened(spec, people, "informal_on") | (people["says_informal"] == 1)
    asked = people["says_informal"].notna()
    if not informal.any() and not asked.any():
        return pd.Series(np.nan, index=people.index)
    none = asked if asked.any() else ~informal
    level = pd.Series(np.nan, index=people.index).mask(none, 0.0)
    return level.mask(informal, 1.0).mask(formal, 2.0)


def _happened(spec: StudySpec, people: pd.DataFrame, column: str) -> pd.Series[bool]:
    month = months_since(people["time_zero"], people[column])
    return month.between(0, spec.follow_up.primary[1])


def _in_window(
    spec: StudySpec, people: pd.DataFrame, events: pd.DataFrame, day: str
) -> pd.DataFrame:
    """Events of the study's people from time zero to the end of the primary window, in order."""
    rows = events.merge(people[["person_no", "time_zero"]], on="person_no")
    rows["event_month"] = months_since(rows["time_zero"], rows[day])
    return rows[rows["event_month"].between(0, spec.follow_up.primary[1])]


def _of_people(
    people: pd.DataFrame, person: pd.Series[int], value: pd.Series[float]
) -> pd.Series[float]:
    found = pd.Series(value.to_numpy(dtype=float), index=person.to_numpy())
    return people["person_no"].map(found).astype(float)
