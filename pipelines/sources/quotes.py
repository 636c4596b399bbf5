"""Text checked before it is read: quotes that swallow rows, zero bytes, and rows beyond measure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sources.table import unusable
from pipelines.sources.text import CHUNK_BYTES, Stream, utf8_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A row longer than this cannot be read; no value of an HR export is.
MAX_ROW_BYTES = 16 * 1024 * 1024


class TextFile:
    """The rows of a text file as `csv` sees them: slow, and exact about where something stands."""

    def __init__(
        self, path: Path, encoding: str, delimiter: str, quote: str, errors: str = "strict"
    ) -> None:
        self._path = path
        raw = io.BufferedReader(Stream(utf8_chunks(path, encoding, errors)), CHUNK_BYTES)
        self._text = io.TextIOWrapper(raw, "utf-8", "surrogatepass", newline="")
        self._options = {"delimiter": delimiter, **_quoting(quote)}
        self.consumed = 0  # bytes of UTF-8 behind the rows given so far

    def rows(self, *, strict: bool = False) -> Iterator[list[str]]:
        """Row after row; ``strict`` raises csv.Error for a quote that does not close a value."""
        csv.field_size_limit(MAX_ROW_BYTES)
        return csv.reader(self._lines(), strict=strict, **self._options)  # type: ignore[arg-type]

    @staticmethod
    def cells(text: str, delimiter: str, quote: str) -> list[str]:
        """The cells of one row."""
        options = {"delimiter": delimiter, **_quoting(quote)}
        return next(csv.reader(io.StringIO(text, newline=""), **options), [])  # type: ignore[arg-type]

    def _lines(self) -> Iterator[str]:
        number = 0
        while line := self._text.readline(MAX_ROW_BYTES):
            number += 1
            if len(line) == MAX_ROW_BYTES:
                what = f"line {number} is longer than {MAX_ROW_BYTES // 2**20} MB"
                fix = "Check the file: such a line is not a row of a table."
                raise unusable(self._path.name, what, fix)
            self.consumed += len(line.encode("utf-8", "surrogatepass"))
            yield line


def check_text(path: Path, encoding: str, delimiter: str, quote: str) -> None:
    """Raise :class:`UserError` for a zero byte, or a quote that would swallow rows."""
    zero, odd = _scan(utf8_chunks(path, encoding), delimiter, quote)
    if zero:
        for row, cells in enumerate(TextFile(path, encoding, delimiter, "").rows(), start=1):
            if any("\0" in cell for cell in cells):
                fix = "Export the file again; zero bytes are what a broken transfer leaves."
                raise unusable(path.name, f"row {row} holds a zero byte", fix)
    if odd:
        _find_quote(path, encoding, delimiter, quote)


def _scan(chunks: Iterator[bytes], delimiter: str, quote: str) -> tuple[bool, bool]:
    """Whether there is a zero byte, and whether any quote stands where none is expected.

    Quotes open and close in turn. One that opens follows a delimiter or an end of line, one that
    closes precedes them; of a doubled quote one closes and the other opens.
    """
    beside = np.frombuffer((delimiter + "\r\n" + quote).encode(), np.uint8)
    inside, zero, odd = 0, False, False
    rest = b"\n"

    def judge(text: bytes) -> None:
        nonlocal inside, odd
        codes = np.frombuffer(text, np.uint8)
        at = np.flatnonzero(codes[1:-1] == ord(quote)) + 1
        opens = (np.arange(len(at)) + inside) % 2 == 0
        neighbours = np.where(opens, codes[at - 1], codes[np.minimum(at + 1, len(codes) - 1)])
        odd = odd or not np.isin(neighbours, beside).all()
        inside = (inside + len(at)) % 2

    for chunk in chunks:
        zero = zero or b"\0" in chunk
        text = rest + chunk
        if quote and not odd and quote.encode() in text:
            judge(text)
        rest = text[-2:]
    if quote and not odd:
        judge(rest + b"\n")
    return zero, odd or inside == 1


def _find_quote(path: Path, encoding: str, delimiter: str, quote: str) -> None:
    """Name the row whose quote is never closed, or closes before its value ends.

    A quote within a value that does not begin with one is a character like any other.
    """
    row = 0
    try:
        for _ in TextFile(path, encoding, delimiter, quote).rows(strict=True):
            row += 1
    except csv.Error as error:
        never = "unexpected end" in str(error)
        what = "opens a quote that is never closed" if never else "has text behind a closing quote"
        if "field limit" in str(error):
            what = f"opens a quote that is not closed within {MAX_ROW_BYTES // 2**20} MB"
        fix = "Correct the quotes in that row, or deliver the file again; if quotes are ordinary "
        fix += 'characters in this file, set `quote: ""` for this source.'
        raise unusable(path.name, f"row {row + 1} {what}", fix) from None


def _quoting(quote: str) -> dict[str, object]:
    return {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
