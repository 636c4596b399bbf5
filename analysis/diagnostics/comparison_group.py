"""Is the study's comparison group the best that the programme's funnel has?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.groups import BEST_FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.finding import Group

_ORDER = ", ".join(name.replace("_", " ") for name in BEST_FIRST)


def comparison_group(groups: Sequence[Group], comparison: str, enough: int) -> Diagnostic:
    """A note where a better group has at least ``enough`` people; it never changes the grade.

    ``groups`` are those of the funnel. Whether a better group answers the same question is for
    people to judge: who waits, say, is soon matched.
    """
    used = next((g for g in groups if g.role == "used"), None)
    rank = used.rank if used is not None else None
    better = [
        g for g in groups if g.rank and g.people >= enough and (rank is None or g.rank < rank)
    ]
    better = [g for g in better if g.role != "used"]
    own = _words(comparison)
    why = f" ({used.what})" if used is not None and rank else ""
    if better:
        names = ", ".join(_words(g.arm) for g in better)
        display = f"{own}{why}; better in this programme: {names}"
        remedy = (
            "Name it in the study's arms, or write down why it does not answer the question (who "
            "waits, say, is soon matched)."
        )
    else:
        display = f"{own}{why}; no better group of this programme has {enough} people"
        remedy = ""
    return Diagnostic(
        name="comparison_group",
        label="The comparison group",
        value=None,
        display=display,
        threshold=f"best first: {_ORDER}; not gated",
        status="note" if better else "pass",
        remedy=remedy,
    )


def _words(arm: str) -> str:
    return arm.replace("_", " ")
