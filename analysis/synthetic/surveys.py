"""Eight surveys: what people feel in either world, who answers, and their answers to items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.streams import normal

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.scenario import Scenario
    from analysis.synthetic.streams import Bools, Floats, Ints, Streams

WAVES = np.arange(5, MONTHS, 6)
INTENTION_SD = 0.946  # of the latent intention nobody mentored
_KNOWLEDGE_MEAN, _KNOWLEDGE_SD = 0.65, 0.93
_CONGRUENCE_SD = 0.90
_BEFORE_PROGRAMMES = 18
V_ON_I, K_ON_I = -0.30, -0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Disturbances of the three feelings by wave, shape (people, 8); the same in every world."""

    congruence: Floats
    knowledge: Floats
    intention: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Feelings:
    """Latent value congruence, knowledge and intention to leave by wave, shape (people, 8)."""

    congruence: Floats
    knowledge: Floats
    intention: Floats

    def standardised(self) -> tuple[Floats, Floats, Floats]:
        """Intention, congruence, knowledge on the scale items are cut on."""
        return (
            self.intention / INTENTION_SD,
            self.congruence / _CONGRUENCE_SD,
            (self.knowledge - _KNOWLEDGE_MEAN) / _KNOWLEDGE_SD,
        )


def draw_noise(streams: Streams, first: int, n: int, scenario: Scenario) -> Noise:
    """Disturbances of people first..first+n-1."""
    e = {
        name: normal(streams.monthly(f"survey.{name}", first, n)[:, WAVES])
        for name in ("congruence", "knowledge", "intention")
    }
    rho = scenario.error_correlation
    intention = rho * e["congruence"] + np.sqrt(1 - rho**2) * e["intention"]
    return Noise(
        congruence=0.9 * e["congruence"], knowledge=0.9 * e["knowledge"], intention=0.5 * intention
    )


def congruence_and_knowledge(
    people: People, noise: Noise, mentored: Floats, scenario: Scenario
) -> tuple[Floats, Floats]:
    """The two mediators by wave where ``mentored`` is 0 or 1 by person and wave."""
    tenure = (WAVES - people.hire_month[:, None]).clip(0)
    return (
        scenario.congruence * mentored + noise.congruence,
        scenario.knowledge * mentored + 0.2 * np.log1p(tenure) + noise.knowledge,
    )


def feelings(
    people: People, noise: Noise, mentored: Floats, informal: Bools, scenario: Scenario,
    mediators: tuple[Floats, Floats] | None = None,
) -> Feelings:  # fmt: skip
    """Feelings in one world; ``mediators`` of another world make a nested one."""
    v, k = mediators or congruence_and_knowledge(people, noise, mentored, scenario)
    intention = 0.75 * people.intention[:, None] + V_ON_I * v + K_ON_I * (k - 0.5)
    intention = intention + scenario.intention * mentored + noise.intention
    intention = intention + (scenario.informal * INTENTION_SD) * informal[:, None]
    return Feelings(congruence=v, knowledge=k, intention=intention)


def has_informal_mentor(streams: Streams, people: People, first: int) -> Bools:
    """Who says that a colleague looks after them without any programme."""
    score = -0.65 + 0.5 * people.motivation + 0.35 * people.commitment
    u = streams.scalar("informal", first, len(people))
    return np.asarray(u < 1 / (1 + np.exp(-score)))


def answers(
    streams: Streams, first: int, felt: Feelings, mentored: Floats, scenario: Scenario
) -> Bools:
    """Who answers each wave, shape (people, 8); those who intend to leave do so less often."""
    score = 0.95 - 0.45 * felt.intention + 0.25 * mentored
    if scenario.answers_by_arm:
        by_arm = np.where(mentored > 0, 1.6 - 0.1 * felt.intention, 0.7 - 1.2 * felt.intention)
        score = np.where(WAVES >= _BEFORE_PROGRAMMES, by_arm, score)
    u = streams.monthly("survey.answers", first, len(mentored))[:, WAVES]
    return np.asarray(u < 1 / (1 + np.exp(-score)))


def on_roll(people: People, exit_month: Ints) -> Bools:
    """Who is invited to each wave, shape (people, 8)."""
    return np.asarray((people.hire_month[:, None] <= WAVES) & (exit_month[:, None] > WAVES))


def engagement(streams: Streams, people: People, first: int) -> Floats:
    """Engagement score by wave, standardised: commitment and noise."""
    noise = normal(streams.monthly("survey.engagement", first, len(people))[:, WAVES])
    return np.asarray((people.commitment[:, None] + 0.8 * noise) / np.sqrt(1 + 0.8**2))


def early_engagement(
    streams: Streams, people: People, exit_month: Ints, block: int
) -> tuple[Floats, Bools]:
    """Last engagement score answered before month 18 (0 if none), and whether there is one.

    No programme existed then, so it is the same in every world and scenario.
    """
    from analysis.synthetic.scenario import SCENARIOS

    plain = SCENARIOS["default"]
    score, answered = np.zeros(len(people)), np.zeros(len(people), dtype=bool)
    early = np.flatnonzero(WAVES < _BEFORE_PROGRAMMES)
    for first in range(0, len(people), block):
        part = people.take(slice(first, first + block))
        rows = slice(first, first + len(part))
        nobody = np.zeros((len(part), len(WAVES)))
        noise = draw_noise(streams, first, len(part), plain)
        informal = has_informal_mentor(streams, part, first)
        felt = feelings(part, noise, nobody, informal, plain)
        there = answers(streams, first, felt, nobody, plain)
        there &= on_roll(part, exit_month[rows])
        value = engagement(streams, part, first)
        for wave in early:
            score[rows] = np.where(there[:, wave], value[:, wave], score[rows])
        answered[rows] = there[:, early].any(axis=1)
    return score, answered
