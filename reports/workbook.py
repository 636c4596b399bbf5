"""The released tables as an Excel workbook: real numbers, a sheet a table, nothing that computes.

The same report gives the same bytes: dates of the file and of its parts are fixed.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import TYPE_CHECKING

import xlsxwriter

from reports.numbers import date_text, plain
from reports.tables import released_tables
from reports.tables.readme import readme
from reports.tables.table import GENERAL, Number

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from reports.model import Report
    from reports.tables.readme import Lines
    from reports.tables.table import Column, Table, Value

README = "README"
LONGEST = 32_767  # units of UTF-16 that a cell holds
CUT = " … (cut: too long for a cell)"
MADE = dt.datetime(2000, 1, 1)
DATE = "yyyy-mm-dd"
# What a person who edits the cell would turn into a formula.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NOT_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")  # no text of XML has these
_FOOT = 200  # characters; Excel takes 255 with codes
_A4 = 9
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_INK, _PANEL, _RULE = "#1b1d1f", "#f4f2ec", "#85878a"


def workbook(report: Report) -> bytes:
    """The workbook as bytes: README first, then each table that has a row."""
    made, tables = io.BytesIO(), released_tables(report)
    with xlsxwriter.Workbook(made, dict(_OPTIONS)) as book:
        _properties(book, report)
        styles = _Styles(book)
        foot = _foot(report)
        _write_readme(_sheet(book, README, foot), report, readme(report, tables), styles)
        for table in tables:
            if table.rows:
                _write(_sheet(book, table.name, foot), table, styles)
    return made.getvalue()


class _Styles:
    """Formats of cells, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def get(self, **wanted: object) -> Format:
        key = tuple(sorted(wanted.items(), key=lambda kv: kv[0]))
        if key not in self._made:
            base = {"valign": "top", "font_color": _INK}
            self._made[key] = self._book.add_format({**base, **wanted})
        return self._made[key]


def clean(text: str) -> str:
    """The text as a cell can hold it: no control characters, cut with a mark."""
    text = plain(_NOT_TEXT.sub("", text))
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT


def _properties(book: Workbook, report: Report) -> None:
    run = report.manifest
    title = clean(report.project.title)[:_FOOT]
    book.set_properties(
        {
            "title": f"{title}: mentoring report, tables",
            "subject": f"What mentoring does, as known at {date_text(run.as_known_at)}",
            "author": "mentorlift",
            "comments": f"run {run.run}",
            "created": MADE,
        }
    )


def _foot(report: Report) -> str:
    """Project, date and run, and the page; an ampersand would begin a code of the footer."""
    run = report.manifest
    named = (report.project.title, f"as known at {date_text(run.as_known_at)}", f"run {run.run}")
    texts = (clean(t).replace("&", "\uff06")[: _FOOT // 3] for t in named)
    return f"&L&8 {' · '.join(texts)}&R&8 &P of &N"


def _sheet(book: Workbook, name: str, foot: str) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer(foot)
    return sheet


def _write_readme(sheet: Worksheet, report: Report, lines: Lines, styles: _Styles) -> None:
    for place, width in enumerate((24, 26, 110)):
        sheet.set_column(place, place, width)
    title = f"{report.project.title}: what we can say, as tables"
    sheet.write_string(0, 0, clean(title), styles.get(bold=True, font_size=16))
    for row, (part, item, text) in enumerate(lines, start=2):
        edge = {"top": 1, "top_color": _RULE} if part else {}
        sheet.write_string(row, 0, part, styles.get(bold=True, **edge))
        for column, said in ((1, item), (2, text)):
            _write_cell(sheet, row, column, said, styles, **edge)
    sheet.activate()


def _write(sheet: Worksheet, table: Table, styles: _Styles) -> None:
    """Heads in the first row, frozen, with a filter; the first column stays in sight."""
    last = len(table.columns) - 1
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, len(table.rows), last)
    sheet.set_row(0, 32)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.head, _head(column, styles))
    for line, row in enumerate(table.rows, start=1):
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            edge = {"align": "right"} if column.kind == "figure" else {}
            _write_cell(sheet, line, place, value, styles, **edge)


def _head(column: Column, styles: _Styles) -> Format:
    side = "right" if column.kind == "figure" else "left"
    return styles.get(
        bold=True, text_wrap=True, bg_color=_PANEL, bottom=1, bottom_color=_RULE, align=side
    )


def _write_cell(
    sheet: Worksheet, row: int, column: int, value: Value, styles: _Styles, **more: object
) -> None:
    if isinstance(value, Number):
        form = styles.get(**more, num_format=value.format or GENERAL)
        sheet.write_number(row, column, value.value, form)
    elif isinstance(value, dt.date):
        day = dt.datetime(value.year, value.month, value.day)
        sheet.write_datetime(row, column, day, styles.get(num_format=DATE, align="left"))
    elif value:
        text = clean(value)
        quoted = {"quote_prefix": True} if text.startswith(_STARTS) else {}
        words = {"italic": True} if more.get("align") else {}
        form = styles.get(text_wrap=True, **more, **quoted, **words)
        sheet.write_string(row, column, text, form)
