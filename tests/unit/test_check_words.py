"""Figures of checks as they are printed: signs, zeros, bounds, words."""

from __future__ import annotations

from analysis.diagnostics import Share
from analysis.diagnostics.wording import (
    month_text,
    points_text,
    power_text,
    sd_text,
    tenth_of_sd,
    whole_points_text,
)
from tests.report_cases import check


def test_a_sign_is_a_true_minus_and_zero_has_none() -> None:
    assert [points_text(d) for d in (0.031, -0.031, -0.0004, 0.0)] == [
        "+3.1 points", "−3.1 points", "0.0 points", "0.0 points",
    ]  # fmt: skip
    assert [whole_points_text(d) for d in (0.031, -0.031, -0.004)] == [
        "+3 points", "−3 points", "0 points",
    ]  # fmt: skip
    assert [sd_text(d, 1) for d in (0.31, -0.31, -0.04)] == ["+0.3 SD", "−0.3 SD", "0.0 SD"]
    assert (month_text(-9), month_text(3)) == ("−9", "3")


def test_a_coarse_difference_is_never_rounded_over_a_limit_of_a_tenth() -> None:
    assert [tenth_of_sd(d) for d in (0.0, 0.03, 0.1, 0.101, 0.14, 0.31)] == [
        "0.0 to 0.1 SD", "0.0 to 0.1 SD", "0.0 to 0.1 SD", "0.1 to 0.2 SD", "0.1 to 0.2 SD",
        "0.3 to 0.4 SD",
    ]  # fmt: skip


def test_no_test_is_sure() -> None:
    assert [power_text(p) for p in (0.99996, 0.991, 0.99, 0.8, 0.002)] == [
        "over 99 %", "over 99 %", "99.0 %", "80.0 %", "under 1 %",
    ]  # fmt: skip


def test_names_of_arms_are_words() -> None:
    assert check("one", label="People of never_applied").label == "People of never applied"
    assert Share("lottery_lost", 1, 2).label == "lottery lost"
