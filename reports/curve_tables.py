"""Curves of exits as tables: a row a day, the arms side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import arm_words
from reports.numbers import number
from reports.wording.exits import LEFT

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedCurve
    from analysis.released_curves import ReleasedPoint

STANDARDISED, OBSERVED = "standardised_incidence", "aalen_johansen"
NO_STEP = "–"  # a day on which the curve may not step


def main_curves(release: Release) -> list[ReleasedCurve]:
    """The curves of the study's own kind of exit, the treated arm first; as observed if need be."""
    for name in (STANDARDISED, OBSERVED):
        found = _curves(release, name, release.outcome_metric)
        if found:
            return found
    return []


def who(release: Release, curve: ReleasedCurve) -> str:
    """The arm; where people are their own comparison, with and without mentoring."""
    if curve.name != STANDARDISED or release.design in ("randomised", "descriptive"):
        return arm_words(curve.arm)
    return "without mentoring" if curve.arm == release.comparison else "with mentoring"


def counts_exits(release: Release, name: str) -> bool:
    """Whether exits of a curve are people: in sequential trials one may count several times."""
    return name != STANDARDISED or release.design == "randomised"


def by_day(release: Release, curves: list[ReleasedCurve], places: int) -> list[dict[str, Any]]:
    """The points of each curve, a row a day."""
    return [
        {"who": who(release, c).capitalize(), "rows": [_row(p, places) for p in c.points]}
        for c in curves
    ]


def further(release: Release, places: int) -> list[dict[str, Any]]:
    """A table for each pair of curves that is not the one drawn."""
    drawn, tables = main_curves(release), []
    for name, kind in dict.fromkeys((c.name, c.exit_kind) for c in release.curves):
        curves = [c for c in _curves(release, name, kind) if c.status == "released"]
        if curves and curves[0] not in drawn:
            arms = by_day(release, curves, places)
            told = {"caption": _caption(name, kind), "exits": counts_exits(release, name)}
            tables.append({**told, "arms": arms})
    return tables


def share_on(release: Release, kind: str, arm: str, day: int, places: int) -> str:
    """The standardised share that has left on a day, in per cent, where the curve has a step."""
    for c in release.curves:
        if (c.name, c.exit_kind, c.arm) == (STANDARDISED, kind, arm):
            return next((of_100(p.share, places) for p in c.points if p.day == day), NO_STEP)
    return NO_STEP


def of_100(share: float, places: int) -> str:
    """A share in per cent, without its sign."""
    return number(100 * share, places)


def _curves(release: Release, name: str, kind: str) -> list[ReleasedCurve]:
    """The curves of that name and kind, of the headline's arm and of the comparison."""
    arms = (release.headline.arm, release.comparison)
    found = [c for c in release.curves if (c.name, c.exit_kind) == (name, kind) and c.arm in arms]
    return sorted(found, key=lambda c: c.arm == release.comparison)


def _row(point: ReleasedPoint, places: int) -> dict[str, str]:
    ends = f"{of_100(point.ci_low, places)} to {of_100(point.ci_high, places)}"
    return {
        "day": f"{point.day:,}",
        "share": of_100(point.share, places),
        "range": ends if point.day else "–",
        "followed": f"{point.at_risk:,}",
        "exits": f"{point.events:,}",
    }


def _caption(name: str, kind: str) -> str:
    if name == "kaplan_meier":
        return "Still employed, as observed (Kaplan-Meier)"
    how = "alike people" if name == STANDARDISED else "as observed (Aalen-Johansen)"
    return f"{LEFT[kind].capitalize()}, {how}"
