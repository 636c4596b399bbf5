"""Putter, Fiocco & Geskus 2007 (Statist. Med. 26, 2389-2430): AIDS or SI first, by CCR5 genotype.

Of 329 men five have no genotype; they are left out where it is needed and nowhere else. Time is in
years with three decimals, held as whole thousandths. Cause-specific coefficients: Efron's ties, to
the decimals given. Standard errors of the incidence as in lifelines 0.30.3 (pandas 2.3.3; ties
moved apart by 1e-9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.estimators.aalen_johansen import aalen_johansen
from analysis.estimators.risk_table import RiskTable, risk_table

if TYPE_CHECKING:
    from pathlib import Path

PRINTED = 1e-4  # absolute; figures have four decimals
LIFELINES = 1e-8  # relative: ties moved apart
AIDS, SI = 1, 2
TEN_YEARS = np.array([10_000])
INCIDENCE = {("WW", AIDS): 0.3914, ("WW", SI): 0.3305, ("WM", AIDS): 0.1201, ("WM", SI): 0.3413}
ERRORS = {
    ("WW", AIDS): 0.03285263152491366,
    ("WW", SI): 0.031136078379933364,
    ("WM", AIDS): 0.042665690759322986,
    ("WM", SI): 0.062242464066073144,
}


@pytest.fixture(scope="module")
def men(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "benchmarks" / "aidssi" / "aidssi.csv")


def _table(rows: pd.DataFrame) -> RiskTable:
    time = (rows["time"] * 1000).round().astype(np.int64).to_numpy()
    return risk_table(np.zeros_like(time), time, rows["status"].to_numpy(), n_kinds=2)


@pytest.mark.parametrize(("genotype", "kind"), INCIDENCE)
def test_cumulative_incidence_at_ten_years(men: pd.DataFrame, genotype: str, kind: int) -> None:
    table = _table(men[men["ccr5"] == genotype])
    assert table.size == {"WW": 259, "WM": 65}[genotype]
    curve = aalen_johansen(table, (kind,), TEN_YEARS)
    assert curve.share[0] == pytest.approx(INCIDENCE[genotype, kind], abs=PRINTED)
    assert curve.std_error[0] == pytest.approx(ERRORS[genotype, kind], rel=LIFELINES)


@pytest.mark.parametrize(
    ("kind", "coefficient", "std_error"), [(AIDS, -1.2358, 0.3071), (SI, -0.2542, 0.2380)]
)
def test_cause_specific_hazards(
    men: pd.DataFrame, kind: int, coefficient: float, std_error: float
) -> None:
    known = men.dropna(subset="ccr5")
    assert len(known) == 324
    fit = sm.PHReg(
        known["time"].to_numpy(),
        (known["ccr5"] == "WM").to_numpy(float)[:, None],
        status=(known["status"] == kind).to_numpy(float),
        ties="efron",
    ).fit()
    assert fit.params[0] == pytest.approx(coefficient, abs=PRINTED)
    assert fit.bse[0] == pytest.approx(std_error, abs=PRINTED)
