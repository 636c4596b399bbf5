"""Categories of a few people: they count with others, and the study has its answer."""

from __future__ import annotations

import numpy as np

from analysis.estimators.rare import rare_columns


def _column(joined: int, others: int) -> np.ndarray:
    """100 who joined and 100 who did not, so many of them in the category."""
    return (np.arange(200) % 100 < np.repeat([joined, others], 100)).astype(float)


TREATED = np.arange(200) < 100


def test_few_people_who_all_joined_are_rare() -> None:
    shapes = [(1, 0), (9, 0), (10, 0), (9, 1), (0, 3)]
    columns = np.column_stack([_column(*s) for s in shapes])
    names = tuple(f"{i} missing" for i in range(len(shapes)))
    found = rare_columns(columns, names, TREATED).tolist()
    # ten people are a reason to refuse; where nobody joins the chance is 0 and nothing is lost
    assert found == [True, True, False, False, False]


def test_numbers_are_left_as_they_are_and_gaps_do_not_matter() -> None:
    number, gappy = np.r_[7.0, np.zeros(199)], _column(3, 0)
    gappy[50] = np.nan
    found = rare_columns(np.column_stack([number, gappy]), ("age", "grade=b"), TREATED)
    assert found.tolist() == [False, True]


def test_a_rare_first_category_counts_with_the_largest() -> None:
    """Two people who joined have the category without a column."""
    b = (np.arange(200) >= 130).astype(float)
    c = ((np.arange(200) >= 2) & (b == 0)).astype(float)
    found = rare_columns(np.column_stack([b, c]), ("grade=b", "grade=c"), TREATED)
    assert found.tolist() == [False, True]


def test_missing_marks_are_no_part_of_their_covariate() -> None:
    b, gap = _column(40, 40), _column(2, 0)
    b[gap == 1] = np.nan
    found = rare_columns(np.column_stack([b, gap]), ("grade=b", "grade=b missing"), TREATED)
    assert found.tolist() == [False, True]
