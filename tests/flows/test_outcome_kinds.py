"""Every kind of outcome from files to the report: 24 teams of eight, half of them mentored."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.conftest import Firm, own_key

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
project: teams
title: Teams of eight
purpose: Learn whether mentoring whole teams works.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 24}
programmes: [{id: TEAMS, name: Mentoring by team}]
sources:
  - name: funnel
    file: funnel.csv
    delivered_on: 2025-12-31
    loads:
      - table: enrolments
        columns: {person_id: employee, arm: result, assigned_on: drawn}
        constants: {programme: TEAMS}
  - name: workers
    file: workers.csv
    delivered_on: 2025-12-31
    loads:
      - table: employment
        columns: {person_id: employee, hired_on: hired, exited_on: left}
        constants: {exit_kind: voluntary}
  - name: jobs
    file: jobs.csv
    delivered_on: 2025-12-31
    loads:
      - table: jobs
        columns: {person_id: employee, valid_from: since, level: level, manager_id: manager}
  - name: results
    file: results.csv
    delivered_on: 2025-12-31
    loads:
      - table: performance
        columns:
          {person_id: employee, period: month, metric: metric, value: value, scale: scale,
           rater_id: rater}
        formats: {period: "%Y-%m"}
  - name: meetings
    file: meetings.csv
    delivered_on: 2025-12-31
    loads:
      - table: sessions
        columns: {person_id: employee, held_on: day}
        constants: {programme: TEAMS, status: confirmed}
"""

COMMON = """
question: Does mentoring work?
as_of: 2025-12-31
programme: TEAMS
design: randomised
arms: {treated: mentee, comparison: lottery_lost}
take_up: met_mentor_once
cluster: manager_no
"""

STUDIES = {
    "teams": """
outcome: {metric: sales, kind: team, unit: EUR}
follow_up: {months: 4, primary: [1, 4]}
""",
    "sales": """
outcome: {metric: sales, kind: count, unit: sales, after_exit: zero}
follow_up: {months: 4, primary: [1, 4]}
dose: [meetings]
practices: [rhythm]
""",
    "ratings": """
outcome:
  metric: rating
  kind: rating
  scales: {five: highest, four: lowest}
follow_up: {months: 9, primary: [1, 9]}
""",
    "ratings-confirmed": """
outcome:
  metric: rating
  kind: rating
  scales: {five: highest, four: lowest}
  objective: {metric: sales, kind: count, label: sales}
follow_up: {months: 9, primary: [1, 9]}
""",
    "promotions": """
outcome: {metric: level, kind: promotion, label: the share promoted}
follow_up: {months: 8, primary: [8, 8], windows: [[4, 4]]}
""",
}


def write_exports(data: Path) -> dict[str, list[str]]:
    """Drawn in March. From April the mentored sell 8 more than their own number, 6 of 96 of the
    others leave in May, half of the mentored rise in August and a quarter of the others.
    """
    files = {
        "funnel": ["employee,result,drawn"],
        "workers": ["employee,hired,left"],
        "jobs": ["employee,since,level,manager"],
        "results": ["employee,month,metric,value,scale,rater"],
        "meetings": ["employee,day"],
    }
    for i in range(192):
        name, team, place = f"E{i:04d}", i // 8, i % 8
        won, boss = team % 2 == 0, f"M{team:02d}"
        left = "2025-05-10" if not won and place == 7 and team % 4 == 1 else ""
        files["funnel"].append(f"{name},{'mentee' if won else 'lottery_lost'},2025-03-10")
        files["workers"].append(f"{name},2020-01-01,{left}")
        files["jobs"].append(f"{name},2020-01-01,1,{boss}")
        if place < (4 if won else 2) + team // 2 % 3 - 1:  # more in some teams
            files["jobs"].append(f"{name},2025-08-01,2,{boss}")
        for month in range(1, 8):
            if not left or month < 5:
                value = 20 + (5 * i + 3 * month) % 7 + 8 * (won and month > 3)
                files["results"].append(f"{name},2025-{month:02d},sales,{value},,")
        if not left:
            points = min(5, 1 + (3 * i + team) % 4 + won)
            files["results"].append(f"{name},2025-06,rating,{points},five,{boss}")
            files["results"].append(f"{name},2025-12,rating,{5 - min(points, 4)},four,M00")
        files["results"].append(f"{name},2025-01,rating,{1 + i % 5},five,{boss}")
        if won:
            files["meetings"] += [f"{name},2025-04-{1 + 3 * n:02d}" for n in range(1 + i % 3)]
    return files


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """Findings by study, and the words of the report."""
    folder = tmp_path_factory.mktemp("teams")
    (folder / "project" / "studies").mkdir(parents=True)
    (folder / "exports").mkdir()
    (folder / "project" / "mentorlift.yml").write_text(PROJECT)
    for name, text in STUDIES.items():
        (folder / "project" / "studies" / f"{name}.yml").write_text(
            f"study: {name}\n{COMMON}{text}"
        )
    for name, lines in write_exports(folder / "exports").items():
        (folder / "exports" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    firm = Firm(folder / "project", folder / "exports", folder / "out")
    with own_key(folder):
        code, _, err = firm.run()
    assert code == 0, err
    studies = json.loads((firm.out / "findings.json").read_text())
    html = (firm.out / "report.html").read_text()
    words = re.sub("<[^>]+>", "", html).replace("\u202f", " ").replace("\u00a0", " ")
    return {s["study"]: s for s in studies}, words


def named(study: dict[str, Any], name: str) -> dict[str, Any]:
    return next(e for e in study["estimates"] if e["name"] == name)


def test_a_team_outlasts_its_leavers(found) -> None:
    teams = found[0]["teams"]
    head = named(teams, "primary")
    assert head["estimate"] == pytest.approx(8, abs=0.5)
    assert head["unit"] == "EUR" and "clustered by manager no" in head["convention"]
    assert teams["grade"] == "Randomised"
    assert "mentored_mates" in {d["name"] for d in teams["diagnostics"]}
    assert not any(e["name"].startswith("lee") for e in teams["estimates"])


def test_output_per_person_with_zeros_and_while_employed_beside(found) -> None:
    """31 against 23 while employed; 6 of 96 others sell nothing in two of four months."""
    sales = found[0]["sales"]
    head, beside = named(sales, "primary"), named(sales, "while_employed")
    assert head["estimate"] == pytest.approx(100 * (31 / (23 * (1 - 0.5 * 6 / 96)) - 1), abs=2)
    # Only six people left, and beside the headline these two would tell of them.
    assert beside["status"] == named(sales, "lee_bound_lower")["status"] == "suppressed"
    assert (head["unit"], head["estimator"]) == ("%", "Ratio of means")
    doses = [e for e in sales["estimates"] if e["role"] == "association"]
    assert {e["unit"] for e in doses} == {
        "% a meeting",
        "% with a meeting in every month against none",
    }
    assert all("not an effect" in e["estimand"] for e in doses)


def test_ratings_of_two_scales_and_who_gave_them(found) -> None:
    ratings = found[0]["ratings"]
    head = named(ratings, "primary")
    assert 0.5 < head["estimate"] < 1 and head["unit"] == "SD"
    assert ratings["grade"] == "Suggestive"
    checks = {d["name"]: d for d in ratings["diagnostics"]}
    assert "100 %" not in checks["who_rates"]["display"]
    # the last rater of December is M00 for all; only team M00 was rated by M00 before
    assert checks["rater_changes"]["display"].startswith("lottery lost 100 %")


def test_a_rating_that_sales_agree_with_is_not_capped(found) -> None:
    """One warning is left: 6 of 96 comparators have no rating, none of the mentored."""
    ratings = found[0]["ratings-confirmed"]
    assert ratings["grade"] == "Credible"
    measured = named(ratings, "objective_outcome")
    assert (measured["estimator"], measured["unit"]) == ("Ratio of means, sales", "%")
    assert measured["estimate"] == pytest.approx(100 * 8 / 23, abs=2)
    assert "objective_outcome" not in {e["name"] for e in found[0]["ratings"]["estimates"]}


def test_promotions_in_points_by_the_month(found) -> None:
    promotions = found[0]["promotions"]
    assert named(promotions, "primary")["estimate"] == pytest.approx(0.25)
    months = {
        tuple(e["window"]): e["estimate"]
        for e in promotions["estimates"]
        if e["name"] in ("by_month", "window") and e["status"] == "released"
    }
    assert all(value == pytest.approx(0.25) for (last, _), value in months.items() if last >= 5)


@pytest.mark.parametrize(
    "words",
    [
        "percentage points in month 8",
        "standard deviations over months 1 to 9",
        "This is not an effect",
        "counts as not promoted",
        "zero in every month after the person left",
        "not causal if exits differ",
    ],
)
def test_the_report_says_it_in_words(found, words: str) -> None:
    assert words in found[1]
