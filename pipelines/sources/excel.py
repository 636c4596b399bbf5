"""Reader of Excel and OpenDocument sheets: cells as text, by the cell's own type.

A sheet is held in memory while it is read; `worksheet.MAX_CELLS` bounds it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from pipelines.errors import shown
from pipelines.sources.containers import check_is_workbook
from pipelines.sources.lines import some_lines
from pipelines.sources.sheet import Sheet
from pipelines.sources.table import SHEET, Batch, Reading, SourceTable, quoted, unusable
from pipelines.sources.trial import check_opens
from pipelines.sources.worksheet import Worksheet, worksheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Dialect

ALL_SHEETS = "*"


def read_excel(path: Path, dialect: Dialect) -> SourceTable:
    """The table in one sheet: the declared one, or the only visible one.

    The sheet `*` is all visible ones, one below the other; the column `@sheet` names each line's.
    """
    check_is_workbook(path)
    if not _tells(path):
        check_opens(path)
    reading = Reading()
    every = dialect.sheet == ALL_SHEETS
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            names = _chosen(path.name, book, dialect.sheet, reading)
            facts = [_facts(path, name, dialect) for name in names]
            files = [f"{path.name}: sheet {shown(n)}" if every else path.name for n in names]
            found = [book.get_sheet_by_name(name) for name in names]
    except PasswordError:
        fix = "Remove the password in Excel (File, Info, Protect Workbook), or export as CSV."
        raise unusable(path.name, "the workbook is protected by a password", fix) from None
    except CalamineError as error:
        fix = "Save it again as .xlsx without a password, or export it as CSV."
        large = "limit exceeded" in str(error)
        what = "a sheet spans too many cells" if large else "the workbook cannot be opened"
        raise unusable(path.name, what, fix) from None
    sheets = [
        Sheet(file, sheet, fact, dialect)
        for file, sheet, fact in zip(files, found, facts, strict=True)
        if not every or sheet.end  # an empty sheet among others is no table
    ]
    if not _tells(path):
        reading.notes.append(
            f"error cells are read as empty in {path.suffix.lower()}; save it as .xlsx to have "
            "them named"
        )
    _note_hidden(facts, reading)
    header = _common_header(path.name, sheets)
    batches = _all(sheets, header, reading) if every else _one(sheets[0], reading)
    lines = some_lines(path.name, batches)
    return SourceTable(path.name, (*header, SHEET) if every else header, lambda: lines, reading)


def _facts(path: Path, sheet: str, dialect: Dialect) -> Worksheet:
    return worksheet(path, sheet, dialect.null_words) if _tells(path) else Worksheet()


def _tells(path: Path) -> bool:
    """Whether errors, uncomputed formulas and hidden rows can be told from this kind of file."""
    return path.suffix.lower() in {".xlsx", ".xlsm"}


def _chosen(file: str, book: CalamineWorkbook, sheet: str | None, reading: Reading) -> list[str]:
    tables = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    visible = [m.name for m in tables if m.visible == SheetVisibleEnum.Visible]
    hidden = [m.name for m in tables if m.name not in visible]
    choose = f"Set `sheet:` of this source to one of: {', '.join(map(shown, visible or hidden))}."
    if sheet is not None and sheet != ALL_SHEETS:
        if sheet not in visible and sheet not in hidden:
            raise unusable(file, f"there is no sheet {quoted(sheet)}", choose)
        if sheet in hidden:
            reading.notes.append(f"sheet {shown(sheet)} is hidden; it is read because it is named")
        return [sheet]
    if not visible:
        raise unusable(file, "the workbook has no visible sheet", choose)
    if sheet is None and len(visible) > 1:
        raise unusable(file, f"the workbook has {len(visible)} sheets", choose)
    if hidden:
        reading.notes.append(f"hidden sheets are not read: {', '.join(map(shown, hidden))}")
    return visible


def _note_hidden(facts: list[Worksheet], reading: Reading) -> None:
    reading.counted["hidden rows"] = sum(f.hidden_rows for f in facts)
    reading.counted["hidden columns"] = sum(f.hidden_columns for f in facts)
    if any(reading.counted.values()):
        reading.notes.append("hidden rows and columns are read like all others")


def _common_header(file: str, sheets: list[Sheet]) -> tuple[str, ...]:
    if not sheets:
        raise unusable(file, "all sheets are empty", "Deliver the file again.")
    header = sheets[0].header
    for sheet in sheets[1:]:
        odd = sorted(set(header) ^ set(sheet.header))
        if odd:
            what = (
                f"sheets {shown(sheets[0].name)} and {shown(sheet.name)} have different columns: "
                f"only one of them has {quoted(odd[0])}"
            )
            raise unusable(file, what, "Read the sheets as sources of their own, each by its name.")
    return header


def _one(sheet: Sheet, reading: Reading) -> Iterator[Batch]:
    yield from sheet.lines(reading)
    _note_filled([sheet], reading)


def _all(sheets: list[Sheet], header: tuple[str, ...], reading: Reading) -> Iterator[Batch]:
    """The lines of all sheets; rows are counted on from sheet to sheet, so that each is unique."""
    heights = accumulate((sheet.height for sheet in sheets), initial=0)
    reading.tabs += [(shown(s.name), above) for s, above in zip(sheets, heights, strict=False)]
    return _counted_on(sheets, header, reading)


def _counted_on(sheets: list[Sheet], header: tuple[str, ...], reading: Reading) -> Iterator[Batch]:
    for sheet, (_, above) in zip(sheets, reading.tabs, strict=True):
        for batch in sheet.lines(reading):
            columns = {name: batch.columns[name] for name in header}
            columns[SHEET] = pa.repeat(pa.scalar(sheet.name, pa.string()), len(batch))
            reading.counted[f"rows in sheet {shown(sheet.name)}"] += len(batch)
            yield Batch(columns, pc.add(batch.rows, above), pc.add(batch.data_rows, above))
    _note_filled(sheets, reading)


def _note_filled(sheets: list[Sheet], reading: Reading) -> None:
    reading.counted["merged cells"] = sum(sheet.filled for sheet in sheets)
    if reading.counted["merged cells"]:
        reading.notes.append("merged cells have the value of the first of them in each row")
