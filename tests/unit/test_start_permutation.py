"""Permuted starts: the starts as they were give the headline's figures; others honour the draw."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from analysis.compress import NEVER, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.start_permutation import Reference, permuted, sites_of, ways

PERIODS = np.arange(1, 9)
WINDOW = (0, 1)


def panel(seed: int, *, cohort_of_site: np.ndarray | None = None, people: int = 150):
    """People of 12 sites with gaps, exits and weights; outcomes are counts above zero."""
    rng = np.random.default_rng(seed)
    starts = np.repeat([4, 6, NEVER], 4) if cohort_of_site is None else cohort_of_site
    site = np.concatenate([np.arange(len(starts)), rng.integers(0, len(starts), people)])
    y = 1.0 + rng.poisson(3, size=(len(site), len(PERIODS)))
    seen = rng.random(y.shape) < 0.85
    seen[: len(starts)] = True
    person, period = np.nonzero(seen)
    return fold(
        lambda: [(person, period, y[person, period])],
        People(
            cohort=starts[site],
            cell=np.zeros(len(site), dtype=int),
            cluster=site,
            weight=rng.uniform(0.5, 2, len(site)),
        ),
        PERIODS,
    )


def sites(moments, effects, **more):
    given = {"control": "not_yet_treated", "anticipation": 0, "stratum": None} | more
    return sites_of(moments, effects, WINDOW, **({"proportional": False} | given))


@pytest.mark.parametrize("proportional", [False, True])
@pytest.mark.parametrize("control", ["not_yet_treated", "never_treated"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_the_starts_as_they_were_give_the_headline(proportional, control, anticipation):
    moments = panel(1)
    how = {"control": control, "anticipation": anticipation, "proportional": proportional}
    effects = att_by_group_and_time(moments, **how)
    event = aggregate(effects, "event")
    weight = ((event.labels >= WINDOW[0]) & (event.labels <= WINDOW[1])) / 2
    found = permuted(sites(moments, effects, **how), np.random.default_rng(0), draws=20)
    assert found.estimate == pytest.approx(weight @ event.estimate, rel=1e-9)
    assert found.std_error == pytest.approx(np.sqrt(weight @ event.covariance @ weight), rel=1e-9)


@pytest.mark.parametrize("proportional", [False, True])
def test_a_draw_is_the_headline_of_other_starts(proportional):
    """Every draw of the reference is the estimate over its standard error of a rearranged panel."""
    moments = panel(2)
    effects = att_by_group_and_time(moments, proportional=proportional)
    found = permuted(
        sites(moments, effects, proportional=proportional), np.random.default_rng(3), draws=5
    )
    dealt = np.random.default_rng(3).permuted(
        np.broadcast_to(np.repeat([0, 1, 2], 4), (5, 12)), axis=1
    )
    for draw, labels in zip(found.draws, dealt, strict=True):
        starts = np.array([4, 6, NEVER])[labels]
        other = replace(moments, cohort=starts[moments.cluster])
        event = aggregate(att_by_group_and_time(other, proportional=proportional), "event")
        weight = ((event.labels >= WINDOW[0]) & (event.labels <= WINDOW[1])) / 2
        error = np.sqrt(weight @ event.covariance @ weight)
        assert draw == pytest.approx(abs(weight @ event.estimate) / error, rel=1e-9)


def test_starts_are_dealt_within_strata():
    """Each stratum keeps its own starts: counted by brute force for two small strata."""
    stratum = np.repeat([0, 1], 6)
    starts = np.array([4, 4, 6, 6, NEVER, NEVER, 4, 6, 6, 6, NEVER, NEVER])
    moments = panel(3, cohort_of_site=starts)
    effects = att_by_group_and_time(moments)
    within = ways(sites(moments, effects, stratum=stratum))
    by_hand = math.prod(len(set(permutations(starts[stratum == s].tolist()))) for s in (0, 1))
    assert within == pytest.approx(by_hand)
    assert ways(sites(moments, effects)) > within


def test_too_few_ways_are_no_reference():
    moments = panel(4, cohort_of_site=np.array([4, 6, NEVER, NEVER]))
    effects = att_by_group_and_time(moments)
    assert "fewer than 100 ways" in permuted(sites(moments, effects), np.random.default_rng(0))


def test_p_value_and_critical_value_by_hand():
    """19 draws: the observed one is the 20th; two draws are as extreme."""
    draws = np.arange(19) / 10
    found = Reference(draws=draws, estimate=-3.4, std_error=2.0)  # |t| = 1.7
    assert found.p_value == pytest.approx(3 / 20)
    assert found.critical == pytest.approx(1.8)  # the 19th of 20
