"""CARE-OPTIN: whoever likes joins; what drives the choice is in the data, by default all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import NEVER
from analysis.synthetic.enrolment import Enrolment, multiplied
from analysis.synthetic.lottery import NEWCOMER_BELOW, PROFILE
from analysis.synthetic.people import CODES, People, site_by_month
from analysis.synthetic.performance import log_kpi, recorded
from analysis.synthetic.streams import logistic, normal
from analysis.synthetic.surveys import early_engagement

if TYPE_CHECKING:
    from analysis.synthetic.exits import Exits
    from analysis.synthetic.scenario import Scenario
    from analysis.synthetic.streams import Floats, Ints, Streams

PROGRAMME = "CARE-OPTIN"
ROUNDS = tuple(range(18, 34, 3))
SHORTEST_TENURE = 4
_WAIT = np.cumsum([0.15, 0.25, 0.20, 0.15, 0.15])  # chance of a wait of at most 0..4 months


def first_invitation(people: People, exit_month: Ints) -> Ints:
    """Month of the first round open to each person; NEVER where none was."""
    here = (people.department == CODES["contact_centre"]) & ~people.starter
    found = np.full(len(people), NEVER)
    for month in reversed(ROUNDS):
        long_enough = month - people.hire_month >= SHORTEST_TENURE
        found[here & long_enough & (exit_month > month)] = month
    return found


def past_performance(
    streams: Streams, size: int, people: People, exit_month: Ints, invited: Ints, block: int
) -> Floats:
    """Mean log KPI of the three months before the invitation, NaN where none was recorded."""
    found = []
    for first in range(0, len(people), block):
        part = people.take(slice(first, first + block))
        site = site_by_month(streams, size, part, first)
        kpi = log_kpi(streams, part, site, first)
        seen = recorded(streams, part, exit_month[first : first + len(part)], first)
        rows = np.flatnonzero(invited[first : first + len(part)] < NEVER)
        months = invited[first + rows, None] - np.array([3, 2, 1])
        value, there = kpi[rows[:, None], months], seen[rows[:, None], months]
        count = there.sum(axis=1)
        mean = np.where(there, value, 0.0).sum(axis=1) / count.clip(1)
        found.append(np.where(count > 0, mean, np.nan))
    return np.concatenate(found)


def draw_opt_in(
    streams: Streams, size: int, people: People, exits: Exits, scenario: Scenario,
    on_notice: Ints, block: int,
) -> Enrolment:  # fmt: skip
    """From the invitation to the match, for everybody; exits if mentored are not drawn yet."""
    invited = first_invitation(people, exits.month)
    who = np.flatnonzero(invited < NEVER)
    past = past_performance(streams, size, people, exits.month, invited, block)
    some, n, zero = people.take(who), len(people), invited[who]
    tenure = zero - some.hire_month
    z = (past - np.nanmean(past)) / np.nanstd(past) if len(who) else past
    z = np.where(np.isnan(z), 0.0, z)
    q, answered = early_engagement(streams, people, exits.month, block)
    new = tenure < NEWCOMER_BELOW
    score = -0.55 + 0.62 * z + 0.45 * q[who] + 0.10 * answered[who] + 0.30 * new
    if scenario.hidden_selection:
        score = score + 0.8 * some.ability - 0.5 * some.intention
    joins = logistic(streams.scalar("opt_in.join", 0, n)[who]) < score
    wait = np.searchsorted(_WAIT, streams.scalar("opt_in.wait", 0, n)[who], side="right")
    start = zero + wait
    there = on_notice[who] > start
    noise = normal(streams.scalar("match.quality", 0, n)[who])
    quality = 0.3 * z + np.sqrt(1 - 0.3**2) * noise
    factor, goal = multiplied(streams, people, who, scenario, quality)
    gain = (scenario.gain_opt_in + scenario.gain_opt_in_slope * some.ability) * factor
    return Enrolment(
        programme=PROGRAMME, profile=PROFILE, person=who, zero=zero, start=start,
        department=some.department, tenure=tenure, group=zero, applied=joins, won=joins,
        takes_up=there, mentored=joins & there,
        p_take_up=1 / (1 + np.exp(-score)), gain=gain, theta=np.full(len(who), scenario.theta),
        quality=quality, goal=goal,
        untreated_month=exits.month[who], untreated_kind=exits.kind[who],
        if_mentored_month=exits.month[who], if_mentored_kind=exits.kind[who],
    )  # fmt: skip
