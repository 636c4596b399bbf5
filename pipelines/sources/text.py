"""Delivered text as a stream of UTF-8, whatever it was written in; never a whole file in memory."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from typing import TYPE_CHECKING

from pipelines.sources.table import quoted, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_BYTES = 1024 * 1024
# HR exports shrink to a tenth or a fiftieth; what unpacks to far more is made to fill a machine.
MAX_GZIP_RATIO = 250
GZIP_UNCHECKED_BYTES = 64 * 1024 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8 = ("utf-8", "utf8", "utf_8", "utf-8-sig", "utf_8_sig")
_SEEN_FROM_ZEROS = 4096


class Stream(io.RawIOBase):
    """Chunks of bytes as a file to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with what comes next; how many bytes."""
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._rest = following
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def raw_chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked when it is gzip; raises :class:`UserError` for a bomb."""
    if path.suffix.lower() != ".gz":
        with path.open("rb") as stream:
            yield from iter(lambda: stream.read(CHUNK_BYTES), b"")
        return
    most = max(GZIP_UNCHECKED_BYTES, MAX_GZIP_RATIO * path.stat().st_size)
    total = 0
    try:
        with gzip.open(path, "rb") as stream:
            while part := stream.read(CHUNK_BYTES):
                total += len(part)
                if total > most:
                    what = f"it unpacks to more than {MAX_GZIP_RATIO} times its size"
                    fix = "If that is meant, unpack it and deliver the text itself."
                    raise unusable(path.name, what, fix)
                yield part
    except (EOFError, zlib.error):
        what, fix = "the gzip file is cut short or damaged", "Deliver the file again."
        raise unusable(path.name, what, fix) from None
    except gzip.BadGzipFile:
        fix = "Give the file the ending of what it is, or deliver it again."
        raise unusable(path.name, "this is not a gzip file, or it is damaged", fix) from None


def utf8_chunks(path: Path, encoding: str, errors: str = "strict") -> Iterator[bytes]:
    """The text as UTF-8 without a byte-order mark; raises UnicodeError where it is not text."""
    if encoding == "utf-8" and errors == "strict":
        yield from _checked_utf8(path)
        return
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    decoder = codecs.getincrementaldecoder(name)(errors)
    for part in raw_chunks(path):
        if text := decoder.decode(part):
            yield text.encode("utf-8", "surrogatepass")
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", "surrogatepass")


def _checked_utf8(path: Path) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    start = True
    for part in raw_chunks(path):
        decoder.decode(part)
        yield part.removeprefix(codecs.BOM_UTF8) if start else part
        start = False
    decoder.decode(b"", final=True)


def encoding_of(path: Path, declared: str) -> tuple[str, str]:
    """The encoding of a file, and what to say of it when that was found and not declared.

    Raises :class:`UserError` for an unknown name, or lines in different encodings.
    """
    if declared != "auto":
        return _known(path, declared), ""
    start = next(raw_chunks(path), b"")
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name, f"encoding found: {name} (by its byte-order mark)"
    if name := _by_zeros(start[:_SEEN_FROM_ZEROS]):
        return name, f"encoding found: {name} (by its zero bytes)"
    try:
        for _ in utf8_chunks(path, "utf-8"):
            pass
    except UnicodeDecodeError:
        _check_one_encoding(path)
        return "cp1252", (
            "encoding found: cp1252 (it is not UTF-8); declare `encoding:` if letters look wrong"
        )
    return "utf-8", "encoding found: utf-8"


def _known(path: Path, declared: str) -> str:
    if declared.lower() in _UTF8:
        return "utf-8"
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=declared)
    except (LookupError, ValueError):
        fix = "Use auto, or a name such as utf-8, cp1252 or utf-16."
        what = f"the encoding {quoted(declared)} is unknown"
        raise unusable(path.name, what, fix) from None
    return declared


def _by_zeros(start: bytes) -> str:
    """UTF-16 without a mark, by where the zero bytes of Latin letters stand."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > len(start) / 5 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(start) / 5 and not odd else ""


def _check_one_encoding(path: Path) -> None:
    """Raise :class:`UserError` unless every line is ASCII or cp1252, and none is UTF-8."""
    as_utf8 = as_cp1252 = 0
    lines = io.BufferedReader(Stream(raw_chunks(path)), CHUNK_BYTES)
    # Pieces of a line judge as well as lines: what matters is which row is the odd one.
    for number, line in enumerate(iter(lambda: lines.readline(CHUNK_BYTES), b""), start=1):
        if line.isascii():
            continue
        if _decodes(line, "utf-8"):
            as_utf8 = as_utf8 or number
        elif _decodes(line, "cp1252"):
            as_cp1252 = as_cp1252 or number
        else:
            fix = "Set `encoding:` of this source to what the file is written in."
            what = f"line {number} is neither UTF-8 nor cp1252 text"
            raise unusable(path.name, what, fix)
        if as_utf8 and as_cp1252:
            what = (
                f"lines are in different encodings: line {as_utf8} is UTF-8, line {as_cp1252} "
                "is cp1252"
            )
            fix = "Write the whole file in one encoding, best UTF-8; or declare `encoding:`."
            raise unusable(path.name, what, fix)


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
