"""What every reader returns: a header and batches of text with the row of each line.

A row is counted as a spreadsheet counts it: titles, header and blank rows count, a line break
inside quotes does not.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import UserError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

SHEET = "@sheet"
PSEUDO_HEADERS = (SHEET, "@row", "@delivered_on")
# A date, a decimal or long number or a mail address is nobody's column name.
_DATUM = re.compile(
    r"\d{4}-\d\d?-\d\d?.*|\d\d?[./-]\d\d?[./-]\d{2,4}|[-+]?\d+[.,]\d+|\d{5,}"
    r"|[^@\s]+@[^@\s]+\.[^@\s]+"
)
DATA = "dates, numbers or mails, as in a row of data"
HEADER_ROW = "Deliver the file with its column names, or say in which row they are: `header_row`."


class Layout(Protocol):
    """What a source says of the way its files are written; see `pipelines/delivery.py`."""

    sheet: str | None
    header_row: int
    header_rows: int
    data_row: int | None
    footer: tuple[str, ...]
    delimiter: str | None
    quote: str
    encoding: str
    decimal: str | None
    null_words: tuple[str, ...]
    record: str


@dataclass(frozen=True)
class Dialect:
    """How one delivered file is written; readers use the parts that concern them."""

    sheet: str | None = None
    header_row: int = 1
    header_rows: int = 1
    data_row: int | None = None
    footer: tuple[str, ...] = ()
    delimiter: str | None = None
    quote: str = '"'
    encoding: str = "auto"
    decimal: str | None = None
    null_words: tuple[str, ...] = ()
    record: str = ""

    @classmethod
    def of(cls, layout: Layout) -> Self:
        """The dialect that a source declares."""
        return cls(**{name: getattr(layout, name) for name in cls.__dataclass_fields__})

    @property
    def first_row(self) -> int:
        """The first row of data."""
        return self.data_row or self.header_row + self.header_rows


@dataclass(frozen=True)
class Batch:
    """Text columns, the row of each line in the file and its number among the data."""

    columns: dict[str, pa.Array]
    rows: pa.Array
    data_rows: pa.Array

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, kept: pa.Array) -> Batch:
        """The lines that are ``kept``."""
        columns = {name: array.filter(kept) for name, array in self.columns.items()}
        return Batch(columns, self.rows.filter(kept), self.data_rows.filter(kept))


@dataclass
class Reading:
    """How a file was read, complete once its batches are; rows of the file are lines + not_data.

    ``counted`` counts what was read but is worth knowing; ``notes`` hold no counts; ``tabs`` are
    the tabs of a workbook of which several are read, each with the rows of those above it.
    """

    not_data: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    tabs: list[tuple[str, int]] = field(default_factory=list)

    def place(self, row: int) -> str:
        """The row as a spreadsheet shows it: its number, behind its tab where several are read."""
        begun = [(tab, above) for tab, above in self.tabs if above < row]
        return f"{begun[-1][0]}!{row - begun[-1][1]}" if begun else str(row)

    def row_of(self, place: str) -> int | None:
        """The row that :meth:`place` names so; None where there is no such tab or number."""
        tab, _, number = place.strip().rpartition("!")
        above = {name.strip(): rows for name, rows in self.tabs} | {"": 0}
        if tab.strip() not in above or not (number.isascii() and number.isdigit()):
            return None
        return above[tab.strip()] + int(number)


@dataclass(frozen=True)
class SourceTable:
    """One delivered table. ``batches`` may be called once; it yields at least one line."""

    file: str
    header: tuple[str, ...]
    batches: Callable[[], Iterator[Batch]]
    reading: Reading = field(default_factory=Reading)


def unusable(file: str, what: str, fix: str) -> UserError:
    """The error of a delivered file that cannot be used as it is."""
    return UserError(f"{shown(file)}: {what}.", fix)


def quoted(name: str) -> str:
    """A column's name as it may stand in a message: escaped, and of bearable length."""
    return repr(name if len(name) <= 80 else name[:77] + "...")


def holds_data(names: Iterable[str]) -> bool:
    """Whether a row that should hold column names holds data, which no message may quote."""
    return any(_DATUM.fullmatch(name) for name in names)


def checked_header(file: str, cells: Sequence[str | None], row: int) -> tuple[str, ...]:
    """The header without unnamed columns at its end; blanks within a name become one space.

    Raises :class:`UserError` for an empty name between others, or a repeated one.
    """
    names = [unicodedata.normalize("NFC", " ".join((cell or "").split())) for cell in cells]
    where = f"row {row}" if row else "the file"
    while names and not names[-1]:
        names.pop()
    if not names:
        fix = "Deliver the file again, or set header_row to the row that holds the column names."
        raise unusable(file, f"{where} holds no column names", fix)
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            fix = "Give every column a name in the header, or set header_row."
            raise unusable(file, f"column {position} has no name in {where}", fix)
        if name in PSEUDO_HEADERS:
            fix = "Rename the column in the file."
            raise unusable(file, f"column {position} has the reserved name {name!r}", fix)
        if name in seen:
            if holds_data(names):
                raise unusable(file, f"{where} holds {DATA}, and no column names", HEADER_ROW)
            what = (
                f"column {quoted(name)} stands twice in the header, as {seen[name]} and {position}"
            )
            fix = "Rename one of the two in the file; a name must stand for one column."
            raise unusable(file, what, fix)
        seen[name] = position
    return tuple(names)


def batch_of(columns: dict[str, pa.Array], rows: np.ndarray | int, first_row: int) -> Batch:
    """A batch whose lines stand in ``rows``, or one below the other from there on.

    ``first_row`` is the first row of data in the file.
    """
    if isinstance(rows, int):
        rows = np.arange(rows, rows + len(next(iter(columns.values()))))
    return Batch(columns, pa.array(rows, pa.int64()), pa.array(rows - first_row + 1, pa.int64()))


def text_of(value: object, decimal: str | None = None) -> str | None:
    """A cell as text: whole numbers without a fraction, dates in ISO 8601, nothing as None.

    Numbers are written with the source's decimal mark, so that text and number cells mean the same.
    """
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return None
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return text.replace(".", ",") if decimal == "," else text
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def text_array(file: str, name: str, array: pa.Array, decimal: str | None = None) -> pa.Array:
    """A typed column as text by the rules of :func:`text_of`."""
    kind = array.type
    if pa.types.is_string(kind):
        return array
    if pa.types.is_dictionary(kind):
        return text_array(file, name, array.dictionary_decode(), decimal)
    refused = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary)
    if any(test(kind) for test in (*refused, pa.types.is_fixed_size_binary, pa.types.is_duration)):
        fix = "Deliver the column as text, number or date, or leave it out of the file."
        raise unusable(file, f"column {quoted(name)} holds {kind}, not text, numbers or dates", fix)
    if pa.types.is_floating(kind) or pa.types.is_timestamp(kind):
        coded = array.dictionary_encode()
        values = [text_of(v, decimal) for v in coded.dictionary.to_pylist()]
        return pa.array(values, pa.string()).take(coded.indices)
    text = array.cast(pa.string())
    if pa.types.is_decimal(kind) and decimal == ",":
        text = pc.replace_substring(text, ".", ",")
    return text
