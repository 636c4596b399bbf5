"""Whether a figure may be shown again, given every figure of the same cell shown before.

Two figures of nearly the same people tell of the few in whom they differ. A figure is shown anew
only where its people are those of an earlier one, or differ from those of *each* earlier one by a
group large enough to be shown itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.release.members import changed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.release.ledger import Ledger, Shown
    from analysis.release.members import Members

Verdict = Literal["new", "unchanged", "fresh", "frozen", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What may be shown of one cell.

    ``new``, ``unchanged``, ``fresh``: the figure of this run. ``frozen``: that of ``of`` stands.
    ``hidden``: none. ``reason`` is empty where this run's figure is shown; it gives no count.
    """

    verdict: Verdict
    of: Shown | None = None
    reason: str = ""

    @property
    def anew(self) -> bool:
        """Whether the figure of this run may be shown."""
        return self.verdict in ("new", "unchanged", "fresh")


def decide(cell: str, members: Members, ledger: Ledger, min_group: int) -> Decision:
    """What may be shown of a cell that rests on ``members``, beside all shown of it before."""
    earlier = ledger.of(cell)
    if not earlier:
        return Decision(verdict="new")
    last = earlier[-1]
    apart = [changed(members, s.members) + s.erased for s in earlier]
    if apart[-1] == 0:
        return Decision(verdict="unchanged", of=last)
    if any(0 < n < min_group for n in apart):
        return _stays(last, min_group)
    same = next((s for s, n in zip(earlier, apart, strict=True) if n == 0), None)
    return Decision(verdict="unchanged" if same else "fresh", of=same)


def decide_together(
    cells: Mapping[str, Members], ledger: Ledger, min_group: int
) -> dict[str, Decision]:
    """Decisions for cells that are shown together: all anew, or the whole block as it was.

    Parts of one whole shown at different ages tell, with the whole, of those who came and went
    between. A cell that no run showed before is hidden while the others stay.
    """
    made = {c: decide(c, m, ledger, min_group) for c, m in cells.items()}
    if all(d.anew for d in made.values()):
        return made
    stays: dict[str, Decision] = {}
    for cell in cells:
        earlier = ledger.of(cell)
        why = f"Shown with groups into or out of which fewer than {min_group} people came or went."
        stays[cell] = (
            _stays(earlier[-1], min_group) if earlier else Decision(verdict="hidden", reason=why)
        )
    return stays


def _stays(last: Shown, min_group: int) -> Decision:
    """The last figure stands, unless it rests on people who have been erased."""
    few = f"Fewer than {min_group} people came or went since it was shown before."
    if last.erased:
        why = f"{few} What was shown then rests on people whose data were erased."
        return Decision(verdict="hidden", reason=why)
    return Decision(verdict="frozen", of=last, reason=few)
