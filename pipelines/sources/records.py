"""Reader of files that hold several record types, each with a METADATA line of its own."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.sources.table import Batch, Reading, SourceTable, checked_header, quoted, unusable
from pipelines.sources.text import CHUNK_BYTES, Stream, encoding_of, utf8_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Dialect

METADATA = "METADATA"
DATA = ("MERGE", "UPDATE")
ROWS_AT_ONCE = 50_000
OTHER = "other record types"


def read_records(path: Path, dialect: Dialect) -> SourceTable:
    """The lines of one record type; its METADATA line names the columns.

    Lines of other types are counted as no data. A separator within a value stands behind a
    backslash.
    """
    if not dialect.record:
        fix = "Set `record:` of this source to the record type to read, such as WorkRelationship."
        raise unusable(path.name, "the file holds several record types", fix)
    encoding, note = encoding_of(path, dialect.encoding)
    reading = Reading(notes=[note] if note else [])
    file = _File(path, encoding, dialect.delimiter or "|", dialect.record, reading)
    return SourceTable(path.name, file.header, file.batches, reading)


class _File:
    """One file whose record type has been found."""

    def __init__(
        self, path: Path, encoding: str, delimiter: str, record: str, reading: Reading
    ) -> None:
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self._record, self._reading = record, reading
        self.header = self._header()

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        stream = Stream(utf8_chunks(self._path, self._encoding))
        text = io.TextIOWrapper(io.BufferedReader(stream, CHUNK_BYTES), encoding="utf-8")
        for number, line in enumerate(text, start=1):
            yield number, _split(line.rstrip("\r\n"), self._delimiter)

    def _header(self) -> tuple[str, ...]:
        for number, cells in self._rows():
            if cells[0] == METADATA and cells[1:2] == [self._record]:
                return checked_header(self._path.name, cells[2:], number)
        fix = f"Check `record:` of this source; the line begins {METADATA}|{self._record}|."
        what = f"there is no {METADATA} line of {quoted(self._record)}"
        raise unusable(self._path.name, what, fix)

    def batches(self) -> Iterator[Batch]:
        """The lines of the record type, batch by batch; the rest is counted."""
        ours = self._ours()
        read = 0
        while part := list(itertools.islice(ours, ROWS_AT_ONCE)):
            rows = pa.array([number for number, _ in part], pa.int64())
            cells = list(zip(*(values for _, values in part), strict=True))
            columns = {
                name: pa.array(column, pa.string())
                for name, column in zip(self.header, cells, strict=True)
            }
            yield Batch(columns, rows, pa.array(range(read + 1, read + 1 + len(part)), pa.int64()))
            read += len(part)
        if not read:
            fix = "Deliver the file again, or take it out of the data folder."
            what = f"it holds no line of the record type {quoted(self._record)}"
            raise unusable(self._path.name, what, fix)

    def _ours(self) -> Iterator[tuple[int, list[str]]]:
        for number, cells in self._rows():
            if cells[0] == METADATA:
                self._reading.not_data["header"] += 1
            elif cells[0] not in DATA or cells[1:2] != [self._record]:
                self._reading.not_data[OTHER] += 1
            elif len(cells) != len(self.header) + 2:
                fix = "Put a backslash before a separator within a value, or deliver it again."
                what = f"row {number} has {len(cells) - 2} values for {len(self.header)} columns"
                raise unusable(self._path.name, what, fix)
            else:
                yield number, cells[2:]


def _split(line: str, delimiter: str) -> list[str]:
    if "\\" not in line:
        return line.split(delimiter)
    cells, cell, escaped = [], "", False
    for letter in line:
        if letter == delimiter and not escaped:
            cells.append(cell)
            cell = ""
        elif letter == "\\" and not escaped:
            escaped = True
            continue
        else:
            cell += letter
        escaped = False
    return [*cells, cell]
