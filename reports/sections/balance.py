"""Were the groups alike: love plot, overlap and weights of each study that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.balance import BINS
from reports.names import arm_words, study_title, upper_first
from reports.numbers import as_per_cent, number
from reports.scales import plain_ticks, unsigned_scale
from reports.sections.section import Section
from reports.wording.balance import (
    PLACES,
    finding,
    footnote,
    is_calendar,
    left_out,
    measured,
    overlap_finding,
    row_words,
    source,
    weights_finding,
    weights_rows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release, ReleasedDiagnostic
    from analysis.released_balance import ReleasedBalance, ReleasedBin, ReleasedRow
    from reports.model import Report
    from reports.scales import Scale

SMALL = 0.1  # the usual mark of a small standardised difference (Austin 2009)
FIRST = 12  # lines shown at once; the others are folded
HEIGHT = 150  # px of the overlap
_GAP, _LINE, _NEAR = 5, 16, 30  # px above a peak, px a line of text, per cent that names are wide
_SCORES = (
    0.0,
    0.3,
    0.5,
    0.7,
    1.0,
)  # labels under the overlap; the choice is open between .3 and .7


def view(report: Report) -> dict[str, Any]:
    """Charts and tables of each arm; nothing to say where no study has any."""
    studies = [
        _arm(release, balance)
        for release in report.releases
        for balance in release.balances
        if balance.status != "released" or balance.rows or balance.left_out or balance.overlap
    ]
    return {"studies": studies, "nothing_to_say": not studies}


def _arm(release: Release, balance: ReleasedBalance) -> dict[str, Any]:
    title = study_title(release)
    if len(release.treated) > 1:
        title += f", {arm_words(balance.arm)}"
    shown = balance.status == "released"
    return {
        "title": title,
        "reason": balance.reason.rstrip(". "),
        "love": _love(release, balance) if shown else None,
        "overlap": _overlap(release, balance) if shown else None,
        "weights": _weights(release, balance) if shown else None,
    }


def _love(release: Release, balance: ReleasedBalance) -> dict[str, Any]:
    mark = balance.limit or SMALL
    sizes = [abs(v) for r in balance.rows for v in (r.before, r.after) if v is not None]
    axis = unsigned_scale(sizes, at_least=2 * mark)
    ordered = sorted(balance.rows, key=lambda r: -abs(r.before))
    rows = [_row(r, axis) for r in ordered if not is_calendar(r)]
    calendar = [_row(r, axis) for r in ordered if is_calendar(r)]
    folded = [(f"{len(rows) - FIRST} smaller differences", rows[FIRST:])] if rows[FIRST:] else []
    folded += [("When trials begin: calendar, not people", calendar)] if calendar else []
    weighted = any(r.after is not None for r in balance.rows)
    return {
        "finding": finding(balance),
        "measured": measured(release, balance, mark),
        "source": source(balance),
        "footnote": footnote(release, balance),
        "left_out": left_out(balance),
        "first": rows[:FIRST],
        "folded": folded,
        "weighted": weighted,
        "heads": ("Before", "After") if weighted else ("Difference",),
        "limit_at": axis.at(mark),
        "ticks": plain_ticks(axis),
    }


def _row(row: ReleasedRow, axis: Scale) -> dict[str, Any]:
    label = row_words(row)
    after = row.after
    return {
        "label": upper_first(label),
        "before_at": axis.at(abs(row.before)),
        "before": number(abs(row.before), PLACES),
        "after_at": "" if after is None else axis.at(abs(after)),
        "after": "" if after is None else number(abs(after), PLACES),
    }


def _overlap(release: Release, balance: ReleasedBalance) -> dict[str, Any] | None:
    """Step outlines of both sides by preference score, and the same as a table."""
    if not balance.overlap:
        return None
    sides = {
        side: [b for b in balance.overlap if b.side == side] for side in ("treated", "comparison")
    }
    axis = unsigned_scale((_height(b) for b in balance.overlap), at_least=0.1)
    named = {"treated": arm_words(balance.arm), "comparison": arm_words(balance.comparison)}
    near, is_open = (_figure(release, n, balance.arm) for n in ("comparability", "equipoise"))
    return {
        "height": HEIGHT,
        "finding": overlap_finding(near, is_open, balance.arm, balance.trials),
        "arm": named["treated"],
        "comparison": named["comparison"],
        "trials": balance.trials,
        "min_group": release.min_group if release.mode == "protected" else 0,
        "outlines": [
            {"side": side, "path": _outline(bins, axis)} for side, bins in sides.items()
        ],
        "labels": _labels(sides, named, axis),
        "levels": [
            {"y": f"{100 * (1 - axis.share(v)):.2f}%", "label": as_per_cent(v)}
            for v in (i * axis.step for i in range(1, round(axis.high / axis.step) + 1))
        ],
        "scores": [
            {"at": f"{100 * s:g}%", "label": f"{s:g}", "anchor": _anchor(s)} for s in _SCORES
        ],
        "rows": _tenths(sides),
    }  # fmt: skip


def _anchor(score: float) -> str:
    return "start" if score == 0 else "end" if score == 1 else "middle"


def _height(b: ReleasedBin) -> float:
    """Share a tenth of the score."""
    return b.share / (BINS * (b.high - b.low))


def _outline(bins: Sequence[ReleasedBin], axis: Scale) -> str:
    """The steps of one side, in a box of 100 by 100 whose y points down."""
    parts = ["M0 100"]
    for b in bins:
        parts.append(f"V{100 * (1 - axis.share(_height(b))):.2f}H{100 * b.high:g}")
    return "".join([*parts, "V100"])


def _labels(
    sides: dict[str, list[ReleasedBin]], named: dict[str, str], axis: Scale
) -> list[dict[str, Any]]:
    """The name of each side above its outline, in the tenth in which it is most above the other's.

    x in per cent, y in px; names at one place stack.
    """
    heights = {side: [_height_at(bins, i) for i in range(BINS)] for side, bins in sides.items()}
    found = []
    for side, other in zip(sides, reversed(sides), strict=True):
        own = heights[side]
        above = [a - b for a, b in zip(own, heights[other], strict=True)]
        place = above.index(max(above))
        top = HEIGHT * (1 - axis.share(own[place]))
        found.append({"side": side, "text": named[side], "x": 10 * place + 5, "y": top - _GAP})
    high, low = sorted(found, key=lambda label: label["y"])
    if abs(high["x"] - low["x"]) < _NEAR:
        high["y"] = min(high["y"], low["y"] - _LINE)
    return [{**label, "at": f"{label['x']:g}%", "y": f"{label['y']:.1f}"} for label in found]


def _height_at(bins: Sequence[ReleasedBin], place: int) -> float:
    middle = (place + 0.5) / BINS
    return next(_height(b) for b in bins if b.low < middle < b.high)


def _tenths(sides: dict[str, list[ReleasedBin]]) -> list[dict[str, Any]]:
    """One row a tenth; a cell of several tenths goes over their rows."""
    rows = []
    for i in range(BINS):
        cells = [_cell(bins, i) for bins in sides.values()]
        label = f"{i / BINS:g} to {(i + 1) / BINS:g}"
        rows.append({"label": label, "cells": [c for c in cells if c]})
    return rows


def _cell(bins: Sequence[ReleasedBin], place: int) -> dict[str, Any] | None:
    """The cell that begins in this tenth, if one does."""
    found = next((b for b in bins if round(BINS * b.low) == place), None)
    if found is None:
        return None
    return {"rows": round(BINS * (found.high - found.low)), "share": as_per_cent(found.share)}


def _weights(release: Release, balance: ReleasedBalance) -> dict[str, Any] | None:
    if balance.weights is None:
        return None
    effective = _figure(release, "effective_sample_size", balance.arm)
    return {
        "finding": weights_finding(balance, effective),
        "rows": weights_rows(balance, effective),
    }


def _figure(release: Release, name: str, arm: str) -> str:
    """What the check of this arm shows."""
    found = check_of(release, name, arm)
    return found.display if found else ""


def check_of(release: Release, name: str, arm: str) -> ReleasedDiagnostic | None:
    """The check of this arm; of several arms its label says which."""
    found = [d for d in release.diagnostics if d.name == name]
    if len(found) > 1:
        found = [d for d in found if f" {arm_words(arm)}" in f"{d.label} "]
    return found[0] if found else None


SECTION = Section(
    id="balance",
    nav="Balance",
    title="Were the groups alike?",
    intro="What was known of people before the start, in the two groups that are compared. It says "
    "nothing about the outcome, so it is shown for a withheld study too.",
    view=view,
)
