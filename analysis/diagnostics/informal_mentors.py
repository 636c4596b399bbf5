"""How many people in each arm say that somebody mentors them anyway?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Share
from analysis.diagnostics.wording import share_text

if TYPE_CHECKING:
    import pandas as pd


def informal_mentors(people: pd.DataFrame, arms: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """One note with the share of each arm, among those who answered during the follow-up.

    ``people``: arm, says_informal (0/1; nan where not asked or not answered). Nothing where
    nobody was asked. Not gated: an answer has no first day, and informal mentors whom everybody
    has are part of going without the programme; recorded ones count as contamination.
    """
    shares: list[Share] = []
    for arm in arms:
        said = people.loc[people["arm"] == arm, "says_informal"].dropna()
        if len(said):
            shares.append(Share(arm, int(said.sum()), len(said)))
    if not shares:
        return ()
    return (
        Diagnostic(
            name="informal_mentors",
            label="People who say in a survey that they have an informal mentor",
            value=None,
            display=", ".join(f"{s.label} {share_text(s.people / s.of)}" for s in shares),
            threshold="not gated",
            status="note",
            remedy="The effect is of the programme on top of informal mentoring.",
            n_smallest=min(s.of for s in shares),
            shares=tuple(shares),
        ),
    )
