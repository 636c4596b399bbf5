"""A query's answer for the terminal, for a spreadsheet and for another program."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from typing import TYPE_CHECKING

from pipelines.terminal import wide_console

if TYPE_CHECKING:
    from pipelines.adhoc.sandbox import QueryResult, Value

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_table(result: QueryResult) -> str:
    """A table as text; numbers are on the right, and nothing in a cell steers the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name, kind in zip(result.columns, result.types, strict=True):
        table.add_column(Text(_visible(name)), justify="right" if _is_number(kind) else "left")
    for row in result.rows:
        table.add_row(*(Text("NULL", "dim") if v is None else Text(_visible(str(v))) for v in row))
    console = wide_console()
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def as_csv(result: QueryResult) -> str:
    """CSV with a header; text a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_unformula(name) for name in result.columns])
    for row in result.rows:
        writer.writerow([_unformula(value) for value in row])
    return out.getvalue()


def as_json(result: QueryResult) -> str:
    """One JSON document; NaN and the infinities, which JSON lacks, are written as text."""
    document = {
        "columns": [
            {"name": name, "type": kind}
            for name, kind in zip(result.columns, result.types, strict=True)
        ],
        "rows": [[_json_value(value) for value in row] for row in result.rows],
        "truncated": result.truncated,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def _is_number(kind: str) -> bool:
    return kind.endswith(("INT", "INTEGER")) or kind.startswith(("DECIMAL", "FLOAT", "DOUBLE"))


def _visible(text: str) -> str:
    """The text with line ends, escapes and direction marks written out; odd spaces plain."""
    text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _unformula(value: Value) -> Value:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def _json_value(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
