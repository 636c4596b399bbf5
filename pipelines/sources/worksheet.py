"""What calamine does not tell of a worksheet in .xlsx: extent, errors, formulas, hidden rows."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from pipelines.sources.table import unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_BYTES = 1024 * 1024
# A sheet is held in memory, about 50 bytes a cell; a larger one is exported as CSV.
MAX_CELLS = 40_000_000
# What Excel writes is found fast; XML may be written otherwise, and then is looked at with care.
_USUAL_COLUMN, _USUAL_ROW = (
    re.compile(rb' r="([A-Z]{1,3})'),
    re.compile(rb' r="[A-Z]{0,3}(\d{1,9})"'),
)
_ANY = rb"""\sr\s*=\s*["']\s*"""
_ANY_COLUMN, _ANY_ROW = (
    re.compile(_ANY + rb"([A-Z]{1,3})"),
    re.compile(_ANY + rb"[A-Z]{0,3}(\d{1,9})"),
)
_UNUSUAL = (b"r='", b"r =", b"\tr=", b"\nr=", b"\rr=", b'r=" ', b'r="\n', b"r=\n")
_HINTS = (b'"e"', b"'e'", b"hidden", b"<f", b":f")
_TELLING = re.compile(
    rb"""\st\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]|\shidden\s*=\s*["'](?:1|true)["']"""
)
_OVERLAP = 64


@dataclass
class Worksheet:
    """Rows and columns count from 1. ``errors`` and ``uncomputed`` hold the first cell of a row.

    An error cell holds #N/A, #REF! and the like; an uncomputed one a formula without its value.
    """

    rows: int = 0
    columns: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0
    errors: dict[int, tuple[int, str]] = field(default_factory=dict)
    uncomputed: dict[int, int] = field(default_factory=dict)


def worksheet(path: Path, sheet: str, ignored: tuple[str, ...]) -> Worksheet:
    """The facts of one sheet; error words that are ``ignored`` are counted as empty cells.

    Raises :class:`UserError` when the sheet is too large to be held in memory or damaged.
    """
    facts = Worksheet()
    try:
        with zipfile.ZipFile(path) as archive:
            member = _member(archive, sheet)
            if member is None:
                return facts
            telling = _extent(facts, _chunks(archive, member))
            if facts.rows * facts.columns > MAX_CELLS:
                what = f"sheet {sheet!r} spans {facts.rows:,} rows and {facts.columns:,} columns"
                fix = "Delete the empty rows and columns beyond the table, or export it as CSV."
                raise unusable(path.name, what, fix)
            if telling:
                _Parser(facts, ignored).read(_chunks(archive, member))
    except (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, NotImplementedError):
        fix = "Save it again as .xlsx without a password, or export it as CSV."
        raise unusable(path.name, "the workbook cannot be opened", fix) from None
    return facts


def cell(row: int, column: int) -> str:
    """The name of a cell as Excel shows it, such as C7."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _chunks(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    with archive.open(member) as stream:
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")


def _member(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Where the sheet lies in the archive, by the workbook's list of sheets."""
    try:
        book = archive.read("xl/workbook.xml")
        links = archive.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return None
    names = {e.get("name"): e for e in _elements(book, "sheet")}
    targets = {e.get("Id"): e.get("Target", "") for e in _elements(links, "Relationship")}
    link = next((v for k, v in names.get(sheet, {}).items() if k.split(":")[-1] == "id"), None)
    member = posixpath.normpath(posixpath.join("/xl", targets.get(link, ""))).lstrip("/")
    return member if member in archive.namelist() else None


def _elements(document: bytes, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.split(":")[-1] == name:
            found.append(attributes)

    parser.StartElementHandler = start
    parser.Parse(document, True)
    return found


def _extent(facts: Worksheet, chunks: Iterator[bytes]) -> bool:
    """Fill in the last row and column with a cell; whether there is anything else to tell."""
    telling, rest = False, b""
    for chunk in chunks:
        text = rest + chunk
        if not telling and any(hint in text for hint in _HINTS):
            telling = _TELLING.search(text) is not None
        odd = any(form in text for form in _UNUSUAL)
        columns = set((_ANY_COLUMN if odd else _USUAL_COLUMN).findall(text))
        rows = set((_ANY_ROW if odd else _USUAL_ROW).findall(text))
        facts.columns = max([facts.columns, *map(_number, columns)])
        facts.rows = max([facts.rows, *map(int, rows)])
        rest = text[-_OVERLAP:]
    return telling


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class _Parser:
    """Reads a sheet's XML cell by cell; only for sheets that have something to tell."""

    def __init__(self, facts: Worksheet, ignored: tuple[str, ...]) -> None:
        self._facts, self._ignored = facts, ignored
        self._row = self._column = 0
        self._type = ""
        self._formula = self._in_value = False
        self._value = ""

    def read(self, chunks: Iterator[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        for chunk in chunks:
            parser.Parse(chunk)
        parser.Parse(b"", True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.split(":")[-1]
        hidden = attributes.get("hidden") in {"1", "true"}
        if name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            self._facts.hidden_rows += hidden
        elif name == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            self._column = _number(letters.encode()) if letters else self._column + 1
            self._type, self._formula, self._value = attributes.get("t", ""), False, ""
        elif name == "f":
            self._formula = True
        elif name in {"v", "is"}:
            self._in_value = True
        elif name == "col" and hidden:
            first, last = int(attributes.get("min", 1)), int(attributes.get("max", 1))
            self._facts.hidden_columns += last - first + 1

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value += text

    def _end(self, tag: str) -> None:
        name = tag.split(":")[-1]
        if name in {"v", "is"}:
            self._in_value = False
        elif name == "c":
            self._judge()

    def _judge(self) -> None:
        if self._type == "e":
            if self._value not in self._ignored:
                self._facts.errors.setdefault(self._row, (self._column, self._value))
        elif self._formula and not self._value and self._type != "str":
            # A formula that gives an empty text has the type str.
            self._facts.uncomputed.setdefault(self._row, self._column)
