"""Geometry of inline SVG: x in per cent, so that charts stretch and their text does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.numbers import number, signed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.shown import Shown

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_NEAR_EDGE = 0.15  # of the axis: a label in the middle of a dot there runs off it
_INTERVALS = 5  # aimed for; narrow charts cannot hold many more labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One value of the axis: position, printed label, and how the label is anchored."""

    at: str
    label: str
    anchor: str
    zero: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A value axis that always contains zero."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """Position of a value between 0 and 1, held inside the axis."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def at(self, value: float) -> str:
        """Position of a value as an SVG percentage."""
        return f"{100 * self.share(value):.2f}%"

    def anchor(self, value: float) -> str:
        """How a label at the value is anchored, so that it does not run off the chart."""
        share = self.share(value)
        return "start" if share < _NEAR_EDGE else "end" if share > 1 - _NEAR_EDGE else "middle"

    def inside(self, value: float) -> bool:
        """Whether the value lies on the axis."""
        return self.low <= value <= self.high

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Labelled values from low to high."""
        places = _places(self.step)
        count = round((self.high - self.low) / self.step)
        values = [self.low + i * self.step for i in range(count + 1)]
        return tuple(
            Tick(
                at=self.at(v),
                label=signed(v, places) if abs(v) > self.step / 2 else "0",
                anchor="start" if i == 0 else "end" if i == count else "middle",
                zero=abs(v) <= self.step / 2,
            )
            for i, v in enumerate(values)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One estimate on a scale; an end that is open or off the axis has ``open_*`` set."""

    dot: str | None
    low: str
    high: str
    open_low: bool
    open_high: bool
    has_interval: bool


def scale(
    values: Iterable[float | None], around_zero: bool = False, intervals: int = _INTERVALS
) -> Scale:
    """A round scale that holds zero and every given value; ``around_zero``: zero is no end."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        low, high = -1.0, 1.0
    step = _nice((high - low) / intervals)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if around_zero:
        first, last = min(first, -1), max(last, 1)
    return Scale(low=first * step, high=last * step, step=step)


def unsigned_scale(values: Iterable[float], at_least: float) -> Scale:
    """A round scale from zero for sizes that have no sign."""
    return scale([0.0, at_least, *(abs(v) for v in values)], intervals=3)


def bar(figures: Shown, axis: Scale) -> Bar:
    """Positions of an estimate and its interval on the axis."""
    low, high, value = figures.low, figures.high, figures.value
    has_interval = low is not None or high is not None
    return Bar(
        dot=axis.at(value) if value is not None and axis.inside(value) else None,
        low=axis.at(axis.low if low is None else low),
        high=axis.at(axis.high if high is None else high),
        open_low=has_interval and (low is None or low < axis.low),
        open_high=has_interval and (high is None or high > axis.high),
        has_interval=has_interval,
    )


def plain_ticks(axis: Scale) -> tuple[Tick, ...]:
    """The ticks of a scale of sizes, without signs."""
    places = _places(axis.step)
    return tuple(
        Tick(at=t.at, label=number(axis.low + i * axis.step, places), anchor=t.anchor, zero=t.zero)
        for i, t in enumerate(axis.ticks)
    )


def _nice(raw: float) -> float:
    power = 10.0 ** math.floor(math.log10(raw))
    return next(s * power for s in _STEPS if s * power >= raw * (1 - 1e-9))


def _places(step: float) -> int:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return places if math.isclose(round(step, places), step) else places + 1
