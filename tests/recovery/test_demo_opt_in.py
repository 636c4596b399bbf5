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
from analysis.study import StudySpec, parse_study
from pipelines.demo import DEFAULT_SEED, write_demo

DRAWS = 20
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


def panel_of(canonical: Path) -> Panel:
    def read(name: str) -> pd.DataFrame:
        return pq.read_table(canonical / f"{name}.parquet").to_pandas(date_as_object=False)

    invited = read("enrolment").query("programme == 'CARE-OPTIN'").sort_values("person_id")
    invited = invited.reset_index(drop=True)
    invited["person"] = np.arange(len(invited))
    zero = invited[["person_id", "person", "time_zero"]]
    spells = zero.merge(read("employment"), on="person_id").query("hired_on <= time_zero")
    hired = spells.groupby("person")["hired_on"].max()
    survey = read("survey").dropna(subset="answered_on")
    survey = survey[survey["invited_on"] < PROGRAMMES_BEGIN].sort_values("wave")
    rows = zero.merge(read("performance"), on="person_id").query("metric == 'resolved_per_hour'")
    rows["event_month"] = months(rows["month"]) - months(rows["time_zero"])
    rows["outcome"] = np.log(rows["value"].astype(float))
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
            "newcomer": (months(invited["time_zero"]) - months(hired) < 12).astype(float),
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
def drawn(seed: int, scenario: str = "default") -> tuple[Panel, float]:
    """The panel of one company and the expected effect on those who joined, in per cent."""
    with TemporaryDirectory() as folder:
        paths = write_demo(Path(folder), scenario=scenario, seed=seed)
        truth = pd.read_csv(paths.truth / "estimands.csv").set_index(["programme", "estimand"])
        value = truth.loc[("CARE-OPTIN", ESTIMAND), "value_expected"]
        return panel_of(paths.canonical), float(value)


def answers(panel: Panel, spec: StudySpec = SPEC) -> dict[str, Estimate]:
    found = {r.target.name: r for r in estimate_opt_in(panel, spec)}
    return {name: r for name, r in found.items() if isinstance(r, Estimate)}
