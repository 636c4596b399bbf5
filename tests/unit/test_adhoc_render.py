"""Answers of ad hoc queries as a table, as CSV and as JSON: nothing in a cell is executed."""

from __future__ import annotations

import csv
import io
import json

import pytest

from pipelines.adhoc import QueryResult, as_csv, as_json, as_table

RESULT = QueryResult(
    columns=("who", "change", "=head"),
    types=("VARCHAR", "DOUBLE", "VARCHAR"),
    rows=(("=1+1", -2.5, None), ("[red]x[/red]", float("nan"), "a\x1b[2Jb\nc")),
    truncated=True,
)


def test_a_table_shows_markup_and_escapes_as_text() -> None:
    text = as_table(RESULT)
    assert "[red]x[/red]" in text
    assert r"a\x1b[2Jb\nc" in text
    assert "NULL" in text and "\x1b" not in text


def test_numbers_stand_on_the_right_and_cells_stay_whole() -> None:
    result = QueryResult(
        ("number", "amount", "text"),
        ("INTEGER", "DECIMAL(9,2)", "VARCHAR"),
        ((7, 1.5, "x" * 300), (None, 10.25, "z")),
        truncated=False,
    )
    lines = [line.split("│")[1:-1] for line in as_table(result).splitlines() if "│" in line]
    assert lines[0] == ["      7 ", "    1.5 ", " " + "x" * 300 + " "]
    assert lines[1] == ["   NULL ", "  10.25 ", " z" + " " * 300]


def _numbers(rows: int, columns: int) -> QueryResult:
    row = tuple(range(columns))
    return QueryResult(tuple(map(str, row)), ("INTEGER",) * columns, (row,) * rows, False)


@pytest.mark.parametrize(
    ("result", "left_out"),
    [
        (_numbers(1_000, 10), None),
        (_numbers(1_001, 10), "1 more rows"),
        (_numbers(1, 501), "1 more columns"),
        (_numbers(30, 600), "100 more columns, 10 more rows"),
        (
            QueryResult(("a",), ("VARCHAR",), (("x" * 10_001,),), False),
            "the ends of cells of 1 rows",
        ),
        (QueryResult(("a",), ("VARCHAR",), (("x" * 9_000,),) * 200, False), "89 more rows"),
    ],
)
def test_a_table_says_what_it_has_no_room_for(result: QueryResult, left_out: str | None) -> None:
    last = as_table(result).splitlines()[-1]
    if left_out is None:
        assert last.startswith("└")
    else:
        assert last == f"Not in this table: {left_out}. --csv or --json writes all."


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_formula_in_a_cell_becomes_text(start: str) -> None:
    result = QueryResult(("a", start + "b"), ("VARCHAR", "VARCHAR"), ((start + "x", "y"),), False)
    header, row = csv.reader(io.StringIO(as_csv(result), newline=""))
    assert header == ["a", "'" + start + "b"]
    assert row == ["'" + start + "x", "y"]


def test_negative_numbers_stay_numbers_in_csv() -> None:
    assert as_csv(RESULT).splitlines()[1] == "'=1+1,-2.5,"


def test_json_is_strict_and_says_what_was_cut() -> None:
    document = json.loads(as_json(RESULT), parse_constant=pytest.fail)
    assert document == {
        "columns": [
            {"name": "who", "type": "VARCHAR"},
            {"name": "change", "type": "DOUBLE"},
            {"name": "=head", "type": "VARCHAR"},
        ],
        "rows": [["=1+1", -2.5, None], ["[red]x[/red]", "nan", "a\x1b[2Jb\nc"]],
        "truncated": True,
    }
