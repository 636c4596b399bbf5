"""Brooks, Donovan and Johnson 2018 (AEJ: Applied 10(4), Table 3): the figures of the paper.

The panel is built here from the published files by hand, so that only the estimators are held.
Tolerances: figures printed with two decimals are held to .01, p-values to their last digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.diagnostics.response import response_by_month
from analysis.estimators.ancova import ancova
from analysis.estimators.by_month import effects_by_month, fading_tests
from analysis.panel import Panel
from analysis.randomised import diagnose_randomised, estimate_randomised
from analysis.study import StudySpec, parse_study

if TYPE_CHECKING:
    from pathlib import Path

COVARIATES = (
    "lage_b",
    "secondaryedu_b",
    *(f"sec{i}_b" for i in range(5)),  # 13 owners are in two sectors: all five enter
    "I_emp_b",
    "tprofits_b",
)
PRINTED = 0.01
MONTHS = [1, 2, 3, 4, 7, 12, 17]


@pytest.fixture(scope="module")
def panel(shared: Path) -> Panel:
    folder = shared / "benchmarks" / "kenya_mentors"
    owners = pd.read_csv(folder / "assignment.csv").merge(
        pd.read_csv(folder / "owners.csv"), on="id"
    )
    owners = owners.sort_values("id", ignore_index=True)
    profits = pd.read_csv(folder / "profits.csv").dropna(subset=["tprofits"])
    rows = pd.DataFrame(
        {
            "person": profits["id"].astype(int),
            "event_month": profits["months_since_treat"].astype(int),
            "outcome": profits["tprofits"].astype(float),
        }
    )
    people = pd.DataFrame(
        {
            "person": owners["id"].astype(int),
            "arm": owners["arm"],
            "stratum": 0,
            "cluster": np.arange(len(owners)),
            "take_up": np.nan,
            "pre_outcome": owners["tprofits_b"],
        }
    )
    return Panel(
        people=pd.concat([people, owners[list(COVARIATES)]], axis=1),
        rows=rows.sort_values(["person", "event_month"], ignore_index=True),
        treated=("mentee", "class"),
        comparison="control",
        covariates=COVARIATES,
    )


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return parse_study(
        {
            "study": "kenya-weekly-profit",
            "question": "Do mentors raise the weekly profit of small firms?",
            "as_of": "2018-10-01",
            "programme": "MENTORS",
            "design": "randomised",
            "arms": {"treated": ["mentee", "class"], "comparison": "control"},
            "outcome": {"metric": "weekly_profit", "unit": "KES a week"},
            "follow_up": {"months": 17, "primary": [1, 17]},
            "adjust_for": list(COVARIATES),
            "missing_covariates": "drop",
            "specifications": [{"name": "as_published", "first_month": -2, "last_month": 17}],
        }
    )


def test_the_published_pooled_table(panel: Panel, spec: StudySpec) -> None:
    """Waves 0 to 7, baseline rows as control rows: 371.83 (133.02), 124.51 (144.90), N 2,578."""
    mentee, taught = ancova(panel, spec, (-2, 17))
    assert (mentee.estimate, mentee.std_error) == pytest.approx((371.83, 133.02), abs=PRINTED)
    assert (taught.estimate, taught.std_error) == pytest.approx((124.51, 144.90), abs=PRINTED)
    assert mentee.n_rows == 2578


def test_follow_ups_only_is_the_headline(panel: Panel, spec: StudySpec) -> None:
    results = estimate_randomised(panel, spec)
    mentee, taught = results[:2]
    assert mentee.target.role == "headline"
    assert (mentee.estimate, mentee.std_error) == pytest.approx((368.74, 131.57), abs=PRINTED)
    assert (taught.estimate, taught.std_error) == pytest.approx((110.82, 143.28), abs=PRINTED)
    assert mentee.n_rows == 2211
    assert mentee.convention == ("clustered by person, CR1, t with clusters − 1 degrees of freedom")
    (published,) = [
        r
        for r in results
        if r.target.name == "specification: as_published" and r.target.arm == "mentee"
    ]
    assert published.estimate == pytest.approx(371.83, abs=PRINTED)


def test_effects_by_wave_suggest_fading(panel: Panel, spec: StudySpec) -> None:
    """Equality of the seven effects p = .058 (chi-square), linear trend p = .21."""
    mentee = fading_tests(panel, spec, (1, 17))[0]
    assert mentee.months == 7
    assert mentee.equality_p == pytest.approx(0.058, abs=5e-4)
    assert mentee.slope_p == pytest.approx(0.21, abs=5e-3)
    assert mentee.slope < 0
    effects = effects_by_month(panel, spec, (0, 17))
    for name in ("by_month", "by_month_together"):  # each by itself, and in one band
        of = [r.target for r in effects if r.target.name == name]
        assert [t.window[0] for t in of if t.arm == "mentee"] == MONTHS


def test_response_in_the_last_wave(panel: Panel, spec: StudySpec) -> None:
    last = response_by_month(panel, spec)[-1]
    assert last.display == "month 17: control 84.9 %, mentee 79.8 %, class 86.0 %"


def test_the_trial_passes_what_a_trial_should_pass(panel: Panel, spec: StudySpec) -> None:
    """The draw was sound; the mentees answered a little less often, which is a warning."""
    status = {(d.name, d.label): d.status for d in diagnose_randomised(panel, spec)}
    assert "fail" not in status.values()
    warned = [label for (_, label), s in status.items() if s == "warn"]
    assert warned == ["Outcome recorded, mentee less control"]
