"""Taking part: first stage, two-stage least squares, Anderson-Rubin sets and the naive gap."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.estimate import NotEstimable
from analysis.estimators.anderson_rubin import invert
from analysis.estimators.as_treated import as_treated
from analysis.estimators.first_stage import first_stage
from analysis.estimators.two_stage import two_stage_least_squares

WINDOW = (1, 12)


def _table(takes: str = "1110 0010", sales: str = "8 6 7 3 2 4 6 4") -> str:
    """Four mentored people and four comparators, with these takers and these sales."""
    arms = ["mentored"] * 4 + ["control"] * 4
    rows = zip(arms, takes.replace(" ", ""), sales.split(), strict=True)
    return "arm take_up m1\n" + "\n".join(" ".join(row) for row in rows)


TABLE = _table()


def test_the_wald_estimate(make_panel, make_spec):
    """Means 6 and 4, shares 3/4 and 1/4: (6 - 4) / (1/2) = 4."""
    late, robust = two_stage_least_squares(make_panel(TABLE), make_spec(), WINDOW)
    assert late.estimate == pytest.approx(4.0)
    assert robust.estimate == pytest.approx(4.0)
    assert robust.target.name == "anderson_rubin"
    assert late.target.estimand == "effect on those who took part (LATE)"
    assert late.convention.startswith("HC0 (robust, no degrees-of-freedom factor)")


def test_the_2sls_error_is_the_instrumental_variable_sandwich(make_panel, make_spec):
    """V = (Z'X)^-1 Z' diag(u^2) Z (X'Z)^-1 with Z = (1, assignment), X = (1, take-up)."""
    late, _ = two_stage_least_squares(make_panel(TABLE), make_spec(), WINDOW)
    z = np.column_stack([np.ones(8), [1, 1, 1, 1, 0, 0, 0, 0]])
    x = np.column_stack([np.ones(8), [1, 1, 1, 0, 0, 0, 1, 0]])
    y = np.array([8, 6, 7, 3, 2, 4, 6, 4])
    bread = np.linalg.inv(z.T @ x)
    u = y - x @ bread @ z.T @ y
    cov = bread @ (z.T * u**2) @ z @ bread.T
    assert late.std_error == pytest.approx(math.sqrt(cov[1, 1]), rel=1e-9)


def test_first_stage_is_a_difference_of_shares_never_transformed(make_panel, make_spec):
    """3/4 less 1/4; HC2: two sample variances of 1/4 over 4."""
    (stage,) = first_stage(make_panel(TABLE), make_spec(transform="log"), WINDOW)
    assert stage.estimate == pytest.approx(0.5)
    assert stage.std_error == pytest.approx(math.sqrt(0.25 / 4 + 0.25 / 4))
    assert stage.target.unit == "share"


def test_a_log_outcome_comes_out_in_per_cent(make_panel, make_spec):
    table = _table(sales=".8 .6 .7 .3 .2 .4 .6 .4")
    late, robust = two_stage_least_squares(make_panel(table), make_spec(transform="log"), WINDOW)
    assert late.estimate == pytest.approx(100 * (math.exp(0.4) - 1))
    assert robust.ci_low > -100 or robust.ci_low == pytest.approx(-100)


def _unit_errors() -> np.ndarray:
    return np.array([[1.0, 0.0], [0.0, 1.0]])


def test_anderson_rubin_by_hand():
    """R = 6, f = 3, unit independent errors, critical value 1: 8b^2 - 36b + 35 <= 0."""
    (low, high), words = invert((6.0, 3.0), _unit_errors(), 1.0)
    root = math.sqrt(18**2 - 8 * 35)
    assert (low, high) == (pytest.approx((18 - root) / 8), pytest.approx((18 + root) / 8))
    assert words == "Anderson-Rubin interval"


def test_anderson_rubin_in_two_pieces():
    """F = 1/2 is below its critical value, r = 6 is not: what is left out lies around zero."""
    (low, high), words = invert((6.0, 0.5), _unit_errors(), 1.0)
    assert (low, high) == (-math.inf, math.inf)
    assert "in two pieces: it leaves out only" in words


def test_anderson_rubin_without_limits():
    """Neither r nor f differs from zero: every effect is compatible."""
    (low, high), words = invert((0.5, 0.5), _unit_errors(), 1.0)
    assert (low, high) == (-math.inf, math.inf)
    assert "without limits" in words


@pytest.mark.parametrize("transform", ["none", "log"])
def test_a_weak_first_stage_has_infinite_limits(make_panel, make_spec, transform):
    rng = np.random.default_rng(4)
    lines = [f"{('control', 'mentored')[i % 2]} {i // 2 % 2} {rng.normal():.3f}" for i in range(41)]
    panel = make_panel("arm take_up m1\n" + "\n".join(lines))
    late, robust = two_stage_least_squares(panel, make_spec(transform=transform), WINDOW)
    assert isinstance(late, NotEstimable) or math.isfinite(late.std_error)
    assert robust.ci_low == (-math.inf if transform == "none" else -100)
    assert robust.ci_high == math.inf
    assert "moves take-up too little" in robust.convention


@pytest.mark.parametrize(
    ("takes", "reason"),
    [
        ("0000 0000", "nobody took part"),
        ("1111 1111", "everybody took part"),
        ("1110 ----", "taking part was not recorded for control"),
        ("1100 1100", "assignment did not change who took part"),
    ],
)
def test_no_effect_on_takers_without_difference_in_taking(make_panel, make_spec, takes, reason):
    results = two_stage_least_squares(make_panel(_table(takes)), make_spec(), WINDOW)
    assert [r.reason for r in results] == [reason, reason]


def test_full_compliance_is_the_effect_of_assignment(make_panel, make_spec):
    """Everybody did as assigned: 2SLS is the difference of means, 6 - 4."""
    panel = make_panel(_table("1111 0000"))
    late, robust = two_stage_least_squares(panel, make_spec(), WINDOW)
    assert (late.estimate, robust.estimate) == (pytest.approx(2.0), pytest.approx(2.0))
    assert robust.ci_low < late.estimate < robust.ci_high
    (stage,) = first_stage(panel, make_spec(), WINDOW)
    assert stage.reason == "within each arm everybody did the same: a difference of 1.00, no spread"


def test_as_treated_compares_takers_with_everybody_else(make_panel, make_spec):
    """Takers 8, 6, 7, 6; others 3, 2, 4, 4: 6.75 less 3.25, arms ignored."""
    (naive,) = as_treated(make_panel(TABLE), make_spec(), WINDOW)
    assert naive.estimate == pytest.approx(3.5)
    assert (naive.n_treated, naive.n_comparison) == (4, 4)
    assert (naive.target.role, naive.target.estimand) == ("naive", "as treated: not an effect")


def test_as_treated_without_records_says_so(make_panel, make_spec):
    panel = make_panel("arm m1\nmentored 1\nmentored 2\ncontrol 3\ncontrol 1")
    (naive,) = as_treated(panel, make_spec(), WINDOW)
    assert naive.reason == "taking part was not recorded"
