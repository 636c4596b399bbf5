"""Who mentors whom, until when, and the meetings of each pair. None of it has an effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, month_of, month_start
from analysis.synthetic.lottery import MENTEES_BELOW_LEVEL, ROUNDS, Lottery
from analysis.synthetic.streams import MONTHLY, SCALAR, Bools, Dates, Floats, Ints, Streams, normal

if TYPE_CHECKING:
    from analysis.synthetic.people import People

PAIR_DAYS = 365
EXPERIENCE = 12  # months of tenure before somebody mentors
_REMATCHES = 3
_MEETINGS_A_MONTH = 1.5
_MEETING_DECAY = 0.075  # a month: the chance of any meeting falls to about half by month 12
_MOST = 8  # meetings a month
_SLOTS = 128  # rows of four uniforms a person, one for each possible meeting
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Pairs, sorted by mentee and date. ``mentee`` is a row of the lottery, ``mentor`` a person."""

    mentee: Ints
    mentor: Ints
    matched_on: Dates
    ended_on: Dates

    def __len__(self) -> int:
        return len(self.mentee)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Meetings, sorted by mentee (a row of the lottery) and date."""

    mentee: Ints
    held_on: Dates
    minutes: Ints
    confirmed: Bools


class _Mentors:
    """People who may mentor, best placed first: appraised above the median, drawn by a and g.

    The appraisal stands for the rating (or KPI) of the year before the first round.
    """

    def __init__(self, streams: Streams, people: People, exit_month: Ints) -> None:
        n = len(people)
        senior = people.level >= MENTEES_BELOW_LEVEL
        appraisal = 0.5 * people.ability + np.sqrt(0.75) * normal(streams.scalar("appraisal", 0, n))
        taste = normal(streams.scalar("mentor.choice", 0, n))
        choice = 0.5 * people.ability + 0.3 * people.motivation + taste
        self._people, self._exit_month = people, exit_month
        order = np.argsort(-choice, kind="stable")
        self._by_department = {}
        for code in np.unique(people.department):
            own = order[senior[order] & (people.department[order] == code)]
            middle = np.median(appraisal[own]) if len(own) else 0.0
            self._by_department[int(code)] = own[appraisal[own] >= middle]

    def present(self, department: int, month: int) -> Ints:
        """Mentors of a department who stay beyond the month; from all departments if none do."""
        for pool in (self._by_department[department], self._everybody()):
            ready = month - self._people.hire_month[pool] >= EXPERIENCE
            found = pool[ready & (self._exit_month[pool] > month)]
            if len(found):
                return found
        return np.empty(0, dtype=np.int64)

    def _everybody(self) -> Ints:
        return np.concatenate(list(self._by_department.values()))


def draw_matches(
    streams: Streams, people: People, lottery: Lottery, exit_month: Ints, exit_on: Dates
) -> Matches:
    """Pairs as they happened: a mentee whose mentor leaves gets another after 1-2 months."""
    mentors = _Mentors(streams, people, exit_month)
    mentee = np.flatnonzero(lottery.mentored)
    person = lottery.person[mentee]
    mentor = _first_mentors(mentors, lottery, mentee)
    wait = 3 + np.floor(streams.scalar("match.wait", 0, len(people))[person] * 7)
    start = lottery.drawn_on[mentee] + wait.astype("timedelta64[D]")
    last = np.fmin(start + np.timedelta64(PAIR_DAYS, "D"), exit_on[person])
    found = []
    for again in range(_REMATCHES + 1):
        leaves = np.where(mentor == NOBODY, np.datetime64("NaT", "D"), exit_on[mentor])
        found.append((mentee, mentor, start, np.fmin(last, leaves)))
        u = streams.picked("match.again", lottery.person[mentee], 2 * SCALAR)
        start = leaves + (30 + np.floor(31 * u[:, again])).astype("timedelta64[D]")
        goes_on = start < last  # false where the mentor stays: NaT is before nothing
        mentee, start, last, u = (part[goes_on] for part in (mentee, start, last, u))
        pools = [
            mentors.present(int(code), int(month))
            for code, month in zip(lottery.department[mentee], month_of(start), strict=True)
        ]
        choice = u[:, SCALAR + again]
        picks = [_at(pool, x) for pool, x in zip(pools, choice.tolist(), strict=True)]
        mentor = np.array(picks, dtype=np.int64)
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    order = np.lexsort((columns[2], columns[0]))
    return Matches(
        mentee=columns[0][order],
        mentor=columns[1][order],
        matched_on=columns[2][order],
        ended_on=columns[3][order],
    )


def _first_mentors(mentors: _Mentors, lottery: Lottery, mentee: Ints) -> Ints:
    """One mentor each, from the best placed on; again from the top when there are too few."""
    mentor = np.full(len(mentee), NOBODY)
    for month in ROUNDS:
        for code in np.unique(lottery.department):
            here = (lottery.round_month[mentee] == month) & (lottery.department[mentee] == code)
            pool, places = mentors.present(int(code), month), np.flatnonzero(here)
            if len(pool):
                mentor[places] = pool[np.arange(len(places)) % len(pool)]
    return mentor


def _at(pool: Ints, uniform: float) -> int:
    return int(pool[int(uniform * len(pool))]) if len(pool) else NOBODY


def mentor_months(matches: Matches) -> tuple[Ints, Bools]:
    """People who mentor, ascending, and the months in which they do, shape (mentors, 48)."""
    known = np.flatnonzero(matches.mentor != NOBODY)
    who, place = np.unique(matches.mentor[known], return_inverse=True)
    first, last = month_of(matches.matched_on[known]), month_of(matches.ended_on[known])
    month = np.arange(MONTHS)
    busy = np.zeros((len(who), MONTHS), dtype=bool)
    np.logical_or.at(busy, place, (month >= first[:, None]) & (month <= last[:, None]))
    return who, busy


def draw_sessions(
    streams: Streams, people: People, lottery: Lottery, matches: Matches, exit_on: Dates
) -> Sessions:
    """Meetings of the mentored while both people of a pair are there."""
    rows = np.flatnonzero(lottery.mentored)
    who = lottery.person[rows]
    counts = _meetings(streams, who, lottery.round_month[rows], people.motivation[who])
    place, event = np.nonzero(counts)
    times = counts[place, event]
    place, event = np.repeat(place, times), np.repeat(event, times)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
    draws = streams.picked("session", who, 4 * _SLOTS).reshape(-1, _SLOTS, 4)
    u: Floats = draws[place, event * _MOST + nth]
    day = month_start(lottery.round_month[rows][place] + event)
    first = event == 0
    first_match = _first_match(matches, rows)[place]
    held = day + np.floor(u[:, 0] * 28).astype("timedelta64[D]")
    soon = (2 + np.floor(u[:, 0] * 13)).astype("timedelta64[D]")
    held = np.where(first, first_match + soon, held)
    covered = _covered(matches, rows[place], held)
    order = np.lexsort((nth, held, place))
    order = order[covered[order]]
    minutes = np.rint(45 * np.exp(0.4 * normal(u[:, 1]))).astype(np.int64)
    return Sessions(
        mentee=rows[place][order],
        held_on=held[order],
        minutes=minutes[order],
        confirmed=((u[:, 2] < 0.80) | first)[order],  # taking part means having met
    )


def _meetings(streams: Streams, who: Ints, rounds: Ints, motivation: Floats) -> Ints:
    """Meetings by event month 0..12: one in month 0, then Poisson by inversion."""
    event = np.arange(13)
    u = np.take_along_axis(
        streams.picked("session.count", who, MONTHLY), rounds[:, None] + event, axis=1
    )
    rate = _MEETINGS_A_MONTH * np.exp(0.5 * motivation - 0.125)
    mean = rate[:, None] * np.exp(-_MEETING_DECAY * (event - 1))
    chance = np.exp(-mean)
    below, counts = chance.copy(), np.zeros(u.shape, dtype=np.int64)
    for k in range(1, _MOST + 1):
        counts += u >= below
        chance = chance * mean / k
        below += chance
    counts[:, 0] = 1
    return counts


def _first_match(matches: Matches, rows: Ints) -> Dates:
    return matches.matched_on[np.searchsorted(matches.mentee, rows)]


def _covered(matches: Matches, mentee: Ints, held: Dates) -> Bools:
    """Whether each date lies within one of the mentee's pairs."""
    found = np.zeros(len(held), dtype=bool)
    at = np.searchsorted(matches.mentee, mentee)
    for nth in range(_REMATCHES + 1):
        row = np.minimum(at + nth, len(matches) - 1)
        same = (at + nth < len(matches)) & (matches.mentee[row] == mentee)
        found |= same & (matches.matched_on[row] <= held) & (held <= matches.ended_on[row])
    return found
