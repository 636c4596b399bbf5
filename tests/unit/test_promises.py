"""What is promised of bad deliveries, through the commands: no traceback, no lost row, no value.

Only promises that no other test shows stand here. Each case is checked and built; both say the
same, and no message quotes who stands in the file.
"""

from __future__ import annotations

import io
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import openpyxl
import pytest
import yaml

from pipelines.cli import main
from tests.unit.delivered import performance

SOMEBODY = ("ZAPHOD", "zaphod", "4711")
PROJECT = {
    "project": "promises",
    "title": "Promises",
    "purpose": "Tests of the ingest",
    "lawful_basis": "invented data",
    "retention": {"months": 1},
    "programmes": [{"id": "P"}, {"id": "Q"}],
}
DATED = {"from_name": r"(\d{4}-\d{2}-\d{2})"}
IDENTITY: dict[str, Any] = {
    "systems": {
        "number": {"kind": "number", "width": 6},
        "mail": {"kind": "mail", "without_at": "number"},
    },
    "master": ["workers"],
    "links": [{"source": "workers", "ids": {"number": "ID", "mail": "Mail"}}],
}


def employment(**changes: Any) -> dict[str, Any]:
    columns = {"person_id": "ID", "hired_on": "Hired", "exited_on": "Left"}
    return {"table": "employment", "columns": columns, **changes}


def workers(*loads: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A source of dated personnel files, each of them full."""
    known = loads or (employment(id_systems={"person_id": "number"}),)
    files = {"name": "workers", "file": "w*.csv", "delivered_on": DATED, "contents": "full"}
    return {**files, "loads": [*known], **changes}


def matches() -> dict[str, Any]:
    columns = {"mentee_id": "a", "mentor_id": "b", "programme": "p", "matched_on": "d"}
    systems = {"mentee_id": "mail", "mentor_id": "mail"}
    load = {"table": "matches", "columns": columns, "id_systems": systems}
    return {"name": "pairs", "file": "pairs.csv", "loads": [load]}


class Commands:
    """A project folder and its exports, under the commands that read them."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"

    def write(self, files: dict[str, str], *sources: dict[str, Any], **project: Any) -> None:
        for name, content in files.items():
            (self.data / name).parent.mkdir(parents=True, exist_ok=True)
            (self.data / name).write_text(content, encoding="utf-8")
        named = [{"name": f"source-{i}", "delivered_on": "2024-12-31"} | s
                 for i, s in enumerate(sources)]  # fmt: skip
        text = yaml.safe_dump({**PROJECT, **project, "sources": named}, sort_keys=False)
        (self.folder / "mentorlift.yml").write_text(text)

    def run(self, *command: str) -> tuple[int, str]:
        """Exit code and all that is said, which is no traceback and quotes nobody."""
        said = io.StringIO()
        with (
            redirect_stdout(said), redirect_stderr(said), pytest.MonkeyPatch.context() as patch,
        ):  # fmt: skip
            patch.setattr(sys, "argv", ["mentorlift", *command])
            code = 0
            try:
                main()
            except SystemExit as left:
                code = int(left.code or 0)
        text = said.getvalue()
        assert "Traceback" not in text
        assert "a defect of mentorlift" not in text
        assert not [word for word in SOMEBODY if word in text], text
        return code, text

    def check_and_build(self) -> tuple[int, str, str]:
        """What check and build say; they agree on where each row goes."""
        folders = [str(self.folder), "--data", str(self.data)]
        code, checked = self.run("check", *folders)
        built_code, built = self.run("build", *folders, "--out", str(self.folder / "out"))
        assert (code, built_code) in {(0, 0), (4, 4), (4, 11)}, checked + built
        if built_code == 0:
            assert _sums(checked) == _sums(built)
        return code, checked, built


def _sums(text: str) -> list[str]:
    return re.findall(r"^rows: .*", text, re.MULTILINE)


@pytest.fixture
def commands(tmp_path, monkeypatch) -> Commands:
    key = tmp_path / "test.key"
    key.write_text("0123456789abcdef" * 4 + "\n")
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(key))
    return Commands(tmp_path)


# Name: files, sources, keys of the project, exit code of the check, what the check says.
STAFF = "ID,Mail,Hired,Left\n" + "".join(
    f"{i},m{i}@x.com,2020-01-01,\n" for i in range(101, 121)
)  # fmt: skip
SALES = "id,month,sales\n"
_FILE = {"file": "s.csv", "loads": [performance()]}
CASES: dict[str, tuple[dict[str, str], list[dict[str, Any]], dict[str, Any], int, list[str]]] = {
    "the first row is named with the rule": (
        {"s.csv": SALES + "1,2024-01-01,5\nZAPHOD,2024-02-31,5\nZAPHOD,2023-02-29,5\n"},
        [_FILE], {}, 0,
        ["quarantined: not a date in the declared format in period, 2 rows (first: row 3)",
         "3 in = 1 loaded + 2 quarantined"],
    ),
    "no header row, people in its place": (
        {"s.csv": "ZAPHOD-4711,2024-01-01,5\nB,2024-01-01,6\n"}, [_FILE], {}, 4,
        ["there are no columns 'id', 'month', 'sales' but dates, numbers or mails", "header_row"],
    ),
    "people where a flag should stand": (
        {"s.csv": "id,t\n" + "".join(f"{i},ZAPHOD-{i}\n" for i in range(30))},
        [{"file": "s.csv", "loads": [{
            "table": "enrolments", "columns": {"person_id": "id", "took_up": "t"},
            "constants": {"programme": "P"}}]}], {}, 4,
        ["enrolments.took_up holds 30 different texts (first: row 2); is it another column?"],
    ),
    "mails where a flag should stand": (
        {"s.csv": "id,t\n1,zaphod@x.com\n2,yes\n"},
        [{"file": "s.csv", "loads": [{
            "table": "enrolments", "columns": {"person_id": "id", "took_up": "t"},
            "constants": {"programme": "P"}}]}], {}, 4,
        ["enrolments.took_up holds the text in row 2"],
    ),
    "ids damaged by a spreadsheet, without a crosswalk": (
        {"s.csv": SALES + "1.0E+05,2024-01-01,5\n1.0E+05,2024-01-01,6\n2,2024-01-01,7\n"},
        [_FILE], {}, 0,
        ["identifier damaged by a spreadsheet in person_id, 2 rows (first: row 2)"],
    ),
    "zeros, case and forms, without a crosswalk": (
        {"s.csv": SALES + "".join(f"{i},2024-01-01,5\n" for i in (
            "000101", "101", "Zaphod@x.com", "zaphod@X.com", "B\u00fcr", "Bu\u0308r", "7 "))},
        [_FILE], {}, 0,
        ["1 differ from another one by leading zeros alone",
         "2 differ from another one by case, spaces or the form of letters alone",
         "7 in = 7 loaded"],
    ),
    "a crosswalk that a load does not use": (
        {"w-2024-01-31.csv": STAFF}, [workers(employment())], {"identity": IDENTITY}, 0,
        ["source workers: employment.person_id name no system under id_systems"],
    ),
    "headers in another case, links included": (
        {"w-2024-01-31.csv": STAFF.replace("ID,Mail", "id,MAIL")}, [workers()],
        {"identity": IDENTITY}, 0, ["20 in = 20 loaded"],
    ),
    "a link to a column that is not there": (
        {"w-2024-01-31.csv": STAFF.replace("Mail", "E-Mail")}, [workers()],
        {"identity": IDENTITY}, 4,
        ["there is no column 'Mail', which identity reads", "Did you mean 'E-Mail'?"],
    ),
    "two-digit years, crosswalk included": (
        {"w-2024-01-31.csv": "ID,Mail,Hired,Left\n1,a@x.com,01.02.15,\n2,b@x.com,03.04.99,\n"},
        [workers(employment(id_systems={"person_id": "number"}, pivot=50,
                            formats={"hired_on": "%d.%m.%y", "exited_on": "%d.%m.%y"}))],
        {"identity": {**IDENTITY, "links": [{
            "source": "workers", "ids": {"number": "ID", "mail": "Mail"}, "valid_from": "Hired",
            "date_format": "%d.%m.%y", "pivot": 50}]}}, 0,
        ["2 in = 2 loaded"],
    ),
    "mentor of oneself, mentor from outside, two programmes": (
        {"w-2024-01-31.csv": STAFF,
         "pairs.csv": "a,b,p,d\nm101@x.com,m102@x.com,P,2021-01-01\n"
                      "M101@X.com ,102,Q,2021-01-01\nm103@x.com,000103,P,2021-01-01\n"
                      "m104@x.com,zaphod@y.com,P,2021-01-01\n"},
        [workers(), matches()], {"identity": IDENTITY}, 0,
        ["quarantined: mentor and mentee are the same person in mentor_id, 1 rows",
         "this cell left empty: unknown person in mentor_id, 1 rows (first: row 5)",
         "4 in = 3 loaded + 1 quarantined"],
    ),
    "group mentoring, overlapping pairs, a pair matched again": (
        {"w-2024-01-31.csv": STAFF,
         "pairs.csv": "a,b,p,d\nm101@x.com,m110@x.com,P,2021-01-01\n"
                      "m102@x.com,m110@x.com,P,2021-01-01\nm101@x.com,m111@x.com,P,2021-01-01\n"
                      "m101@x.com,m110@x.com,P,2022-01-01\n"},
        [workers(), matches()], {"identity": IDENTITY}, 0,
        ["matches: 4 in = 4 loaded + 0 quarantined + 0 excluded + 0 duplicates"],
    ),
    "a department renamed between deliveries": (
        {f"w-2024-0{m}-28.csv": "ID,Unit\n" + "".join(f"{i},{unit}\n" for i in range(120))
         for m, unit in ((1, "Sales"), (2, "Markets"))},
        [workers({"table": "jobs", "columns": {
            "person_id": "ID", "valid_from": "@delivered_on", "department": "Unit"}})], {}, 0,
        ["drift: column 'Unit' holds words that are new in 100% of rows: 'Markets'",
         "240 in = 240 loaded"],
    ),
    "a full file that lost half of the people": (
        {"w-2024-01-31.csv": STAFF,
         "w-2024-02-29.csv": "".join(STAFF.splitlines(keepends=True)[:11])},
        [workers()], {"identity": IDENTITY}, 4, ["the headcount fell by 50%"],
    ),
    "percent as 45 beside .45, with its range declared": (
        {"s.csv": SALES + "1,2024-01-01,.45\n2,2024-01-01,45\n"},
        [{"file": "s.csv", "loads": [performance(range={"value": [0, 1]})]}], {}, 0,
        ["outside the declared range in value, 1 rows (first: row 3)"],
    ),
    "exit before hire, sentinels that nobody declared": (
        {"w-2024-01-31.csv": "ID,Mail,Hired,Left\n1,a,2020-01-01,2019-01-01\n"
                             "2,b,2020-01-01,9999-12-31\n3,c,2020-01-01,4712-12-31\n4,d,,\n"},
        [workers(employment())], {}, 0,
        ["exit before the day of hire in exited_on, 1 rows (first: row 2)",
         "date before 1900 or after 2199 in exited_on, 2 rows (first: row 3)",
         "missing required value in hired_on, 1 rows (first: row 5)"],
    ),
    "a row of data in the place of the header": (
        {"w-2024-01-31.csv": "10234,ZAPHOD,Sales\n10235,ann,Sales\n"},
        [workers(employment())], {}, 4,
        ["no columns 'ID', 'Hired', 'Left' but dates, numbers or mails", "`header_row`"],
    ),
    "a row of data that holds one word twice in the place of the header": (
        {"w-2024-01-31.csv": "10234,ZAPHOD,ZAPHOD\n10235,ann,lee\n"},
        [workers(employment())], {}, 4,
        ["row 1 holds dates, numbers or mails, as in a row of data", "`header_row`"],
    ),
    "a title in the place of the header": (
        {"w-2024-01-31.csv": "Written by ZAPHOD,,\nID,Hired,Left\n1,2020-01-01,\n"},
        [workers(employment())], {}, 4,
        ["no columns 'ID', 'Hired', 'Left' but one text, as in a title", "`header_row`"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_check_and_build_say_the_same_and_quote_nobody(commands, name):
    files, sources, project, code, says = CASES[name]
    commands.write(files, *sources, **project)
    found, checked, _ = commands.check_and_build()
    assert [part for part in says if part not in checked] == [], checked
    assert found == code


def test_a_refused_file_of_a_link_source_leaves_the_others(commands):
    files = {"w-2024-01-31.csv": STAFF, "w-2024-02-29.csv": 'ID,Mail,Hired,Left\n1,"x\n'}
    commands.write(files, workers(on_refused="continue"), identity=IDENTITY)
    _, checked, built = commands.check_and_build()
    assert checked.count("w-2024-02-29.csv: row 2 opens a quote") == 1
    assert "w-2024-02-29.csv: refused" in built
    assert "20 in = 20 loaded" in built


def test_a_corrected_workbook_of_one_source_is_no_riddle_to_the_check(commands):
    commands.write(
        {
            "w-2024-01-31.csv": STAFF + "1.0E+05,zaphod@x.com,2020-01-01,\n",
            "s.csv": SALES + "1,2024-01-01,7\n",
        },
        workers(),
        _FILE,
        identity=IDENTITY,
    )
    commands.check_and_build()
    book = openpyxl.load_workbook(commands.folder / "out" / "quarantine" / "workers.xlsx")
    book.active["A2"] = "000121"
    (commands.data / "corrections").mkdir()
    book.save(commands.data / "corrections" / "workers-2024-02-05.xlsx")
    code, checked, built = commands.check_and_build()
    assert code == 0
    assert "corrections/workers-2024-02-05.xlsx" in checked
    assert "to be corrected by HR" not in built
