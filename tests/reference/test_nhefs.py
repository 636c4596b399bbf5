"""Hernan and Robins, Causal Inference: What If, chapters 12 and 13: giving up smoking, weight gain.

1,566 people of the public file whose weight is known in 1982. Points to 1e-4 relative, the
figures in print to their last digit. Conventions: the published standard error of the weighted
difference takes the weights as given and has the factor n / (n - 2) of robust least squares;
that of AIPW is the influence function's with n / (n - 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.estimate import Estimate
from analysis.estimators.aipw import aipw
from analysis.estimators.cells import Cells, build_cells
from analysis.estimators.entropy_balance import balanced_difference, entropy_balance
from analysis.estimators.influence import Influence, spread
from analysis.estimators.logit import Logit, fit_logit
from analysis.estimators.nuisance import fit_nuisance
from analysis.estimators.outcome_model import fit_together
from analysis.estimators.standardisation import standardise
from analysis.estimators.weighting import raw_difference, weighted_difference
from analysis.opt_in import estimate_opt_in
from analysis.panel import Panel
from analysis.study import parse_study

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = 1e-4


@pytest.fixture(scope="module")
def table(shared: Path) -> pd.DataFrame:
    table = pd.read_csv(shared / "benchmarks" / "nhefs" / "nhefs.csv")
    return table.dropna(subset="wt82_71").reset_index(drop=True)


@pytest.fixture(scope="module")
def covariates(table: pd.DataFrame) -> pd.DataFrame:
    parts = {name: table[name] for name in ("sex", "race")}
    for name in ("age", "smokeintensity", "smokeyrs", "wt71"):
        parts |= {name: table[name], f"{name}^2": table[name] ** 2}
    for name in ("education", "exercise", "active"):
        for level in sorted(table[name].unique())[1:]:
            parts[f"{name}={level}"] = table[name] == level
    return pd.DataFrame(parts).astype(float)


@pytest.fixture(scope="module")
def cells(table: pd.DataFrame, covariates: pd.DataFrame) -> Cells:
    joined = (table["qsmk"] == 1).to_numpy()
    return build_cells(covariates.to_numpy(), joined, table["wt82_71"].to_numpy())


@pytest.fixture(scope="module")
def logit(cells: Cells) -> Logit:
    fitted = fit_logit(cells.design, cells.people)
    assert isinstance(fitted, Logit)
    return fitted


@pytest.fixture(scope="module")
def smokeintensity(covariates: pd.DataFrame) -> tuple[int, ...]:
    """Where the covariate whose effect differs by arm stands in the design."""
    return (1 + list(covariates).index("smokeintensity"),)


def figures(cells: Cells, influence: Influence) -> tuple[float, float]:
    return influence.estimate, spread(cells, influence).std_error


def test_naive(cells: Cells) -> None:
    assert raw_difference(cells).estimate == pytest.approx(2.5406, rel=CLOSE)


def test_inverse_probability_weights(cells: Cells, logit: Logit) -> None:
    estimate, error = figures(cells, weighted_difference(cells, logit, "ate", weights_known=True))
    people = cells.people.sum()
    error *= np.sqrt((people - 1) / people * people / (people - 2))
    assert estimate == pytest.approx(3.4405, rel=CLOSE)
    assert error == pytest.approx(0.5258, abs=5e-5)
    assert (estimate - 1.96 * error, estimate + 1.96 * error) == pytest.approx(
        (2.41, 4.47), abs=0.005
    )


def test_carrying_the_estimation_of_the_weights_narrows_the_interval(
    cells: Cells, logit: Logit
) -> None:
    known = weighted_difference(cells, logit, "ate", weights_known=True)
    carried = weighted_difference(cells, logit, "ate")
    assert carried.estimate == known.estimate
    assert spread(cells, carried).std_error < spread(cells, known).std_error


def test_g_formula(cells: Cells, smokeintensity: tuple[int, ...]) -> None:
    found = standardise(cells, fit_together(cells, smokeintensity), "ate")
    assert found.estimate == pytest.approx(3.5174, rel=CLOSE)


def test_aipw_with_one_outcome_model(cells: Cells, smokeintensity: tuple[int, ...]) -> None:
    nuisance = fit_nuisance(cells, smokeintensity)
    estimate, error = figures(cells, aipw(cells, nuisance, "ate"))
    assert estimate == pytest.approx(3.4573, rel=CLOSE)
    assert error == pytest.approx(0.4888, abs=5e-5)


@pytest.mark.parametrize(("whom", "published"), [("ate", 3.3733), ("att", 3.3654)])
def test_aipw_with_a_model_for_each_arm(cells: Cells, whom: str, published: float) -> None:
    found = aipw(cells, fit_nuisance(cells), whom)
    assert found.estimate == pytest.approx(published, rel=CLOSE)


def test_entropy_balancing_is_near_aipw(cells: Cells) -> None:
    balance = entropy_balance(cells)
    assert balanced_difference(cells, balance).estimate == pytest.approx(3.3654, abs=0.05)
    assert balance.largest_gap < 1e-8


def test_a_study_of_the_file_gives_the_same_figures(
    table: pd.DataFrame, covariates: pd.DataFrame
) -> None:
    person = np.arange(len(table))
    people = pd.DataFrame(
        {
            "person": person,
            "arm": np.where(table["qsmk"] == 1, "quit", "smokes"),
            "stratum": 0,
            "cluster": person,
            "take_up": np.nan,
            "pre_outcome": np.nan,
        }
    )
    panel = Panel(
        people=pd.concat([people, covariates], axis=1),
        rows=pd.DataFrame({"person": person, "event_month": 132, "outcome": table["wt82_71"]}),
        treated=("quit",),
        comparison="smokes",
        covariates=tuple(covariates),
    )
    spec = parse_study(
        {
            "study": "nhefs",
            "question": "How much weight do people gain who give up smoking?",
            "as_of": "1982-12-31",
            "programme": "NHEFS",
            "design": "opt_in",
            "arms": {"treated": "quit", "comparison": "smokes"},
            "outcome": {"metric": "weight", "unit": "kg"},
            "follow_up": {"months": 132, "primary": [132, 132]},
        }
    )
    found = {r.target.name: r for r in estimate_opt_in(panel, spec)}
    assert found["naive"].estimate == pytest.approx(2.5406, rel=CLOSE)
    assert found["aipw_plug_in"].estimate == pytest.approx(3.3654, rel=CLOSE)
    primary = found["primary"]
    assert isinstance(primary, Estimate)
    assert (primary.n_treated, primary.n_comparison) == (403, 1163)
    assert primary.estimate == pytest.approx(3.3654, abs=0.25)  # other folds, other thousandths
