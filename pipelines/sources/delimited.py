"""Reader of delimited text files; every value keeps the file's own text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from pipelines.sources.containers import check_is_text
from pipelines.sources.lines import BLANK, FOOTER, Footer, lines_of, some_lines
from pipelines.sources.quotes import MAX_ROW_BYTES, TextFile, check_text
from pipelines.sources.table import (
    Reading,
    SourceTable,
    batch_of,
    checked_header,
    quoted,
    unusable,
)
from pipelines.sources.text import CHUNK_BYTES, Stream, encoding_of, utf8_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Batch, Dialect


def read_delimited(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a delimited file, plain or packed with gzip.

    Arrow reads it in memory: no database sees, spills or quotes a line before identifiers are
    replaced.
    """
    check_is_text(path)
    reading = Reading()
    encoding, note = encoding_of(path, dialect.encoding)
    if note:
        reading.notes.append(note)
    delimiter = dialect.delimiter or _usual_delimiter(path)
    try:
        check_text(path, encoding, delimiter, dialect.quote)
    except UnicodeError:
        raise _wrong_encoding(path, encoding, delimiter) from None
    file = _File(path, dialect, encoding, delimiter, reading)
    return SourceTable(path.name, file.header, file.lines, reading)


def _usual_delimiter(path: Path) -> str:
    return "\t" if ".tsv" in (s.lower() for s in path.suffixes[-2:]) else ","


class _File:
    """One text file that has passed its checks."""

    def __init__(
        self, path: Path, dialect: Dialect, encoding: str, delimiter: str, reading: Reading
    ) -> None:
        self._path, self._dialect = path, dialect
        self._encoding, self._delimiter = encoding, delimiter
        self._reading = reading
        self._footer = Footer(path.name, dialect.footer) if dialect.footer else None
        # Rows of another length than the header's that are blank or a footer.
        self._skipped: list[int] = []
        self._ragged: list[tuple[int, int]] = []
        cells = self._head()
        self._width = len(cells)
        self.header = checked_header(path.name, cells, dialect.header_row)

    def _head(self) -> list[str]:
        """The cells of the header row; what stands above the data is behind then."""
        dialect, cells, read = self._dialect, [], 0
        text = TextFile(self._path, self._encoding, self._delimiter, dialect.quote)
        try:
            for read, row in enumerate(text.rows(), start=1):
                if read == dialect.header_row:
                    cells = row
                if read == dialect.first_row - 1:
                    break
        except csv.Error:
            fix = "Check delimiter, quote and header_row of this source, or deliver it again."
            what = f"the rows above row {dialect.first_row} cannot be read"
            raise unusable(self._path.name, what, fix) from None
        self._start = text.consumed
        self._reading.not_data["rows above the header"] = min(dialect.header_row - 1, read)
        self._reading.not_data["header rows"] = max(read - dialect.header_row + 1, 0)
        if cells and cells[0].lower().startswith("sep="):
            what = f"row {dialect.header_row} names the delimiter for Excel, not the columns"
            fix = f"Set `header_row: {dialect.header_row + 1}` and the delimiter for this source."
            raise unusable(self._path.name, what, fix)
        other = next((d for d in ";\t|," if len(cells) == 1 and d in cells[0]), None)
        if other is not None and dialect.delimiter is None:
            what = f"the header in row {dialect.header_row} is one column that holds {other!r}"
            fix = f"Set `delimiter: {quoted(other)}` for this source."
            raise unusable(self._path.name, what, fix)
        return cells

    def lines(self) -> Iterator[Batch]:
        """The data, batch by batch."""
        batches = self._named(self._batches())
        return some_lines(self._path.name, lines_of(batches, self._footer, self._reading))

    def _named(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Batches under the header's names; a column without one must be empty."""
        extra = [str(i) for i in range(len(self.header), self._width)]
        for batch in batches:
            for i in extra:
                filled = pc.not_equal(batch.columns[i], "")
                if pc.any(filled).as_py():
                    row = batch.rows.filter(filled)[0].as_py()
                    what = f"row {row} holds a value in column {int(i) + 1}, which has no name"
                    fix = f"Give the column a name in row {self._dialect.header_row}."
                    raise unusable(self._path.name, what, fix)
            named = {name: batch.columns[str(i)] for i, name in enumerate(self.header)}
            yield type(batch)(named, batch.rows, batch.data_rows)

    def _batches(self) -> Iterator[Batch]:
        first = row = self._dialect.first_row
        try:
            for part in self._open():
                rows = self._rows(row, len(part))
                arrays = {str(i): array for i, array in enumerate(part.columns)}
                yield batch_of(arrays, rows, first)
                row = int(rows[-1]) + 1 if len(rows) else row
        except pa.ArrowInvalid as error:
            # Arrow's message quotes the line, which may hold a person's values: it is dropped.
            if self._ragged:
                raise self._uneven(*self._ragged[0]) from None
            if "Empty CSV" in str(error):
                return
            what = f"the text after row {row - 1} cannot be read"
            if "straddling" in str(error):
                what = f"a row after row {row - 1} is longer than {MAX_ROW_BYTES // 2**20} MB"
            fix = "Open the file, repair the rows from there on, or deliver it again."
            raise unusable(self._path.name, what, fix) from None

    def _rows(self, start: int, count: int) -> np.ndarray:
        """The rows of the next lines; those Arrow was told to skip are none of them."""
        skipped = [row for row in self._skipped if row >= start]
        rows = np.arange(start, start + count + len(skipped))
        return rows[~np.isin(rows, skipped)][:count]

    def _uneven(self, row: int, found: int) -> Exception:
        what = f"row {row} has {found} values where the header has {self._width}"
        fix = (
            "Correct the row (a missing quote or an extra delimiter), or deliver it again; rows "
            "after the data are declared under `footer:`."
        )
        return unusable(self._path.name, what, fix)

    def _judge(self, line: arrow_csv.InvalidRow) -> str:
        """What becomes of a row that is shorter or longer than the header."""
        row = line.number + self._dialect.first_row - 1
        text = TextFile.cells(line.text, self._delimiter, self._dialect.quote)
        first = next((cell for cell in text if cell), None)
        if first is None:
            self._reading.not_data[BLANK] += 1
        elif self._footer is not None and self._footer.match(pa.array([first]))[0].as_py():
            self._reading.not_data[FOOTER] += 1
            self._footer.begins(row)
        else:
            self._ragged.append((row, line.actual_columns))
            return "error"
        self._skipped.append(row)
        return "skip"

    def _open(self) -> arrow_csv.CSVStreamingReader:
        names = [str(i) for i in range(self._width)]
        data = Stream(_behind(utf8_chunks(self._path, self._encoding), self._start))
        return arrow_csv.open_csv(
            pa.PythonFile(io.BufferedReader(data, CHUNK_BYTES), "r"),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=MAX_ROW_BYTES, column_names=names
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._delimiter,
                quote_char=self._dialect.quote or False,
                newlines_in_values=bool(self._dialect.quote),
                ignore_empty_lines=False,
                invalid_row_handler=self._judge,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )


def _behind(chunks: Iterator[bytes], start: int) -> Iterator[bytes]:
    """The chunks without their first ``start`` bytes."""
    for chunk in chunks:
        if start < len(chunk):
            yield chunk[start:]
        start = max(start - len(chunk), 0)


def _wrong_encoding(path: Path, encoding: str, delimiter: str) -> Exception:
    """The error that names the first row that is not text of this encoding."""
    what = f"the text is not {encoding}"
    errors = "replace" if "16" in encoding or "32" in encoding else "surrogateescape"
    try:
        rows = TextFile(path, encoding, delimiter, "", errors).rows()
        for row, cells in enumerate(rows, start=1):
            if any("\udc80" <= c <= "\udcff" or c == "\ufffd" for cell in cells for c in cell):
                what = f"row {row} is not {encoding} text"
                break
    except (UnicodeError, csv.Error):
        pass  # then the file is named without the row
    fix = "Set `encoding:` of this source to what the file is written in (auto finds cp1252)."
    return unusable(path.name, what, fix)
