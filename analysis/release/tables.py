"""Tables before and after: groups of people with totals over one or two dimensions."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from analysis.release.members import Members

TOTAL, OTHERS = "(total)", "(others)"  # the place of a label in the key of a total, of a remainder

Key = tuple[str, ...]
Sign = Literal["shown", "stands", "at_least", "sum", "small", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One group: a label for each dimension, its people, and what each of them contributes.

    ``contributions`` (people,) in the order of ``members``; None where people are counted.
    """

    key: Key
    members: Members
    contributions: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Groups that nobody is in twice, with totals over each dimension.

    ``name``: what the groups are, the same in every run. ``measure``: what people contribute
    ("pay"); empty where they are counted. ``of``: whether their mean or their sum is shown.
    """

    name: str
    parts: tuple[Part, ...]
    measure: str = ""
    of: Literal["mean", "sum"] = "mean"

    def __post_init__(self) -> None:
        where = f"table {self.name!r}"
        sizes = {len(p.key) for p in self.parts}
        if len(sizes) > 1 or not sizes <= {1, 2}:
            raise ValueError(f"{where}: give every part a key of one label, or every part of two")
        if (most := Counter(p.key for p in self.parts).most_common(1)) and most[0][1] > 1:
            raise ValueError(f"{where}: two parts have the key {most[0][0]}; join them")
        if {TOTAL, OTHERS} & {label for p in self.parts for label in p.key}:
            raise ValueError(f"{where}: {TOTAL} and {OTHERS} are no labels of parts")
        everybody = np.concatenate([p.members for p in self.parts] or [np.zeros(0, np.uint64)])
        if np.unique(everybody).size < everybody.size:
            raise ValueError(f"{where}: somebody is in two parts; parts must not overlap")
        for p in self.parts:
            given = p.contributions is not None
            if given != bool(self.measure) or (given and p.contributions.shape != p.members.shape):  # type: ignore[union-attr]
                raise ValueError(f"{where}: part {p.key}: one contribution a person of a measure")

    def cell(self, key: Key) -> str:
        """The name of a cell in the ledger."""
        return cell_name(self.measure, self.name, key)

    def rows(self) -> tuple[tuple[Key, tuple[Part, ...]], ...]:
        """The totals over the last dimension: key and parts."""
        found: dict[Key, list[Part]] = {}
        for p in self.parts:
            found.setdefault((*p.key[:-1], TOTAL), []).append(p)
        return tuple((key, tuple(parts)) for key, parts in found.items())

    def columns(self) -> tuple[tuple[Key, tuple[Part, ...]], ...]:
        """The totals over the first of two dimensions: key and parts."""
        found: dict[Key, list[Part]] = {}
        for p in self.parts:
            if len(p.key) > 1:
                found.setdefault((TOTAL, *p.key[1:]), []).append(p)
        return tuple((key, tuple(parts)) for key, parts in found.items())


def cell_name(measure: str, table: str, key: Key) -> str:
    """The name of a cell in the ledger; ``measure`` is empty where people are counted."""
    return json.dumps([measure, table, *key], ensure_ascii=False)


def others(total: Key) -> Key:
    """The key of what a total has beyond the parts shown."""
    return tuple(OTHERS if label == TOTAL else label for label in total)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCell:
    """One cell as it may be printed.

    ``sign``: ``shown``, this run's figure; ``stands``, that of an earlier ``run``; ``at_least``,
    a lower bound; ``sum``, made of the cells printed and of nothing else; ``small``, fewer than
    the smallest group; ``hidden``. ``value``: people rounded to 5, or a mean or sum to 3 digits.
    ``people``: of means and sums, what the table of counts of the same name prints of the same
    cell. A remainder has OTHERS in its key, a total TOTAL.
    """

    key: Key
    sign: Sign
    value: float | None = None
    people: int | None = None
    run: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTable:
    """A table as it may be printed: parts, remainders, totals."""

    name: str
    measure: str
    cells: tuple[ReleasedCell, ...]

    def cell(self, *key: str) -> ReleasedCell:
        """The cell of a key; KeyError where there is none."""
        for c in self.cells:
            if c.key == key:
                return c
        raise KeyError(key)
