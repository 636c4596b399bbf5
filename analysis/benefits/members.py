"""Who belongs to which subgroup, by what was known at time zero."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.benefits.spec import JOBS, PAST
from analysis.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from analysis.benefits.spec import Subgroup
    from analysis.panel import Panel
    from analysis.study import StudySpec

COLUMN = "subgroup: "  # how columns of people and names of results begin
NOT_RECORDED = "not recorded"
MOST = 12  # more groups of one column are no subgroups but a list


def column_of(subgroup: Subgroup) -> str:
    """Column of people, and name of the results, of a subgroup variable."""
    return column_of_name(subgroup.name)


def column_of_name(name: str) -> str:
    """The same, from the variable's name."""
    return f"{COLUMN}{name}"


def subgroup_columns(
    spec: StudySpec, people: pd.DataFrame, past: pd.Series[float]
) -> dict[str, pd.Series[str]]:
    """A categorical column of labels for each subgroup variable, in the order of ``people``.

    ``past`` is the outcome before time zero. Missing where the column is not recorded. Raises
    SpecError where a column does not fit its cuts or has too many values.
    """
    return {
        column_of(s): levels(s, past if s.name == PAST else people[s.name]) for s in spec.subgroups
    }


def levels(subgroup: Subgroup, values: pd.Series) -> pd.Series[str]:
    """The group of each value as an ordered category: by the cuts, else each value its own."""
    numbers = pd.to_numeric(values, errors="coerce")
    known = values.notna()
    if subgroup.cuts:
        if numbers[known].isna().any():
            _refuse(subgroup, "is not a number for everybody", "Remove `cuts`.")
        return cut(subgroup.cuts, numbers)
    text = values.astype("string").where(known)
    found = sorted(text.dropna().unique(), key=_by_size)
    if len(found) > MOST:
        numeric = subgroup.name not in JOBS and numbers[known].notna().all()
        fix = "Declare `cuts`." if numeric else "Group the values in the delivery."
        _refuse(subgroup, f"has more than {MOST} different values", fix)
    return pd.Series(pd.Categorical(text, categories=found, ordered=True), index=values.index)


def banded(name: str, cuts: tuple[float, ...], values: pd.Series) -> pd.Series[str]:
    """The band of each value of a covariate; SpecError where it is not a number for everybody."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers[values.notna()].isna().any():
        raise SpecError("bands", f"{name}: is not a number for everybody", "Remove it.")
    return cut(cuts, numbers)


def cut(cuts: tuple[float, ...], numbers: pd.Series[float]) -> pd.Series[str]:
    """Numbers in the groups that begin at the cuts."""
    place = np.searchsorted(cuts, numbers.fillna(0).to_numpy(dtype=float), side="right")
    labels = cut_labels(cuts)
    text = np.array([*labels, None], dtype=object)[np.where(numbers.isna(), len(labels), place)]
    return pd.Series(pd.Categorical(text, categories=labels, ordered=True), index=numbers.index)


def cut_labels(cuts: tuple[float, ...]) -> list[str]:
    """Names of the groups: under 12, 12 to under 24, 24 and over."""
    between = (f"{a:g} to under {b:g}" for a, b in pairwise(cuts))
    return [f"under {cuts[0]:g}", *between, f"{cuts[-1]:g} and over"]


def named(variable: str, label: str) -> str:
    """A group with its variable, as printed: "tenure months under 12"."""
    return f"{variable.replace('_', ' ')} {label}"


def parts(panel: Panel, subgroup: Subgroup) -> Iterator[tuple[str, Panel]]:
    """The panel of each group in order, those of whom nothing is recorded last if there are any."""
    column = panel.people[column_of(subgroup)]
    for label in column.cat.categories:
        if (column == label).any():
            yield label, only(panel, (column == label).to_numpy(dtype=bool))
    if column.isna().any():
        yield NOT_RECORDED, only(panel, column.isna().to_numpy(dtype=bool))


def present(labels: Sequence[str], codes: NDArray[np.integer]) -> Iterator[tuple[int, str]]:
    """Code and label of groups that somebody is in, those of whom nothing is recorded (-1) last."""
    for code, label in (*enumerate(labels), (-1, NOT_RECORDED)):
        if (codes == code).any():
            yield code, label


def only(panel: Panel, kept: np.ndarray) -> Panel:
    """The panel of some of its people (n,)."""
    people = panel.people[kept].reset_index(drop=True)
    rows = panel.rows[panel.rows["person"].isin(people["person"])].reset_index(drop=True)
    return replace(panel, people=people, rows=rows)


def _by_size(text: str) -> tuple[bool, float, str]:
    """Numbers by size, then words by letter."""
    number = pd.to_numeric(text, errors="coerce")
    return bool(np.isnan(number)), 0.0 if np.isnan(number) else float(number), text


def _refuse(subgroup: Subgroup, problem: str, fix: str) -> None:
    raise SpecError("subgroups", f"{subgroup.name}: {problem}", fix)
