"""Counts of one report that add up, by hand."""

from __future__ import annotations

from analysis.release.linked import Sheet
from analysis.rules import Rules, midpoint_ends


def _arm_of_a_group(*, curve: bool, rules: Rules | None = None) -> list[str]:
    """24 in a group, 18 of them in the arm, so that six are not."""
    rules = rules or Rules()
    sheet = Sheet(rules)
    whole, part = sheet.add(24, rules.text(24)), sheet.add(18, rules.text(18))
    sheet.rest(whole, part)
    if curve:
        sheet.known(part, *midpoint_ends(18))
    return sheet.settle()[:2]


def test_a_rest_that_may_be_anything_under_ten_leaves_its_whole_and_part() -> None:
    """23 to 27 less 18 to 22 are 1 to 9."""
    assert _arm_of_a_group(curve=False) == ["25", "20"]


def test_a_curve_that_rounds_the_same_count_another_way_is_looked_at() -> None:
    """In sixes 18 is 13 to 18, so 18 exactly: 5 to 9 would be the rest. 10 or more say nothing."""
    assert midpoint_ends(18) == (13, 18)
    assert _arm_of_a_group(curve=True) == ["≥10", "≥10"]


def test_public_counts_are_printed_as_they_are() -> None:
    assert _arm_of_a_group(curve=True, rules=Rules(mode="public")) == ["24", "18"]
