"""What was shown so far: every cell of every run, with the people it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.release.members import Members


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """One cell that a run showed.

    ``cell``: what is counted or averaged, the same in every run. ``run``: the run that first
    showed it. ``erased``: people since erased from ``members``; they count as a change for ever.
    ``value``: what was shown, as plain JSON; None where it is kept elsewhere.
    """

    cell: str
    run: str
    members: Members
    erased: int = 0
    value: Any = None


@dataclass(frozen=True, eq=False)
class Ledger:
    """All cells shown by all runs, oldest first."""

    shown: tuple[Shown, ...] = ()

    @cached_property
    def _by_cell(self) -> Mapping[str, tuple[Shown, ...]]:
        found: dict[str, list[Shown]] = {}
        for s in self.shown:
            found.setdefault(s.cell, []).append(s)
        return {cell: tuple(each) for cell, each in found.items()}

    def of(self, cell: str) -> tuple[Shown, ...]:
        """What was shown of one cell, oldest first."""
        return self._by_cell.get(cell, ())

    def with_(self, *shown: Shown) -> Ledger:
        """The ledger with these added as the latest."""
        return Ledger((*self.shown, *shown))
