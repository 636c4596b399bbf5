"""From file to landed rows: layouts, date cells, decimal marks and sheets of a delivery."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from pipelines.errors import Exit, UserError
from tests.unit.delivered import Landing, performance, settings
from tests.unit.reading import workbook, written


def landed(folder, load=None, **source):
    source = {"file": "people.*", "loads": [load or performance()], **source}
    return Landing(folder, settings(source))


def test_rows_in_and_rows_that_are_not_data_are_all_accounted_for(tmp_path):
    text = "Sales\n\nid,month,sales\n1,2024-01,7\n,,\n1,2024-01,7\n2,?,8\nTotal,,15\n\n"
    written(tmp_path, text.encode())
    result = landed(tmp_path, header_row=3, footer=["^Total"])
    (file,) = result.report.as_dict()["files"]
    assert file["not_data"] == {
        "blank rows": 2,
        "footer rows": 1,
        "header rows": 1,
        "rows above the header": 2,
    }
    (load,) = file["loads"]
    assert (file["rows_in"], load["loaded"], load["quarantined"], load["duplicates"]) == (
        3,
        1,
        1,
        1,
    )
    assert text.count("\n") == file["rows_in"] + sum(file["not_data"].values())
    assert file["notes"] == ["encoding found: utf-8"]
    assert result.rows("quarantine", "_row", "rule") == [(7, "not a date in the declared format")]


@pytest.mark.parametrize(
    ("form", "text"), [("%d.%m.%Y", "01.02.2024"), ("%d-%m-%Y %H:%M", "01-02-2024 08:30")]
)
def test_date_cells_among_texts_in_the_declared_format(tmp_path, form, text):
    cells = [dt.date(2024, 2, 1), text, "02/01/2024"]
    workbook(tmp_path, A=[["id", "hired"], *([i, day] for i, day in enumerate(cells))])
    load = {
        "table": "employment",
        "columns": {"person_id": "id", "hired_on": "hired"},
        "formats": {"hired_on": form},
    }
    result = landed(tmp_path, load)
    assert result.rows("employment", "hired_on", "_row") == [("2024-02-01", 2), ("2024-02-01", 3)]
    assert result.rows("quarantine", "_row") == [(4,)]


def test_date_cells_with_a_time_where_the_format_has_one(tmp_path):
    rows = [["id", "hired"], [1, dt.datetime(2024, 2, 1, 8, 30)]]
    workbook(tmp_path, A=rows)
    load = {"table": "employment", "columns": {"person_id": "id", "hired_on": "hired"}}
    timed = landed(tmp_path, {**load, "formats": {"hired_on": "%d.%m.%Y %H:%M"}})
    assert timed.rows("employment", "hired_on") == [("2024-02-01",)]
    dated = landed(tmp_path, {**load, "formats": {"hired_on": "%d.%m.%Y"}})
    assert dated.report.quarantined == 1


def test_a_format_that_cannot_be_told_from_iso_is_refused(tmp_path):
    written(tmp_path, "id,month,sales\n1,2024-31-01,7\n")
    with pytest.raises(UserError, match="'%Y-%d-%m'") as caught:
        landed(tmp_path, performance(formats={"period": "%Y-%d-%m"}))
    assert caught.value.exit_code is Exit.PROJECT


def test_numbers_with_a_decimal_comma_in_text_and_in_cells(tmp_path):
    workbook(
        tmp_path,
        A=[
            ["id", "month", "sales"],
            [1, "2024-01", "1.234,56"],
            [1, "2024-02", 1234.567],
            [1, "2024-03", 1.234],
            [1, "2024-04", "1234.56"],
        ],
    )
    result = landed(tmp_path, decimal=",")
    assert result.rows("performance", "value") == [("1234.56",), ("1234.567",), ("1.234",)]
    assert result.rows("quarantine", "_row", "rule") == [(5, "not a finite number")]


def test_the_sheet_is_a_column_where_all_sheets_are_read(tmp_path):
    head = ["id", "month", "sales"]
    workbook(
        tmp_path,
        North=[head, [1, "2024-01", 7], [1, "2024-01", 7]],
        South=[head, [1, "2024-01", 7]],
    )
    load = {
        "table": "performance",
        "columns": {"person_id": "id", "period": "month", "value": "sales", "metric": "@sheet"},
    }
    result = landed(tmp_path, load, sheet="*")
    assert result.rows("performance", "metric", "_row") == [("North", 2), ("South", 5)]
    (file,) = result.report.files
    assert (file.rows, file.loads[0].duplicates, file.columns_not_loaded) == (3, 1, ())
    assert landed(tmp_path, sheet="*").report.files[0].columns_not_loaded == ()


@pytest.mark.parametrize(
    "layout",
    [
        {"header_rows": 4},
        {"header_row": 3, "data_row": 3},
        {"delimiter": ";;"},
        {"delimiter": "\n"},
        {"delimiter": "§"},
        {"delimiter": '"'},
        {"quote": "''"},
        {"footer": ["("]},
        {"footer": ["x*"]},
        {"decimal": "'"},
        {"encoding": ""},
    ],
)
def test_a_layout_that_cannot_be_is_refused(layout):
    with pytest.raises(ValidationError):
        settings({"file": "a.csv", "loads": [performance()], **layout})


def test_a_footer_pattern_beyond_the_reader_is_the_projects_mistake(tmp_path):
    written(tmp_path, "id,month,sales\n1,2024-01,7\n")
    with pytest.raises(UserError, match="look-ahead") as caught:
        landed(tmp_path, footer=["^(?!1)x"])
    assert caught.value.exit_code is Exit.PROJECT


@pytest.mark.parametrize(
    "name", ['a"; drop table t; --', "<img src=x onerror=1>", "select", "é'\\"]
)
def test_a_column_of_any_name_lands(tmp_path, name):
    cell = '"' + name.replace('"', '""') + '"'
    written(tmp_path, f"id,{cell}\n1,x\n")
    load = {"table": "people", "columns": {"person_id": "id"}, "attributes": [name]}
    ((attributes,),) = landed(tmp_path, load).rows("people", "attributes")
    import json

    assert json.loads(attributes) == {name: "x"}
    renamed = {"table": "employment", "columns": {"person_id": "id", "hired_on": name}}
    assert landed(tmp_path, renamed).report.quarantined == 1
