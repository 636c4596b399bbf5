"""Covariates of a study of exits, as codes of few values by month.

Names: columns of the job; attributes of people; ``performance.METRIC``, the mean of
the three months before; ``survey.ITEM``, the last answer before the month.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.benefits.members import cut_labels
from analysis.errors import SpecError
from analysis.exits.careers import Covariate
from analysis.exits.query import answers_query, figures_query
from analysis.funnel import JOB_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.exits.grid import Grid
    from analysis.funnel import Query
    from analysis.study import StudySpec

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Read = Callable[[Query], pd.DataFrame]

GROUPS = 10  # a number becomes at most so many groups of equally many person-months
CATEGORIES = 50
PAST = 3  # months whose mean is known when a month begins


def covariates(spec: StudySpec, grid: Grid, told: Bools, read: Read) -> tuple[Covariate, ...]:
    """The study's covariates in each month; ``told`` (n, months) marks the months that may begin
    a trial, over which numbers are grouped.
    """
    return tuple(_covariate(spec, name, grid, told, read) for name in spec.adjust_for)


def _covariate(spec: StudySpec, name: str, grid: Grid, told: Bools, read: Read) -> Covariate:
    if name in JOB_COLUMNS:
        return _categories(name, grid.jobs[name], grid.job)
    cuts = spec.bands.get(name, ())
    kind, _, what = name.partition(".")
    if kind == "performance":
        past = past_means(grid, read(figures_query(spec, what, grid.first - PAST)))
        return _groups(name, past, told, cuts)
    if kind == "survey":
        return _groups(name, last_answers(grid, read(answers_query(spec, what))), told, cuts)
    if name not in grid.attributes:  # attributes that nobody has were refused before
        raise SpecError(
            "adjust_for",
            f"{name}: exists only where lots were drawn within it",
            "Remove it; compare within columns of the job or attributes of people.",
        )
    text = grid.attributes[name]
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers[text.notna()].notna().all() and text.notna().any():
        at_all = np.asarray(told.any(axis=1, keepdims=True))
        return _groups(name, numbers.to_numpy(dtype=float)[:, None], at_all, cuts)
    if cuts:
        raise SpecError("bands", f"{name}: is not a number for everybody", "Remove it.")
    return _categories(name, text, np.arange(len(text))[:, None])


def _categories(name: str, text: pd.Series[str], row: NDArray[np.integer]) -> Covariate:
    """Codes of the texts at ``row`` (n, months); -1 where the row is or the text is missing."""
    codes, labels = pd.factorize(text.astype("string"), sort=True)
    found = np.append(codes, -1)[row]
    used, dense = np.unique(found, return_inverse=True)
    missing = int(used[0] == -1) if len(used) else 0
    if len(used) - missing > CATEGORIES:
        raise SpecError(
            "adjust_for",
            f"{name}: has more than {CATEGORIES} categories",
            "Group them in the delivery, or write `cluster` where errors go together by it.",
        )
    return Covariate(
        name=name,
        codes=(dense.reshape(found.shape) - missing).astype(np.int16),
        labels=tuple(str(labels[code]) for code in used[missing:]),
    )


def _groups(name: str, values: Floats, told: Bools, bands: tuple[float, ...]) -> Covariate:
    """Numbers (n, months) in groups of equally many among ``told``, each with its mean there.

    With ``bands`` the groups are categories that begin there.
    """
    known = np.sort(values[told & ~np.isnan(values)])
    if not len(known):
        raise SpecError(
            "adjust_for",
            f"{name}: is recorded of nobody when they could start",
            "Correct the name, or remove it.",
        )
    if bands:
        band = np.where(np.isnan(values), -1, np.searchsorted(bands, values, side="right"))
        return Covariate(name=name, codes=band.astype(np.int16), labels=tuple(cut_labels(bands)))
    distinct = np.unique(known)
    cuts = distinct[1:]
    if len(distinct) > GROUPS:
        cuts = np.unique(known[(np.arange(1, GROUPS) * len(known)) // GROUPS])
        cuts = cuts[cuts > known[0]]
    codes = np.searchsorted(cuts, values, side="right")
    place = np.searchsorted(cuts, known, side="right")
    sizes = np.bincount(place, minlength=len(cuts) + 1)
    means = np.bincount(place, weights=known, minlength=len(cuts) + 1) / sizes
    return Covariate(
        name=name,
        codes=np.where(np.isnan(values), -1, codes).astype(np.int16),
        labels=tuple(f"{mean:.3g}" for mean in means),
        scores=tuple(float(mean) for mean in means),
    )


def past_means(grid: Grid, figures: pd.DataFrame) -> Floats:
    """Mean of the ``PAST`` months before each month (n, months); nan where there are none."""
    people, row = np.unique(grid.spells.person_no, return_inverse=True)
    place, cell, value = _cells(people, figures, grid.first - PAST, grid.months + PAST)
    shape = (len(people), grid.months + PAST)
    flat = place * shape[1] + cell
    size = shape[0] * shape[1]
    count = np.bincount(flat, minlength=size).reshape(shape)
    total = np.bincount(flat, weights=value, minlength=size).reshape(shape)
    past = [slice(j, j + grid.months) for j in range(PAST)]
    known = np.sum([count[:, part] for part in past], axis=0)
    means = np.full(known.shape, np.nan)
    np.divide(np.sum([total[:, part] for part in past], axis=0), known, out=means, where=known > 0)
    return means[row]


def last_answers(grid: Grid, answers: pd.DataFrame) -> Floats:
    """The last answer given before each month (n, months); nan where there is none."""
    people, row = np.unique(grid.spells.person_no, return_inverse=True)
    place, cell, value = _cells(people, answers, 0, grid.first + grid.months)
    found = np.full((len(people), grid.months), np.nan)
    column = np.clip(cell + 1 - grid.first, 0, grid.months)
    fits = column < grid.months
    found[place[fits], column[fits]] = value[fits]  # in order of time: the last one stays
    filled = pd.DataFrame(found).ffill(axis=1).to_numpy()
    return np.asarray(filled[row], dtype=np.float64)


def _cells(people: Ints, rows: pd.DataFrame, first: int, months: int) -> tuple[Ints, Ints, Floats]:
    """Place of the person, month from ``first`` and value of the rows about these people."""
    number = rows["person_no"].to_numpy(dtype=np.int64)
    month = rows["month_no"].to_numpy(dtype=np.int64) - first
    place = np.searchsorted(people, number)
    place = np.minimum(place, len(people) - 1)
    kept = (people[place] == number) & (month >= 0) & (month < months)
    return place[kept], month[kept], rows["value"].to_numpy(dtype=np.float64)[kept]
