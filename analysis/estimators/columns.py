"""Columns of a regression on people and months, kept as what they are made of.

Every column of a panel regression here is something of the person times something of the month: a
covariate times one, one times a month dummy, an arm times a month dummy. The matrix of all rows,
people x months x columns, is therefore never needed at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.sample import dummies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.sample import Sample

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Column j of person i in month t is ``person[i, j] * month[t, j]``.

    ``person`` (P, k) by the sample's places, ``month`` (T, k) by its months in order.
    """

    person: Floats
    month: Floats

    def __len__(self) -> int:
        return len(self.month.T)

    def beside(self, *others: Columns | None) -> Columns:
        """These columns, then the others'."""
        parts = [self, *(o for o in others if o is not None)]
        return Columns(
            person=np.hstack([p.person for p in parts]), month=np.hstack([p.month for p in parts])
        )

    def rows(self, sample: Sample) -> Floats:
        """The full columns (n, k), a row for each of the sample."""
        when = np.searchsorted(months_of(sample), sample.month)
        return np.asarray(self.person[sample.place] * self.month[when])


def months_of(sample: Sample) -> NDArray[np.int64]:
    """The months (T,) of the sample, in order."""
    if not len(sample.month):
        return sample.month
    first = int(sample.month.min())
    return np.flatnonzero(np.bincount(sample.month - first)) + first


def of_people(sample: Sample, values: NDArray[np.generic]) -> Floats:
    """What is the same in all rows of a person (n,), by place (P,); 0 for people without rows."""
    made = np.zeros(len(sample.of_person))
    made[sample.place] = values
    return made


def every_month(person: Floats, sample: Sample) -> Columns:
    """Columns (P, k) that are the same in every month."""
    return Columns(person=person, month=np.ones((len(months_of(sample)), person.shape[1])))


def design(sample: Sample) -> Columns:
    """What the design fixes: constant, event months and strata (each but the first)."""
    return months(sample).beside(every_month(strata(sample), sample))


def months(sample: Sample) -> Columns:
    """A constant, then a column for each event month but the first."""
    made = np.eye(len(months_of(sample)))
    made[:, 0] = 1.0
    return Columns(person=np.ones((len(sample.of_person), made.shape[1])), month=made)


def strata(sample: Sample) -> Floats:
    """0/1 columns (P, strata - 1) of every stratum among the rows but the first."""
    codes = of_people(sample, sample.stratum)
    codes[np.bincount(sample.place, minlength=len(codes)) == 0] = sample.stratum.min(initial=0)
    return dummies(codes.astype(np.int64))


def covariates(sample: Sample) -> Columns:
    """The sample's covariates."""
    return every_month(sample.of_person, sample)


def arm(sample: Sample, code: int, month: int | None = None) -> Columns:
    """0/1 column of an arm; rows before time zero are control rows for everybody."""
    when = months_of(sample)
    kept = when >= 0 if month is None else (when >= 0) & (when == month)
    return Columns(
        person=(of_people(sample, sample.arm) == code).astype(float)[:, None],
        month=kept.astype(float)[:, None],
    )
