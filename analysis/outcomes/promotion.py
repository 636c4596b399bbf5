"""Promotions: a higher level than at time zero, by the end of each month, while employed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.funnel import Query
from analysis.months import months_since

if TYPE_CHECKING:
    from analysis.study import StudySpec

_SQL = """
select person_no, valid_from, level
from marts.job_history
where level is not null and known_from <= ? and known_to > ?
    and person_no in (select person_no from marts.programme_funnel where programme = ?)
order by person_no, valid_from
"""


def promotion_query(spec: StudySpec) -> Query:
    """SQL for (person_no, valid_from, level) of everybody in the programme."""
    return Query(_SQL, (spec.as_of, spec.as_of, spec.programme))


def promotion_rows(spec: StudySpec, people: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """Rows (person, event_month, outcome): 1 once a higher level than at time zero was reached.

    Months from 0 to the end of follow-up that were over at the study's date. People whose level
    at time zero is unknown have none; a level reached after the exit does not count.
    """
    start = people[["person_no", "time_zero", "exited_on", "level"]]
    known = start[start["level"].notna()]
    rank = _ranks(spec, pd.concat([known["level"], jobs["level"]]))
    later = jobs.merge(known, on="person_no", suffixes=("", "_before"))
    begun, zero = pd.to_datetime(later["valid_from"]), pd.to_datetime(later["time_zero"])
    left = pd.to_datetime(later["exited_on"])
    higher = later["level"].astype(str).map(rank) > later["level_before"].astype(str).map(rank)
    rises = later[higher & (begun > zero) & (left.isna() | (begun <= left))]
    reached = months_since(rises["time_zero"], rises["valid_from"])
    first = reached.groupby(rises["person_no"]).min()
    over = months_since(known["time_zero"], _month_begun(spec, known)) - 1
    months = np.arange(spec.follow_up.months + 1)
    seen = months[None, :] <= over.to_numpy(float)[:, None]
    promoted_in = known["person_no"].map(first).fillna(np.inf).to_numpy(float)
    row, month = np.nonzero(seen)
    return pd.DataFrame(
        {
            "person": known["person_no"].to_numpy()[row],
            "event_month": months[month],
            "outcome": (promoted_in[row] <= months[month]).astype(float),
        }
    )


def _month_begun(spec: StudySpec, known: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """The month that is not over at the study's date: that of the day after it."""
    day = pd.Timestamp(spec.as_of) + pd.Timedelta(days=1)
    return pd.Series(day, index=known.index)


def _ranks(spec: StudySpec, levels: pd.Series[str]) -> dict[str, float]:
    """The order of levels: as declared, lowest first, else by their numbers."""
    found = sorted(levels.astype(str).unique())
    if spec.outcome.levels:
        order = {level: float(place) for place, level in enumerate(spec.outcome.levels)}
        unknown = [level for level in found if level not in order]
        if unknown:
            raise SpecError(
                "outcome.levels",
                f"{unknown[0]} is a level of the jobs and not among them",
                "Name every level, the lowest first.",
            )
        return order
    numbers = pd.to_numeric(pd.Series(found, dtype="string"), errors="coerce")
    if numbers.isna().any():
        raise SpecError(
            "outcome.levels",
            "levels are not numbers, so the study must say which is higher",
            f"Name them all, the lowest first; found: {', '.join(found)}.",
        )
    return dict(zip(found, numbers.astype(float), strict=True))
