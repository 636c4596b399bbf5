"""Reliability of the 25 items of psych::bfi (2,800 people, some items missing).

Raw alpha as published with the data (psych, pairwise covariances). Omega of one factor by maximum
likelihood, complete cases: factor_analyzer 0.5.1 (method "ml") on the same rows; Factor of
statsmodels and semopy 2.3.11 (MLW) agree with it to 1e-7 and 1e-4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.reliability import Coefficient, Reliability, reliability
from tests.long_runs import long

if TYPE_CHECKING:
    from pathlib import Path

REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}
ALPHA = {"A": 0.7030, "C": 0.7267, "E": 0.7617, "N": 0.8140, "O": 0.6002}
OMEGA_COMPLETE = {"A": 0.712129, "C": 0.733022, "E": 0.767334, "N": 0.812845, "O": 0.610374}
# Published to four decimals.
FOUR_DECIMALS = 5e-5
# The peer stops at a looser criterion than the seventh decimal.
PEER = 2e-6


@pytest.fixture(scope="module")
def bfi(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "benchmarks" / "wine_ordinal_bfi_reliability" / "bfi.csv")


def scale(bfi: pd.DataFrame, name: str, turned: set[str] = REVERSED) -> pd.DataFrame:
    """The five items of a trait, those to be turned as 7 - x."""
    items = [f"{name}{n}" for n in range(1, 6)]
    return pd.DataFrame({i: 7 - bfi[i] if i in turned else bfi[i] for i in items})


def of(frame: pd.DataFrame) -> Reliability:
    return reliability(frame.to_numpy(), tuple(frame.columns))


@pytest.mark.parametrize("trait", sorted(ALPHA))
def test_raw_alpha_is_the_published_one(bfi: pd.DataFrame, trait: str) -> None:
    alpha = of(scale(bfi, trait)).alpha
    assert isinstance(alpha, Coefficient)
    assert alpha.value == pytest.approx(ALPHA[trait], abs=FOUR_DECIMALS)
    assert alpha.ci_low < alpha.value < alpha.ci_high


def test_a_forgotten_reversal_lowers_alpha_to_the_published_figure_and_is_named(
    bfi: pd.DataFrame,
) -> None:
    forgotten = of(scale(bfi, "A", REVERSED - {"A1"}))
    assert isinstance(forgotten.alpha, Coefficient)
    assert forgotten.alpha.value == pytest.approx(0.4315, abs=FOUR_DECIMALS)
    assert forgotten.against == ("A1",)
    assert of(scale(bfi, "A")).against == ()


@pytest.mark.parametrize("trait", sorted(OMEGA_COMPLETE))
def test_omega_is_that_of_another_package(bfi: pd.DataFrame, trait: str) -> None:
    omega = of(scale(bfi, trait).dropna()).omega
    assert isinstance(omega, Coefficient)
    assert omega.value == pytest.approx(OMEGA_COMPLETE[trait], abs=PEER)


def test_item_rest_correlations_are_those_that_psych_prints(bfi: pd.DataFrame) -> None:
    """The column r.drop of psych::alpha for agreeableness, to two decimals."""
    found = of(scale(bfi, "A")).item_rest
    assert [round(r, 2) for r in found.values()] == [0.31, 0.56, 0.59, 0.39, 0.49]


@long("400 draws of a bootstrap")
def test_standard_errors_are_those_of_a_bootstrap_of_people(bfi: pd.DataFrame) -> None:
    """Gaps included. The spread of 400 draws is itself uncertain by 3.5 %; four times that."""
    values = scale(bfi, "O").to_numpy()
    whole = reliability(values, tuple("12345"))
    rng = np.random.default_rng(1)
    draws = [
        reliability(values[rng.integers(0, len(values), len(values))], tuple("12345"))
        for _ in range(400)
    ]
    for name in ("alpha", "omega"):
        spread = np.std([getattr(d, name).value for d in draws], ddof=1)
        assert getattr(whole, name).std_error == pytest.approx(spread, rel=0.14)
