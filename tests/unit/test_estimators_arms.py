"""Effects of assignment: difference in means, ANCOVA, Lin, CUPED and effects by month, by hand."""

from __future__ import annotations

import math

import pytest

from analysis.estimate import Estimate, NotEstimable
from analysis.estimators import ESTIMATORS
from analysis.estimators.ancova import ancova
from analysis.estimators.by_month import effects_by_month, fading_tests
from analysis.estimators.cuped import cuped
from analysis.estimators.difference import difference_in_means
from analysis.estimators.lin import lin

EXACT = 1e-9
WINDOW = (1, 12)

ONE_MONTH = """
arm       m1
mentored  3
mentored  5
mentored  10
control   1
control   2
control   3
control   6
"""


def test_difference_in_means_with_hc2_is_the_unequal_variance_formula(make_panel, make_spec):
    """Means 6 and 3; variances 13 and 14/3; standard error sqrt(13/3 + 14/12)."""
    (result,) = difference_in_means(make_panel(ONE_MONTH), make_spec(), WINDOW)
    assert result.estimate == pytest.approx(3.0, rel=EXACT)
    assert result.std_error == pytest.approx(math.sqrt(13 / 3 + 14 / 12), rel=EXACT)
    assert result.df == 5
    # t(.975, 5) = 2.570582 from the tables
    assert result.ci_high - result.estimate == pytest.approx(2.570582 * result.std_error, rel=1e-6)
    assert (result.n_treated, result.n_comparison, result.n_rows, result.n_people) == (3, 4, 7, 7)
    assert result.convention == "HC2, t with rows − terms degrees of freedom"
    assert result.target.estimand == "intention to treat"


def test_log_outcomes_are_shown_in_per_cent(make_panel, make_spec):
    """Logs 0 and log 2 on average: people of the arm sell twice as much, +100 %."""
    table = """
    arm       m1
    mentored  0.593147
    mentored  0.793147
    control   -0.1
    control   0.1
    """
    (result,) = difference_in_means(make_panel(table), make_spec(transform="log"), WINDOW)
    log_error = math.sqrt(0.02 / 2 + 0.02 / 2)
    half = 4.302653 * log_error  # t(.975, 2)
    assert result.target.unit == "%"
    assert result.estimate == pytest.approx(100, abs=1e-4)
    assert result.std_error == pytest.approx(200 * log_error, rel=1e-5)
    assert result.ci_low == pytest.approx(100 * (2 * math.exp(-half) - 1), rel=1e-4)
    assert result.ci_high == pytest.approx(100 * (2 * math.exp(half) - 1), rel=1e-4)


def test_every_treated_arm_comes_from_one_model_with_its_own_people(make_panel, make_spec):
    table = ONE_MONTH + "class 4\nclass 6\n"
    spec = make_spec(arms={"treated": ["mentored", "class"], "comparison": "control"})
    first, second = difference_in_means(make_panel(table), spec, WINDOW)
    assert (first.estimate, second.estimate) == (pytest.approx(3.0), pytest.approx(2.0))
    assert (second.n_treated, second.n_comparison) == (2, 4)
    assert second.n_rows == 9


def test_strata_with_different_shares_do_not_confound(make_panel, make_spec):
    """Effect 1 in both strata; the stratum that sells 10 more is mostly mentored."""
    table = """
    arm      stratum m1
    mentored 0 1.5
    control  0 0.4
    control  0 0.5
    control  0 0.6
    mentored 1 11.4
    mentored 1 11.5
    mentored 1 11.6
    control  1 10.5
    """
    (result,) = difference_in_means(make_panel(table), make_spec(), WINDOW)
    assert result.estimate == pytest.approx(1.0, rel=EXACT)


def test_months_are_held_fixed_and_people_clustered(make_panel, make_spec):
    """All sell 10 more in month 2, when most mentored answer: the effect stays 1."""
    table = """
    arm      m1   m2
    mentored 1.9  11.9
    mentored 2.1  12.1
    mentored -    12.0
    control  0.9  10.9
    control  1.1  11.1
    control  1.0  -
    """
    (result,) = difference_in_means(make_panel(table), make_spec(), WINDOW)
    assert result.estimate == pytest.approx(1.0, rel=EXACT)
    assert "clustered by person, CR2" in result.convention
    assert (result.n_treated, result.n_rows, result.df) == (3, 10, 5)


COVARIATE = """
arm      x  m1
mentored 1  3.1
mentored 2  4.9
mentored 6  13.0
control  1  2.1
control  3  5.8
control  5  10.1
"""


def test_ancova_by_the_textbook_formula(make_panel, make_spec):
    """Within-arm slope 31.45 / 22 (by hand); difference of means less slope x difference of x."""
    (result,) = ancova(make_panel(COVARIATE, covariates=("x",)), make_spec(), WINDOW)
    sxx = (4 + 1 + 9) + (4 + 0 + 4)
    sxy = (-2 * -3.9 + -1 * -2.1 + 3 * 6.0) + (-2 * -3.9 + 0 + 2 * 4.1)
    assert result.estimate == pytest.approx(7.0 - 6.0 - sxy / sxx * (3 - 3), rel=EXACT)
    shifted = make_panel(COVARIATE.replace("mentored 6", "mentored 9"), covariates=("x",))
    (result,) = ancova(shifted, make_spec(), WINDOW)
    sxx = (9 + 4 + 25) + (4 + 0 + 4)
    sxy = (-3 * -3.9 + -2 * -2.1 + 5 * 6.0) + (-2 * -3.9 + 0 + 2 * 4.1)
    assert result.estimate == pytest.approx(1.0 - sxy / sxx * (4 - 3), rel=EXACT)


def test_baseline_rows_enter_as_control_rows(make_panel, make_spec):
    """Months -1 and 1 with month dummies: (6 - 2) - nothing at baseline, by least squares.

    With y(-1) = 1 for all four, the baseline rows fix the baseline level and take nothing from
    the arm: effect 4.
    """
    table = """
    arm      m-1 m1
    mentored 1   5
    mentored 1   7
    control  1   1
    control  1   3
    """
    (result,) = ancova(make_panel(table), make_spec(), (-1, 1))
    assert result.estimate == pytest.approx(4.0, rel=EXACT)
    assert (result.n_treated, result.n_comparison, result.n_rows) == (2, 2, 8)


MISSING = """
arm      x  m1
mentored 1  3.0
mentored 2  5.5
mentored -  8.0
mentored 4  9.0
control  1  2.0
control  2  3.5
control  4  8.5
control  -  1.0
"""


def test_missing_covariates_drop_people_or_mark_them(make_panel, make_spec):
    panel = make_panel(MISSING, covariates=("x",))
    (dropped,) = ancova(panel, make_spec(missing_covariates="drop"), WINDOW)
    (marked,) = ancova(panel, make_spec(missing_covariates="indicator"), WINDOW)
    assert (dropped.n_rows, marked.n_rows) == (6, 8)
    assert marked.df == 8 - 4  # constant, arm, x, missing


def test_lin_gives_each_arm_its_slope(make_panel, make_spec):
    """Arm lines 2 + 3x and 1 + x exactly but for one wobble; effect at mean x = 2: 1 + 2 x 2."""
    table = """
    arm      x  m1
    mentored 1  5.01
    mentored 2  7.98
    mentored 3  11.01
    control  1  2.01
    control  2  2.98
    control  3  4.01
    """
    (result,) = lin(make_panel(table, covariates=("x",)), make_spec(), WINDOW)
    assert result.estimate == pytest.approx(5.0, rel=EXACT)
    assert result.target.estimator == "Lin, fully interacted"
    assert result.df == 2


def test_cuped_subtracts_what_the_past_predicts(make_panel, make_spec):
    """Over all six, S_xy = 33 and S_xx = 18: theta 11/6; means 8 and 4, past 4 and 3."""
    table = """
    arm      pre_outcome  m1
    mentored 2  4
    mentored 4  7
    mentored 6  13
    control  1  2
    control  3  3
    control  5  7
    """
    past, now = [2, 4, 6, 1, 3, 5], [4, 7, 13, 2, 3, 7]
    s_xx = sum((x - 3.5) ** 2 for x in past)
    s_xy = sum((x - 3.5) * (y - 6.0) for x, y in zip(past, now, strict=True))
    (result,) = cuped(make_panel(table), make_spec(), WINDOW)
    assert result.estimate == pytest.approx((8 - 4) - s_xy / s_xx * (4 - 3), rel=EXACT)


def test_cuped_needs_a_past(make_panel, make_spec):
    (result,) = cuped(make_panel(ONE_MONTH), make_spec(), WINDOW)
    assert isinstance(result, NotEstimable)
    assert result.reason == "no outcome before time zero that differs between people"


BY_MONTH = """
arm      m1  m2  m3
mentored 5   4   3
mentored 7   6   3
mentored 6   5   6
control  1   2   3
control  3   4   3
control  2   3   3
"""


def single_months(panel, spec):
    """The effect of each month by itself; those with a common band stand in between."""
    results = effects_by_month(panel, spec, WINDOW)
    return [r for r in results if r.target.name == "by_month"]


def test_effects_by_month_are_differences_within_the_month(make_panel, make_spec):
    results = single_months(make_panel(BY_MONTH), make_spec())
    assert [r.target.window for r in results] == [(1, 1), (2, 2), (3, 3)]
    assert [r.estimate for r in results] == pytest.approx([4.0, 2.0, 1.0])
    assert results[0].n_rows == 6


def test_the_trend_is_the_slope_of_the_monthly_effects(make_panel, make_spec):
    """Effects 4, 2, 1 in months 1, 2, 3: least-squares slope -1.5."""
    (test,) = fading_tests(make_panel(BY_MONTH), make_spec(), WINDOW)
    assert test.slope == pytest.approx(-1.5, rel=EXACT)
    assert 0 <= test.equality_p <= 1
    assert test.months == 3


def test_a_month_with_one_arm_only_says_so_and_leaves_the_rest(make_panel, make_spec):
    table = BY_MONTH.replace("control  1   2   3", "control  1   2   -")
    table = table.replace("control  3   4   3", "control  3   4   -").replace(
        "control  2   3   3", "control  2   3   -"
    )
    results = single_months(make_panel(table), make_spec())
    assert [isinstance(r, Estimate) for r in results] == [True, True, False]
    assert results[2].reason.startswith("fewer than 2 people of control")


def test_one_month_has_no_effects_by_month(make_panel, make_spec):
    assert effects_by_month(make_panel(ONE_MONTH), make_spec(), WINDOW) == ()
    assert fading_tests(make_panel(ONE_MONTH), make_spec(), WINDOW) == ()


DEGENERATE = {
    "no outcome in the window": ("arm m20\nmentored 1\nmentored 2\ncontrol 3\ncontrol 1", "window"),
    "one person in the arm": ("arm m1\nmentored 1\ncontrol 3\ncontrol 1", "2 people of mentored"),
    "no comparison": ("arm m1\nmentored 1\nmentored 3\ncontrol -", "2 people of control"),
    "same outcome": ("arm m1\nmentored 1\nmentored 1\ncontrol 1\ncontrol 1", "same for everybody"),
    "no spread within arms": ("arm m1\nmentored 2\nmentored 2\ncontrol 1\ncontrol 1", "not vary"),
    "arm is a stratum": (
        "arm stratum m1\nmentored 1 2\nmentored 1 4\ncontrol 2 1\ncontrol 2 5",
        "cannot be told apart",
    ),
    "one cluster an arm": (
        "arm cluster m1\nmentored 1 2\nmentored 1 4\ncontrol 2 1\ncontrol 2 5",
        "in one cluster",
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_input_gives_a_reason(make_panel, make_spec, name, case):
    table, words = DEGENERATE[case]
    (result,) = ESTIMATORS[name](make_panel(table), make_spec(), WINDOW)
    assert isinstance(result, NotEstimable)
    assert words in result.reason or name == "cuped"


def test_a_covariate_that_is_the_arm_leaves_no_effect(make_panel, make_spec):
    table = "arm x m1\nmentored 1 2\nmentored 1 4\nmentored 1 5\ncontrol 0 1\ncontrol 0 5"
    panel = make_panel(table, covariates=("x",))
    (result,) = ancova(panel, make_spec(), WINDOW)
    assert isinstance(result, NotEstimable)
    assert "cannot be told apart" in result.reason


def test_a_thin_arm_does_not_take_the_others_with_it(make_panel, make_spec):
    table = ONE_MONTH + "class 4\n"
    spec = make_spec(arms={"treated": ["mentored", "class"], "comparison": "control"})
    first, second = difference_in_means(make_panel(table), spec, WINDOW)
    assert isinstance(first, Estimate)
    assert first.n_rows == 7
    assert isinstance(second, NotEstimable)


def test_more_terms_than_people_says_so(make_panel, make_spec):
    table = "arm x z m1\nmentored 1 3 2\nmentored 2 1 4\ncontrol 5 2 1\ncontrol 3 9 5"
    (result,) = ancova(make_panel(table, covariates=("x", "z")), make_spec(), WINDOW)
    assert isinstance(result, NotEstimable)
    assert result.reason == "the model has as many terms as there are rows"
