"""The demo company on disk: same seed, same bytes; files that fit the project beside them."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import yaml

from analysis.study import parse_study
from pipelines.demo import DEFAULT_SEED, EXAMPLE, DemoPaths, write_demo
from pipelines.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoPaths:
    return write_demo(tmp_path_factory.mktemp("demo"), people=1_000)


def hashes(paths: DemoPaths) -> dict[str, str]:
    folders = (paths.data, paths.truth, paths.canonical)
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_seed_gives_the_same_bytes(demo: DemoPaths, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "again", people=1_000)
    other = write_demo(tmp_path / "other", people=1_000, seed=DEFAULT_SEED + 1)
    assert hashes(again) == hashes(demo)
    assert hashes(other)["kpi_monthly.csv"] != hashes(demo)["kpi_monthly.csv"]


def test_the_truth_lies_outside_the_project_and_the_data(demo: DemoPaths) -> None:
    assert not demo.truth.is_relative_to(demo.project)
    assert not demo.truth.is_relative_to(demo.data)
    rows = {
        (r["estimand"], r["window"], r["subgroup"]): float(r["value_expected"])
        for r in read(demo.truth / "estimands.csv")
    }
    assert rows["revenue_per_call.itt.while_employed", "1-6", ""] == pytest.approx(3.6, abs=0.5)
    assert rows["voluntary_exit.hazard_factor", "1-12", ""] == 0.78


def test_the_project_is_the_example_and_its_study_is_valid(demo: DemoPaths) -> None:
    for file in EXAMPLE.rglob("*.yml"):
        copied = demo.project / file.relative_to(EXAMPLE)
        assert copied.read_bytes() == file.read_bytes()
    text = (demo.project / "studies" / "sales-mentoring.yml").read_text(encoding="utf-8")
    study = parse_study(yaml.safe_load(text))
    assert study.follow_up.primary == (1, 6)


def test_every_column_named_in_the_project_is_in_its_file(demo: DemoPaths) -> None:
    project = yaml.safe_load((demo.project / "mentorlift.yml").read_text(encoding="utf-8"))
    for source in project["sources"]:
        rows = read(demo.data / source["file"])
        for load in source["loads"]:
            named = {*load["columns"].values(), *load.get("attributes", ())}
            assert named <= set(rows[0])
            for column, words in load.get("values", {}).items():
                found = {row[load["columns"][column]] for row in rows} - {""}
                assert found <= set(words)


def test_names_and_addresses_are_never_mapped(demo: DemoPaths) -> None:
    project = yaml.safe_load((demo.project / "mentorlift.yml").read_text(encoding="utf-8"))
    mapped = {
        header
        for source in project["sources"]
        for load in source["loads"]
        for header in (*load["columns"].values(), *load.get("attributes", ()))
    }
    assert not mapped & {"name", "email"}
    worker = read(demo.data / "workers.csv")[0]
    assert len(worker["employee_id"]) == 6
    assert worker["email"].endswith("@example.com")


def test_the_funnel_narrows_step_by_step(demo: DemoPaths) -> None:
    rows = read(demo.data / "mentoring_applications.csv")
    for row in rows:
        assert row["eligible_on"] < row["invited_on"]
        assert bool(row["applied_on"]) == bool(row["drawn_on"]) == bool(row["result"])
        if row["applied_on"]:
            assert row["invited_on"] <= row["applied_on"] < row["drawn_on"]
        if row["matched_on"]:
            assert row["result"] == "mentee"
            assert row["drawn_on"] < row["matched_on"] < row["closed_on"]
    matched = {row["employee_id"] for row in rows if row["matched_on"]}
    assert matched == {row["mentee_id"] for row in read(demo.data / "mentoring_matches.csv")}
    assert matched == {row["employee_id"] for row in read(demo.data / "mentoring_sessions.csv")}


def test_performance_is_on_file_only_for_whole_months_employed(demo: DemoPaths) -> None:
    spells: dict[str, list[tuple[str, str]]] = {}
    for row in read(demo.data / "workers.csv"):
        last = row["termination_date"] or "9999-12-31"
        spells.setdefault(row["employee_id"], []).append((row["hire_date"], last))
    for row in read(demo.data / "kpi_monthly.csv"):
        of = spells[row["employee_id"]]
        assert any(hired < row["month"] and row["month"][:7] < left[:7] for hired, left in of)


def test_jobs_begin_at_the_hire_and_who_comes_back_has_two(demo: DemoPaths) -> None:
    workers = read(demo.data / "workers.csv")
    hires = {(row["employee_id"], row["hire_date"]) for row in workers}
    jobs = {(row["employee_id"], row["valid_from"]) for row in read(demo.data / "job_history.csv")}
    assert hires <= jobs
    assert 0 < len(workers) - len({person for person, _ in hires}) < 0.02 * len(workers)


def test_the_canonical_layer_holds_every_entity_of_the_data_model(demo: DemoPaths) -> None:
    found = {path.stem for path in demo.canonical.glob("*.parquet")}
    assert found >= {"person", "employment", "exit", "job", "performance", "rating", "pay"}
    assert found >= {"enrolment", "match", "session", "survey", "leave", "identifier", "unit"}
    people = pq.read_table(demo.canonical / "person.parquet").column("person_id").to_pylist()
    assert len(set(people)) == len(people)
    for name in sorted(found - {"unit", "match", "exit", "withdrawn_exit"}):
        table = pq.read_table(demo.canonical / f"{name}.parquet")
        assert set(table.column("person_id").to_pylist()) <= set(people), name


def test_an_unknown_scenario_lists_all_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"anticipation, attrition, broken_lottery, .* twfe_trap"):
        write_demo(tmp_path, scenario="perfect")


@pytest.mark.parametrize("wrong", [{"scenario": "perfect"}, {"people": 20}])
def test_a_wrong_argument_says_what_to_use(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Use "):
        write_demo(tmp_path, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
