"""Truths of the lottery on ratings and on what people feel, mediation and informal mentors."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from analysis.synthetic.estimand import Estimand, row
from analysis.synthetic.items import TIS, expected_score, item_uniforms, score
from analysis.synthetic.lottery import PROGRAMME
from analysis.synthetic.people import site_by_month
from analysis.synthetic.ratings import CYCLES, FIVE, FOUR, FOUR_POINTS, points
from analysis.synthetic.streams import normal
from analysis.synthetic.surveys import (
    INTENTION_SD,
    K_ON_I,
    V_ON_I,
    WAVES,
    Feelings,
    Noise,
    congruence_and_knowledge,
    draw_noise,
    feelings,
    has_informal_mentor,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.synthetic.company import Company
    from analysis.synthetic.people import People
    from analysis.synthetic.streams import Bools, Floats, Ints

SOONEST = 5  # months from the draw to the survey that counts
INFORMAL_WAVE = 4  # the wave of month 29
_WORLDS = ("nobody", "direct", "congruence", "mentored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeling:
    """TIS-6 of people in nested worlds, scored and expected, columns as _WORLDS; latent rating."""

    scored: Floats
    expected: Floats
    rating: Floats
    informal: tuple[float, float]  # difference an informal mentor makes, expected and realised


def wave_after(zero: Ints) -> Ints:
    """Place of the first survey five months or more after time zero."""
    return np.searchsorted(WAVES, zero + SOONEST)


def lottery_feelings(company: Company) -> Feeling:
    """What the applicants of the lottery feel in every world, and their rating."""
    some = company.lottery.take(company.lottery.applied)
    return _felt(company, some.person, wave_after(some.zero))


def feeling_truths(company: Company, felt: Feeling) -> Iterator[Estimand]:
    """ITT on rating and TIS-6, its natural effects, latent and scored; informal mentors."""
    some = company.lottery.take(company.lottery.applied)
    if len(some):
        moved = 1 - company.scenario.crossover / some.p_take_up  # compliers among takers
        shares = (some.p_take_up * moved, some.takes_up * moved)
        yield from _ratings(company, felt.rating, some.person, shares)
        yield from _intentions(company, felt, shares)
    yield row(
        company, "INFORMAL", "tis6.difference", felt.informal, population="on roll",
        window="2024-06", unit="points", arm_contrast="informal mentor against none",
        n_units=int(_on_roll(company).sum()),
    )  # fmt: skip


def _intentions(
    company: Company, felt: Feeling, shares: tuple[Floats, Floats]
) -> Iterator[Estimand]:
    planted = company.scenario
    common = functools.partial(
        row, company, PROGRAMME, population="applicants", window="5-10", n_units=len(felt.scored)
    )
    steps = [
        [(share * (table[:, b] - table[:, a])).mean() for a, b in ((0, 3), (0, 1), (1, 2), (2, 3))]
        for share, table in zip(shares, (felt.expected, felt.scored), strict=True)
    ]
    yield common("tis6.itt.if_all_answered", (steps[0][0], steps[1][0]), unit="points")
    latent = (
        planted.intention / INTENTION_SD,
        V_ON_I * planted.congruence / INTENTION_SD,
        K_ON_I * planted.knowledge / INTENTION_SD,
    )
    for place, way in enumerate(("direct", "via_congruence", "via_knowledge")):
        scored = (steps[0][place + 1], steps[1][place + 1])
        exact = (latent[place] * shares[0].mean(), latent[place] * shares[1].mean())
        yield common(f"intention.{way}.scored", scored, unit="points", method="nested_worlds")
        yield common(
            f"intention.{way}.latent", exact, unit="standard deviations", method="closed_form"
        )


def _ratings(
    company: Company, latent: Floats, who: Ints, shares: tuple[Floats, Floats]
) -> Iterator[Estimand]:
    """On five points, 5 the best, and on the four points printed in 2024, 1 the best."""
    effect = company.scenario.rating
    mean = 0.5 * company.people.ability[who]
    for name, cuts, sign, four in (("rating", FIVE, 1, False), ("rating_printed", FOUR, -1, True)):
        gap = [ndtr((mean[:, None] + t - cuts) / np.sqrt(0.75)).sum(axis=1) for t in (0.0, effect)]
        drawn = points(latent + effect, four) - points(latent, four)
        yield row(
            company, PROGRAMME, f"{name}.itt.if_all_stayed",
            ((sign * shares[0] * (gap[1] - gap[0])).mean(), (shares[1] * drawn).mean()),
            population="applicants", window="2024-12", unit="points", n_units=len(who),
        )  # fmt: skip


def _on_roll(company: Company) -> Bools:
    month = WAVES[INFORMAL_WAVE]
    return np.asarray((company.people.hire_month <= month) & (company.exit_month > month))


def _felt(company: Company, who: Ints, wave: Ints) -> Feeling:
    """Feelings of the applicants in nested worlds, block by block; the informal difference."""
    from analysis.synthetic.blocks import block_ratings

    parts, gaps, there = [], [], _on_roll(company)
    for first in range(0, len(company), company.block):
        people = company.people.take(slice(first, first + company.block))
        lo, hi = np.searchsorted(who, [first, first + len(people)])
        local = who[lo:hi] - first
        site = site_by_month(company.streams, company.size, people, first)
        latent = block_ratings(company, first, site)[0].latent
        cycle = int(np.searchsorted(CYCLES, FOUR_POINTS))
        drawn, informal = _worlds(company, people, first, None)
        means, informal_means = _worlds(company, people, first, _no_noise(len(people)))
        noise, at = item_uniforms(company.streams, first, len(people)), (local, wave[lo:hi])
        variance = _noise_variance(company)
        scored = [score(TIS, f.intention[at] / INTENTION_SD, normal(noise[at])) for f in drawn]
        expected = [expected_score(TIS, f.intention[at] / INTENTION_SD, variance) for f in means]
        parts.append((np.stack(scored, 1), np.stack(expected, 1), latent[local, cycle]))
        here = np.flatnonzero(there[first : first + len(people)])
        at = (here, np.full(len(here), INFORMAL_WAVE))
        without, with_one = (f.intention[at] / INTENTION_SD for f in informal_means)
        expected_gap = expected_score(TIS, with_one, variance)
        expected_gap = expected_gap - expected_score(TIS, without, variance)
        without, with_one = (f.intention[at] / INTENTION_SD for f in informal)
        drawn_gap = score(TIS, with_one, normal(noise[at])) - score(TIS, without, normal(noise[at]))
        gaps.append(np.stack([expected_gap, drawn_gap], 1))
    joined = [np.concatenate(p) for p in zip(*parts, strict=True)]
    gap = np.concatenate(gaps).mean(axis=0) if there.any() else np.zeros(2)
    return Feeling(
        scored=joined[0], expected=joined[1], rating=joined[2], informal=(gap[0], gap[1])
    )


def _no_noise(n: int) -> Noise:
    nothing = np.zeros((n, len(WAVES)))
    return Noise(congruence=nothing, knowledge=nothing, intention=nothing)


def _worlds(
    company: Company, people: People, first: int, noise: Noise | None
) -> tuple[list[Feelings], list[Feelings]]:
    """Feelings in the nested worlds (as _WORLDS), and without and with an informal mentor."""
    planted, n = company.scenario, len(people)
    noise = noise or draw_noise(company.streams, first, n, planted)
    informal = has_informal_mentor(company.streams, people, first)
    zero, one = np.zeros((n, len(WAVES))), np.ones((n, len(WAVES)))
    v0, k0 = congruence_and_knowledge(people, noise, zero, planted)
    v1, k1 = congruence_and_knowledge(people, noise, one, planted)
    nested = [(zero, v0, k0), (one, v0, k0), (one, v1, k0), (one, v1, k1)]
    return (
        [feelings(people, noise, t, informal, planted, (v, k)) for t, v, k in nested],
        [
            feelings(people, noise, zero, np.full(n, with_one), planted, (v0, k0))
            for with_one in (False, True)
        ],
    )


def _noise_variance(company: Company) -> float:
    """Variance of the standardised intention given baseline intention, tenure and arm."""
    of_v, of_k, of_i = V_ON_I * 0.9, K_ON_I * 0.9, 0.5
    both = 2 * of_v * of_i * company.scenario.error_correlation
    return (of_v**2 + of_k**2 + of_i**2 + both) / INTENTION_SD**2
