"""The analysts' database, the results tables and the data dictionary."""

from __future__ import annotations

import pytest

from pipelines import catalog
from pipelines.engine import Engine
from pipelines.models import build, contracts, create_described

ROWS = {
    "runs": [{"run": "abc", "project": "test", "as_known_at": "2024-12-31"}],
    "estimates": [
        {"study": "s", "name": "itt", "estimate": 1.5, "ci_low": None, "n_people": 120},
        {"study": "s", "name": "late", "status": "withheld", "reason": "too few people"},
    ],
}


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with Engine.open(path) as engine:
        for contract in contracts("landed"):
            create_described(engine, contract)
        engine.run(
            "insert into landed.people (person_id, _delivered_on, _seq) "
            "values ('secret-pseudonym', date '2024-01-31', 1)"
        )
        build(engine)
        catalog.write_results(engine, ROWS)
    return path


@pytest.fixture
def analyst(tmp_path, warehouse):
    target = tmp_path / "analyst.duckdb"
    catalog.write_analyst_file(warehouse, target)
    with Engine.open(target, read_only=True) as engine:
        yield engine


def test_it_holds_marts_and_results_and_nothing_else(analyst):
    found = analyst.rows("select schema_name || '.' || table_name from duckdb_tables()")
    expected = {c.name for s in ("marts", "results") for c in contracts(s)}
    assert {name for (name,) in found} == expected | {"mentorlift.file"}
    assert analyst.rows("select person_no from marts.employees") == [(1,)]


def test_every_table_and_column_carries_its_description(analyst):
    stored = analyst.rows(
        "select schema_name || '.' || table_name, column_name, comment from duckdb_columns() "
        "where schema_name in ('marts', 'results')"
    )
    expected = {
        (contract.name, column.name, column.description)
        for schema in ("marts", "results")
        for contract in contracts(schema)
        for column in contract.columns
    }
    assert set(stored) == expected
    comment = "select comment from duckdb_tables() where table_name = 'employees'"
    assert "per person" in analyst.scalar(comment)


def test_the_file_opens_with_older_tools_and_holds_no_pseudonym(tmp_path, analyst):
    content = (tmp_path / "analyst.duckdb").read_bytes()
    assert content[8:12] == b"DUCK"
    # 64 is the storage version that every DuckDB since 0.10 reads (duckdb.org/docs/internals).
    assert int.from_bytes(content[12:20], "little") == 64
    assert b"secret-pseudonym" not in content
    assert b"secret-pseudonym" in (tmp_path / "warehouse.duckdb").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"analyst.duckdb", "warehouse.duckdb"}


def test_results_keep_numbers_and_say_why_one_is_missing(analyst):
    rows = analyst.rows("select name, estimate, n_people, reason from results.estimates")
    assert rows == [("itt", 1.5, 120, None), ("late", None, None, "too few people")]
    assert analyst.scalar("select cast(as_known_at as varchar) from results.runs") == "2024-12-31"
    assert analyst.rows("from results.findings") == []


@pytest.mark.parametrize("tables", [{"people": []}, {"runs": [{"run": "a", "person": 1}]}])
def test_results_without_a_contract_are_refused(tables):
    with Engine.memory() as engine, pytest.raises(ValueError, match="no "):
        catalog.write_results(engine, tables)


def test_an_undescribed_table_does_not_reach_analysts(tmp_path, warehouse):
    with Engine.open(warehouse) as engine:
        engine.run("create table marts.loose as select 1 as n")
    with pytest.raises(ValueError, match=r"marts\.loose has no description"):
        catalog.write_analyst_file(warehouse, tmp_path / "analyst.duckdb")


def test_the_dictionary_names_every_column_once_and_is_stable():
    text = catalog.dictionary_markdown()
    assert text == catalog.dictionary_markdown()
    for schema in ("staging", "marts", "results"):
        for contract in contracts(schema):
            section = text.split(f"### {contract.name}\n")[1].split("\n##")[0]
            for column in contract.columns:
                assert section.count(f"| `{column.name}` |") == 1
