"""Reader of Excel and OpenDocument sheets: cells as text, by the cell's own type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

from pipelines.sources.table import (
    SourceTable,
    batch_of,
    checked_header,
    not_empty,
    text_of,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Batch, Dialect


def read_excel(path: Path, dialect: Dialect) -> SourceTable:
    """The table in one sheet: the declared one, or the only one."""
    cells = _cells(path, dialect.sheet)
    at = dialect.header_row
    if len(cells) < at:
        raise unusable(path.name, f"the sheet has no row {at}", "Set header_row, or deliver again.")
    names = [text_of(cell) for cell in cells[at - 1]]
    while names and names[-1] is None:  # columns that hold formatting alone
        names.pop()
    header = checked_header(path.name, names, at)
    for number, row in enumerate(cells[at:], start=at + 1):
        if any(text_of(cell) for cell in row[len(header) :]):
            fix = "Give the column a name in the header, or remove the stray cell."
            what = f"row {number} holds a value to the right of the last named column"
            raise unusable(path.name, what, fix)

    def batches() -> Iterator[Batch]:
        if len(cells) > at:
            columns = {
                name: pa.array([text_of(row[i]) for row in cells[at:]], pa.string())
                for i, name in enumerate(header)
            }
            yield batch_of(columns, at + 1, 1)

    return SourceTable(path.name, header, lambda: not_empty(path.name, batches()))


def _cells(path: Path, sheet: str | None) -> list[list[object]]:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            names = book.sheet_names
            if sheet is None and len(names) > 1:
                fix = f"Set `sheet:` of this source to one of: {', '.join(names)}."
                raise unusable(path.name, f"the workbook has {len(names)} sheets", fix)
            chosen = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
            rows: list[list[object]] = [list(r) for r in chosen.to_python(skip_empty_area=False)]
            return rows
    except WorksheetNotFound:
        fix = f"Set `sheet:` of this source to one of: {', '.join(names)}."
        raise unusable(path.name, f"there is no sheet {sheet!r}", fix) from None
    except CalamineError:
        fix = "Save it again as .xlsx without a password, or export it as CSV."
        raise unusable(path.name, "the workbook cannot be opened", fix) from None
