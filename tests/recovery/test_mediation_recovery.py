"""Mediation where the truth is planted: the demo company's latent feelings, and simple draws.

The company's mediators are drawn anew in each wave and act within it, so paths are read from what
people felt at one time, without items; scored scales attenuate them by their reliability.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from analysis.estimators.mediation import Paths, columns, path_effects
from analysis.estimators.mediation_sensitivity import sensitivity
from analysis.estimators.moment_bootstrap import resample
from analysis.synthetic.company import draw_company
from analysis.synthetic.surveys import (
    INTENTION_SD,
    K_ON_I,
    V_ON_I,
    WAVES,
    draw_noise,
    feelings,
    has_informal_mentor,
)
from analysis.synthetic.truth_feelings import wave_after

DRAWS = 8
COMPANY = Paths(names=("V", "K"), controls=3)
EFFECTS = ("acme.V", "acme.K", "ade")
CORRELATION = -0.35  # of the errors of congruence and intention, scenario mediator_confounded


@cache
def felt(seed: int, scenario: str) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the lottery's applicants at the first survey after five months, and the truth."""
    firm = draw_company(scenario, size=5_000, seed=seed)
    some = firm.lottery.take(firm.lottery.applied)
    who, wave, n = some.person, wave_after(some.zero), len(firm)
    mentored = np.zeros((n, len(WAVES)))
    mentored[some.person] = some.mentored[:, None]
    noise = draw_noise(firm.streams, 0, n, firm.scenario)
    informal = has_informal_mentor(firm.streams, firm.people, 0)
    all_felt = feelings(firm.people, noise, mentored, informal, firm.scenario)
    tenure = np.log1p((WAVES[wave] - firm.people.hire_month[who]).clip(0))
    controls = np.column_stack([np.ones(len(who)), firm.people.intention[who], tenure])
    mediators = np.column_stack([all_felt.congruence[who, wave], all_felt.knowledge[who, wave]])
    intention = all_felt.intention[who, wave] / INTENTION_SD
    made = columns(COMPANY, controls, some.won.astype(float), mediators, intention)
    planted = firm.scenario
    ways = (V_ON_I * planted.congruence, K_ON_I * planted.knowledge, planted.intention)
    return made, np.array(ways) / INTENTION_SD * some.p_take_up.mean()


def points(seed: int, scenario: str) -> np.ndarray:
    made, _ = felt(seed, scenario)
    found = path_effects(COMPANY, (made.T @ made)[None])
    return np.array([found[name].item() for name in EFFECTS])


def test_planted_paths_are_found() -> None:
    """Via congruence -.040, via knowledge -.017, direct -.066 of an SD; four errors of the mean."""
    found = np.array([points(s, "default") for s in range(DRAWS)])
    truth = np.mean([felt(s, "default")[1] for s in range(DRAWS)], axis=0)
    assert truth == pytest.approx([-0.040, -0.017, -0.067], abs=0.002)  # as specified
    error = found.std(axis=0, ddof=1) / np.sqrt(DRAWS)
    assert (np.abs(found.mean(axis=0) - truth) < 4 * error).all()
    for place, name in enumerate(EFFECTS):
        covered = [_covers(s, name, place) for s in range(DRAWS)]
        assert sum(covered) >= stats.binom.ppf(0.0005, DRAWS, 0.95)


def _covers(seed: int, name: str, place: int) -> bool:
    made, truth = felt(seed, "default")
    drawn = resample(
        made, np.arange(len(made)), lambda g: path_effects(COMPANY, g),
        np.random.default_rng(seed), draws=500,
    )  # fmt: skip
    low, high = drawn.percentile(name)
    return bool(low <= truth[place] <= high)


def test_a_common_cause_of_mediator_and_outcome_biases_and_rho_says_how_much() -> None:
    """Nothing in the estimate warns; at the planted correlation the curve gives the truth."""
    found = np.array([points(s, "mediator_confounded")[0] for s in range(DRAWS)])
    truth = np.mean([felt(s, "mediator_confounded")[1][0] for s in range(DRAWS)])
    error = found.std(ddof=1) / np.sqrt(DRAWS)
    assert found.mean() < truth - 2 * error
    corrected = []
    for seed in range(DRAWS):
        made, _ = felt(seed, "mediator_confounded")
        curve = sensitivity(COMPANY, made.T @ made)["V"]
        corrected.append(curve.indirect(np.array([CORRELATION])).item())
    assert abs(np.mean(corrected) - truth) < 4 * np.std(corrected, ddof=1) / np.sqrt(DRAWS)


SIMPLE = Paths(names=("M",), controls=2)
REPEATS, PEOPLE = 300, 150


@cache
def covered(moved: float, does: float) -> tuple[int, int, int]:
    """How often of 300 the percentile, BCa and direct effect's interval holds the truth."""
    hits = np.zeros(3, dtype=int)
    for seed in range(REPEATS):
        rng = np.random.default_rng(seed)
        t = (np.arange(PEOPLE) % 2).astype(float)
        x = rng.normal(size=PEOPLE)
        m = moved * t + 0.5 * x + rng.normal(size=PEOPLE)
        y = 0.2 * t + does * m + 0.5 * x + rng.normal(size=PEOPLE)
        controls = np.column_stack([np.ones(PEOPLE), x])
        made = columns(SIMPLE, controls, t, m[:, None], y)
        drawn = resample(made, np.arange(PEOPLE), lambda g: path_effects(SIMPLE, g), rng, draws=600)
        limits = (drawn.percentile("acme"), drawn.bca("acme"), drawn.percentile("ade"))
        truth = (moved * does, moved * does, 0.2)
        hits += [low <= v <= high for (low, high), v in zip(limits, truth, strict=True)]
    return tuple(hits.tolist())


@pytest.mark.parametrize(("moved", "does"), [(0.4, 0.4), (0.0, 0.5)])
def test_intervals_hold_the_truth(moved: float, does: float) -> None:
    """At least as often as 95 % allows in 300 draws (99.9 % bounds, one point of allowance)."""
    fewest = stats.binom.ppf(0.0005, REPEATS, 0.94)
    assert min(covered(moved, does)) >= fewest


def test_no_path_at_all_is_no_indirect_effect() -> None:
    """With both paths 0 the product is far from normal: intervals are too wide, never too short."""
    percentile, bca, _ = covered(0.0, 0.0)
    assert percentile >= bca > 0.97 * REPEATS
