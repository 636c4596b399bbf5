"""Rossi, Berk & Lenihan 1980: released prisoners by week, aid drawn at random (432, 114 arrests).

Shares and restricted means as recomputed elsewhere to four decimals. Intervals and the log-rank
test as lifelines 0.30.3 (pandas 2.3.3) gives them; its variance of the restricted mean is that of
a person's time, so the standard errors are held against the spread of the weeks instead: nobody
is censored before week 52.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.estimators.kaplan_meier import kaplan_meier
from analysis.estimators.log_rank import log_rank
from analysis.estimators.risk_table import RiskTable, risk_table
from analysis.estimators.rmst import rmst

if TYPE_CHECKING:
    from pathlib import Path

PRINTED = 1e-4  # relative; figures have four decimals
LIFELINES = 1e-6  # relative; its limits were noted to eight decimals
YEAR = 52
GROUPS = {
    0: (0.6944, 44.8333, 0.62828831, 0.75119093),
    1: (0.7778, 46.8750, 0.71624378, 0.82758045),
}


@pytest.fixture(scope="module")
def weeks(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "benchmarks" / "rossi" / "rossi.csv")


def _table(rows: pd.DataFrame) -> RiskTable:
    week = rows["week"].to_numpy()
    return risk_table(
        np.zeros_like(week), week, rows["arrest"].to_numpy(), n_kinds=1, also=np.arange(1, YEAR + 1)
    )


@pytest.mark.parametrize("fin", GROUPS)
def test_shares_not_arrested_and_mean_weeks(weeks: pd.DataFrame, fin: int) -> None:
    share, mean, low, high = GROUPS[fin]
    rows = weeks[weeks["fin"] == fin]
    curve = kaplan_meier(_table(rows), np.array([YEAR]))
    assert curve.share[0] == pytest.approx(share, rel=PRINTED)
    assert curve.ci_low[0] == pytest.approx(low, rel=LIFELINES)
    assert curve.ci_high[0] == pytest.approx(high, rel=LIFELINES)
    found = rmst(_table(rows), YEAR)
    assert found.value == pytest.approx(mean, rel=PRINTED)
    spread = rows["week"].std(ddof=0) / np.sqrt(len(rows))
    assert found.std_error == pytest.approx(spread, rel=LIFELINES)


def test_log_rank(weeks: pd.DataFrame) -> None:
    pair = tuple(_table(weeks[weeks["fin"] == fin]) for fin in (1, 0))
    test = log_rank([pair], (1,))
    assert test.chi_square == pytest.approx(3.8375695765, rel=LIFELINES)
    assert test.p_value == pytest.approx(0.0501161174, rel=LIFELINES)
