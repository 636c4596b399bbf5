"""Differences of headlines split over causes: exact sums, nobody told from a difference."""

from __future__ import annotations

import math

import pytest

from analysis.change import State, Touched, rounded_to_sum, split
from analysis.rules import Rules

EXACT = 1e-12  # sums of a few numbers near 1
PROTECTED = Rules(min_group=10)


def path(*steps: tuple[str, float | None]) -> list[tuple[str, State]]:
    return [(cause, State(estimate=value)) for cause, value in steps]


def people(*numbers: int) -> frozenset[str]:
    return frozenset(map(str, numbers))


def touched(**moved: frozenset[str]) -> dict[str, Touched]:
    return {c: Touched(rows=100, people=50, moved=who) for c, who in moved.items()}


MANY, OTHERS = people(*range(30)), people(*range(40, 60))


def shown(parts) -> list[tuple[tuple[str, ...], float]]:
    return [(part.causes, round(part.contribution, 9)) for part in parts]


def test_each_cause_contributes_what_it_moves():
    way = path(("", 1.0), ("study", 1.5), ("exits", 1.2), ("new_time", 2.0))
    other = {"study": 0.1, "exits": 0.2, "new_time": 0.7}
    parts = split(way, other, touched(exits=MANY, new_time=OTHERS), PROTECTED)
    assert shown(parts) == [(("study",), 0.5), (("exits",), -0.3), (("new_time",), 0.8)]
    assert [p.other_order for p in parts] == [0.1, 0.2, 0.7]
    assert [p.people for p in parts] == ["0", "30", "20"]


def test_code_at_both_ends_is_one_contribution():
    way = path(("", 1.0), ("code", 1.5), ("exits", 2.0), ("code", 1.9))
    parts = split(way, {"code": 0.4, "exits": 0.5}, touched(exits=MANY), PROTECTED)
    assert shown(parts) == [(("code",), 0.4), (("exits",), 0.5)]


def test_a_state_that_may_not_be_shown_is_not_told_by_differences():
    way = path(("", 1.0), ("identity", 1.1), ("exits", None), ("values", 1.7), ("new_time", 2.0))
    who = touched(identity=MANY, exits=MANY, values=OTHERS, new_time=OTHERS)
    other = dict.fromkeys(who, 0.25)
    parts = split(way, other, who, PROTECTED)
    assert shown(parts) == [
        (("identity",), 0.1), (("exits", "values"), 0.6), (("new_time",), 0.3)
    ]  # fmt: skip
    assert parts[1].other_order == 0.5
    other["exits"] = None
    assert split(way, other, who, PROTECTED)[1].other_order is None


def test_causes_that_move_few_are_told_together():
    way = path(("", 0.0), ("identity", 1.0), ("exits", 3.0), ("values", 7.0), ("new_time", 15.0))
    few = touched(
        identity=people(1, 2, 3, 4, 5, 6),
        exits=MANY,
        values=people(5, 6, 7, 8, 9, 10),
        new_time=MANY,
    )
    parts = split(way, {}, few, PROTECTED)
    assert shown(parts) == [(("identity", "values"), 5), (("exits",), 2), (("new_time",), 8)]
    assert parts[0].people == "10"


def test_few_people_are_never_left_alone():
    """Six people need company: of those who move enough the part that moves fewest."""
    way = path(("", 0.0), ("study", 1.0), ("exits", 3.0), ("values", 7.0), ("new_time", 15.0))
    few = touched(exits=people(1, 2, 3, 4, 5, 6), values=OTHERS, new_time=MANY)
    parts = split(way, {}, few, PROTECTED)
    assert shown(parts) == [(("study",), 1), (("exits", "values"), 6), (("new_time",), 8)]


def test_where_only_few_move_there_is_one_line():
    way = path(("", 0.0), ("study", 1.0), ("exits", 3.0), ("new_time", 3.0))
    parts = split(way, {}, touched(exits=people(1), new_time=people()), PROTECTED)
    assert shown(parts) == [(("study", "exits", "new_time"), 3)]
    assert parts[0].people == "<10"


def test_nothing_is_hidden_in_public_data():
    way = path(("", 0.0), ("study", 1.0), ("exits", 3.0))
    parts = split(way, {}, touched(exits=people(1)), Rules(mode="public"))
    assert shown(parts) == [(("study",), 1), (("exits",), 2)]
    assert parts[1].people == "1"


@pytest.mark.parametrize("ends", [(None, 2.0), (1.0, None), (None, None)])
def test_a_headline_that_is_not_shown_is_not_split(ends):
    way = path(("", ends[0]), ("study", 1.5), ("exits", ends[1]))
    parts = split(way, {"study": 1.0, "exits": 1.0}, touched(exits=MANY), PROTECTED)
    assert [part.causes for part in parts] == [("study",), ("exits",)]
    assert {(p.contribution, p.other_order, p.printed) for p in parts} == {(None, None, None)}


def test_checks_are_told_with_the_cause_that_changed_them():
    ends, late = ("ends", "Ends"), ("late", "Late")
    way = [
        ("", State(estimate=1.0, checks={ends: "pass", late: "warn"})),
        ("identity", State(estimate=1.0, checks={ends: "pass", late: "warn"})),
        ("exits", State(estimate=1.0, checks={ends: "warn", late: "warn"})),
        ("new_time", State(estimate=1.0, checks={ends: "warn", late: "pass"})),
    ]
    who = touched(identity=MANY, exits=MANY, new_time=MANY)
    found = [
        [(c.label, c.before, c.after) for c in p.checks] for p in split(way, {}, who, PROTECTED)
    ]
    assert found == [[], [("Ends", "pass", "warn")], [("Late", "warn", "pass")]]


def test_no_pseudonym_is_in_a_part():
    way = path(("", 0.0), ("exits", 3.0))
    secret = frozenset(f"pseudonym{i}" for i in range(20))
    assert "pseudonym" not in repr(split(way, {}, touched(exits=secret), PROTECTED))


def test_rounding_keeps_the_sum():
    thirds = [1 / 3, 1 / 3, 1 / 3]
    assert rounded_to_sum(thirds, 1.0, 1) == (0.4, 0.3, 0.3)
    assert rounded_to_sum([-1 / 3] * 3, -1.0, 1) == (-0.3, -0.3, -0.4)
    assert rounded_to_sum([0.26, -0.26], 0.0, 1) == (0.3, -0.3)
    assert rounded_to_sum([], 0.0, 1) == ()


def test_rounding_is_never_off_by_a_digit_and_ends():
    """The total is a difference of two rounded figures: up to a digit from the exact sum."""
    values = [0.123456, -2.71828, 3.14159, -0.000049]
    for shift in (-0.01, 0.0, 0.01):
        total = round(math.fsum(values), 2) + shift
        made = rounded_to_sum(values, total, 2)
        assert math.fsum(made) == pytest.approx(total, abs=EXACT)
        assert all(abs(a - b) < 0.02 for a, b in zip(made, values, strict=True))
