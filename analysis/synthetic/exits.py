"""Who leaves, when and how: monthly hazards of five kinds, first hit wins.

A hazard is h = 1 - exp(-force), so a factor on the force is exact and cloglog is the right model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, NEVER, day_in, first_hit
from analysis.synthetic.people import DEPARTMENTS, People

if TYPE_CHECKING:
    from analysis.synthetic.streams import Dates, Floats, Ints, Streams

KINDS = ("", "voluntary", "involuntary", "retirement", "end_of_contract", "death")
VOLUNTARY, INVOLUNTARY, RETIREMENT, END_OF_CONTRACT, DEATH = range(1, 6)

# the force of voluntary exits by months of tenure, from each month on: a peak at three months
_TENURE_FROM = np.array([0, 1, 2, 3, 4, 5, 6, 9, 12, 24, 60])
_TENURE_FACTOR = np.array([1.0, 1.5, 1.9, 2.0, 1.8, 1.6, 1.35, 1.15, 1.0, 0.70, 0.45])
_BY_TENURE = _TENURE_FACTOR[np.searchsorted(_TENURE_FROM, np.arange(61), side="right") - 1]
_SEASON = np.array([1.15, 0.95, 1, 1, 1.05, 1.05, 1.05, 1.15, 1.10, 1, 0.85, 0.65])
_RETIREMENT_FROM_AGE = np.array([0, 60, 62, 65, 66])
_RETIREMENT = np.array([0, 0.005, 0.015, 0.12, 0.08])  # monthly hazard
_END_OF_CONTRACT = 0.55  # at month 12 of a fixed-term contract
_DEATH = 0.0001  # monthly hazard
_STARTER_FACTOR, _STARTER_SLOPE = 1.8, -0.8  # scenario attrition: who leaves is weak


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """Month (48: never seen) and kind (code of KINDS) of each person's exit in one world.

    ``other_month`` and ``other_kind`` are the exit had nobody left voluntarily: mentoring acts
    on voluntary exits alone, so the treated world starts from them.
    """

    month: Ints
    kind: Ints
    other_month: Ints
    other_kind: Ints


def _force(annual: list[float]) -> Floats:
    return np.asarray(-np.log1p(-np.array(annual)) / 12)


def voluntary_force(people: People) -> Floats:
    """Force of voluntary exit by month without mentoring, shape (people, 48); 0 before the hire."""
    person = _force([d.voluntary for d in DEPARTMENTS])[people.department]
    slope = np.where(people.starter, _STARTER_SLOPE, -0.10)
    person = person * np.exp(0.80 * people.intention - 0.32 + slope * people.ability)
    person = np.where(people.starter, _STARTER_FACTOR, 1.0) * person
    tenure = people.tenure()
    force: Floats = _BY_TENURE[tenure.clip(0, 60)] * np.tile(_SEASON, MONTHS // 12)
    force *= person[:, None]
    force[tenure < 0] = 0.0
    return force


def other_hazards(people: People) -> dict[int, Floats]:
    """Hazard of each further kind by month, shape (people, 48), in the order of precedence."""
    tenure = people.tenure()
    hired = tenure >= 0
    person = _force([d.involuntary for d in DEPARTMENTS])[people.department]
    person = person * np.exp(-0.5 * people.ability - 0.125)
    involuntary = -np.expm1(-np.where(tenure < 6, 1.6, 1.0) * person[:, None])
    age = people.age[:, None] + np.arange(MONTHS) / 12
    retirement = _RETIREMENT[np.searchsorted(_RETIREMENT_FROM_AGE, age, side="right") - 1]
    return {
        INVOLUNTARY: involuntary * hired,
        RETIREMENT: retirement * hired,
        END_OF_CONTRACT: _END_OF_CONTRACT * ((tenure == 12) & people.fixed_term[:, None]),
        DEATH: _DEATH * hired,
    }


def voluntary_month(uniform: Floats, force: Floats) -> Ints:
    """First month in which the uniform falls below the hazard; NEVER where it does not."""
    return first_hit(-np.log1p(-uniform) < force)


def combine(voluntary: Ints, other_month: Ints, other_kind: Ints) -> Exits:
    """The exit that comes first; in the same month the voluntary one."""
    leaves = (voluntary <= other_month) & (voluntary < NEVER)
    return Exits(
        month=np.where(leaves, voluntary, other_month),
        kind=np.where(leaves, VOLUNTARY, other_kind),
        other_month=other_month,
        other_kind=other_kind,
    )


def draw_exits(streams: Streams, people: People, first: int = 0) -> Exits:
    """Exits of a block of people in the world without mentoring."""
    n = len(people)
    other_month, other_kind = np.full(n, NEVER), np.zeros(n, dtype=np.int64)
    for kind, hazard in other_hazards(people).items():
        month = first_hit(streams.monthly(f"exit.{KINDS[kind]}", first, n) < hazard)
        sooner = month < other_month
        other_month = np.where(sooner, month, other_month)
        other_kind = np.where(sooner, kind, other_kind)
    uniform = streams.monthly("exit.voluntary", first, n)
    return combine(voluntary_month(uniform, voluntary_force(people)), other_month, other_kind)


def exit_dates(people: People, month: Ints, uniform: Floats) -> Dates:
    """A uniform day of the exit month, not before the hire; NaT where nobody left."""
    hire_day = (people.hired_on - people.hired_on.astype("datetime64[M]")).astype(np.int64)
    from_day = np.where(month == people.hire_month, hire_day, 0)
    return np.where(month < NEVER, day_in(month, uniform, from_day), np.datetime64("NaT", "D"))
