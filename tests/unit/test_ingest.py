"""Ingest: every row has a known outcome, identifiers never land, refusals name the fix."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

import pytest

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest import input_hashes, land
from pipelines.ingest.report import LoadReport
from tests.unit.delivered import KEY, Landing, performance, settings

SALES = "id,month,sales\n21.0,2024-01-15,7\n22.0,2024-01-15,8.50\n"


@pytest.fixture
def deliver(tmp_path):
    """Writes files into the data folder and lands them under the given sources."""

    def run(files: dict[str, str], *sources) -> Landing:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        return Landing(tmp_path, settings(*sources))

    return run


@pytest.fixture
def refuse(deliver):
    """Lands files that must be refused; the error."""

    def run(files: dict[str, str], *sources) -> UserError:
        with pytest.raises(UserError) as caught:
            deliver(files, *sources)
        assert caught.value.fix
        return caught.value

    return run


def one(load, **source):
    return {"file": "sales*.csv", "loads": [load], **source}


def pseudonym(identifier: str) -> str:
    return hmac.new(KEY, f"person:{identifier}".encode(), hashlib.sha256).hexdigest()[:32]


def test_rows_land_as_text_with_their_origin(deliver):
    landed = deliver({"sales.csv": SALES}, one(performance()))
    assert landed.rows("performance", "person_id", "metric", "period", "value", "_row", "_seq") == [
        (pseudonym("21.0"), "sales", "2024-01-01", "7", 2, 1),
        (pseudonym("22.0"), "sales", "2024-01-01", "8.50", 3, 2),
    ]
    file = landed.report.files[0]
    assert (file.source, file.file, file.rows) == ("source-0", "sales.csv", 2)
    assert file.delivered_on == dt.date(2024, 1, 31)
    assert file.sha256 == hashlib.sha256(SALES.encode()).hexdigest()
    assert landed.rows("performance", "_file")[0] == ("sales.csv",)
    assert landed.rows("deliveries", "file", "sha256") == [("sales.csv", file.sha256)]


def test_columns_nobody_declared_are_listed_and_do_not_land(deliver):
    landed = deliver(
        {"sales.csv": "id,month,sales,name,iban\n1,2024-01-01,7,Ada,DE02\n"}, one(performance())
    )
    assert landed.report.files[0].columns_not_loaded == ("name", "iban")
    assert "Ada" not in landed.tables["performance"].to_csv()


def test_no_identifier_is_anywhere_in_the_database_file(tmp_path):
    people = "id,boss,dept\nANNA-4711,CARL-0815,Maps\nBERT-4712,CARL-0815,Tea\n"
    (tmp_path / "jobs.csv").write_text(people)
    columns = {"person_id": "id", "manager_id": "boss", "department": "dept"}
    load = {"table": "jobs", "columns": columns, "constants": {"valid_from": "2024-01-01"}}
    path = tmp_path / "warehouse.duckdb"
    with Engine.open(path) as engine:
        land(engine, settings({"file": "jobs.csv", "loads": [load]}), tmp_path, KEY)
        assert engine.scalar("select count(*) from landed.jobs") == 2
    assert b"Maps" in path.read_bytes()  # stored text can be found by its bytes
    for stored in tmp_path.glob("warehouse*"):
        content = stored.read_bytes()
        for identifier in (b"ANNA", b"4711", b"BERT", b"4712", b"CARL", b"0815"):
            assert identifier not in content


def test_identifiers_are_text_and_differ_by_key(tmp_path, deliver):
    landed = deliver(
        {"sales.csv": "id,month,sales\n007,2024-01-01,1\n7,2024-01-01,1\n 7 ,2024-02-01,1\n"},
        one(performance()),
    )
    ids = [row[0] for row in landed.rows("performance", "person_id")]
    assert ids == [pseudonym("007"), pseudonym("7"), pseudonym("7")]
    with Engine.memory() as engine:
        land(engine, settings(one(performance())), tmp_path, b"another key of 16")
        assert engine.scalar("select person_id from landed.performance where _row = 2") != ids[0]


def test_the_row_number_stands_for_people_where_the_file_has_no_identifier(deliver, refuse):
    load = {"table": "people", "columns": {"person_id": "@row"}, "attributes": ["age"]}
    landed = deliver({"sales.csv": "note\nage\n31\n40\n"}, one(load, header_row=2))
    assert landed.rows("people", "person_id", "attributes", "_row") == [
        (pseudonym("1"), '{"age":"31"}', 3),
        (pseudonym("2"), '{"age":"40"}', 4),
    ]
    error = refuse({"sales2.csv": "note\nage\n32\n"}, one(load, header_row=2))
    assert "2 files match" in error.problem


def test_every_row_is_loaded_quarantined_excluded_or_a_duplicate(deliver):
    text = (
        "id,month,sales,team\n"
        "1,2024-01-01,5,in\n"  # loaded
        "1,2024-01-01,5,in\n"  # an exact duplicate
        "2,2024-01-01,,in\n"  # excluded: no value
        "3,2024-01-01,5,out\n"  # excluded by keep_if
        ",2024-01-01,5,in\n"  # quarantined from here on
        "4,31.01.2024,5,in\n"
        "5,2024-02-30,5,in\n"
        "6,2024-01-01,five,in\n"
        "7,2024-01-01,nan,in\n"
        "8,2024-01-01,inf,in\n"
        "9,0024-01-01,5,in\n"
        "10,,5,in\n"
    )
    landed = deliver({"sales.csv": text}, one(performance(keep_if={"team": ["in"]})))
    load = landed.report.files[0].loads[0]
    assert (load.rows_in, load.loaded, load.duplicates) == (12, 1, 1)
    assert (load.excluded, load.quarantined) == (2, 8)
    assert {(r.rule, r.column): r.rows for r in load.rules} == {
        ("no value", "value"): 1,
        ("keep_if team", ""): 1,
        ("missing required value", "person_id"): 1,
        ("missing required value", "period"): 1,
        ("not a date in the declared format", "period"): 2,
        ("date before 1900 or after 2199", "period"): 1,
        ("not a finite number", "value"): 3,
    }
    quarantined = landed.rows("quarantine", "_row", "table_name", "rule", "column_name")
    assert quarantined[0] == (6, "performance", "missing required value", "person_id")
    assert [row[0] for row in quarantined] == [6, 7, 8, 9, 10, 11, 12, 13]


def test_a_row_that_is_dropped_is_always_noticed():
    with pytest.raises(AssertionError, match="1 rows are not accounted for"):
        LoadReport("people", 3, loaded=2, quarantined=0, excluded=0, duplicates=0, rules=())


@pytest.mark.parametrize(
    ("form", "given", "landed"),
    [
        ("iso", "2024-03-31", "2024-03-31"),
        ("iso", "2024-03-31T00:00:00.000Z", "2024-03-31"),
        ("iso", "2024-03-31 00:00:00+00", "2024-03-31"),
        ("iso", "2024-03-31T00:00:00+00:00", "2024-03-31"),
        ("%d.%m.%Y", "31.03.2024", "2024-03-31"),
        ("%d-%b-%Y", "31-Mar-2024", "2024-03-31"),
        ("months since 2014-01", "-2.0", "2013-11-01"),
        ("months since 2014-01", "17", "2015-06-01"),
    ],
)
def test_dates_in_their_declared_format(deliver, form, given, landed):
    load = {
        "table": "employment",
        "columns": {"person_id": "id", "hired_on": "hired"},
        "formats": {"hired_on": form},
    }
    result = deliver({"sales.csv": f"id,hired\n1,{given}\n"}, one(load))
    assert result.rows("employment", "hired_on") == [(landed,)]


@pytest.mark.parametrize(
    "given",
    [
        "1.5",
        "soon",
        "2024-03-31T08:00:00Z",
        "31/03/2024",
        "2024-03-31 22:00:00+00",
    ],
)
def test_dates_in_another_format_are_quarantined(deliver, given):
    form = "months since 2014-01" if given == "1.5" else "iso"
    landed = deliver(
        {"sales.csv": f"id,month,sales\n1,{given},5\n"}, one(performance(formats={"period": form}))
    )
    assert landed.report.quarantined == 1


def test_a_month_may_be_given_without_a_day(deliver):
    landed = deliver({"sales.csv": "id,month,sales\n1,2024-03,5\n"}, one(performance()))
    assert landed.rows("performance", "period") == [("2024-03-01",)]


@pytest.mark.parametrize("form", ["dd.mm.yyyy", "%d.%Q.%Y", "months since 2014-13"])
def test_an_unknown_format_is_refused(refuse, form):
    error = refuse({"sales.csv": SALES}, one(performance(formats={"period": form})))
    assert repr(form) in error.problem
    assert error.exit_code is Exit.PROJECT


def test_null_words_values_and_flags(deliver):
    load = {
        "table": "enrolments",
        "columns": {"person_id": "id", "arm": "arm", "took_up": "met", "stratum": "round"},
        "constants": {"programme": "P"},
        "values": {"arm": {"1": "mentee", "0": "control", "-": "waiting"}},
    }
    text = "id,arm,met,round\n1,1,1.0,N/A\n2, 0 ,No,r1\n3,-,,\n4,other,TRUE,-\n"
    landed = deliver({"sales.csv": text}, one(load))
    assert landed.rows("enrolments", "arm", "took_up", "stratum") == [
        ("mentee", "yes", None),
        ("control", "no", "r1"),
        ("waiting", None, None),
        ("other", "yes", None),
    ]


def test_values_outside_a_vocabulary_are_listed(refuse):
    load = {
        "table": "employment",
        "columns": {"person_id": "id", "hired_on": "hired", "exit_kind": "kind"},
        "values": {"exit_kind": {"V": "voluntary"}},
    }
    text = "id,hired,kind\n1,2024-01-01,V\n2,2024-01-01,Fired\n3,2024-01-01,RETIREMENT\n"
    error = refuse({"sales.csv": text}, one(load))
    assert "employment.exit_kind holds 'fired'" in error.problem
    assert "values: exit_kind" in error.fix
    assert "end_of_contract" in error.fix


def test_flags_and_programmes_outside_the_project_are_listed(refuse):
    load = {"table": "enrolments", "columns": {"person_id": "id", "programme": "p", "took_up": "t"}}
    assert (
        "took_up holds 'maybe'" in refuse({"sales.csv": "id,p,t\n1,P,maybe\n"}, one(load)).problem
    )
    assert "programme holds 'Q'" in refuse({"sales.csv": "id,p,t\n1,Q,yes\n"}, one(load)).problem


def test_attributes_keep_their_names_and_text(deliver):
    load = {"table": "people", "columns": {"person_id": "id"}, "attributes": ['a "b"', "age"]}
    landed = deliver({"sales.csv": 'id,"a ""b""",age\n1,x,NA\n'}, one(load))
    assert landed.rows("people", "attributes") == [('{"a \\"b\\"":"x","age":null}',)]


def test_one_file_may_feed_several_tables(deliver):
    people = {"table": "people", "columns": {"person_id": "id"}, "attributes": ["month"]}
    landed = deliver({"sales.csv": SALES}, {"file": "sales.csv", "loads": [people, performance()]})
    assert landed.rows("people", "_seq") == [(1,), (2,)]
    assert landed.rows("performance", "_seq") == [(3,), (4,)]
    assert [load.table for load in landed.report.files[0].loads] == ["people", "performance"]


@pytest.mark.parametrize(
    ("load", "text", "rows"),
    [
        (
            performance(),
            "id,month,sales\n1,2024-01-01,5\n2,2024-01-01,5\n1,2024-01-20,6\n",
            [2, 4],
        ),
        (
            {"table": "people", "columns": {"person_id": "id"}, "attributes": ["age"]},
            "id,age\n1,31\n1,32\n",
            [2, 3],
        ),
        (
            {"table": "enrolments", "columns": {"person_id": "id", "programme": "p", "arm": "a"}},
            "id,p,a\n1,P,x\n1,P,y\n",
            [2, 3],
        ),
    ],
    ids=["performance", "people", "enrolments"],
)
def test_rows_that_contradict_each_other_are_all_set_aside(deliver, load, text, rows):
    landed = deliver({"sales.csv": text}, one(load))
    held = landed.rows("quarantine", "_row", "rule")
    assert held == [(row, "two rows with the same key differ") for row in rows]
    assert landed.report.files[0].loads[0].quarantined == 2
    kept = landed.rows(load["table"], "_row")
    assert not {row for (row,) in kept} & set(rows)


def test_a_missing_column_is_named_with_its_near_match(refuse):
    error = refuse({"sales.csv": "id,month,Sale\n1,2024-01-01,5\n"}, one(performance()))
    assert error.problem == "sales.csv: there is no column 'sales', which performance reads."
    assert "Did you mean 'Sale'?" in error.fix
    far = refuse({"sales.csv": "id,month,turnover\n1,2024-01-01,5\n"}, one(performance()))
    assert "id, month, turnover" in far.fix


def test_a_load_must_fill_required_columns_and_name_known_ones(refuse):
    load = {"table": "employment", "columns": {"person_id": "id"}}
    error = refuse({"sales.csv": SALES}, one(load))
    assert "employment needs the column 'hired_on'" in error.problem
    typo = {"table": "employment", "columns": {"person_id": "id", "hired": "month"}}
    error = refuse({"sales.csv": SALES}, one(typo))
    assert "no column 'hired'" in error.problem
    assert "'hired_on'" in error.fix
    assert error.exit_code is Exit.PROJECT


def test_no_file_is_an_error_that_names_pattern_and_folder(refuse, tmp_path):
    error = refuse({"other.csv": SALES}, one(performance()))
    assert "'sales*.csv'" in error.problem
    assert str(tmp_path) in error.problem


def test_a_copy_under_another_name_is_skipped_and_listed(deliver):
    landed = deliver({"sales-a.csv": SALES, "sales-b.csv": SALES}, one(performance()))
    assert [file.file for file in landed.report.files] == ["sales-a.csv"]
    skipped = landed.report.skipped[0]
    assert (skipped.file.name, skipped.same_as) == ("sales-b.csv", "sales-a.csv")


def test_files_land_by_date_of_delivery_then_source_then_name(deliver):
    row = "id,month,sales\n{},2024-01-01,5\n"
    files = {
        "sales_2024-03-01.csv": row.format(1),
        "sales_2024-02-01.csv": row.format(2),
        "other.csv": row.format(3),
    }
    dated = one(performance(), delivered_on={"from_name": r"(\d{4}-\d{2}-\d{2})"})
    other = {"file": "other.csv", "delivered_on": "2024-02-01", "loads": [performance()]}
    landed = deliver(files, dated, other)
    assert [file.file for file in landed.report.files] == [
        "sales_2024-02-01.csv",
        "other.csv",
        "sales_2024-03-01.csv",
    ]


@pytest.mark.parametrize("name", ["sales.csv", "sales_2024-02-30.csv"])
def test_a_name_without_a_date_is_refused(refuse, name):
    dated = one(performance(), delivered_on={"from_name": r"(\d{4}-\d{2}-\d{2})"})
    assert name in refuse({name: SALES}, dated).problem


def test_hidden_files_and_locks_of_spreadsheets_are_no_deliveries(deliver):
    files = {"sales.csv": SALES, ".sales.csv": "x", "~$sales.csv": "x"}
    landed = deliver(files, one(performance(), file="*.csv"))
    assert [file.file for file in landed.report.files] == ["sales.csv"]


def test_input_hashes_name_files_below_the_data_folder(deliver, tmp_path):
    deliver({"sub/sales.csv": SALES}, one(performance(), file="sub/*.csv"))
    found = input_hashes(settings(one(performance(), file="sub/*.csv")), tmp_path)
    assert found == {"sub/sales.csv": hashlib.sha256(SALES.encode()).hexdigest()}


def test_the_report_is_plain_values(deliver):
    plain = deliver({"sales.csv": SALES}, one(performance())).report.as_dict()
    assert plain["files"][0]["delivered_on"] == "2024-01-31"
    assert plain["files"][0]["loads"][0]["loaded"] == 2


def test_the_published_trial_lands_whole(shared):
    folder = shared / "benchmarks" / "kenya_mentors"
    profits = performance(
        columns={"person_id": "id", "period": "months_since_treat", "value": "tprofits"},
        formats={"period": "months since 2014-01"},
    )
    met = {
        "table": "sessions",
        "columns": {"person_id": "id", "held_on": "months_since_treat"},
        "constants": {"programme": "P"},
        "formats": {"held_on": "months since 2014-01"},
        "keep_if": {"meet": ["1.0"]},
    }
    project = settings(
        {"file": "profits.csv", "loads": [profits]}, {"file": "meetings.csv", "loads": [met]}
    )
    report = Landing(folder, project).report
    loads = [file.loads[0] for file in report.files]
    # 2,610 lines of profits hold 2 without a figure; 332 of 553 periods had a meeting.
    assert [(x.rows_in, x.loaded, x.excluded) for x in loads] == [(2610, 2608, 2), (553, 332, 221)]
