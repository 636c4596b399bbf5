"""Items that mean different things: against statsmodels' Mantel-Haenszel test, and planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from analysis.diagnostics.invariance import invariance
from analysis.diagnostics.thresholds import DEFAULT
from analysis.estimators.item_bias import item_tests, mantel, same_correlation

ITEMS = ("a", "b", "c", "d", "e")


def answers(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Five items of 1 to 5 that share half of their variance with one trait, in two groups."""
    rng = np.random.default_rng(seed)
    trait, group = rng.normal(size=n), rng.integers(0, 2, n)
    x = np.sqrt(0.5) * trait[:, None] + np.sqrt(0.5) * rng.normal(size=(n, 5))
    return x, group


def cut(x: np.ndarray) -> np.ndarray:
    return 1.0 + np.searchsorted([-1.2, -0.4, 0.4, 1.2], x)


def test_of_two_answers_and_two_groups_it_is_the_mantel_haenszel_test():
    rng = np.random.default_rng(3)
    group, rest = rng.integers(0, 2, 300), rng.integers(0, 4, 300).astype(float)
    values = (rng.random(300) < 0.2 + 0.1 * rest + 0.1 * group).astype(float)
    tables = [
        [[np.sum((rest == s) & (group == g) & (values == v)) for v in (1, 0)] for g in (0, 1)]
        for s in range(4)
    ]
    peer = StratifiedTable([np.array(t, dtype=float) for t in tables]).test_null_odds()
    assert mantel(values, rest, group)[1] == pytest.approx(peer.pvalue, rel=1e-8)


def test_of_one_level_and_three_groups_it_is_kruskals_test_on_ranks():
    """The mean score statistic of midranks in one stratum (SAS, PROC FREQ, CMH2 SCORES=RANK)."""
    rng = np.random.default_rng(5)
    group, values = rng.integers(0, 3, 90), rng.integers(1, 6, 90).astype(float)
    ranks = stats.rankdata(values)
    peer = stats.kruskal(*(values[group == g] for g in range(3)))
    assert mantel(ranks, np.zeros(90), group)[1] == pytest.approx(peer.pvalue, rel=1e-10)


def test_equal_correlations_by_hand():
    """R of .5 and .8 in 103 people each: z .5493 and 1.0986, chi-square 15.09."""
    rng = np.random.default_rng(0)
    parts = []
    for r in (0.5, 0.8):
        raw = rng.normal(size=(103, 2))
        raw -= raw.mean(axis=0)
        basis, _ = np.linalg.qr(raw)
        parts.append(basis @ np.linalg.cholesky(np.array([[1, r], [r, 1]])).T)
    x, group = np.vstack(parts), np.repeat([0, 1], 103)
    size, p = same_correlation(x[:, 0], x[:, 1], group)
    assert size == pytest.approx(0.3)
    assert p == pytest.approx(stats.chi2.sf(100 * (1.098612 - 0.549306) ** 2 / 2, 1), rel=1e-4)


@pytest.mark.parametrize("what", ["level", "slope"])
def test_a_planted_difference_is_told_and_the_others_are_not(what: str):
    x, group = answers(1_500)
    there = group == 1
    if what == "level":
        x[there, 2] += 0.5
    else:
        x[there, 2] = np.random.default_rng(9).normal(size=there.sum())
    frame = pd.DataFrame(cut(x), columns=list(ITEMS))
    check = invariance(frame, ITEMS, group, "arm", DEFAULT, gated=True)
    assert check.status == "warn"
    assert check.display.startswith("answered otherwise: c;")
    told = invariance(frame, ITEMS, group, "wave", DEFAULT, gated=False)
    assert told.status == "note" and "c" in told.display


def test_groups_that_answer_alike_rarely_warn():
    """Over 200 draws of 600 people; a trait .1 SD lower in one group is no difference of items."""
    warned = 0
    for seed in range(200):
        x, group = answers(600, seed)
        x -= 0.1 * np.sqrt(0.5) * group[:, None]
        frame = pd.DataFrame(cut(x), columns=list(ITEMS))
        warned += invariance(frame, ITEMS, group, "arm", DEFAULT, gated=True).status == "warn"
    assert warned <= 10  # 5 % of draws at most


def test_too_little_to_tell_is_said():
    frame = pd.DataFrame(cut(answers(12)[0]), columns=list(ITEMS))
    check = invariance(frame, ITEMS, np.arange(12) % 2, "arm", DEFAULT, gated=True)
    assert (check.status, check.value) == ("note", None)
    assert item_tests(np.ones((40, 2)), np.arange(40) % 2) == ()
