"""Rows that contradict other files, as tables in and what is left of them out."""

from __future__ import annotations

import pytest

from pipelines.ingest.crossings import CIRCLE
from pipelines.ingest.rules import AFTER_EXIT, BEFORE_HIRE, BEFORE_MATCH, OWN_MENTOR
from tests.unit.delivered import Landing, settings

HR = {
    "name": "hr",
    "file": "hr-*.csv",
    "delivered_on": {"from_name": r"(\d{4}-\d{2}-\d{2})"},
    "loads": [
        {
            "table": "employment",
            "columns": {"person_id": "id", "hired_on": "hired", "exited_on": "left"},
        }
    ],
}
STAFF = "id,hired,left\n1,2020-01-01,2024-03-15\n2,2020-01-01,\n"


def source(name: str, table: str, columns: dict[str, str], **more) -> dict:
    load = {"table": table, "columns": columns, **more}
    dated = {"from_name": r"(\d{4}-\d{2}-\d{2})"}
    return {"name": name, "file": f"{name}-*.csv", "delivered_on": dated, "loads": [load]}


KPI = source(
    "kpi",
    "performance",
    {"person_id": "id", "period": "month", "value": "sales"},
    constants={"metric": "sales"},
)
MET = source("met", "sessions", {"person_id": "id", "held_on": "met"}, constants={"programme": "P"})
PAIRS = source(
    "pairs",
    "matches",
    {"mentee_id": "mentee", "mentor_id": "mentor", "matched_on": "since"},
    constants={"programme": "P"},
)


QUARANTINE = ("_file", "_row", "rule", "column_name")


@pytest.fixture
def deliver(tmp_path):
    def land(files: dict[str, str], *sources: dict) -> Landing:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return Landing(tmp_path, settings(*sources))

    return land


def test_results_after_the_month_of_exit_are_set_aside(deliver):
    kpi = "id,month,sales\n1,2024-03-01,5\n1,2024-04-01,6\n2,2024-04-01,7\n3,2024-04-01,8\n"
    landed = deliver({"hr-2024-06-30.csv": STAFF, "kpi-2024-06-30.csv": kpi}, HR, KPI)
    assert landed.rows("quarantine", *QUARANTINE) == [
        ("kpi-2024-06-30.csv", 3, AFTER_EXIT, "period")
    ]
    load = next(f for f in landed.report.files if f.source == "kpi").loads[0]
    assert (load.rows_in, load.loaded, load.quarantined) == (4, 3, 1)
    assert ("kpi", 3, 1) in landed.rows("deliveries", "source", "loaded", "quarantined")


def test_whoever_comes_back_has_not_left(deliver):
    back = "id,hired,left\n1,2024-05-01,\n"
    kpi = "id,month,sales\n1,2024-06-01,5\n"
    landed = deliver(
        {"hr-2024-04-30.csv": STAFF, "hr-2024-05-31.csv": back, "kpi-2024-06-30.csv": kpi}, HR, KPI
    )
    assert landed.rows("quarantine", *QUARANTINE) == []


def test_an_exit_that_is_delivered_later_changes_no_past(deliver):
    before = "id,hired,left\n1,2020-01-01,\n"
    kpi = "id,month,sales\n1,2024-05-01,5\n"
    files = {"hr-2024-05-31.csv": before, "kpi-2024-05-31.csv": kpi, "hr-2024-06-30.csv": STAFF}
    assert deliver(files, HR, KPI).report.quarantined == 0


def test_meetings_before_the_match_and_after_the_exit(deliver):
    pairs = "mentee,mentor,since\n1,2,2024-02-01\n"
    met = "id,met\n1,2024-01-31\n1,2024-02-01\n1,2024-03-16\n9,2024-01-01\n"
    landed = deliver(
        {"hr-2024-06-30.csv": STAFF, "pairs-2024-06-30.csv": pairs, "met-2024-06-30.csv": met},
        HR, PAIRS, MET,
    )  # fmt: skip
    assert landed.rows("quarantine", *QUARANTINE) == [
        ("met-2024-06-30.csv", 2, BEFORE_MATCH, "held_on"),
        ("met-2024-06-30.csv", 4, AFTER_EXIT, "held_on"),
    ]


def test_nobody_mentors_himself(deliver):
    pairs = "mentee,mentor,since\n1,2,2024-02-01\n2,2,2024-02-01\n"
    landed = deliver({"pairs-2024-06-30.csv": pairs}, PAIRS)
    assert landed.rows("quarantine", *QUARANTINE) == [
        ("pairs-2024-06-30.csv", 3, OWN_MENTOR, "mentor_id")
    ]


def test_managers_in_a_circle_are_left_empty_and_counted(deliver):
    jobs = source("jobs", "jobs", {"person_id": "id", "valid_from": "since", "manager_id": "boss"})
    text = "id,since,boss\n1,2024-01-01,2\n2,2023-01-01,3\n3,2022-01-01,1\n4,2024-01-01,1\n"
    landed = deliver({"jobs-2024-06-30.csv": text}, jobs)
    managers = [manager for (manager,) in landed.rows("jobs", "manager_id")]
    assert [manager is None for manager in managers] == [True, True, True, False]
    blanked = landed.report.as_dict()["files"][0]["loads"][0]["blanked"]
    assert blanked == {f"{CIRCLE}: manager_id": 3}


def test_an_exit_before_the_hire_is_set_aside(deliver):
    text = "id,hired,left\n1,2020-01-02,2020-01-01\n2,2020-01-01,2020-01-01\n"
    landed = deliver({"hr-2024-06-30.csv": text}, HR)
    assert landed.rows("quarantine", *QUARANTINE) == [
        ("hr-2024-06-30.csv", 2, BEFORE_HIRE, "exited_on")
    ]


@pytest.mark.parametrize(("bad", "refused"), [(19, False), (20, True)])
def test_a_file_whose_dates_are_in_another_format_is_refused(deliver, bad, refused):
    """Twenty in a hundred are no typing errors: the others may have day and month exchanged."""
    rows = [f"{i},2020-01-{'32' if i < bad else '01'}," for i in range(100)]
    text = "\n".join(["id,hired,left", *rows]) + "\n"
    source = HR | {"on_refused": "continue"}
    landed = deliver({"hr-2024-06-30.csv": text}, source)
    assert bool(landed.report.refused) is refused
    if refused:
        assert "20% of the dates in hired_on are not iso" in landed.report.refused[0].reason
    else:
        assert landed.report.quarantined == bad
