"""Counts of one report that add up: said as closely as tells of none that is hidden."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from analysis.release.audit import Floats, Known, linked_parts, told_by_figures
from analysis.rules import ROUND_TO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.rules import Rules


@dataclass(frozen=True, slots=True)
class Said:
    """A count as printed, and the ends that a reader has from the print alone."""

    text: str
    low: float = 0
    high: float = math.inf


def read(text: str, people: int, rules: Rules) -> Said:
    """What the printed ``text`` of a count says: a figure, a bound, or that it is small."""
    if text.startswith("<"):
        # the sign stands for a larger count too where that would tell of a small remainder
        return Said(text, 1, rules.min_group - 1) if people < rules.min_group else Said(text)
    value = int(text.lstrip("≥").replace(",", ""))
    if text.startswith("≥"):
        return Said(text, value)
    half = ROUND_TO // 2
    return (
        Said(text, max(value - half, rules.min_group), value + half) if value else Said(text, 0, 0)
    )


@dataclass(slots=True)
class Sheet:
    """Counts with what could be printed of each, and which are sums of others.

    A count without print is one that readers can work out: the rest of a whole.
    """

    rules: Rules
    people: list[int] = field(default_factory=list)
    choices: list[tuple[Said, ...]] = field(default_factory=list)
    sums: list[Mapping[int, float]] = field(default_factory=list)

    def add(self, people: int, text: str = "") -> int:
        """A count and what is printed of it where nothing else objects; its number."""
        self.people.append(people)
        if not text:
            self.choices.append((Said(""),))
            return len(self.people) - 1
        said = [read(text, people, self.rules)]
        group = self.rules.min_group
        for bound in ((people - group) // ROUND_TO * ROUND_TO, group):
            if people >= group and group <= bound and bound < said[-1].low:
                said.append(Said(f"≥{bound:,}", bound))
        self.choices.append(tuple(said))
        return len(self.people) - 1

    def total(self, whole: int, parts: Sequence[int]) -> None:
        """Says that readers know the parts to add up to the whole."""
        self.sums.append({whole: 1.0, **dict.fromkeys(parts, -1.0)})

    def rest(self, whole: int, part: int, *, shown: bool = False) -> int:
        """The number of what a whole has beyond a part, printed itself or not."""
        people = self.people[whole] - self.people[part]
        # where a bound stands readers guess that the rest is small, so it counts as said
        guessed = 0 < people < self.rules.min_group
        left = self.add(people, self.rules.text(people) if shown or guessed else "")
        self.total(whole, [part, left])
        return left

    def known(self, count: int, low: int, high: int) -> None:
        """Says that something else tells these ends of a count."""
        self.people.append(self.people[count])
        self.choices.append((Said("", low, high),))
        self.total(count, [len(self.people) - 1])

    def settle(self) -> list[str]:
        """What is printed of each count: as little less as keeps every small one hidden.

        Of a count under ``min_group`` no more may follow than that it is one, beyond what the
        signs alone say.
        """
        if self.rules.mode == "public":
            return [c[0].text for c in self.choices]
        level = [0] * len(self.people)
        linked = self._linked()
        while told := self._told([c[at] for c, at in zip(self.choices, level, strict=True)]):
            weak = [
                i for i, c in enumerate(self.choices)
                if level[i] + 1 < len(c) and linked[i] in {linked[t] for t in told}
            ]  # fmt: skip
            if not weak:  # nothing is said of the large ones but that they are large
                break
            level[min(weak, key=lambda i: (self.people[i], i))] += 1
        return [c[at].text for c, at in zip(self.choices, level, strict=True)]

    def _told(self, said: Sequence[Said]) -> list[int]:
        small = [i for i, n in enumerate(self.people) if 0 < n < self.rules.min_group]
        wide = np.full(len(small), self.rules.min_group - 2.0)
        signs = [s if s.text.startswith("<") else Said("") for s in said]
        of = csr_array(np.eye(len(said))[small])
        return [small[i] for i in told_by_figures(self._known(said), self._known(signs), of, wide)]

    def _known(self, said: Sequence[Said]) -> Known:
        low, high = np.array([s.low for s in said]), np.array([s.high for s in said])
        zero = np.zeros(len(self.sums))
        return Known(
            csr_array(np.vstack([np.eye(len(said)), self._relations()])),
            np.append(low, zero), np.append(high, zero), np.array(self.people, dtype=float),
        )  # fmt: skip

    def _relations(self) -> Floats:
        made = np.zeros((len(self.sums), len(self.people)))
        for row, terms in zip(made, self.sums, strict=True):
            row[list(terms)] = list(terms.values())
        return made

    def _linked(self) -> list[int]:
        return [int(p) for p in linked_parts(csr_array(self._relations()))]
