"""OPS-ROLL: operations sites begin one after the other, by lot; no effect on exits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, NEVER
from analysis.synthetic.enrolment import Enrolment
from analysis.synthetic.people import CODES, People, site_counts
from analysis.synthetic.performance import gain_profile

if TYPE_CHECKING:
    from analysis.synthetic.exits import Exits
    from analysis.synthetic.scenario import Scenario
    from analysis.synthetic.streams import Floats, Ints, Streams

PROGRAMME = "OPS-ROLL"
STARTS = (20, 26, 32, NEVER)
STARTS_OF_ALL = (16, 24, 32, 40)  # scenario twfe_trap
SIZES = (1.3, 1.0, 0.7, 0.0)  # of the gain, by wave
TAKES_PART = 0.70
PROFILE = gain_profile(fade_from=8, fade_to=16, floor=0.20)
GROWING = np.minimum(np.arange(MONTHS + 1), 24).astype(float)


def waves(streams: Streams, size: int) -> Ints:
    """Wave 0..3 of each site of operations (a quarter each), -1 of all other sites."""
    counts = site_counts(size)
    code = CODES["operations"]
    own = np.arange(counts[:code].sum(), counts[: code + 1].sum())
    wave = np.full(int(counts.sum()), -1)
    order = np.argsort(streams.scalar("roll_out.site", 0, len(own)), kind="stable")
    wave[own[order]] = 4 * np.arange(len(own)) // len(own)
    return wave


def site_starts(streams: Streams, size: int, scenario: Scenario) -> Ints:
    """Month in which each site of the company begins; NEVER outside the programme."""
    starts = STARTS_OF_ALL if scenario.everybody_in_the_end else STARTS
    return np.array([*starts, NEVER])[waves(streams, size)]


def site_drift(streams: Streams, size: int, scenario: Scenario) -> Floats:
    """Log KPI that sites gain without the programme, shape (sites, 48); scenario pre_trend."""
    factor = np.array([*SIZES, 0.0])[waves(streams, size)]
    return np.asarray(scenario.drift * factor[:, None] * (np.arange(MONTHS) - 8).clip(0))


def draw_roll_out(
    streams: Streams, size: int, people: People, exits: Exits, scenario: Scenario
) -> Enrolment:
    """Everybody of operations employed when, or after, their site began."""
    starts = site_starts(streams, size, scenario)[people.site]
    who = np.flatnonzero((starts < NEVER) & (exits.month > starts))
    some, start = people.take(who), starts[who]
    wave = waves(streams, size)[some.site]
    trap = scenario.everybody_in_the_end
    sizes = np.ones(len(who)) if trap else np.array(SIZES)[wave]
    takes = streams.scalar("roll_out.takes_part", 0, len(people))[who] < TAKES_PART
    zeros, no, yes = np.zeros(len(who)), np.zeros(len(who), bool), np.ones(len(who), bool)
    return Enrolment(
        programme=PROGRAMME, profile=GROWING if trap else PROFILE, person=who,
        zero=np.maximum(start, some.hire_month), start=start, department=some.department,
        tenure=start - some.hire_month, group=wave, applied=takes, won=yes, takes_up=takes,
        mentored=takes, p_take_up=np.full(len(who), TAKES_PART),
        gain=scenario.gain_roll_out * sizes / TAKES_PART, theta=np.ones(len(who)),
        quality=zeros, goal=no,
        untreated_month=exits.month[who], untreated_kind=exits.kind[who],
        if_mentored_month=exits.month[who], if_mentored_kind=exits.kind[who],
    )  # fmt: skip
