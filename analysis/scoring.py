"""From answers to scores: reversals, values out of range, too few items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScaleKey:
    """How the answers to one scale are scored: one entry an item in every array.

    ``reversed_items``: where the lowest number means most. ``needed``: answers for a score.
    """

    low: Floats
    high: Floats
    reversed_items: NDArray[np.bool_]
    weights: Floats
    needed: int


def as_scored(answers: Any, key: ScaleKey) -> Floats:
    """Answers (people, items) with high meaning more; nan where missing or out of range.

    A reversed item is low + high - answer.
    """
    values = np.asarray(answers, dtype=float)
    inside = (values >= key.low) & (values <= key.high)
    turned = np.where(key.reversed_items, key.low + key.high - values, values)
    return np.where(inside, turned, np.nan)


def scores(answers: Any, key: ScaleKey) -> tuple[Floats, Ints]:
    """Score (nan where too few items are answered) and items answered of each person.

    ``answers``: (people, items) as printed, nan where missing. The score is the weighted mean of
    the items answered, on the printed scale.
    """
    values = as_scored(answers, key)
    known = ~np.isnan(values)
    answered = known.sum(axis=1)
    weight = (known * key.weights).sum(axis=1)
    total = np.where(known, values * key.weights, 0.0).sum(axis=1)
    enough = answered >= key.needed
    return np.where(enough, total / np.where(enough, weight, 1.0), np.nan), answered
