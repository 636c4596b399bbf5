"""What every reader returns: a header and batches of text with the physical row of each line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


@dataclass(frozen=True)
class Dialect:
    """How one delivered file is written; readers use the parts that concern them."""

    sheet: str | None = None
    header_row: int = 1
    delimiter: str = ","
    encoding: str = "utf-8-sig"


@dataclass(frozen=True)
class Batch:
    """Text columns, the physical row of each line in the file and its number among the data."""

    columns: dict[str, pa.Array]
    rows: pa.Array
    data_rows: pa.Array

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class SourceTable:
    """One delivered table. ``batches`` may be called once; it yields at least one line."""

    file: str
    header: tuple[str, ...]
    batches: Callable[[], Iterator[Batch]]


def unusable(file: str, what: str, fix: str) -> UserError:
    """The error of a delivered file that cannot be used as it is."""
    return UserError(f"{file}: {what}.", fix)


def checked_header(file: str, cells: Sequence[str | None], row: int) -> tuple[str, ...]:
    """The header, trimmed; raises :class:`UserError` for an empty or a repeated name."""
    names = [(cell or "").strip() for cell in cells]
    if not any(names):
        fix = "Deliver the file again, or set header_row to the row that holds the column names."
        raise unusable(file, f"row {row} holds no column names", fix)
    for position, name in enumerate(names, start=1):
        if not name:
            fix = "Give every column a name in the header, or set header_row."
            raise unusable(file, f"column {position} has no name in row {row}", fix)
    repeated = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if repeated is not None:
        fix = "Rename one of the two in the file; a name must stand for one column."
        raise unusable(file, f"column {repeated!r} stands twice in the header", fix)
    return tuple(names)


def batch_of(columns: dict[str, pa.Array], first_row: int, first_data_row: int) -> Batch:
    """The lines that hold anything; entirely blank lines are not data but keep their number."""
    arrays = list(columns.values())
    blank: pa.Array | None = None
    for array in arrays:
        empty = pc.equal(pc.fill_null(array, ""), "")
        blank = empty if blank is None else pc.and_(blank, empty)
    rows = pa.array(range(first_row, first_row + len(arrays[0])), pa.int64())
    data_rows = pc.add(rows, first_data_row - first_row)
    if not pc.any(blank).as_py():
        return Batch(columns, rows, data_rows)
    keep = pc.invert(blank)
    kept = {name: array.filter(keep) for name, array in columns.items()}
    return Batch(kept, rows.filter(keep), data_rows.filter(keep))


def not_empty(file: str, batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches that hold a line; raises :class:`UserError` when none does."""
    found = False
    for batch in batches:
        if len(batch):
            found = True
            yield batch
    if not found:
        fix = "Deliver the file again, or take it out of the data folder."
        raise unusable(file, "there are no data rows below the header", fix)


def text_of(value: object) -> str | None:
    """A cell as text: whole numbers without a fraction, dates in ISO 8601, nothing as None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def text_array(file: str, name: str, array: pa.Array) -> pa.Array:
    """A typed column as text by the rules of :func:`text_of`."""
    kind = array.type
    if pa.types.is_string(kind):
        return array
    if pa.types.is_dictionary(kind):
        return text_array(file, name, array.dictionary_decode())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        fix = "Deliver the column as text, number or date, or leave it out of the file."
        raise unusable(file, f"column {name!r} holds {kind}, not text, numbers or dates", fix)
    if pa.types.is_floating(kind) or pa.types.is_timestamp(kind):
        coded = array.dictionary_encode()
        values = [text_of(v) for v in coded.dictionary.to_pylist()]
        return pa.array(values, pa.string()).take(coded.indices)
    return array.cast(pa.string())
