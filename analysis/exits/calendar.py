"""Months of follow-up, and calendar months as numbers (12 x year + month - 1).

People assigned on a day are followed in months of 30 days and years of 365, so that 90, 180 and
365 days are ends of months. Trials begin on the first of a month and follow calendar months, so
that who starts, who leaves and who is censored change over at the same moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.careers import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

DAYS_A_MONTH, DAYS_A_YEAR, MONTHS_A_YEAR = 30, 365, 12
_EPOCH = 12 * 1970


def end_of_month(month: int) -> int:
    """Days from time zero to the end of that month of follow-up: 3 -> 90, 6 -> 180, 12 -> 365."""
    years, months = divmod(month, MONTHS_A_YEAR)
    return DAYS_A_YEAR * years + DAYS_A_MONTH * months


def ends_a_month(day: int) -> bool:
    """Whether a month of follow-up ends on that day; day 0 counts as one."""
    rest = day % DAYS_A_YEAR
    return rest % DAYS_A_MONTH == 0 and rest < DAYS_A_MONTH * MONTHS_A_YEAR


def month_of_day(days: Ints) -> Ints:
    """The month of follow-up (from 1) of each number of days since time zero (from 0).

    The last month of each year of follow-up has 35 days.
    """
    years, rest = np.divmod(days, DAYS_A_YEAR)
    within = np.minimum(rest // DAYS_A_MONTH, MONTHS_A_YEAR - 1)
    return np.asarray(MONTHS_A_YEAR * years + within + 1)


def calendar_month(day: Ints) -> Ints:
    """The calendar month, 12 x year + month - 1, of days counted from 1970-01-01."""
    months = np.asarray(day).astype("datetime64[D]").astype("datetime64[M]")
    return np.asarray(months.astype(np.int64) + _EPOCH)


def month_or_never(day: Ints) -> Ints:
    """The calendar month of each day; ``NEVER`` where there is none."""
    known = day < NEVER
    return np.where(known, calendar_month(np.where(known, day, 0)), NEVER)


def first_day(month: Ints) -> Ints:
    """The first day of each calendar month, counted from 1970-01-01."""
    days = (np.asarray(month) - _EPOCH).astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(days.astype(np.int64))
