"""The rows of one regression as arrays: outcome, arm, month, stratum, cluster and covariates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from analysis.estimate import TOO_FEW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.outcome import Link
    from analysis.panel import Panel
    from analysis.study import Window

Missing = Literal["indicator", "drop"]

MIN_PEOPLE = 2  # fewer in an arm and there is no spread to compare with


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Row-aligned arrays of shape (n,), and the covariates of people without missing values.

    ``arm`` is 0 for the comparison and 1, 2, .. for ``panel.treated`` in order. ``of_person``
    (P, k) are covariates, ``place`` (n,) the row of a person in them. ``exact_rows``: regressions
    are to be made on full rows, without compression.
    """

    outcome: NDArray[np.float64]
    arm: NDArray[np.int64]
    month: NDArray[np.int64]
    person: NDArray[np.int64]
    cluster: NDArray[np.int64]
    stratum: NDArray[np.int64]
    take_up: NDArray[np.float64]
    pre_outcome: NDArray[np.float64]
    place: NDArray[np.intp]
    of_person: NDArray[np.float64]
    exact_rows: bool = False

    def where(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> Sample:
        """The rows for which ``kept`` (n,) is true, or with these positions."""
        of_rows = (name for name in self.__slots__ if name not in ("of_person", "exact_rows"))
        return replace(self, **{name: getattr(self, name)[kept] for name in of_rows})

    @property
    def covariates(self) -> NDArray[np.float64]:
        """The covariates of each row, (n, k)."""
        return np.asarray(self.of_person[self.place])

    @property
    def size_of_outcome(self) -> float:
        """Largest absolute outcome: what rounding errors are measured against."""
        return float(np.abs(self.outcome).max())

    def people(self, code: int) -> int:
        """People of an arm with a row after time zero (comparison: with any row)."""
        kept = self.arm == code
        if code:
            kept &= self.month >= 0
        return int(np.count_nonzero(np.bincount(self.place[kept])))

    def counts(self, code: int) -> tuple[int, int, int]:
        """People of the arm, people of the comparison, rows."""
        return self.people(code), self.people(0), len(self.outcome)


def build_sample(
    panel: Panel, window: Window, missing: Missing, *, adjusted: bool = True
) -> Sample:
    """Rows of the window with their person's columns; covariates completed as declared.

    ``missing`` "drop" keeps people with all covariates; "indicator" fills the mean of the
    sample and adds a 0/1 column for each covariate that has gaps. Without ``adjusted`` the
    sample has no covariates and loses nobody.
    """
    arms = {panel.comparison: 0} | {arm: i for i, arm in enumerate(panel.treated, start=1)}
    people, rows = panel.people, panel.between(*window).rows
    rows = rows[rows["person"].isin(people["person"])]
    place = pd.Index(people["person"]).get_indexer(rows["person"])
    code = np.array([arms.get(arm, -1) for arm in people["arm"]], dtype=np.int64)
    names = list(panel.covariates) if adjusted else []

    def of_person(name: str, kind: type) -> NDArray[Any]:
        return np.asarray(people[name].to_numpy(dtype=kind)[place])

    sample = Sample(
        outcome=rows["outcome"].to_numpy(dtype=float),
        arm=code[place],
        month=np.asarray(rows["event_month"], dtype=np.int64),
        person=np.asarray(rows["person"], dtype=np.int64),
        cluster=of_person("cluster", np.int64),
        stratum=of_person("stratum", np.int64),
        take_up=of_person("take_up", float),
        pre_outcome=of_person("pre_outcome", float),
        place=place,
        of_person=people[names].to_numpy(dtype=float).reshape(len(people), len(names)),
        exact_rows=panel.exact_rows,
    ).where(code[place] >= 0)
    if missing == "drop":
        complete = ~np.asarray(np.isnan(sample.of_person).any(axis=1))
        sample = sample.where(complete[sample.place])
        return replace(sample, of_person=np.where(complete[:, None], sample.of_person, 0.0))
    times = np.bincount(sample.place, minlength=len(people))
    return replace(sample, of_person=fill_missing(sample.of_person, times))


def fill_missing(
    values: NDArray[np.float64], rows: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Columns (n, k) with gaps filled by the column mean, and a 0/1 column for each with gaps.

    ``rows`` (n,) counts how often each stands; without it, once.
    """
    weight = np.ones(len(values)) if rows is None else rows.astype(float)
    absent = np.isnan(values)
    known = weight @ ~absent
    means = weight @ np.where(absent, 0.0, values) / np.where(known > 0, known, 1.0)
    filled = np.where(absent, means, values)
    gaps = (absent & (weight > 0)[:, None]).any(axis=0)
    return np.column_stack([filled, absent[:, gaps].astype(float)])


def dummies(codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """0/1 columns (n, levels - 1) of every level but the first, in sorted order."""
    levels = np.unique(codes)[1:]
    return np.asarray(codes[:, None] == levels[None, :], dtype=float)


def design_columns(sample: Sample) -> NDArray[np.float64]:
    """What the design fixes: constant, event months and strata (each but the first)."""
    constant = np.ones((len(sample.outcome), 1))
    return np.hstack([constant, dummies(sample.month), dummies(sample.stratum)])


def informative(sample: Sample, link: Link) -> Sample:
    """The rows a regression can learn from: for ratios not those of months or strata of zeros only.

    Such a month has a mean of 0 in every arm, whatever the ratio is; its dummy has no maximum.
    """
    return sample if link == "identity" else sample.where(not_of_zeros(sample))


def not_of_zeros(sample: Sample) -> NDArray[np.bool_]:
    """Which rows (n,) belong to months and strata that are not all zeros."""
    kept = np.ones(len(sample.outcome), dtype=bool)
    for codes in (sample.month, sample.stratum):
        group = np.unique(codes, return_inverse=True)[1]
        kept &= np.bincount(group, weights=sample.outcome)[group] > 0
    return kept


def too_thin(sample: Sample, code: int, arm: str) -> str | None:
    """Why this arm cannot be compared, in plain words; None where it can."""
    if sample.people(code) < MIN_PEOPLE:
        return f"{TOO_FEW} of {arm} have an outcome and the model's covariates"
    kept = sample.arm == code
    if len(np.unique(sample.cluster[kept])) < MIN_PEOPLE:
        return f"all people of {arm} are in one cluster"
    return None


def unusable(sample: Sample, comparison: str) -> str | None:
    """Why nothing at all can be estimated from these rows; None where it can."""
    if not len(sample.outcome):
        return "nobody has an outcome in this window and the covariates of the model"
    if np.ptp(sample.outcome) == 0:
        return "the outcome is the same for everybody in this window"
    return too_thin(sample, 0, comparison)
