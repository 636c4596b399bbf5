"""Start dates for people who have none: drawn from the dates on which others were treated.

Somebody who never came to a programme has no day on which follow-up begins. Each gets one of the
days on which people of the treated arms started, drawn with equal chances from those on which the
person was employed, in the study's population and, where asked, in the same department or site
(Hernan & Robins 2016, on aligning eligibility, assignment and start of follow-up). Whoever came
to the programme at any time has a date of their own and gets no other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.months import month_end, month_start
from analysis.population import matches, with_attributes
from analysis.study import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.study import StudySpec

_STREAM = 4002  # keeps this draw apart from other draws of the study
_FAR = 1_000_000  # days; more than any two dates lie apart


def draw_starts(
    spec: StudySpec, treated: pd.DataFrame, spans: pd.DataFrame, attributes: pd.DataFrame
) -> pd.DataFrame:
    """One row (person_no, time_zero) for everybody for whom some day fits, by person_no.

    ``treated``: people of the treated arms with time_zero and the columns of
    ``start_dates_within``; ``spans`` and ``attributes`` are what their queries return.
    """
    eligible = _eligible(spec, spans, attributes)
    days = treated[["time_zero", *spec.start_dates_within]]
    cells = _cells(spec, days, eligible)
    dates = np.sort(cells[: len(days)] * _FAR + _day(days["time_zero"]))
    cell = cells[len(days) :] * _FAR
    first = np.searchsorted(dates, cell + _day(eligible["first_on"]), side="left")
    last = np.searchsorted(dates, cell + _day(eligible["last_on"]), side="right")
    ways = np.maximum(last - first, 0)  # days of the treated that lie in each span
    person, begins = np.unique(eligible["person_no"].to_numpy(), return_index=True)
    before = np.concatenate([[0], np.cumsum(ways)])
    own = before[np.append(begins, len(ways))]
    total = np.diff(own)
    u = np.random.default_rng([spec.seed(), _STREAM]).random(len(person))
    fits = total > 0
    pick = own[:-1][fits] + np.floor(u[fits] * total[fits]).astype(np.int64)
    span = np.searchsorted(before, pick, side="right") - 1
    chosen = dates[first[span] + pick - before[span]] % _FAR
    return pd.DataFrame(
        {"person_no": person[fits], "time_zero": chosen.astype("datetime64[D]").astype("M8[s]")}
    )


def _eligible(spec: StudySpec, spans: pd.DataFrame, attributes: pd.DataFrame) -> pd.DataFrame:
    """The parts of the spans in which a person satisfies the study's population, by person."""
    parts = with_attributes(spec, spans, attributes, "last_on")
    for name, rule in spec.population.items():
        if name == "tenure_months" and isinstance(rule, Range):
            parts = _with_tenure(parts, rule)
        elif name != "stratum":  # strata exist only within the programme
            parts = parts[matches(parts[name], rule)]
    parts = parts[parts["first_on"] <= parts["last_on"]]
    return parts.sort_values(["person_no", "first_on"], kind="stable")


def _with_tenure(parts: pd.DataFrame, rule: Range) -> pd.DataFrame:
    """The spans cut to the calendar months in which the tenure lies within the rule."""
    first, last = pd.to_datetime(parts["first_on"]), pd.to_datetime(parts["last_on"])
    if math.isfinite(rule.min):
        begins = month_start(parts["hired_on"], math.ceil(rule.min))
        first = first.where(first >= begins, begins)
    if math.isfinite(rule.max):
        ends = month_end(parts["hired_on"], math.floor(rule.max))
        last = last.where(last <= ends, ends)
    return parts.assign(first_on=first, last_on=last)


def _cells(spec: StudySpec, days: pd.DataFrame, eligible: pd.DataFrame) -> NDArray[np.int64]:
    """A code for each combination of the columns dates are matched on: treated, then spans."""
    if not spec.start_dates_within:
        return np.zeros(len(days) + len(eligible), dtype=np.int64)
    names = list(spec.start_dates_within)
    both = pd.concat([days[names], eligible[names]], ignore_index=True)
    text = both.astype("string").fillna("").agg("\x1f".join, axis=1)
    return pd.factorize(text, sort=True)[0].astype(np.int64)


def _day(days: pd.Series[pd.Timestamp]) -> NDArray[np.int64]:
    return pd.to_datetime(days).to_numpy().astype("datetime64[D]").astype(np.int64)
