"""Cinelli & Hazlett 2020 as PySensemakr 0.0.8 computes it.

Darfur (violence and attitudes to peace, 1,276 people): from the coefficient, its standard error and
the partial R2 of `female`, the figures that are also in the paper's table. NHEFS: from cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.estimators.cells import Cells, build_cells
from analysis.estimators.outcome_model import fit_by_arm
from analysis.estimators.standardisation import standardise
from analysis.sensitivity.robustness import Coefficient, Regression, bound, regression

if TYPE_CHECKING:
    from pathlib import Path

SAME = 1e-8  # the same formulas, another program

DARFUR = Coefficient(estimate=0.09731581928495575, std_error=0.023256537809811115, df=783)
FEMALE = (0.009081065190331075, 0.1090339154278416)
# Times as strong as `female`: partial R2 with violence, with the outcome, what is left.
AS_FEMALE = {
    1: (0.009164, 0.124641, 0.075220),
    2: (0.018329, 0.249324, 0.052915),
    3: (0.027493, 0.374050, 0.030396),
}


def test_darfur_robustness_values():
    assert DARFUR.robustness() == pytest.approx(0.1387763538935877, rel=SAME)
    assert DARFUR.robustness(0.05) == pytest.approx(0.07625796554485662, rel=SAME)


@pytest.mark.parametrize("times", AS_FEMALE)
def test_darfur_as_strong_as_female(times):
    made = bound(*FEMALE, times)
    assert made is not None
    found = (made.joining, made.outcome, DARFUR.left(made))
    assert found == pytest.approx(AS_FEMALE[times], abs=6e-7)


@pytest.fixture(scope="module")
def smokers(shared: Path) -> tuple[Cells, dict[str, list[int]]]:
    table = pd.read_csv(shared / "benchmarks" / "nhefs" / "nhefs.csv")
    table = table.dropna(subset="wt82_71").reset_index(drop=True)
    parts = {name: table[name] for name in ("sex", "race")}
    for name in ("age", "smokeintensity", "smokeyrs", "wt71"):
        parts |= {name: table[name], f"{name}^2": table[name] ** 2}
    for name in ("education", "exercise", "active"):
        for level in sorted(table[name].unique())[1:]:
            parts[f"{name}={level}"] = table[name] == level
    columns = pd.DataFrame(parts).astype(float)
    joined = (table["qsmk"] == 1).to_numpy()
    cells = build_cells(columns.to_numpy(), joined, table["wt82_71"].to_numpy())
    named = {
        name: [i for i, c in enumerate(columns.columns, start=1) if c.startswith(name)]
        for name in ("sex", "education", "age")
    }
    return cells, named


@pytest.fixture(scope="module")
def plain(smokers) -> Regression:
    return regression(*smokers)


@pytest.fixture(scope="module")
def varying(smokers) -> Regression:
    """Each covariate also times joining, less its mean among joiners."""
    return regression(*smokers, varying=True)


def test_nhefs_coefficient_from_cells(plain):
    made = plain.coefficient
    assert made.df == 1546
    assert made.estimate == pytest.approx(3.4626218292251036, rel=SAME)
    assert made.std_error == pytest.approx(0.4384542550855818, rel=SAME)
    assert made.robustness() == pytest.approx(0.18169148097227064, rel=SAME)
    assert made.robustness(0.05) == pytest.approx(0.1399857109413721, rel=SAME)


@pytest.mark.parametrize(
    ("name", "times", "expected"),
    [
        ("sex", 1, (0.007417100356434764, 0.006424115909015446, 3.3431764368989687)),
        ("sex", 3, (0.022251301069304293, 0.01927664532950415, 3.101537331058264)),
        ("education", 1, (0.003905494584838293, 0.0035908588306860414, 3.397934987506019)),
        ("education", 2, (0.007810989169676586, 0.007181937504213748, 3.3329917888553746)),
        ("age", 1, (0.013619465886183275, 0.03456734044384126, 3.0859875809071298)),
        ("age", 3, (0.040858397658549823, 0.10378089795711366, 2.3163515103615446)),
    ],
)
def test_nhefs_as_strong_as(plain, name, times, expected):
    """Of one column, of the four of a category, of a number and its square."""
    assert strong_as(plain, name, times) == pytest.approx(expected, rel=SAME)


def strong_as(found: Regression, name: str, times: int) -> tuple[float, float, float]:
    made = bound(*found.partial[name], times)
    assert made is not None
    return made.joining, made.outcome, found.coefficient.left(made)


def test_nhefs_effect_on_joiners(smokers, varying):
    """The coefficient is that of the outcome regression beside the headline."""
    made, cells = varying.coefficient, smokers[0]
    assert made.df == 1528
    assert made.estimate == pytest.approx(3.3930984235726434, rel=SAME)
    assert made.std_error == pytest.approx(0.4416797450995691, rel=SAME)
    assert made.robustness() == pytest.approx(0.17816397145590668, rel=SAME)
    assert made.robustness(0.05) == pytest.approx(0.13601736124801475, rel=SAME)
    beside = standardise(cells, fit_by_arm(cells), "att")
    assert made.estimate == pytest.approx(beside.estimate, rel=SAME)


@pytest.mark.parametrize(
    ("name", "times", "expected"),
    [
        ("sex", 1, (0.008045359800251459, 0.006300976259970068, 3.269674340016003)),
        ("sex", 2, (0.016090719600502918, 0.012603595725545634, 3.145226921999499)),
        ("education", 3, (0.013179384749813589, 0.028865168347867252, 3.0541101543979234)),
    ],
)
def test_nhefs_as_strong_as_with_interactions(varying, name, times, expected):
    assert strong_as(varying, name, times) == pytest.approx(expected, rel=SAME)


def test_a_strong_effect_needs_the_other_form():
    """Beyond strength 1 / f* the interval's value has a form of its own (sensemakr's rv_qa)."""
    strong = Coefficient(estimate=30.0, std_error=1.0, df=20)
    found, needed = 30 / np.sqrt(20), 2.0930240544082634 / np.sqrt(19)  # t(19) at .975
    assert strong.robustness(0.05) == pytest.approx(
        (found**2 - needed**2) / (1 + found**2), rel=SAME
    )
    assert Coefficient(estimate=1.0, std_error=1.0, df=20).robustness(0.05) == 0.0
