"""SALES-LOT, an oversubscribed programme that draws lots among those who apply; and STARTER-LOT."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, NEVER, month_start
from analysis.synthetic.enrolment import Enrolment, multiplied
from analysis.synthetic.people import CODES, DEPARTMENTS, REFERENCE_SIZE, People
from analysis.synthetic.performance import gain_profile
from analysis.synthetic.streams import Bools, Dates, Floats, Ints, Streams, logistic, normal

if TYPE_CHECKING:
    from analysis.synthetic.exits import Exits
    from analysis.synthetic.scenario import Scenario

PROGRAMME, STARTERS = "SALES-LOT", "STARTER-LOT"
ROUNDS = (18, 21, 24, 27, 30)
OPEN_TO = ("sales", "engineering", "corporate")
SHORTEST_TENURE, LONGEST_TENURE = 2, 47
MENTEES_BELOW_LEVEL = 3
NEWCOMER_BELOW = 12  # months of tenure
DRAW_DAY = 4  # the draw is on the fifth of the month of the round
PROFILE = gain_profile(fade_from=9, fade_to=18, floor=0.30)
FLAT = np.append(0.0, np.ones(MONTHS))
SATURATION = (0.25, 0.75)  # scenario spillover: share of the applicants of a team who win
STARTERS_AT_REFERENCE = 600


def drawn_on(zero: Ints) -> Dates:
    """Time zero: the day of the draw."""
    return np.asarray(month_start(zero) + np.timedelta64(DRAW_DAY, "D"))


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


def draw_lottery(
    streams: Streams, people: People, exits: Exits, scenario: Scenario, on_notice: Ints
) -> Enrolment:
    """From eligibility to the lots; exits if mentored are not drawn yet, teams are rounds."""
    rounds = first_round(people, exits.month)
    who = np.flatnonzero(rounds < NEVER)
    some, n, rounds = people.take(who), len(people), rounds[who]
    applied = logistic(streams.scalar("lottery.apply", 0, n)[who]) + 0.10 < 0.45 * some.motivation
    p_take_up = 1 / (1 + np.exp(-(0.47 + 0.35 * some.motivation)))
    uniform = streams.scalar("lottery.take_up", 0, n)[who]
    takes_up = (uniform < p_take_up) & (on_notice[who] > rounds)
    tenure = rounds - some.hire_month
    gain = np.where(tenure < NEWCOMER_BELOW, scenario.gain_new, scenario.gain_established)
    quality = normal(streams.scalar("match.quality", 0, n)[who])
    factor, goal = multiplied(streams, people, who, scenario, quality)
    nobody = np.zeros(len(who), dtype=bool)
    return Enrolment(
        programme=PROGRAMME, profile=PROFILE, person=who, zero=rounds, start=rounds,
        department=some.department, tenure=tenure, group=rounds, applied=applied, won=nobody,
        takes_up=takes_up, mentored=nobody, p_take_up=p_take_up, gain=gain * factor,
        theta=np.full(len(who), scenario.theta), quality=quality, goal=goal,
        untreated_month=exits.month[who], untreated_kind=exits.kind[who],
        if_mentored_month=exits.month[who], if_mentored_kind=exits.kind[who],
    )  # fmt: skip


def with_lots(
    streams: Streams, people: People, enrolment: Enrolment, scenario: Scenario
) -> Enrolment:
    """Lots drawn, in teams of their own saturation under spillover; then what people make of it."""
    who, n = enrolment.person, len(people)
    lot = streams.scalar("lottery.draw", 0, n)[who]
    if scenario.spillover:
        won = _by_team(streams, enrolment, lot)
    else:
        won = _half(streams, enrolment, lot)
    loser = enrolment.applied & ~won
    if scenario.moved_losers:
        able = np.where(loser, people.ability[who], -np.inf)
        won = won.copy()
        won[np.argsort(-able, kind="stable")[: round(scenario.moved_losers * loser.sum())]] = True
    # who crosses over would have taken up too: nobody does the opposite of the lot
    share = scenario.crossover / np.maximum(enrolment.p_take_up, scenario.crossover or 1.0)
    crosses = enrolment.applied & ~won & (streams.scalar("lottery.cross", 0, n)[who] < share)
    mentored = enrolment.takes_up & (won | crosses)
    return replace(enrolment, won=won, mentored=mentored)


def _half(streams: Streams, enrolment: Enrolment, lot: Floats) -> Bools:
    """Half of the applicants of each round and department; lots decide the odd place."""
    odd_place = streams.monthly("lottery.odd_place", 0, len(DEPARTMENTS))
    won = np.zeros(len(enrolment), dtype=bool)
    for month in ROUNDS:
        for code in np.unique(enrolment.department):
            here = (enrolment.zero == month) & (enrolment.department == code)
            stratum = np.flatnonzero(enrolment.applied & here)
            places = int(len(stratum) / 2 + odd_place[code, month] * (len(stratum) % 2))
            won[stratum[np.argsort(lot[stratum], kind="stable")[:places]]] = True
    return won


def saturation(streams: Streams, team: Ints) -> Floats:
    """Share of the applicants of each team who win, one of two by lot."""
    u = streams.scalar("lottery.team", 0, int(team.max(initial=0)) + 1)[team]
    return np.where(u < 0.5, *SATURATION)


def _by_team(streams: Streams, enrolment: Enrolment, lot: Floats) -> Bools:
    """The share of each team's applicants that its saturation says, by rank of the lot."""
    rows = np.flatnonzero(enrolment.applied)
    team = enrolment.group[rows]
    order = np.lexsort((lot[rows], team))
    team = team[order]
    _, begins, size = np.unique(team, return_index=True, return_counts=True)
    rank = np.arange(len(team)) - np.repeat(begins, size)
    won = np.zeros(len(enrolment), dtype=bool)
    won[rows[order]] = rank + 0.5 < saturation(streams, team) * np.repeat(size, size)
    return won


def starters(people: People, size: int) -> Bools:
    """The first 600 (at 5,000 heads) hired into the contact centre once the programmes run."""
    late = (people.department == CODES["contact_centre"]) & (people.hire_month >= ROUNDS[0])
    late &= people.origin == np.arange(len(people))
    found = np.zeros(len(people), dtype=bool)
    found[np.flatnonzero(late)[: round(STARTERS_AT_REFERENCE * size / REFERENCE_SIZE)]] = True
    return found


def draw_starters(streams: Streams, people: People, exits: Exits, scenario: Scenario) -> Enrolment:
    """STARTER-LOT: half of each month's starters get a mentor at hire, and all take part."""
    who = np.flatnonzero(people.starter & (exits.month > people.hire_month))
    n, month = len(who), people.hire_month[who]
    lot = streams.scalar("starter.draw", 0, len(people))[who]
    order = np.lexsort((lot, month))
    _, begins, size = np.unique(month[order], return_index=True, return_counts=True)
    won = np.zeros(n, dtype=bool)
    won[order] = np.arange(n) - np.repeat(begins, size) + 0.5 < np.repeat(size, size) / 2
    yes = np.ones(n, dtype=bool)
    theta = np.where(people.ability[who] < 0, 0.30, 1.0)
    return Enrolment(
        programme=STARTERS, profile=FLAT, person=who, zero=month, start=month,
        department=people.department[who], tenure=np.zeros(n, dtype=np.int64), group=month,
        applied=yes, won=won, takes_up=yes, mentored=won, p_take_up=np.ones(n),
        gain=np.full(n, scenario.gain_starter), theta=theta, quality=np.zeros(n), goal=~yes,
        untreated_month=exits.month[who], untreated_kind=exits.kind[who],
        if_mentored_month=exits.month[who], if_mentored_kind=exits.kind[who],
    )  # fmt: skip
