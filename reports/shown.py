"""An estimate on the scale it is printed on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.figures import RATIO
from reports.numbers import decimals, interval, measure, number, signed, with_unit

if TYPE_CHECKING:
    from analysis.disclosure import ReleasedEstimate

_RATIO_PLACES = 2  # as hazard and odds ratios are printed everywhere
_FINER = 2  # decimals added at most, so that a limit near no effect does not print as it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An estimate on its printed scale; an open interval end is None."""

    value: float | None
    low: float | None
    high: float | None
    std_error: float | None
    places: int
    unit: str
    unit_long: str
    null: float = 0.0  # the figure that means no effect: 1 of a ratio

    @property
    def effect(self) -> str:
        """The signed figure with its short unit; empty where there is none."""
        if self.value is None:
            return ""
        return with_unit((number if self.null else signed)(self.value, self.places), self.unit)

    @property
    def size(self) -> str:
        """The figure without sign, with its long unit."""
        return with_unit(number(abs(self.value or 0.0), self.places), self.unit_long)

    @property
    def range(self) -> str:
        """The interval without its unit."""
        return interval(self.low, self.high, self.places)

    @property
    def range_after_direction(self) -> str:
        """The interval after "lowered" or "fewer": both ends lose their sign, below 0."""
        if self.direction > 0:
            return self.range
        low, high = (None if v is None else -v for v in (self.high, self.low))
        return interval(low, high, self.places)

    @property
    def direction(self) -> int:
        """1 or -1 where the interval excludes no effect, 0 where the data cannot tell."""
        if self.low is not None and self.low > self.null:
            return 1
        return -1 if self.high is not None and self.high < self.null else 0


def shown(estimate: ReleasedEstimate, extra: int = 0, places: int | None = None) -> Shown:
    """The estimate as printed; ``extra`` decimals beyond the two digits of its half width.

    Without ``places`` an interval that excludes no effect never prints as if it held it.
    """
    scale = measure(estimate.unit)
    value, low, high, error = (
        None if v is None else v * scale.factor
        for v in (estimate.estimate, estimate.ci_low, estimate.ci_high, estimate.std_error)
    )
    if estimate.unit == RATIO:
        fit, extra = _RATIO_PLACES, 0
    else:
        fit = decimals(low, high, value) if places is None else places
    figures = Shown(
        value=value,
        low=low,
        high=high,
        std_error=error,
        places=fit + extra,
        unit=scale.short,
        unit_long=scale.long,
        null=1.0 if estimate.unit == RATIO else 0.0,
    )
    return figures if places is not None else told_apart(figures)


def has_figure(estimate: ReleasedEstimate) -> bool:
    """Whether there is a figure, and it may be shown."""
    return estimate.status == "released" and estimate.estimate is not None


def told_apart(figures: Shown) -> Shown:
    """The same with the decimals at which a limit that excludes no effect does not print as it."""
    limit = {1: figures.low, -1: figures.high}.get(figures.direction)
    if limit is None:
        return figures
    for more in range(_FINER + 1):
        if round(limit, figures.places + more) != figures.null:
            return replace(figures, places=figures.places + more)
    return figures
