"""What one project allows to be shown about people: counts, rates, remainders."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from analysis.diagnostics import Share

Mode = Literal["protected", "public"]

MIN_GROUP = 10
MIN_GROUP_FLOOR = 5
ROUND_TO = 5
ROUND_TO_MIDDLE = 6
MIN_RESIDUAL_DF = 10
MIN_SIDE = 10  # people a side of an estimate, however small the groups that may be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one project allows: its mode and the smallest group shown."""

    mode: Mode = "protected"
    min_group: int = MIN_GROUP

    def count(self, people: int) -> int | None:
        """A printable count: exact if public, rounded to 5 if large enough, else None."""
        if self.mode == "public":
            return people
        if 0 < people < self.min_group:
            return None
        return ROUND_TO * round(people / ROUND_TO)

    def text(self, people: int) -> str:
        """A count as printed; "<10" stands for a group too small to show."""
        shown = self.count(people)
        return f"<{self.min_group}" if shown is None else f"{shown:,}"

    def hides(self, *groups: int | None) -> bool:
        """Whether one of the groups (None: no group) is too small to show anything about."""
        small = any(n is not None and n < self.min_group for n in groups)
        return small and self.mode == "protected"

    @property
    def min_side(self) -> int:
        """People a side below whom no estimate is shown."""
        return max(self.min_group, MIN_SIDE)

    def hides_estimate(self, *groups: int | None) -> bool:
        """Whether one of the groups compared is too small for an estimate to be shown."""
        few = any(n is not None and n < self.min_side for n in groups)
        return few and self.mode == "protected"

    def rates(self, shares: tuple[Share, ...]) -> str:
        """Rates from midpoint-6 counts; a bound where either side of the group is small."""
        return ", ".join(f"{s.label} {self._rate(s)}".strip() for s in shares)

    def _rate(self, share: Share) -> str:
        if share.people in (0, share.of):  # an empty group gives nobody away
            return "0 %" if share.people == 0 else "100 %"
        limit = math.ceil(100 * self.min_group / share.of)
        if share.of < 2 * self.min_group or limit >= 50:
            return "not shown (small group)"
        if 0 < share.people < self.min_group:
            return f"under {limit} %"
        if 0 < share.of - share.people < self.min_group:
            return f"over {100 - limit} %"
        return f"{100 * midpoint(share.people) / midpoint(share.of):.0f} %"

    def part(self, people: int, whole: int | None) -> str:
        """A count printed under the whole it is part of: a small remainder is not given away."""
        if self.mode == "public" or whole is None or not 0 < whole - people < self.min_group:
            return self.text(people)
        bound = (whole - self.min_group) // ROUND_TO * ROUND_TO
        return f"≥{bound:,}" if bound >= self.min_group else self.text(min(people, 1))


def midpoint(people: int) -> int:
    """Count rounded to the middle of its group of six: ceil(x / 6) * 6 - 3; zero stays."""
    if not people:
        return 0
    return math.ceil(people / ROUND_TO_MIDDLE) * ROUND_TO_MIDDLE - ROUND_TO_MIDDLE // 2


def midpoint_ends(people: int) -> tuple[int, int]:
    """The least and greatest count with the same midpoint."""
    middle = midpoint(people)
    half = ROUND_TO_MIDDLE // 2
    return (middle - half + 1, middle + half) if middle else (0, 0)
