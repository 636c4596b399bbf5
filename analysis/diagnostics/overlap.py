"""Where the choices of two groups overlap, and how evenly the comparison is weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from analysis.balance import BINS, Overlap, Weights
from analysis.estimators.trimming import LIMITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PERCENTILES = (50, 90, 95, 99)
_EDGE = 1e-9  # a score at the edge of a tenth is in the upper one, whatever its last digit


def preference(
    cells: Cells, chance: Floats, trial: Ints | None = None
) -> tuple[Floats, NDArray[np.bool_]]:
    """The preference score of each cell (c,), and which cells compare anybody.

    The chance of joining as it would be were half to join (Walker et al. 2013, Comparative
    Effectiveness Research 3:11-20, eq. 1); of several trials (c,), half of each, since people are
    compared within a trial alone. Trials that nobody joined, or everybody, compare nobody.
    """
    of = np.zeros(len(chance), dtype=np.int64) if trial is None else trial
    code = np.unique(of, return_inverse=True)[1]
    comparison, treated = (np.bincount(code, weights=side)[code] for side in cells.people)
    compared = (comparison > 0) & (treated > 0)
    at = logit(np.clip(chance, 1e-15, 1 - 1e-15))
    ratio = np.where(compared, treated, 1.0) / np.where(compared, comparison, 1.0)
    return np.asarray(expit(at - np.log(ratio))), np.asarray(compared)


def overlap_of(cells: Cells, chance: Floats, trial: Ints | None = None) -> Overlap:
    """People of both groups in each tenth of the preference score."""
    score, compared = preference(cells, chance, trial)
    tenth = np.minimum(np.floor(BINS * score + _EDGE), BINS - 1).astype(np.int64)
    comparison, treated = (_by_tenth(tenth, side * compared) for side in cells.people)
    least = comparison
    if trial is not None:  # those of one trial are different people: of the one that has most
        code = np.unique(trial, return_inverse=True)[1]
        most = int(np.bincount(code, weights=cells.people[0] * compared).argmax())
        least = _by_tenth(tenth, cells.people[0] * compared * (code == most))
    return Overlap(treated=treated, comparison=comparison, least=least)


def _by_tenth(tenth: Ints, people: Floats) -> tuple[int, ...]:
    return tuple(int(n) for n in np.rint(np.bincount(tenth, weights=people, minlength=BINS)))


def weights_of(
    weight: Floats, people: Floats, extreme: tuple[int, int] | None = None
) -> Weights | None:
    """How weights (c,) of people (c,) are spread; None where one is infinite or all are zero."""
    mass = weight * people
    total = float(mass.sum())
    if not (np.isfinite(total) and total > 0):
        return None
    order = np.argsort(weight, kind="stable")
    weight, people = weight[order], people[order]
    ranks = np.cumsum(people)
    count = float(ranks[-1])
    places = np.searchsorted(ranks, [count * q / 100 for q in PERCENTILES], side="left")
    heavy = np.clip(ranks - 0.9 * count, 0.0, people)  # of each cell, those in the heaviest tenth
    return Weights(
        people=round(count),
        percentiles=tuple(
            (q, float(weight[place]) * count / total)
            for q, place in zip(PERCENTILES, places, strict=True)
        ),
        heaviest=float(weight @ heavy) / total,
        largest=float(weight[people > 0].max()) / total,
        extreme=extreme,
    )


def extreme(cells: Cells, chance: Floats) -> tuple[int, int]:
    """People whose chance of joining is outside the limits of trimming, and all people."""
    low, high = LIMITS
    everybody = cells.people.sum(axis=0)
    outside = everybody @ ((chance < low) | (chance > high))
    return round(float(outside)), round(float(everybody.sum()))
