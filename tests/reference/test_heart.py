"""Crowley and Hu 1977: survival after acceptance for a heart transplant, and immortal time.

The 103 rows of patients are those of R's survival package, in counting-process form. One had to
survive to be transplanted: who ever was lived longer, and the transplant had no such effect.
Tolerances: the three decimals of the hazard ratios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from analysis.estimators.cox import Cox, fit_cox
from analysis.exits.spans import risk_sets, spans_at_events

if TYPE_CHECKING:
    from pathlib import Path

NAIVE = (0.266, 0.165, 0.429)
TIME_VARYING = (1.136, 0.629, 2.049)
LANDMARK = (0.915, 0.527, 1.589)
COEFFICIENT = (0.12714, 0.30114)
PRINTED, FIVE_DIGITS = 5e-4, 5e-6
EXACT = 1e-8  # statsmodels, to the maximum
HALF = 0.5  # statsmodels counts who enters at the time of a death as at risk of it
THIRTY_DAYS_ON = 31  # the file counts the day of acceptance as 1


@pytest.fixture(scope="module")
def rows(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "benchmarks" / "heart" / "heart.csv")


@pytest.fixture(scope="module")
def patients(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a patient; a follow-up of no day counts as half a day."""
    made = rows.groupby("id").agg(
        stop=("stop", "max"), event=("event", "max"), ever=("transplant", "max")
    )
    changed = rows[rows["transplant"] == 1].groupby("id")["start"].min()
    made["transplanted"] = changed.reindex(made.index)
    made["stop"] = made["stop"].clip(lower=HALF)
    return made


def _ratio(
    entry: np.ndarray, stop: np.ndarray, event: np.ndarray, treated: np.ndarray
) -> tuple[Cox, tuple[float, ...]]:
    """Our fit, equal to statsmodels', and the hazard ratio with its 95 % interval."""
    spans, _ = spans_at_events(entry, stop, event, treated)
    sets = risk_sets(spans, 2, (1,))
    cox = fit_cox(np.array([[0.0], [1.0]]), sets.at_risk, sets.events)
    assert isinstance(cox, Cox)
    b, se = cox.coefficients[0], np.sqrt(cox.cov[0, 0])
    shifted = np.minimum(entry + HALF, (entry + stop) / 2)
    peer = PHReg(stop, treated[:, None].astype(float), status=event, entry=shifted, ties="efron")
    fit = peer.fit(disp=0)
    np.testing.assert_allclose([b, se], [fit.params[0], fit.bse[0]], rtol=EXACT)
    return cox, tuple(np.exp(b + np.array([0, -1.96, 1.96]) * se))


def test_ever_transplanted_takes_survival_for_an_effect(patients: pd.DataFrame) -> None:
    columns = (patients[name].to_numpy() for name in ("stop", "event", "ever"))
    _, ratio = _ratio(np.zeros(len(patients)), *columns)
    assert ratio == pytest.approx(NAIVE, abs=PRINTED)


def test_time_varying(rows: pd.DataFrame) -> None:
    columns = (rows[name].to_numpy() for name in ("start", "stop", "event", "transplant"))
    cox, ratio = _ratio(*(np.asarray(column) for column in columns))
    assert ratio == pytest.approx(TIME_VARYING, abs=PRINTED)
    found = cox.coefficients[0], np.sqrt(cox.cov[0, 0])
    assert found == pytest.approx(COEFFICIENT, abs=FIVE_DIGITS)


def test_landmark_at_thirty_days(patients: pd.DataFrame) -> None:
    at_risk = patients[patients["stop"] > THIRTY_DAYS_ON]
    treated = (at_risk["transplanted"] <= THIRTY_DAYS_ON).to_numpy().astype(int)
    assert (len(at_risk), treated.sum()) == (78, 35)
    _, ratio = _ratio(
        np.full(len(at_risk), float(THIRTY_DAYS_ON)),
        at_risk["stop"].to_numpy(),
        at_risk["event"].to_numpy(),
        treated,
    )
    assert ratio == pytest.approx(LANDMARK, abs=PRINTED)
