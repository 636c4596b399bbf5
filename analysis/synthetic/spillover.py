"""Scenario spillover: people gain from team members who are mentored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.people import site_by_month, site_counts

if TYPE_CHECKING:
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.people import People
    from analysis.synthetic.streams import Floats, Streams


def with_teams(
    streams: Streams, size: int, people: People, lottery: Enrolment, block: int
) -> Enrolment:
    """The lottery in teams: people invited in the same round at the same site."""
    site = np.empty(len(lottery), dtype=np.int64)
    for first in range(0, len(people), block):
        rows = slice(*np.searchsorted(lottery.person, [first, first + block]))
        by_month = site_by_month(streams, size, people.take(slice(first, first + block)), first)
        site[rows] = by_month[lottery.person[rows] - first, lottery.zero[rows]]
    return replace(lottery, group=lottery.zero * int(site_counts(size).sum()) + site)


def others_mentored(team: Enrolment, mentored: Floats) -> Floats:
    """Share of the other members of each person's team who are mentored; 0 for a team of one."""
    _, place = np.unique(team.group, return_inverse=True)
    members = np.bincount(place)[place] - 1
    total = np.bincount(place, weights=mentored)[place]
    return np.asarray((total - mentored) / members.clip(1))
