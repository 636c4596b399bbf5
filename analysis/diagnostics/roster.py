"""Is the list of those drawn still the list as drawn?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.funnel import drawn_query, roster_query
from analysis.lottery import WON

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analysis.funnel import Query
    from analysis.study import StudySpec

_REMEDY = (
    "Compare the deliveries with the list made at the draw, and deliver that list. If the first "
    "delivery was wrong, say so in the study and set as_of accordingly."
)
_REMEDY_DRAW = (
    "Compare the arms delivered with the roster of the draw: everybody in it has the arm that was "
    "drawn, whatever became of it, and nobody else has one. Deliver the arms so; that somebody "
    "took a place given back, or did not come, belongs to taking part."
)


@dataclass(frozen=True, slots=True)
class AgainstDraw:
    """People of a recorded draw, and those whose recorded arm is not the one drawn."""

    drawn: int
    moved: int  # in the other arm, or in none of the study's
    not_recorded: int  # drawn, and without an arm in the deliveries
    not_drawn: int  # with an arm, and in no draw
    twice: int  # in several of the draws

    @property
    def wrong(self) -> int:
        """People who are not as drawn."""
        return self.moved + self.not_recorded + self.not_drawn + self.twice

    def words(self) -> str:
        """The mismatches by kind."""
        kinds = {
            "in another arm": self.moved,
            "drawn and without an arm": self.not_recorded,
            "with an arm and not drawn": self.not_drawn,
            "in several draws": self.twice,
        }
        return ", ".join(f"{people:,} {kind}" for kind, people in kinds.items() if people)


def roster(changed: int, against: AgainstDraw | None = None) -> Diagnostic:
    """Fails where a later delivery changed anybody's arm or day, or an arm is not the one drawn.

    ``changed`` counts people with a change; a randomised comparison is of groups as they were
    drawn. ``against``: the comparison with a recorded draw, person by person, where there is one.
    """
    differs = against is not None and against.wrong > 0
    altered = changed > 0
    text = "as first delivered" if against is None else "as drawn by the recorded lottery"
    if altered:
        text = "changed after the draw"
    if differs:
        text = "not as drawn by the recorded lottery"
    count = f" ({changed:,} people)" if altered else ""
    if against is not None and differs:
        count = f" ({against.words()})"
    remedy = (_REMEDY_DRAW if differs else "", _REMEDY if altered else "")
    recorded = ", or when anybody's arm is not the one drawn" if against is not None else ""
    return Diagnostic(
        name="roster",
        label="The list of those drawn",
        value=float(changed + (against.wrong if against is not None else 0)),
        display=text + count,
        threshold=f"fail when anybody's arm or day of assignment was changed later{recorded}",
        status="fail" if altered or differs else "pass",
        remedy=" ".join(filter(None, remedy)),
        coarse=(None, text),
    )


def check_roster(spec: StudySpec, read: Callable[[Query], pd.DataFrame]) -> Diagnostic:
    """The check of a randomised study; ``read`` answers a query with a frame."""
    changed = int(read(roster_query(spec))["people"].iloc[0])
    if not spec.allocation.lottery:
        return roster(changed)
    return roster(changed, against_draw(spec, read(drawn_query(spec))))


def against_draw(spec: StudySpec, people: pd.DataFrame) -> AgainstDraw:
    """Compares (draws, drawn, recorded): a row for everybody drawn or with a recorded arm.

    ``draws`` counts the draws a person is in, ``drawn`` is won, lost or missing, ``recorded`` the
    arm as delivered or missing.
    """
    drawn, recorded = people["drawn"].notna(), people["recorded"].notna()
    expected = people["drawn"].map(
        lambda arm: spec.arms.treated[0] if arm == WON else spec.arms.comparison
    )
    once = people["draws"] <= 1
    both = drawn & recorded & once
    return AgainstDraw(
        drawn=int(drawn.sum()),
        moved=int((people["recorded"] != expected)[both].sum()),
        not_recorded=int((drawn & ~recorded & once).sum()),
        not_drawn=int((~drawn & recorded).sum()),
        twice=int((~once).sum()),
    )
