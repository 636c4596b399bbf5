"""Whom a figure of a roll-out rests on, counted by hand from a table of who is seen when."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.compress import NEVER, People, fold
from analysis.estimators.group_time import Control, GroupTime, att_by_group_and_time
from analysis.estimators.people_compared import Compared, Seen, people_seen

# Start, then whether seen in months 1 to 4.
TABLE = """
    A 3 1111
    B 3 0110
    C 4 1111
    D 4 0101
    E - 1111
    F - 0110
"""


def company(names: str, control: Control) -> tuple[Seen, GroupTime]:
    rows = [line.split() for line in TABLE.split("\n") if line.strip()]
    rows = [row for row in rows if row[0] in names]
    observed = np.array([[c == "1" for c in months] for _, _, months in rows])
    person, month = np.nonzero(observed)
    people = People(
        cohort=np.array([NEVER if start == "-" else int(start) for _, start, _ in rows]),
        cell=np.arange(len(rows)) % 2,  # covariates tell people apart, the count does not
    )
    outcome = np.sin(1.0 + np.arange(len(person)))  # any numbers will do
    made = fold(lambda: [(person, month, outcome)], people, np.arange(1, 5))
    return people_seen(made, control, 0), att_by_group_and_time(made, control=control)


@pytest.mark.parametrize(
    ("names", "control", "of", "label", "expected"),
    [
        # (3,3) on 2: A B against C E F; (4,4) on 3: C against E. C is on either side in turn.
        ("ABCDEF", "not_yet_treated", "event", 0, Compared(3, 3, 1, 12)),
        # (3,4) on 2: A against E; B is gone, C has started, F is not seen.
        ("ABCDEF", "not_yet_treated", "event", 1, Compared(1, 1, 0, 4)),
        ("ABCDEF", "not_yet_treated", "start", 3, Compared(2, 3, 0, 12)),
        ("ABCDEF", "not_yet_treated", "start", 4, Compared(1, 1, 0, 4)),
        ("ABCDEF", "not_yet_treated", "month", 4, Compared(2, 1, 0, 7)),
        ("ABCDEF", "never_treated", "event", 0, Compared(3, 2, 0, 11)),
        # Everybody starts: (3,3) has C to compare with, later months have nobody.
        ("ABCD", "not_yet_treated", "event", 0, Compared(2, 1, 0, 6)),
        ("ABCD", "not_yet_treated", "event", 1, Compared(0, 0, 0, 0)),
    ],
)
def test_people_are_counted_once_on_a_side(names, control, of, label, expected) -> None:
    seen, made = company(names, control)
    event = made.period - made.group
    places = {"event": event, "start": made.group, "month": made.period}
    members = (places[of] == label) & (event >= 0)
    assert seen.compared(made, members) == expected


def test_the_whole_panel_counts_everybody_once() -> None:
    """All but E and F start, and all are seen before; nobody of these is counted twice."""
    seen, _ = company("ABCDEF", "not_yet_treated")
    assert seen.panel() == Compared(treated=4, comparison=6, both=4, rows=18)
