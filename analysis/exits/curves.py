"""Assigned arms as seen, nothing adjusted for: who has left by when and how, who is still there.

Time is days of follow-up from time zero: a last day of employment d days later (from 0) is an exit
at d + 1, so that whoever was there on day 89 and not on day 90 has left by 90. People are taken as
independent of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.curve import Curve, Point
from analysis.estimators.aalen_johansen import aalen_johansen
from analysis.estimators.kaplan_meier import kaplan_meier
from analysis.estimators.risk_table import risk_table
from analysis.exits.calendar import end_of_month
from analysis.exits.careers import KINDS
from analysis.exits.entries import event_of

if TYPE_CHECKING:
    from analysis.estimators.kaplan_meier import ShareCurve
    from analysis.estimators.risk_table import RiskTable
    from analysis.exits.careers import Careers, Days
    from analysis.study import StudySpec

VOLUNTARY = KINDS.index("voluntary")
ALL_KINDS = tuple(range(1, len(KINDS)))
_SHOWN = ("voluntary", "involuntary")
_AALEN_JOHANSEN = (
    "Aalen-Johansen, variance of Greenwood's type, log(-log) interval, people independent"
)
_KAPLAN_MEIER = "Kaplan-Meier, Greenwood's variance, log(-log) interval, people independent"


def observed_curves(careers: Careers, spec: StudySpec) -> tuple[Curve, ...]:
    """Of each arm, the comparison first: incidence by kind of exit, and the share still employed.

    Points are the ends of months of follow-up up to the last of the study's windows, as long as
    somebody is followed or nobody is left. None where nobody was assigned.
    """
    tables = arm_tables(careers, spec)
    arms = [(name, t) for name, t in zip(arm_names(spec), tables, strict=False) if t.size]
    found: list[Curve] = []
    for kind, codes in curve_kinds(spec.outcome.metric).items():
        found += [_curve(name, kind, codes, table, spec) for name, table in arms]
    found += [_curve(name, "any", ALL_KINDS, table, spec, stays=True) for name, table in arms]
    return tuple(found)


def arm_names(spec: StudySpec) -> tuple[str, ...]:
    """The comparison (code 0), then the treated arms (1 and on)."""
    return (spec.arms.comparison, *spec.arms.treated)


def curve_kinds(metric: str) -> dict[str, tuple[int, ...]]:
    """Codes by name of what is shown: the study's kind, voluntary, involuntary, and all others."""
    shown = [k for k in dict.fromkeys((metric, *_SHOWN)) if k != "any"]
    kinds: dict[str, tuple[int, ...]] = {k: (KINDS.index(k),) for k in shown}
    kinds["other"] = tuple(c for c in ALL_KINDS if KINDS[c] not in shown)
    return kinds


def month_ends(spec: StudySpec) -> Days:
    """Days on which months of follow-up end, to the end of the last window."""
    last = max(end for _, end in (spec.follow_up.primary, *spec.follow_up.windows))
    return np.array([end_of_month(m) for m in range(1, last + 1)], dtype=np.int64)


def arm_tables(careers: Careers, spec: StudySpec) -> tuple[RiskTable, ...]:
    """Risk tables of the arms in the order of their codes, with rows for the same days.

    Voluntary exits count on the day of notice where there is one, and so does a notice whose exit
    lies beyond the last day followed; who had left or given notice before time zero does not
    enter.
    """
    day, kind = event_of(careers)
    time = np.minimum(day, careers.end) - careers.zero + 1
    entered = (careers.arm >= 0) & (careers.hired <= careers.zero) & (time > 0)
    kind = np.where(day <= careers.end, kind, 0)
    days = np.union1d(month_ends(spec), time[entered])
    return tuple(
        risk_table(
            np.zeros(rows.sum(), dtype=np.int64),
            time[rows],
            kind[rows],
            n_kinds=len(ALL_KINDS),
            also=days,
        )
        for rows in (entered & (careers.arm == code) for code in range(len(arm_names(spec))))
    )


def _curve(
    arm: str,
    kind: str,
    codes: tuple[int, ...],
    table: RiskTable,
    spec: StudySpec,
    *,
    stays: bool = False,
) -> Curve:
    days = month_ends(spec)
    days = days[[table.followed_at(int(d)) for d in days]]
    share = kaplan_meier(table, days) if stays else aalen_johansen(table, codes, days)
    words = f"still employed, {arm}" if stays else f"left ({kind}), {arm}"
    return Curve(
        name="kaplan_meier" if stays else "aalen_johansen",
        label=words,
        arm=arm,
        exit_kind=kind,
        n_people=table.size,
        convention=_KAPLAN_MEIER if stays else _AALEN_JOHANSEN,
        points=_points(table, codes, share, 1.0 if stays else 0.0),
    )


def _points(
    table: RiskTable, codes: tuple[int, ...], curve: ShareCurve, start: float
) -> tuple[Point, ...]:
    """The first point is day 0; numbers at risk are those just before each day."""
    row = table.at(curve.times)
    exits = np.diff(np.cumsum(table.of(codes))[row], prepend=0)
    first = Point(day=0, share=start, ci_low=start, ci_high=start, at_risk=table.size, events=0)
    rest = zip(
        curve.times.tolist(),
        curve.share.tolist(),
        curve.ci_low.tolist(),
        curve.ci_high.tolist(),
        table.at_risk[row].tolist(),
        exits.tolist(),
        strict=True,
    )
    return (
        first,
        *(
            Point(day=day, share=share, ci_low=low, ci_high=high, at_risk=risk, events=events)
            for day, share, low, high, risk, events in rest
        ),
    )
