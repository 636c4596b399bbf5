"""Months of follow-up: months of 30 days, a year of 365, so that 90, 180 and 365 days are ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS_A_MONTH, DAYS_A_YEAR, MONTHS_A_YEAR = 30, 365, 12


def end_of_month(month: int) -> int:
    """Days from time zero to the end of that month of follow-up: 3 -> 90, 6 -> 180, 12 -> 365."""
    years, months = divmod(month, MONTHS_A_YEAR)
    return DAYS_A_YEAR * years + DAYS_A_MONTH * months


def ends_a_month(day: int) -> bool:
    """Whether a month of follow-up ends on that day; day 0 counts as one."""
    rest = day % DAYS_A_YEAR
    return rest % DAYS_A_MONTH == 0 and rest < DAYS_A_MONTH * MONTHS_A_YEAR


def month_of_day(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """The month of follow-up (from 1) of each number of days since time zero (from 0).

    The last month of each year of follow-up has 35 days.
    """
    years, rest = np.divmod(days, DAYS_A_YEAR)
    within = np.minimum(rest // DAYS_A_MONTH, MONTHS_A_YEAR - 1)
    return np.asarray(MONTHS_A_YEAR * years + within + 1)
