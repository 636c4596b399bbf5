"""Which lines of a table are data: blank ones and the footer are counted, never loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import Exit, UserError
from pipelines.sources.table import quoted, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.sources.table import Batch, Reading

BLANK = "blank rows"
FOOTER = "footer rows"


class Footer:
    """The rows that end a table: the first one found, and what may still follow it."""

    def __init__(self, file: str, patterns: tuple[str, ...]) -> None:
        self._file = file
        self._patterns = patterns
        self.row: int | None = None

    def match(self, first_cells: pa.Array) -> pa.Array:
        """Whether a row's first text is that of a footer."""
        text = pc.fill_null(pc.utf8_trim_whitespace(first_cells), "")
        found = pa.array([False] * len(text))
        for pattern in self._patterns:
            try:
                found = pc.or_(found, pc.match_substring_regex(text, pattern))
            except pa.ArrowInvalid:
                problem = f"footer: the pattern {quoted(pattern)} cannot be used."
                fix = "Write it without look-ahead, look-behind and back references."
                raise UserError(problem, fix, Exit.PROJECT) from None
        return found

    def begins(self, row: int) -> None:
        """Note a footer row; nothing but blank and footer rows may follow."""
        self.row = row if self.row is None else min(row, self.row)

    def split(self, batch: Batch, reading: Reading) -> Batch:
        """The lines above the footer; raises :class:`UserError` when data follow it."""
        ends = self.match(pc.coalesce(*(_filled(a) for a in batch.columns.values())))
        found = batch.rows.filter(ends)
        if len(found):
            self.begins(found[0].as_py())
            reading.not_data[FOOTER] += len(found)
            batch = batch.where(pc.invert(ends))
        if self.row is not None and len(batch) and batch.rows[-1].as_py() > self.row:
            row = pc.min(batch.rows.filter(pc.greater(batch.rows, self.row))).as_py()
            what = f"row {row} holds data below the footer in row {self.row}"
            fix = (
                "Make the patterns of footer match every row after the data, and none within them."
            )
            raise unusable(self._file, what, fix)
        return batch


def lines_of(batches: Iterable[Batch], footer: Footer | None, reading: Reading) -> Iterator[Batch]:
    """The batches without blank and footer lines; raises :class:`UserError` for data below it."""
    for batch in batches:
        lines = _without_blank(batch, reading)
        if footer is not None and len(lines):
            lines = footer.split(lines, reading)
        if len(lines):
            yield lines


def some_lines(file: str, batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same batches; raises :class:`UserError` when there is none."""
    found = False
    for batch in batches:
        found = True
        yield batch
    if not found:
        fix = "Deliver the file again, or take it out of the data folder."
        raise unusable(file, "there are no data rows below the header", fix)


def _filled(array: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)


def _without_blank(batch: Batch, reading: Reading) -> Batch:
    blank: pa.Array | None = None
    for array in batch.columns.values():
        empty = pc.fill_null(pc.equal(array, ""), True)
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return batch
    reading.not_data[BLANK] += pc.sum(blank).as_py()
    return batch.where(pc.invert(blank))
