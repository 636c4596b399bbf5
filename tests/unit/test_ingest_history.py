"""Full files, exit reasons, refused files and what was known when, from files to landed rows."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.ingest import land, read_reasons, store
from pipelines.models import build_some
from tests.unit.delivered import KEY, settings

DATED = {"from_name": r"(\d{4}-\d{2}-\d{2})"}
COLUMNS = {"person_id": "id", "hired_on": "hired", "exited_on": "left", "exit_reason": "why"}
EMPLOYMENT = {"table": "employment", "columns": COLUMNS}


def hr(load=EMPLOYMENT, **source):
    """The source of HR's monthly files."""
    return {
        "name": "hr", "file": "hr*.csv", "delivered_on": DATED, "loads": [load], **source
    }  # fmt: skip


@pytest.fixture
def landed(tmp_path):
    """Lands CSV files given by name; the engine, and the report."""
    with Engine.memory(threads=1) as engine:

        def run(files, *sources, history=None, **options):
            for name, text in files.items():
                (tmp_path / name).write_text(text)
            project = settings(*sources)
            if history:
                project = project.model_copy(
                    update={"history": project.history.model_copy(update=history)}
                )
            return engine, land(engine, project, tmp_path, KEY, **options)

        yield run


def mapping(tmp_path, text):
    """The project's table of exit reasons, drawn as CSV."""
    (tmp_path / "mappings").mkdir(exist_ok=True)
    (tmp_path / "mappings" / "exit_reasons.csv").write_text(text)
    return read_reasons(tmp_path)


REASONS = """reason,kind,regretted,valid_from,valid_to,reviewed_by,reviewed_on
Voluntary > End of Contract,end_of_contract,,,,HR,2024-01-01
R1,voluntary,yes,,2023-12-31,HR,2024-01-01
R1,retirement,,2024-01-01,,HR,2024-01-01
"""
LEAVERS = """id,hired,left,why
1,2020-01-01,2023-12-31,R1
2,2020-01-01,2024-01-01,r1
3,2020-01-01,2024-01-05,Voluntary > End of Contract
4,2020-01-01,,R9
5,2020-01-01,,
"""


def test_reasons_mean_what_the_table_says_on_the_day_of_exit(tmp_path, landed):
    engine, _ = landed({"hr-2024-01-31.csv": LEAVERS}, hr(), meanings=mapping(tmp_path, REASONS))
    assert engine.rows(
        "select _row, exit_kind, regretted, exit_reason from landed.employment order by _row"
    ) == [
        (2, "voluntary", "yes", "R1"),
        (3, "retirement", None, "r1"),
        (4, "end_of_contract", None, "Voluntary > End of Contract"),
        (5, None, None, "R9"),  # has not left
        (6, None, None, None),
    ]


UNKNOWN = (
    LEAVERS + "6,2020-01-01,2024-01-05,R7\n7,2020-01-01,2024-01-06,Voluntary > Other\n"
    "8,2020-01-01,2024-01-06,wrote to ada@example.org\n"
)


def test_reasons_outside_the_table_stop_the_run_with_their_list(tmp_path, landed):
    with pytest.raises(UserError) as caught:
        landed({"hr-2024-01-31.csv": UNKNOWN}, hr(), meanings=mapping(tmp_path, REASONS))
    assert "'R7', 'Voluntary > Other', the text in row 9" in caught.value.problem
    assert "R9" not in caught.value.problem and "ada" not in caught.value.problem
    assert "mappings/exit_reasons.csv" in caught.value.fix


def test_reasons_outside_the_table_may_be_set_aside_instead(tmp_path, landed):
    engine, report = landed(
        {"hr-2024-01-31.csv": UNKNOWN},
        hr(),
        meanings=mapping(tmp_path, REASONS),
        history={"unmapped_reasons": "quarantine"},
    )
    assert report.quarantined == 3
    assert engine.rows("select _row, rule, column_name from landed.quarantine order by 1") == [
        (row, "exit reason not in the mapping", "exit_reason") for row in (7, 8, 9)
    ]


def test_a_project_without_the_table_keeps_the_reason_and_knows_no_kind(landed):
    engine, _ = landed({"hr-2024-01-31.csv": LEAVERS}, hr())
    assert engine.scalar("select count(exit_kind) from landed.employment") == 0
    assert engine.scalar("select count(exit_reason) from landed.employment") == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reason,what\nR1,voluntary\n", ["'kind'"]),
        ("reason,kind\nR1,resigned\n", ["line 2", "kind"]),
        ("reason,kind\n,voluntary\n", ["line 2", "reason"]),
        ("reason,kind,regretted\nR1,voluntary,maybe\n", ["line 2", "regretted"]),
        ("reason,kind,valid_to\nR1,voluntary,31.12.2023\n", ["line 2", "valid_to"]),
        ("reason,kind\nR1,voluntary\nr1,death\n", ["lines 2 and 3"]),
    ],
)
def test_a_table_of_reasons_that_cannot_be_used_is_refused(tmp_path, text, words):
    with pytest.raises(UserError) as caught:
        mapping(tmp_path, text)
    assert caught.value.exit_code is Exit.PROJECT
    for word in ["exit_reasons.csv", *words]:
        assert word in caught.value.problem


def test_a_date_may_be_shifted(landed):
    load = EMPLOYMENT | {"shift_days": {"exited_on": -1}}
    engine, _ = landed({"hr-2024-01-31.csv": LEAVERS}, hr(load))
    assert engine.scalar("select exited_on from landed.employment where _row = 3") == "2023-12-31"


def roster(ids):
    return "id,hired\n" + "".join(f"{i},2020-01-01\n" for i in ids)


ROSTER = {"table": "employment", "columns": {"person_id": "id", "hired_on": "hired"}}
SHRUNK = {"hr-2024-01-31.csv": roster(range(100)), "hr-2024-02-29.csv": roster(range(94))}


def test_a_full_file_that_loses_many_people_at_once_is_refused(landed):
    with pytest.raises(UserError) as caught:
        landed(SHRUNK, hr(ROSTER, contents="full"))
    assert "2024-02-29" in caught.value.problem and "6%" in caught.value.problem
    assert "on_headcount_drop" in caught.value.fix


@pytest.mark.parametrize("changes", [{"contents": "delta"}, {"headcount_drop": 0.06}])
def test_deltas_and_an_expected_fall_raise_no_alarm(landed, changes):
    _, report = landed(SHRUNK, hr(ROSTER, **{"contents": "full", **changes}))
    assert report.remarks == () and len(report.files) == 2


def test_the_alarm_may_be_a_remark(landed):
    _, report = landed(SHRUNK, hr(ROSTER, contents="full", on_headcount_drop="continue"))
    assert "the headcount fell by 6%" in report.remarks[0]
    assert len(report.files) == 2


def test_a_refused_delivery_leaves_nothing_behind_and_the_others_land(landed):
    engine, report = landed(
        SHRUNK | {"hr-2024-03-31.csv": roster(range(98)), "hr-2024-04-30.csv": "id,name\n1,Ada\n"},
        hr(ROSTER, contents="full", on_refused="continue"),
    )
    assert [file.file for file in report.files] == ["hr-2024-01-31.csv", "hr-2024-03-31.csv"]
    assert [file.file for file in report.refused] == ["hr-2024-02-29.csv", "hr-2024-04-30.csv"]
    assert engine.rows("select _file, count(*) from landed.employment group by 1 order by 1") == [
        ("hr-2024-01-31.csv", 100),
        ("hr-2024-03-31.csv", 98),
    ]
    assert engine.rows(
        "select delivered_on, contents, outcome, rows_in, loaded from landed.deliveries order by 1"
    ) == [
        (dt.date(2024, 1, 31), "full", "accepted", 100, 100),
        (dt.date(2024, 2, 29), "full", "refused", 0, 0),
        (dt.date(2024, 3, 31), "full", "accepted", 98, 98),
        (dt.date(2024, 4, 30), "full", "refused", 0, 0),
    ]


def test_parts_of_a_full_delivery_count_together_and_a_refused_part_makes_them_a_delta(landed):
    whole = {
        "hr-de-2024-01-31.csv": roster(range(50)),
        "hr-fr-2024-01-31.csv": roster(range(50, 100)),
        "hr-de-2024-02-29.csv": roster(range(49)),
        "hr-fr-2024-02-29.csv": roster(range(50, 100)),
    }
    engine, report = landed(whole, hr(ROSTER, contents="full", on_refused="continue"))
    assert len(report.files) == 4
    engine.run("drop schema landed cascade")
    engine, report = landed(
        {"hr-fr-2024-02-29.csv": "nothing\n"}, hr(ROSTER, contents="full", on_refused="continue")
    )
    assert engine.rows(
        "select file, contents from landed.deliveries where outcome = 'accepted' order by 1"
    ) == [
        ("hr-de-2024-01-31.csv", "full"),
        ("hr-de-2024-02-29.csv", "delta"),
        ("hr-fr-2024-01-31.csv", "full"),
    ]


def test_a_name_without_a_date_may_be_refused_alone(landed):
    _, report = landed(
        {"hr-2024-01-31.csv": roster([1]), "hr-new.csv": roster([2])},
        hr(ROSTER, on_refused="continue"),
    )
    assert [file.file for file in report.files] == ["hr-2024-01-31.csv"]
    assert report.as_dict()["refused"][0]["file"] == "hr-new.csv"


def test_rolling_files_further_apart_than_they_reach_back_are_named(landed):
    files = {f"hr-2024-0{month}-01.csv": roster([month]) for month in (1, 2, 5)}
    _, report = landed(files, hr(ROSTER, contents="rolling", window_days=60))
    assert len(report.remarks) == 1
    assert "hr-2024-05-01.csv: reaches 60 days back" in report.remarks[0]


def test_the_first_of_equal_deltas_lands_and_a_full_file_may_repeat_itself(landed):
    files = {"hr-b-2024-01-31.csv": roster([1]), "hr-a-2024-02-29.csv": roster([1])}
    engine, report = landed(files, hr(ROSTER))
    assert [file.file for file in report.files] == ["hr-b-2024-01-31.csv"]
    engine.run("drop schema landed cascade")
    _, report = landed({}, hr(ROSTER, contents="full"))
    assert len(report.files) == 2 and report.skipped == ()


def test_what_is_delivered_after_a_date_does_not_exist_at_it(landed):
    files = {"hr-2024-01-31.csv": roster([1]), "hr-2024-02-29.csv": "broken\n"}
    engine, report = landed(files, hr(ROSTER), known_at=dt.date(2024, 2, 28))
    assert [file.file for file in report.files] == ["hr-2024-01-31.csv"]
    assert engine.scalar("select count(*) from landed.deliveries") == 1


def test_a_row_that_the_database_drops_is_noticed(landed, monkeypatch):
    insert = store.insert

    def losing(engine, file, load, table, report, rows_before):
        engine.run(f"delete from {table} where _row = 3")
        insert(engine, file, load, table, report, rows_before)

    monkeypatch.setattr(store, "insert", losing)
    with pytest.raises(AssertionError, match="1 rows were counted but not loaded"):
        landed({"hr-2024-01-31.csv": roster([1, 2, 3])}, hr(ROSTER))


def test_meetings_in_a_full_file_delivered_again_are_the_same_meetings(landed):
    meetings = "id,day,long\n1,2024-01-10,30\n1,2024-01-10,45\n"  # two on one day
    load = {
        "table": "sessions",
        "columns": {"person_id": "id", "held_on": "day", "minutes": "long"},
        "constants": {"programme": "P"},
    }
    engine, _ = landed(
        {"hr-2024-01-31.csv": meetings, "hr-2024-02-29.csv": meetings}, hr(load, contents="full")
    )
    build_some(engine, ["staging.session"])
    found = engine.rows("select meeting_no, minutes, known_from from staging.session order by all")
    assert found == [(1, 30.0, dt.date(2024, 1, 31)), (2, 45.0, dt.date(2024, 1, 31))]
