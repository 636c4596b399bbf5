"""One sheet of a workbook as a table: its header, and its lines with merged cells filled."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.sources.lines import Footer, lines_of
from pipelines.sources.table import batch_of, checked_header, quoted, text_of, unusable
from pipelines.sources.worksheet import Worksheet, cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from python_calamine import CalamineSheet

    from pipelines.sources.table import Batch, Dialect, Reading

ROWS_AT_ONCE = 20_000


class Sheet:
    """The table in one sheet; rows and columns count from 1, as Excel shows them."""

    def __init__(self, file: str, sheet: CalamineSheet, facts: Worksheet, dialect: Dialect) -> None:
        self._file, self._dialect, self._facts = file, dialect, facts
        self.name = sheet.name
        self._merged = [
            (top + 1, left + 1, bottom + 1, right + 1)
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
        ]
        self.filled = 0
        self.height = sheet.end[0] + 1 if sheet.end else 0
        self._left = [""] * (sheet.start[1] if sheet.start else 0)
        self._rows = self._all(sheet)
        head = list(islice(self._rows, dialect.first_row - 1))
        if len(head) < dialect.header_row:
            what = f"the sheet has no row {dialect.header_row}"
            raise unusable(file, what, "Set header_row, or deliver again.")
        self._names = [text_of(value) for value in head[dialect.header_row - 1]]
        self.header = self._header()

    def _header(self) -> tuple[str, ...]:
        row = self._dialect.header_row
        wide = [m for m in self._merged if m[0] <= row <= m[2] and m[3] > m[1]]
        for top, left, _, right in wide:
            if not all(self._names[left - 1 : right]):
                what = f"header cells {cell(top, left)} to {cell(top, right)} are merged"
                fix = "Set header_row to the row in which each column has a name of its own."
                raise unusable(self._file, what, fix)
        return checked_header(self._file, self._names, row)

    def _all(self, sheet: CalamineSheet) -> Iterator[list[object]]:
        """Every row from the first; a cell merged downwards has its value in each row."""
        begins: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for top, left, bottom, _ in self._merged:
            if bottom > top:
                begins[top].append((left, bottom))
        open_until: dict[int, tuple[int, object]] = {}
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            row: list[object] = [*self._left, *cells]
            for column, (last, value) in list(open_until.items()):
                row[column - 1] = value
                self.filled += number >= self._dialect.first_row
                if number == last:
                    del open_until[column]
            for left, bottom in begins.get(number, ()):
                if left <= len(row):
                    open_until[left] = (bottom, row[left - 1])
            yield row

    def lines(self, reading: Reading) -> Iterator[Batch]:
        """The data; raises :class:`UserError` for a cell without a value that can be read."""
        dialect = self._dialect
        reading.not_data["rows above the header"] += dialect.header_row - 1
        reading.not_data["header rows"] += min(dialect.first_row - 1, self.height) - (
            dialect.header_row - 1
        )
        footer = Footer(self._file, dialect.footer) if dialect.footer else None
        for batch in lines_of(self._batches(footer), footer, reading):
            self._check(batch)
            yield batch

    def _batches(self, footer: Footer | None) -> Iterator[Batch]:
        row = self._dialect.first_row
        while part := list(islice(self._rows, ROWS_AT_ONCE)):
            self._check_right(part, row, footer)
            columns = {
                name: pa.array([text_of(c[i], self._dialect.decimal) for c in part], pa.string())
                for i, name in enumerate(self.header)
            }
            yield batch_of(columns, row, self._dialect.first_row)
            row += len(part)

    def _check_right(self, part: list[list[object]], row: int, footer: Footer | None) -> None:
        """No value may stand right of the last named column, except in a footer."""
        width = len(self.header)
        for number, cells in enumerate(part, start=row):
            right = next((i for i in range(width, len(cells)) if cells[i] not in ("", None)), None)
            if right is None:
                continue
            first = next(text_of(c) for c in cells if text_of(c))
            if footer is None or not footer.match(pa.array([first]))[0].as_py():
                what = (
                    f"row {number} holds a value to the right of the last named column, in "
                    f"{cell(number, right + 1)}"
                )
                fix = "Give the column a name in the header, or remove the stray cell."
                raise unusable(self._file, what, fix)

    def _check(self, batch: Batch) -> None:
        facts, width = self._facts, len(self.header)
        first, last = batch.rows[0].as_py(), batch.rows[-1].as_py()
        wide = [m for m in self._merged if m[3] > m[1] <= width and m[0] <= last and m[2] >= first]
        if not (facts.errors or facts.uncomputed or wide):
            return
        for row in batch.rows.to_pylist():
            column, error = facts.errors.get(row, (width + 1, ""))
            if column <= width:
                name = quoted(self.header[column - 1])
                what = f"cell {cell(row, column)} (column {name}) holds the error {error}"
                fix = (
                    f"Correct the formula in the workbook; or put '{error}' among null_words of "
                    "this source to read such cells as missing."
                )
                raise unusable(self._file, what, fix)
            column = facts.uncomputed.get(row, width + 1)
            if column <= width:
                name = quoted(self.header[column - 1])
                what = f"cell {cell(row, column)} (column {name}) holds a formula without its value"
                fix = "Open the workbook in Excel and save it, or paste the column as values."
                raise unusable(self._file, what, fix)
            merged = next((m for m in wide if m[0] <= row <= m[2]), None)
            if merged:
                where = f"{cell(row, merged[1])} to {cell(row, merged[3])}"
                fix = "Unmerge them, so that each column has its own value; or deliver it as CSV."
                raise unusable(self._file, f"cells {where} are merged over columns", fix)
