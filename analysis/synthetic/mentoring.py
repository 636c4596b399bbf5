"""Who mentors whom, until when, and the meetings of each pair."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from analysis.synthetic.calendar import MONTHS, month_of, month_start
from analysis.synthetic.lottery import DRAW_DAY, MENTEES_BELOW_LEVEL, OPEN_TO
from analysis.synthetic.people import CODES
from analysis.synthetic.streams import SCALAR, Bools, Dates, Floats, Ints, Streams, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.people import People

PAIR_DAYS = 365
EXPERIENCE = 12  # months of tenure before somebody mentors
REMATCHES = 3
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Pairs, sorted by mentee and date; both are rows of people. ``start`` is event month 0."""

    mentee: Ints
    mentor: Ints
    programme: Ints  # place in the sequence of programmes
    start: Ints
    matched_on: Dates
    ended_on: Dates

    def __len__(self) -> int:
        return len(self.mentee)

    def take(self, rows: Bools) -> Self:
        """The given pairs only."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


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
        self._quality = normal(streams.scalar("mentor.quality", 0, n))
        self._known: dict[tuple[int, int], Ints] = {}
        order = np.argsort(-choice, kind="stable")
        self._by_department = {}
        for code in np.unique(people.department):
            own = order[senior[order] & (people.department[order] == code)]
            middle = np.median(appraisal[own]) if len(own) else 0.0
            self._by_department[int(code)] = own[appraisal[own] >= middle]
        # the contact centre and operations get mentors from elsewhere: what mentoring costs a
        # mentor then touches nobody who is compared with a mentee
        others = [self._by_department.get(CODES[name], own[:0]) for name in OPEN_TO]
        self._everybody = np.concatenate(others)
        for name in ("contact_centre", "operations"):
            self._by_department[CODES[name]] = self._everybody

    def present(self, department: int, month: int) -> Ints:
        """Mentors of a department who stay beyond the month; from all departments if none do."""
        if (department, month) not in self._known:
            found = self._ready(self._by_department[department], month)
            self._known[department, month] = (
                found if len(found) else self._ready(self._everybody, month)
            )
        return self._known[department, month]

    def _ready(self, pool: Ints, month: int) -> Ints:
        ready = month - self._people.hire_month[pool] >= EXPERIENCE
        return pool[ready & (self._exit_month[pool] > month)]

    def first(self, department: int, month: int, quality: Floats) -> Ints:
        """One mentor each, from the best placed on; the better mentor to the higher quality."""
        pool = self.present(department, month)
        if not len(pool):
            return np.full(len(quality), NOBODY)
        chosen = pool[np.arange(len(quality)) % len(pool)]
        mentor = np.empty(len(quality), dtype=np.int64)
        ranked = chosen[np.argsort(self._quality[chosen], kind="stable")]
        mentor[np.argsort(quality, kind="stable")] = ranked
        return mentor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Pairs about to be made."""

    mentee: Ints
    department: Ints
    programme: Ints
    start: Ints
    quality: Floats


def _pairs(enrolments: Sequence[Enrolment]) -> _Pairs:
    parts = [e.take(e.mentored) for e in enrolments]
    order = np.argsort(np.concatenate([e.person for e in parts]))
    code = [np.full(len(e), place) for place, e in enumerate(parts)]
    return _Pairs(
        mentee=np.concatenate([e.person for e in parts])[order],
        department=np.concatenate([e.department for e in parts])[order],
        programme=np.concatenate(code)[order],
        start=np.concatenate([e.start for e in parts])[order],
        quality=np.concatenate([e.quality for e in parts])[order],
    )


def draw_matches(
    streams: Streams, people: People, enrolments: Sequence[Enrolment], untreated: Ints,
    exit_on: Dates, stop_on: Dates,
) -> Matches:  # fmt: skip
    """Pairs as they happened: a mentee whose mentor leaves gets another after 1-2 months.

    Mentors are chosen among those ``untreated`` by anything who are there; a pair ends with the
    exit of the mentor (``exit_on``) or with the mentee's notice or exit (``stop_on``).
    """
    mentors = _Mentors(streams, people, untreated)
    pairs = _pairs(enrolments)
    mentor = np.full(len(pairs.mentee), NOBODY)
    for month, code in {*zip(pairs.start.tolist(), pairs.department.tolist(), strict=True)}:
        here = np.flatnonzero((pairs.start == month) & (pairs.department == code))
        mentor[here] = mentors.first(code, month, pairs.quality[here])
    wait = 3 + np.floor(streams.scalar("match.wait", 0, len(people))[pairs.mentee] * 7)
    begins = month_start(pairs.start) + (DRAW_DAY + wait).astype("timedelta64[D]")
    begins = np.fmin(np.maximum(begins, people.hired_on[pairs.mentee]), stop_on[pairs.mentee])
    row = np.arange(len(pairs.mentee))
    last = np.fmin(begins + np.timedelta64(PAIR_DAYS, "D"), stop_on[pairs.mentee])
    found = []
    for again in range(REMATCHES + 1):
        leaves = np.where(mentor == NOBODY, np.datetime64("NaT", "D"), exit_on[mentor])
        found.append((row, mentor, begins, np.fmin(last, leaves)))
        u = streams.picked("match.again", pairs.mentee[row], 2 * SCALAR)
        begins = leaves + (30 + np.floor(31 * u[:, again])).astype("timedelta64[D]")
        goes_on = begins < last  # false where the mentor stays: NaT is before nothing
        row, begins, last, u = (part[goes_on] for part in (row, begins, last, u))
        where = zip(pairs.department[row].tolist(), month_of(begins).tolist(), strict=True)
        pools = [mentors.present(*key) for key in where]
        picks = [_at(p, x) for p, x in zip(pools, u[:, SCALAR + again].tolist(), strict=True)]
        mentor = np.array(picks, dtype=np.int64)
    return _sorted(pairs, [np.concatenate(parts) for parts in zip(*found, strict=True)])


def _sorted(pairs: _Pairs, columns: list[Any]) -> Matches:
    row, mentor, begins, ends = (c[np.lexsort((columns[2], columns[0]))] for c in columns)
    return Matches(
        mentee=pairs.mentee[row], mentor=mentor, programme=pairs.programme[row],
        start=pairs.start[row], matched_on=begins, ended_on=ends,
    )  # fmt: skip


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
