"""Rows of several systems land under one person each; who is not known for certain does not."""

from __future__ import annotations

import csv
import stat

import pytest

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest import land
from pipelines.ingest.identity.normal import DAMAGED, SEVERAL, UNKNOWN
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
        ("000101", "000102"), ("000102", "000103"), ("000103", "000103"),
    ]  # fmt: skip


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
    links = [{"source": "workers", "ids": {"employee_no": "Employee Id"}}]
    with pytest.raises(UserError, match="there is no column 'Employee Id'") as caught:
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
