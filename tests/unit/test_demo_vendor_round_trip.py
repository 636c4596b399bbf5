"""A reader that shares no code with the writers finds in the vendor files what they promise.

That is: the canonical layer minus what the manifest keeps out and what the layouts lose.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pipelines.demo import write_demo
from tests.unit.vendor_reader import Reader

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", params=["none", "planted"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vendor")
    write_demo(folder, people=500, dialects="vendor", defects=request.param)
    return folder


@pytest.fixture(scope="module")
def reader(root: Path) -> Reader:
    return Reader(root)


def expected(root: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        root / "truth" / f"expected_{name}.parquet"
    ).to_pylist()
    return rows


def canonical(root: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(root / "canonical" / f"{name}.parquet").to_pylist()
    return rows


def people(root: Path) -> dict[str | None, str | None]:
    """The canonical number of each number delivered."""
    found = {row["number"]: row["employee_id"] for row in expected(root, "identifiers")}
    return {None: None, **found}


def test_spells_of_employment_are_found_again(root: Path, reader: Reader) -> None:
    who = people(root)
    assert {(who[p], hired): v for (p, hired), v in reader.employment().items()} == {
        (row["employee_id"], row["hired_on"]): (
            row["exited_on"],
            row["exit_reason"],
            row["regretted"],
        )
        for row in expected(root, "employment")
    }


def test_job_assignments_are_found_again(root: Path, reader: Reader) -> None:
    who = people(root)
    names = ("department", "level", "site")
    assert {(who[p], day): (*v[:3], who[v[3]]) for (p, day), v in reader.jobs().items()} == {
        (row["employee_id"], row["valid_from"]): (*(row[n] for n in names), row["manager_id"])
        for row in expected(root, "job_history")
    }


def test_figures_and_ratings_are_found_again(root: Path, reader: Reader) -> None:
    who = people(root)
    found = reader.performance()
    assert {(who[k[0]], *k[1:]): (*v[:2], who[v[2]]) for k, v in found.items()} == {
        (row["employee_id"], row["metric"], row["month"]): (
            row["value"], row["scale"], row["rater_id"],
        )
        for row in expected(root, "performance")
    }  # fmt: skip


def test_paths_through_the_programmes_are_found_again(root: Path, reader: Reader) -> None:
    who = people(root)
    names = ("eligible_on", "invited_on", "applied_on", "assigned_on", "matched_on",
             "completed_on", "closed_on", "arm", "stratum")  # fmt: skip
    assert {(who[k[0]], k[1]): v for k, v in reader.enrolments().items()} == {
        (row["employee_id"], row["programme"]): tuple(row[n] for n in names)
        for row in expected(root, "enrolments")
    }


def test_pairs_and_meetings_are_found_again(root: Path, reader: Reader) -> None:
    who = people(root)
    found = reader.mentorships()
    assert {(who[k[0]], who[k[1]], *k[2:]): v for k, v in found.items()} == {
        (row["mentee_id"], row["mentor_id"], row["programme"], row["matched_on"]): (
            row["ended_on"],
        )
        for row in expected(root, "mentorships")
    }
    names = ("employee_id", "programme", "held_on", "minutes")
    assert {(who[k[0]], *k[1:]) for k in reader.sessions()} == {
        (*(row[n] for n in names), row["status"] == "confirmed")
        for row in expected(root, "sessions")
    }


def test_answers_are_found_again(root: Path, reader: Reader) -> None:
    who = people(root)
    assert {(who[k[0]], *k[1:]): v for k, v in reader.surveys().items()} == {
        (row["employee_id"], row["wave"], row["item"]): (
            row["value"], row["answered_on"], row["status"],
        )
        for row in expected(root, "surveys")
    }  # fmt: skip


def test_without_defects_what_is_missing_is_listed(tmp_path: Path) -> None:
    """Canonical rows that are not among the expected are the keys in losses.csv, one by one."""
    write_demo(tmp_path, people=500, dialects="vendor", defects="none")
    with (tmp_path / "truth" / "losses.csv").open(encoding="utf-8", newline="") as file:
        losses = [row for row in csv.DictReader(file) if row["lost"] == "row"]

    def lost(entity: str) -> set[str]:
        return {row["keys"] for row in losses if row["entity"] == entity}

    def keys(name: str, *columns: str) -> set[str]:
        return {"|".join(str(row[c]) for c in columns) for row in expected(tmp_path, name)}

    jobs = {f"{row['person_id']}|{row['valid_from']}" for row in canonical(tmp_path, "job")}
    assert jobs - keys("job_history", "employee_id", "valid_from") == lost("job")
    spells = canonical(tmp_path, "employment")
    assert {f"{r['person_id']}|{r['hired_on']}" for r in spells} == keys(
        "employment", "employee_id", "hired_on"
    )
    left = {f"{r['person_id']}|{r['hired_on']}" for r in spells if r["exited_on"]}
    assert left - keys("exits", "employee_id", "hired_on") == lost("exit")
    figures = {
        f"{row['person_id']}|{row['metric']}|{row['month']}"
        for row in canonical(tmp_path, "performance")
    }
    ratings = {f"{row['person_id']}|rating|{row['cycle']}" for row in canonical(tmp_path, "rating")}
    assert figures | ratings == keys("performance", "employee_id", "metric", "month")
    answers = canonical(tmp_path, "survey")
    assert {
        (r["person_id"], r["wave"]) for r in answers if r["answered_on"] and r["wave"] != 2
    } == {(row["employee_id"], row["wave"]) for row in expected(tmp_path, "surveys")}
