"""Curves over the time since the start: the share of people who have left, or who stay, by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CurveName = Literal["standardised_incidence", "aalen_johansen", "kaplan_meier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The curve on one day (0 is time zero); ``share`` and its 95 % interval are fractions.

    ``at_risk``: people still followed just before ``day``; ``events``: people who left by the
    curve's kind of exit since the point before, each once. The first point is day 0.
    """

    day: int
    share: float
    ci_low: float
    ci_high: float
    at_risk: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One arm's curve. ``exit_kind``: "voluntary", "involuntary", "any", ...

    ``share`` is of those who have left, of those who stay where ``name`` is "kaplan_meier".
    ``n_people`` is the people the curve rests on; ``convention`` says how it was made.
    """

    name: CurveName
    label: str
    arm: str
    exit_kind: str
    n_people: int
    convention: str
    points: tuple[Point, ...]
