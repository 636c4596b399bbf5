"""Models, their order, their contracts and their checks."""

from __future__ import annotations

import random

import pytest

from pipelines.engine import Engine
from pipelines.errors import UserError
from pipelines.models import (
    FOLDER,
    build,
    contracts,
    create_described,
    is_ascending,
    ordered,
    reads,
    verify,
)

SCHEMAS = ("landed", "staging", "marts", "results")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_table_and_column_is_described(schema):
    for contract in contracts(schema):
        assert contract.description, contract.name
        assert all(column.description for column in contract.columns), contract.name


@pytest.mark.parametrize("schema", ["staging", "marts"])
def test_every_model_has_a_contract_and_states_its_grain(schema):
    folder = FOLDER / schema
    assert {p.stem for p in folder.glob("*.sql")} == {c.table for c in contracts(schema)}
    for contract in contracts(schema):
        first = (folder / f"{contract.table}.sql").read_text().splitlines()[0]
        assert first.startswith("-- one row per"), contract.name
        assert contract.unique, contract.name


def test_a_model_is_built_after_those_it_reads():
    place = {contract.name: i for i, (contract, _) in enumerate(ordered())}
    for contract, select in ordered():
        for read in reads(select) & place.keys():
            assert place[read] < place[contract.name]


def test_marts_read_staging_alone_and_show_no_pseudonym():
    for contract, select in ordered():
        if contract.schema == "marts":
            assert {name.split(".")[0] for name in reads(select)} == {"staging"}
            assert "person_key" not in {column.name for column in contract.columns}


def test_comments_are_stored_with_the_tables():
    with Engine.memory(threads=1) as engine:
        for contract in contracts("landed"):
            create_described(engine, contract)
        build(engine)
        missing = engine.rows(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name in ('landed', 'staging', 'marts') and comment is null"
        )
    assert missing == []


def test_a_broken_contract_names_model_column_and_count_but_no_value(warehouse):
    with pytest.raises(UserError) as caught:
        warehouse(
            employment="""
                person_id | hired_on   | exit_kind   | delivered
                a         | 2024-01-01 | Resignation | 2024-02-01
            """
        )
    assert "staging.employment_event" in caught.value.problem
    assert "'exit_kind'" in caught.value.problem
    assert "1 rows" in caught.value.problem
    assert "Resignation" not in str(caught.value)


def _project(folder, select, contract):
    (folder / "marts").mkdir()
    (folder / "marts" / "things.sql").write_text(f"-- one row per thing\n{select}\n")
    (folder / "marts" / "things.yml").write_text(contract)
    return folder


@pytest.mark.parametrize(
    ("select", "says"),
    [
        ("select 1 as thing_no, 'a' as name, 2 as more", "'more'"),
        ("select 1 as thing_no", "'name'"),
        ("select 'x' as thing_no, 'a' as name", "'thing_no'"),
        ("select 1 as thing_no, cast(null as varchar) as name", "'name' is empty in 1 rows"),
        ("select 1 as thing_no, unnest(['a', 'b']) as name", "(thing_no) is repeated in 1 rows"),
    ],
)
def test_a_model_that_is_not_as_promised_is_refused(tmp_path, select, says):
    contract = (
        "description: Things.\nunique: [thing_no]\ncolumns:\n"
        "  - {name: thing_no, type: INTEGER, description: Number.}\n"
        "  - {name: name, type: VARCHAR, not_null: true, description: Name.}\n"
    )
    with Engine.memory() as engine, pytest.raises(UserError) as caught:
        build(engine, _project(tmp_path, select, contract))
    assert "marts.things" in caught.value.problem
    assert says in caught.value.problem


def test_checks_warn_and_go_on(warehouse):
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2024-03-01 | 2024-01-01 | voluntary | 2024-04-01
            b         | 2024-01-01 | 2024-06-30 | voluntary | 2024-07-01
            b         | 2024-06-01 | -          | -         | 2024-07-01
        """,
        enrolments="""
            person_id | programme | assigned_on | delivered
            b         | P         | 2023-12-01  | 2024-07-01
            c         | P         | 2024-02-01  | 2024-07-01
        """,
        sessions="""
            person_id | programme | held_on    | delivered
            a         | P         | 2024-03-10 | 2024-07-01
        """,
        matches="""
            mentee_id | mentor_id | programme | matched_on | delivered
            c         | c         | P         | 2024-03-01 | 2024-07-01
        """,
    )
    assert {warning.check: warning.rows for warning in built.report.warnings} == {
        "enrolled_before_hire": 1,
        "enrolled_not_employed": 1,
        "exit_before_hire": 1,
        "met_not_enrolled": 1,
        "overlapping_spells": 1,
        "own_mentor": 1,
    }


def test_a_failing_check_stops_the_build(tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "never.sql").write_text("-- fail\n-- things that cannot be\nselect 1\n")
    with Engine.memory() as engine, pytest.raises(UserError, match="things that cannot be"):
        build(engine, tmp_path)


def test_a_key_stored_in_order_needs_no_counting_and_any_other_is_counted(tmp_path):
    contract = "description: Things.\nunique: [a, b]\ncolumns:\n" + "".join(
        f"  - {{name: {name}, type: INTEGER, description: A number.}}\n" for name in "ab"
    )
    folder = _project(
        tmp_path, "select * from (values (1, 2), (1, 3), (2, 1)) as t (a, b)", contract
    )
    things = contracts("marts", folder)[0]
    with Engine.memory(threads=1) as engine:
        build(engine, folder)
        assert is_ascending(engine, things)
        for row, ascends in (("3, 1", True), ("2, 9", False), ("null, 1", False)):
            engine.run(f"insert into marts.things values ({row})")
            assert is_ascending(engine, things) is ascends
        verify(engine, things)  # out of order, but nothing is repeated
        engine.run("insert into marts.things values (1, 2)")
        with pytest.raises(UserError, match=r"\(a, b\) is repeated in 1 rows"):
            verify(engine, things)


def test_people_are_numbered_densely_and_panels_stored_by_person_and_month(warehouse):
    """Whatever the ids are and in whatever order rows come."""
    drawn = [
        f"{who} | kpi | 2024-0{m}-01 | {m} | 2024-06-01" for m in range(1, 6) for who in "zqa7"
    ]
    random.Random(1).shuffle(drawn)
    engine = warehouse(
        employment="\n".join(
            [
                "person_id | hired_on | delivered",
                *(f"{w} | 2023-12-01 | 2024-06-01" for w in "a7zq"),
            ]
        ),
        performance="\n".join(["person_id | metric | period | value | delivered", *drawn]),
    ).engine
    assert engine.rows("select person_no from staging.person") == [(1,), (2,), (3,), (4,)]
    for name in ("performance", "employee_months"):
        rows = engine.rows(f"select person_no, month from marts.{name}")
        assert rows == sorted(rows)
        assert len(rows) > 19
        (contract,) = (c for c in contracts("marts") if c.table == name)
        assert is_ascending(engine, contract)
