"""The calendar months of a study by spell: who was employed, in which job, in the population.

A month is looked at on its first day, or on the day of hire of those hired in it: whatever comes
later in the month is not known when it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import SpecError
from analysis.exits.calendar import calendar_month
from analysis.exits.records import to_days
from analysis.funnel import JOB_COLUMNS
from analysis.population import matches
from analysis.study import Range

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.exits.careers import Days
    from analysis.exits.records import Spells
    from analysis.population import Rule

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """``spells`` (n) by calendar months from ``first`` (months): 12 * year + month - 1.

    ``jobs``: who held which job when, one row an assignment, numbered from 0; ``job`` (n, months)
    the row of each month, -1 where no job is known or the person is not employed. ``attributes``:
    one text column an attribute, a row a spell.
    """

    spells: Spells
    first: int
    months: int
    jobs: pd.DataFrame
    job: NDArray[np.int32]
    attributes: pd.DataFrame

    def take(self, rows: Bools) -> Grid:
        """Some of the spells."""
        return replace(
            self,
            spells=self.spells.take(rows),
            job=self.job[rows],
            attributes=self.attributes[rows].reset_index(drop=True),
        )

    def hire_column(self) -> Ints:
        """Column of the month of hire (n,), negative before the grid."""
        return calendar_month(self.spells.hired) - self.first

    def employed(self, end: int) -> Bools:
        """Whether the person was there when each month began, or was hired in it (n, months)."""
        column = np.arange(self.months)
        last = calendar_month(np.minimum(self.spells.exit, end)) - self.first
        return (column >= self.hire_column()[:, None]) & (column <= last[:, None])

    def tenure(self) -> NDArray[np.float64]:
        """Calendar months since the month of hire (n, months); meant where employed."""
        return np.asarray(np.arange(self.months) - self.hire_column()[:, None], np.float64)

    def job_first(self, name: str, marked: Bools) -> pd.Series[str]:
        """A column of the job held in the first marked month of each spell; none where no month is
        marked or no job is known.
        """
        row = self.job[np.arange(len(marked)), np.argmax(marked, axis=1)]
        return self.jobs[name].astype("string").reindex(row).reset_index(drop=True)

    def satisfies(self, name: str, rule: Rule) -> Bools:
        """Whether each spell satisfies one rule of the population in each month (n, months)."""
        if name in JOB_COLUMNS:
            fits = np.append(matches(self.jobs[name], rule).to_numpy(dtype=bool), False)
            return np.asarray(fits[self.job])
        if name == "tenure_months":
            if not isinstance(rule, Range):
                raise SpecError("population", f"{name}: is a number", "Write {min: 3, max: 24}.")
            tenure = self.tenure()
            return (tenure >= rule.min) & (tenure <= rule.max)
        if name not in self.attributes:
            raise SpecError(
                "population",
                f"{name}: is not known of people month by month",
                f"Use {', '.join(JOB_COLUMNS)}, tenure_months or an attribute of people.",
            )
        fits = matches(self.attributes[name], rule).to_numpy(dtype=bool)
        return np.broadcast_to(fits[:, None], (len(fits), self.months))


def make_grid(
    spells: Spells, jobs: pd.DataFrame, attributes: pd.DataFrame, first: int, last: int
) -> Grid:
    """The months ``first`` to ``last`` of the spells; ``jobs`` is what its query returns."""
    months = last - first + 1
    return Grid(
        spells=spells,
        first=first,
        months=months,
        jobs=jobs,
        job=_jobs_by_month(spells, jobs, first, months),
        attributes=attributes,
    )


def _jobs_by_month(
    spells: Spells, jobs: pd.DataFrame, first: int, months: int
) -> NDArray[np.int32]:
    """The row of ``jobs`` held in each month of each spell (n, months), -1 where none is known."""
    found = np.full((len(spells), months), -1, dtype=np.int32)
    row, spell = _of_one_person(jobs["person_no"].to_numpy(dtype=np.int64), spells.person_no)
    begins, ends = to_days(jobs["valid_from"])[row], to_days(jobs["valid_to"])[row]
    hired, left = spells.hired[spell], spells.exit[spell]
    since = np.maximum(_first_from(begins), _first_from(hired)) - first
    until = np.minimum(_first_from(ends), _first_from(left + 1)) - first
    since, until = np.clip(since, 0, months), np.clip(until, 0, months)
    length = np.maximum(until - since, 0)
    cell = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    found[np.repeat(spell, length), np.repeat(since, length) + cell] = np.repeat(row, length)
    new = calendar_month(hired) - first  # the month of hire, on the day of hire
    there = (begins <= hired) & (hired < ends) & (new >= 0) & (new < months)
    found[spell[there], new[there]] = row[there]
    return found


def _of_one_person(of_jobs: Ints, of_spells: Ints) -> tuple[Ints, Ints]:
    """All pairs of a job and a spell of one person; ``of_spells`` is sorted."""
    low = np.searchsorted(of_spells, of_jobs, side="left")
    count = np.searchsorted(of_spells, of_jobs, side="right") - low
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(np.arange(len(of_jobs)), count), np.repeat(low, count) + place


def _first_from(day: Days) -> Ints:
    """The first calendar month that begins on the day or later."""
    far = 4_000_000  # days; beyond any calendar, within that of NumPy
    return calendar_month(np.minimum(day, far) - 1) + 1
