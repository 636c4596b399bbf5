"""Randomisation inference: what is drawn again, and p-values against full enumeration by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from analysis.estimate import NotEstimable
from analysis.estimators.difference import difference_in_means
from analysis.estimators.permutation import (
    drawn_units,
    randomisation_inference,
    redrawn,
)

WINDOW = (1, 12)
DRAWS = 4_000
# Three standard errors of a Monte Carlo p-value near 0.1 with DRAWS draws.
MONTE_CARLO = 3 * (0.1 * 0.9 / DRAWS) ** 0.5

TABLE = """
arm      m1
mentored 6
mentored 9
mentored 7
mentored 12
control  1
control  4
control  8
control  3
"""


def _enumerated_p(treated: list[float], others: list[float]) -> float:
    """Share of all equally likely draws with a Welch t as large as the observed one."""
    values = np.array(treated + others, dtype=float)

    def welch(chosen: tuple[int, ...]) -> float:
        inside = np.isin(np.arange(len(values)), chosen)
        a, b = values[inside], values[~inside]
        return abs(a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))

    observed = welch(tuple(range(len(treated))))
    draws = [welch(c) for c in combinations(range(len(values)), len(treated))]
    return float(np.mean([t >= observed - 1e-9 for t in draws]))


def test_p_is_near_the_enumerated_one(make_panel, make_spec):
    panel, spec = make_panel(TABLE), make_spec()
    headline = difference_in_means(panel, spec, WINDOW)
    (result,) = randomisation_inference(panel, spec, headline, draws=DRAWS)
    assert result.p_value == pytest.approx(
        _enumerated_p([6, 9, 7, 12], [1, 4, 8, 3]), abs=MONTE_CARLO
    )
    assert (result.estimate, result.ci_low) == (headline[0].estimate, headline[0].ci_low)
    assert result.target.name == "randomisation_inference"
    assert "sharp null of no effect on anybody, 4,000 draws of people" in result.convention


def test_the_same_study_draws_the_same(make_panel, make_spec):
    panel, spec = make_panel(TABLE), make_spec()
    headline = difference_in_means(panel, spec, WINDOW)
    once, again = (randomisation_inference(panel, spec, headline, draws=200) for _ in range(2))
    assert once == again


def test_draws_keep_the_arm_sizes_of_each_stratum():
    labels = np.array([1, 0, 0, 1, 1, 0, 0])
    strata = np.array([0, 0, 0, 1, 1, 1, 1])
    units = drawn_units(labels, strata, np.arange(7), np.zeros((7, 1)))
    blocks = np.vstack(list(redrawn(units, np.random.default_rng(1), 500)))
    assert blocks.shape == (500, 7)
    assert set(blocks[:, :3].sum(axis=1)) == {1}
    assert set(blocks[:, 3:].sum(axis=1)) == {2}
    assert 0.25 < blocks[:, 0].mean() < 0.42  # one of three


def test_whole_clusters_are_drawn_where_they_were_assigned():
    labels, clusters = np.array([1, 1, 0, 0, 0]), np.array([7, 7, 3, 3, 9])
    values = np.array([[1.0], [3.0], [4.0], [6.0], [9.0]])
    units = drawn_units(labels, np.zeros(5, dtype=int), clusters, values)
    assert units.clustered
    assert units.values[:, 0].tolist() == [5.0, 2.0, 9.0]  # clusters 3, 7, 9
    assert units.labels.tolist() == [0, 1, 0]


def test_people_are_drawn_where_clusters_hold_both_arms():
    labels, clusters = np.array([1, 0, 1, 0]), np.array([1, 1, 2, 2])
    units = drawn_units(labels, np.zeros(4, dtype=int), clusters, np.zeros((4, 1)))
    assert not units.clustered
    assert len(units.labels) == 4


def test_no_other_draw_was_possible(make_panel, make_spec):
    panel = make_panel("arm stratum m1\nmentored 1 2\nmentored 1 4\ncontrol 2 1\ncontrol 2 5")
    headline = difference_in_means(panel, make_spec(), WINDOW)
    (result,) = randomisation_inference(panel, make_spec(), headline, draws=50)
    assert isinstance(result, NotEstimable)
    plain = difference_in_means(make_panel(TABLE), make_spec(), WINDOW)
    (result,) = randomisation_inference(
        panel, make_spec(), (replace(plain[0], estimate=1.0),), draws=50
    )
    assert result.reason == "no stratum holds people of both arms"
