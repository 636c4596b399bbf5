"""Readers of typed files, Parquet and Stata; a row is the record's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import UserError
from pipelines.sources.lines import lines_of, some_lines
from pipelines.sources.table import (
    Reading,
    SourceTable,
    batch_of,
    checked_header,
    text_array,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Batch, Dialect

ROWS_AT_ONCE = 200_000


def read_parquet(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a Parquet file; of ``dialect``, the decimal mark alone has a say in it."""
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError):
        fix = "The file may be cut short or be something else; deliver it again."
        raise unusable(path.name, "this is not a Parquet file that can be read", fix) from None
    header = checked_header(path.name, names, 0)

    def batches() -> Iterator[Batch]:
        row = 1
        try:
            for part in file.iter_batches(batch_size=ROWS_AT_ONCE):
                texts = {}
                for name, array in zip(header, part.columns, strict=True):
                    array.validate(full=True)
                    texts[name] = text_array(path.name, name, array, dialect.decimal)
                yield batch_of(texts, row, 1)
                row += len(part)
        except (pa.ArrowException, OSError, ValueError):
            fix = "The file is damaged; deliver it again."
            raise unusable(path.name, f"records after {row - 1} cannot be read", fix) from None

    reading = Reading()
    lines = some_lines(path.name, lines_of(batches(), None, reading))
    return SourceTable(path.name, header, lambda: lines, reading)


def read_stata(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a Stata file, codes as they are stored; ``dialect`` as for Parquet."""
    frames = _frames(path)
    first = next(frames, None)
    if first is None:
        raise unusable(path.name, "there are no records", "Deliver the file again.")
    header = checked_header(path.name, [str(name) for name in first.columns], 0)

    def batches() -> Iterator[Batch]:
        frame, row = first, 1
        while frame is not None:
            texts = {n: _stata_text(path.name, n, frame[n], dialect.decimal) for n in frame.columns}
            yield batch_of(texts, row, 1)
            row += len(frame)
            frame = next(frames, None)

    reading = Reading()
    lines = some_lines(path.name, lines_of(batches(), None, reading))
    return SourceTable(path.name, header, lambda: lines, reading)


def _frames(path: Path) -> Iterator[pd.DataFrame]:
    try:
        with pd.read_stata(path, convert_categoricals=False, chunksize=ROWS_AT_ONCE) as reader:
            yield from reader
    except (UserError, FileNotFoundError, GeneratorExit):
        raise
    except Exception:  # a damaged file makes the parser fail in any way
        fix = "Save it again from Stata (version 11 or later), or export it as CSV."
        raise unusable(path.name, "this is not a Stata file that can be read", fix) from None


def _stata_text(file: str, name: str, values: pd.Series, decimal: str | None) -> pa.Array:
    # Stata's single precision becomes exact doubles, so that no digit of a value changes.
    wide = values.astype("float64") if values.dtype == "float32" else values
    array = pa.Array.from_pandas(wide)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    return text_array(file, name, array, decimal)
