"""What every programme has in common: who was eligible, when, who took part, and both exits."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from analysis.synthetic.calendar import MONTHS, NEVER
from analysis.synthetic.exits import Exits, combine, voluntary_force, voluntary_month

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.scenario import Scenario
    from analysis.synthetic.streams import Bools, Floats, Ints, Streams

THETA_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Everybody ever eligible for a programme, once; ``person`` is ascending.

    ``zero`` is the month of time zero, ``start`` the month the pair would be matched (48: never),
    event month 0 of the effect. ``takes_up`` is what the person would do if assigned, with chance
    ``p_take_up``; ``mentored`` is what happened. ``gain`` is the planted log gain if mentored,
    ``theta`` the factor on the hazard of leaving voluntarily. ``untreated`` and ``if_mentored``
    are the exits (month, kind) of the two worlds. ``group`` is the team or the wave.
    """

    programme: str
    profile: Floats  # multiplier of the gain by event month 0..48
    person: Ints
    zero: Ints
    start: Ints
    department: Ints
    tenure: Ints
    group: Ints
    applied: Bools
    won: Bools
    takes_up: Bools
    mentored: Bools
    p_take_up: Floats
    gain: Floats
    theta: Floats
    quality: Floats
    goal: Bools
    untreated_month: Ints
    untreated_kind: Ints
    if_mentored_month: Ints
    if_mentored_kind: Ints

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Ints | Bools | slice) -> Self:
        """The given people only."""
        shared = ("programme", "profile")
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return type(self)(**{k: v if k in shared else v[rows] for k, v in parts.items()})

    @property
    def offered_month(self) -> Ints:
        """Month of exit if assigned: mentored if the person takes up."""
        return np.where(self.takes_up, self.if_mentored_month, self.untreated_month)

    @property
    def offered_kind(self) -> Ints:
        """Kind of exit if assigned."""
        return np.where(self.takes_up, self.if_mentored_kind, self.untreated_kind)

    def event_month(self) -> Ints:
        """Months since the month of time zero by calendar month, shape (people, 48)."""
        return np.arange(MONTHS)[None, :] - self.zero[:, None]

    def effect_month(self) -> Ints:
        """Months since the match by calendar month; negative throughout where there is none."""
        return np.arange(MONTHS)[None, :] - self.start[:, None]

    def gain_by_month(self) -> Floats:
        """Log gain if mentored by calendar month, shape (people, 48); 0 up to event month 0."""
        return np.asarray(self.gain[:, None] * self.profile[self.effect_month().clip(0)])

    def theta_by_month(self) -> Floats:
        """Factor on the force of voluntary exit if mentored, shape (people, 48)."""
        event = self.effect_month()
        acts = (event >= 1) & (event <= THETA_MONTHS)
        return np.where(acts, self.theta[:, None], 1.0)


def with_potential_exits(
    streams: Streams, people: People, exits: Exits, enrolment: Enrolment, block: int
) -> Enrolment:
    """The enrolment with both exits of everybody, whether or not they took part."""
    who = enrolment.person
    month, kind = exits.month[who], exits.kind[who]
    done = replace(
        enrolment, untreated_month=month, untreated_kind=kind,
        if_mentored_month=month.copy(), if_mentored_kind=kind.copy(),
    )  # fmt: skip
    acts = (done.theta != 1.0) & (done.start < NEVER)
    for first in range(0, len(people), block):
        lo, hi = np.searchsorted(who, [first, first + block])
        rows = lo + np.flatnonzero(acts[lo:hi])
        if not len(rows):
            continue
        n = min(block, len(people) - first)
        uniform = streams.monthly("exit.voluntary", first, n)[who[rows] - first]
        some = done.take(rows)
        force = voluntary_force(people.take(who[rows])) * some.theta_by_month()
        voluntary = voluntary_month(uniform, force)
        treated = combine(voluntary, exits.other_month[who[rows]], exits.other_kind[who[rows]])
        done.if_mentored_month[rows] = treated.month
        done.if_mentored_kind[rows] = treated.kind
    return done


def multiplied(
    streams: Streams, people: People, who: Ints, scenario: Scenario, quality: Floats
) -> tuple[Floats, Bools]:
    """Factor on the gain from the mentor's quality and the goal; who has set a goal before."""
    chance = 1 / (1 + np.exp(-(0.20 + 0.5 * people.motivation[who])))
    goal = streams.scalar("match.goal", 0, len(people))[who] < chance
    factor = (1 + scenario.quality * quality) * np.where(goal, scenario.goal_factor, 1.0)
    return factor, goal
