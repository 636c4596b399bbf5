"""Points of a curve as they may be shown: a curve must not count the people behind its steps.

Where people are protected, all that is shown follows from cumulated counts rounded to the middle
of their group of six, always the same groups: exits E, departures D of any reason (exits of other
kinds and people no longer followed too), people at the start, and the effective number N behind a
share. Anything made of them tells no more than they do, so each count keeps six candidates however
many points are shown, and the curves of several kinds of exits do not add up to an exact one.
Rounding the numbers at risk and the shares themselves would not do: shares are exits over people,
and two roundings of one count leave less than either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from analysis.curve import Point
from analysis.exits.calendar import ends_a_month
from analysis.rules import ROUND_TO_MIDDLE, midpoint

if TYPE_CHECKING:
    from analysis.curve import Curve
    from analysis.rules import Rules

_Z = 1.959963984540054  # of a 95 % interval
_TINY = 1e-9
_DECIMALS = 6  # an effective number is whole where nobody is censored, but for rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """A point with what was counted up to it: exits of the kind with its day's, departures before.

    ``left`` is the share that has left; ``low`` and ``high`` are its interval.
    """

    point: Point
    exits: int
    gone: int
    left: float
    low: float
    high: float


def shown_points(curve: Curve, rules: Rules) -> tuple[Point, ...]:
    """The points of a curve that may be shown; none where it rests on too few people or exits.

    Public data: every point, exact. Protected: days that depend on nobody (ends of months of
    follow-up), each step resting on at least ``min_group`` exits or on none at all, until fewer
    than that may still be at risk. Exits, numbers at risk and shares come from midpoint-6 counts
    (a share is up to three exits off); the interval is made anew around the share, from the
    effective number of people behind the exact one.
    """
    if rules.mode == "public":
        return curve.points
    start = curve.points[0].at_risk if curve.points else 0
    if rules.hides(min(curve.n_people, start)):
        return ()
    stays, trials = curve.name == "kaplan_meier", curve.name == "standardised_incidence"
    days = [
        d
        for d in _days(curve, start, stays=stays)
        if ends_a_month(d.point.day)
        and _surely(rules.min_group, start, _departed(d, trials=trials))
    ]
    shown: list[Point] = []
    share, exits = 0.0, 0
    for d in _steps(days, rules.min_group):
        share = max(share, _share(d))
        low, high = _interval(share, d)
        shown.append(
            Point(
                day=d.point.day,
                share=share,
                ci_low=low,
                ci_high=high,
                at_risk=midpoint(start) - midpoint(d.gone),
                events=midpoint(d.exits) - exits,
            )
        )
        exits = midpoint(d.exits)
    return tuple(_turned(p) for p in shown) if stays else tuple(shown)


def _days(curve: Curve, start: int, *, stays: bool) -> list[_Day]:
    points = [_turned(p) for p in curve.points] if stays else list(curve.points)
    exits = accumulate(p.events for p in points)
    return [
        _Day(
            point=p, exits=n, gone=start - p.at_risk, left=p.share, low=p.ci_low, high=p.ci_high
        )
        for p, n in zip(points, exits, strict=True)
    ]  # fmt: skip


def _departed(day: _Day, *, trials: bool) -> int:
    """People surely no longer at risk after the day.

    In sequential trials an exit counts in every trial its person was in, so that exits of all days
    may be more than the people; those of one day are people.
    """
    return day.gone + day.point.events if trials else max(day.gone, day.exits)


def _turned(point: Point) -> Point:
    """The share that has left for the share that stays, and back."""
    return replace(point, share=1 - point.share, ci_low=1 - point.ci_high, ci_high=1 - point.ci_low)


def _surely(people: int, of: int, less: int) -> bool:
    """Whether ``of - less`` is at least ``people``, from the groups of six the two are in."""
    groups = math.ceil(of / ROUND_TO_MIDDLE) - math.ceil(less / ROUND_TO_MIDDLE)
    return ROUND_TO_MIDDLE * (groups - 1) + 1 >= people


def _steps(days: list[_Day], min_group: int) -> list[_Day]:
    """The last day, and the days that are a step both from the one before and to the last."""
    if not days:
        return []
    start = [] if days[0].exits else [days[0]]
    if not days[-1].exits:
        return [*start, *days[-1:]][: len(days)]
    if not _surely(min_group, days[-1].exits, 0):
        return []
    steps: list[_Day] = []
    for d in days:
        before = steps[-1].exits if steps else 0
        if _surely(min_group, d.exits, before) and _surely(min_group, days[-1].exits, d.exits):
            steps.append(d)
    return [*start, *steps, days[-1]]


def _share(day: _Day) -> float:
    """Exits over the effective number (exits over share: everybody, where nobody is censored)."""
    if not day.exits or day.left <= 0:
        return 0.0
    return midpoint(day.exits) / _rounded(day.exits / day.left)


def _interval(share: float, day: _Day) -> tuple[float, float]:
    """The complementary log-log interval of a share among the effective number behind ``day``."""
    inside = _TINY < day.left < 1 - _TINY
    if not (inside and 0 < share < 1 and 0 < day.low < day.high < 1):
        return share, share
    half = (_loglog(day.high) - _loglog(day.low)) / 2
    error = half / _Z * (1 - day.left) * -math.log1p(-day.left)
    people = _rounded(day.left * (1 - day.left) / error**2)
    stay = 1 - share
    ratio = math.exp(_Z * math.sqrt(share / (stay * people)) / -math.log(stay))
    return 1 - stay ** (1 / ratio), 1 - stay**ratio


def _loglog(left: float) -> float:
    return math.log(-math.log1p(-left))


def _rounded(people: float) -> int:
    return midpoint(max(1, math.ceil(round(people, _DECIMALS))))
