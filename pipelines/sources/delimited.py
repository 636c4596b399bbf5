"""Reader of delimited text files; every value keeps the file's own text."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as arrow_csv

from pipelines.sources.table import SourceTable, batch_of, checked_header, not_empty, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.sources.table import Batch, Dialect

# A field longer than this cannot be read; it is never a value of an HR export.
BLOCK_BYTES = 16 * 1024 * 1024
_CONTAINERS = {b"PK\x03\x04": "a zip or Excel file", b"\xd0\xcf\x11\xe0": "an old Excel file"}


def read_delimited(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a delimited file.

    Arrow reads it in memory: no database sees, spills or quotes a line before identifiers are
    replaced.
    """
    _check_container(path, dialect)
    header = _header(path, dialect)
    return SourceTable(
        path.name, header, lambda: not_empty(path.name, _batches(path, dialect, header))
    )


def _check_container(path: Path, dialect: Dialect) -> None:
    with path.open("rb") as stream:
        start = stream.read(4096)
    if not start:
        raise unusable(path.name, "the file is empty", "Deliver the file again.")
    for magic, what in _CONTAINERS.items():
        if start.startswith(magic):
            fix = "Give the file the ending of what it is (.xlsx, .xls), or export it as CSV."
            raise unusable(path.name, f"this is {what}, not text", fix)
    if b"\x00" in start and "16" not in dialect.encoding and "32" not in dialect.encoding:
        fix = "If the file is UTF-16, set `encoding: utf-16` for this source; or export as UTF-8."
        raise unusable(path.name, "the text holds zero bytes", fix)


def _header(path: Path, dialect: Dialect) -> tuple[str, ...]:
    row = dialect.header_row
    try:
        with path.open(encoding=dialect.encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=dialect.delimiter)
            for _ in range(row - 1):
                next(reader, None)
            cells = next(reader, [])
    except LookupError:
        fix = "Use a name such as utf-8, cp1252 or utf-16."
        raise unusable(path.name, f"the encoding {dialect.encoding!r} is unknown", fix) from None
    except UnicodeError:
        raise _wrong_encoding(path, dialect) from None
    except csv.Error:
        fix = "Check delimiter and header_row of this source, or deliver the file again."
        raise unusable(path.name, f"the header in row {row} cannot be read", fix) from None
    return checked_header(path.name, cells, row)


def _batches(path: Path, dialect: Dialect, header: tuple[str, ...]) -> Iterator[Batch]:
    _check_quotes(path, dialect)
    ragged: list[tuple[int, int]] = []

    def stop(row: arrow_csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "error"

    first = row = dialect.header_row + 1
    try:
        for part in _open(path, dialect, header, stop):
            yield batch_of(dict(zip(header, part.columns, strict=True)), row, row - first + 1)
            row += len(part)
    except UnicodeError:
        raise _wrong_encoding(path, dialect) from None
    except pa.ArrowInvalid as error:
        # Arrow's message quotes the line, which may hold a person's values: it is dropped.
        if ragged:
            number, found = ragged[0]
            fix = "Correct the row (a missing quote or an extra delimiter), or deliver it again."
            what = f"row {number} has {found} values where the header has {len(header)}"
            raise unusable(path.name, what, fix) from None
        if "UTF8" in str(error):
            raise _wrong_encoding(path, dialect) from None
        if "Empty CSV" in str(error):
            return
        fix = "Open the file, repair the rows from there on, or deliver it again."
        raise unusable(path.name, f"the text after row {row - 1} cannot be read", fix) from None


def _open(
    path: Path,
    dialect: Dialect,
    header: tuple[str, ...],
    stop: Callable[[arrow_csv.InvalidRow], str],
) -> arrow_csv.CSVStreamingReader:
    """A reader of text batches; rows of another length than the header go to ``stop``."""
    return arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            block_size=BLOCK_BYTES,
            skip_rows=dialect.header_row - 1,
            skip_rows_after_names=1,
            column_names=list(header),
            encoding="utf8" if dialect.encoding == "utf-8-sig" else dialect.encoding,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=stop,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )


def _check_quotes(path: Path, dialect: Dialect) -> None:
    """A quote that never closes would swallow the rest of the file as one value."""
    with path.open("rb") as stream:
        quotes = sum(part.count(b'"') for part in iter(lambda: stream.read(1 << 20), b""))
    if quotes % 2 == 0:
        return
    rows = 0
    csv.field_size_limit(BLOCK_BYTES)
    try:
        with path.open(encoding=dialect.encoding, newline="") as text:
            for _ in csv.reader(text, delimiter=dialect.delimiter, strict=True):
                rows += 1
    except csv.Error:
        fix = "Close the quote in that row, or deliver the file again."
        what = f"row {rows + 1} opens a quote that is never closed"
        raise unusable(path.name, what, fix) from None
    except UnicodeError:
        raise _wrong_encoding(path, dialect) from None


def _wrong_encoding(path: Path, dialect: Dialect) -> Exception:
    what = f"the text is not {dialect.encoding}"
    if dialect.encoding.startswith("utf-8"):
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    what = f"row {number} is not {dialect.encoding} text"
                    break
    fix = "Set `encoding:` of this source to what the file is written in (often cp1252)."
    return unusable(path.name, what, fix)
