"""How a file nobody has declared is probably laid out: guesses with their reasons, and doubts."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.errors import UserError
from pipelines.sources import Dialect, read_source, reader_of
from pipelines.sources.columnar import read_parquet, read_stata
from pipelines.sources.excel import read_excel
from pipelines.sources.pg_dump import read_dump
from pipelines.sources.quotes import TextFile
from pipelines.sources.records import METADATA, read_records
from pipelines.sources.table import text_of, unusable
from pipelines.sources.text import encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Rows looked at: titles, header rows and enough days to tell their order in most files.
ROWS = 2000
_HEAD = 40
_DELIMITERS = (",", ";", "\t", "|")
_VALUE = re.compile(r"[+-]?[\d.,]+ ?%?|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
FORMATS = (
    "iso",
    "iso_datetime",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%d-%m-%Y %H:%M",
    "%Y%m%d",
)
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d{1,2}")


@dataclass
class Sniffed:
    """A file's probable layout; ``guessed`` gives the reason for each key, ``doubts`` are open."""

    path: Path
    header: tuple[str, ...] = ()
    rows: list[list[str]] = field(default_factory=list)
    layout: dict[str, str | int] = field(default_factory=dict)
    guessed: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def guess(self, key: str, value: str | int, reason: str) -> None:
        """Write a key of the layout down with its reason."""
        self.layout[key] = value
        self.guessed[key] = reason

    def column(self, header: str) -> list[str]:
        """The values of a column among the rows looked at, without empty ones."""
        at = self.header.index(header)
        return [row[at].strip() for row in self.rows if at < len(row) and row[at].strip()]


def sniff(path: Path) -> list[Sniffed]:
    """What is in a file: one table, or one for each record type; raises UserError when none."""
    reader = reader_of(path.name)
    if reader is read_excel:
        return [_workbook(path)]
    if reader is read_records:
        return _records(path)
    if reader in {read_parquet, read_stata}:
        return [Sniffed(path, read_source(path, Dialect()).header)]
    if reader is read_dump:
        fix = "Write a source by hand for each table; `sheet: SCHEMA.TABLE` names it."
        raise unusable(path.name, "a dump holds many tables", fix)
    if reader is None:
        raise unusable(path.name, "no kind of delivery ends like this", "Leave it out of --from.")
    return [_text(path)]


def _text(path: Path) -> Sniffed:
    encoding, _ = encoding_of(path, "auto")
    found = Sniffed(path)
    if encoding not in {"utf-8", "utf-16", "utf-32"}:
        found.guess("encoding", encoding, "it is not UTF-8; check that letters look right")
    tried = {d: _rows(path, encoding, d) for d in _DELIMITERS}
    delimiter = max(tried, key=lambda d: _evenness(tried[d][:_HEAD]))
    if delimiter != ",":
        found.guess("delimiter", delimiter, "rows have equally many columns by it")
    _place_header(found, tried[delimiter])
    return found


def _rows(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    rows = TextFile(path, encoding, delimiter, '"').rows()
    try:
        return list(itertools.islice(rows, ROWS))
    except csv.Error:
        return []


def _evenness(rows: list[list[str]]) -> tuple[float, int]:
    """How many rows have the usual width, if that is more than one column; then the width."""
    widths = Counter(len(row) for row in rows if any(row))
    if not widths:
        return 0.0, 0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (count / sum(widths.values()) if width > 1 else 0.0), width


def _place_header(found: Sniffed, rows: list[list[str]]) -> None:
    _, width = _evenness(rows)
    at = next((i for i, row in enumerate(rows[:_HEAD]) if _is_header(row, width)), None)
    if at is None:
        fix = "Give every column a name in one row, or write its source by hand."
        raise unusable(found.path.name, "no row looks like a header", fix)
    if at:
        found.guess("header_row", at + 1, "the first row that names every column")
    found.header = tuple(" ".join(cell.split()) for cell in rows[at])
    below = rows[at + 1 : at + 3]
    if len(below) == 2 and any("ImportId" in cell for cell in below[1]):
        found.guess("header_rows", 3, "import ids stand in the third row")
        below = []
    elif below and not any(_VALUE.fullmatch(cell) for cell in below[0]) and _labels(rows, at):
        found.guess("header_rows", 2, "the row below the names has labels and no values")
    found.rows = rows[at + int(found.layout.get("header_rows", 1)) :]


def _is_header(row: list[str], width: int) -> bool:
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    full = len(cells) == width and all(cells) and len(set(cells)) == len(cells)
    return full and not any(_VALUE.fullmatch(cell) for cell in cells)


def _labels(rows: list[list[str]], at: int) -> bool:
    """Whether the names are system keys, all in capitals, with other words below them."""
    keys = [cell for cell in rows[at] if cell.strip()]
    return all(re.fullmatch(r"[A-Z][A-Z0-9_]*", key) for key in keys) and _is_header(
        rows[at + 1], len(rows[at])
    )


def _workbook(path: Path) -> Sniffed:
    found = Sniffed(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheets = {
                name: [
                    [text_of(cell) or "" for cell in row]
                    for row in book.get_sheet_by_name(name).to_python(
                        nrows=ROWS, skip_empty_area=False
                    )
                ]
                for name in book.sheet_names
            }
    except CalamineError:
        fix = "Save it again as .xlsx without a password, or export it as CSV."
        raise unusable(path.name, "the workbook cannot be opened", fix) from None
    filled = {name: rows for name, rows in sheets.items() if rows}
    if not filled:
        raise unusable(path.name, "all sheets are empty", "Leave it out of --from.")
    first, rows = next(iter(filled.items()))
    _place_header(found, rows)
    if len(filled) > 1:
        heads = {name: _header_of(path, other) for name, other in filled.items()}
        if all(head == found.header for head in heads.values()):
            found.guess("sheet", "*", "all sheets have the same header")
        else:
            found.guess("sheet", first, "the first sheet")
            found.doubts.append(f"sheet: one of {', '.join(filled)}")
    return found


def _header_of(path: Path, rows: list[list[str]]) -> tuple[str, ...]:
    other = Sniffed(path)
    try:
        _place_header(other, rows)
    except UserError:
        return ()
    return other.header


def _records(path: Path) -> list[Sniffed]:
    encoding, _ = encoding_of(path, "auto")
    rows = _rows(path, encoding, "|")
    found = []
    for head in [row for row in rows if row[:1] == [METADATA] and len(row) > 2]:
        data = [row[2:] for row in rows if row[:1] != [METADATA] and row[1:2] == [head[1]]]
        one = Sniffed(path, tuple(head[2:]), data)
        one.guess("record", head[1], "the type of its METADATA line")
        found.append(one)
    return found


def date_formats(values: Iterable[str]) -> list[str]:
    """The formats by which every value is a day; more than one means that it cannot be seen."""
    texts = list(dict.fromkeys(values))
    fitting = [form for form in FORMATS if texts and all(_reads(t, form) for t in texts)]
    return fitting[:1] if fitting[:1] == ["iso"] else fitting


def _reads(text: str, form: str) -> bool:
    try:
        if form.startswith("iso"):
            moment = dt.datetime.fromisoformat(text)
            dashed = re.match(r"\d{4}-\d{2}-\d{2}", text) is not None
            return dashed and (form != "iso" or moment.time() == dt.time())
        dt.datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def has_decimal_comma(values: Iterable[str]) -> bool:
    """Whether some value can only be a number with a decimal comma."""
    return any(_COMMA.fullmatch(value) for value in values)
