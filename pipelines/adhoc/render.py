"""A query's answer for the terminal, for a spreadsheet and for another program."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from typing import TYPE_CHECKING

from pipelines.terminal import wide_console
from reports.numbers import escaped

if TYPE_CHECKING:
    from pipelines.adhoc.sandbox import QueryResult, Value

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# A console takes 60 microseconds and half a KiB a cell: a table of all that an answer may hold
# would take minutes and gigabytes, long after the query itself was done with.
TABLE_COLUMNS = 500
TABLE_CELLS = 10_000
TABLE_CHARACTERS = 1_000_000
CELL_CHARACTERS = 10_000


def as_table(result: QueryResult) -> str:
    """A table as text; numbers are on the right, and nothing in a cell steers the terminal.

    It holds the first rows if not all fit (:data:`TABLE_CELLS`); a last line says what is left out.
    """
    from rich.table import Table
    from rich.text import Text

    rows, left_out = _fitting(result)
    table = Table()
    for name, kind in [*zip(result.columns, result.types, strict=True)][:TABLE_COLUMNS]:
        table.add_column(Text(_visible(name)), justify="right" if _is_number(kind) else "left")
    for row in rows:
        table.add_row(*(Text("NULL", "dim") if v is None else Text(_visible(v)) for v in row))
    console = wide_console()
    with console.capture() as captured:
        console.print(table)
    return captured.get() + left_out


def _fitting(result: QueryResult) -> tuple[list[list[str | None]], str]:
    """The rows as text that a table has room for, and a line on what it has not."""
    rows: list[list[str | None]] = []
    cells, characters, cut = 0, 0, 0
    for row in result.rows:
        texts = [None if value is None else str(value) for value in row[:TABLE_COLUMNS]]
        cut_texts = [None if text is None else text[:CELL_CHARACTERS] for text in texts]
        cells += len(texts)
        characters += sum(len(text) for text in cut_texts if text is not None)
        if rows and (cells > TABLE_CELLS or characters > TABLE_CHARACTERS):
            break
        cut += cut_texts != texts
        rows.append(cut_texts)
    left, wide = len(result.rows) - len(rows), len(result.columns) - TABLE_COLUMNS
    parts = (
        [f"{wide:,} more columns"] * (wide > 0)
        + [f"{left:,} more rows"] * (left > 0)
        + [f"the ends of cells of {cut:,} rows"] * (cut > 0)
    )
    said = f"Not in this table: {', '.join(parts)}. --csv or --json writes all.\n"
    return rows, said if parts else ""


def as_csv(result: QueryResult) -> str:
    """CSV with a header; text a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([unformula(name) for name in result.columns])
    for row in result.rows:
        writer.writerow([unformula(value) for value in row])
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
    return escaped(json.dumps(document, ensure_ascii=False, allow_nan=False)) + "\n"


def _is_number(kind: str) -> bool:
    return kind.endswith(("INT", "INTEGER")) or kind.startswith(("DECIMAL", "FLOAT", "DOUBLE"))


def _visible(text: str) -> str:
    """The text with line ends, escapes and direction marks written out; odd spaces plain."""
    text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unformula(value: Value) -> Value:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def _json_value(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
