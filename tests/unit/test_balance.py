"""How alike groups were, by hand: differences, the people they count, overlap and weights."""

from __future__ import annotations

from math import inf, sqrt
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.balance import Overlap
from analysis.compress import NEVER
from analysis.diagnostics.adjusted_balance import love_plot
from analysis.diagnostics.alike import counter, named, rows_of
from analysis.diagnostics.balance import balance
from analysis.diagnostics.overlap import extreme, overlap_of, weights_of
from analysis.diagnostics.site_balance import FIRST, LATER, site_balance
from analysis.estimators.cells import cells_from_sums

# x is 0 or 1; 30 and 10 compared, 10 and 30 joined: their chances are 1/4 and 3/4.
PEOPLE = np.array([[30.0, 10.0], [10.0, 30.0]])
CHANCE = np.array([0.25, 0.75])


def cells(people=PEOPLE):
    nothing = np.zeros(people.shape)
    x = np.arange(people.shape[1], dtype=float)[:, None]
    return cells_from_sums(x, people, nothing, nothing, centre=0.0, size=1.0)


def test_the_love_plot_by_hand() -> None:
    """Shares 3/4 and 1/4, both variances 3/16; odds of 1/3 and 3 make ten and thirty of them."""
    (found,) = love_plot(("x",), cells(), CHANCE)
    assert found.before == pytest.approx(0.5 / sqrt(3 / 16))
    assert found.after == pytest.approx(0.0, abs=1e-12)


def test_differences_of_drawn_arms_by_hand(make_panel, make_spec) -> None:
    """Means 4 and 2, variances 4 and 1: 2 / sqrt(2.5); everybody whose x is known."""
    table = "arm x m1\nmentored 2 1\nmentored 4 1\nmentored 6 1\nmentored - 1\n"
    panel = make_panel(table + "control 1 1\ncontrol 2 1\ncontrol 3 1", covariates=("x",))
    (found,) = balance(panel, make_spec(), draws=9).balances
    (row,) = found.rows
    assert (row.before, row.after) == (pytest.approx(2 / sqrt(2.5)), None)
    assert (found.people, found.limit, found.overlap, found.weights) == ((4, 3), None, None, None)


def test_each_arm_is_beside_the_comparison(make_panel, make_spec) -> None:
    lines = "a 1 1\na 3 1\nb 5 1\nb 9 1\ncontrol 1 1\ncontrol 3 1"
    panel = make_panel("arm x m1\n" + lines, covariates=("x",))
    found = balance(panel, make_spec(arms={"treated": ["a", "b"], "comparison": "control"}), 9)
    assert [b.arm for b in found.balances] == ["a", "b"]
    assert [b.rows[0].before for b in found.balances] == [0.0, pytest.approx(5 / sqrt(5))]


@pytest.mark.parametrize(
    ("column", "covariate", "level"),
    [
        ("grade=b", "grade", "b"),
        ("grade=a=b", "grade", "a=b"),
        ("grade=b missing", "grade missing", ""),
        ("tenure_months", "tenure_months", ""),
        ("tenure from 12", "tenure from", "12"),
        ("stratum 3", "stratum", "3"),
        ("year 2024", "year", "2024"),
    ],
)
def test_columns_have_a_covariate_and_a_level(column: str, covariate: str, level: str) -> None:
    assert named(column) == (covariate, level)


def test_people_in_categories_and_outside_are_counted_by_arm() -> None:
    """Grades a (no column), b, c and not recorded; the gap is a nan, or filled with a mean."""
    nan = np.nan
    people = np.array([[5.0, 6, 7, 8], [1, 2, 3, 4]])
    for gap in (nan, 0.4):
        columns = [np.array([0.0, 1, 0, gap]), np.array([0.0, 0, 1, gap])]
        found = {"grade=b": (0.1, None), "grade=c": (0.2, None)}
        rows, rest = rows_of(("grade=b", "grade=c"), columns, counter(people), found)
        assert [r.groups[0] for r in rows] == [(2, 6), (3, 7)]
        assert rest == (("grade", (1, 5)), ("grade", (4, 8)))


def test_a_number_of_many_values_counts_nobody() -> None:
    rows, rest = rows_of(
        ("age",), [np.array([1.0, 2, 3, 4])], counter(np.ones((2, 4))), {"age": (0.1, None)}
    )
    assert (rows[0].groups, rest) == ((), ())


def test_in_trials_the_month_with_most_counts_different_people() -> None:
    """Three of a category in one month and two in the next may be the same people."""
    people = np.array([[3.0, 2.0, 9.0], [1.0, 1.0, 0.0]])
    count = counter(people, np.array([1, 2, 2]))
    assert count(np.array([True, True, False])) == (2, 3)
    assert count(np.array([True, True, True])) == (2, 11)


def test_overlap_by_hand() -> None:
    """As many joined as did not, so the score is the chance."""
    found = overlap_of(cells(), CHANCE)
    tenths = (0, 0, 10, 0, 0, 0, 0, 30, 0, 0)
    assert found == Overlap(treated=tenths, comparison=tenths[::-1], least=tenths[::-1])


def test_the_score_does_not_depend_on_how_many_join() -> None:
    """A fifth joined, whoever they are: everybody's choice was open, at a half."""
    people = np.array([[40.0, 80.0], [10.0, 20.0]])
    found = overlap_of(cells(people), np.array([0.2, 0.2]))
    assert (found.treated[5], found.comparison[5]) == (30, 120)


def test_in_trials_people_are_compared_within_one() -> None:
    """Half joined in month 1, a tenth in month 2; nobody in month 3, which compares nobody."""
    people = np.array([[10.0, 90.0, 50.0], [10.0, 10.0, 0.0]])
    found = overlap_of(cells(people), np.array([0.5, 0.1, 0.0]), np.array([1, 2, 3]))
    assert (found.treated[5], found.comparison[5], sum(found.comparison)) == (20, 100, 100)
    assert found.least[5] == 90  # those of month 2: the ten of month 1 may be among them


def test_weights_by_hand() -> None:
    """Ninety of 1 and ten of 4: the mean is 1.3, and the tenth with most has 40 of 130."""
    found = weights_of(np.array([4.0, 1.0]), np.array([10.0, 90.0]), (3, 200))
    assert found is not None
    assert dict(found.percentiles) == {
        50: pytest.approx(1 / 1.3),
        90: pytest.approx(1 / 1.3),
        95: pytest.approx(4 / 1.3),
        99: pytest.approx(4 / 1.3),
    }
    assert found.heaviest == pytest.approx(40 / 130)
    assert found.largest == pytest.approx(4 / 130)
    assert (found.people, found.extreme) == (100, (3, 200))


@pytest.mark.parametrize("weight", [[inf, 1.0], [0.0, 0.0]])
def test_weights_nobody_can_have_are_not_described(weight: list[float]) -> None:
    assert weights_of(np.array(weight), np.array([10.0, 90.0])) is None


def test_people_nearly_sure_to_join_or_to_stay_out() -> None:
    assert extreme(cells(), np.array([0.05, 0.9])) == (40, 80)


def roll_out(starts: list[int]) -> SimpleNamespace:
    """One site a start; 10, 20, .. people; x is 1 in every other site."""
    count = len(starts)
    moments = SimpleNamespace(
        cohort=np.array(starts),
        cell=np.arange(count) % 2,
        people=10 * np.arange(1, count + 1),
    )
    rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    return SimpleNamespace(moments=moments, covariates=rows, covariate_names=("x",))


def test_sites_that_start_against_those_that_never_do(make_spec) -> None:
    """Of 30 people at sites that start 20 have x, of 70 at the others 40."""
    (found,) = site_balance(roll_out([24, 25, NEVER, NEVER]), make_spec())
    assert (found.arm, found.comparison, found.people) == ("mentored", "control", (30, 70))
    first, other = 2 / 3, 4 / 7
    pooled = sqrt((first * (1 - first) + other * (1 - other)) / 2)
    assert found.rows[0].before == pytest.approx((first - other) / pooled)
    assert found.rows[0].groups == ((20, 40), (10, 30), (0, 0))


def test_where_every_site_starts_the_first_half_is_beside_the_others(make_spec) -> None:
    (found,) = site_balance(roll_out([24, 25, 26, 27]), make_spec())
    assert (found.arm, found.comparison, found.people) == (FIRST, LATER, (30, 70))


def test_a_roll_out_without_covariates_or_a_second_side_says_nothing(make_spec) -> None:
    assert site_balance(roll_out([24, 24]), make_spec()) == ()
    bare = roll_out([24, NEVER])
    bare.covariates = None
    assert site_balance(bare, make_spec()) == ()
