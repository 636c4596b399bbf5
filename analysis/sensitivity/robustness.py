"""How much of joining and of the outcome something unseen would have to explain.

Cinelli & Hazlett 2020 (Journal of the Royal Statistical Society B 82:39-67, section 4) for the
least-squares coefficient of joining, from cells: partial R2 need cross products alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimators.linear import independent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

    Floats = NDArray[np.float64]

_NOTHING = 1e-9  # share of its squares below which a column follows from the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A least-squares coefficient with its classical standard error and degrees of freedom."""

    estimate: float
    std_error: float
    df: int

    def robustness(self, alpha: float | None = None) -> float:
        """Share of both that brings the estimate to zero; with ``alpha``, its interval to zero."""
        found = abs(self.estimate) / self.std_error / math.sqrt(self.df)
        if alpha is None:
            return _share(found)
        needed = float(stats.t.isf(alpha / 2, self.df - 1)) / math.sqrt(self.df - 1)
        if found <= needed:
            return 0.0
        if found * needed > 1:
            return (found**2 - needed**2) / (1 + found**2)
        return _share(found - needed)

    def left(self, bound: Bound) -> float:
        """The estimate if something as strong as the bound were added, at worst."""
        bias = math.sqrt(bound.outcome * bound.joining / (1 - bound.joining) * self.df)
        return math.copysign(1.0, self.estimate) * (abs(self.estimate) - bias * self.std_error)


def _share(f: float) -> float:
    return (math.sqrt(f**4 + 4 * f**2) - f**2) / 2


@dataclass(frozen=True, slots=True)
class Bound:
    """Partial R2 of something unseen: with joining, and with the outcome given joining."""

    joining: float
    outcome: float


def bound(joining: float, outcome: float, times: float) -> Bound | None:
    """The bound of something ``times`` as strong as a covariate with these partial R2.

    None where nothing can be that strong.
    """
    odds = joining / (1 - joining)
    with_joining = times * odds
    if with_joining >= 1 or times * joining >= 1:
        return None
    shared = times * joining**2 / ((1 - times * joining) * (1 - joining))
    if shared >= 1:
        return None
    grown = (math.sqrt(times) + math.sqrt(shared)) / math.sqrt(1 - shared)
    return Bound(with_joining, min(grown**2 * outcome / (1 - outcome), 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """The outcome on joining and covariates: its coefficient, partial R2 of named covariates.

    ``partial``: with joining given the other covariates, with the outcome given these and joining.
    """

    coefficient: Coefficient
    partial: Mapping[str, tuple[float, float]]


def regression(
    cells: Cells, named: Mapping[str, Sequence[int]], *, varying: bool = False
) -> Regression | None:
    """Least squares of the outcome on joining and the design of the cells.

    ``named`` are the columns of the design that belong to each covariate. ``varying``: the effect
    may differ with every column, and the coefficient is the average effect on those who joined; a
    covariate then takes its interaction along. None without freedom or where joining or the
    outcome follows from the covariates.
    """
    designs = _designs(cells, varying)
    there = [d[n > 0] for d, n in zip(designs, cells.people, strict=True)]
    kept = np.flatnonzero(independent(np.vstack(there)))
    gram = _cross_products(cells, [d[:, kept] for d in designs])
    size = len(kept)
    both = [size, size + 1]  # joining, the outcome
    df = round(sum(cells.counts)) - size - 1
    left = _left_over(gram, list(range(size)), both)
    if df < 2 or left[0, 0] <= _NOTHING * gram[size, size]:
        return None
    slope, rest = _fit(left)
    if rest <= _NOTHING * gram[-1, -1] or slope == 0:
        return None
    partial = {}
    width = cells.design.shape[1]
    for name, columns in named.items():
        own = {*columns, *(width - 1 + c for c in columns)}
        others = [i for i in range(size) if int(kept[i]) not in own]
        if len(others) < size:
            without = _left_over(gram, others, both)
            partial[name] = (
                max(float(1 - left[0, 0] / without[0, 0]), 0.0),
                max(1 - rest / _fit(without)[1], 0.0),
            )
    error = math.sqrt(rest / df / float(left[0, 0]))
    return Regression(
        coefficient=Coefficient(estimate=slope, std_error=error, df=df), partial=partial
    )


def _designs(cells: Cells, varying: bool) -> list[Floats]:
    """The columns of a cell's people in the comparison and among the joiners."""
    if not varying:
        return [cells.design, cells.design]
    centred = cells.design[:, 1:] - cells.people[1] @ cells.design[:, 1:] / cells.counts[1]
    return [
        np.hstack([cells.design, np.zeros_like(centred)]),
        np.hstack([cells.design, centred]),
    ]


def _fit(left: Floats) -> tuple[float, float]:
    """Coefficient of joining and what it leaves of the outcome, from (2, 2) cross products."""
    slope = float(left[0, 1] / left[0, 0])
    return slope, float(left[1, 1] - slope * left[0, 1])


def _cross_products(cells: Cells, designs: list[Floats]) -> Floats:
    """Of the columns by arm, joining and the outcome, over people."""
    size = designs[0].shape[1]
    made = np.zeros((size + 2, size + 2))
    for arm, (x, people, total) in enumerate(zip(designs, cells.people, cells.total, strict=True)):
        columns = np.column_stack([x, np.full(len(x), float(arm))])
        made[:-1, :-1] += (columns * people[:, None]).T @ columns
        made[:-1, -1] += columns.T @ total
    made[-1, :-1] = made[:-1, -1]
    made[-1, -1] = (cells.within + cells.total**2 / np.maximum(cells.people, 1.0)).sum()
    return made


def _left_over(gram: Floats, given: list[int], of: list[int]) -> Floats:
    """Cross products of what the columns ``given`` do not explain of the columns ``of``."""
    across = gram[np.ix_(given, of)]
    fitted = np.linalg.solve(gram[np.ix_(given, given)], across)
    return np.asarray(gram[np.ix_(of, of)] - across.T @ fitted)
