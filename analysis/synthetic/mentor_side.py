"""What mentoring does to mentors: scenario mentor_side lowers their own hazard of leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, month_of
from analysis.synthetic.exits import Exits, combine, voluntary_force, voluntary_month
from analysis.synthetic.mentoring import NOBODY, Matches
from analysis.synthetic.streams import MONTHLY, Bools, Ints

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.scenario import Scenario
    from analysis.synthetic.streams import Streams


def mentor_months(matches: Matches) -> tuple[Ints, Bools]:
    """People who mentor, ascending, and the months in which they do, shape (mentors, 48)."""
    known = np.flatnonzero(matches.mentor != NOBODY)
    who, place = np.unique(matches.mentor[known], return_inverse=True)
    first, last = month_of(matches.matched_on[known]), month_of(matches.ended_on[known])
    month = np.arange(MONTHS)
    busy = np.zeros((len(who), MONTHS), dtype=bool)
    np.logical_or.at(busy, place, (month >= first[:, None]) & (month <= last[:, None]))
    return who, busy


def exits_of_mentors(
    streams: Streams, people: People, untreated: Exits, plan: Matches, scenario: Scenario
) -> tuple[Ints, Exits]:
    """Mentors, and their exits with the factor on the hazard from the month after the match."""
    who, busy = mentor_months(plan)
    after = np.zeros_like(busy)
    after[:, 1:] = busy[:, 1:] & busy[:, :-1]
    force = voluntary_force(people.take(who)) * np.where(after, scenario.mentor_theta, 1.0)
    month = voluntary_month(streams.picked("exit.voluntary", who, MONTHLY), force)
    return who, combine(month, untreated.other_month[who], untreated.other_kind[who])


def draw_mentor_side(
    streams: Streams, people: People, untreated: Exits, plan: Matches, scenario: Scenario,
    month: Ints, kind: Ints,
) -> None:  # fmt: skip
    """Put the exits of mentors into ``month`` and ``kind``."""
    who, exits = exits_of_mentors(streams, people, untreated, plan, scenario)
    month[who], kind[who] = exits.month, exits.kind
