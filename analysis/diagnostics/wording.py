"""Figures of checks as they are printed."""

from __future__ import annotations

import math


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
    """A difference of shares in whole percentage points, signed unless zero: "+3 points"."""
    return f"{_signed(100 * difference, 0)} points"


def tenth_of_sd(largest: float) -> str:
    """Between which tenths of a standard deviation a difference lies: a limit of a tenth holds."""
    above = max(math.ceil(round(10 * largest, 9)), 1)
    return f"{(above - 1) / 10:.1f} to {above / 10:.1f} SD"


def per_cent(share: float) -> str:
    """A share as a percentage without its sign, for limits: 0.05 is "5"."""
    return f"{100 * share:g}"


def points_text(difference: float) -> str:
    """A difference of shares in percentage points, signed: "+3.1 points", "−3.1 points"."""
    return f"{_signed(100 * difference, 1)} points"


def sd_text(difference: float, places: int) -> str:
    """A standardised difference, signed unless it prints as zero: "+0.31 SD", "0.0 SD"."""
    return f"{_signed(difference, places)} SD"


def power_text(power: float) -> str:
    """A power as a percentage; no test is sure: "84.9 %", "over 99 %", "under 1 %"."""
    if power > 0.99:
        return "over 99 %"
    return "under 1 %" if power < 0.01 else share_text(power)


def month_text(month: int) -> str:
    """A month counted from the start, with a true minus: "−9"."""
    return f"{month}".replace("-", "−")


def _signed(value: float, places: int) -> str:
    text = f"{value:+.{places}f}".replace("-", "−")
    return text if any(c in "123456789" for c in text) else text[1:]


def number_text(value: float, unit: str) -> str:
    """A size with its unit and three or more significant digits; shares in points."""
    if unit == "share":
        value, unit = 100 * value, "points"
    size = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{size} {unit}".strip()


def effect_text(value: float, unit: str, places: int) -> str:
    """An effect with its sign and unit: "+3.1 %", "−0.2 SD"; shares in points."""
    if unit == "share":
        value, unit = 100 * value, "points"
    return f"{_signed(value, places)} {unit}".strip()
