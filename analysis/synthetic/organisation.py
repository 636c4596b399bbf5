"""Manager seats and who sits on them, units over time, and the acquired entity.

Seats follow a schedule: nobody's mentoring changes who manages whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.people import CODES, DEPARTMENTS, site_counts
from analysis.synthetic.streams import normal

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.streams import Bools, Floats, Ints, Streams

SPANS = np.array([12, 9, 14, 7, 6])  # median span of control by department
_CHANGES = 1 / 18  # a month
_TRIES = 8
_CHUNK = 5_000
NOBODY = -1
MIGRATION = 24  # month in which the acquired entity moves to the company's own system
RENAMED, SPLIT = 15, 31  # months of the two reorganisations


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A department's code on the books, valid in months first..last; old and new overlap."""

    code: str
    name: str
    department: str
    first: int
    last: int


UNITS = (
    Unit(code="CC", name="Contact centre", department="contact_centre", first=0, last=RENAMED),
    Unit(code="CARE", name="Customer care", department="contact_centre", first=RENAMED,
         last=MONTHS - 1),
    Unit(code="SAL", name="Sales", department="sales", first=0, last=SPLIT),
    Unit(code="SAL-N", name="Sales new business", department="sales", first=SPLIT,
         last=MONTHS - 1),
    Unit(code="SAL-K", name="Sales key accounts", department="sales", first=SPLIT,
         last=MONTHS - 1),
    Unit(code="OPS", name="Operations", department="operations", first=0, last=MONTHS - 1),
    Unit(code="ENG", name="Engineering", department="engineering", first=0, last=MONTHS - 1),
    Unit(code="FIN", name="Finance", department="corporate", first=0, last=RENAMED),
    Unit(code="HRA", name="People and administration", department="corporate", first=0,
         last=RENAMED),
    Unit(code="CORP", name="Corporate services", department="corporate", first=RENAMED,
         last=MONTHS - 1),
)  # fmt: skip
_PLACE = {unit.code: place for place, unit in enumerate(UNITS)}


def units_by_month(streams: Streams, people: People, first: int) -> Ints:
    """Place in UNITS of each person by month, shape (people, 48); the new code from its month."""
    second = streams.scalar("unit", first, len(people)) < 0.5
    month = np.arange(MONTHS)
    before = np.array([_PLACE[c] for c in ("CC", "SAL", "OPS", "ENG", "FIN")])[people.department]
    after = np.array([_PLACE[c] for c in ("CARE", "SAL-N", "OPS", "ENG", "CORP")])
    early = np.where(second & (people.department == CODES["corporate"]), _PLACE["HRA"], before)
    late = np.where(
        second & (people.department == CODES["sales"]), _PLACE["SAL-K"], after[people.department]
    )
    change = np.where(people.department == CODES["sales"], SPLIT, RENAMED)
    return np.where(month >= change[:, None], late[:, None], early[:, None])


def acquired(people: People, size: int) -> Bools:
    """Who was hired by the acquired entity: a fifth of operations' sites, a quarter of others."""
    counts = site_counts(size)
    own = people.site - (np.cumsum(counts) - counts)[people.department]
    ops = (people.department == CODES["operations"]) & (own < counts[CODES["operations"]] // 5)
    eng = (people.department == CODES["engineering"]) & (own < counts[CODES["engineering"]] // 4)
    return np.asarray((ops | eng) & (people.hire_month < MIGRATION))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Manager seats: those of team t are ``first[t]``.. (``several[t]`` of them).

    ``occupant`` is the manager (a row of people, -1 vacant) and ``since`` the month in which the
    present one took over, both of shape (seats, 48).
    """

    first: Ints
    several: Ints
    occupant: Ints
    since: Ints

    def of(self, team: Ints, uniform: Floats) -> Ints:
        """Seat of each person and month; ``team`` has shape (people, 48)."""
        nth = np.floor(uniform[:, None] * self.several[team]).astype(np.int64)
        return np.asarray(self.first[team] + nth)


def teams(people: People, site: Ints, size: int) -> Ints:
    """Team of each person and month: the site for juniors, the department above them."""
    sites = int(site_counts(size).sum())
    above = sites + len(DEPARTMENTS) * (people.level.clip(3, 5) - 3) + people.department
    return np.where((people.level < 3)[:, None], site, above[:, None])


def draw_seats(streams: Streams, size: int, people: People, exit_month: Ints) -> Seats:
    """Seats and occupants; a seat with nobody to sit on it is vacant."""
    shares = np.array([d.share for d in DEPARTMENTS])
    counts = site_counts(size)
    heads = size * shares
    planned = [heads / counts / SPANS, *(heads * s / SPANS for s in (0.10, 0.04, 0.0))]
    several = np.concatenate([np.repeat(planned[0], counts), *planned[1:]])
    several = np.maximum(1, np.rint(several)).astype(np.int64)
    team_department = np.append(np.repeat(np.arange(5), counts), np.tile(np.arange(5), 3))
    team_level = np.append(np.full(int(counts.sum()), 3), np.repeat([4, 5, 6], 5))
    department, level = np.repeat(team_department, several), np.repeat(team_level, several)
    occupant = np.full((len(department), MONTHS), NOBODY, dtype=np.int64)
    since = np.zeros((len(department), MONTHS), dtype=np.int64)
    for code in range(len(DEPARTMENTS)):
        for lowest in (3, 4, 5):
            seats = np.flatnonzero((department == code) & (level == lowest))
            able = (people.department == code) & (people.level >= lowest)
            for begin in range(0, len(seats), _CHUNK):
                some = seats[begin : begin + _CHUNK]
                who, when = _occupants(streams, some, np.flatnonzero(able), people, exit_month)
                occupant[some], since[some] = who, when
    return Seats(
        first=np.cumsum(several) - several, several=several, occupant=occupant, since=since
    )


def _occupants(
    streams: Streams, seats: Ints, pool: Ints, people: People, exit_month: Ints
) -> tuple[Ints, Ints]:
    """Occupants of seats by month and since when: the first of eight who is there throughout."""
    lowest, n = int(seats[0]), int(seats[-1] - seats[0]) + 1
    rows, month = seats - lowest, np.arange(MONTHS)
    change = streams.monthly("seat.change", lowest, n)[rows] < _CHANGES
    since = np.maximum.accumulate(np.where(change, month, 0), axis=1)
    if not len(pool):
        return np.full(since.shape, NOBODY), since
    last = np.where(np.roll(change, -1, axis=1), month, MONTHS - 1)
    last[:, -1] = MONTHS - 1
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    u = streams.rows("seat.who", lowest, n, MONTHS * _TRIES)[rows].reshape(-1, MONTHS, _TRIES)
    u = np.take_along_axis(u, since[:, :, None], axis=1)
    tried = pool[np.floor(u * len(pool)).astype(np.int64)]
    hired = people.hire_month[tried] < since[:, :, None].clip(1)
    stays = hired & (exit_month[tried] > last[:, :, None])
    # nobody stays throughout: whoever was there, until they leave
    best = np.where(stays.any(axis=2), stays.argmax(axis=2), hired.argmax(axis=2))
    who = np.take_along_axis(tried, best[:, :, None], axis=2)[:, :, 0]
    ok = np.take_along_axis(hired, best[:, :, None], axis=2)[:, :, 0]
    return np.where(ok & (exit_month[who] > month), who, NOBODY), since


def severity(streams: Streams, total: int) -> Floats:
    """How much each person would lower or raise the ratings they give, standard normal."""
    return normal(streams.scalar("rater.severity", 0, total))
