"""Who benefits in the demo company, from its canonical files: juniors in the lottery, and in the
opt-in those who stayed out.

Planted: a lottery mentor raises people with less than a year of tenure nearly twice as much as
others; in the opt-in the gain falls with ability, which those who join have more of. The potential
outcomes of each person say what a fifth of the chance of joining gains.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.benefits.answer import who_benefits
from analysis.benefits.eagerness import fifths
from analysis.benefits.members import column_of, cut
from analysis.benefits.spec import Subgroup
from analysis.estimate import Estimate
from analysis.estimators.opt_in_setting import make_setting
from analysis.opt_in import with_past
from analysis.panel import Panel
from analysis.randomised import with_covariates
from analysis.study import parse_study
from pipelines.demo import write_demo
from tests.recovery.test_demo_opt_in import SPEC as CARE
from tests.recovery.test_demo_opt_in import enrolled
from tests.recovery.test_demo_opt_in import panel_of as care_panel

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "3"))
TENURE = Subgroup(name="tenure_months", cuts=(12,))
GROUPS = {"tenure months under 12": "tenure < 12", "tenure months 12 and over": "tenure >= 12"}

LOTTERY = parse_study(
    {
        "study": "sales-lottery",
        "question": "Whom does the offer of a mentor help?",
        "as_of": "2025-12-31",
        "programme": "SALES-LOT",
        "design": "randomised",
        "arms": {"treated": "mentee", "comparison": "lottery_lost"},
        "outcome": {"metric": "revenue_per_call", "transform": "log"},
        "follow_up": {"months": 6, "primary": [1, 6]},
        "adjust_for": ["pre_period_outcome", "tenure_months"],
        "subgroups": [{"name": "tenure_months", "cuts": [12]}],
    }
)
EAGER = CARE.model_copy(update={"who_benefits": ("eagerness",)})


@dataclass(frozen=True)
class Company:
    """What was estimated in one company, and what is true of it."""

    groups: dict[str, Estimate]  # by the truth's name of the group
    truth: dict[str, float]  # per cent
    p_value: float
    fifths: list[Estimate]
    gains: list[float]  # per cent, of the people of each fifth
    trend: Estimate


def lottery_panel(canonical: Path) -> Panel:
    drawn, rows = enrolled(
        canonical, "programme == 'SALES-LOT' and department == 'sales' and applied",
        "revenue_per_call",
    )  # fmt: skip
    before = rows[rows["event_month"].between(-12, -1)].groupby("person")["outcome"].mean()
    tenure = drawn["tenure"].astype(float)
    people = pd.DataFrame(
        {
            "person": drawn["person"],
            "arm": drawn["arm"],
            "stratum": pd.factorize(drawn["time_zero"], sort=True)[0],
            "cluster": drawn["person"],
            "take_up": np.nan,
            "pre_outcome": before.reindex(drawn["person"]).to_numpy(),
            "pre_period_outcome": before.reindex(drawn["person"]).to_numpy(),
            "tenure_months": tenure,
            column_of(TENURE): cut(TENURE.cuts, tenure),
        }
    )
    columns = ["person", "event_month", "outcome"]
    return Panel(
        people=people,
        rows=rows[rows["event_month"].between(-12, 6)][columns].sort_values(columns[:2]),
        treated=("mentee",),
        comparison="lottery_lost",
    )


@cache
def company(seed: int) -> Company:
    with TemporaryDirectory() as folder:
        paths = write_demo(Path(folder), seed=seed)
        table = pd.read_csv(paths.truth / "estimands.csv")
        table = table[table["estimand"] == "revenue_per_call.itt.while_employed"]
        lottery = who_benefits(lottery_panel(paths.canonical), LOTTERY)
        care = care_panel(paths.canonical)
        found = who_benefits(care, EAGER).results
        gains = _gains(paths.truth, paths.canonical, care)
    named = {GROUPS[str(r.target.subgroup)]: r for r in lottery.results if isinstance(r, Estimate)}
    known = [r for r in found if isinstance(r, Estimate)]
    (test,) = lottery.interactions
    assert test.p_value is not None
    return Company(
        groups=named,
        truth=dict(zip(table["subgroup"].fillna(""), table["value_expected"], strict=False)),
        p_value=test.p_value,
        fifths=known[:5],
        gains=gains,
        trend=known[5],
    )


def _gains(truth: Path, canonical: Path, care: Panel) -> list[float]:
    """What the people of each fifth would gain by joining, in per cent, of those measured."""
    potential = pq.read_table(truth / "potential.parquet").to_pandas()
    potential = potential[potential["programme"] == "CARE-OPTIN"].set_index("employee_id")
    invited = pq.read_table(canonical / "enrolment.parquet").to_pandas()
    invited = invited[invited["programme"] == "CARE-OPTIN"].sort_values("person_id")
    gain = potential["mean_log_gain"].reindex(invited["person_id"]).fillna(0.0).to_numpy()
    adjusted = with_past(with_covariates(care, EAGER.adjust_for) or care, EAGER)
    exact = Panel(**{n: getattr(adjusted, n) for n in adjusted.__slots__} | {"exact_rows": True})
    setting = make_setting(exact, EAGER, "joined", EAGER.follow_up.primary)
    own = fifths(setting.cells)
    person = setting.pair.people["person"].to_numpy()[setting.choice.place]
    return [100 * float(np.expm1(gain[person[own == k]].mean())) for k in range(5)]


def companies() -> list[Company]:
    return [company(700 + draw) for draw in range(DRAWS)]


@pytest.mark.parametrize("group", GROUPS.values())
def test_what_was_planted_in_each_tenure_is_found(group: str) -> None:
    """Over 200 draws: 4.91 (2.12) under a year where 4.75 is true, 2.57 (2.04) after."""
    miss = [c.groups[group].estimate - c.truth[group] for c in companies()]
    errors = [c.groups[group].std_error for c in companies()]
    assert abs(np.mean(miss)) < 4 * np.mean(errors) / np.sqrt(DRAWS)
    assert np.mean(errors) == pytest.approx(2.1, abs=0.9)  # each group alone, strata and all


def test_truths_of_the_groups_are_those_of_the_published_design() -> None:
    truth = [(c.truth["tenure < 12"], c.truth["tenure >= 12"]) for c in companies()]
    assert np.mean(truth, axis=0) == pytest.approx([4.75, 2.53], abs=0.9)  # take-up and exits vary


def test_so_small_a_difference_is_hardly_ever_told() -> None:
    """Two points between groups of 175: the difference would need ten times the people."""
    told = [c.p_value < 0.05 for c in companies()]
    assert np.mean(told) < 0.7


def test_each_fifth_gains_what_was_planted_in_it() -> None:
    """While employed, and by people who could be joined late: a point or two from the planted."""
    found = np.array([[e.estimate for e in c.fifths] for c in companies()])
    truth = np.array([c.gains for c in companies()])
    error = np.array([[e.std_error for e in c.fifths] for c in companies()]).mean(axis=0)
    print(found.mean(axis=0), truth.mean(axis=0), error)
    assert (abs((found - truth).mean(axis=0)) < 4 * error / np.sqrt(DRAWS) + 1).all()


def test_those_who_stayed_out_would_have_gained_most() -> None:
    for one in companies():
        assert one.trend.ci_high < 0
        assert one.gains == sorted(one.gains, reverse=True)
