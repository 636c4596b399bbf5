"""Months of a plan, counted from one day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.months import months_since

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = 1_000_000  # a month that does not come


def months_from(first: pd.Timestamp, days: pd.Series[pd.Timestamp]) -> NDArray[np.int64]:
    """Calendar months (n,) from the month of ``first`` to those of ``days``; NEVER for NaT."""
    since = months_since(pd.Series(first, index=days.index), days)
    return np.asarray(since.where(days.notna(), NEVER), dtype=np.int64)
