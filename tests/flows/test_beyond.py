"""Others than those mentored, from files to the report: two branches, mentors, team mates."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.disclosed import breaches
from tests.flows.conftest import Firm, own_key

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
project: branches
title: Two branches
purpose: Learn whether mentoring works for people who would not ask for it.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 24}
programmes: [{id: ALL, name: Mentoring for all}, {id: ASK, name: Mentoring on request}]
sources:
  - name: funnel
    file: funnel.csv
    delivered_on: 2025-12-31
    loads:
      - table: enrolments
        columns: {person_id: employee, programme: programme, arm: result, invited_on: invited,
                  applied_on: applied}
  - name: workers
    file: workers.csv
    delivered_on: 2025-12-31
    loads:
      - table: employment
        columns: {person_id: employee, hired_on: hired, exited_on: left, exit_kind: kind}
  - name: jobs
    file: jobs.csv
    delivered_on: 2025-12-31
    loads:
      - table: jobs
        columns: {person_id: employee, valid_from: since, level: level, site: site}
  - name: results
    file: results.csv
    delivered_on: 2025-12-31
    loads:
      - table: performance
        columns: {person_id: employee, period: month, value: value}
        constants: {metric: sales}
        formats: {period: "%Y-%m"}
  - name: matches
    file: matches.csv
    delivered_on: 2025-12-31
    loads:
      - table: matches
        columns: {mentee_id: mentee, mentor_id: mentor, programme: programme, matched_on: day}
"""

STUDY = """
study: sales
question: Does mentoring raise sales, and for whom?
as_of: 2025-12-31
programme: ALL
design: randomised
time_zero: invited_on
arms: {treated: mentee, comparison: not_mentored}
take_up: matched
outcome: {metric: sales, unit: pieces}
follow_up: {months: 3, primary: [1, 3]}
branches: {voluntary: ASK}
mentors: {level: 3}
spillover: {team: [site, invited_on]}
"""

LEAVING = """
study: leaving
question: Do fewer leave?
as_of: 2025-12-31
programme: ALL
design: randomised
time_zero: invited_on
arms: {treated: mentee, comparison: not_mentored}
outcome: {kind: exit, metric: voluntary}
follow_up: {months: 9, primary: [1, 9]}
mentors: {level: 3}
"""

# Sales without a mentor, and what one adds: everybody in ALL is half of each.
EAGER, OTHERS = (60, 2), (40, 10)


def write_exports(data: Path, people: int = 400) -> None:
    """Invited in March: every second person into ALL, the others into ASK. Half are eager: they
    opt in where they may, sell 60 and gain 2; the others sell 40 and would gain 10.
    """
    files = {
        "funnel": ["employee,programme,result,invited,applied"],
        "workers": ["employee,hired,left,kind"],
        "jobs": ["employee,since,level,site"],
        "results": ["employee,month,value"],
        "matches": ["mentee,mentor,programme,day"],
    }
    rng = random.Random(5)  # who leaves, and when
    for i in range(people):
        name, forced, eager, lucky = f"E{i:04d}", i % 2 == 0, i // 2 % 2 == 0, i * i // 11 % 2 == 0
        programme = "ALL" if forced else "ASK"
        drawn = forced or eager
        result = ("mentee" if lucky else "not_mentored") if drawn else ""
        applied = "2025-03-05" if eager and not forced else ""
        files["funnel"].append(f"{name},{programme},{result},2025-03-10,{applied}")
        last = rng.randint(4, 12) if rng.random() < 0.35 else 99
        gone = f"2025-{last:02d}-20,voluntary" if last < 99 else ","
        files["workers"].append(f"{name},2021-{1 + i % 12:02d}-01,{gone}")
        files["jobs"].append(f"{name},2022-01-01,1,S{i // 8:02d}")
        base, gain = EAGER if eager else OTHERS
        for month in range(1, min(7, last + 1)):
            noise = (i // 8 * 7 + month * 5) % 9 - 4  # the same in each group
            value = base + noise + gain * (result == "mentee" and month > 3)
            files["results"].append(f"{name},2025-{month:02d},{value}")
        if result == "mentee":
            files["matches"].append(
                f"{name},M{len(files['matches']) % 40:02d},{programme},2025-03-{15 + i % 9}"
            )
    for i in range(90):  # 40 of these mentor, sell 20 more and lose 3 while they do
        name, mentor = f"M{i:02d}", i < 40
        left = i % 3 == 1 if mentor else i % 2 == 1
        gone = f"2025-{4 + i % 8:02d}-15,voluntary" if left else ","
        files["workers"].append(f"{name},2020-01-01,{gone}")
        files["jobs"].append(f"{name},2020-01-01,3,S{i % 9:02d}")
        for month in range(-5, 5 if left else 7):
            noise = (i * 7 + month * month) % 5
            value = 80 + noise + 20 * mentor - 3 * (mentor and month >= 3)
            when = f"2025-{month:02d}" if month > 0 else f"2024-{12 + month:02d}"
            files["results"].append(f"{name},{when},{value}")
    for i in range(72):  # people have always left
        files["workers"].append(
            f"X{i:02d},2020-01-01,{2023 + i // 24}-{1 + i % 12:02d}-15,voluntary"
        )
    data.mkdir()
    for name, lines in files.items():
        (data / f"{name}.csv").write_text("\n".join(lines) + "\n")


def make(folder: Path, study: str = STUDY) -> Firm:
    """The company on disk."""
    (folder / "project" / "studies").mkdir(parents=True)
    (folder / "project" / "mentorlift.yml").write_text(PROJECT)
    (folder / "project" / "studies" / "sales.yml").write_text(study)
    (folder / "project" / "studies" / "leaving.yml").write_text(LEAVING)
    write_exports(folder / "exports")
    return Firm(folder / "project", folder / "exports", folder / "out")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], str]:
    """Findings, and the report."""
    folder = tmp_path_factory.mktemp("branches")
    firm = make(folder)
    with own_key(folder):
        code, _, err = firm.run()
    assert code == 0, err
    html = (firm.out / "report.html").read_text()
    return json.loads((firm.out / "findings.json").read_text()), html


def named(found: list[dict[str, Any]], study: str) -> dict[str, dict[str, Any]]:
    finding = next(f for f in found if f["study"] == study)
    return {e["name"]: e for e in finding["estimates"]}


def test_volunteers_and_everybody_else(found) -> None:
    estimates = named(found[0], "sales")
    wanted = {"all": 6.0, "in": 2.0, "out": 10.0, "selection": 20.0, "controls": 0.0}
    for name, value in wanted.items():
        one = estimates[f"branches.{name}"]
        assert one["status"] == "released", one["reason"]
        assert one["estimate"] == pytest.approx(value, abs=3 * one["std_error"]), name
        assert one["std_error"] < 3
    wide, one = estimates["branches.band.out"], estimates["branches.out"]
    assert wide["ci_low"] < one["ci_low"] < one["ci_high"] < wide["ci_high"]
    checks = {d["name"]: d for f in found[0] if f["study"] == "sales" for d in f["diagnostics"]}
    assert checks["opted_in"]["display"] in {"49 %", "50 %", "51 %"}
    assert {"voluntary_roster", "voluntary_sample_ratio", "voluntary_balance"} <= {*checks}


def test_mentors_lose_a_little_and_only_look_better(found) -> None:
    estimates = named(found[0], "sales")
    within, raw = estimates["mentors.within"], estimates["mentors.raw"]
    assert within["estimate"] == pytest.approx(-3.0, abs=3 * within["std_error"])
    assert raw["estimate"] > 15
    assert {within["role"], raw["role"]} == {"association"}
    exits = named(found[0], "leaving")
    for name in ("mentors.exits", "mentors.exits_raw"):
        one = exits[name]
        assert (one["status"], one["unit"], one["role"]) == ("released", "ratio", "association")


def test_team_mates_gain_nothing_here(found) -> None:
    one = named(found[0], "sales")["team_mates.slope"]
    assert one["status"] == "released", one["reason"]
    assert one["ci_low"] < 0 < one["ci_high"]


def test_the_report_says_it_and_nobody_is_given_away(found) -> None:
    findings, html = found
    assert breaches(findings, html) == []
    words = re.sub("<[^>]+>", " ", html)
    for said in (
        "Volunteers and everybody else",
        "Beyond the people mentored",
        "voluntariness itself has no effect",
        "chosen",
    ):
        assert said in words


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("voluntary: ASK", "voluntary: ALL", "branches.voluntary"),
        ("voluntary: ASK", "voluntary: NONE", "branches.voluntary"),
        ("team: [site, invited_on]", "team: [office]", "spillover"),
        ("mentors: {level: 3}", "mentors: {level: 9}", "mentors"),
    ],
)
def test_mistakes_are_named(tmp_path, old: str, new: str, key: str) -> None:
    assert old in STUDY
    firm = make(tmp_path, STUDY.replace(old, new))
    with own_key(tmp_path):
        code, out, err = firm.run()
    assert code == 3
    assert key in out + err
