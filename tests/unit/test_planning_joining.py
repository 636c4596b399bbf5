"""Plans of opt-in studies: what weights cost, and how many people starters are compared with."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.planning.joining import Joining, people_needed, smallest_by_people
from analysis.planning.months import NEVER
from analysis.planning.power import smallest_difference
from analysis.planning.spread import Spread
from analysis.planning.starters import Starters

SPREAD = Spread(
    variance=2.0, people=1_000, seen=1_000, months=6.0, sd=1.0, within=0.3, explained=0.0
)


def _joining(rng: np.random.Generator, slope: float = 0.7, people: int = 4_000) -> Joining:
    trait = rng.normal(size=people)
    return Joining(
        columns=np.column_stack([np.ones(people), trait]), odds=np.exp(slope * trait - 1)
    )


def test_in_large_studies_weights_cost_what_kish_says() -> None:
    """Odds exp(b x - 1) of a normal x are lognormal: the design effect is exp(b^2)."""
    joining = _joining(np.random.default_rng(1), people=200_000)
    assert joining.cost == pytest.approx(math.exp(0.49), rel=0.05)
    made = joining.errors(1e7, 2e7)
    assert made.variance == pytest.approx(1e-7 + joining.cost / 2e7, rel=1e-3)


def test_few_people_pay_for_the_models() -> None:
    """By hand, odds alike for all and no covariate: 100 and 200 people, models fitted to 160.

    Predictions stray by 1/158 of the variance; the chance is 1/3, so the log odds of 160 others
    stray by 3/160, and squared odds average exp(6/160) times their square.
    """
    alike = Joining(columns=np.ones((50, 1)), odds=np.full(50, 0.2))
    made = alike.errors(100, 200)
    beyond = 1 + 1 / 158
    others = math.exp(6 / 160) * beyond / 200
    assert made.reported == pytest.approx(beyond / 100 + others)
    assert made.df == pytest.approx(
        made.reported**2 / ((beyond / 100) ** 2 / 100 + others**2 / 200)
    )


def test_a_study_too_small_for_its_models_sees_nothing() -> None:
    joining = _joining(np.random.default_rng(1))
    smallest = smallest_by_people(SPREAD, joining, 0.3, 0.8)
    assert smallest(joining.fewest(0.3) - 1) == math.inf
    assert smallest(500) < smallest(100) < math.inf


def test_needed_and_smallest_are_two_sides_of_one_figure() -> None:
    joining = _joining(np.random.default_rng(2))
    for known in (joining, None):
        people = people_needed(0.3, SPREAD, known, 0.4, 0.9)
        assert smallest_by_people(SPREAD, known, 0.4, 0.9)(people) == pytest.approx(0.3)
    drawn = smallest_by_people(SPREAD, None, 0.4, 0.8)(200)
    assert drawn == pytest.approx(smallest_difference(2.0, 80, 120))


def _starters(zero: list[int], start: list[int], exit_: list[int], last: int = 30) -> Starters:
    n = len(zero)
    return Starters(
        zero=np.array(zero), start=np.array(start), exit=np.array(exit_), last=last,
        columns=np.ones((n, 1)),
    )  # fmt: skip


def test_with_one_trial_the_comparison_is_who_did_not_start() -> None:
    """Ten start in month 0, thirty never do, exits or not: thirty are followed from one day."""
    start = [0] * 10 + [NEVER] * 30
    for gone in (NEVER, 3):
        exits = [NEVER] * 30 + [gone] * 10
        assert _starters([0] * 40, start, exits).compared(6) == pytest.approx(30)


def test_two_trials_by_hand() -> None:
    """Two start, in months 0 and 6; four never; two months followed.

    In the first trial five are compared, in the second four: 9 in each month of follow-up. Each of
    those who never start moves the hazard by 1/9 in months 1, 2, 7 and 8, the later starter in two
    of them: 18 months, so 2 / (18/81) = 9 people.
    """
    both = _starters([0] * 6, [0, 6] + [NEVER] * 4, [NEVER] * 6)
    assert both.compared(2) == pytest.approx(9)
    # a month apart the trials share month 2: of it each moves 1/9 for each of two months
    near = _starters([0] * 6, [0, 1] + [NEVER] * 4, [NEVER] * 6)
    # month 1: five in trial 0; months 2 and 3: four, month 2 in both trials; 9 and 8 at risk
    squares = 5 / 81 + 4 * (1 / 8 + 1 / 9) ** 2 + 4 / 64
    assert near.compared(2) == pytest.approx(2 / squares)


def test_nobody_is_compared_beyond_the_records_or_the_months_of_trials() -> None:
    assert _starters([0] * 4, [0, 0, NEVER, NEVER], [NEVER] * 4, last=2).compared(3) == 0
    late = _starters([0, 0, 0], [0, 5, NEVER], [NEVER] * 3)
    only_first = Starters(
        zero=late.zero, start=late.start, exit=late.exit, last=30, columns=late.columns, within=2
    )
    assert only_first.compared(2) == pytest.approx(2)


def test_people_unlike_the_starters_tell_less_of_them() -> None:
    """A trait of half of those who wait and of all who start: distance (1/2)^2 / (1/4) = 1."""
    trait = np.array([1.0] * 10 + [0.0, 1.0] * 15)
    made = Starters(
        zero=np.zeros(40, dtype=int), start=np.array([0] * 10 + [NEVER] * 30),
        exit=np.full(40, NEVER), last=30, columns=np.column_stack([np.ones(40), trait]),
    )  # fmt: skip
    assert made.told(6) == pytest.approx(30 / 2)
