"""One draw of the company: both worlds of everybody, and the world that happened."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from analysis.synthetic.enrolment import Enrolment, with_potential_exits
from analysis.synthetic.exits import Exits, draw_exits, exit_dates
from analysis.synthetic.lottery import draw_lottery, draw_starters, starters, with_lots
from analysis.synthetic.mentor_side import draw_mentor_side
from analysis.synthetic.mentoring import Matches, draw_matches
from analysis.synthetic.opt_in import draw_opt_in
from analysis.synthetic.organisation import Seats, draw_seats, severity
from analysis.synthetic.people import People, draw_people, schedule
from analysis.synthetic.records import notice_dates, notice_months
from analysis.synthetic.rehires import redrawn, with_rehires
from analysis.synthetic.roll_out import draw_roll_out
from analysis.synthetic.scenario import SCENARIOS, Scenario
from analysis.synthetic.spillover import with_teams
from analysis.synthetic.streams import Dates, Floats, Ints, Streams

BLOCK = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """``untreated`` is everybody's exit without mentoring; ``exit_*`` is what happened.

    ``programmes`` are in the order of the codes of matches; a person is in one at most.
    """

    scenario: Scenario
    size: int
    block: int
    streams: Streams
    people: People
    untreated: Exits
    programmes: tuple[Enrolment, ...]
    exit_month: Ints
    exit_kind: Ints
    exit_on: Dates
    notice_on: Dates
    matches: Matches
    seats: Seats
    severity: Floats

    def __len__(self) -> int:
        return len(self.people)

    def programme(self, name: str) -> Enrolment:
        """The enrolment of a programme by its id; KeyError if the scenario has none."""
        return {e.programme: e for e in self.programmes}[name]

    @property
    def lottery(self) -> Enrolment:
        """SALES-LOT."""
        return self.programmes[0]


def draw_company(
    scenario: str = "default", *, size: int = 5_000, seed: int, block: int = BLOCK
) -> Company:
    """The company with ``size`` heads at month 0; KeyError for a scenario without a name."""
    planted, streams = SCENARIOS[scenario], Streams(seed)
    size = min(size, planted.heads or size)
    people, untreated = _people_and_exits(streams, size, block, planted)
    u = streams.scalar("exit.day", 0, len(people))
    exit_on = exit_dates(people, untreated.month, u)
    notice_on: Dates = np.full(len(people), np.datetime64("NaT", "D"))
    if planted.notice:  # no effect on exits in this scenario: notice is the same in every world
        notice_on = notice_dates(streams, people, exit_on, untreated.kind)
    on_notice = notice_months(notice_on, untreated.month)
    programmes = _programmes(streams, size, people, untreated, planted, on_notice, block)
    month, kind = untreated.month.copy(), untreated.kind.copy()
    for e in programmes:
        month[e.person[e.mentored]] = e.if_mentored_month[e.mentored]
        kind[e.person[e.mentored]] = e.if_mentored_kind[e.mentored]
    exit_on = exit_dates(people, month, u)
    paired = tuple(e for e in programmes if e.programme != "OPS-ROLL")
    if planted.mentor_theta != 1.0:
        plan = draw_matches(
            streams, people, paired, untreated.month, np.full_like(exit_on, "NaT"), exit_on
        )
        draw_mentor_side(streams, people, untreated, plan, planted, month, kind)
        exit_on = exit_dates(people, month, u)
    stop_on = np.fmin(exit_on, notice_on)
    return Company(
        scenario=planted, size=size, block=block, streams=streams, people=people,
        untreated=untreated, programmes=programmes, exit_month=month, exit_kind=kind,
        exit_on=exit_on, notice_on=notice_on,
        matches=draw_matches(streams, people, paired, untreated.month, exit_on, stop_on),
        seats=draw_seats(streams, size, people, untreated.month),
        severity=severity(streams, len(people)),
    )  # fmt: skip


def _programmes(
    streams: Streams, size: int, people: People, exits: Exits, planted: Scenario,
    on_notice: Ints, block: int,
) -> tuple[Enrolment, ...]:  # fmt: skip
    """Every programme of the scenario with both exits of its people; paired ones come first."""
    lottery = draw_lottery(streams, people, exits, planted, on_notice)
    if planted.spillover:
        lottery = with_teams(streams, size, people, lottery, block)
    found = [
        with_lots(streams, people, lottery, planted),
        draw_opt_in(streams, size, people, exits, planted, on_notice, block),
    ]
    if planted.attrition:
        found.append(draw_starters(streams, people, exits, planted))
    found.append(draw_roll_out(streams, size, people, exits, planted))
    return tuple(with_potential_exits(streams, people, exits, e, block) for e in found)


def _people_and_exits(
    streams: Streams, size: int, block: int, planted: Scenario
) -> tuple[People, Exits]:
    """Everybody and their exits without mentoring, drawn block by block."""
    total = len(schedule(size)[0])
    blocks = range(0, total, block)
    parts = [draw_people(streams, size, first, block) for first in blocks]
    people = People(**{f.name: _joined(parts, f.name) for f in fields(People)})
    exits = [
        draw_exits(streams, people.take(slice(first, first + block)), first) for first in blocks
    ]
    drawn = Exits(**{f.name: _joined(exits, f.name) for f in fields(Exits)})
    people, drawn = with_rehires(streams, people, drawn)
    if planted.attrition:
        people = replace(people, starter=starters(people, size))
        drawn = redrawn(streams, people, drawn, np.flatnonzero(people.starter))
    return people, drawn


def _joined(parts: list[People] | list[Exits], name: str) -> Any:
    return np.concatenate([getattr(part, name) for part in parts])
