"""What was known at a date stays what it was, whatever is corrected, dated back or lost later."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from pipelines.engine import Engine
from pipelines.ingest import land
from pipelines.models import build, contracts
from tests.long_runs import LONG
from tests.unit.delivered import KEY, settings

DATES = [dt.date(2024, month, 28) for month in range(1, 7)]
DATED = {"from_name": r"(\d{4}-\d{2}-\d{2})"}
SOURCES = (
    {
        "name": "hr",
        "file": "hr-*.csv",
        "delivered_on": DATED,
        "contents": "full",
        "on_headcount_drop": "continue",
        "loads": [
            {
                "table": "employment",
                "columns": {
                    "person_id": "id", "hired_on": "hired", "exited_on": "left", "exit_kind": "kind"
                },
            },
            {
                "table": "jobs",
                "columns": {
                    "person_id": "id", "valid_from": "since", "department": "team",
                    "manager_id": "boss",
                },
            },
            {"table": "people", "columns": {"person_id": "id"}, "attributes": ["grade"]},
        ],
    },
    {
        "name": "kpi",
        "file": "kpi-*.csv",
        "delivered_on": DATED,
        "loads": [
            {
                "table": "performance",
                "columns": {"person_id": "id", "period": "month", "value": "sales"},
                "constants": {"metric": "sales"},
            }
        ],
    },
    {
        "name": "mentoring",
        "file": "mentoring-*.csv",
        "delivered_on": DATED,
        "loads": [
            {
                "table": "enrolments",
                "columns": {"person_id": "id", "assigned_on": "drawn", "arm": "arm"},
                "constants": {"programme": "P"},
            },
            {
                "table": "sessions",
                "columns": {"person_id": "id", "held_on": "met"},
                "constants": {"programme": "P"},
            },
        ],
    },
)  # fmt: skip


def write_company(folder, seed: int) -> None:
    """Six monthly deliveries; each corrects anything of the past, and some people vanish."""
    rng = random.Random(seed)
    day = lambda: dt.date(2023, 1, 1) + dt.timedelta(rng.randrange(500))  # noqa: E731
    staff: dict[int, dict[str, str]] = {}
    for date in DATES:
        for number in rng.sample(range(40), 12):
            left = rng.random() < 0.3
            staff[number] = {
                "hired": str(day()) if rng.random() < 0.2 or number not in staff
                else staff[number]["hired"],
                "left": str(day()) if left else "",
                "kind": rng.choice(["voluntary", "involuntary", "transfer"]) if left else "",
                "since": str(day()),
                "team": rng.choice(["Sales", "Care"]),
                "boss": str(rng.randrange(40)),
                "grade": rng.choice("ABC"),
            }  # fmt: skip
        there = [n for n in staff if rng.random() < 0.9]
        _write(folder / f"hr-{date}.csv", [{"id": n, **staff[n]} for n in there])
        asked = rng.sample(range(40), 15)
        months = [f"2024-0{rng.randrange(1, 7)}-01" for _ in asked]
        results = [
            {"id": n, "month": month, "sales": rng.randrange(9)}
            for n, month in zip(asked, months, strict=True)
        ]
        _write(folder / f"kpi-{date}.csv", results)
        path = [
            {"id": n, "drawn": day(), "arm": rng.choice(["in", "out"]), "met": day()}
            for n in rng.sample(range(45), 6)
        ]
        _write(folder / f"mentoring-{date}.csv", path)


def _write(path, rows) -> None:
    lines = [",".join(rows[0]), *(",".join(str(v) for v in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def marts_at(data, folder, known_at=None):
    """Every mart built from the folder as known at a date: its rows, and the bytes of exports."""
    folder.mkdir()
    rows, files = {}, {}
    with Engine.open(folder / "built.duckdb", threads=2) as engine:
        land(engine, settings(*SOURCES), data, KEY, known_at=known_at)
        build(engine)
        for contract in contracts("marts"):
            rows[contract.name] = engine.rows(f"from {contract.name}")
            for kind in ("csv", "parquet"):
                path = folder / f"{contract.table}.{kind}"
                engine.run(f"copy {contract.name} to '{path}' (format {kind})")
                files[path.name] = path.read_bytes()
    return rows, files


@pytest.mark.parametrize("seed", [1, 2] if LONG else [1])
def test_the_marts_of_a_past_date_are_byte_for_byte_what_they_were(tmp_path, seed):
    now = tmp_path / "now"
    now.mkdir()
    write_company(now, seed)
    date = DATES[1 + seed]
    then = tmp_path / "then"
    then.mkdir()
    for path in now.iterdir():
        if path.stem[-10:] <= str(date):
            (then / path.name).write_bytes(path.read_bytes())
    were = marts_at(then, tmp_path / "were")
    are = marts_at(now, tmp_path / "are", known_at=date)
    today = marts_at(now, tmp_path / "today")
    assert are == were
    empty = {name for name, rows in were[0].items() if not rows}
    surveys = {f"marts.survey_{name}" for name in ("responses", "scores", "waves")}
    assert empty <= {"marts.mentorships", "marts.reporting_lines", "marts.scoring_keys", *surveys}
    assert today != were


VERSIONED = ("employment", "job_history", "performance", "person_attributes", "programme_funnel")


def test_the_versions_of_today_hold_every_state_of_the_past(tmp_path):
    """Rows known at a date, among all versions, are the rows of the warehouse of that date."""
    write_company(tmp_path, 4)
    with Engine.memory(threads=2) as today:
        land(today, settings(*SOURCES), tmp_path, KEY)
        build(today)
        for date in DATES[1:] if LONG else DATES[1::2]:
            with Engine.memory(threads=2) as then:
                land(then, settings(*SOURCES), tmp_path, KEY, known_at=date)
                build(then)
                for name in VERSIONED:
                    known = f"select * exclude (known_from, known_to) from marts.{name} "
                    of_date = f"where known_from <= date '{date}' and known_to > date '{date}'"
                    found = today.rows(f"{known} {of_date} order by all")
                    assert found == then.rows(f"{known} {of_date} order by all"), (name, date)
                    assert found
