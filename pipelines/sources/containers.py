"""What a file is by its first bytes, whatever its name says, and how large it is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from pipelines.sources.table import unusable
from pipelines.sources.text import raw_chunks

if TYPE_CHECKING:
    from pathlib import Path

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_ZIP_RATIO = 250
ZIP_UNCHECKED_BYTES = 64 * 1024 * 1024
_NOT_TEXT = {
    ZIP: "a zip or Excel file",
    OLE: "an old Excel file",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
    b"<stata_dta>": "a Stata file",
}
_ENDINGS = (
    "Give the file the ending of what it is (.xlsx, .xls, .csv.gz, ...), or export it as CSV."
)


def check_is_text(path: Path) -> None:
    """Raise :class:`UserError` when a text file is empty, or something else by its content."""
    start = next(raw_chunks(path), b"")[:4096]
    if not start:
        raise unusable(path.name, "the file is empty", "Deliver the file again.")
    for magic, what in _NOT_TEXT.items():
        if start.startswith(magic):
            raise unusable(path.name, f"this is {what}, not text", _ENDINGS)
    if _is_markup(start):
        fix = "Export the table itself as CSV; a log-in or error page may have been saved instead."
        raise unusable(path.name, "this is a web page or XML, not a table of text", fix)


def check_is_workbook(path: Path) -> None:
    """Raise :class:`UserError` when a workbook is not one by its content, locked, or a bomb."""
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    if not start:
        raise unusable(path.name, "the file is empty", "Deliver the file again.")
    old = path.suffix.lower() == ".xls"
    if start.startswith(OLE) and not old:
        with path.open("rb") as stream:
            locked = any("EncryptedPackage".encode("utf-16-le") in part for part in stream)
        if locked:
            fix = "Remove the password in Excel (File, Info, Protect Workbook), or export as CSV."
            raise unusable(path.name, "the workbook is protected by a password", fix)
        fix = "Name it .xls, or save it again as .xlsx."
        raise unusable(path.name, "this is an old Excel file", fix)
    if start.startswith(ZIP) and old:
        raise unusable(path.name, "this is a new Excel file under an old name", "Name it .xlsx.")
    if not start.startswith((ZIP, OLE)):
        what = "a web page or XML" if _is_markup(start) else "text or something else"
        fix = "Save it again from Excel as .xlsx; or, if it is delimited text, name it .csv."
        raise unusable(path.name, f"this is {what}, not a workbook", fix)
    if not old:
        _check_size(path)


def _check_size(path: Path) -> None:
    """Sizes are those the zip file declares; its reader holds every member to them."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error):
        fix = "Save it again as .xlsx without a password, or export it as CSV."
        raise unusable(path.name, "the workbook cannot be opened", fix) from None
    packed = max(path.stat().st_size, 1)
    dense = unpacked > ZIP_UNCHECKED_BYTES and unpacked > MAX_ZIP_RATIO * packed
    if dense or unpacked > MAX_UNPACKED_BYTES:
        what = f"the workbook unpacks to {unpacked / 2**20:,.0f} MB, {unpacked // packed:,} times"
        fix = "A sheet this large is exported as CSV, which is read piece by piece."
        raise unusable(path.name, f"{what} its size", fix)


def _is_markup(start: bytes) -> bool:
    begin = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n").lower()
    return begin.startswith((b"<html", b"<!doctype", b"<?xml", b"<table", b"<head", b"<body"))
