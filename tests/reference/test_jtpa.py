"""Abadie, Angrist and Imbens 2002 (Econometrica 70(1), Tables I to III): offers and take-up.

The panel is built here from the published file by hand. Standard errors are HC1 for assignment;
for two-stage least squares HC0, whose degrees-of-freedom factor is applied below to reach the
table in print. Tolerances: recomputed figures have two decimals, printed ones none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.estimators.ancova import ancova
from analysis.estimators.as_treated import as_treated
from analysis.estimators.difference import difference_in_means
from analysis.estimators.first_stage import first_stage
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.panel import Panel
from analysis.study import StudySpec, parse_study

if TYPE_CHECKING:
    from pathlib import Path

COVARIATES = (
    *("hsorged", "black", "hispanic", "married", "wkless13"),
    *("age2225", "age2629", "age3035", "age3644", "age4554"),
    *("class_tr", "ojt_jsa", "f2sms"),
)
RECOMPUTED = 0.01
PRINTED = 0.5
WINDOW = (30, 30)
SEX = {"men": 1, "women": 0}
BOTH = pytest.mark.parametrize("who", SEX)


@pytest.fixture(scope="module")
def panels(shared: Path) -> dict[str, Panel]:
    table = pd.read_stata(shared / "benchmarks" / "jtpa" / "jtpa.dta")
    return {who: _panel(table[table["sex"] == sex], who) for who, sex in SEX.items()}


def _panel(table: pd.DataFrame, who: str) -> Panel:
    table = table.reset_index(drop=True).astype(float)
    covariates = COVARIATES if who == "men" else (*COVARIATES, "afdc")
    person = np.arange(len(table))
    people = pd.DataFrame(
        {
            "person": person,
            "arm": np.where(table["jtpa_offer"] == 1, "offered", "not_offered"),
            "stratum": 0,
            "cluster": person,
            "take_up": table["jtpa_training"],
            "pre_outcome": np.nan,
        }
    )
    return Panel(
        people=pd.concat([people, table[list(covariates)]], axis=1),
        rows=pd.DataFrame({"person": person, "event_month": 30, "outcome": table["earnings"]}),
        treated=("offered",),
        comparison="not_offered",
        covariates=covariates,
    )


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return parse_study(
        {
            "study": "jtpa",
            "question": "Does the offer of training raise earnings over 30 months?",
            "as_of": "2002-12-31",
            "programme": "JTPA",
            "design": "randomised",
            "arms": {"treated": "offered", "comparison": "not_offered"},
            "take_up": "recorded",
            "covariance": "HC1",
            "outcome": {"metric": "earnings", "unit": "USD"},
            "follow_up": {"months": 30, "primary": WINDOW},
        }
    )


FIGURES = {  # (estimate, standard error)
    "ITT": {"men": (969.92, 545.53), "women": (1139.46, 340.81)},
    "ITT without covariates": {"men": (1116.58, 568.57), "women": (1242.56, 358.85)},
    "2SLS": {"men": (1592.94, 893.30), "women": (1779.92, 530.95)},
}
ESTIMATORS = {
    "ITT": ancova,
    "ITT without covariates": difference_in_means,
    "2SLS": two_stage_least_squares,
}


@BOTH
@pytest.mark.parametrize("figure", FIGURES)
def test_recomputed(panels: dict[str, Panel], spec: StudySpec, figure: str, who: str) -> None:
    result = ESTIMATORS[figure](panels[who], spec, WINDOW)[0]
    assert (result.estimate, result.std_error) == pytest.approx(
        FIGURES[figure][who], abs=RECOMPUTED
    )


@pytest.mark.parametrize(("who", "share"), [("men", 0.6117), ("women", 0.6399)])
def test_first_stage(panels: dict[str, Panel], spec: StudySpec, who: str, share: float) -> None:
    (result,) = first_stage(panels[who], spec, WINDOW)
    assert result.estimate == pytest.approx(share, abs=5e-5)


@pytest.mark.parametrize(("who", "late", "error"), [("men", 1593, 895), ("women", 1780, 532)])
def test_printed_2sls(
    panels: dict[str, Panel], spec: StudySpec, who: str, late: float, error: float
) -> None:
    """Table III: with the factor sqrt(n / (n - k)) the standard errors are those in print."""
    result = two_stage_least_squares(panels[who], spec, WINDOW)[0]
    factor = (result.n_rows / result.df) ** 0.5
    assert (result.estimate, result.std_error * factor) == pytest.approx((late, error), abs=PRINTED)


@pytest.mark.parametrize(("who", "gap"), [("men", 3970), ("women", 2133)])
def test_printed_naive_gap(panels: dict[str, Panel], spec: StudySpec, who: str, gap: float) -> None:
    """Table I: trained less untrained, no adjustment: more than twice the effect for men."""
    (result,) = as_treated(panels[who], spec, WINDOW)
    assert result.estimate == pytest.approx(gap, abs=PRINTED)


@BOTH
def test_with_a_strong_first_stage_anderson_rubin_is_the_wald_interval(
    panels: dict[str, Panel], spec: StudySpec, who: str
) -> None:
    wald, robust = two_stage_least_squares(panels[who], spec, WINDOW)
    width = wald.ci_high - wald.ci_low
    assert robust.ci_low == pytest.approx(wald.ci_low, abs=0.01 * width)
    assert robust.ci_high == pytest.approx(wald.ci_high, abs=0.01 * width)
