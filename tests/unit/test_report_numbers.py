"""How figures are printed: signs, decimals, units, intervals, axes."""

from __future__ import annotations

import pytest

from reports.numbers import (
    date_text,
    decimals,
    interval,
    measure,
    month_text,
    number,
    p_text,
    plain,
    signed,
    with_unit,
)
from reports.scales import scale
from reports.shown import Shown, told_apart


@pytest.mark.parametrize(
    ("value", "places", "printed"),
    [
        (-2.1, 1, "−2.1"),
        (6.14, 1, "+6.1"),
        (0.04, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (-1234.5, 0, "−1,234"),
    ],
)
def test_an_effect_carries_its_sign_and_zero_has_none(
    value: float, places: int, printed: str
) -> None:
    assert signed(value, places) == printed


def test_numbers_have_a_true_minus_and_commas() -> None:
    assert number(-12345.678, 1) == "−12,345.7"


def test_the_space_before_per_cent_is_narrow_and_does_not_break() -> None:
    assert with_unit("6.1", "%") == "6.1\u202f%"


def test_shares_are_printed_in_percentage_points() -> None:
    assert (measure("share").factor, measure("share").long) == (100.0, "percentage points")


@pytest.mark.parametrize(
    ("low", "high", "printed"),
    [
        (2.4, 9.9, "2.4 to 9.9"),
        (-4.6, 0.3, "−4.6 to 0.3"),
        (74.6, None, "74.6 to unbounded"),
        (None, None, "unbounded"),
    ],
)
def test_intervals(low: float | None, high: float | None, printed: str) -> None:
    assert interval(low, high, 1) == printed


@pytest.mark.parametrize(
    ("low", "high", "places"), [(111.0, 626.0, 0), (1.2, 7.1, 1), (-0.12, 0.3, 2), (-1.0, 25.0, 0)]
)
def test_decimals_follow_the_width_of_the_interval(low: float, high: float, places: int) -> None:
    assert decimals(low, high) == places


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.0004, "< 0.001"),
        (0.0123, "0.012"),
        (0.05, "0.05"),
        (0.0999, "0.10"),
        (0.41, "0.41"),
        (None, ""),
    ],
)
def test_p_values(p: float | None, printed: str) -> None:
    assert p_text(p) == printed


@pytest.mark.parametrize(
    ("low", "high", "printed"),
    [
        (0.02, 5.90, "0.02 to 5.90"),  # excludes no effect, and is seen to
        (0.3, 5.9, "0.3 to 5.9"),
        (-0.02, 5.9, "0.0 to 5.9"),  # holds it
        (-5.9, -0.004, "−5.900 to −0.004"),
        (0.0, 5.9, "0.0 to 5.9"),
    ],
)
def test_an_interval_that_excludes_no_effect_never_prints_as_if_it_held_it(
    low: float, high: float, printed: str
) -> None:
    figures = Shown(
        value=(low + high) / 2, low=low, high=high, std_error=1.5, places=1, unit="%", unit_long="%"
    )
    assert told_apart(figures).range == printed


def test_a_ratio_is_told_apart_from_one() -> None:
    figures = Shown(
        value=0.8, low=0.6, high=0.997, std_error=0.1, places=2, unit="", unit_long="", null=1.0
    )
    assert told_apart(figures).range == "0.600 to 0.997"


def test_months_need_no_locale() -> None:
    assert month_text("2026-10") == "Oct\u00a02026"
    assert month_text("the first") == "the first"


def test_dates_need_no_locale() -> None:
    assert date_text("2026-10-31") == "31\u00a0Oct\u00a02026"


def test_marks_that_turn_the_direction_of_text_are_dropped() -> None:
    assert plain("a\u202eb\u2066c\x07d\u200f") == "abcd"


def test_an_axis_is_round_and_holds_zero() -> None:
    axis = scale([2.4, 17.0], around_zero=True)
    assert [t.label for t in axis.ticks] == ["−5", "0", "+5", "+10", "+15", "+20"]
    assert axis.at(0) == "20.00%"
    assert [t.label for t in scale([]).ticks if t.zero] == ["0"]


def test_what_a_check_names_is_counted_as_coarsely_as_its_rows():
    """A protected report tells no exact number of answers, a public one does."""
    from types import SimpleNamespace

    from reports.sections.data_quality import view

    check = {
        "name": "survey_answer_out_of_range", "level": "warn", "rows": 47,
        "description": "answers out of range", "named": {"tis_1": 44, "tis_2": 3},
    }  # fmt: skip
    shown = {}
    for disclosure in ("protected", "public"):
        project = SimpleNamespace(disclosure=disclosure)
        report = SimpleNamespace(reconciliation={"checks": [check]}, project=project)
        [told] = view(report)["checks"]  # type: ignore[arg-type]
        shown[disclosure] = (told["rows"], told["description"])
    assert shown["public"] == ("47", "answers out of range (tis_1: 44, tis_2: 3)")
    assert shown["protected"][1] != shown["public"][1]
    assert "tis_2: 3)" not in shown["protected"][1]
    assert "44" not in shown["protected"][1]
