"""Curves that do not contradict the released differences between them.

Shares of protected people are made of rounded counts, each arm for itself, so their difference can
be several people off the difference that is released beside them. The treated arm's curve is
therefore moved until the two differ by what was released. The moved shares follow from the other
arm's shares and the released difference, and so tell nothing that these two do not.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.calendar import end_of_month
from analysis.outcome import EXIT_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.curve import Curve, CurveName, Point
    from analysis.disclosure import ReleasedEstimate

OF_THE_OUTCOME = ("primary", "window")  # differences in the study's own kind of exit
OBSERVED = "unadjusted"  # the same as seen, nothing adjusted


def difference_in(estimate: ReleasedEstimate, metric: str) -> tuple[CurveName, str] | None:
    """The curve and the kind of exit whose arms the estimate is the difference of, if any.

    ``metric`` is the study's kind of exit.
    """
    if estimate.unit != "share" or estimate.subgroup is not None or estimate.role == "naive":
        return None
    if estimate.role == "headline" or estimate.name in OF_THE_OUTCOME:
        return "standardised_incidence", metric
    if estimate.name == OBSERVED:
        return "aalen_johansen", metric
    return ("standardised_incidence", estimate.name) if estimate.name in EXIT_KINDS else None


def day_of(estimate: ReleasedEstimate) -> int:
    """The day on which the difference is taken: the last of its window."""
    return end_of_month(estimate.window[1])


def agreeing(
    curve: Curve,
    points: tuple[Point, ...],
    others: dict[int, float],
    estimates: Sequence[ReleasedEstimate],
    metric: str,
) -> tuple[Point, ...]:
    """The treated arm's points, moved to differ from ``others`` (day to share) as was released.

    Between the days of released differences the shift is interpolated, from none at time zero;
    behind the last it stays. A share never falls below an earlier one.
    """
    shares = {p.day: p.share for p in points}
    shifts = {0: 0.0}
    for e in estimates:
        day = day_of(e)
        fits = difference_in(e, metric) == (curve.name, curve.exit_kind) and e.arm == curve.arm
        if fits and e.estimate is not None and day in shares and day in others:
            shifts[day] = others[day] + e.estimate - shares[day]
    if len(shifts) == 1:
        return points
    days = sorted(shifts)
    moved = np.interp([p.day for p in points], days, [shifts[d] for d in days]).tolist()
    rising = list(accumulate((p.share + m for p, m in zip(points, moved, strict=True)), max))
    return tuple(_at(p, share) for p, share in zip(points, rising, strict=True))


def _at(point: Point, share: float) -> Point:
    """The point moved with its interval, inside 0 and 1."""
    by = share - point.share
    low, mid, high = (min(max(v, 0.0), 1.0) for v in (point.ci_low + by, share, point.ci_high + by))
    return replace(point, share=mid, ci_low=low, ci_high=high)
