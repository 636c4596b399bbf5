"""Known truth of exits as seen: competing exits, people followed for 200 to 600 days.

Each day somebody leaves with a constant chance of each kind, so shares and mean days employed at
365 are geometric sums. Fixed seeds; limits are 99.9 % binomial bounds at the draws run.
"""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest
from scipy import stats

from analysis.estimators.aalen_johansen import aalen_johansen
from analysis.exits.careers import KINDS, NEVER, Careers
from analysis.exits.curves import arm_tables
from analysis.exits.observed import observed_differences
from analysis.study import parse_study

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "400"))
PEOPLE, YEAR = 250, 365
OTHERS = 0.0005  # a day
VOLUNTARY = {"effect": (0.0011, 0.0006), "none": (0.0009, 0.0009)}  # comparison, treated
SPEC = parse_study(
    {
        "study": "recovery",
        "question": "What was planted?",
        "as_of": "2024-12-31",
        "programme": "P",
        "design": "randomised",
        "arms": {"treated": "mentee", "comparison": "control"},
        "outcome": {"kind": "exit", "metric": "voluntary"},
        "follow_up": {"months": 12, "primary": [1, 12]},
    }
)


def _careers(chances: tuple[float, float], seed: int) -> Careers:
    rng = np.random.default_rng(seed)
    n = 2 * PEOPLE
    arm = np.arange(n) % 2
    voluntary = np.array(chances)[arm]
    last = rng.geometric(voluntary + OTHERS) - 1
    own = rng.random(n) < voluntary / (voluntary + OTHERS)
    end = rng.integers(200, 600, n)
    kind = np.where(own, KINDS.index("voluntary"), KINDS.index("involuntary"))
    return Careers(
        person=np.arange(n), cluster=np.arange(n), hired=np.zeros(n, dtype=np.int64),
        zero=np.zeros(n, dtype=np.int64), arm=arm, start=np.full(n, NEVER),
        exit=np.where(last <= end, last, NEVER), kind=np.where(last <= end, kind, 0),
        notice=np.full(n, NEVER), end=end, eligible=np.ones((n, 1), dtype=bool), first_month=0,
        undated=np.zeros(n, dtype=bool),
    )  # fmt: skip


def _truth(chances: tuple[float, float]) -> dict[str, float]:
    total = np.array(chances) + OTHERS
    left = np.array(chances) / total * (1 - (1 - total) ** YEAR)
    days = (1 - (1 - total) ** YEAR) / total
    return {
        "incidence": float(left[1] - left[0]),
        "rmst_unadjusted": float(days[1] - days[0]),
    }


def _incidence(careers: Careers) -> tuple[float, ...]:
    """Difference of the arms' Aalen-Johansen incidence, its error and normal interval."""
    codes, at = (KINDS.index("voluntary"),), np.array([YEAR])
    none, one = (aalen_johansen(t, codes, at) for t in arm_tables(careers, SPEC))
    value = float(one.share[0] - none.share[0])
    error = float(np.hypot(one.std_error[0], none.std_error[0]))
    return value, error, value - 1.96 * error, value + 1.96 * error, np.nan


@cache
def _draws(scenario: str) -> dict[str, np.ndarray]:
    """Estimates, limits and p-values (DRAWS, 5) by name."""
    found: dict[str, list[tuple[float, ...]]] = {}
    for seed in range(DRAWS):
        careers = _careers(VOLUNTARY[scenario], seed)
        for r in observed_differences(careers, SPEC):
            row = (r.estimate, r.std_error, r.ci_low, r.ci_high, r.p_value)
            found.setdefault(r.target.name, []).append(row)
        found.setdefault("incidence", []).append(_incidence(careers))
    return {name: np.array(rows) for name, rows in found.items()}


@pytest.mark.parametrize("scenario", VOLUNTARY)
@pytest.mark.parametrize("name", ["incidence", "rmst_unadjusted"])
def test_intervals_cover_and_errors_are_the_spread(scenario: str, name: str) -> None:
    truth, draws = _truth(VOLUNTARY[scenario])[name], _draws(scenario)[name]
    covered = int(((draws[:, 2] <= truth) & (truth <= draws[:, 3])).sum())
    low, high = stats.binom.interval(0.999, DRAWS, 0.95)
    assert low <= covered <= high
    spread = draws[:, 0].std(ddof=1)
    assert abs(draws[:, 0].mean() - truth) <= 4 * spread / np.sqrt(DRAWS)
    # four standard errors of a standard deviation
    assert draws[:, 1].mean() == pytest.approx(spread, rel=4 / np.sqrt(2 * DRAWS))


def test_log_rank_rejects_a_true_null_as_often_as_it_says_and_finds_the_effect() -> None:
    low, high = stats.binom.interval(0.999, DRAWS, 0.05)
    assert low <= int((_draws("none")["log_rank"][:, 4] < 0.05).sum()) <= high
    assert np.mean(_draws("effect")["log_rank"][:, 4] < 0.05) > 0.5
