"""Rows of a love plot: each covariate's difference, and the people whom it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.balance import BalanceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Pair = tuple[int, int]
    Rest = tuple[tuple[str, Pair], ...]

MISSING = " missing"
_CONSTANT = 1e-9  # SD of a column that is the same for everybody, but for rounding
_BANDS = ("stratum ", "tenure from ", "year ")  # columns of one covariate that have no "="


def mean_and_variance(values: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Means and variances (k,) of columns (c, k) over people or weights (c,)."""
    total = mass.sum()
    mean = mass @ values / total
    return np.asarray(mean), np.asarray(mass @ (values - mean) ** 2 / total)


def sides(columns: Floats, people: Floats) -> tuple[Floats, Floats, Floats]:
    """Means (k,) of columns (c, k) of the comparison and of the treated, and their pooled SD.

    ``people`` (2, c). The SD is 0 of a column that is the same for everybody.
    """
    (others, low), (treated, high) = (mean_and_variance(columns, side) for side in people)
    pooled = np.sqrt((low + high) / 2)
    return others, treated, np.where(pooled > _CONSTANT, pooled, 0.0)


def named(column: str) -> tuple[str, str]:
    """Covariate and level of a column: "grade=b" is level b of grade; a number has none."""
    if column.endswith(MISSING):
        return column.removesuffix(MISSING).split("=")[0] + MISSING, ""
    for band in _BANDS:
        if column.startswith(band):
            return band.strip(), column.removeprefix(band)
    covariate, _, level = column.partition("=")
    return covariate, level


def counter(people: Floats, month: NDArray[np.int64] | None = None) -> Callable[[Bools], Pair]:
    """What counts people (treated, comparison) of cells (c,), from ``people`` (2, c).

    ``month`` (c,) of sequential trials, in which one person is compared many times: those of the
    month that has most are different people.
    """
    code = None if month is None else np.unique(month, return_inverse=True)[1]

    def count(which: Bools) -> Pair:
        others, treated = people[0][which], people[1][which].sum()
        alike = others.sum() if code is None else np.bincount(code[which], others).max(initial=0.0)
        return round(float(treated)), round(float(alike))

    return count


def rows_of(
    names: Sequence[str],
    columns: Iterable[Floats],
    count: Callable[[Bools], Pair],
    found: Mapping[str, tuple[float, float | None]],
) -> tuple[tuple[BalanceRow, ...], Rest]:
    """A row for each column of ``found`` (before, after), and the people in no row's category.

    ``columns`` (c,) hold gaps as nan.
    """
    rows: dict[tuple[str, str], BalanceRow] = {}
    first: dict[str, Bools] = {}
    unknown: dict[str, Bools] = {}
    for name, values in zip(names, columns, strict=True):
        covariate, level = named(name)
        values = np.ascontiguousarray(values)  # a column of a matrix is slow to walk along
        top, bottom, other = _parts(values)
        if level:
            first[covariate] = first.get(covariate, ~other) & ~top & ~other
            unknown[covariate] = other
        if name in found and (covariate, level) not in rows:
            before, after = found[name]
            groups = (top, bottom, other) if _is_share(values[other]) else ()
            rows[covariate, level] = BalanceRow(
                covariate=covariate, level=level, before=before, after=after,
                groups=tuple(count(g) for g in groups),
            )  # fmt: skip
    rest = [(name, count(g)) for name in first for g in (first[name], unknown[name])]
    return tuple(rows.values()), tuple((name, pair) for name, pair in rest if any(pair))


def _is_share(between: Floats) -> bool:
    """Whether a column counts people: it has two values, and at most one between them.

    That one is what gaps of a category were filled with, if they were.
    """
    known = between[~np.isnan(between)]
    return not len(known) or bool((known == known[0]).all())


def _parts(values: Floats) -> tuple[Bools, Bools, Bools]:
    """Which cells have the highest value, the lowest, and neither."""
    known = values[~np.isnan(values)]
    low, high = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    top = np.asarray(values == high)
    bottom = np.asarray(values == low) & ~top
    return top, bottom, ~top & ~bottom
