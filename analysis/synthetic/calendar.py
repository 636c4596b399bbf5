"""The company's calendar: months 0..47 are 2022-01..2025-12."""

from __future__ import annotations

import numpy as np

from analysis.synthetic.streams import MONTHLY, Bools, Dates, Floats, Ints

MONTHS = MONTHLY
NEVER = MONTHS  # an event after the last month has not been seen
START = np.datetime64("2022-01", "M")


def month_start(month: Ints) -> Dates:
    """First day of each month, as datetime64[D]; months before 0 lie before 2022."""
    return np.asarray((START + month.astype("timedelta64[M]")).astype("datetime64[D]"))


def month_of(day: Dates | np.datetime64) -> Ints:
    """Calendar month of each day."""
    return np.asarray(day.astype("datetime64[M]") - START).astype(np.int64)


def days_in(month: Ints) -> Ints:
    """Number of days of each month."""
    return (month_start(month + 1) - month_start(month)).astype(np.int64)


def day_in(month: Ints, uniform: Floats, from_day: Ints | int = 0) -> Dates:
    """A uniform day of each month, not before ``from_day`` (0 is the first of the month)."""
    offset = from_day + np.floor(uniform * (days_in(month) - from_day)).astype(np.int64)
    return np.asarray(month_start(month) + offset.astype("timedelta64[D]"))


def first_hit(hits: Bools) -> Ints:
    """Column of the first True of each row; NEVER where there is none."""
    return np.where(hits.any(axis=1), hits.argmax(axis=1), NEVER)
