"""Whether a figure may be shown again, given every figure of the same cell shown before.

Two figures of nearly the same people tell of the few in whom they differ. A figure is shown anew
only where its people are those of an earlier one, or differ from those of *each* earlier one by a
group large enough to be shown itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from analysis.release.members import changed

if TYPE_CHECKING:
    from analysis.release.ledger import Ledger
    from analysis.release.members import Members

Verdict = Literal["new", "unchanged", "fresh", "stays", "hidden"]
ANEW = ("new", "unchanged", "fresh")  # the figure of this run may be shown


def decide(cell: str, members: Members, ledger: Ledger, min_group: int) -> Verdict:
    """What may be shown of a cell that rests on ``members``, beside all shown of it before.

    ``new``, ``unchanged`` (since some earlier figure), ``fresh``: the figure of this run.
    ``stays``: the last one; ``hidden``: none, for that rests on people erased since.
    """
    earlier = ledger.of(cell)
    if not earlier:
        return "new"
    last = earlier[-1]
    apart = [changed(members, s.members) + s.erased for s in earlier]
    if apart[-1] == 0:
        return "unchanged"
    if any(0 < n < min_group for n in apart):
        return "hidden" if last.erased else "stays"
    return "unchanged" if 0 in apart else "fresh"
