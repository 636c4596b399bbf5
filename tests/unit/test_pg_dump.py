"""Plain PostgreSQL dumps: one table's rows as text, and a message for any other kind of dump."""

from __future__ import annotations

import pytest

from pipelines.errors import Exit, UserError
from pipelines.sources import Dialect, pg_dump, read_source

# A bar stands for a tab.
DUMP = r'''--
-- PostgreSQL database dump
--
\restrict abc
SET client_encoding = 'UTF8';
CREATE TABLE hr.kpi (id integer, note text);
COPY hr.other (a) FROM stdin;
COPY hr.kpi (id, note) FROM stdin;
\.
COPY hr.kpi (id, "Day of ""entry""", note) FROM stdin;
007|2024-01-01 00:00:00+00|plain
8|\N|a\tb\nc\\N
9|2024-01-02|
\.
ALTER TABLE hr.kpi ADD PRIMARY KEY (id);
--
-- PostgreSQL database dump complete
--
'''.replace("|", "\t")


def read(path, sheet="hr.kpi"):
    """Header, rows of text and physical rows of one table of a dump."""
    table = read_source(path, Dialect(sheet=sheet))
    lines, rows = [], []
    for batch in table.batches():
        columns = [batch.columns[name].to_pylist() for name in table.header]
        lines += list(zip(*columns, strict=True))
        rows += batch.rows.to_pylist()
    return table.header, lines, rows


@pytest.fixture
def dump(tmp_path):
    """Writes a dump; its text as given, or in the encoding given."""

    def write(text=DUMP, encoding="utf8"):
        path = tmp_path / "hr.sql"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def refused(path, sheet="hr.kpi"):
    with pytest.raises(UserError) as caught:
        read(path, sheet)
    assert caught.value.exit_code is Exit.DATA
    assert "hr.sql" in caught.value.problem and caught.value.fix
    return f"{caught.value.problem} {caught.value.fix}"


def test_one_table_of_a_dump(dump):
    header, lines, rows = read(dump())
    assert header == ("id", 'Day of "entry"', "note")
    assert lines == [
        ("007", "2024-01-01 00:00:00+00", "plain"),
        ("8", None, "a\tb\nc\\N"),
        ("9", "2024-01-02", ""),
    ]
    assert rows == [11, 12, 13]


def test_a_line_that_looks_like_a_statement_inside_rows_is_a_row(dump):
    """The block of hr.other holds, as its one row, what looks like the beginning of hr.kpi."""
    header, lines, _ = read(dump(), "other")
    assert header == ("a",)
    assert lines == [("COPY hr.kpi (id, note) FROM stdin;",)]


def test_every_escape_of_the_text_format(dump):
    text = "COPY t (a) FROM stdin;\n\\b\\f\\v\\r\\x41\\101\\q\\\\n\n\\\\.\n\\.\n"
    assert read(dump(text), "t")[1] == [("\b\f\v\rAAq\\n",), ("\\.",)]


def test_blocks_smaller_than_the_file_change_nothing(dump, monkeypatch):
    rows = "".join(f"{n}\tvalue {n}\n" for n in range(1, 500))
    path = dump(f"COPY t (id, note) FROM stdin;\n{rows}\\.\n")
    whole = read(path, "t")
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr(pg_dump, "BLOCK_BYTES", size)
        assert read(path, "t") == whole


@pytest.mark.parametrize(("name", "encoding"), [("LATIN1", "latin-1"), ("WIN1252", "cp1252")])
def test_the_encoding_the_dump_declares(dump, name, encoding):
    text = f"SET client_encoding = '{name}';\nCOPY t (a) FROM stdin;\nZoë\n\\.\n"
    assert read(dump(text, encoding), "t")[1] == [("Zoë",)]


def test_windows_line_ends(dump):
    path = dump("COPY t (a, b) FROM stdin;\n1\t2\n\\.\n".replace("\n", "\r\n"))
    assert read(path, "t") == (("a", "b"), [("1", "2")], [2])


def test_the_only_table_needs_no_name(dump):
    assert read(dump("COPY public.t (a) FROM stdin;\n1\n\\.\n"), None)[1] == [("1",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY hr.kpi (id) FROM stdin;\n1\n", "the rows of hr.kpi have no end"),
        ("COPY x (id) FROM stdin;\n1\n\\.\nCOPY y (id) FROM stdin;\n1\n", "rows of y have no end"),
        (DUMP.replace("-- PostgreSQL database dump complete\n", ""), "last line is missing"),
        ("INSERT INTO hr.kpi VALUES (1);\n", "without --inserts"),
        ("COPY hr.kpi FROM stdin;\n1\n\\.\n", "not as pg_dump writes them"),
        ("COPY hr.kpi (a) FROM stdin WITH CSV;\n1\n\\.\n", "not as pg_dump writes them"),
        ("COPY hr.kpi (a, b) FROM stdin;\n1\t2\n1\t2\t3\n\\.\n", "row 3 has 3 values where 2"),
        ("COPY hr.kpi (a) FROM stdin;\n\\.\n", "no data rows"),
        ("COPY hr.kpi (a) FROM stdin;\n1\n\\.\n" * 2, "stands several times"),
        ("COPY a.kpi (a) FROM stdin;\n1\n\\.\n", "one of the tables: a.kpi"),
        ("select 1;\n", "(none)"),
        ("", "empty"),
        (b"PGDMP\x01\x0e", "--format=plain"),
        ("COPY hr.kpi (a) FROM stdin;\n".encode("utf-16"), "--format=plain"),
        (b"COPY hr.kpi (a) FROM stdin;\nZo\xeb\n\\.\n", "from row 2 on cannot be read as utf8"),
        ("SET client_encoding = 'BIG5';\nCOPY hr.kpi (a) FROM stdin;\n1\n\\.\n", "--encoding=UTF8"),
    ],
)
def test_dumps_that_cannot_be_used(dump, text, expected):
    assert expected in refused(dump(text))


def test_a_dump_with_several_tables_needs_a_name(dump):
    text = "".join(f"COPY hr.{name} (a) FROM stdin;\n1\n\\.\n" for name in ("b", "a"))
    assert "one of: hr.a, hr.b" in refused(dump(text), None)
