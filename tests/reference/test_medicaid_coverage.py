"""Rambachan & Roth 2023 on Medicaid expansions, as printed with their program HonestDiD.

`medicaid_coverage.csv`: share of low-income childless adults with health insurance by state and
year, American Community Survey, from the teaching data of Mixtape-Sessions/Advanced-DID
(`ehec_data.csv`, commit 597021a), states that expanded in 2014 against those that had not by 2015;
the three that expanded in 2015 are left out, as in print. To .001 absolute: the program tries a
grid of values .0004 apart and simulates its critical value.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.compress import NEVER, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.group_time import att_by_group_and_time
from analysis.sensitivity.relative_magnitudes import Drift, breakdown, drift_of, robust_interval

YEARS = np.arange(2008, 2016)
STATES = 43
# fixest's factor: G / (G - 1) for clusters, (n - 1) / (n - k) with 7 effects and 8 years counted.
FACTOR = STATES / (STATES - 1) * (STATES * 8 - 1) / (STATES * 8 - 15)
PRINTED = {
    0.5: (0.0241, 0.0673),
    1.0: (0.0171, 0.0720),
    1.5: (0.0086, 0.0796),
    2.0: (-0.0011, 0.0883),
}


def drift(*weights: float) -> Drift:
    table = pd.read_csv(Path(__file__).with_name("medicaid_coverage.csv"))
    cohort = np.where(table["expanded"] == 1, 2014, NEVER)
    people = People(cohort=cohort, cell=np.zeros(STATES, dtype=int))
    y = table[[str(year) for year in YEARS]].to_numpy()
    rows = (np.repeat(np.arange(STATES), 8), np.tile(np.arange(8), STATES), y.ravel())
    made = att_by_group_and_time(
        fold(lambda: [rows], people, YEARS), control="never_treated", base="universal"
    )
    event = aggregate(made, "event")
    kept = event.labels != -1
    return drift_of(
        event.estimate[kept],
        FACTOR * event.covariance[np.ix_(kept, kept)],
        before=5,
        weights=np.array(weights),
    )


@pytest.mark.parametrize("multiple", PRINTED)
def test_first_year_as_printed(multiple):
    found = robust_interval(drift(1.0, 0.0), multiple)
    assert found == pytest.approx(PRINTED[multiple], abs=1e-3)


def test_the_effect_breaks_down_at_twice_the_largest_move():
    """In print: between 1.5 and 2, "about 2"."""
    assert breakdown(drift(1.0, 0.0)) == pytest.approx(2.0, abs=0.1)


def test_without_drift_it_is_the_usual_interval():
    made = drift(1.0, 0.0)
    half = 1.959964 * float(np.sqrt(made.covariance[0, 0]))
    assert robust_interval(made, 0.0) == pytest.approx(
        (made.effect - half, made.effect + half), abs=1e-5
    )


def test_an_average_lets_early_moves_count_more_often():
    """The move into the first year is in both years: 1 + 1/2 moves."""
    assert drift(0.5, 0.5).reach == 1.5
