"""Curves of protected people: no step, remainder or number at risk counts a few of them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.curve import Curve, Point
from analysis.curve_disclosure import shown_points
from analysis.estimators.aalen_johansen import aalen_johansen
from analysis.estimators.kaplan_meier import kaplan_meier
from analysis.estimators.risk_table import risk_table
from analysis.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

PROTECTED, PUBLIC = Rules(), Rules(mode="public")
LEAVES, OTHER, CENSORED = range(3)
Month = tuple[int, int, int]  # people who leave, leave by another exit, are no longer followed


def _curve(start: int, months: list[Month], name: str = "aalen_johansen") -> Curve:
    """People who all start on day 0; what happens in a month happens on its last day."""
    days = 30 * np.arange(1, len(months) + 1)
    time = np.append(np.repeat(days, 3), days[-1] + 1)
    kind = np.append(np.tile([1, 2, 0], len(months)), 0)
    weight = np.append(np.ravel(months), start - np.sum(months))
    table = risk_table(np.zeros_like(time), time, kind, n_kinds=2, weight=weight)
    stays = name == "kaplan_meier"
    made = kaplan_meier(table, days) if stays else aalen_johansen(table, (1,), days)
    first = Point(
        day=0, share=float(stays), ci_low=float(stays), ci_high=float(stays), at_risk=start,
        events=0,
    )  # fmt: skip
    rest = [
        Point(
            day=int(days[j]), share=float(made.share[j]), ci_low=float(made.ci_low[j]),
            ci_high=float(made.ci_high[j]), at_risk=int(table.at_risk[j]),
            events=months[j][LEAVES] + (months[j][OTHER] if stays else 0),
        )
        for j in range(len(months))
    ]  # fmt: skip
    return Curve(
        name=name, label="", arm="mentee", exit_kind="any" if stays else "voluntary",
        n_people=start, convention="", points=(first, *rest),
    )  # fmt: skip


@st.composite
def _months(draw: st.DrawFn) -> tuple[int, list[Month]]:
    start = draw(st.integers(1, 240))
    left, months = start, []
    for _ in range(draw(st.integers(1, 8))):
        month = []
        for most in (40, 12, 12):
            month.append(draw(st.integers(0, min(left, most))))
            left -= month[-1]
        months.append(tuple(month))
    return start, months


def test_public_data_are_shown_as_they_are() -> None:
    curve = _curve(12, [(1, 0, 0), (2, 1, 0)])
    assert shown_points(curve, PUBLIC) == curve.points


def test_a_curve_of_protected_people_by_hand() -> None:
    """100 people, 15 and 20 leave, then 3 and 14: the third month joins the fourth."""
    curve = _curve(100, [(15, 0, 0), (20, 0, 0), (3, 0, 0), (14, 0, 0)])
    shown = shown_points(curve, PROTECTED)
    # cumulated 15, 35, 52 are in the groups of six around 15, 33, 51; 100 in that around 99
    assert [p.day for p in shown] == [0, 30, 60, 120]
    assert [p.events for p in shown] == [0, 15, 18, 18]
    assert [p.at_risk for p in shown] == [99, 99, 84, 60]  # 100, 100, 85, 62
    assert [p.share for p in shown] == pytest.approx([0, 15 / 99, 33 / 99, 51 / 99])
    # the interval of 15 of 99: log(-log) with a binomial error, as nobody is censored
    half = 1.959964 * math.sqrt(15 / 99 / (84 / 99) / 99) / -math.log(84 / 99)
    assert shown[1].ci_low == pytest.approx(1 - (84 / 99) ** math.exp(-half), abs=1e-6)
    assert shown[1].ci_high == pytest.approx(1 - (84 / 99) ** math.exp(half), abs=1e-6)


def test_a_share_that_stays_is_one_less_the_share_that_leaves() -> None:
    months = [(15, 0, 2), (20, 0, 0), (3, 0, 5), (14, 0, 0)]  # no other exits
    leave = shown_points(_curve(120, months), PROTECTED)
    stay = shown_points(_curve(120, months, "kaplan_meier"), PROTECTED)
    assert [1 - p.share for p in stay] == pytest.approx([p.share for p in leave])
    assert [1 - p.ci_low for p in stay] == pytest.approx([p.ci_high for p in leave])
    assert [(p.day, p.at_risk, p.events) for p in stay] == [
        (p.day, p.at_risk, p.events) for p in leave
    ]


@pytest.mark.parametrize(
    ("start", "months", "days"),
    [
        (9, [(0, 0, 0)], []),  # too few people
        (60, [(3, 0, 0), (4, 0, 0)], []),  # too few exits
        (60, [(0, 0, 0), (0, 2, 3)], [0, 60]),  # nobody left: an empty group gives nobody away
        (60, [(13, 0, 0), (2, 0, 40), (1, 0, 0)], [0, 60]),  # five are left in the third month
        (80, [(13, 0, 0), (13, 0, 0), (12, 0, 0)], [0, 30, 90]),  # 13 to 26 may be 18 to 25
        (80, [(13, 0, 0), (18, 0, 0), (18, 0, 0)], [0, 30, 60, 90]),
    ],
)
def test_which_days_are_shown(start: int, months: list[Month], days: list[int]) -> None:
    assert [p.day for p in shown_points(_curve(start, months), PROTECTED)] == days


def test_the_day_on_which_somebody_left_is_not_shown() -> None:
    curve = _curve(100, [(20, 0, 0), (20, 0, 0)])
    early, end = replace(curve.points[1], day=17), replace(curve.points[2], day=60)
    shown = shown_points(replace(curve, points=(curve.points[0], early, end)), PROTECTED)
    assert [p.day for p in shown] == [0, 60]


@settings(max_examples=300)
@given(_months(), st.sampled_from([5, 10, 20]))
def test_every_step_and_number_at_risk_rests_on_enough_people(
    drawn: tuple[int, list[Month]], min_group: int
) -> None:
    start, months = drawn
    curve = _curve(start, months)
    shown = shown_points(curve, Rules(min_group=min_group))
    exact = {p.day: p for p in curve.points}
    exits = {p.day: sum(q.events for q in curve.points if q.day <= p.day) for p in curve.points}
    for a, b in pairwise(shown):
        step = exits[b.day] - exits[a.day]
        assert step == 0 or step >= min_group
        assert b.share >= a.share and b.at_risk <= a.at_risk and b.events >= 0
    for p in shown:
        assert exact[p.day].at_risk >= min_group and p.at_risk >= min_group
        assert 0 <= p.ci_low <= p.share <= p.ci_high <= 1
        assert abs(p.at_risk - exact[p.day].at_risk) <= 6


def _counts(start: int, months: list[Month], days: list[int]) -> list[int]:
    """What an onlooker may want: by span between days shown and by month, exits of each sort."""
    found = [start]
    ends = [0, *(d // 30 for d in days), len(months)]
    spans = [*pairwise(sorted(set(ends))), *pairwise(range(len(months) + 1))]
    for first, last in spans:
        part = months[first:last]
        found += [sum(m[sort] for m in part) for sort in (LEAVES, OTHER, CENSORED)]
        found += [sum(m[OTHER] + m[CENSORED] for m in part), sum(sum(m) for m in part)]
    return [*found, start - sum(sum(m) for m in months)]


def _neighbours(start: int, months: list[Month]):
    """The same people but one, who leaves in another month, otherwise or not at all."""
    places = [(m, sort) for m in range(len(months)) for sort in range(3)] + [None]
    for here in places:
        for there in places:
            moved = [list(m) for m in months]
            if here is not None:
                moved[here[0]][here[1]] -= 1
            if there is not None:
                moved[there[0]][there[1]] += 1
            for people in {start, start + (there is not None) - (here is not None)}:
                left = people
                for month in moved:
                    left -= sum(month)
                if min(min(m) for m in moved) >= 0 and left >= 0:
                    yield people, [tuple(m) for m in moved]


def _certain(
    start: int, months: list[Month], show: Callable[[Curve], tuple[Point, ...]], tries: int
) -> set[int]:
    """Which small counts are the same in everything found that would be shown alike."""
    shown = show(_curve(start, months))
    days = [p.day for p in shown]
    truth = _counts(start, months, days)
    certain = {i for i, n in enumerate(truth) if 0 < n < PROTECTED.min_group}
    behind = deque([(start, months)])
    tried = {(start, tuple(months))}
    while certain and behind and len(tried) < tries:  # two or more people moved, where need be
        for people, moved in _neighbours(*behind.popleft()):
            new = (people, tuple(moved)) not in tried
            tried.add((people, tuple(moved)))
            if certain and new and show(_curve(people, moved)) == shown:
                behind.append((people, moved))
                other = _counts(people, moved, days)
                certain = {i for i in certain if other[i] == truth[i]}
    return certain


@settings(max_examples=80, deadline=None, derandomize=True)
@given(_months())
def test_no_small_count_follows_from_what_is_shown(drawn: tuple[int, list[Month]]) -> None:
    """Whatever is shown, other people could be behind it: no count below the limit is certain."""
    assert not _certain(*drawn, lambda curve: shown_points(curve, PROTECTED), 20_000)


def test_the_attack_works_on_exact_curves() -> None:
    months = [(13, 2, 0), (18, 1, 3), (17, 0, 0)]
    assert _certain(90, months, lambda curve: curve.points, 500)
