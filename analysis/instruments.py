"""Survey instruments as data: items with their anchors, scales, and the rule of scoring."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from analysis.errors import SpecError
from analysis.study import explain
from analysis.study_parts import Part

TOTAL = "total"  # the scale that an instrument named alone stands for
_NAME = r"^[a-z][a-z0-9_]*$"


def _as_share(value: object) -> object:
    """A share may be written 2/3, as papers do."""
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError("not a share; write 2/3 or 0.8") from None


def _as_items(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Anchors(Part):
    """What stands at the lowest and at the highest number of an item."""

    low: str = Field(min_length=1)
    high: str = Field(min_length=1)

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        if self.low.strip().casefold() == self.high.strip().casefold():
            raise ValueError("the two anchors are the same")
        return self


class Item(Part):
    """One question: its anchors, and which of them means more of what its scales measure.

    ``about`` says in a few words which question is meant; the wording is the user's to supply.
    ``low`` and ``high`` go over the instrument's anchors. ``weight`` is for formative indices.
    """

    item: str = Field(min_length=1)
    about: str = ""
    wording: str = ""
    low: str = ""
    high: str = ""
    more: Literal["low", "high"] = "high"
    weight: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Instrument(Part):
    """A questionnaire with its key. A scale is the (weighted) mean of its items.

    ``range``: lowest and highest number printed. ``minimum_answered``: share of a scale's items
    without which a person has no score. ``formative``: the items make up an index and are not
    signs of one thing; their weights are published and it has no reliability.
    """

    instrument: str = Field(pattern=_NAME)
    title: str = Field(min_length=1)
    source: str = Field(min_length=1)
    range: tuple[float, float]
    scoring: Literal["mean"] = "mean"
    minimum_answered: Annotated[Fraction, BeforeValidator(_as_share), Field(gt=0, le=1)]
    formative: bool = False
    anchors: Anchors | None = None
    items: tuple[Item, ...] = Field(min_length=1)
    scales: dict[str, Literal["all"] | Annotated[tuple[str, ...], BeforeValidator(_as_items)]]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [i.item for i in self.items]
        if len(set(names)) < len(names):
            raise ValueError(f"items: {_twice(names)} stands twice")
        if not -math.inf < self.range[0] < self.range[1] < math.inf:
            raise ValueError("range: the lowest number comes first, then the highest")
        for item in self.items:
            if not self.anchors and not (item.low and item.high):
                raise ValueError(f"items: {item.item} has no anchors; add low and high")
            if self.formative != (item.weight is not None):
                raise ValueError(
                    f"items: {item.item}: every item of a formative index has a published weight, "
                    "and no item of another scale has one"
                )
            self.anchors_of(item)
        return self

    @model_validator(mode="after")
    def _scales_hold_items(self) -> Self:
        if not self.scales:
            raise ValueError("scales: name at least one, such as `total: all`")
        names = {i.item for i in self.items}
        for scale, items in self.scales.items():
            listed = self.items_of(scale)
            if not scale.isidentifier() or scale != scale.lower():
                raise ValueError(f"scales: {scale!r} is no name; use small letters and _")
            if not listed or len(set(listed)) < len(listed) or not set(listed) <= names:
                raise ValueError(f"scales: {scale} names {items}: each must be an item, once")
        unused = [n for n in names if all(n not in self.items_of(s) for s in self.scales)]
        if unused:
            raise ValueError(f"items: {min(unused)} is in no scale")
        return self

    def items_of(self, scale: str) -> tuple[str, ...]:
        """The items of one scale."""
        listed = self.scales[scale]
        return tuple(i.item for i in self.items) if listed == "all" else tuple(listed)

    def anchors_of(self, item: Item) -> Anchors:
        """The anchors of an item as the instrument prints it."""
        low = item.low or (self.anchors.low if self.anchors else "")
        high = item.high or (self.anchors.high if self.anchors else "")
        return Anchors(low=low, high=high)

    def needed(self, scale: str) -> int:
        """Answers without which a person has no score on a scale."""
        return max(1, math.ceil(self.minimum_answered * len(self.items_of(scale))))


def parse_instrument(data: object) -> Instrument:
    """The validated instrument; raises :class:`SpecError` naming the first wrong key and a fix."""
    if not isinstance(data, dict):
        fix = "Start it with `instrument: NAME`."
        raise SpecError("(file)", "not a mapping of keys to values", fix)
    try:
        return Instrument.model_validate(data)
    except ValidationError as error:
        raise explain(error, Instrument) from None


def is_turned(key: Anchors, printed: Anchors) -> bool:
    """Whether an item was printed with the anchors of its key the other way round.

    Raises ValueError where they are neither the key's nor those turned round.
    """
    pairs = [tuple(t.strip().casefold() for t in (a.low, a.high)) for a in (key, printed)]
    if pairs[1] not in (pairs[0], pairs[0][::-1]):
        raise ValueError(
            f"its anchors are {key.low!r} and {key.high!r}, in either order; a question with other "
            "anchors is another item"
        )
    return pairs[0] != pairs[1]


def _twice(names: list[str]) -> str:
    return next(n for n in names if names.count(n) > 1)


def scale_of(metric: str) -> tuple[str, str]:
    """Instrument and scale that a metric names: `tis6` is its total, `mfq9.career` one scale.

    A single item, `tis6/tis6_1`, belongs to the total.
    """
    instrument, _, scale = metric.partition("/")[0].partition(".")
    return instrument, scale or TOTAL


def item_of(metric: str) -> str | None:
    """The single item that a metric names: `tis6/tis6_1`; None where it names a scale."""
    return metric.partition("/")[2] or None
