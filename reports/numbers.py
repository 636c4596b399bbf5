"""How figures are printed: signs, decimals, units and intervals."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

MINUS = "\u2212"
THIN = "\u202f"  # narrow no-break space, before %
NBSP = "\u00a0"
UNBOUNDED = "unbounded"

# First words of units of the analysis, and how they are printed: factor, short, long.
_PRINTED = {
    "share": (100.0, "points", "percentage points"),
    "SD": (1.0, "SD", "standard deviations"),
    "ratio": (1.0, "", "as a ratio"),
}

# Characters that could reorder or hide the text around them.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Measure:
    """The scale a unit is printed on: shares are shown as percentage points."""

    factor: float
    short: str
    long: str


def measure(unit: str) -> Measure:
    """The printed scale of a unit of the analysis."""
    first, _, rest = plain(unit).partition(" ")
    if first in _PRINTED:
        factor, short, long = _PRINTED[first]
        return Measure(factor, f"{short} {rest}".strip(), f"{long} {rest}".strip())
    return Measure(1.0, plain(unit), plain(unit))


def plain(text: str) -> str:
    """The text without control characters and without marks that turn its direction."""
    return _UNSAFE.sub("", text)


def escaped(text: str) -> str:
    """JSON text with the same characters escaped: equal when read, harmless when printed."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def words(name: str) -> str:
    """A name of data or code as words."""
    return plain(name).replace("_", " ").strip()


def finite(value: float | None) -> float | None:
    """The figure for JSON, which knows neither NaN nor infinity."""
    return value if value is not None and math.isfinite(value) else None


def decimals(low: float | None, high: float | None, estimate: float | None = None) -> int:
    """Decimals that leave about two digits of the half width of the interval."""
    if low is not None and high is not None and high > low:
        size = (high - low) / 2
    else:
        size = abs(estimate or 0.0)
    return 0 if size == 0 else min(max(0, 1 - math.floor(math.log10(size))), 6)


def number(value: float, places: int) -> str:
    """A figure with thousands commas and a true minus; never "−0"."""
    text = f"{abs(value):,.{places}f}"
    negative = value < 0 and any(c in "123456789" for c in text)
    return MINUS + text if negative else text


def signed(value: float, places: int) -> str:
    """An effect: always with its sign, unless it prints as zero."""
    text = number(value, places)
    return "+" + text if value > 0 and any(c in "123456789" for c in text) else text


def with_unit(text: str, unit: str) -> str:
    """The figure with its unit, which never wraps away from it."""
    if unit.startswith("%"):
        return f"{text}{THIN}{unit}"
    return f"{text}{NBSP}{unit}" if unit else text


def as_per_cent(share: float, places: int = 0) -> str:
    """A share as printed, "8.4 %"."""
    return with_unit(number(100 * share, places), "%")


def interval(low: float | None, high: float | None, places: int) -> str:
    """Both ends as in "2.4 to 9.9"; an open end reads "unbounded"."""
    if low is None and high is None:
        return UNBOUNDED
    ends = [UNBOUNDED if v is None else number(v, places) for v in (low, high)]
    return " to ".join(ends)


def p_text(value: float | None) -> str:
    """A p-value as printed; empty where there is none.

    Below .1 no zeros are added: a released one has a single digit there, and "0.050" would be
    more than is known of it.
    """
    if value is None or not math.isfinite(value):
        return ""
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}".rstrip("0") if value < 0.0995 else f"{value:.2f}"


def p_said(value: float | None) -> str:
    """The same as in "p = 0.41" or "p < 0.001"."""
    text = p_text(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def many(count: int, what: str) -> str:
    """A number of things: "1 check", "2 checks"."""
    return f"{count} {what}{'s' if count > 1 else ''}"


def months(window: tuple[int, int], lead: str = "over") -> str:
    """The window as in "over months 1 to 6" or "in month 3"."""
    first, last = window
    if first == last:
        return f"in month {number(first, 0)}"
    return f"{lead} months {number(first, 0)} to {number(last, 0)}".strip()


def month_text(text: str) -> str:
    """A month as in "2026-10" printed as "Oct 2026"; any other text as it is."""
    day = date_text(f"{text}-01")
    return day.partition(NBSP)[2] if NBSP in day else plain(text)


def date_text(text: str) -> str:
    """An ISO date as in "31 Oct 2026"; any other text as it is."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return plain(text)
    return f"{day.day}{NBSP}{_MONTHS[day.month - 1]}{NBSP}{day.year}"
