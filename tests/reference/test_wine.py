"""Randall 1989, bitterness of wine, as fitted by the R package ordinal (clm, logit).

72 ratings of nine judges. Effects to 1e-4 relative, standard errors and the likelihood to the
digits published; thresholds are those of clm in its manual, with three digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.estimators.ordinal import OrdinalFit, fit_ordinal

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = 1e-4
DIGITS = 5e-5


@pytest.fixture(scope="module")
def table(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "benchmarks" / "wine_ordinal_bfi_reliability" / "wine.csv")


@pytest.fixture(scope="module")
def columns(table: pd.DataFrame) -> np.ndarray:
    return np.column_stack([table["temp"] == "warm", table["contact"] == "yes"]).astype(float)


@pytest.fixture(scope="module")
def fit(table: pd.DataFrame, columns: np.ndarray) -> OrdinalFit:
    found = fit_ordinal(table["rating"].to_numpy(dtype=float), columns)
    assert found is not None
    return found


def test_effects(fit: OrdinalFit) -> None:
    assert fit.effects == pytest.approx([2.5031, 1.5278], rel=CLOSE)
    assert fit.std_errors[:2] == pytest.approx([0.5287, 0.4766], abs=DIGITS)
    assert fit.log_likelihood == pytest.approx(-86.4919, abs=DIGITS)


def test_thresholds_are_thresholds_and_no_increments(fit: OrdinalFit) -> None:
    assert fit.thresholds == pytest.approx([-1.344, 1.251, 3.467, 5.006], abs=5e-4)
    assert fit.std_errors[2:] == pytest.approx([0.517, 0.438, 0.598, 0.731], abs=5e-4)


def test_a_row_a_cell_is_a_row_a_rating(fit: OrdinalFit, table: pd.DataFrame) -> None:
    cells = table.groupby(["rating", "temp", "contact"], as_index=False).size()
    columns = np.column_stack([cells["temp"] == "warm", cells["contact"] == "yes"]).astype(float)
    grouped = fit_ordinal(
        cells["rating"].to_numpy(dtype=float), columns, people=cells["size"].to_numpy(dtype=float)
    )
    assert grouped is not None
    assert grouped.effects == pytest.approx(fit.effects, rel=1e-8)
    assert grouped.cov == pytest.approx(fit.cov, rel=1e-6)
