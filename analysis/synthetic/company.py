"""One draw of the company: both worlds of everybody, and the world that happened."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.synthetic.exits import Exits, draw_exits, exit_dates
from analysis.synthetic.lottery import Lottery, draw_lottery
from analysis.synthetic.mentoring import (
    Matches,
    Sessions,
    draw_matches,
    draw_sessions,
    mentor_months,
)
from analysis.synthetic.people import People, draw_people, schedule, site_by_month
from analysis.synthetic.performance import log_kpi, recorded
from analysis.synthetic.scenario import SCENARIOS, Scenario
from analysis.synthetic.streams import Bools, Dates, Floats, Ints, Streams

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """``untreated`` is everybody's exit without mentoring; ``exit_*`` is what happened."""

    scenario: Scenario
    size: int
    streams: Streams
    people: People
    untreated: Exits
    lottery: Lottery
    exit_month: Ints
    exit_kind: Ints
    exit_on: Dates
    matches: Matches
    sessions: Sessions

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiBlock:
    """Monthly series of people first..first+n-1, arrays of shape (n, 48).

    ``untreated`` is the log KPI nobody mentored, ``happened`` the one observed where
    ``recorded``; ``site`` is the site of the month.
    """

    first: int
    untreated: Floats
    happened: Floats
    recorded: Bools
    site: Ints


def draw_company(
    scenario: str = "default", *, size: int = 5_000, seed: int, block: int = BLOCK
) -> Company:
    """The company with ``size`` heads at month 0; KeyError for a scenario without a name."""
    planted, streams = SCENARIOS[scenario], Streams(seed)
    people, untreated = _people_and_exits(streams, size, block)
    lottery = draw_lottery(streams, people, untreated, planted)
    month, kind = untreated.month.copy(), untreated.kind.copy()
    met = lottery.mentored
    month[lottery.person[met]] = lottery.offered_month[met]
    kind[lottery.person[met]] = lottery.offered_kind[met]
    exit_on = exit_dates(people, month, streams.scalar("exit.day", 0, len(people)))
    matches = draw_matches(streams, people, lottery, month, exit_on)
    return Company(
        scenario=planted,
        size=size,
        streams=streams,
        people=people,
        untreated=untreated,
        lottery=lottery,
        exit_month=month,
        exit_kind=kind,
        exit_on=exit_on,
        matches=matches,
        sessions=draw_sessions(streams, people, lottery, matches, exit_on),
    )


def _people_and_exits(streams: Streams, size: int, block: int) -> tuple[People, Exits]:
    """Everybody and their exits without mentoring, drawn block by block."""
    total = len(schedule(size)[0])
    people, exits = [], []
    for first in range(0, total, block):
        people.append(draw_people(streams, size, first, block))
        exits.append(draw_exits(streams, people[-1], first))
    return (
        People(**{f.name: _joined(people, f.name) for f in fields(People)}),
        Exits(**{f.name: _joined(exits, f.name) for f in fields(Exits)}),
    )


def _joined(parts: list[People] | list[Exits], name: str) -> Any:
    return np.concatenate([getattr(part, name) for part in parts])


def kpi_blocks(company: Company, block: int = BLOCK) -> Iterator[KpiBlock]:
    """Monthly performance of everybody, in blocks of people."""
    lottery = company.lottery.take(company.lottery.mentored)
    gain = lottery.gain_by_month()
    mentors, busy = mentor_months(company.matches)
    for first in range(0, len(company), block):
        people = company.people.take(slice(first, first + block))
        n = len(people)
        site = site_by_month(company.streams, company.size, people, first)
        untreated = log_kpi(company.streams, people, site, first)
        happened = untreated.copy()
        here = (lottery.person >= first) & (lottery.person < first + n)
        happened[lottery.person[here] - first] += gain[here]
        here = (mentors >= first) & (mentors < first + n)
        happened[mentors[here] - first] -= company.scenario.mentor_cost * busy[here]
        yield KpiBlock(
            first=first,
            untreated=untreated,
            happened=happened,
            recorded=recorded(
                company.streams, people, company.exit_month[first : first + n], first
            ),
            site=site,
        )
