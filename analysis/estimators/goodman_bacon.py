"""What two-way fixed effects is an average of (Goodman-Bacon 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.compress import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]

Compared = Literal["never treated", "not yet treated", "already treated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoByTwo:
    """One 2 x 2 difference-in-differences: cohort against other, its weight and its estimate."""

    cohort: int
    other: int
    compared_with: Compared
    weight: float
    estimate: float


def decompose(moments: Moments) -> tuple[TwoByTwo, ...]:
    """The 2 x 2 comparisons of people seen in every period; weights sum to one.

    Their weighted sum is the two-way fixed effects estimate among those people (theorem 1).
    Raises ValueError where fewer than two cohorts are seen throughout.
    """
    whole = moments.observed.all(axis=1)
    cohorts = np.unique(moments.cohort[whole])
    if len(cohorts) < 2:
        raise ValueError("fewer than two cohorts are seen in every period")
    size = np.array([moments.weight[whole & (moments.cohort == c)].sum() for c in cohorts])
    mean = np.array(
        [
            moments.total[whole & (moments.cohort == c)].sum(axis=0) / n
            for c, n in zip(cohorts, size, strict=True)
        ]
    )
    after = np.array([moments.periods >= c for c in cohorts])
    pairs = list(_pairs(cohorts.tolist(), size / size.sum(), mean, after))
    total = sum(pair.weight for pair in pairs)
    return tuple(
        TwoByTwo(
            cohort=p.cohort,
            other=p.other,
            compared_with=p.compared_with,
            weight=p.weight / total,
            estimate=p.estimate,
        )
        for p in pairs
        if p.weight > 0
    )


def _pairs(
    cohorts: list[int], share: Floats, mean: Floats, after: NDArray[np.bool_]
) -> Iterator[TwoByTwo]:
    """Unnormalised weights: equations (10e) to (10g); an early cohort k, a later one l."""
    treated = after.mean(axis=1)
    for i, k in enumerate(cohorts):
        for j, later in enumerate(cohorts[i + 1 :], start=i + 1):
            both = share[i] + share[j]
            variance = share[i] * share[j] / both**2
            dk, dl = treated[i], treated[j]
            if 0 < dk < 1:  # k changes while l does not yet
                until = ~after[j]
                weight = (both * (1 - dl)) ** 2 * variance * (dk - dl) * (1 - dk) / (1 - dl) ** 2
                gain = _change(mean[i] - mean[j], after[i] & until, ~after[i] & until)
                kind: Compared = "never treated" if later == NEVER else "not yet treated"
                yield _two(k, later, kind, weight, gain)
            if dl > 0:  # l changes while k is treated already
                since = after[i]
                weight = (both * dk) ** 2 * variance * dl * (dk - dl) / dk**2
                gain = _change(mean[j] - mean[i], after[j] & since, ~after[j] & since)
                yield _two(later, k, "already treated", weight, gain)


def _two(cohort: int, other: int, kind: Compared, weight: float, estimate: float) -> TwoByTwo:
    return TwoByTwo(
        cohort=cohort, other=other, compared_with=kind, weight=float(weight), estimate=estimate
    )


def _change(gap: Floats, late: NDArray[np.bool_], early: NDArray[np.bool_]) -> float:
    if not late.any() or not early.any():
        return 0.0
    return float(gap[late].mean() - gap[early].mean())
