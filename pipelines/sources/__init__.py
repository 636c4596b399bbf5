"""Kinds of delivery: one reader each, found by the file's ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import shown
from pipelines.sources.columnar import read_parquet, read_stata
from pipelines.sources.delimited import read_delimited
from pipelines.sources.excel import read_excel
from pipelines.sources.pg_dump import read_dump
from pipelines.sources.records import read_records
from pipelines.sources.table import SHEET, Batch, Dialect, Reading, SourceTable, unusable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Reader = Callable[[Path, Dialect], SourceTable]

READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".csv.gz": read_delimited,
    ".tsv.gz": read_delimited,
    ".txt.gz": read_delimited,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    ".xlsb": read_excel,
    ".xls": read_excel,
    ".ods": read_excel,
    ".dat": read_records,
    ".parquet": read_parquet,
    ".dta": read_stata,
    ".sql": read_dump,
}

__all__ = ["READERS", "SHEET", "Batch", "Dialect", "Reading", "SourceTable", "read_source"]


def reader_of(name: str) -> Reader | None:
    """The reader of files with this name; none where no kind of delivery ends like it."""
    endings = (e for e in READERS if name.lower().endswith(e))
    return READERS.get(next(endings, ""))


def read_source(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a delivered file; raises :class:`UserError` naming what cannot be used."""
    reader = reader_of(path.name)
    if reader is None:
        fix = f"Deliver one of these kinds: {', '.join(READERS)}."
        what = f"files ending in '{shown(path.suffix)}' cannot be read"
        raise unusable(path.name, what, fix)
    try:
        return reader(path, dialect)
    except FileNotFoundError:
        raise unusable(path.name, "the file is not there", "Deliver the file again.") from None
    except OSError:
        fix = "Check the permissions of the file and the disk it is on."
        raise unusable(path.name, "the file cannot be read", fix) from None
