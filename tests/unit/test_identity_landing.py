"""Rows of several systems land under one person each; who is not known for certain does not."""

from __future__ import annotations

import csv
import stat

import openpyxl
import pytest

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest import land
from pipelines.ingest.identity.normal import DAMAGED, SEVERAL, UNKNOWN
from pipelines.ingest.rules import OWN_MENTOR
from tests.unit.delivered import KEY, settings

WORKERS = """Employee ID,Email,First,Last,Hire Date
000101,Ann.Lee@x.com,Ann,Lee,2015-01-01
000102,bob@x.com,Bob,Ray,2016-01-01
000103,cat@x.com,Cat,Fox,2017-01-01
000104,ann2@x.com,Ann,Lee,2016-06-01
"""
IDENTITY = {
    "systems": {
        "employee_no": {"kind": "number", "width": 6},
        "mail": {"kind": "mail", "without_at": "employee_no"},
        "role": {"kind": "text", "several": True},
        "name": {"kind": "name"},
    },
    "links": [
        {
            "source": "workers",
            "ids": {"employee_no": "Employee ID", "mail": "Email", "name": ["First", "Last"]},
            "valid_from": "Hire Date",
        }
    ],
    "master": ["workers"],
}
PEOPLE = {
    "name": "workers",
    "file": "workers.csv",
    "loads": [
        {
            "table": "people",
            "columns": {"person_id": "Employee ID"},
            "id_systems": {"person_id": "employee_no"},
        }
    ],
}
MATCHES = {
    "table": "matches",
    "columns": {"mentee_id": "mentee", "mentor_id": "mentor", "programme": "p", "matched_on": "d"},
    "id_systems": {"mentee_id": "mail", "mentor_id": "mail"},
}


class People:
    """What landed, by the employee number behind each pseudonym."""

    def __init__(self, data, project):
        out = data / "private"
        with Engine.memory(threads=1) as engine:
            self.report = land(engine, project, data, KEY, project=data, private=out)
            names = engine.rows(
                "select table_name from duckdb_tables() where schema_name = 'landed'"
            )
            self.tables = {name: engine.rows(f"from landed.{name}") for (name,) in names}
            self.quarantine = engine.rows(
                "select _file, _row, rule, column_name from landed.quarantine order by all"
            )
            self.columns = {
                name: [c[0] for c in engine.rows(f"describe landed.{name}")] for (name,) in names
            }
        with Engine.open(out / "identity.duckdb", read_only=True) as stored:
            self.person = dict(stored.rows("select pseudonym, person from person"))
        with (out / "identity_review.csv").open(encoding="utf-8", newline="") as handle:
            self.review = list(csv.DictReader(handle))

    def rows(self, table, *columns):
        at = [self.columns[table].index(c) for c in columns]
        found = [tuple(self.person.get(row[i], row[i]) for i in at) for row in self.tables[table]]
        return sorted(found, key=str)


@pytest.fixture
def deliver(tmp_path):
    def run(files, *sources, **identity):
        for name, content in {"workers.csv": WORKERS, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        project = settings(PEOPLE, *sources, identity={**IDENTITY, **identity})
        return People(tmp_path, project)

    return run


def test_mails_and_numbers_land_as_one_person(deliver):
    text = "mentee,mentor,p,d\nann.lee@X.COM ,BOB@x.com,P,2024-01-01\n102,000103,P,2024-01-02\n"
    landed = deliver({"m.csv": text}, {"file": "m.csv", "loads": [MATCHES]})
    assert landed.rows("matches", "mentee_id", "mentor_id") == [
        ("000101", "000102"),  # by mail
        ("000102", "000103"),  # a number stood in the mail column
    ]
    assert not landed.quarantine
    assert landed.report.identity.resolved["source-1: matches.mentee_id"] == {
        "in a master source": 2
    }


def test_mentor_and_mentee_in_one_person_and_mentor_of_oneself(deliver):
    text = (
        "mentee,mentor,p,d\nann.lee@x.com,bob@x.com,P,2024-01-01\n"
        "bob@x.com,cat@x.com,P,2024-01-01\ncat@x.com,CAT@x.com,P,2024-01-01\n"
    )
    landed = deliver({"m.csv": text}, {"file": "m.csv", "loads": [MATCHES]})
    assert landed.rows("matches", "mentee_id", "mentor_id") == [
        ("000101", "000102"), ("000102", "000103"),
    ]  # fmt: skip
    assert landed.quarantine == [("m.csv", 4, OWN_MENTOR, "mentor_id")]


def test_unknown_people_are_set_aside_and_unknown_mentors_left_empty(deliver):
    text = (
        "mentee,mentor,p,d\nann.lee@x.com,coach@out.org,P,2024-01-01\n"
        "zoe@x.com,bob@x.com,P,2024-01-01\n1.0E+05,bob@x.com,P,2024-01-01\n"
        "bob@x.com,1.0E+05,P,2024-01-01\n"
    )
    landed = deliver({"m.csv": text}, {"file": "m.csv", "loads": [MATCHES]})
    assert landed.rows("matches", "mentee_id", "mentor_id") == [("000101", None), ("000102", None)]
    assert landed.quarantine == [
        ("m.csv", 3, UNKNOWN, "mentee_id"),
        ("m.csv", 4, DAMAGED, "mentee_id"),
    ]
    load = landed.report.as_dict()["files"][1]["loads"][0]
    assert (load["rows_in"], load["loaded"], load["quarantined"]) == (4, 2, 2)
    assert load["blanked"] == {
        f"{DAMAGED}: mentor_id": 1,
        f"{UNKNOWN}: mentor_id": 1,
    }


def test_people_outside_the_master_may_be_loaded_all_the_same(deliver):
    text = "mentee,mentor,p,d\nann.lee@x.com,coach@out.org,P,2024-01-01\n"
    load = {**MATCHES, "unknown_person": "load"}
    landed = deliver({"m.csv": text}, {"file": "m.csv", "loads": [load]})
    ((mentee, mentor),) = landed.rows("matches", "mentee_id", "mentor_id")
    assert mentee == "000101" and len(mentor) == 32


def test_a_manager_by_name_is_kept_only_where_one_person_carries_it(deliver):
    text = (
        "id,from,boss\n000101,2018-01-01,Bob Ray\n000102,2018-01-01,Ann Lee\n"
        'x102,2018-01-01,Bob Ray\n000103,2015-06-01,"LEE, Ann"\n000104,2018-01-01,Cat Foxx\n'
    )
    load = {
        "table": "jobs",
        "columns": {"person_id": "id", "valid_from": "from", "manager_id": "boss"},
        "id_systems": {"person_id": "employee_no", "manager_id": "name"},
    }
    landed = deliver({"j.csv": text}, {"file": "j.csv", "loads": [load]})
    assert landed.rows("jobs", "person_id", "manager_id") == [
        ("000101", "000102"),
        ("000102", None),  # two people are called Ann Lee in 2018
        ("000103", "000101"),  # and one in 2015
        ("000104", None),
    ]
    rules = landed.report.as_dict()["files"][1]["loads"][0]["blanked"]
    assert rules == {f"{SEVERAL}: manager_id": 1, f"{UNKNOWN}: manager_id": 1}
    assert [(r["kind"], r["id_b"]) for r in landed.review] == [("name of nobody", "cat foxx")]


def test_two_spellings_of_one_person_are_one_duplicate_row(deliver):
    text = "id,month,sales\nann.lee@x.com,2024-01-01,5\n101,2024-01-01,5\n"
    load = {
        "table": "performance",
        "columns": {"person_id": "id", "period": "month", "value": "sales"},
        "constants": {"metric": "sales"},
        "id_systems": {"person_id": "mail"},
    }
    landed = deliver({"s.csv": text}, {"file": "s.csv", "loads": [load]})
    report = landed.report.files[1].loads[0]
    assert (report.rows_in, report.loaded, report.duplicates) == (2, 1, 1)


def test_a_role_a_programme_is_one_person(deliver):
    platform = "Role ID,Email,Email 2\nR1,ann.lee@x.com,\nR2,ann@home.org,ann.lee@x.com\n"
    source = {
        "name": "platform",
        "file": "platform.csv",
        "loads": [
            {
                "table": "enrolments",
                "columns": {"person_id": "Role ID"},
                "constants": {"programme": "P"},
                "id_systems": {"person_id": "role"},
            }
        ],
    }
    links = [
        *IDENTITY["links"],
        {"source": "platform", "ids": {"role": "Role ID", "mail": ["Email", "Email 2"]}},
    ]
    landed = deliver({"platform.csv": platform}, source, links=links)
    assert landed.report.files[-1].loads[0].duplicates == 1
    assert landed.rows("enrolments", "person_id") == [("000101",)]
    assert landed.report.identity.resolved["platform: enrolments.person_id"] == {"by a link": 2}


def test_the_owner_decides_in_the_project_folder(deliver, tmp_path):
    text = "mentee,mentor,p,d\nann.lee@home.org,bob@x.com,P,2024-01-01\n"
    source = {"file": "m.csv", "loads": [MATCHES]}
    landed = deliver({"m.csv": text}, source)
    assert landed.quarantine == [("m.csv", 2, UNKNOWN, "mentee_id")]
    decided = (tmp_path / "private" / "identity_review.csv").read_text()
    decided += "x,,employee_no,101,mail,ann.lee@home.org,,,same,owner,2024-02-01\n"
    landed = deliver({"m.csv": text, "mappings/identity_review.csv": decided}, source)
    assert landed.rows("matches", "mentee_id", "mentor_id") == [("000101", "000102")]
    assert not landed.quarantine


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x,,mail,a@x.com,mail,b@x.com,,,maybe,owner,\n", "row 2: the decision"),
        ("x,,badge,1,mail,b@x.com,,,same,owner,\n", "row 2: a system is not declared"),
        ("x,,mail,nobody,employee_no,1.0E+05,,,same,owner,\n", "row 2: an identifier"),
        (
            "x,,mail,a@x.com,mail,b@x.com,,,same,o,\nx,,mail,B@x.com,mail,a@x.com,,,different,o,\n",
            "row 3: decides otherwise than row 2",
        ),
    ],
)
def test_what_is_no_decision_is_refused_by_row(deliver, line, words):
    header = "case,kind,system_a,id_a,system_b,id_b,evidence,score,decision,decided_by,decided_on\n"
    with pytest.raises(UserError) as caught:
        deliver({"mappings/identity_review.csv": header + line})
    assert words in caught.value.problem and caught.value.exit_code is Exit.PROJECT
    assert "a@x.com" not in str(caught.value)


def test_a_link_to_a_column_that_is_not_there_is_refused(deliver):
    links = [{"source": "workers", "ids": {"employee_no": "Employee-Id"}}]
    with pytest.raises(UserError, match="there is no column 'Employee-Id'") as caught:
        deliver({}, links=links)
    assert "Did you mean 'Employee ID'?" in caught.value.fix


def test_formulas_in_names_are_text_in_the_review_file(deliver, tmp_path):
    evil = WORKERS + '000105,=cmd()@x.com,"=cmd(1)",Fox,2020-01-01\n'
    evil += '000106,=cmd()@x.com,"=cmd(1)",Fox,2020-01-01\n'
    deliver({"workers.csv": evil})
    with (tmp_path / "private" / "identity_review.csv").open(newline="") as handle:
        cells = [cell for row in csv.reader(handle) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_the_crosswalk_is_described_private_and_the_same_each_time(deliver, tmp_path):
    deliver({})
    folder = tmp_path / "private"
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
    assert modes == {"identity.duckdb": 0o600, "identity_review.csv": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def content():
        with Engine.open(folder / "identity.duckdb", read_only=True) as stored:
            blank = stored.rows(
                "select 1 from duckdb_columns() where not internal and comment is null"
            )
            return blank, [stored.rows(f"from {t}") for t in ("link", "person", "review")]

    first = content()
    assert first[0] == [] and len(first[1][1]) == 4
    deliver({})
    assert content() == first


# Link files that cannot be used, and corrected ones

MONTHLY = {
    **PEOPLE,
    "file": "workers-*.csv",
    "delivered_on": {"from_name": r"(\d{4}-\d{2}-\d{2})"},
}
MONTHLY_MATCHES = {"file": "m.csv", "delivered_on": "2024-12-31", "loads": [MATCHES]}
BY_MAIL = "mentee,mentor,p,d\nbob@x.com,,P,2024-01-01\neve@x.com,,P,2024-01-01\n"
EVE = "Eve,Fox,2017-01-01"


def monthly(tmp_path, files, **source):
    for name, content in {"workers-2024-01-31.csv": WORKERS, "m.csv": BY_MAIL, **files}.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    project = settings({**MONTHLY, **source}, MONTHLY_MATCHES, identity=IDENTITY)
    return People(tmp_path, project)


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0 no text",
        f"Employee ID,Mail,First,Last,Hire Date\n000105,eve@x.com,{EVE}\n",
        f"Employee ID,Email,First,Last,Hire Date\n000105,eve@x.com,{EVE}\n000106,one\n",
    ],
    ids=["no table", "a column of the link is missing", "it breaks off"],
)
def test_a_link_file_that_cannot_be_used_is_refused_or_stops(tmp_path, content):
    files = {"workers-2024-02-29.csv": content}
    landed = monthly(tmp_path, files, on_refused="continue")
    assert [file.file for file in landed.report.refused] == ["workers-2024-02-29.csv"]
    assert len(landed.rows("people", "person_id")) == 4
    assert landed.rows("matches", "mentee_id") == [("000102",)]
    assert landed.quarantine == [("m.csv", 3, UNKNOWN, "mentee_id")]  # nothing of it was taken
    with pytest.raises(UserError, match=r"workers-2024-02-29\.csv: ") as caught:
        monthly(tmp_path, files)
    assert caught.value.exit_code is Exit.DATA


def test_doubtful_rows_of_several_tabs_are_named_by_their_tab(tmp_path):
    head = ["Employee ID", "Email", "First", "Last", "Hire Date"]
    book = openpyxl.Workbook()
    north, south = book.active, book.create_sheet("South")
    north.title = "North"
    for row in (head, ["000102", "bob@x.com", "Bob", "Ray", "2016-01-01"]):
        north.append(row)
    for row in (head, ["000102", "eve@x.com", "Eve", "Fox", "2016-01-01"]):
        south.append(row)
    book.save(tmp_path / "workers-2024-02-29.xlsx")
    landed = monthly(tmp_path, {}, file="workers-*.xlsx", sheet="*")
    (case,) = landed.review
    what, places = case["evidence"].split(": ")
    assert what == "both carry employee_no 000102"
    assert sorted(places.split(", ")) == ["workers row North!2", "workers row South!2"]
    eve = ["000105", "eve@x.com", "Eve", "Fox", "2016-01-01"]
    correction(tmp_path, [*eve, "workers-2024-02-29.xlsx", "South!2", "", "South"])
    assert not monthly(tmp_path, {}, file="workers-*.xlsx", sheet="*").review


def correction(tmp_path, *rows):
    own = ["mentorlift: file", "mentorlift: row", "mentorlift: leave out", "mentorlift: sheet"]
    book = openpyxl.Workbook()
    book.active.append(["Employee ID", "Email", "First", "Last", "Hire Date", *own])
    for row in rows:
        book.active.append(row)
    (tmp_path / "corrections").mkdir(exist_ok=True)
    book.save(tmp_path / "corrections" / "workers-2024-03-05.xlsx")


def test_a_corrected_row_links_as_corrected_and_no_longer_as_delivered(tmp_path):
    both = "000102,eve@x.com,Eve,Fox,2016-01-01\n"
    by_number = "mentee,mentor,p,d\n102,,P,2024-01-01\n105,,P,2024-01-01\n"
    wrong = {"workers-2024-01-31.csv": WORKERS + both, "m.csv": by_number}
    before = monthly(tmp_path, wrong)
    assert before.rows("matches", "mentee_id") == []  # whose number is 000102?
    assert before.review
    eve = ["000105", "eve@x.com", *EVE.split(","), "workers-2024-01-31.csv", "6", ""]
    correction(tmp_path, eve)
    after = monthly(tmp_path, wrong)
    assert after.rows("matches", "mentee_id") == [("000102",), ("000105",)]
    assert not after.review


def test_a_row_to_be_left_out_links_nobody(tmp_path):
    wrong = {"workers-2024-01-31.csv": WORKERS + f"000102,eve@x.com,{EVE}\n"}
    eve = ["000102", "eve@x.com", *EVE.split(","), "workers-2024-01-31.csv", "6", "yes"]
    correction(tmp_path, eve)
    landed = monthly(tmp_path, wrong)
    assert landed.rows("matches", "mentee_id") == [("000102",)]
    assert ("m.csv", 3, UNKNOWN, "mentee_id") in landed.quarantine


def test_numbers_that_fit_several_people_are_set_aside_or_left_empty_and_repairs_counted(deliver):
    workers = WORKERS + "0000101,eve@x.com,Eve,Fox,2017-01-01\n"
    text = "mentee,mentor,p,d\n101,102,P,2024-01-01\n102,101,P,2024-01-01\n"
    landed = deliver({"workers.csv": workers, "m.csv": text}, {"file": "m.csv", "loads": [MATCHES]})
    assert landed.rows("matches", "mentee_id", "mentor_id") == [("000102", None)]
    assert landed.quarantine == [("m.csv", 2, SEVERAL, "mentee_id")]
    assert [(r["kind"], r["id_a"], r["id_b"]) for r in landed.review] == [
        ("leading zeros", "0000101", "000101")
    ]
    assert landed.report.identity.repaired == {
        "source-1: matches.mentee_id": 1,
        "source-1: matches.mentor_id": 1,
    }
