"""Readers: every kind of file becomes text with physical rows, or an error that says what to do."""

from __future__ import annotations

import datetime as dt
import gzip

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import Exit, UserError
from pipelines.sources import Dialect, read_source


def read(path, **dialect):
    """Header, rows of text, physical rows and data rows of a file."""
    table = read_source(path, Dialect(**dialect))
    lines, rows, data_rows = [], [], []
    for batch in table.batches():
        columns = [batch.columns[name].to_pylist() for name in table.header]
        lines += list(zip(*columns, strict=True))
        rows += batch.rows.to_pylist()
        data_rows += batch.data_rows.to_pylist()
    return table.header, lines, rows, data_rows


def written(tmp_path, data, name="people.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def refused(path, **dialect):
    with pytest.raises(UserError) as caught:
        read(path, **dialect)
    assert caught.value.exit_code is Exit.DATA
    assert path.name in caught.value.problem
    assert caught.value.fix
    return caught.value.problem


def test_csv_keeps_the_text_of_every_value(tmp_path):
    path = written(tmp_path, "id,value\n21.0,007\n1.0E+05,1.10\n,NA\n")
    header, lines, rows, data_rows = read(path)
    assert header == ("id", "value")
    assert lines == [("21.0", "007"), ("1.0E+05", "1.10"), ("", "NA")]
    assert rows == [2, 3, 4]
    assert data_rows == [1, 2, 3]


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        ("\ufeffname,city\r\nZoë,Köln\r\n".encode(), {}),
        ("name;city\nZoë;Köln".encode("cp1252"), {"delimiter": ";", "encoding": "cp1252"}),
        ("name\tcity\nZoë\tKöln\n".encode("utf-16"), {"delimiter": "\t", "encoding": "utf-16"}),
        ("name,city\rZoë,Köln\r".encode(), {}),
        ('name,"city"\n"Zoë","Köln"\n'.encode(), {}),
    ],
    ids=["bom and crlf", "cp1252", "utf-16 tabs", "cr only", "quoted"],
)
def test_csv_of_any_encoding_and_line_end(tmp_path, data, dialect):
    header, lines, _, _ = read(written(tmp_path, data), **dialect)
    assert (header, lines) == (("name", "city"), [("Zoë", "Köln")])


def test_csv_quotes_hold_delimiters_newlines_and_quotes(tmp_path):
    path = written(tmp_path, 'id,note\n1,"a, ""b""\nc"\n2,d\n')
    _, lines, rows, _ = read(path)
    assert lines == [("1", 'a, "b"\nc'), ("2", "d")]
    assert rows == [2, 3]


def test_blank_lines_are_no_rows_but_keep_their_number(tmp_path):
    _, lines, rows, _ = read(written(tmp_path, "id,b\n1,x\n\n,\n2,\n\n"))
    assert lines == [("1", "x"), ("2", "")]
    assert rows == [2, 5]


def test_rows_above_the_header_are_skipped(tmp_path):
    path = written(tmp_path, "Report of May\n\nid,b\n1,x\n")
    header, lines, rows, data_rows = read(path, header_row=3)
    assert (header, lines, rows, data_rows) == (("id", "b"), [("1", "x")], [4], [1])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"id,b\n", "no data rows"),
        (b"id,b\n\n\n", "no data rows"),
        (b"id,b,id\n1,2,3\n", "'id' stands twice"),
        (b"id,,c\n1,2,3\n", "column 2 has no name"),
        (b"\n1,2\n", "row 1 holds no column names"),
        (b"id,b\n1,x\n2,y,secret\n", "row 3 has 3 values where the header has 2"),
        (b"id,b\n1,x\n\n7\n", "row 4 has 1 values where the header has 2"),
        (b'id,b\n1,x\n2,"secret\n3,z\n', "row 3 opens a quote that is never closed"),
        ("id,b\n1,x\n2,Zoë\n".encode("cp1252"), "row 3 is not utf-8"),
        ("id,b\n1,x\n".encode("utf-16"), "zero"),
        (b"PK\x03\x04rest", "Excel"),
    ],
)
def test_csv_that_cannot_be_used_is_named_without_its_values(tmp_path, data, says):
    problem = refused(written(tmp_path, data))
    assert says in problem
    assert "secret" not in problem


def test_an_unknown_encoding_is_named(tmp_path):
    assert "'klingon'" in refused(written(tmp_path, "id\n1\n"), encoding="klingon")


def workbook(tmp_path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = tmp_path / "people.xlsx"
    book.save(path)
    return path


def test_excel_cells_become_text_by_their_own_type(tmp_path):
    path = workbook(
        tmp_path,
        People=[
            ["id", "since", "share", "left", "note"],
            [21, dt.date(2024, 2, 29), 0.1, True, "007"],
            [None, None, None, None, None],
            [22, dt.datetime(2024, 1, 1, 12, 30), 1e20, False, None],
        ],
    )
    _, lines, rows, data_rows = read(path)
    assert lines == [
        ("21", "2024-02-29", "0.1", "true", "007"),
        ("22", "2024-01-01 12:30:00", "1e+20", "false", None),
    ]
    assert (rows, data_rows) == ([2, 4], [1, 3])


def test_excel_sheets_are_chosen_by_name(tmp_path):
    path = workbook(tmp_path, Cover=[["hello"]], Data=[["title"], ["id"], [1]])
    assert "2 sheets" in refused(path)
    assert "no sheet 'Daten'" in refused(path, sheet="Daten")
    assert read(path, sheet="Data", header_row=2) == (("id",), [("1",)], [3], [1])


def test_excel_that_cannot_be_used(tmp_path):
    assert "no data rows" in refused(workbook(tmp_path, A=[["id"]]))
    assert "cannot be opened" in refused(written(tmp_path, b"<html>", "people.xlsx"))
    stray = workbook(tmp_path, A=[["id"], [1, 2]])
    assert "row 2 holds a value to the right" in refused(stray)


def test_parquet_types_become_text(tmp_path):
    path = tmp_path / "people.parquet"
    table = pa.table(
        {
            "id": pa.array([7, None], pa.int64()),
            "value": [1.0, 0.1],
            "day": [dt.date(2024, 1, 31), None],
            "at": [dt.datetime(2024, 1, 31), dt.datetime(2024, 1, 31, 8)],
            "arm": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    pq.write_table(table, path)
    _, lines, rows, _ = read(path)
    assert lines == [
        ("7", "1", "2024-01-31", "2024-01-31", "a"),
        (None, "0.1", None, "2024-01-31 08:00:00", "b"),
    ]
    assert rows == [1, 2]


def test_parquet_that_cannot_be_used(tmp_path):
    nested = tmp_path / "nested.parquet"
    pq.write_table(pa.table({"id": [[1]]}), nested)
    assert "'id' holds list" in refused(nested)
    cut = written(tmp_path, nested.read_bytes()[:40], "cut.parquet")
    assert "not a Parquet file" in refused(cut)


def test_stata_codes_stay_codes_and_no_digit_changes(tmp_path):
    path = tmp_path / "trial.dta"
    frame = pd.DataFrame({"sex": [1, 0], "share": [0.1, None], "name": ["a", ""]})
    frame["sex"] = frame["sex"].astype("int8")
    frame["single"] = pd.Series([0.1, 2.0], dtype="float32")
    frame.to_stata(path, write_index=False, value_labels={"sex": {1: "man", 0: "woman"}})
    header, lines, rows, _ = read(path)
    assert header == ("sex", "share", "name", "single")
    assert lines == [("1", "0.1", "a", "0.10000000149011612"), ("0", None, "", "2")]
    assert rows == [1, 2]


def test_stata_that_cannot_be_read(tmp_path):
    assert "not a Stata file" in refused(written(tmp_path, b"<stata_dta>", "trial.dta"))


def test_kinds_without_a_reader_and_absent_files_are_named(tmp_path):
    zipped = written(tmp_path, gzip.compress(b"id\n1\n"), "people.csv.gz")
    assert "'.gz' cannot be read" in refused(zipped)
    assert "not there" in refused(tmp_path / "gone.csv")


def test_the_published_stata_file_reads_as_its_authors_describe_it(shared):
    header, lines, _, _ = read(shared / "benchmarks" / "jtpa" / "jtpa.dta")
    assert (len(lines), len(header)) == (11_204, 18)
    sex = [line[header.index("sex")] for line in lines]
    assert {code: sex.count(code) for code in set(sex)} == {"1": 5_102, "0": 6_102}
