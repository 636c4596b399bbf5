"""Twenty sites that start by lot, with site-wide shocks, exits, effects that grow and fade.

DRAWS is small here; `MENTORLIFT_DRAWS` asks for more (500 take about a minute on an idle core).
Coverage must lie within the 99.9 % binomial bounds of 95 %: what fails by chance once in a
thousand runs. The effect is the same for every start, so that its average does not depend on how
many people each start happens to have.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from analysis.compress import NEVER, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.poisson_two_way import poisson_two_way
from analysis.finding import Flow
from analysis.roll_out import effects_of
from analysis.roll_out_companions import drawn_efficiently, imputed
from analysis.roll_out_panel import RollOut
from analysis.roll_out_results import window_result
from analysis.study import StudySpec, parse_study
from tests.long_runs import draws

if TYPE_CHECKING:
    from analysis.estimate import Estimate

DRAWS = draws(50, 100)
PEOPLE, SITES, MONTHS = 400, 20, 24
PERIODS = np.arange(1, MONTHS + 1)
STARTS = np.repeat([8, 13, 18, NEVER], SITES // 4)
WINDOW = (0, 6)
COURSE = np.interp(np.arange(MONTHS), [0, 6, 12], [0.1, 1.0, 0.2])  # by month since the start
TRUTH = float(COURSE[: WINDOW[1] + 1].mean())


def spec(*, drawn: bool) -> StudySpec:
    return parse_study(
        {
            "study": "sites",
            "question": "What was planted?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "rollout",
            "cluster": "site",
            "arms": {"treated": "mentoring", "comparison": "not_yet"},
            "outcome": {"metric": "orders"},
            "follow_up": {"months": WINDOW[1], "primary": WINDOW},
            "rollout": {"drawn": drawn},
        }
    )


def after(cohort: np.ndarray) -> np.ndarray:
    """The planted effect of each person and month."""
    event = PERIODS - np.where(cohort == NEVER, MONTHS + 1, cohort)[:, None]
    return np.where(event >= 0, COURSE[np.maximum(event, 0)], 0.0)


def draw(seed: int, *, effect: float = 1.0, before: float = 0.0) -> RollOut:
    """People leave, the weak sooner; each site drifts by a random walk of its own.

    ``before`` is gained in the two months before the start.
    """
    rng = np.random.default_rng(seed)
    start, site = rng.permutation(STARTS), rng.integers(0, SITES, PEOPLE)
    level = rng.normal(size=(PEOPLE, 1))
    drift = 0.3 * rng.normal(size=(SITES, 1)) + 0.08 * rng.normal(size=(SITES, MONTHS)).cumsum(1)
    y = level + np.sin(PERIODS / 2) + drift[site] + 0.5 * rng.normal(size=(PEOPLE, MONTHS))
    y += effect * after(start[site])
    early = start[site][:, None] - PERIODS
    y += before * ((early >= 1) & (early <= 2))
    y[rng.geometric(0.02, size=(PEOPLE, 1)) + 6 + 6 * (level > 0) <= PERIODS] = np.nan
    person, period = np.nonzero(~np.isnan(y))
    return RollOut(
        moments=fold(
            lambda: [(person, period, y[person, period])],
            People(cohort=start[site], cell=np.zeros(PEOPLE, dtype=int), cluster=site),
            PERIODS,
        ),
        covariates=None,
        covariate_names=(),
        strata=None,
        flow=Flow(steps=(), arms=()),
    )


@cache
def run() -> dict[str, list[Estimate]]:
    found: dict[str, list[Estimate]] = {}
    for seed in range(DRAWS):
        roll_out = draw(seed)
        for name, drawn in (("permutation", True), ("t", False)):
            effects = effects_of(roll_out, spec(drawn=drawn))
            head = window_result(effects, WINDOW, name="primary", role="headline")
            found.setdefault(name, []).append(head)
            if drawn:
                found.setdefault("efficient", []).extend(drawn_efficiently(roll_out, effects))
        found.setdefault("imputation", []).append(imputed(roll_out.moments, effects))
    return found


@pytest.mark.parametrize("name", ["permutation", "t", "efficient", "imputation"])
def test_intervals_cover_the_planted_effect(name: str) -> None:
    found = run()[name]
    low, high = stats.binom.interval(0.999, DRAWS, 0.95)
    off = np.array([e.estimate for e in found]) - TRUTH
    covered = sum(e.ci_low <= TRUTH <= e.ci_high for e in found)
    assert low <= covered <= high
    assert abs(off.mean()) < 4 * off.std() / np.sqrt(DRAWS)


def test_a_gain_before_the_start_is_allowed_for() -> None:
    """Half a point in the two months before: the month before is no base, the third before is."""
    off = []
    for seed in range(DRAWS):
        moments = draw(seed, before=0.5).moments
        made = [att_by_group_and_time(moments, anticipation=d) for d in (0, 2)]
        events = [aggregate(effects, "event") for effects in made]
        inside = [(e.labels >= WINDOW[0]) & (e.labels <= WINDOW[1]) for e in events]
        values = [e.estimate[i].mean() for e, i in zip(events, inside, strict=True)]
        off.append(np.array(values) - TRUTH)
    blind, allowed = np.array(off).T
    assert abs(allowed.mean()) < 4 * allowed.std() / np.sqrt(DRAWS)
    assert blind.mean() < -0.5  # sites compared with gain before their own start, too


def test_permutation_keeps_its_size_where_nothing_was_planted() -> None:
    _, high = stats.binom.interval(0.999, DRAWS, 0.05)
    rejected = 0
    for seed in range(DRAWS):
        effects = effects_of(draw(10_000 + seed, effect=0.0), spec(drawn=True))
        assert effects.permuted is not None
        rejected += effects.permuted.p_value <= 0.05
    assert rejected <= high


def test_proportional_effects_of_counts_are_covered() -> None:
    """Poisson counts with zeros, people of their own rate; effects multiply, people leave."""
    low, high = stats.binom.interval(0.999, DRAWS, 0.95)
    covered, off, naive = 0, [], []
    for seed in range(DRAWS):
        rng = np.random.default_rng(20_000 + seed)
        cohort = rng.choice([8, 13, 18, NEVER], PEOPLE)
        rate = rng.gamma(4, 0.25, size=(PEOPLE, 1)) * np.exp(0.2 * np.sin(PERIODS / 2))
        y = rng.poisson(rate * np.exp(after(cohort))).astype(float)
        y[rng.geometric(0.02, size=(PEOPLE, 1)) + 6 <= PERIODS] = np.nan
        person, period = np.nonzero(~np.isnan(y))
        moments = fold(
            lambda rows=(person, period, y[person, period]): [rows],
            People(cohort=cohort, cell=np.zeros(PEOPLE, dtype=int)),
            PERIODS,
        )
        effects = att_by_group_and_time(moments, proportional=True)
        k = np.flatnonzero((effects.group == 8) & (effects.period == 14))[0]
        off.append(effects.att[k] - COURSE[6])
        covered += abs(off[-1]) < stats.norm.ppf(0.975) * effects.std_error[k]
        naive.append(poisson_two_way(moments)[0])
    assert low <= covered <= high
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(DRAWS)
    assert np.isfinite(naive).all()
