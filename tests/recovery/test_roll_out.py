"""Roll-outs with a planted truth: effects that grow and fade, people who leave.

DRAWS is small here; `MENTORLIFT_DRAWS` asks for more. Coverage must lie within the 99.9 %
binomial bounds of 95 %: what fails by chance once in a thousand runs.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.compress import NEVER, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.imputation import imputation
from tests import long_runs

DRAWS = long_runs.draws(100, 200)
N, MONTHS = 400, 24
PERIODS = np.arange(1, MONTHS + 1)
STARTS = np.array([8, 13, 18, NEVER])
SIZE = {8: 1.3, 13: 1.0, 18: 0.7}


def effect(cohort: np.ndarray) -> np.ndarray:
    """Grows over six months, then fades to a fifth; larger for early cohorts. (N, T)."""
    event = PERIODS - np.where(cohort == NEVER, 0, cohort)[:, None]
    course = np.interp(event, [-1, 0, 6, 12], [0, 0.1, 1.0, 0.2])
    size = np.array([SIZE.get(int(c), 0.0) for c in cohort])
    return np.where(event >= 0, course, 0.0) * size[:, None]


def draw(seed: int):
    """(moments, true mean effect over event months 0 to 6 weighted by cohort shares)."""
    rng = np.random.default_rng(seed)
    cohort = rng.choice(STARTS, N)
    level = rng.normal(size=(N, 1)) - 0.3 * (cohort < NEVER)[:, None]  # starters are worse off
    season = np.sin(PERIODS / 2)
    y = level + season + effect(cohort) + 0.5 * rng.normal(size=(N, MONTHS))
    gone = rng.geometric(0.02, size=(N, 1)) + 6 + 6 * (level > 0) <= PERIODS
    y[gone] = np.nan
    person, period = np.nonzero(~np.isnan(y))
    rows = (person, period, y[person, period])
    return fold(lambda: [rows], People(cohort=cohort, cell=np.zeros(N, int)), PERIODS)


def truth(event: int, shares: dict[int, float]) -> float:
    """The effect at an event month, cohorts weighted by their shares."""
    cohorts = np.array(list(shares))
    sizes = effect(cohorts)[np.arange(len(cohorts)), cohorts - 1 + event]
    return float(np.average(sizes, weights=list(shares.values())))


@pytest.fixture(scope="module")
def draws():
    found = []
    for seed in range(DRAWS):
        moments = draw(seed)
        effects = att_by_group_and_time(moments)
        event = aggregate(effects, "event")
        shares = dict(zip(effects.groups.tolist(), effects.shares.tolist(), strict=True))
        found.append((moments, event, shares))
    return found


@pytest.mark.parametrize("event_month", [-3, 0, 3, 6])
def test_event_times_are_covered(draws, event_month):
    low, high = stats.binom.interval(0.999, DRAWS, 0.95)
    covered, off = 0, []
    for _, event, shares in draws:
        k = int(np.flatnonzero(event.labels == event_month)[0])
        planted = truth(event_month, shares) if event_month >= 0 else 0.0
        off.append((event.estimate[k] - planted) / event.std_error[k])
        covered += abs(off[-1]) < stats.norm.ppf(0.975)
    assert low <= covered <= high
    assert abs(np.mean(off)) < 4 / np.sqrt(DRAWS)


def test_bands_cover_all_months_at_once(draws):
    """Months -6 to 6 together; the band may not be taken for a row of single intervals."""
    low, _ = stats.binom.interval(0.999, DRAWS, 0.95)
    together = single = 0
    for number, (_, event, shares) in enumerate(draws):
        inside = np.abs(event.labels) <= 6
        planted = [truth(int(e), shares) if e >= 0 else 0.0 for e in event.labels[inside]]
        z = np.abs(event.estimate[inside] - planted) / event.std_error[inside]
        together += z.max() < event.simultaneous(np.random.default_rng(number))
        single += z.max() < stats.norm.ppf(0.975)
    assert together >= low
    assert single < low


def test_two_way_fixed_effects_is_wrong_and_imputation_is_not(draws):
    """Average over treated person-months: fading effects drag two-way fixed effects away."""
    naive, good = [], []
    for moments, _, _ in draws[:100]:
        treated = moments.observed & (moments.periods >= moments.cohort[:, None])
        weight = moments.people[:, None] * treated
        planted = float((effect(moments.cohort) * weight).sum() / weight.sum())
        naive.append(two_way(moments).estimate[0] - planted)
        good.append(imputation(moments).estimate[0] - planted)
    assert abs(np.mean(good)) < 4 * np.std(good) / 10
    assert abs(np.mean(naive)) > 4 * np.std(naive) / 10
