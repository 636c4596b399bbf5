"""Readers of typed files, Parquet and Stata; a physical row is the record's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.table import (
    SourceTable,
    batch_of,
    checked_header,
    not_empty,
    text_array,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Batch, Dialect

ROWS_AT_ONCE = 200_000


def read_parquet(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a Parquet file; ``dialect`` has no say in it."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        fix = "The file may be cut short or be something else; deliver it again."
        raise unusable(path.name, "this is not a Parquet file that can be read", fix) from None
    header = checked_header(path.name, file.schema_arrow.names, 0)

    def batches() -> Iterator[Batch]:
        row = 1
        try:
            for part in file.iter_batches(batch_size=ROWS_AT_ONCE):
                columns = dict(zip(header, part.columns, strict=True))
                texts = {n: text_array(path.name, n, a) for n, a in columns.items()}
                yield batch_of(texts, row, row)
                row += len(part)
        except (pa.ArrowException, OSError):
            fix = "The file is damaged; deliver it again."
            raise unusable(path.name, f"records after {row - 1} cannot be read", fix) from None

    return SourceTable(path.name, header, lambda: not_empty(path.name, batches()))


def read_stata(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a Stata file, codes as they are stored; ``dialect`` has no say in it."""
    try:
        frame = pd.read_stata(path, convert_categoricals=False)
    except (ValueError, OSError, KeyError, EOFError):
        fix = "Save it again from Stata (version 11 or later), or export it as CSV."
        raise unusable(path.name, "this is not a Stata file that can be read", fix) from None
    header = checked_header(path.name, [str(name) for name in frame.columns], 0)

    def batches() -> Iterator[Batch]:
        for start in range(0, len(frame), ROWS_AT_ONCE):
            part = frame.iloc[start : start + ROWS_AT_ONCE]
            columns = {name: _stata_text(path.name, name, part[name]) for name in header}
            yield batch_of(columns, start + 1, start + 1)

    return SourceTable(path.name, header, lambda: not_empty(path.name, batches()))


def _stata_text(file: str, name: str, values: pd.Series) -> pa.Array:
    # Stata's single precision becomes exact doubles, so that no digit of a value changes.
    wide = values.astype("float64") if values.dtype == "float32" else values
    array = pa.Array.from_pandas(wide)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    return text_array(file, name, array)
