"""A figure is shown anew where its people are those of an earlier one or far from all of them."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.release.decide import decide
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
    ("earlier", "now", "verdict"),
    [
        ([], (1, 30), "new"),
        ([(1, 30)], (1, 30), "unchanged"),
        ([(1, 30)], (1, 29), "stays"),
        ([(1, 30)], (1, 21), "stays"),  # nine left
        ([(1, 30)], (1, 20), "fresh"),  # ten left
        ([(1, 30), (1, 40)], (1, 40), "unchanged"),
        ([(1, 30), (1, 40)], (1, 30), "unchanged"),  # as at first
        ([(1, 30), (1, 40)], (1, 31), "stays"),  # near the first
        ([(1, 30), (1, 40)], (1, 50), "fresh"),
        ([(1, 30), (1, 33)], (1, 30), "stays"),  # the three who came cannot be told from the two
    ],
)
def test_against_every_figure_shown_before(
    earlier: list[tuple[int, int]], now: tuple[int, int], verdict: str
) -> None:
    ledger = Ledger(tuple(_shown("r1", _people(*who)) for who in earlier))
    assert decide("pay|a", _people(*now), ledger, 10) == verdict


def test_cells_do_not_see_each_other() -> None:
    ledger = Ledger().with_(_shown("r1", _people(1, 30), cell="pay|b"))
    assert decide("pay|a", _people(1, 29), ledger, 10) == "new"


def test_an_erased_person_counts_as_a_change_for_ever() -> None:
    """The 29 left of 30 are not the set that was shown, and the figure of the 30 cannot stand."""
    ledger = Ledger((_shown("r1", _people(1, 29), erased=1),))
    assert decide("pay|a", _people(1, 29), ledger, 10) == "hidden"
    assert decide("pay|a", _people(1, 21), ledger, 10) == "hidden"  # eight and one
    assert decide("pay|a", _people(1, 20), ledger, 10) == "fresh"  # nine and one
