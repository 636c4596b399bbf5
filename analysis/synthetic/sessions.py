"""The meetings of each pair: by default they have no effect of their own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.mentoring import REMATCHES, Matches
from analysis.synthetic.streams import MONTHLY, Bools, Dates, Floats, Ints, Streams, normal

if TYPE_CHECKING:
    from analysis.synthetic.people import People

EVENTS = 13  # event months 0..12
_MEETINGS_A_MONTH = 1.5
_MEETING_DECAY = 0.075  # a month: the chance of any meeting falls to about half by month 12
_MOST = 8  # meetings a month
_SLOTS = 128  # rows of four uniforms a person, one for each possible meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Meetings, sorted by mentee (a row of people) and date; ``logged_on`` is the entry."""

    mentee: Ints
    programme: Ints
    held_on: Dates
    minutes: Ints
    confirmed: Bools
    logged_on: Dates

    def take(self, rows: Bools) -> Self:
        """The given meetings only."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def draw_sessions(
    streams: Streams, people: People, matches: Matches, first: int, last: int
) -> Sessions:
    """Meetings of mentees first..last-1 while both people of a pair are there."""
    lo, hi = np.searchsorted(matches.mentee, [first, last])
    who, at = np.unique(matches.mentee[lo:hi], return_index=True)
    at = at + lo  # the first pair of each mentee
    counts = planned_meetings(
        streams.picked("session.count", who, MONTHLY), matches.start[at], people.motivation[who]
    )
    place, event = np.nonzero(counts)
    times = counts[place, event]
    place, event = np.repeat(place, times), np.repeat(event, times)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
    u = _slots(streams, who, place, event * _MOST + nth)
    day = month_start(matches.start[at][place] + event)
    soon = matches.matched_on[at][place] + (2 + np.floor(u[:, 0] * 13)).astype("timedelta64[D]")
    held = np.where(event == 0, soon, day + np.floor(u[:, 0] * 28).astype("timedelta64[D]"))
    order = np.lexsort((nth, held, place))
    order = order[_covered(matches, who[place], held)[order]]
    late = np.where(u[:, 3] < 0.06, 31 + np.floor(u[:, 3] / 0.06 * 30), np.floor(u[:, 3] * 5))
    minutes = np.rint(45 * np.exp(0.4 * normal(u[:, 1]))).astype(np.int64)
    return Sessions(
        mentee=who[place][order],
        programme=matches.programme[at][place][order],
        held_on=held[order],
        minutes=minutes[order],
        # taking part means having met
        confirmed=((u[:, 2] < 0.80) | (event == 0))[order],
        logged_on=(held + late.astype("timedelta64[D]"))[order],
    )


def _slots(streams: Streams, who: Ints, place: Ints, slot: Ints) -> Floats:
    """Four uniforms for each meeting, shape (meetings, 4); few people at a time for memory."""
    out = np.empty((len(place), 4))
    for begin in range(0, len(who), 2_000):
        rows = slice(*np.searchsorted(place, [begin, begin + 2_000]))
        draws = streams.picked("session", who[begin : begin + 2_000], 4 * _SLOTS)
        out[rows] = draws.reshape(-1, _SLOTS, 4)[place[rows] - begin, slot[rows]]
    return out


def planned_meetings(uniform: Floats, start: Ints, motivation: Floats) -> Ints:
    """Meetings by event month 0..12: one in month 0, then Poisson by inversion."""
    event = np.arange(EVENTS)
    column = start[:, None] + event
    u = np.take_along_axis(uniform, column.clip(0, MONTHS - 1), axis=1)
    rate = _MEETINGS_A_MONTH * np.exp(0.5 * motivation - 0.125)
    mean = rate[:, None] * np.exp(-_MEETING_DECAY * (event - 1))
    chance = np.exp(-mean)
    below, counts = chance.copy(), np.zeros(u.shape, dtype=np.int64)
    for k in range(1, _MOST + 1):
        counts += u >= below
        chance = chance * mean / k
        below += chance
    counts[:, 0] = 1
    counts[column >= MONTHS] = 0
    return counts


def _covered(matches: Matches, mentee: Ints, held: Dates) -> Bools:
    """Whether each date lies within one of the mentee's pairs."""
    found = np.zeros(len(held), dtype=bool)
    at = np.searchsorted(matches.mentee, mentee)
    for nth in range(REMATCHES + 1):
        row = np.minimum(at + nth, len(matches) - 1)
        same = (at + nth < len(matches)) & (matches.mentee[row] == mentee)
        found |= same & (matches.matched_on[row] <= held) & (held <= matches.ended_on[row])
    return found
