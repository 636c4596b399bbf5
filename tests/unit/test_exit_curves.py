"""Assigned arms as seen: careers in, curves and differences out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.curve_disclosure import shown_points
from analysis.estimate import Estimate, NotEstimable
from analysis.exits.careers import KINDS, NEVER, Careers
from analysis.exits.curves import observed_curves
from analysis.exits.observed import observed_differences
from analysis.rules import Rules
from analysis.study import parse_study

if TYPE_CHECKING:
    from analysis.curve import Curve

ZERO, END = 1000, 1000 + 364  # the 365th day of follow-up is the last
VOLUNTARY, INVOLUNTARY, RETIREMENT = (
    KINDS.index(k) for k in ("voluntary", "involuntary", "retirement")
)
Row = tuple[int, int, int, int]  # arm, days from time zero to the last one, kind, to the notice


def _careers(rows: list[Row], hired: int = 0, end: int = END) -> Careers:
    arm, last, kind, notice = (np.array(c, dtype=np.int64) for c in zip(*rows, strict=True))
    n = len(rows)
    days = np.where(kind > 0, ZERO + last, NEVER)
    return Careers(
        person=np.arange(n), cluster=np.arange(n), hired=np.full(n, hired), zero=np.full(n, ZERO),
        arm=arm, start=np.full(n, NEVER), exit=days, kind=kind,
        notice=np.where(notice < NEVER, ZERO + notice, NEVER), end=np.full(n, end),
        eligible=np.ones((n, 1), dtype=bool), first_month=0, undated=np.zeros(n, dtype=bool),
    )  # fmt: skip


def _spec(metric: str = "voluntary", months: int = 12, **more: object):
    return parse_study(
        {
            "study": "exits",
            "question": "Do they stay?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": "randomised",
            "arms": {"treated": "mentee", "comparison": "control"},
            "outcome": {"kind": "exit", "metric": metric},
            "follow_up": {"months": months, "primary": [1, months]},
        }
        | more
    )


def _arm(arm: int, leave: dict[int, int], stay: int, kind: int = VOLUNTARY) -> list[Row]:
    rows = [(arm, day, kind, NEVER) for day, people in leave.items() for _ in range(people)]
    return rows + [(arm, 0, 0, NEVER)] * stay


def _find(curves: tuple[Curve, ...], arm: str, kind: str, name: str = "aalen_johansen") -> Curve:
    (found,) = [c for c in curves if (c.arm, c.exit_kind, c.name) == (arm, kind, name)]
    return found


def _share(curve: Curve, day: int) -> float:
    return next(p.share for p in curve.points if p.day == day)


def test_the_last_day_of_employment_is_not_yet_an_exit() -> None:
    """There on day 89 and not on day 90: left by 90. The last day 90 days later: not."""
    curves = observed_curves(_careers(_arm(0, {89: 2, 90: 3}, 5)), _spec())
    left = _find(curves, "control", "voluntary")
    assert _share(left, 60) == 0
    assert _share(left, 90) == pytest.approx(0.2)
    assert _share(left, 120) == pytest.approx(0.5)
    assert _share(left, 365) == pytest.approx(0.5)
    assert [(p.day, p.at_risk, p.events) for p in left.points][:5] == [
        (0, 10, 0), (30, 10, 0), (60, 10, 0), (90, 10, 2), (120, 5, 3),
    ]  # fmt: skip


def test_kinds_of_exits_and_the_share_still_employed_add_up() -> None:
    rows = _arm(1, {40: 3}, 4) + _arm(1, {50: 2}, 0, INVOLUNTARY) + _arm(1, {60: 1}, 0, RETIREMENT)
    curves = observed_curves(_careers(rows), _spec())
    shares = [_share(_find(curves, "mentee", k), 90) for k in ("voluntary", "involuntary", "other")]
    assert shares == pytest.approx([0.3, 0.2, 0.1])
    stays = _find(curves, "mentee", "any", "kaplan_meier")
    assert _share(stays, 90) == pytest.approx(0.4)
    assert (stays.points[0].share, sum(p.events for p in stays.points)) == (1, 6)


@pytest.mark.parametrize(
    ("metric", "kinds"),
    [
        ("voluntary", ["voluntary", "involuntary", "other"]),
        ("any", ["voluntary", "involuntary", "other"]),
        ("retirement", ["retirement", "voluntary", "involuntary", "other"]),
    ],
)
def test_which_curves_there_are(metric: str, kinds: list[str]) -> None:
    curves = observed_curves(_careers(_arm(0, {40: 1}, 4) + _arm(1, {}, 5)), _spec(metric))
    assert [(c.exit_kind, c.arm) for c in curves if c.name == "aalen_johansen"] == [
        (kind, arm) for kind in kinds for arm in ("control", "mentee")
    ]


def test_voluntary_exits_count_on_the_day_of_notice_and_others_do_not() -> None:
    rows = [
        (0, 100, VOLUNTARY, 20),  # counts on day 21
        (0, 100, INVOLUNTARY, 20),  # counts on day 101
        (0, 0, 0, 50),  # notice given, exit after the last day followed: counts on day 51
        (0, 100, VOLUNTARY, -1),  # on notice at time zero: does not enter
        (0, -1, VOLUNTARY, NEVER),  # gone at time zero: does not enter
        (0, 0, 0, NEVER),
    ]
    curves = observed_curves(_careers(rows), _spec())
    left = _find(curves, "control", "voluntary")
    assert left.n_people == 4
    assert [_share(left, d) for d in (30, 60)] == pytest.approx([1 / 4, 2 / 4])
    assert _share(_find(curves, "control", "involuntary"), 120) == pytest.approx(1 / 4)


def test_curves_end_where_nobody_is_followed_any_more() -> None:
    careers = _careers(_arm(0, {10: 1}, 4), end=ZERO + 99)
    left = _find(observed_curves(careers, _spec()), "control", "voluntary")
    assert left.points[-1].day == 90
    found = observed_differences(
        _careers(_arm(0, {10: 1}, 4) + _arm(1, {10: 1}, 4), end=1099), _spec()
    )
    assert all(isinstance(r, NotEstimable) and "followed" in r.reason for r in found)


def test_who_is_hired_after_time_zero_or_without_an_arm_does_not_enter() -> None:
    assert observed_curves(_careers(_arm(0, {10: 1}, 4), hired=ZERO + 1), _spec()) == ()
    assert observed_curves(_careers(_arm(-1, {10: 1}, 4)), _spec()) == ()


def test_differences_by_hand() -> None:
    """10 of 40 leave on day 100, 20 of 50 on day 200; everybody else is followed to the end."""
    careers = _careers(_arm(1, {99: 10}, 30) + _arm(0, {199: 20}, 30))
    days, ratio = observed_differences(careers, _spec())
    assert [r.target.name for r in (days, ratio)] == ["rmst_unadjusted", "log_rank"]
    assert all(isinstance(r, Estimate) for r in (days, ratio))
    assert days.estimate == pytest.approx((10 * 100 + 30 * 365) / 40 - (20 * 200 + 30 * 365) / 50)
    error = math.sqrt(0.25 * 0.75 * 265**2 / 40 + 0.4 * 0.6 * 165**2 / 50)
    assert days.std_error == pytest.approx(error)
    assert days.ci_high - days.estimate == pytest.approx(1.959964 * days.std_error, rel=1e-6)
    # On day 100: 10 of 90 where 40 are treated; on day 200: 20 of 80 where 30 are.
    excess = 10 - 10 * 40 / 90 - 20 * 30 / 80
    variance = 10 * 40 / 90 * 50 / 90 * 80 / 89 + 20 * 30 / 80 * 50 / 80 * 60 / 79
    assert ratio.estimate == pytest.approx(math.exp(excess / variance))
    assert ratio.p_value == pytest.approx(math.erfc(abs(excess) / math.sqrt(2 * variance)))
    assert (ratio.n_treated, ratio.n_comparison, ratio.n_smallest) == (40, 50, 10)


def test_a_ratio_needs_exits_in_both_arms_and_a_difference_does_not() -> None:
    careers = _careers(_arm(1, {}, 30) + _arm(0, {50: 12}, 20))
    days, ratio = observed_differences(careers, _spec())
    assert days.estimate == pytest.approx(12 / 32 * (365 - 51))
    assert days.n_smallest == 12
    assert isinstance(ratio, NotEstimable)


def test_where_errors_are_clustered_independent_people_are_not_compared() -> None:
    careers = _careers(_arm(1, {99: 10}, 30) + _arm(0, {199: 20}, 30))
    found = observed_differences(careers, _spec(cluster="manager_no"))
    assert all(isinstance(r, NotEstimable) and "clustered" in r.reason for r in found)


def test_curves_of_careers_are_shown_at_ends_of_months_in_both_modes() -> None:
    """Of 300, 13 leave each fortnight; public ones are exact, protected ones coarse."""
    careers = _careers(_arm(0, {14 * k: 13 for k in range(1, 15)}, 118))
    left = _find(observed_curves(careers, _spec()), "control", "voluntary")
    assert shown_points(left, Rules(mode="public")) == left.points
    shown = shown_points(left, Rules())
    exact = {p.day: p for p in left.points}
    assert [p.day for p in shown] == [0, 30, 60, 90, 120, 150, 180, 365]  # no exit after 210
    for p in shown:
        assert abs(p.share - exact[p.day].share) <= 4 / 300
        assert abs(p.at_risk - exact[p.day].at_risk) <= 6
