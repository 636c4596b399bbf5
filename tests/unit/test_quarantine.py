"""Rows that cannot be loaded go back to HR as a workbook, and come back corrected."""

from __future__ import annotations

import openpyxl
import pytest

from pipelines.engine import Engine
from pipelines.errors import UserError
from pipelines.ingest import land, write_workbooks
from tests.unit.delivered import KEY, settings
from tests.unit.reading import workbook

STAFF = """Personalnummer;Name;Eintritt;Austritt
1;Ada;2020-01-01;
2;Grace;01.02.2020;
3;=1+1;2020-01-01;31.13.2024
4;Alan;2020-01-01;2024-01-10
4;Alan;2020-01-01;2024-01-20
"""
SOURCE = {
    "name": "hr",
    "file": "staff-*.csv",
    "delivered_on": {"from_name": r"staff-(\d{4}-\d{2}-\d{2})"},
    "delimiter": ";",
    "contents": "full",
    "loads": [
        {
            "table": "employment",
            "columns": {
                "person_id": "Personalnummer", "hired_on": "Eintritt", "exited_on": "Austritt"
            },
        }
    ],
}  # fmt: skip
CORRECTED = "corrections/hr-2024-03-05.xlsx"


@pytest.fixture
def exchange(tmp_path):
    """Lands the data folder and writes the workbooks; the database, the report, the paths."""
    data = tmp_path / "data"
    (data / "corrections").mkdir(parents=True)
    (data / "staff-2024-02-29.csv").write_text(STAFF)

    def run():
        with Engine.memory(threads=1) as engine:
            report = land(engine, settings(SOURCE), data, KEY)
            books = tuple(write_workbooks(engine, report, tmp_path / "quarantine"))
            landed = engine.rows(
                "select hired_on, exited_on, _file from landed.employment order by _seq"
            )
        return landed, report, books

    run.data, run.folder = data, tmp_path / "quarantine"
    return run


def cells(path):
    """The cells of a workbook by column name, a line each."""
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_the_workbook_speaks_of_hrs_own_columns_rows_and_a_fix(exchange):
    _, report, books = exchange()
    assert [book.name for book in books] == ["hr.xlsx"]
    first, second, third, fourth = cells(books[0])
    assert first == {
        "Personalnummer": "2",
        "Name": "Grace",
        "Eintritt": "01.02.2020",
        "Austritt": None,
        "mentorlift: file": "staff-2024-02-29.csv",
        "mentorlift: row": "3",
        "mentorlift: reason": "not a date in the declared format",
        "mentorlift: column": "Eintritt",
        "mentorlift: suggested fix": "Write the date as 2025-01-31.",
        "mentorlift: leave out": None,
    }
    assert second["mentorlift: column"] == "Austritt"
    assert third["mentorlift: reason"] == "two rows with the same key differ"
    assert third["mentorlift: column"] == "Personalnummer, Eintritt"
    assert fourth["mentorlift: row"] == "6"
    assert report.quarantined == 4


def test_the_workbook_is_private_holds_no_formula_and_does_not_depend_on_the_clock(exchange):
    _, _, (book,) = exchange()
    kinds = {cell.data_type for row in openpyxl.load_workbook(book).active for cell in row}
    assert "f" not in kinds
    assert book.stat().st_mode & 0o777 == 0o600
    assert exchange.folder.stat().st_mode & 0o777 == 0o700
    first = book.read_bytes()
    assert exchange()[2][0].read_bytes() == first


def correct(exchange, **changes):
    """Return the workbook with cells changed: line and column -> text."""
    _, _, (book,) = exchange()
    workbook = openpyxl.load_workbook(book)
    sheet = workbook.active
    names = [cell.value for cell in sheet[1]]
    for line, corrections in changes.items():
        for column, text in corrections.items():
            row = int(line.removeprefix("line"))
            sheet.cell(row, names.index(column) + 1).value = text
    workbook.save(exchange.data / CORRECTED)


def test_corrected_rows_flow_in_and_nothing_is_left(exchange):
    correct(
        exchange,
        line2={"Eintritt": "2020-02-01"},
        line3={"Austritt": "2024-01-31"},
        line4={"mentorlift: leave out": "yes"},
    )
    landed, report, books = exchange()
    assert landed == [
        ("2020-01-01", None, "staff-2024-02-29.csv"),
        ("2020-02-01", None, CORRECTED),
        ("2020-01-01", "2024-01-31", CORRECTED),
        ("2020-01-01", "2024-01-20", CORRECTED),
    ]
    assert books == () and not list(exchange.folder.iterdir())
    assert report.files[1].loads[0].excluded == 1


def test_what_is_still_wrong_comes_back_once_under_the_name_of_the_correction(exchange):
    correct(exchange, line2={"Eintritt": "soon"}, line3={"Austritt": ""})
    landed, _, (book,) = exchange()
    rows = cells(book)
    assert [row["mentorlift: file"] for row in rows] == [CORRECTED] * 3
    assert [row["Eintritt"] for row in rows] == ["soon", "2020-01-01", "2020-01-01"]
    assert len(landed) == 2


def test_a_correction_that_cannot_be_placed_is_refused(exchange):
    (exchange.data / "corrections" / "staff.xlsx").write_bytes(b"")
    with pytest.raises(UserError, match="its name says no source and date"):
        exchange()
    (exchange.data / "corrections" / "staff.xlsx").unlink()
    workbook = openpyxl.Workbook()
    workbook.active.append(["Personalnummer", "Eintritt", "Austritt"])
    workbook.active.append(["2", "2020-02-01", ""])
    workbook.save(exchange.data / CORRECTED)
    with pytest.raises(UserError, match="there is no column 'mentorlift: file'"):
        exchange()


def test_a_row_of_several_tabs_is_named_by_its_tab_and_answered_by_it(tmp_path):
    data, folder = tmp_path / "data", tmp_path / "quarantine"
    (data / "corrections").mkdir(parents=True)
    head = ["Personalnummer", "Eintritt", "Austritt"]
    north = [head, ["1", "2020-01-01", ""], [], ["2", "2020-01-01", ""]]
    south = [head, ["3", "2020-01-01", ""], ["4", "01.02.2020", ""]]
    workbook(data, name="staff-2024-02-29.xlsx", North=north, South=south)
    source = {**SOURCE, "file": "staff-*.xlsx", "sheet": "*"}

    def run():
        with Engine.memory(threads=1) as engine:
            report = land(engine, settings(source), data, KEY)
            books = tuple(write_workbooks(engine, report, folder))
            held = engine.rows("select _row, corrected_by from landed.quarantine order by all")
        return report.as_dict()["files"][0], books, held

    file, (book,), held = run()
    assert [row["mentorlift: row"] for row in cells(book)] == ["South!3"]
    assert [row["mentorlift: sheet"] for row in cells(book)] == ["South"]
    assert held == [(7, None)]  # counted on: South follows the four rows of North
    assert file["rows_above_sheets"] == {"North": 0, "South": 4}
    assert file["counted"]["rows in sheet South"] == 2
    returned = openpyxl.load_workbook(book)
    returned.active["B2"] = "2020-02-01"
    returned.save(data / CORRECTED)
    assert run()[1:] == ((), [(7, CORRECTED)])
    names = [cell.value for cell in returned.active[1]]
    returned.active.cell(2, names.index("mentorlift: row") + 1).value = "West!3"
    returned.save(data / CORRECTED)
    with pytest.raises(UserError, match="row 2: 'mentorlift: row' is no row number"):
        run()


def test_a_corrected_row_keeps_its_tab(tmp_path):
    data, folder = tmp_path / "data", tmp_path / "quarantine"
    (data / "corrections").mkdir(parents=True)
    head = ["id", "month", "sales"]
    workbook(data, name="sales.xlsx", North=[head, [1, "2024-01", 7]], South=[head, [2, "?", 8]])
    columns = {"person_id": "id", "period": "month", "value": "sales", "metric": "@sheet"}
    load = {"table": "performance", "columns": columns}
    source = {"name": "hr", "file": "sales.xlsx", "sheet": "*", "loads": [load]}

    def run():
        with Engine.memory(threads=1) as engine:
            books = write_workbooks(engine, land(engine, settings(source), data, KEY), folder)
            return engine.rows("select metric, period from landed.performance order by 1"), books

    returned = openpyxl.load_workbook(next(iter(run()[1])))
    returned.active["B2"] = "2024-02"
    returned.save(data / CORRECTED)
    landed, books = run()
    assert landed == [("North", "2024-01-01"), ("South", "2024-02-01")] and not books
    names = [cell.value for cell in returned.active[1]]
    returned.active.delete_cols(names.index("mentorlift: sheet") + 1)
    returned.save(data / CORRECTED)
    with pytest.raises(UserError, match="there is no column 'mentorlift: sheet'"):
        run()


def test_a_cell_too_long_for_a_workbook_is_cut_and_said(exchange):
    text = STAFF.replace("Grace", "G" * 40_000)
    (exchange.data / "staff-2024-02-29.csv").write_text(text)
    _, _, (book,) = exchange()
    first = cells(book)[0]
    assert len(first["Name"]) == 32_767
    assert "too long for a workbook" in first["mentorlift: suggested fix"]
