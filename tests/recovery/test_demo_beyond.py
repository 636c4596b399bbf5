"""Mentors and team mates of the demo company: planted truths found, and traps walked into.

Frames are shaped as the queries return them.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import pandas as pd
import pytest

from analysis.beyond.mentor_exits import exit_ratios, person_months
from analysis.beyond.mentor_months import mentor_results
from analysis.beyond.spec import NOT_DRAWN
from analysis.beyond.team_mates import mates_study, team_mates
from analysis.cohort import Cohort
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.ancova import ancova
from analysis.exits.careers import NEVER
from analysis.exits.records import Records, Spells
from analysis.follow_up import build_panel
from analysis.study import StudySpec, parse_study
from analysis.synthetic.blocks import blocks
from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.mentoring import EXPERIENCE, NOBODY, mentor_months
from analysis.synthetic.people import CODES
from analysis.synthetic.spillover import with_teams
from analysis.synthetic.truth import estimands

SENIOR = 3  # the lowest level that mentors
_NAMES = {code: name for name, code in CODES.items()}


def study(**keys: object) -> StudySpec:
    return parse_study(
        {
            "study": "lottery",
            "question": "q?",
            "as_of": "2025-12-31",
            "programme": "SALES-LOT",
            "design": "randomised",
            "arms": {"treated": "mentee", "comparison": "lottery_lost"},
            "take_up": "met_mentor_once",
            "outcome": {"metric": "revenue_per_call", "transform": "log"},
            "follow_up": {"months": 6, "primary": [1, 6]},
            **keys,
        }
    )


def performance(firm: Company, people: np.ndarray) -> pd.DataFrame:
    """Months with a figure of these people."""
    parts = [(b.happened, b.recorded) for b in blocks(firm)]
    value, seen = (np.concatenate(p)[people] for p in zip(*parts, strict=True))
    row, month = np.nonzero(seen)
    return pd.DataFrame(
        {
            "person_no": people[row],
            "month": pd.to_datetime(month_start(np.arange(MONTHS))[month]),
            "value": np.exp(value[row, month]),
            "month_no": month,
        }
    )


@lru_cache(maxsize=2)  # tests ask the same large company for several things in a row
def company(scenario: str, size: int, seed: int) -> Company:
    return draw_company(scenario, size=size, seed=seed)


def first_matches(firm: Company) -> pd.Series:
    pairs = firm.matches
    known = pairs.mentor != NOBODY
    frame = pd.DataFrame({"mentor": pairs.mentor[known], "on": pairs.matched_on[known]})
    return pd.to_datetime(frame.groupby("mentor")["on"].min())


@cache
def mentors(scenario: str, seed: int, size: int = 20_000) -> dict[str, Estimate]:
    """Results for the KPI of seniors in sales with a year of tenure."""
    firm = company(scenario, size, seed)
    people = np.flatnonzero(
        (firm.people.level >= SENIOR) & (firm.people.department == CODES["sales"])
    )
    rows = performance(firm, people)
    who, busy = mentor_months(firm.matches)
    place = np.searchsorted(who, rows["person_no"].to_numpy()).clip(max=len(who) - 1)
    mentor = who[place] == rows["person_no"].to_numpy()
    month = rows["month_no"].to_numpy()
    rows["with_mentee"] = mentor & busy[place, month]
    rows["first_on"] = rows["person_no"].map(first_matches(firm))
    rows["level"] = firm.people.level[rows["person_no"]].astype(str)
    rows["tenure_months"] = month - firm.people.hire_month[rows["person_no"]]
    rows = rows[rows["tenure_months"] >= EXPERIENCE]
    spec = study(mentors={"level": [3, 4, 5], "department": "sales", "tenure_from": EXPERIENCE})
    return {r.target.name: r for r in mentor_results(spec, rows)}


def test_what_a_mentee_costs_is_found_in_the_same_people() -> None:
    """Planted: -.015 log points in months with a mentee. Across people, mentors seem better."""
    found = [mentors("default", seed)["mentors.within"] for seed in (1, 2)]
    value = np.mean([np.log1p(r.estimate / 100) for r in found])
    error = np.mean([r.std_error / 100 for r in found]) / np.sqrt(len(found))
    assert value == pytest.approx(-0.015, abs=3 * error)
    # The noise is the same where nothing is planted, so it is not in the difference; mentees of a
    # few mentors are others, since those leave at another time.
    none = mentors("null", 1)["mentors.within"]
    added = np.log1p(found[0].estimate / 100) - np.log1p(none.estimate / 100)
    assert added == pytest.approx(-0.015, abs=0.001)
    raw = mentors("default", 1)["mentors.raw"]
    assert raw.ci_low > 5  # per cent: able people are chosen
    assert {r.target.role for r in mentors("default", 1).values()} == {"association"}


def test_before_the_first_mentee_nothing_is_different_within_people() -> None:
    found = mentors("default", 1)["mentors.before"]
    assert abs(found.estimate) < 3 * found.std_error
    assert found.std_error < 2  # per cent


@cache
def stays(scenario: str, seed: int) -> dict[str, Estimate]:
    """Hazard ratios of voluntary exits of seniors with a year of tenure, in every department."""
    firm = company(scenario, 20_000, seed)
    senior = np.flatnonzero(firm.people.level >= SENIOR)
    hired = firm.people.hired_on[senior].astype("datetime64[D]").astype(np.int64)
    out = firm.exit_on[senior].astype("datetime64[D]")
    exits = np.where(np.isnat(out), NEVER, out.astype(np.int64))
    kind = np.where(exits < NEVER, firm.exit_kind[senior], 0)
    spells = Spells(
        person_no=senior, hired=hired, exit=exits, kind=kind,
        notice=np.full(len(senior), NEVER), undated=np.zeros(len(senior), dtype=bool),
    )  # fmt: skip
    jobs = pd.DataFrame(
        {
            "person_no": senior,
            "valid_from": pd.Timestamp("1950-01-01"),
            "valid_to": pd.Timestamp("2200-01-01"),
            "department": [_NAMES[d] for d in firm.people.department[senior]],
            "level": firm.people.level[senior].astype(str),
        }
    )
    begin, end = (int(np.datetime64(d, "D").astype(int)) for d in ("2022-01-01", "2025-12-31"))
    records = Records(begin=begin, end=end, delivered=end, known=None, fewer=False)
    first = first_matches(firm).rename_axis("person_no").rename("first_on").reset_index()
    spec = study(
        outcome={"metric": "voluntary", "kind": "exit"}, take_up=None,
        mentors={"level": [3, 4, 5], "tenure_from": EXPERIENCE},
    )  # fmt: skip
    made = exit_ratios(spec, person_months(spec, records, spells, jobs, first))
    return {r.target.name: r for r in made}


def test_mentors_seem_to_stay_because_they_had_to_be_there() -> None:
    """No effect is planted: the raw ratio is far below 1, most of which is having been there."""
    found = [stays("default", seed) for seed in (1, 2, 3)]
    raw = [r["mentors.exits_raw"] for r in found]
    assert max(r.ci_high for r in raw) < 0.6
    # Who is chosen is able and motivated, and stays for that: adjusted, 1 need not be met exactly.
    adjusted = np.mean([np.log(r["mentors.exits"].estimate) for r in found])
    assert abs(adjusted) < 0.35
    # A factor of .92 in months with a mentee moves the ratio of all months after the first one.
    more = np.log(stays("mentor_side", 2)["mentors.exits"].estimate)
    less = np.log(found[1]["mentors.exits"].estimate)
    assert np.log(0.88) < more - less < 0


@cache
def mates(scenario: str, seed: int, size: int) -> dict[str, Estimate]:
    """Results about people invited to sales' lottery in one round at one site."""
    firm = company(scenario, size, seed)
    e = firm.lottery
    if scenario != "spillover":  # the same teams, which say nothing there
        e = with_teams(firm.streams, firm.size, firm.people, e, firm.block)
    e = e.take(e.department == CODES["sales"])
    arm = np.where(e.won, "mentee", "lottery_lost")
    people = pd.DataFrame(
        {
            "person_no": e.person,
            "time_zero": pd.to_datetime(month_start(e.zero)),
            "arm": np.where(e.applied, arm, NOT_DRAWN),
            "stratum": e.zero,
            "site": e.group.astype(str),
            "tenure_months": e.tenure.astype(float),
            "take_up": e.mentored.astype(float),
            "mentored": e.mentored.astype(float),
            "exited_on": pd.NaT,
        }
    )
    spec = study(
        spillover={"team": "site", "saturations": [0.25, 0.75]},
        adjust_for=["pre_period_outcome", "tenure_months"],
        allocation={"strata": ["stratum"]},
    )
    cohort = Cohort(people=people, steps=())
    panel = build_panel(mates_study(spec), cohort, performance(firm, e.person))
    found = {r.target.name: r for r in team_mates(spec, cohort, panel)}
    found["pooled"] = ancova(panel.pair("mentee"), spec, (1, 6))[0]
    return found


def planted(firm_seed: int, size: int) -> dict[str, float]:
    """Expected truths in per cent by the last word of their name."""
    firm = company("spillover", size, firm_seed)
    rows = [e for e in estimands(firm) if ".spillover." in e.estimand]
    return {e.estimand.rpartition(".")[2]: e.value_expected for e in rows}


def test_team_mates_gain_what_is_planted() -> None:
    """N = 50,000: high less low .87, others +.83, winners 4.6 in all; .06 a share of 1."""
    found, true = mates("spillover", 1, 50_000), planted(1, 50_000)
    wanted = {
        "high_low": true["high_less_low_saturation"],
        "slope": 100 * np.expm1(0.06),
        "untreated": true["not_won"],
        "winners_total": true["winners_total"],
    }
    for name, value in wanted.items():
        one = found[f"team_mates.{name}"]
        assert one.estimate == pytest.approx(value, abs=2.5 * one.std_error), name
    contrast = found["team_mates.high_low"]
    assert contrast.std_error < 0.5  # so that the line above says something
    assert contrast.ci_low > 0
    # Losers' mates gain too, so the pooled effect of the offer is less than what winning does.
    assert found["pooled"].estimate < found["team_mates.winners_total"].estimate


def test_at_five_thousand_the_contrast_cannot_tell() -> None:
    """Half the interval is wider than what is planted, or teams are too few, which is said."""
    for seed in (1, 4):
        one = mates("spillover", seed, 5_000)["team_mates.high_low"]
        assert one.ci_low < 0 < one.ci_high
        assert (one.ci_high - one.ci_low) / 2 > 0.87
    few = mates("spillover", 3, 5_000)["team_mates.high_low"]
    assert isinstance(few, NotEstimable)
    assert "teams were drawn" in few.reason


def test_without_spillover_none_is_found() -> None:
    """Lots within rounds, no saturation drawn: mates' lots vary by chance, and do nothing."""
    found = [mates("default", seed, 20_000)["team_mates.slope"] for seed in (1, 2)]
    for one in found:
        assert one.ci_low < 0 < one.ci_high
