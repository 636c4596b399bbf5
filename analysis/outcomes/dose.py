"""How much mentoring people had: meetings, hours, or any number kept about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.errors import SpecError
from analysis.funnel import DOSE_COLUMNS, Query
from analysis.months import months_since

if TYPE_CHECKING:
    from analysis.study import StudySpec


def meetings_query(spec: StudySpec) -> Query:
    """SQL for (person_no, held_on, minutes, acted_on_advice) of the programme's meetings held."""
    sql = """
select person_no, held_on, minutes, acted_on_advice
from staging.session
where programme = ? and coalesce(status, 'confirmed') <> 'scheduled'
    and known_from <= ? and known_to > ?
order by person_no, held_on
"""
    return Query(sql, (spec.programme, spec.as_of, spec.as_of))


def exposures(
    spec: StudySpec, people: pd.DataFrame, meetings: pd.DataFrame | None
) -> dict[str, pd.Series[float]]:
    """A column (n,) for each exposure that the study names, under ``dose: NAME``.

    Meetings and hours count from time zero to the end of the primary window; hours are nan where
    the length of a meeting is not recorded. Raises SpecError for an attribute that is no number.
    """
    made: dict[str, pd.Series[float]] = {}
    if meetings is not None and set(spec.dose) & set(DOSE_COLUMNS):
        held = meetings.merge(people[["person_no", "time_zero"]], on="person_no")
        month = months_since(held["time_zero"], held["held_on"])
        held = held[month.between(0, spec.follow_up.primary[1])]
        by_person = held.groupby("person_no")["minutes"]
        number = people["person_no"]
        made["meetings"] = number.map(by_person.size()).fillna(0.0).astype(float)
        minutes = by_person.sum().where(by_person.count() == by_person.size())
        made["hours"] = (number.map(minutes).astype(float) / 60).where(made["meetings"] > 0, 0.0)
    columns: dict[str, pd.Series[float]] = {}
    for name in spec.dose:
        if name in DOSE_COLUMNS and name not in made:
            raise SpecError("dose", f"{name} needs meetings", "Load `sessions`, or remove it.")
        columns[f"dose: {name}"] = made[name] if name in DOSE_COLUMNS else _numbers(people, name)
    return columns


def _numbers(people: pd.DataFrame, name: str) -> pd.Series[float]:
    numbers = pd.to_numeric(people[name], errors="coerce")
    if numbers[people[name].notna()].isna().any():
        raise SpecError(
            "dose", f"{name} is not a number for everybody", "Map its words to 0 and 1."
        )
    return numbers.astype(float)
