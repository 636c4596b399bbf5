"""An oracle: truths counted again, person by person, from the potential outcomes on file.

Plain loops over the table of potential outcomes, and no code of the generator's truth.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis.synthetic.scenario import SCENARIOS
from pipelines.demo import write_demo

if TYPE_CHECKING:
    from pathlib import Path

# gains that depend on meetings cannot be counted from a table without meetings
WITHOUT_MEETINGS = sorted(set(SCENARIOS) - {"dose_real"})
LOTTERY_PROFILE = [0, 0.5, 0.9, 1.1, 1.15, 1.2, 1.15, 1.15, 1.15, 1.15]  # then to .30 at 18
LOTTERY_PROFILE += [1.15 - (1.15 - 0.30) * (e - 9) / 9 for e in range(10, 19)] + [0.30] * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oracle")


@cache
def files(folder: Path, scenario: str) -> tuple[dict[tuple[str, ...], Any], list[dict[str, Any]]]:
    paths = write_demo(folder / scenario, scenario=scenario, people=700, seed=4)
    truths = {
        (t["programme"], t["estimand"], t["population"], t["window"], t["subgroup"]): t
        for t in pq.read_table(paths.truth / "estimands.parquet").to_pylist()
    }
    people = pq.read_table(paths.truth / "potential.parquet").to_pylist()
    departments = {
        (row["person_id"], row["programme"]): row["department"]
        for row in pq.read_table(paths.canonical / "enrolment.parquet").to_pylist()
    }
    for person in people:
        person["department"] = departments[person["employee_id"], person["programme"]]
    return truths, people


def month(day: date) -> int:
    return (day.year - 2022) * 12 + day.month - 1


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


@pytest.mark.parametrize("scenario", WITHOUT_MEETINGS)
def test_the_lottery_counted_person_by_person(folder: Path, scenario: str) -> None:
    truths, people = files(folder, scenario)
    total = weight = 0.0
    for p in people:
        if p["programme"] != "SALES-LOT" or p["department"] != "sales" or not p["applied"]:
            continue
        zero, takes = month(p["time_zero"]), p["takes_up_if_assigned"]
        left = p["exit_month_mentored"] if takes else p["exit_month_untreated"]
        for event in range(1, 7):
            if zero + event < left:
                weight += 1
                total += p["mean_log_gain"] * LOTTERY_PROFILE[event] if takes else 0.0
    truth = truths[
        "SALES-LOT", "revenue_per_call.itt.while_employed", "applicants in sales", "1-6", ""
    ]
    if scenario == "crossover":  # a twentieth of takers get a mentor without a place
        assert 0 < truth["value_realised"] < 100 * math.expm1(total / weight)
    else:
        assert truth["value_realised"] == pytest.approx(100 * math.expm1(total / weight), abs=1e-9)


@pytest.mark.parametrize("scenario", WITHOUT_MEETINGS)
def test_the_opt_in_counted_person_by_person(folder: Path, scenario: str) -> None:
    truths, people = files(folder, scenario)
    for contrast, who, population in (
        ("att", {True}, "joiners"),
        ("atu", {False}, "stayed out"),
        ("ate", {True, False}, "invited"),
    ):
        total = weight = 0.0
        for p in people:
            if p["programme"] != "CARE-OPTIN" or p["applied"] not in who:
                continue
            zero, start = month(p["time_zero"]), month(p["effect_from"])
            profile = [LOTTERY_PROFILE[max(0, zero + e - start)] for e in range(4, 13)]
            peak = p["mean_log_gain"] / (sum(profile) / 9)  # the gain where the profile is one
            for event in range(4, 13):
                if zero + event < min(p["exit_month_mentored"], 48):
                    weight += 1
                    total += peak * profile[event - 4]
        truth = truths[
            "CARE-OPTIN", f"resolved_per_hour.{contrast}.while_employed", population, "4-12", ""
        ]
        found = 100 * math.expm1(total / weight) if weight else 0.0
        assert truth["value_realised"] == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_exits_counted_person_by_person_lie_between_whole_months(
    folder: Path, scenario: str
) -> None:
    """The table holds months; by days an exit of the last month may fall on either side."""
    truths, people = files(folder, scenario)
    truth = truths["CARE-OPTIN", "voluntary_exit.att", "joiners", "365 d", ""]["value_realised"]
    low, high = [], []
    for p in people:
        if p["programme"] != "CARE-OPTIN" or not p["applied"]:
            continue
        last = month(p["time_zero"] + timedelta(days=365))
        sure, maybe = {}, {}
        for world in ("mentored", "untreated"):
            left = p[f"exit_kind_{world}"] == "voluntary"
            sure[world] = left and p[f"exit_month_{world}"] < last
            maybe[world] = left and p[f"exit_month_{world}"] <= last
        low.append(sure["mentored"] - maybe["untreated"])
        high.append(maybe["mentored"] - sure["untreated"])
    assert 100 * mean(low) <= truth + 1e-9
    assert truth <= 100 * mean(high) + 1e-9


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - {"crossover"}))
def test_scores_and_ratings_counted_person_by_person(folder: Path, scenario: str) -> None:
    truths, people = files(folder, scenario)
    rows = [p for p in people if p["programme"] == "SALES-LOT" and p["applied"]]
    for outcome, estimand, window in (
        ("tis6", "tis6.itt.if_all_answered", "5-10"),
        ("rating", "rating.itt.if_all_stayed", "2024-12"),
    ):
        gaps = [
            (p[f"{outcome}_mentored"] - p[f"{outcome}_untreated"]) * p["takes_up_if_assigned"]
            for p in rows
        ]
        truth = truths["SALES-LOT", estimand, "applicants", window, ""]
        assert truth["value_realised"] == pytest.approx(mean(gaps), abs=1e-9)


def test_null_gives_everybody_the_same_two_worlds(folder: Path) -> None:
    _, people = files(folder, "null")
    for p in people:
        assert p["exit_month_mentored"] == p["exit_month_untreated"]
        assert p["exit_kind_mentored"] == p["exit_kind_untreated"]
        assert p["mean_log_gain"] == 0 or np.isnan(p["mean_log_gain"])
        for outcome in ("tis6", "rating"):
            one, other = p[f"{outcome}_mentored"], p[f"{outcome}_untreated"]
            assert one == other or np.isnan(one)
