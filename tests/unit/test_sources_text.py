"""Delimited text: every value keeps its text, every row its number; what is odd is named."""

from __future__ import annotations

import gzip
import random

import pytest

from pipelines.sources import delimited, quotes
from tests.unit.reading import SECRET, Read, refused, written


def test_every_value_keeps_its_text(tmp_path):
    read = Read(written(tmp_path, "id,value\n21.0,007\n1.0E+05,1.10\n,NA\n"))
    assert read.header == ("id", "value")
    assert read.lines == [("21.0", "007"), ("1.0E+05", "1.10"), ("", "NA")]
    assert read.rows == [2, 3, 4]
    assert read.data_rows == [1, 2, 3]


@pytest.mark.parametrize("ending", ["", "\n", "\n\n"], ids=["none", "one", "two"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_any_end_of_line_and_of_file(tmp_path, newline, ending):
    text = ("name,city\nZoë,Köln" + ending).replace("\n", newline)
    assert Read(written(tmp_path, text)).lines == [("Zoë", "Köln")]


@pytest.mark.parametrize(
    ("encoding", "mark", "note"),
    [
        ("utf-8", "", "utf-8"),
        ("utf-8", "\ufeff", "utf-8 (by its byte-order mark)"),
        ("utf-16-le", "\ufeff", "utf-16 (by its byte-order mark)"),
        ("utf-16-be", "\ufeff", "utf-16 (by its byte-order mark)"),
        ("utf-16-le", "", "utf-16-le (by its zero bytes)"),
        ("utf-16-be", "", "utf-16-be (by its zero bytes)"),
        ("utf-32", "", "utf-32 (by its byte-order mark)"),
        ("cp1252", "", "cp1252 (it is not UTF-8); declare `encoding:` if letters look wrong"),
    ],
)
def test_the_encoding_is_found_and_said(tmp_path, encoding, mark, note):
    path = written(tmp_path, (mark + "name,city\r\nZoë,Köln\r\n").encode(encoding))
    read = Read(path)
    assert (read.header, read.lines) == (("name", "city"), [("Zoë", "Köln")])
    assert read.reading.notes == [f"encoding found: {note}"]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16"), ("cp1250", "cp1250")],
)
def test_a_declared_encoding_is_used_without_a_word(tmp_path, encoding, declared):
    read = Read(written(tmp_path, "name\nZoë\n".encode(encoding)), encoding=declared)
    assert (read.lines, read.reading.notes) == ([("Zoë",)], [])


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [("a.csv", None), ("a.tsv", None), ("a.txt", ";"), ("a.csv", "|"), ("a.tsv.gz", None)],
)
def test_any_delimiter(tmp_path, name, delimiter):
    between = delimiter or ("\t" if "tsv" in name else ",")
    text = f"id{between}b\n1{between}x\n".encode()
    path = written(tmp_path, gzip.compress(text) if name.endswith("gz") else text, name)
    assert Read(path, delimiter=delimiter).lines == [("1", "x")]


def test_quotes_hold_delimiters_newlines_and_quotes(tmp_path):
    read = Read(written(tmp_path, 'id,note\n1,"a, ""b""\n\nc"\n2,d\n3,""\n'))
    assert read.lines == [("1", 'a, "b"\n\nc'), ("2", "d"), ("3", "")]
    # A row is what a spreadsheet counts as one: the line break inside the quotes adds none.
    assert read.rows == [2, 3, 4]


def test_a_message_counts_rows_as_a_spreadsheet_does(tmp_path):
    error = refused(written(tmp_path, f'id,note\n1,"a\nb\nc"\n{SECRET},x,y\n'))
    assert "row 3 has 3 values where the header has 2" in error.problem


@pytest.mark.parametrize("quote", ["'", ""])
def test_other_quotes_and_none(tmp_path, quote):
    path = written(tmp_path, f'id,note\n1,{quote}5" pipe{quote}\n2,"x\n')
    assert Read(path, quote=quote).lines == [("1", '5" pipe'), ("2", '"x')]


def test_a_quote_within_a_value_is_a_character(tmp_path):
    read = Read(written(tmp_path, 'id,note\n1,5" pipe\n2,3" nail\n3,7" x\n'))
    assert [line[1] for line in read.lines] == ['5" pipe', '3" nail', '7" x']


def test_blank_lines_are_counted_and_keep_their_number(tmp_path):
    read = Read(written(tmp_path, "id,b\n1,x\n\n,\n2,\n,,,\n\n"))
    assert read.lines == [("1", "x"), ("2", "")]
    assert read.rows == [2, 5]
    assert read.not_data == {"header rows": 1, "blank rows": 4}


def test_titles_and_filters_above_the_header(tmp_path):
    text = 'Leavers,"May\n2024"\nFilter: all\n\nid,b\n1,x\n'
    read = Read(written(tmp_path, text), header_row=4)
    assert (read.header, read.lines) == (("id", "b"), [("1", "x")])
    assert (read.rows, read.data_rows) == ([5], [1])
    assert read.not_data == {"rows above the header": 3, "header rows": 1}


def test_a_header_of_three_rows(tmp_path):
    text = 'Q1,Q2\n"How\nare you?",Why?\n"{""ImportId"": ""QID1""}",{}\n4,because\n'
    read = Read(written(tmp_path, text), header_rows=3)
    assert (read.header, read.lines, read.rows) == (("Q1", "Q2"), [("4", "because")], [4])
    assert read.not_data == {"header rows": 3}


def test_data_may_begin_further_down(tmp_path):
    read = Read(written(tmp_path, "id,b\nexample,e\n----,-\n1,x\n"), data_row=4)
    assert (read.lines, read.rows, read.not_data) == ([("1", "x")], [4], {"header rows": 3})


@pytest.mark.parametrize("end", ["Total,2", "Total", "Total,2,,", " Total rows: 2", ",Total"])
def test_a_footer_is_counted_and_not_loaded(tmp_path, end):
    path = written(tmp_path, f"id,b\n1,x\n2,y\n\n{end}\n\nPrinted by HR\n")
    read = Read(path, footer=("^Total", "^Printed"))
    assert (read.lines, read.rows) == ([("1", "x"), ("2", "y")], [2, 3])
    assert read.not_data == {"header rows": 1, "blank rows": 2, "footer rows": 2}


@pytest.mark.parametrize("end", ["Total,1", "Total"])
def test_data_below_a_footer_stop(tmp_path, end):
    path = written(tmp_path, f"id,b\n1,x\n{end}\n\n{SECRET},y\n")
    error = refused(path, footer=("^Total",))
    assert "row 5 holds data below the footer in row 3" in error.problem


def test_a_footer_nobody_declared_stops(tmp_path):
    error = refused(written(tmp_path, "id,b\n1,x\nTotal: 1\n"))
    assert "row 3 has 1 values" in error.problem
    assert "footer:" in error.fix


def test_unnamed_columns_at_the_end_must_be_empty(tmp_path):
    read = Read(written(tmp_path, "id,b,,\n1,x,,\n"))
    assert (read.header, read.lines) == (("id", "b"), [("1", "x")])
    error = refused(written(tmp_path, f"id,b,,\n1,x,,\n2,y,,{SECRET}\n"))
    assert "row 3 holds a value in column 4, which has no name" in error.problem


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"id,b\n", "no data rows"),
        (b"id,b\n\n\n", "no data rows"),
        (b"id,,c\n1,2,3\n", "column 2 has no name in row 1"),
        (b"\n1,2\n", "row 1 holds no column names"),
        (b"id,b\n1,x\n2,y,Zaphod-4711\n", "row 3 has 3 values where the header has 2"),
        (b"id,b\n1,x\n\nZaphod-4711\n", "row 4 has 1 values where the header has 2"),
        (b'id,b\n1,x\n2,"Zaphod-4711\n3,z\n', "row 3 opens a quote that is never closed"),
        (b'id,b\n1,x\n2,"Zaphod-4711"z\n3,"z\n', "row 3 has text behind a closing quote"),
        # Two quotes that pair up and would swallow the rows between them:
        (b'id,b,c\n1,"x,3\n2,"Zaphod-4711,4\n', "row 2 has text behind a closing quote"),
        (b"id,b\n1,x\n2,Zaphod\x00-4711\n", "row 3 holds a zero byte"),
        (b"PK\x03\x04rest", "this is a zip or Excel file, not text"),
        (b"\xd0\xcf\x11\xe0rest", "this is an old Excel file, not text"),
        (b"\x1f\x8brest", "this is a gzip file, not text"),
        (b"PAR1", "this is a Parquet file, not text"),
        (b"%PDF-1.7", "this is a PDF document, not text"),
        (b" <!DOCTYPE html><p>Log in", "this is a web page or XML, not a table of text"),
        (b"sep=;\nid;b\n1;x\n", "row 1 names the delimiter for Excel, not the columns"),
        (b"id;b\n1;x\n", "the header in row 1 is one column that holds ';'"),
        (b"id\tb\n1\tx\n", "the header in row 1 is one column that holds '\\t'"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_values(tmp_path, data, says):
    assert says in refused(written(tmp_path, data)).problem


def test_one_column_needs_no_delimiter(tmp_path):
    assert Read(written(tmp_path, "id\n1\n\n2\n")).rows == [2, 4]
    assert Read(written(tmp_path, "a;b\n1\n"), delimiter=",").header == ("a;b",)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["name", "Zoë".encode(), b"Anna", "Jörg".encode("cp1252")], "line 2 is UTF-8, line 4"),
        (["name", "Jörg".encode("cp1252"), "Zoë".encode()], "line 3 is UTF-8, line 2"),
        (["name", b"Zaphod-4711 \x81"], "line 2 is neither UTF-8 nor cp1252"),
    ],
)
def test_lines_in_several_encodings_are_refused(tmp_path, lines, says):
    data = b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines)
    assert says in refused(written(tmp_path, data)).problem


@pytest.mark.parametrize(
    ("data", "encoding", "says"),
    [
        ("id,b\n1,x\n2,Zoë\n".encode("cp1252"), "utf-8", "row 3 is not utf-8 text"),
        (b"id,b\n1,x\n2,\x81\n", "cp1252", "row 3 is not cp1252 text"),
        ("id,b\n1,x\n".encode("utf-16") + b"z", "utf-16", "row 3 is not utf-16 text"),
        ("id,b\n1,x\n".encode("utf-16"), "utf-8", "row 1 is not utf-8 text"),
        (b"id\n1\n", "klingon", "the encoding 'klingon' is unknown"),
        (b"id\n1\n", "hex", "the encoding 'hex' is unknown"),
    ],
)
def test_text_that_is_not_in_the_declared_encoding(tmp_path, data, encoding, says):
    assert says in refused(written(tmp_path, data), encoding=encoding).problem


def test_a_value_of_ten_megabytes_is_a_value(tmp_path):
    long = "x" * 10_000_000
    assert Read(written(tmp_path, f'id,note\n1,{long}\n2,"{long}"\n3,z\n')).lines == [
        ("1", long),
        ("2", long),
        ("3", "z"),
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_value_beyond_measure_is_refused(tmp_path, monkeypatch, quote):
    monkeypatch.setattr(delimited, "MAX_ROW_BYTES", 2**20)
    monkeypatch.setattr(quotes, "MAX_ROW_BYTES", 2**20)
    path = written(tmp_path, f"id,note\n1,x\n2,{quote}{'y' * 2**21}{quote}\n")
    assert "a row after row 2 is longer than 1 MB" in refused(path).problem
    path = written(tmp_path, "z" * 2**21)
    assert "line 1 is longer than 1 MB" in refused(path).problem


def test_five_thousand_columns(tmp_path):
    names = [f"c{i}" for i in range(5000)]
    text = ",".join(names) + "\n" + ",".join(map(str, range(5000))) + "\n"
    read = Read(written(tmp_path, text))
    assert read.header == tuple(names)
    assert read.lines == [tuple(map(str, range(5000)))]
    twice = ",".join([*names, "c7"]) + "\n"
    error = refused(written(tmp_path, twice))
    assert "column 'c7' stands twice in the header, as 8 and 5001" in error.problem


@pytest.mark.parametrize(
    "name",
    [
        "select",
        'a"; drop table t; --',
        "<img src=x onerror=alert(1)>",
        "__proto__",
        "a'b",
        "{{ 7*7 }}",
        "Größe",
        "🙂",
    ],
)
def test_a_column_may_have_any_name(tmp_path, name):
    cell = '"' + name.replace('"', '""') + '"'
    assert Read(written(tmp_path, f"{cell},b\n1,x\n")).header == (name, "b")


@pytest.mark.parametrize(
    ("first", "second"),
    [("id", "id"), ("id ", " id"), ("Employee ID", '"Employee\nID"'), ("Gro\u0308ße", "Größe")],
    ids=["same", "blanks", "line break", "composed letters"],
)
def test_a_name_stands_for_one_column(tmp_path, first, second):
    error = refused(written(tmp_path, f"{first},b,{second}\n1,2,3\n"))
    assert "stands twice in the header, as 1 and 3" in error.problem


def test_names_that_differ_in_case_are_two_columns(tmp_path):
    assert Read(written(tmp_path, "ID,id\n1,2\n")).lines == [("1", "2")]


def test_names_of_the_tool_are_no_columns_of_a_file(tmp_path):
    assert "reserved name '@row'" in refused(written(tmp_path, "id,@row\n1,2\n")).problem


def test_a_long_name_is_shortened_in_messages(tmp_path):
    long = "n" * 5000
    assert len(refused(written(tmp_path, f"{long},{long}\n1,2\n")).problem) < 200


def test_gzip_is_unpacked_while_it_is_read(tmp_path):
    path = written(tmp_path, gzip.compress("id,b\n1,Zoë\n".encode("cp1252")), "people.csv.gz")
    read = Read(path)
    assert read.lines == [("1", "Zoë")]
    assert "cp1252" in read.reading.notes[0]


def test_a_gzip_bomb_is_refused(tmp_path):
    bomb = gzip.compress(b"id\n" + b"1\n" * 40_000_000, compresslevel=9)
    assert len(bomb) < 200_000
    error = refused(written(tmp_path, bomb, "people.csv.gz"))
    assert "unpacks to more than 250 times its size" in error.problem


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:-12], "cut short or damaged"),
        (lambda data: data[:-8] + bytes(8), "not a gzip file, or it is damaged"),
        (lambda data: b"id\n1\n", "not a gzip file"),
        (lambda data: data[:20] + bytes(20) + data[40:], "damaged"),
    ],
)
def test_damaged_gzip_is_refused(tmp_path, change, says):
    text = "id\n" + "".join(f"{random.Random(i).random()}\n" for i in range(50))
    path = written(tmp_path, change(gzip.compress(text.encode())), "people.csv.gz")
    assert says in refused(path).problem


def test_a_large_file_streams(tmp_path):
    """No more than one block of text is in memory: batches are far smaller than the file."""
    rows = 3_000_000
    path = tmp_path / "people.csv"
    with path.open("w") as stream:
        stream.write("id,month,value\n")
        for start in range(0, rows, 100_000):
            stream.writelines(f"{i},2024-01,{i % 7}\n" for i in range(start, start + 100_000))
    read = 0
    largest = 0
    from pipelines.sources import Dialect, read_source

    for batch in read_source(path, Dialect()).batches():
        assert batch.rows[0].as_py() == read + 2
        read += len(batch)
        largest = max(largest, sum(a.nbytes for a in batch.columns.values()))
    assert read == rows
    assert largest < 2.5 * quotes.MAX_ROW_BYTES < path.stat().st_size
