"""Curves as they may be shown: both arms or neither, and no step that tells of a few people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis.agreeing_curves import agreeing
from analysis.curve_disclosure import shown_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.curve import Curve, Point
    from analysis.disclosure import ReleasedEstimate
    from analysis.finding import Finding
    from analysis.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedPoint:
    """One day of a curve as it may be shown; ``share`` and its 95 % interval are fractions."""

    day: int
    share: float
    ci_low: float
    ci_high: float
    at_risk: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCurve:
    """One arm's curve as it may be shown; suppressed curves have a reason and no points."""

    name: str
    label: str
    arm: str
    exit_kind: str
    status: Literal["released", "suppressed"]
    reason: str
    n_people: int | None
    convention: str
    points: tuple[ReleasedPoint, ...]


def released_curves(
    finding: Finding, estimates: Sequence[ReleasedEstimate], rules: Rules
) -> tuple[ReleasedCurve, ...]:
    """The curves of a finding that may be shown, in their order.

    Arms of one curve are shown together or not at all, and differ by what was released in
    ``estimates``.
    """
    curves, metric = finding.curves, finding.spec.outcome.metric
    comparison = finding.spec.arms.comparison
    shown = [shown_points(c, rules) for c in curves]
    found = list(zip(curves, shown, strict=True))
    hidden = {_key(c) for c, points in found if rules.hides(c.n_people) or not points}
    base = {_key(c): {p.day: p.share for p in s} for c, s in found if c.arm == comparison}
    made: list[ReleasedCurve] = []
    for curve, points in found:
        if _key(curve) in hidden:
            points = ()
        elif rules.mode == "protected" and curve.arm != comparison:
            points = agreeing(curve, points, base.get(_key(curve), {}), estimates, metric)
        made.append(_curve(curve, points, rules))
    return tuple(made)


def _key(curve: Curve) -> tuple[str, str]:
    return curve.name, curve.exit_kind


def curves_from(saved: Sequence[dict[str, Any]]) -> tuple[ReleasedCurve, ...]:
    """Curves as written by ``Release.as_dict``."""
    return tuple(
        ReleasedCurve(**{**c, "points": tuple(ReleasedPoint(**p) for p in c["points"])})
        for c in saved
    )


def _curve(curve: Curve, shown: tuple[Point, ...], rules: Rules) -> ReleasedCurve:
    return ReleasedCurve(
        name=curve.name,
        label=curve.label,
        arm=curve.arm,
        exit_kind=curve.exit_kind,
        status="released" if shown else "suppressed",
        reason="" if shown else f"A group or its exits are fewer than {rules.min_group} people.",
        n_people=_people(curve, shown, rules),
        convention=curve.convention,
        points=tuple(
            ReleasedPoint(
                day=p.day,
                share=p.share,
                ci_low=p.ci_low,
                ci_high=p.ci_high,
                at_risk=p.at_risk,
                events=p.events,
            )
            for p in shown
        ),
    )


def _people(curve: Curve, shown: tuple[Point, ...], rules: Rules) -> int | None:
    """As at the curve's start, if all are followed from there: one count is rounded one way."""
    if not shown:
        return None
    everybody = curve.points[0].at_risk == curve.n_people
    return shown[0].at_risk if everybody else rules.count(curve.n_people)
