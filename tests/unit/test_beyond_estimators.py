"""Mentors and team mates against regressions with every dummy written out (statsmodels)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.sandbox.regression.gmm import IV2SLS

from analysis.beyond.mentor_months import mentor_results
from analysis.beyond.spec import NOT_DRAWN
from analysis.beyond.team_mates import mates_funnel, mates_study, team_mates
from analysis.cohort import Cohort
from analysis.estimate import Estimate, NotEstimable
from analysis.follow_up import build_panel


def mentor_rows() -> pd.DataFrame:
    """40 people over 14 months, with gaps; half mentor from a month of their own on."""
    rng = np.random.default_rng(8)
    rows = []
    for person in range(40):
        start = 4 + person % 7 if person % 2 else None
        for month in range(14):
            if rng.random() < 0.15:
                continue
            busy = start is not None and start <= month <= start + 4
            value = 10 + person / 7 + month / 5 - 0.5 * busy + rng.normal()
            when = pd.Timestamp("2024-01-01") + pd.DateOffset(months=month)
            first = (
                pd.NaT
                if start is None
                else pd.Timestamp("2024-01-01") + pd.DateOffset(months=start)
            )
            rows.append((person, when, value, "3", 20 + month + person, first, busy))
    names = ["person_no", "month", "value", "level", "tenure_months", "first_on", "with_mentee"]
    return pd.DataFrame(rows, columns=names)


def test_the_raw_gap_counts_who_ever_mentors_also_outside_the_months(make_spec) -> None:
    """20 of 40 people ever mentor; two of them had their mentee in months without a figure."""
    rows = mentor_rows()
    rows = rows[~(rows["person_no"].isin([1, 3]) & rows["with_mentee"])]
    found = {r.target.name: r for r in mentor_results(make_spec(mentors={"level": 3}), rows)}
    raw, across = found["mentors.raw"], found["mentors.across"]
    assert (raw.n_treated, raw.n_comparison) == (20, 20)
    assert (across.n_treated, across.n_comparison) == (18, 22)


def test_within_people_is_a_regression_with_a_dummy_each(make_spec) -> None:
    rows = mentor_rows()
    found = {r.target.name: r for r in mentor_results(make_spec(mentors={"level": 3}), rows)}
    ahead = 12 * (rows["first_on"].dt.year - rows["month"].dt.year)
    ahead += rows["first_on"].dt.month - rows["month"].dt.month
    design = pd.concat(
        [
            pd.DataFrame({"busy": rows["with_mentee"] * 1.0, "lead": ahead.between(1, 3) * 1.0}),
            pd.get_dummies(rows["person_no"], dtype=float),
            pd.get_dummies(rows["month"], dtype=float).iloc[:, 1:],
        ],
        axis=1,
    )
    fit = sm.OLS(rows["value"].to_numpy(), design.to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": rows["person_no"].to_numpy()}
    )
    # statsmodels counts the dummies of people as parameters, which are nested in the clusters
    rows_, people = len(rows), rows["person_no"].nunique()
    counted = design.shape[1]
    factor = np.sqrt((rows_ - counted) / (rows_ - (counted - people) - 1))
    for place, name in enumerate(("within", "before")):
        one = found[f"mentors.{name}"]
        assert one.estimate == pytest.approx(fit.params[place], rel=1e-8)
        assert one.std_error == pytest.approx(fit.bse[place] * factor, rel=1e-8)


def test_nobody_with_a_mentee_is_a_reason(make_spec) -> None:
    rows = mentor_rows().assign(with_mentee=False, first_on=pd.NaT)
    found = mentor_results(make_spec(mentors={"level": 3}), rows)
    assert {type(r) for r in found} == {NotEstimable}


def lottery(teams: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Teams of six, of which four drew lots; mates are worth 4 if all are mentored."""
    rng = np.random.default_rng(9)
    n = 6 * teams
    team = np.arange(n) // 6
    drawn = np.arange(n) % 6 < 4
    won = drawn & (rng.random(n) < rng.choice([0.25, 0.75], teams)[team])
    took = won & (rng.random(n) < 0.7)
    total = np.bincount(team, weights=took)[team]
    y = 10 + 2.0 * took + 4 * (total - took) / 5 + rng.normal(size=teams)[team] + rng.normal(size=n)
    people = pd.DataFrame(
        {
            "person_no": np.arange(n),
            "time_zero": pd.Timestamp("2024-03-10"),
            "arm": np.where(won, "mentored", np.where(drawn, "control", NOT_DRAWN)),
            "site": [f"S{t}" for t in team],
            "take_up": took.astype(float),
            "mentored": took.astype(float),
            "tenure_months": 5.0,
            "exited_on": pd.NaT,
        }
    )
    outcome = pd.DataFrame(
        {"person_no": np.arange(n), "month": pd.Timestamp("2024-04-01"), "value": y}
    )
    return people, outcome


def test_the_share_of_mates_is_two_stage_least_squares(make_spec) -> None:
    people, outcome = lottery()
    spec = make_spec(take_up="matched", spillover={"team": "site", "saturations": [0.75, 0.25]})
    cohort = Cohort(people=people, steps=())
    panel = build_panel(mates_study(spec), cohort, outcome)
    found = {r.target.name: r for r in team_mates(spec, cohort, panel)}
    won = (people["arm"] == "mentored").to_numpy(dtype=float)
    drawn = (people["arm"] != NOT_DRAWN).to_numpy(dtype=float)

    def others(values: np.ndarray) -> np.ndarray:
        total = pd.Series(values).groupby(people["site"]).transform("sum").to_numpy()
        return (total - values) / 5

    took = people["take_up"].to_numpy()
    # everybody has as many drawn mates as their own lot says: the expected share adds nothing
    controls = np.column_stack([np.ones(len(people)), drawn, won])
    y = outcome["value"].to_numpy()
    fit = IV2SLS(
        y, np.column_stack([controls, others(took)]), np.column_stack([controls, others(won)])
    ).fit()
    assert found["team_mates.slope"].estimate == pytest.approx(fit.params[3], rel=1e-8)
    assert found["team_mates.own"].estimate == pytest.approx(fit.params[2], rel=1e-8)
    mean = others(took)[won == 1].mean()
    total = fit.params[2] + fit.params[3] * mean
    assert found["team_mates.winners_total"].estimate == pytest.approx(total, rel=1e-8)
    slope = found["team_mates.slope"]
    assert slope.ci_low < 4 < slope.ci_high
    high = found["team_mates.high_low"]
    assert isinstance(high, Estimate)
    assert high.ci_low < 4 * 0.7 * 0.5 * 4 / 5 < high.ci_high


def test_few_teams_are_a_reason(make_spec) -> None:
    people, outcome = lottery(30)
    spec = make_spec(spillover={"team": "site"})
    cohort = Cohort(people=people, steps=())
    found = team_mates(spec, cohort, build_panel(mates_study(spec), cohort, outcome))
    assert all(isinstance(r, NotEstimable) and "fewer than 40 teams" in r.reason for r in found)


def test_mates_who_were_not_drawn_start_with_the_draw_of_their_team(make_spec) -> None:
    funnel = pd.DataFrame(
        {
            "arm": ["mentored", None, None, None],
            "site": ["a", "a", "b", None],
            "applied_on": [pd.Timestamp("2024-03-01"), pd.NaT, pd.NaT, pd.NaT],
            "time_zero": [pd.Timestamp("2024-03-10"), pd.NaT, pd.NaT, pd.NaT],
        }
    )
    made = mates_funnel(make_spec(spillover={"team": "site"}), funnel)
    assert made["arm"].tolist() == ["mentored", NOT_DRAWN, NOT_DRAWN, NOT_DRAWN]
    assert made["time_zero"].notna().tolist() == [True, True, False, False]
    assert made["applied_on"].isna().all()
