"""The check: everything is judged, all problems at once, nothing is written."""

from __future__ import annotations

import json

import pytest

from pipelines.errors import Exit
from pipelines.ingest.check import examine
from tests.unit.delivered import performance, settings

EXITS = {
    "table": "employment",
    "aliases": {"person_id": ["id"], "hired_on": ["since"], "notice_on": ["notice"]},
    "columns": {"exited_on": ["last day", "left"], "exit_kind": "kind", "regretted": "r"},
}
WORKERS = (
    "id,since,last day,left,kind,r,shoe\n"
    "1,2020-01-01,2023-06-16,2023-06-30,voluntary,yes,43\n"
    "2,2020-02-30,,,,,44\n"
)


@pytest.fixture
def check(tmp_path):
    """Writes files and checks them under the sources; the folder is untouched."""

    def run(files: dict[str, str], *sources):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        before = {path: path.read_bytes() for path in tmp_path.rglob("*")}
        checked = examine(settings(*sources), tmp_path)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*")} == before
        return checked

    return run


def test_each_file_is_told_with_rows_columns_and_rules(check):
    checked = check({"w.csv": WORKERS}, {"file": "w.csv", "loads": [EXITS]})
    assert checked.exit_code is Exit.OK
    assert list(checked.lines()) == [
        "w.csv (source-0, delivered 2024-01-31): 2 rows",
        "  employment: 2 in = 1 loaded + 1 quarantined + 0 excluded + 0 duplicates",
        "    person_id from 'id'",
        "    hired_on from 'since'",
        "    exited_on from 'last day', then 'left' (they differ in 1 rows)",
        "    exit_kind from 'kind'",
        "    regretted from 'r'",
        "    not in the file: notice_on",
        "    quarantined: not a date in the declared format in hired_on, 1 rows (first: row 3)",
        "  not read: 'shoe'",
        "  encoding found: utf-8",
        "rows: 2 in = 1 loaded + 1 quarantined + 0 excluded + 0 duplicates",
        "nothing stands in the way",
    ]


def test_all_problems_are_told_at_once(check):
    text = "id,since,last day,left,kind,r,month\n1,2020-01-01,,,Fired,maybe,2024-01-01\n"
    checked = check(
        {"w.csv": text, "empty.csv": "", "fine.csv": "id,month,sales\n1,2024-01-01,5\n"},
        {"file": "w.csv", "loads": [EXITS, performance()]},
        {"file": "empty.csv", "loads": [performance()]},
        {"file": "absent.csv", "loads": [performance()]},
        {"file": "fine.csv", "loads": [performance()]},
    )
    told = "\n".join(problem.problem for problem in checked.problems)
    assert "No file matches 'absent.csv'" in told
    assert "employment.exit_kind holds 'fired'; employment.regretted holds 'maybe'" in told
    assert "w.csv: there is no column 'sales'" in told
    assert "empty.csv: the file is empty" in told
    assert len(checked.problems) == 4
    assert [file.file for file in checked.report.files] == ["fine.csv"]
    assert checked.exit_code is Exit.DATA


def test_a_fault_of_the_project_file_has_its_own_exit_code(check):
    load = performance(formats={"period": "dd.mm.yyyy"})
    checked = check(
        {"s.csv": "id,month,sales\n1,2024-01-01,5\n"}, {"file": "s.csv", "loads": [load]}
    )
    assert checked.exit_code is Exit.PROJECT


def test_the_check_is_plain_values_without_identifiers(check):
    text = WORKERS.replace("\n1,", "\nANNA-4711,")
    plain = json.dumps(check({"w.csv": text}, {"file": "w.csv", "loads": [EXITS]}).as_dict())
    assert "ANNA" not in plain and "4711" not in plain
    assert json.loads(plain)["files"][0]["loads"][0]["columns_read"]["exited_on"] == [
        "last day",
        "left",
    ]
