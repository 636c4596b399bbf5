"""Covariates of a roll-out as cells: people who are alike in all of them count together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.benefits.members import NOT_RECORDED, banded, levels
from analysis.errors import SpecError
from analysis.roll_out_query import KNOWN, attributes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.study import StudySpec

    Groups = tuple[NDArray[np.int64], tuple[str, ...]]
    Cells = tuple[NDArray[np.int64], NDArray[np.float64] | None, tuple[str, ...]]

TENURE = (6, 12, 24, 60)  # months at which a band of tenure begins
FEW = 10  # a number with more values than this is cut into fifths


def cells(spec: StudySpec, people: pd.DataFrame) -> Cells:
    """Each person's cell, a row of 0/1 columns a cell (a constant first), names of the others.

    Numbers in the study's ``bands``; else tenure in bands of ours, numbers of many values in
    fifths of people, everything else as it is; all as first seen. Raises SpecError for an attribute
    that nobody has.
    """
    if not spec.adjust_for:
        return np.zeros(len(people), dtype=np.int64), None, ()
    values = _columns(spec, people, "adjust_for", spec.adjust_for)
    text = np.column_stack(
        [_levels(name, values[name], spec.bands.get(name, ())) for name in spec.adjust_for]
    )
    rows, cell = np.unique(text, axis=0, return_inverse=True)
    columns, names = [np.ones(len(rows))], []
    for j, name in enumerate(spec.adjust_for):
        for level in np.unique(rows[:, j])[1:]:
            columns.append((rows[:, j] == level) * 1.0)
            names.append(f"{name}={level}")
    return cell.reshape(-1), np.column_stack(columns), tuple(names)


def groups(spec: StudySpec, people: pd.DataFrame) -> tuple[Groups, ...]:
    """Of each declared subgroup variable the code of each person (-1: not recorded), and labels."""
    names = tuple(s.name for s in spec.subgroups)
    values = _columns(spec, people, "subgroups", names)
    found = [levels(s, values[s.name]) for s in spec.subgroups]
    return tuple(
        (np.asarray(c.cat.codes, dtype=np.int64), tuple(str(v) for v in c.cat.categories))
        for c in found
    )


def _columns(
    spec: StudySpec, people: pd.DataFrame, key: str, names: tuple[str, ...]
) -> dict[str, pd.Series]:
    """What is known of people by each name; SpecError for an attribute that nobody has."""
    own = {name: f"attribute_{i}" for i, name in enumerate(attributes_of(spec)) if name in names}
    missing = [name for name, column in own.items() if people[column].isna().all()]
    if missing:
        raise SpecError(
            key,
            f"{', '.join(missing)}: no such attribute of people",
            f"Load it under `attributes`, or use one of {', '.join(KNOWN)}.",
        )
    return {name: people[own.get(name, name)] for name in names}


def _levels(name: str, values: pd.Series, cuts: tuple[float, ...]) -> NDArray[np.str_]:
    """The level of each person as text."""
    if cuts:
        found = banded(name, cuts, values).astype("string")
        return found.fillna(NOT_RECORDED).to_numpy(dtype=str)
    known = values.notna()
    if name == "tenure_months":
        band = np.searchsorted(TENURE, values.fillna(0).to_numpy(dtype=float), side="right")
        return np.where(known, np.char.add("band ", band.astype(str)), NOT_RECORDED)
    number = pd.to_numeric(values, errors="coerce")
    if (number.notna() == known).all() and number.nunique() > FEW:
        edges = np.unique(number.quantile([0.2, 0.4, 0.6, 0.8]).to_numpy(dtype=float))
        fifth = np.searchsorted(edges, number.fillna(0).to_numpy(dtype=float), side="right")
        return np.where(known, np.char.add("fifth ", (fifth + 1).astype(str)), NOT_RECORDED)
    return values.astype("string").fillna(NOT_RECORDED).to_numpy(dtype=str)
