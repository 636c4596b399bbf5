"""JOBS II (Vinokur and Schul 1997), as in Imai, Keele and Tingley 2010: search and depression.

899 people; a workshop was offered by lot, confidence in the search for work was measured after it
and depression later. Points to 1e-4 relative, the digits they are published with. The bootstrap
interval in print rests on 1,000 draws: three Monte Carlo errors of a 2.5 % quantile, half a digit
of what is printed added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.estimate import Estimate
from analysis.estimators.difference import difference_in_means
from analysis.estimators.mediation import Paths, columns, path_effects
from analysis.estimators.mediation_sensitivity import sensitivity
from analysis.estimators.moment_bootstrap import Resampled, resample
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.panel import Panel
from analysis.study import parse_study

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = 1e-4
# The quantile's error is sqrt(.025 x .975 / 1000) over the density there, about .0585 / .0125.
MONTE_CARLO = 3 * np.sqrt(0.025 * 0.975 / 1000) / (0.0585 / 0.0125)
PATHS = Paths(names=("job_seek",), controls=4)


@pytest.fixture(scope="module")
def table(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "benchmarks" / "jobs2_mediation" / "jobs.csv")


@pytest.fixture(scope="module")
def moments(table: pd.DataFrame) -> np.ndarray:
    controls = np.column_stack([np.ones(len(table)), table[["econ_hard", "sex", "age"]]])
    return columns(
        PATHS, controls, table["treat"].to_numpy(dtype=float),
        table[["job_seek"]].to_numpy(), table["depress2"].to_numpy(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn(moments: np.ndarray) -> Resampled:
    people, rng = np.arange(len(moments)), np.random.default_rng(1)
    return resample(moments, people, lambda gram: path_effects(PATHS, gram), rng, 4_000)


def test_indirect_direct_total_effect_and_share(drawn: Resampled) -> None:
    assert drawn.point["acme"] == pytest.approx(-0.015745, rel=CLOSE)
    assert drawn.point["ade"] == pytest.approx(-0.040265, rel=CLOSE)
    assert drawn.point["total"] == pytest.approx(-0.056009, rel=CLOSE)
    assert drawn.point["proportion"] == pytest.approx(0.2811, abs=5e-5)


def test_bootstrap_interval(drawn: Resampled) -> None:
    for low, high in (drawn.percentile("acme"), drawn.bca("acme")):
        assert low == pytest.approx(-0.0400, abs=MONTE_CARLO + 0.00005)
        assert high == pytest.approx(0.01, abs=MONTE_CARLO + 0.005)
    assert drawn.percentile("ade")[0] == pytest.approx(-0.1237, abs=0.013)  # as above, SE .044
    assert drawn.percentile("ade")[1] == pytest.approx(0.04, abs=0.013 + 0.005)


def test_error_correlation_that_undoes_it(moments: np.ndarray) -> None:
    found = sensitivity(PATHS, moments.T @ moments)["job_seek"]
    assert found.rho == pytest.approx(-0.2735, abs=5e-5)  # published with four digits
    assert found.indirect(np.array([0.0, found.rho])) == pytest.approx([-0.015745, 0], abs=1e-6)


def test_offer_and_attendance(table: pd.DataFrame) -> None:
    """The difference by offer, and by attendance instrumented by it; no covariates."""
    n = len(table)
    people = pd.DataFrame(
        {
            "person": np.arange(n),
            "arm": np.where(table["treat"] == 1, "offered", "not_offered"),
            "stratum": 0,
            "cluster": np.arange(n),
            "take_up": table["comply"].astype(float),
            "pre_outcome": np.nan,
        }
    )
    rows = pd.DataFrame({"person": np.arange(n), "event_month": 6, "outcome": table["depress2"]})
    panel = Panel(people=people, rows=rows, treated=("offered",), comparison="not_offered")
    spec = parse_study(
        {
            "study": "jobs",
            "question": "q?",
            "as_of": "2000-01-01",
            "programme": "P",
            "design": "randomised",
            "arms": {"treated": "offered", "comparison": "not_offered"},
            "outcome": {"metric": "depress2"},
            "follow_up": {"months": 6, "primary": [6, 6]},
            "take_up": "recorded",
        }
    )
    (itt,) = difference_in_means(panel, spec, (6, 6))
    effect = two_stage_least_squares(panel, spec, (6, 6))[0]
    assert isinstance(itt, Estimate)
    assert isinstance(effect, Estimate)
    assert itt.estimate == pytest.approx(-0.06335, rel=CLOSE)
    assert effect.estimate == pytest.approx(-0.10217, rel=CLOSE)
    assert effect.std_error == pytest.approx(0.07554, rel=CLOSE)
