"""Figures of checks as they are printed."""

from __future__ import annotations


def p_text(p_value: float) -> str:
    """A p-value: "p = 0.82", "p = 0.004", "p < 0.0001"."""
    if p_value < 0.0001:
        return "p < 0.0001"
    return f"p = {p_value:.2f}" if p_value >= 0.095 else f"p = {p_value:.2g}"


def share_text(share: float) -> str:
    """A share as a percentage with one decimal: "84.9 %"."""
    return f"{100 * share:.1f} %"


def whole_share_text(share: float) -> str:
    """A share as a whole percentage: "85 %"."""
    return f"{100 * share:.0f} %"


def whole_points_text(difference: float) -> str:
    """A difference of shares in whole percentage points, signed: "+3 points"."""
    sign = "−" if round(100 * difference) < 0 else "+"
    return f"{sign}{abs(100 * difference):.0f} points"


def per_cent(share: float) -> str:
    """A share as a percentage without its sign, for limits: 0.05 is "5"."""
    return f"{100 * share:g}"


def points_text(difference: float) -> str:
    """A difference of shares in percentage points, signed: "+3.1 points", "−3.1 points"."""
    sign = "−" if difference < 0 else "+"
    return f"{sign}{100 * abs(difference):.1f} points"


def number_text(value: float, unit: str) -> str:
    """A size with its unit and three or more significant digits; shares in points."""
    if unit == "share":
        value, unit = 100 * value, "points"
    size = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{size} {unit}".strip()
