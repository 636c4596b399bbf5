"""Calendar months between days, and the first and last days of months."""

from __future__ import annotations

import numpy as np
import pandas as pd


def months_since(start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    """Calendar months from the month of ``start`` to the month of ``end``; nan where unknown."""
    first, last = pd.to_datetime(start), pd.to_datetime(end)
    return (last.dt.year - first.dt.year) * 12.0 + (last.dt.month - first.dt.month)


def month_start(day: pd.Series[pd.Timestamp], later: int) -> pd.Series[pd.Timestamp]:
    """The first day of the month ``later`` months after that of ``day``; NaT where unknown."""
    months = pd.to_datetime(day).to_numpy().astype("datetime64[M]") + np.timedelta64(later, "M")
    return pd.Series(months.astype("datetime64[s]"), index=day.index)


def month_end(day: pd.Series[pd.Timestamp], later: int) -> pd.Series[pd.Timestamp]:
    """The last day of the month ``later`` months after that of ``day``; NaT where unknown."""
    return month_start(day, later + 1) - pd.Timedelta(days=1)
