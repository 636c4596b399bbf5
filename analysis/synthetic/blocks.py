"""Monthly series of the company, block by block: nothing holds all months of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.effects import (
    gain_if_mentored,
    happened_spillover,
    mentored_by_month,
    spillover_by_month,
)
from analysis.synthetic.items import all_items, draw_item_noise, mentoring_functions
from analysis.synthetic.mentor_side import mentor_months
from analysis.synthetic.organisation import teams
from analysis.synthetic.people import site_by_month
from analysis.synthetic.performance import log_kpi, on_leave, recorded
from analysis.synthetic.ratings import CYCLES, Ratings, draw_ratings
from analysis.synthetic.roll_out import site_drift
from analysis.synthetic.surveys import (
    WAVES,
    answers,
    draw_noise,
    engagement,
    feelings,
    has_informal_mentor,
    on_roll,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.synthetic.company import Company
    from analysis.synthetic.streams import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Monthly series of people first..first+n-1, arrays of shape (n, 48).

    ``untreated`` is the log KPI nobody mentored, ``happened`` the one observed where
    ``recorded``; ``mentored`` is 1 from the first full month with a mentor.
    """

    first: int
    untreated: Floats
    happened: Floats
    recorded: Bools
    on_leave: Bools
    site: Ints
    manager: Ints
    mentored: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Invitations and answers of a block, shape (n, 8) and (n, 8, 24)."""

    invited: Bools
    answered: Bools
    items: Ints
    engagement: Floats
    informal: Bools
    mentored: Bools


def blocks(company: Company) -> Iterator[Block]:
    """Monthly series of everybody."""
    mentors, busy = mentor_months(company.matches)
    share = happened_spillover(company)
    drift = site_drift(company.streams, company.size, company.scenario)
    for first in range(0, len(company), company.block):
        people = company.people.take(slice(first, first + company.block))
        n = len(people)
        site = site_by_month(company.streams, company.size, people, first)
        untreated = log_kpi(company.streams, people, site, first)
        if company.scenario.drift:
            untreated += drift[site, np.arange(MONTHS)]
        happened, mentored = untreated.copy(), np.zeros((n, MONTHS))
        for e in company.programmes:
            rows = slice(*np.searchsorted(e.person, [first, first + n]))
            some = e.take(rows)
            met = some.take(some.mentored)
            happened[met.person - first] += gain_if_mentored(company, met)
            mentored[met.person - first] = mentored_by_month(met)
            if company.scenario.spillover and e is company.lottery:
                spill = spillover_by_month(company, share)[rows]
                happened[some.person - first] += spill
        here = slice(*np.searchsorted(mentors, [first, first + n]))
        happened[mentors[here] - first] -= company.scenario.mentor_cost * busy[here]
        exit_month = company.exit_month[first : first + n]
        yield Block(
            first=first, untreated=untreated, happened=happened, site=site, mentored=mentored,
            recorded=recorded(company.streams, people, exit_month, first),
            on_leave=on_leave(company.streams, people, exit_month, first),
            manager=manager_by_month(company, first, site),
        )  # fmt: skip


def seat_by_month(company: Company, first: int, site: Ints) -> Ints:
    """Manager seat of each person and month."""
    people = company.people.take(slice(first, first + len(site)))
    u = company.streams.scalar("seat", first, len(site))
    return company.seats.of(teams(people, site, company.size), u)


def manager_by_month(company: Company, first: int, site: Ints) -> Ints:
    """Manager of each person and month, -1 where the seat is vacant."""
    seat = seat_by_month(company, first, site)
    return np.asarray(company.seats.occupant[seat, np.arange(MONTHS)])


def block_ratings(company: Company, first: int, site: Ints) -> tuple[Ratings, Ints]:
    """Latent ratings nobody mentored, and the raters, shape (n, 7)."""
    people = company.people.take(slice(first, first + len(site)))
    seat = seat_by_month(company, first, site)[:, CYCLES]
    rater = company.seats.occupant[seat, CYCLES].astype(np.int64)
    since = company.seats.since[seat, CYCLES].astype(np.int64)
    severity = np.where(rater >= 0, company.severity[rater], 0.0)
    return draw_ratings(company.streams, people, seat, since, severity, first), rater


def block_survey(company: Company, block: Block) -> Survey:
    """The eight surveys of a block as they happened."""
    streams, planted, first = company.streams, company.scenario, block.first
    n = len(block.site)
    people = company.people.take(slice(first, first + n))
    mentored = block.mentored[:, WAVES]
    informal = has_informal_mentor(streams, people, first)
    noise = draw_noise(streams, first, n, planted)
    felt = feelings(people, noise, mentored, informal, planted)
    invited = on_roll(people, company.exit_month[first : first + n])
    return Survey(
        invited=invited,
        answered=invited & answers(streams, first, felt, mentored, planted),
        items=all_items(
            felt, mentoring_functions(streams, first, n), draw_item_noise(streams, first, n)
        ),
        engagement=engagement(streams, people, first),
        informal=informal,
        mentored=mentored > 0,
    )
