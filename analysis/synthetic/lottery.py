"""SALES-LOT: an oversubscribed programme that draws lots among those who apply."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

from analysis.synthetic.calendar import MONTHS, NEVER, month_start
from analysis.synthetic.exits import Exits, combine, voluntary_force, voluntary_month
from analysis.synthetic.people import CODES, DEPARTMENTS, People
from analysis.synthetic.performance import gain_profile
from analysis.synthetic.streams import MONTHLY, Bools, Dates, Floats, Ints, Streams, logistic

if TYPE_CHECKING:
    from analysis.synthetic.scenario import Scenario

PROGRAMME = "SALES-LOT"
ROUNDS = (18, 21, 24, 27, 30)
OPEN_TO = ("sales", "engineering", "corporate")
SHORTEST_TENURE, LONGEST_TENURE = 2, 47
MENTEES_BELOW_LEVEL = 3
NEWCOMER_BELOW = 12  # months of tenure
THETA_MONTHS = 12
DRAW_DAY = 4  # the draw is on the fifth of the month of the round
PROFILE = gain_profile(fade_from=9, fade_to=18, floor=0.30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lottery:
    """Everybody ever eligible, once, at the first round that was open to them.

    ``person`` indexes the company's people and is ascending. ``takes_up`` is what the person
    would do after winning, ``p_take_up`` its chance given motivation; losers never take part.
    ``gain`` is the planted log gain of the person; ``untreated`` and ``offered`` are the exits
    (month, kind) in the two worlds.
    """

    person: Ints
    round_month: Ints
    department: Ints
    tenure: Ints
    applied: Bools
    won: Bools
    takes_up: Bools
    p_take_up: Floats
    gain: Floats
    untreated_month: Ints
    untreated_kind: Ints
    offered_month: Ints
    offered_kind: Ints

    def __len__(self) -> int:
        return len(self.person)

    @property
    def mentored(self) -> Bools:
        """Those who won and took part."""
        return self.won & self.takes_up

    @property
    def drawn_on(self) -> Dates:
        """Time zero: the day of the draw."""
        return month_start(self.round_month) + np.timedelta64(DRAW_DAY, "D")

    def take(self, rows: Ints | Bools) -> Self:
        """The given people only."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def event_month(self) -> Ints:
        """Months since the month of the draw by calendar month, shape (people, 48)."""
        return np.arange(MONTHS)[None, :] - self.round_month[:, None]

    def gain_by_month(self) -> Floats:
        """Log gain if mentored by calendar month, shape (people, 48); 0 up to event month 0."""
        return np.asarray(self.gain[:, None] * PROFILE[self.event_month().clip(0)])


def theta_mask(lottery: Lottery, theta: float) -> Floats:
    """Factor on the force of voluntary exit if mentored, shape (people, 48)."""
    event = lottery.event_month()
    return np.where((event >= 1) & (event <= THETA_MONTHS), theta, 1.0)


def first_round(people: People, exit_month: Ints) -> Ints:
    """Month of the first round open to each person; NEVER where none was.

    People who leave in the month of a round have given notice by then and are not invited.
    """
    open_to = np.isin(people.department, [CODES[name] for name in OPEN_TO])
    junior = people.level < MENTEES_BELOW_LEVEL
    found = np.full(len(people), NEVER)
    for month in reversed(ROUNDS):
        tenure = month - people.hire_month
        in_range = (tenure >= SHORTEST_TENURE) & (tenure <= LONGEST_TENURE)
        found[open_to & junior & in_range & (exit_month > month)] = month
    return found


def draw_lottery(streams: Streams, people: People, exits: Exits, scenario: Scenario) -> Lottery:
    """The whole path from eligibility to the two potential exits; needs everybody at once."""
    round_month = first_round(people, exits.month)
    who = np.flatnonzero(round_month < NEVER)
    some, n, rounds = people.take(who), len(people), round_month[who]
    applied = logistic(streams.scalar("lottery.apply", 0, n)[who]) + 0.10 < 0.45 * some.motivation
    p_take_up = 1 / (1 + np.exp(-(0.47 + 0.35 * some.motivation)))
    tenure = rounds - some.hire_month
    new = tenure < NEWCOMER_BELOW
    lottery = Lottery(
        person=who,
        round_month=rounds,
        department=some.department,
        tenure=tenure,
        applied=applied,
        won=_winners(streams, rounds, some.department, applied, who, n),
        takes_up=streams.scalar("lottery.take_up", 0, n)[who] < p_take_up,
        p_take_up=p_take_up,
        gain=np.where(new, scenario.gain_new, scenario.gain_established),
        untreated_month=exits.month[who],
        untreated_kind=exits.kind[who],
        offered_month=exits.month[who],
        offered_kind=exits.kind[who],
    )
    return _with_offer(streams, lottery, some, exits, scenario.theta)


def _winners(
    streams: Streams, rounds: Ints, department: Ints, applied: Bools, who: Ints, n: int
) -> Bools:
    """Half of the applicants of each round and department; lots decide the odd place."""
    lot = streams.scalar("lottery.draw", 0, n)[who]
    odd_place = streams.monthly("lottery.odd_place", 0, len(DEPARTMENTS))
    won = np.zeros(len(who), dtype=bool)
    for month in ROUNDS:
        for code in np.unique(department):
            stratum = np.flatnonzero(applied & (rounds == month) & (department == code))
            places = int(len(stratum) / 2 + odd_place[code, month] * (len(stratum) % 2))
            won[stratum[np.argsort(lot[stratum], kind="stable")[:places]]] = True
    return won


def _with_offer(
    streams: Streams, lottery: Lottery, people: People, exits: Exits, theta: float
) -> Lottery:
    """The same lottery with exits under an offer: they differ only for those who take it up."""
    rows = np.flatnonzero(lottery.applied & lottery.takes_up)
    takers, who = lottery.take(rows), lottery.person[rows]
    uniform = streams.picked("exit.voluntary", who, MONTHLY)
    force = voluntary_force(people.take(rows)) * theta_mask(takers, theta)
    voluntary = voluntary_month(uniform, force)
    treated = combine(voluntary, exits.other_month[who], exits.other_kind[who])
    lottery.offered_month[rows] = treated.month
    lottery.offered_kind[rows] = treated.kind
    return lottery
