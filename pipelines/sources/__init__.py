"""Kinds of delivery: one reader each, found by the file's ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.sources.columnar import read_parquet, read_stata
from pipelines.sources.delimited import read_delimited
from pipelines.sources.excel import read_excel
from pipelines.sources.pg_dump import read_dump
from pipelines.sources.table import Batch, Dialect, SourceTable, unusable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Reader = Callable[[Path, Dialect], SourceTable]

READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    ".xlsb": read_excel,
    ".xls": read_excel,
    ".ods": read_excel,
    ".parquet": read_parquet,
    ".dta": read_stata,
    ".sql": read_dump,
}

__all__ = ["READERS", "Batch", "Dialect", "SourceTable", "read_source"]


def read_source(path: Path, dialect: Dialect) -> SourceTable:
    """The table in a delivered file; raises :class:`UserError` naming what cannot be used."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        fix = f"Deliver one of these kinds: {', '.join(READERS)}."
        raise unusable(path.name, f"files ending in {path.suffix!r} cannot be read", fix)
    try:
        return reader(path, dialect)
    except FileNotFoundError:
        raise unusable(path.name, "the file is not there", "Deliver the file again.") from None
    except OSError:
        fix = "Check the permissions of the file and the disk it is on."
        raise unusable(path.name, "the file cannot be read", fix) from None
