"""Every bad file through the command line: two lines and exit code 4, never a traceback."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import openpyxl
import pytest
import xlsxwriter

from pipelines.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "Zaphod-4711"
HEAD = "employee,month,revenue\n"
GOOD = HEAD + f"{SECRET},2025-01,7\n"


def workbook(path: Path, *rows: list[object], merged: str = "") -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    book.save(path)


def two_sheets(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("A").write(0, 0, SECRET)
        book.add_worksheet("B").write(0, 0, SECRET)


COLUMNS = HEAD.strip().split(",")
BAD: dict[str, tuple[str, bytes | str | Callable[[Path], None], str]] = {
    "empty": ("csv", "", "the file is empty"),
    "header only": ("csv", HEAD, "no data rows"),
    "mixed encodings": ("csv", HEAD.encode() + "Zoë\n".encode() + b"Zo\xeb\n", "line 2 is UTF-8"),
    "zero bytes": ("csv", GOOD + "a\0b,2025-01,7\n", "row 3 holds a zero byte"),
    "unbalanced quote": ("csv", GOOD + f'"{SECRET},2025-01,7\n', "row 3 opens a quote"),
    "long row": ("csv", GOOD + f"{SECRET},2025-01,7,8\n", "row 3 has 4 values"),
    "short row": ("csv", GOOD + f"{SECRET},2025-01\n", "row 3 has 2 values"),
    "other delimiter": ("csv", GOOD.replace(",", ";"), "one column that holds ';'"),
    "gzip bomb": ("csv.gz", gzip.compress(b"0" * 80_000_000), "more than 250 times its size"),
    "cut gzip": ("csv.gz", gzip.compress(GOOD.encode())[:-9], "cut short or damaged"),
    "workbook named csv": ("csv", b"PK\x03\x04", "a zip or Excel file"),
    "page named csv": ("csv", "<html>", "a web page or XML"),
    "page named xlsx": ("xlsx", f"<html>{SECRET}", "a web page or XML"),
    "text named xlsx": ("xlsx", GOOD, "not a workbook"),
    "cut xlsx": ("xlsx", b"PK\x03\x04" + bytes(99), "the workbook cannot be opened"),
    "two sheets": ("xlsx", two_sheets, "the workbook has 2 sheets"),
    "formula": ("xlsx", lambda p: workbook(p, COLUMNS, [SECRET, "2025-01", "=1"]), "cell C2"),
    "error cell": ("xlsx", lambda p: workbook(p, COLUMNS, [SECRET, "#N/A", 1]), "cell B2"),
    "merged header": (
        "xlsx",
        lambda p: workbook(p, COLUMNS, [SECRET, "2025-01", 1], merged="B1:C1"),
        "header cells B1 to C1 are merged",
    ),
    "cut parquet": ("parquet", b"PAR1" + bytes(40), "not a Parquet file"),
    "cut stata": ("dta", b"<stata_dta><header>", "not a Stata file"),
    "link out": ("csv", lambda p: p.symlink_to("/etc/hostname"), "leads out of the data folder"),
    "pipe": ("csv", os.mkfifo, "a pipe, socket or device"),
    "folder": ("csv", os.mkdir, "it is a folder"),
    "no reader": ("zip", b"PK", "cannot be read"),
    "missing column": ("csv", GOOD.replace("month", "time"), "there is no column 'month'"),
    "column twice": ("csv", GOOD.replace("month", "revenue"), "'revenue' stands twice"),
    "unnamed column": ("csv", GOOD.replace("month", ""), "column 2 has no name"),
    "two suspects": (
        "csv",
        GOOD.replace("month", 'a""; drop table t; --'),
        "there is no column 'month'",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_ends_in_two_lines(firm, kind):
    ending, content, says = BAD[kind]
    (firm.data / "sales.csv").unlink()
    firm.edit("mentorlift.yml", "file: sales.csv", f"file: sales.{ending}")
    path = firm.data / f"sales.{ending}"
    if isinstance(content, bytes | str):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    else:
        content(path)
    code, out, err = firm.run()
    assert code == Exit.DATA
    assert out == ""
    assert "Traceback" not in err
    assert SECRET not in err
    problem, fix = err.strip().splitlines()[-2:]
    assert problem.startswith(f"error: sales.{ending}")
    assert says in problem
    assert fix.startswith("  fix: ")


def test_hostile_names_of_files_and_columns_are_escaped_in_the_report(firm):
    bad = '<img src=x onerror=alert(1)>"; drop table t; --'
    firm.edit("mentorlift.yml", "file: sales.csv", 'file: "sales*.csv"')
    firm.edit("sales.csv", "employee,", '"' + bad.replace('"', '""') + '",{{7*7}},employee,')
    path = firm.data / "sales.csv"
    lines = path.read_text().splitlines()
    text = "\n".join([lines[0], *("x,y," + line for line in lines[1:]), "Total,,,,", "Total"])
    firm.edit("mentorlift.yml", 'file: "sales*.csv"', 'file: "sales*.csv"\n    footer: [Total]')
    path.unlink()
    text = "\n".join(["Sales of 2025", *text.splitlines()])
    firm.edit("mentorlift.yml", "footer: [Total]", "footer: [^Total]\n    header_row: 2")
    (firm.data / "sales \n<img src=x onerror=alert(2)>.csv").write_bytes(
        text.replace("x,y", "Zoë,y").encode("cp1252")
    )
    code, _, err = firm.run()
    assert (code, "Traceback" in err) == (0, False), err
    html = next(firm.out.rglob("*.html")).read_text()
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "sales \\n&lt;img src=x onerror=alert(2)&gt;.csv" in html
    assert "encoding found: cp1252" in html
    assert "rows above the header: 1" in html
    assert "footer rows: 2" in html
