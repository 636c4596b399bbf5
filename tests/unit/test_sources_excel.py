"""Workbooks: cells by their own type; what Excel hides, merges or could not compute is named."""

from __future__ import annotations

import datetime as dt
import zipfile
from functools import partial

import pytest
import xlsxwriter

from pipelines.sources import containers, worksheet
from tests.unit.reading import SECRET, Read, refused, workbook, written


def test_cells_become_text_by_their_own_type(tmp_path):
    path = workbook(
        tmp_path,
        People=[
            ["id", "since", "share", "left", "note"],
            [21, dt.date(2024, 2, 29), 0.1, True, "007"],
            [None, None, None, None, None],
            [100000, dt.datetime(2024, 1, 1, 12, 30), 1e20, False, None],
        ],
    )
    read = Read(path)
    assert read.lines == [
        ("21", "2024-02-29", "0.1", "true", "007"),
        ("100000", "2024-01-01 12:30:00", "1e+20", "false", None),
    ]
    assert (read.rows, read.data_rows) == ([2, 4], [1, 3])
    assert read.not_data == {"header rows": 1, "blank rows": 1}


@pytest.mark.parametrize("date_1904", [False, True])
def test_dates_by_the_date_system_of_the_workbook(tmp_path, date_1904):
    """The same days, stored as other serial numbers."""
    path = tmp_path / "people.xlsx"
    days = [dt.datetime(1904, 1, 2), dt.datetime(2024, 2, 29), dt.datetime(2024, 12, 31)]
    with xlsxwriter.Workbook(path, {"date_1904": date_1904}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "day")
        form = book.add_format({"num_format": "dd.mm.yyyy"})
        for row, day in enumerate(days, start=1):
            sheet.write_datetime(row, 0, day, form)
    assert Read(path).lines == [(day.date().isoformat(),) for day in days]
    with zipfile.ZipFile(path) as archive:
        serial = b"<v>45351</v>" if not date_1904 else b"<v>43889</v>"
        assert serial in archive.read("xl/worksheets/sheet1.xml")


def test_text_dates_among_date_cells_keep_their_text(tmp_path):
    path = workbook(tmp_path, A=[["day"], [dt.date(2024, 2, 1)], ["01.02.2024"], [45323]])
    assert Read(path).lines == [("2024-02-01",), ("01.02.2024",), ("45323",)]


def test_number_cells_are_written_with_the_declared_decimal_mark(tmp_path):
    path = workbook(tmp_path, A=[["id", "pay"], [7, 1234.5], [8, "1.234,5"]])
    assert Read(path, decimal=",").lines == [("7", "1234,5"), ("8", "1.234,5")]
    assert Read(path).lines == [("7", "1234.5"), ("8", "1.234,5")]


def test_titles_three_header_rows_and_a_footer(tmp_path):
    path = workbook(
        tmp_path,
        A=[
            ["Ratings of May"],
            [],
            ["id", "rating"],
            ["Who", "How"],
            ["(key)", "(1-5)"],
            [1, 4],
            [None, None],
            [2, 5],
            [],
            ["Total", 2, 9],
            [None, "Printed by HR"],
        ],
    )
    read = Read(path, header_row=3, header_rows=3, footer=("^Total", "^Printed"))
    assert (read.header, read.rows) == (("id", "rating"), [6, 8])
    assert read.lines == [("1", "4"), ("2", "5")]
    assert read.not_data == {
        "rows above the header": 2,
        "header rows": 3,
        "blank rows": 2,
        "footer rows": 2,
    }


def test_a_table_may_begin_anywhere(tmp_path):
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(14, 0, ["id", "b"])
        sheet.write_row(15, 0, [1, "x"])
    assert Read(path, header_row=15).rows == [16]
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_column(2, 2, ["id", 1])
    assert "column 1 has no name in row 3" in refused(path, header_row=3).problem


def hide(state="hidden", *names):
    def change(book):
        for name in names:
            book[name].sheet_state = state

    return change


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_when_it_is_named(tmp_path, state):
    sheets = {"Data": [["id"], [1]], "Old": [["id"], [2]]}
    path = workbook(tmp_path, hide(state, "Old"), **sheets)
    read = Read(path)
    assert (read.lines, read.reading.notes) == ([("1",)], ["hidden sheets are not read: Old"])
    read = Read(path, sheet="Old")
    assert read.lines == [("2",)]
    assert read.reading.notes == ["sheet Old is hidden; it is read because it is named"]


def test_sheets_are_chosen_by_name(tmp_path):
    path = workbook(tmp_path, Cover=[["hello"]], Data=[["title"], ["id"], [1]])
    error = refused(path)
    assert "the workbook has 2 sheets" in error.problem
    assert "one of: Cover, Data" in error.fix
    assert "no sheet 'Daten'" in refused(path, sheet="Daten").problem
    assert Read(path, sheet="Data", header_row=2).lines == [("1",)]


def test_all_sheets_one_below_the_other(tmp_path):
    path = workbook(
        tmp_path,
        hide("hidden", "Old"),
        Q1=[["id", "r"], [1, 5], [], [2, 4]],
        Q2=[["r", "id"], [3, 1]],
        Empty=[],
        Old=[["x"], [1]],
        Q3=[["id", "r"], [9, 9]],
    )
    read = Read(path, sheet="*")
    assert read.header == ("id", "r", "@sheet")
    assert read.lines == [
        ("1", "5", "Q1"),
        ("2", "4", "Q1"),
        ("1", "3", "Q2"),
        ("9", "9", "Q3"),
    ]
    assert [read.reading.place(row) for row in read.rows] == ["Q1!2", "Q1!4", "Q2!2", "Q3!2"]
    assert [read.reading.row_of(place) for place in ("Q3!2", " Q1!4 ", "6")] == [8, 4, 6]
    assert {read.reading.row_of(place) for place in ("Q4!2", "Q1!x", "Q1!", "")} == {None}
    assert read.rows == [2, 4, 6, 8]  # counted on: Q2 follows the four rows of Q1
    assert read.reading.counted["rows in sheet Q2"] == 1
    assert read.not_data == {"header rows": 3, "blank rows": 1}


def test_all_sheets_must_have_the_same_columns(tmp_path):
    path = workbook(tmp_path, Q1=[["id", "r"], [1, 5]], Q2=[["id", "s"], [1, 5]])
    error = refused(path, sheet="*")
    assert "sheets Q1 and Q2 have different columns: only one of them has 'r'" in error.problem
    path = workbook(tmp_path, Q1=[["id", "r"], [1, 5]], Q2=[["id", "r"], [1, 5, SECRET]])
    assert "sheet Q2: row 2 holds a value to the right" in refused(path, sheet="*").problem


def merge(*ranges):
    def change(book):
        for cells in ranges:
            book.worksheets[0].merge_cells(cells)

    return change


def test_a_title_merged_over_the_columns(tmp_path):
    rows = [["People of May", None], ["id", "b"], [1, "x"]]
    assert Read(workbook(tmp_path, merge("A1:B1"), A=rows), header_row=2).lines == [("1", "x")]


def test_header_cells_merged_over_two_rows(tmp_path):
    rows = [["id", "Ratings", None], [None, "2023", "2024"], [1, 4, 5]]
    path = workbook(tmp_path, merge("A1:A2", "B1:C1"), A=rows)
    read = Read(path, header_row=2)
    assert (read.header, read.lines) == (("id", "2023", "2024"), [("1", "4", "5")])
    rows = [["id", "b"], [None, "(text)"], [1, "x"]]
    path = workbook(tmp_path, merge("A1:A2"), A=rows)
    assert Read(path, header_rows=2).lines == [("1", "x")]


def test_a_header_cell_merged_over_columns_is_no_name_for_each(tmp_path):
    rows = [["id", "Ratings", None, "b"], [1, 4, 5, 6]]
    error = refused(workbook(tmp_path, merge("B1:C1"), A=rows))
    assert "header cells B1 to C1 are merged" in error.problem
    rows = [["id", "Ratings", None], [1, 4, 5]]
    error = refused(workbook(tmp_path, merge("B1:C1"), A=rows))
    assert "header cells B1 to C1 are merged" in error.problem


def test_cells_merged_downwards_have_their_value_in_every_row(tmp_path):
    rows = [["dept", "id"], ["Tea", 1], [None, 2], [None, 3], ["Maps", 4], [None, 5]]
    read = Read(workbook(tmp_path, merge("A2:A4", "A5:A6"), A=rows))
    assert [line[0] for line in read.lines] == ["Tea", "Tea", "Tea", "Maps", "Maps"]
    assert read.reading.counted["merged cells"] == 3
    assert "merged cells" in read.reading.notes[0]


def test_data_cells_merged_over_columns_are_refused(tmp_path):
    rows = [["id", "a", "b"], [1, 2, 3], [SECRET, 4, None]]
    error = refused(workbook(tmp_path, merge("B3:C3"), A=rows))
    assert "cells B3 to C3 are merged over columns" in error.problem


def test_hidden_rows_and_columns_are_read_and_counted(tmp_path):
    def change(book):
        sheet = book.worksheets[0]
        sheet.row_dimensions[3].hidden = True
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions["B"].hidden = True

    read = Read(workbook(tmp_path, change, A=[["id", "b"], [1, 1], [2, 2], [3, 3]]))
    assert read.rows == [2, 3, 4]
    counted = read.reading.counted
    assert (counted["hidden rows"], counted["hidden columns"]) == (2, 1)
    assert read.reading.notes == ["hidden rows and columns are read like all others"]


def computed(tmp_path, *cells):
    """A sheet of id and value; each formula with the value Excel had computed."""
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "value"])
        for row, (formula, value) in enumerate(cells, start=1):
            sheet.write(row, 0, SECRET)
            sheet.write_formula(row, 1, formula, None, value)
    return path


def test_formulas_give_the_value_excel_computed(tmp_path):
    path = computed(tmp_path, ("=1+1", 2), ("=A2", "text"), ("=1=1", True), ('=""', ""))

    def as_excel(xml):
        return xml.replace(b'<c r="B5"', b'<c r="B5" t="str"')

    edited(path, "xl/worksheets/sheet1.xml", as_excel)
    assert [line[1] for line in Read(path).lines] == ["2", "text", "true", None]


def test_a_formula_without_its_value_is_named(tmp_path):
    path = workbook(tmp_path, A=[["id", "value"], [1, 2], [SECRET, "=1+1"]])
    error = refused(path)
    assert "cell B3 (column 'value') holds a formula without its value" in error.problem


@pytest.mark.parametrize("word", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_an_error_cell_is_named(tmp_path, word):
    path = computed(tmp_path, ("=1", 1), ("=1/0", word))
    error = refused(path)
    assert f"cell B3 (column 'value') holds the error {word}" in error.problem
    read = Read(path, null_words=(word,))
    assert read.lines == [(SECRET, "1"), (SECRET, None)]


def test_errors_outside_the_data_do_no_harm(tmp_path):
    rows = [["=A9", "#N/A"], ["id", "b"], [1, 2], ["Total", "=SUM(B3:B3)"]]
    path = workbook(tmp_path, A=rows)
    assert Read(path, header_row=2, footer=("^Total",)).lines == [("1", "2")]


def test_a_stray_cell_is_named(tmp_path):
    error = refused(workbook(tmp_path, A=[["id"], [1, SECRET]]))
    assert "row 2 holds a value to the right of the last named column, in B2" in error.problem
    error = refused(workbook(tmp_path, A=[["id"], [1], [None, None, SECRET]]))
    assert "in C3" in error.problem


# Office 2007 and later wrap a locked workbook into the container of the old format.
LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "a.xlsx", "the file is empty"),
        (b"<html><table><tr><td>Zaphod-4711", "a.xlsx", "this is a web page or XML"),
        (b"<html><table><tr><td>Zaphod-4711", "a.xls", "this is a web page or XML"),
        (b'<?xml version="1.0"?><Workbook>', "a.xls", "this is a web page or XML"),
        (b"id,b\nZaphod-4711,x\n", "a.xlsx", "this is text or something else, not a workbook"),
        (LOCKED, "a.xlsx", "protected by a password"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.xlsx", "this is an old Excel file"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls", "cannot be opened"),
        (b"PK\x03\x04" + bytes(60), "a.xls", "this is a new Excel file under an old name"),
        (b"PK\x03\x04" + bytes(60), "a.xlsx", "the workbook cannot be opened"),
        (b"PK\x03\x04" + bytes(60), "a.ods", "the workbook cannot be opened"),
    ],
)
def test_what_is_no_workbook_is_named(tmp_path, data, name, says):
    assert says in refused(written(tmp_path, data, name)).problem


def test_sheets_without_a_table(tmp_path):
    assert "no data rows" in refused(workbook(tmp_path, A=[["id"]])).problem
    assert "the sheet has no row 1" in refused(workbook(tmp_path, A=[])).problem
    assert "all sheets are empty" in refused(workbook(tmp_path, A=[]), sheet="*").problem
    assert (
        "column 'id' stands twice" in refused(workbook(tmp_path, A=[["id", "id"], [1, 2]])).problem
    )


def test_a_workbook_that_unpacks_to_too_much(tmp_path, monkeypatch):
    path = tmp_path / "people.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000_000)
    assert "the workbook unpacks to 95 MB" in refused(path).problem
    small = workbook(tmp_path, A=[["id"], [1]])
    monkeypatch.setattr(containers, "MAX_UNPACKED_BYTES", 1000)
    assert "times its size" in refused(small).problem


def edited(path, member, change):
    """The workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "last",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row><c s='0' r='XFD1048576'><v>1</v></c></row>",
        b'<x:row r = "1048576"><x:c\n r =\n"XFD1048576"><x:v>1</x:v></x:c></x:row>',
    ],
)
def test_two_cells_far_apart_do_not_fill_the_memory(tmp_path, last):
    """The rectangle between A1 and the last cell of a sheet would take 500 GB."""
    path = workbook(tmp_path, A=[["id"], [1]])

    def add(xml):
        xml = xml.replace(b"<worksheet ", b'<worksheet xmlns:x="http://x" ', 1)
        return xml.replace(b"</sheetData>", last + b"</sheetData>")

    edited(path, "xl/worksheets/sheet1.xml", add)
    assert "spans 1,048,576 rows and 16,384 columns" in refused(path).problem


def test_damaged_workbooks_are_refused(tmp_path, monkeypatch):
    """Cut anywhere or with any byte changed: an error of ours, or the table."""
    from pipelines.errors import UserError

    whole = workbook(tmp_path, A=[["id", "b"], [1, "=1+1"], [2, "x"]]).read_bytes()
    refusals = 0
    for at in range(0, len(whole), 97):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            try:
                Read(written(tmp_path, data, "people.xlsx"))
            except UserError as error:
                refusals += "people.xlsx" in error.problem
    assert refusals > 60


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]
)
def test_damaged_parts_are_refused(tmp_path, part):
    from pipelines.errors import UserError

    for at in range(0, 400, 13):
        path = workbook(tmp_path, A=[["id", "b"], [1, "=1+1"]])
        with pytest.raises(UserError):
            Read(edited(path, part, partial(cut, at=at)))
        path = workbook(tmp_path, A=[["id", "b"], [1, "=1+1"]])
        with pytest.raises(UserError):
            Read(edited(path, part, partial(broken, at=at)))


def cut(xml, at):
    return xml[:at]


def broken(xml, at):
    return xml[:at] + b"<" + xml[at + 1 :]


def test_the_cell_where_something_stands_is_named_like_excel_does():
    assert [worksheet.cell(7, n) for n in (1, 26, 27, 702, 703)] == [
        "A7",
        "Z7",
        "AA7",
        "ZZ7",
        "AAA7",
    ]


def test_a_sheet_from_another_writer(tmp_path):
    """Namespace prefixes, attributes in single quotes and cells without a reference."""
    path = workbook(tmp_path, A=[["id", "b"], [1, 2]])

    def change(xml):
        return (
            b"<?xml version='1.0'?><x:worksheet xmlns:x="
            b"'http://schemas.openxmlformats.org/spreadsheetml/2006/main'><x:sheetData>"
            b"<x:row><x:c t='str'><x:v>id</x:v></x:c><x:c t='str'><x:v>b</x:v></x:c></x:row>"
            b"<x:row hidden='1'><x:c><x:v>1</x:v></x:c><x:c t='e'><x:v>#N/A</x:v></x:c></x:row>"
            b"</x:sheetData></x:worksheet>"
        )

    assert (
        "cell B2 (column 'b') holds the error #N/A"
        in refused(edited(path, "xl/worksheets/sheet1.xml", change)).problem
    )


def ods(folder, *rows):
    """An OpenDocument sheet from rows of XML cells."""
    names = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    body = "".join(f"<table:table-row{row}</table:table-row>" for row in rows)
    path = folder / "people.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content{names}><office:body><office:spreadsheet>"
            f'<table:table table:name="A">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def of(text, kind='office:value-type="string"'):
    return f"<table:table-cell {kind}><text:p>{text}</text:p></table:table-cell>"


def test_opendocument_sheets(tmp_path):
    day = of("29. Feb.", 'office:value-type="date" office:date-value="2024-02-29"')
    repeated = ' table:number-rows-repeated="2">'
    read = Read(ods(tmp_path, ">" + of("id") + of("day"), repeated + of("007") + day))
    assert read.lines == [("007", "2024-02-29"), ("007", "2024-02-29")]
    assert "error cells are read as empty in .ods" in read.reading.notes[0]


def test_an_opendocument_bomb_is_refused(tmp_path):
    wide = of("1", 'office:value-type="string" table:number-columns-repeated="16384"')
    rows = ' table:number-rows-repeated="1048576">' + wide
    assert "a sheet spans too many cells" in refused(ods(tmp_path, ">" + of("id"), rows)).problem


def old_workbook(size, sector):
    """The beginning of an old workbook whose tables are said to lie in one sector."""
    data = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(size - 8))
    data[24:34] = bytes([0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0])
    for at in (44, 48, 60, 64, 68, 72, 76):
        data[at : at + 4] = sector.to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(("size", "sector"), [(2048, 0), (2048, 100), (512, 0), (512, 1)])
def test_damaged_old_workbooks_are_refused(tmp_path, capfd, size, sector):
    """Some of them break the parser, or fill all memory, instead of being refused by it."""
    path = written(tmp_path, old_workbook(size, sector), "people.xls")
    assert "the workbook " in refused(path).problem
    assert "panicked" not in capfd.readouterr().err
