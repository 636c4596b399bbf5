"""A cell on its way to print: what it says of the people in it, and what could be said instead."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from analysis.release.decide import ANEW, decide
from analysis.release.members import changed
from analysis.rules import ROUND_TO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.release.ledger import Ledger, Shown
    from analysis.release.members import Members
    from analysis.release.tables import Key, Sign
    from analysis.rules import Rules

BESIDE = "Beside the others shown it would tell of a group that is too small."
# The same words whether nobody, a few or many came or went: more would link two months.
STANDS = "A new figure would tell of a few people, beside this one and the others shown."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A cell with its people; ``low`` and ``high``: what its print says of how many they are.

    ``anew``: whether the ledger has to remember it. ``remainder``: whether it is what a total has
    beyond the parts shown. ``of_sum``: of a mean or sum; its sign tells how many they are.
    """

    name: str
    key: Key
    members: Members
    sign: Sign
    low: float = 0
    high: float = math.inf
    value: float | None = None
    run: str = ""
    reason: str = ""
    anew: bool = False
    remainder: bool = False
    of_sum: bool = False

    @property
    def printed(self) -> bool:
        """Whether it has a figure."""
        return self.sign in ("shown", "stands", "at_least")

    @property
    def absent(self) -> bool:
        """Whether it is a remainder of too few people, which is not printed: that tells it."""
        return self.remainder and self.sign == "small"


def count_choices(
    name: str, key: Key, members: Members, ledger: Ledger, rules: Rules, away: Sequence[Cell] = ()
) -> tuple[Cell, ...]:
    """What can be printed of a count, most telling first; the last is ``small`` or ``hidden``.

    ``away``: of a remainder, the cells without a figure that it is of. Where all are small it is a
    bound at most: a figure in one month and a bound in another would say, to who knows this rule,
    that they are large for small ones.
    """
    group, half, n = rules.min_group, ROUND_TO // 2, members.size
    cell = partial(Cell, name=name, key=key, members=members, remainder=bool(away))
    if n == 0:
        return (cell(sign="shown", value=0, high=0),)
    if n < group:
        return (cell(sign="small", low=1, high=group - 1, reason=f"Fewer than {group} people."),)
    verdict = decide(name, members, ledger, group)
    of_small = bool(away) and all(c.sign == "small" for c in away)
    made: list[Cell] = []
    if verdict in ANEW:
        value, new = ROUND_TO * round(n / ROUND_TO), verdict != "unchanged"
        low = max(value - half, group)
        if not of_small:
            made.append(cell(sign="shown", low=low, high=value + half, value=value, anew=new))
        # one of them may be one person as long as the others can be the rest
        least = (group - 1) * (len(away) - 1) + 1 if of_small else n
        bound = min(n, least) // ROUND_TO * ROUND_TO
        if away and bound >= group:
            made.append(cell(sign="at_least", low=bound, value=bound, anew=new, reason=BESIDE))
    earlier = ledger.of(name)
    if earlier and not earlier[-1].erased:
        last = earlier[-1]
        made.append(standing(cell, last, *_now(last, members, group)))
    made.append(cell(sign="hidden", low=group, reason=BESIDE))
    return tuple(made)


def size_sign(cell: Cell, rules: Rules) -> Cell:
    """What the cell of a mean or sum tells of how many people it is of, whatever its figure."""
    small = cell.members.size < rules.min_group
    low, high = (1, rules.min_group - 1) if small else (rules.min_group, math.inf)
    return Cell(
        name=cell.name, key=cell.key, members=cell.members, remainder=cell.remainder, of_sum=True,
        sign="small" if small else "hidden", low=low, high=high,
    )  # fmt: skip


def standing(
    cell: Callable[..., Cell], last: Shown, low: float = 0, high: float = math.inf
) -> Cell:
    """The last figure again."""
    return cell(
        sign="stands", value=last.value["value"], run=last.run,
        reason=STANDS, low=low, high=high,
    )  # fmt: skip


def _now(last: Shown, members: Members, group: int) -> tuple[float, float]:
    """What the last count says of how many people there are now, to who guesses why it stands."""
    if changed(last.members, members) >= group:
        return group, math.inf
    exact, few = last.value["sign"] == "shown", group - 1
    low = last.value["value"] - (ROUND_TO // 2 if exact else 0)
    return max(group, low - few), last.value["high"] + few if exact else math.inf
