"""A figure is shown anew where its people are those of an earlier one or far from all of them."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.release.decide import decide, decide_together
from analysis.release.ledger import Ledger, Shown
from analysis.release.members import Members, changed, members


def _people(first: int, last: int) -> Members:
    """The people first..last, both included."""
    return members(range(first, last + 1))


def _shown(run: str, who: Members, *, cell: str = "pay|a", erased: int = 0) -> Shown:
    return Shown(cell=cell, run=run, members=who, erased=erased, value=run)


def test_members_are_sorted_and_each_stands_once() -> None:
    made = members([2**64 - 1, 3, 3, 1])
    assert made.tolist() == [1, 3, 2**64 - 1]
    assert made.dtype == np.uint64


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (_people(1, 20), _people(1, 20), 0),
        (_people(1, 20), _people(1, 19), 1),  # a leaver
        (_people(1, 20), _people(2, 21), 2),  # a leaver and a joiner
        (_people(1, 20), members([]), 20),
    ],
)
def test_people_who_came_or_went(a: Members, b: Members, expected: int) -> None:
    assert changed(a, b) == changed(b, a) == expected


@pytest.mark.parametrize(
    ("earlier", "now", "verdict", "of"),
    [
        ([], (1, 30), "new", None),
        ([("r1", (1, 30))], (1, 30), "unchanged", "r1"),
        ([("r1", (1, 30))], (1, 29), "frozen", "r1"),
        ([("r1", (1, 30))], (1, 21), "frozen", "r1"),  # nine left
        ([("r1", (1, 30))], (1, 20), "fresh", None),  # ten left
        ([("r1", (1, 30)), ("r2", (1, 40))], (1, 40), "unchanged", "r2"),
        ([("r1", (1, 30)), ("r2", (1, 40))], (1, 30), "unchanged", "r1"),  # as at first
        ([("r1", (1, 30)), ("r2", (1, 40))], (1, 31), "frozen", "r2"),  # near the first
        ([("r1", (1, 30)), ("r2", (1, 40))], (1, 50), "fresh", None),
    ],
)
def test_against_every_figure_shown_before(
    earlier: list[tuple[str, tuple[int, int]]],
    now: tuple[int, int],
    verdict: str,
    of: str | None,
) -> None:
    ledger = Ledger(tuple(_shown(run, _people(*who)) for run, who in earlier))
    made = decide("pay|a", _people(*now), ledger, 10)
    assert (made.verdict, made.of.run if made.of else None) == (verdict, of)
    assert made.anew is (verdict != "frozen")


def test_as_an_earlier_figure_but_near_a_later_one_stays() -> None:
    """Three who came between the two figures cannot be told from them."""
    ledger = Ledger((_shown("r1", _people(1, 30)), _shown("r2", _people(1, 33))))
    made = decide("pay|a", _people(1, 30), ledger, 10)
    assert made.verdict == "frozen"
    assert made.of is not None and made.of.run == "r2"


def test_cells_do_not_see_each_other() -> None:
    ledger = Ledger().with_(_shown("r1", _people(1, 30), cell="pay|b"))
    assert decide("pay|a", _people(1, 29), ledger, 10).verdict == "new"


def test_an_erased_person_counts_as_a_change_for_ever() -> None:
    """The 29 left of 30 are not the set that was shown, and the figure of the 30 cannot stand."""
    ledger = Ledger((_shown("r1", _people(1, 29), erased=1),))
    assert decide("pay|a", _people(1, 29), ledger, 10).verdict == "hidden"
    assert decide("pay|a", _people(1, 21), ledger, 10).verdict == "hidden"  # eight and one
    assert decide("pay|a", _people(1, 20), ledger, 10).verdict == "fresh"  # nine and one


def test_the_reason_gives_no_count_of_people() -> None:
    ledger = Ledger((_shown("r1", _people(1, 30)),))
    made = decide("pay|a", _people(1, 26), ledger, 10)
    assert made.reason == "Fewer than 10 people came or went since it was shown before."


def test_cells_shown_together_are_all_shown_anew_or_none() -> None:
    ledger = Ledger(
        (_shown("r1", _people(1, 30), cell="a"), _shown("r1", _people(31, 60), cell="b"))
    )
    fresh = {"a": _people(1, 20), "b": _people(31, 75)}
    assert {c: d.verdict for c, d in decide_together(fresh, ledger, 10).items()} == {
        "a": "fresh", "b": "fresh",
    }  # fmt: skip
    leaver = {"a": _people(1, 20), "b": _people(31, 59), "c": _people(80, 99)}
    made = decide_together(leaver, ledger, 10)
    assert {c: d.verdict for c, d in made.items()} == {"a": "frozen", "b": "frozen", "c": "hidden"}
