"""The auditor against tables worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from analysis.release.atoms import atoms
from analysis.release.audit import Known, widths
from analysis.release.combinations import tells, uncovered
from analysis.release.members import Members, members

SOLVED = 1e-6  # HiGHS solves to 1e-7


def _people(first: int, last: int) -> Members:
    return members(range(first, last + 1))


def _square(hidden: list[tuple[int, int]], slack: float) -> np.ndarray:
    """Widths of hidden cells of a 3 x 3 table whose totals are known to within ``slack``.

    20 50 10 | 80
     5 10 20 | 35
    30 15 12 | 57
    """
    cells = np.array([[20, 50, 10], [5, 10, 20], [30, 15, 12]], dtype=float)
    at = {cell: i for i, cell in enumerate(hidden)}
    lines = [[(r, c) for c in range(3)] for r in range(3)]
    lines += [[(r, c) for r in range(3)] for c in range(3)]
    uses = np.array([[float(h in line) for h in at] for line in lines])
    truth = np.array([cells[h] for h in hidden])
    known = Known(csr_array(uses), uses @ truth - slack, uses @ truth + slack, truth)
    return widths(known, csr_array(np.eye(len(hidden))), np.full(len(hidden), 1000.0))


def test_one_hidden_cell_in_each_row_and_column_is_its_total_less_the_others() -> None:
    assert _square([(0, 0), (1, 1), (2, 2)], 0) == pytest.approx(0, abs=SOLVED)


def test_two_in_each_of_two_rows_and_columns_move_against_each_other() -> None:
    """20 + 50, 5 + 10; 20 + 5, 50 + 10: the first can be 10 to 25, and each of the others moves."""
    assert _square([(0, 0), (0, 1), (1, 0), (1, 1)], 0) == pytest.approx(15, abs=SOLVED)


def test_rounded_totals_leave_as_much_more() -> None:
    """One alone in its row and its column: as wide as its total is."""
    assert _square([(2, 2)], 2) == pytest.approx(4, abs=SOLVED)
    # as above; rows and columns can all be 2 off: the first is 0 + ... to 27 at most, 8 at least
    wide = _square([(0, 0), (0, 1), (1, 0), (1, 1)], 2)
    assert wide[0] == pytest.approx(27 - (23 - 17), abs=SOLVED)


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (8, 12, 8),  # each can be 1 to 9
        (13, 17, 5),  # each is 4 at least
        (3, 7, 5),  # each is 6 at most
        (10, np.inf, 8),
    ],
)
def test_small_groups_beside_their_sum(least: float, most: float, expected: float) -> None:
    """Two groups of 1 to 9: in closed form, and by a programme where a second sum links them."""
    uses = np.array([[1.0, 1, 0], [1, 0, 0], [0, 1, 0]])
    low, high = np.array([least, 1, 1]), np.array([most, 9, 9])
    truth = np.array([5.0, 5.0, 20.0])
    if not least <= 10 <= most:
        truth = np.array([4.0, 3.0, 20.0]) if most < 10 else np.array([7.0, 8.0, 20.0])
    of, wide = csr_array(np.eye(3)[:2]), np.full(2, 8.0)
    plain = widths(Known(csr_array(uses), low, high, truth), of, wide)
    linked = np.vstack([uses, [0, 1, 1]])  # with the third, which may be anything
    more = Known(csr_array(linked), np.append(low, 0), np.append(high, 1000), truth)
    assert np.minimum(plain, 8) == pytest.approx([expected] * 2, abs=SOLVED)
    assert np.minimum(widths(more, of, wide), 8) == pytest.approx([expected] * 2, abs=SOLVED)


def test_sums_within_sums() -> None:
    """Two small groups are ten at least together, 33 to 37 with a third of two large parts and one.

    The third is 21 at least and 27 at most, so each large part 10 to 16, its small one 1 to 7, and
    the two small groups 6 to 16 together: 1 to 9 each. So too where a sum crosses and a linear
    programme says it.
    """
    uses = np.vstack([
        np.eye(5), [[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 1, 1, 0, 0]],
    ])  # fmt: skip
    low = np.array([1.0, 1, 10, 10, 1, 10, 33, 10, 0])
    high = np.array([9.0, 9, *[np.inf] * 2, 9, np.inf, 37, np.inf, 1000])
    truth = np.array([6.0, 7, 10, 10, 2])
    of = csr_array(np.vstack([np.eye(5), uses[7]]))
    for figures in (8, 9):
        known = Known(csr_array(uses[:figures]), low[:figures], high[:figures], truth)
        found = widths(known, of, np.full(6, 100.0))
        assert found == pytest.approx([8, 8, 6, 6, 6, 6], abs=SOLVED)


def test_figures_that_contradict_each_other_are_refused() -> None:
    known = Known(csr_array(np.array([[1.0, 1], [1, 1]])), np.array([5.0, 9]), np.array([6.0, 9]),
                  np.array([2.0, 3]))  # fmt: skip
    with pytest.raises(ArithmeticError, match="contradict"):
        widths(known, csr_array(np.eye(2)), np.full(2, 8.0))


def test_people_in_the_same_cells_are_one_atom() -> None:
    cut = atoms([_people(1, 30), _people(1, 19), _people(25, 40)])
    made = {tuple(u): int(n) for u, n in zip(cut.uses.toarray().T, cut.size, strict=True)}
    assert made == {(1, 1, 0): 19, (1, 0, 0): 5, (1, 0, 1): 6, (0, 0, 1): 10}


A, B = _people(1, 30), _people(31, 60)
MOVED = members([*range(20, 30), *range(31, 61)])  # 20 to 29 came to B; 30 left the company


@pytest.mark.parametrize(
    ("chains", "covered"),
    [
        ([[A], [B]], True),
        ([[A, _people(1, 29)]], False),  # a leaver
        ([[A, _people(1, 20)]], True),  # ten leavers, twenty who stay
        ([[A, _people(1, 15)], [B]], True),
        ([[A, _people(1, 19)], [B, MOVED]], False),  # eleven left A, ten came to B
        ([[A, _people(1, 19)], [B, _people(31, 80)]], True),  # others came to B
        ([[A], [_people(1, 12)], [_people(13, 30)]], False),  # two parts and their whole
    ],
)
def test_sums_each_with_enough_people_to_themselves(
    chains: list[list[Members]], covered: bool
) -> None:
    assert (uncovered(chains, 10).latest.size == 0) is covered


@pytest.mark.parametrize(
    ("chains", "expected"),
    [
        ([[A, _people(1, 29)]], True),
        ([[A, _people(1, 19)], [B, MOVED]], True),  # the one who left, from four sums
        ([[A], [_people(1, 12)], [_people(13, 30)]], False),
        ([[A], [_people(1, 12)], [_people(13, 29)]], True),  # the whole less its parts
        # two wholes less two parts are six people, three in each: none alone, all together
        ([[A], [B], [members([*range(1, 28), *range(34, 61)])]], True),
    ],
)
def test_sums_that_tell_of_a_few(chains: list[list[Members]], expected: bool) -> None:
    assert tells(uncovered(chains, 10), range(len(chains)), 10) is expected
