"""Curves of exits as rows, a row a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.curve_tables import counts_exits, who
from reports.names import arm_words
from reports.numbers import plain, words
from reports.shown import shown
from reports.tables.table import STUDY, WHOLE, Column, Table, Value, figure, figures, fixed, texts
from reports.wording.exits import LEFT
from reports.wording.tables import CURVES, HIDDEN, NONE, PEOPLE_ONCE, SEVERAL_TIMES, SHOWN

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedCurve
    from analysis.released_curves import ReleasedPoint
    from reports.model import Report


def curves(report: Report) -> Table:
    """Shares who have left, a row a day on which a curve may step, with people still followed."""
    rows = (row for r in report.releases for c in r.curves for row in _curve(r, c))
    return Table(
        name="Exit curves",
        about="Of studies of exits: the share who have left (of Kaplan-Meier: who are still "
        "there) by each day, by arm and kind of exit, with the numbers at risk.",
        columns=(
            STUDY, *texts(Curve=34, Kind_of_exit=20, Arm=18, Meaning=18), *figures("Day", width=8),
            *figures("Share", "95 % low", "95 % high"), Column("Unit", width=16),
            *figures("At risk", "Exits since", width=10),
            *texts(Exits_count_as=24, Status=14, Reason=50, Interval_by=100),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _curve(release: Release, curve: ReleasedCurve) -> list[tuple[Value, ...]]:
    what = CURVES.get(curve.name, words(curve.name))
    kind = LEFT.get(curve.exit_kind, words(curve.exit_kind))
    lead = (release.study, what, kind, arm_words(curve.arm), who(release, curve))
    count = PEOPLE_ONCE if counts_exits(release, curve.name) else SEVERAL_TIMES
    form = f"{fixed(max(shown(release.headline).places, 1))}%"
    tail = (count, HIDDEN.get(curve.status, SHOWN), plain(curve.reason), plain(curve.convention))
    rows = [_point(p, form) for p in curve.points]
    hidden = HIDDEN["suppressed"]
    return [
        (*lead, *row, *tail)
        for row in rows or [(*(hidden,) * 4, "share of people", hidden, hidden)]
    ]


def _point(point: ReleasedPoint, form: str) -> tuple[Value, ...]:
    shares = (figure(v, NONE, form) for v in (point.share, point.ci_low, point.ci_high))
    counts = (figure(n, NONE, WHOLE) for n in (point.at_risk, point.events))
    return figure(point.day, NONE, WHOLE), *shares, "share of people", *counts
