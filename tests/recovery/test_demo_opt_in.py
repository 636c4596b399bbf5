"""CARE-OPTIN of the demo company, from its canonical files: selection is told from treatment.

What drove the choice is in the data: performance of the last three months, the last engagement
score answered before the programmes, whether there is one, and a tenure under a year.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.estimate import Estimate
from analysis.finding import REQUIRED
from analysis.opt_in import diagnose_opt_in, estimate_opt_in
from analysis.panel import Panel
from analysis.study import parse_study
from pipelines.demo import DEFAULT_SEED, write_demo

DRAWS = 8
ESTIMAND = "resolved_per_hour.att.while_employed"
PROGRAMMES_BEGIN = "2023-07-01"

SPEC = parse_study(
    {
        "study": "care-optin",
        "question": "What did joining do to calls resolved per hour?",
        "as_of": "2025-12-31",
        "programme": "CARE-OPTIN",
        "design": "opt_in",
        "time_zero": "invited_on",
        "arms": {"treated": "joined", "comparison": "stayed_out"},
        "outcome": {"metric": "resolved_per_hour", "transform": "log"},
        "follow_up": {"months": 12, "primary": [4, 12]},
        "adjust_for": ["pre_period_outcome", "engagement", "newcomer"],
    }
)


def months(day: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    return day.dt.year * 12 + day.dt.month


def read(canonical: Path, name: str) -> pd.DataFrame:
    return pq.read_table(canonical / f"{name}.parquet").to_pandas(date_as_object=False)


def enrolled(canonical: Path, chosen: str, metric: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Chosen enrolments with ``tenure`` in months, numbered; and their log results by month."""
    people = read(canonical, "enrolment").query(chosen).sort_values("person_id", ignore_index=True)
    people["person"] = np.arange(len(people))
    zero = people[["person_id", "person", "time_zero"]]
    spells = zero.merge(read(canonical, "employment"), on="person_id")
    hired = spells.query("hired_on <= time_zero").groupby("person")["hired_on"].max()
    people["tenure"] = months(people["time_zero"]) - months(hired)
    rows = zero.merge(read(canonical, "performance"), on="person_id").query("metric == @metric")
    rows["event_month"] = months(rows["month"]) - months(rows["time_zero"])
    rows["outcome"] = np.log(rows["value"].astype(float))
    return people, rows


def panel_of(canonical: Path) -> Panel:
    invited, rows = enrolled(canonical, "programme == 'CARE-OPTIN'", "resolved_per_hour")
    survey = read(canonical, "survey").dropna(subset="answered_on")
    survey = survey[survey["invited_on"] < PROGRAMMES_BEGIN].sort_values("wave")
    people = pd.DataFrame(
        {
            "person": invited["person"],
            "arm": np.where(invited["applied"], "joined", "stayed_out"),
            "stratum": 0,
            "cluster": invited["person"],
            "take_up": invited["mentored"].astype(float),
            "pre_outcome": np.nan,
            "pre_period_outcome": np.nan,
            "engagement": invited["person_id"].map(
                survey.groupby("person_id")["engagement"].last()
            ),
            "newcomer": (invited["tenure"] < 12).astype(float),
        }
    )
    columns = ["person", "event_month", "outcome"]
    return Panel(
        people=people,
        rows=rows[rows["event_month"].between(-12, 12)][columns].sort_values(columns[:2]),
        treated=("joined",),
        comparison="stayed_out",
    )


@cache
def drawn(seed: int, scenario: str) -> tuple[Panel, float]:
    """The panel of one company and the expected effect on those who joined, in per cent."""
    with TemporaryDirectory() as folder:
        paths = write_demo(Path(folder), scenario=scenario, seed=seed)
        truth = pd.read_csv(paths.truth / "estimands.csv").set_index(["programme", "estimand"])
        value = truth.loc[("CARE-OPTIN", ESTIMAND), "value_expected"]
        return panel_of(paths.canonical), float(value)


@cache
def answers(seed: int, scenario: str) -> dict[str, Estimate]:
    panel, _ = drawn(seed, scenario)
    found = {r.target.name: r for r in estimate_opt_in(panel, SPEC)}
    return {name: r for name, r in found.items() if isinstance(r, Estimate)}


def misses(scenario: str, name: str, draws: int) -> np.ndarray:
    """Estimate less truth by draw."""
    seeds = range(500, 500 + draws)
    return np.array([answers(s, scenario)[name].estimate - drawn(s, scenario)[1] for s in seeds])


@pytest.mark.parametrize("name", ["primary", "aipw_plug_in", "entropy_balancing", "ipw"])
def test_the_effect_on_joiners_is_recovered(name: str) -> None:
    miss = misses("default", name, DRAWS)
    assert abs(miss.mean()) < 4 * miss.std(ddof=1) / np.sqrt(DRAWS)


def test_figures_are_those_of_the_published_design() -> None:
    """Over 200 draws: truth 1.90, AIPW 1.94 (.78) with standard error .77, naive 18.0 (1.3)."""
    found = [answers(500 + draw, "default") for draw in range(DRAWS)]
    truths = [drawn(500 + draw, "default")[1] for draw in range(DRAWS)]
    assert np.mean(truths) == pytest.approx(1.90, abs=0.5)
    assert np.mean([f["primary"].std_error for f in found]) == pytest.approx(0.77, abs=0.1)
    assert np.mean([f["naive"].estimate for f in found]) == pytest.approx(18.0, abs=1.6)


def test_the_first_report_is_near_its_truth() -> None:
    """Selection makes up nearly all of the raw gap; who stayed out would have gained more."""
    truth, found = drawn(DEFAULT_SEED, "default")[1], answers(DEFAULT_SEED, "default")
    assert found["primary"].ci_low < truth < found["primary"].ci_high
    assert found["naive"].estimate > truth + 10
    assert found["primary"].estimate < found["aipw_ate"].estimate < found["aipw_atc"].estimate


def test_what_is_hidden_cannot_be_adjusted_for_and_the_checks_say_so() -> None:
    draws = 6
    assert misses("hidden_selection", "primary", draws).mean() > 2
    spoken = 0
    for draw in range(draws):
        panel, _ = drawn(500 + draw, "hidden_selection")
        checks = diagnose_opt_in(panel, SPEC)
        assert REQUIRED["opt_in"] <= {check.name for check in checks}
        spoken += any(c.name == "placebo" and c.status in ("warn", "fail") for c in checks)
    assert spoken >= draws / 2  # 73 % of draws are published to fail
