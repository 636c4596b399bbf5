"""Results are shared between calls with equal arguments alone, and nobody can write to them."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.synthetic.surveys import Noise
from tests.scenarios.shared import Once, same


def test_equal_arguments_have_equal_values_and_types() -> None:
    day = np.array(["2023-01-01", "NaT"], dtype="datetime64[D]")
    assert same((1, "a", day), (1, "a", day.copy()))
    assert same(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]))
    assert not same(np.array([1, 2]), np.array([1.0, 2.0]))
    assert not same(np.array([1, 2]), np.array([[1, 2]]))
    assert not same(1, True)
    assert not same([1], [1])  # what is not known to be comparable is made again


def test_dataclasses_are_compared_field_by_field() -> None:
    one, alike, other = (
        Noise(congruence=np.ones(2), knowledge=np.ones(2), intention=np.array([1.0, x]))
        for x in (2.0, 2.0, 3.0)
    )
    assert same(one, alike)
    assert not same(one, other)


def test_a_result_is_made_once_and_read_only() -> None:
    made = []

    def doubled(values: np.ndarray, times: int = 2) -> np.ndarray:
        made.append(times)
        return values * times

    once = Once(doubled)
    first = once(np.array([1, 2]))
    assert once(np.array([1, 2])) is first
    assert once(np.array([1, 2]), times=3).tolist() == [3, 6]
    assert once(np.array([1, 3])).tolist() == [2, 6]
    assert made == [2, 3, 2]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 5


def test_what_callers_write_to_is_copied() -> None:
    once = Once(np.square, copied=True)
    first = once(np.array([3]))
    first[0] = 0
    assert once(np.array([3])).tolist() == [9]


def test_what_a_result_does_not_rest_on_is_not_compared() -> None:
    once = Once(lambda x, _: x + 1, lambda x, _: (x,))
    assert once(1, "a") == once(1, "b") == 2
