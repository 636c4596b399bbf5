"""Delivered files written from text or cells, and what their reader makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipelines.errors import Exit, UserError
from pipelines.sources import Dialect, read_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.sources import Reading

# Stands for a person's value in every file that is refused: no message may hold it.
SECRET = "Zaphod-4711"


class Read:
    """Header, lines of text, rows, numbers among the data, and how the file was read."""

    def __init__(self, path: Path, **dialect: Any) -> None:
        table = read_source(path, Dialect(**dialect))
        self.header = table.header
        self.lines: list[tuple[str | None, ...]] = []
        self.rows: list[int] = []
        self.data_rows: list[int] = []
        self.sizes: list[int] = []
        for batch in table.batches():
            assert tuple(batch.columns) == table.header
            self.lines += zip(*(a.to_pylist() for a in batch.columns.values()), strict=True)
            self.rows += batch.rows.to_pylist()
            self.data_rows += batch.data_rows.to_pylist()
            self.sizes.append(len(batch))
        self.reading: Reading = table.reading

    @property
    def not_data(self) -> dict[str, int]:
        """Rows that are not data, by kind, without the kinds that do not occur."""
        return {kind: n for kind, n in self.reading.not_data.items() if n}


def written(folder: Path, data: str | bytes, name: str = "people.csv") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def refused(path: Path, **dialect: Any) -> UserError:
    """The error of a file that cannot be used: it names the file, never a person's value."""
    with pytest.raises(UserError) as caught:
        Read(path, **dialect)
    error = caught.value
    assert error.exit_code is Exit.DATA
    assert error.problem.startswith(path.name)
    assert error.fix
    assert SECRET not in error.problem + error.fix
    return error


def workbook(
    folder: Path,
    change: Callable[[openpyxl.Workbook], None] | None = None,
    name: str = "people.xlsx",
    **sheets: list[list[Any]],
) -> Path:
    """A workbook with these sheets, changed before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(book)
    path = folder / name
    book.save(path)
    return path
