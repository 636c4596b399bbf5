"""Reader of plain PostgreSQL dumps: the rows of one table; other statements are passed over."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from pipelines.sources.lines import lines_of, some_lines
from pipelines.sources.table import Reading, SourceTable, batch_of, checked_header, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.sources.table import Batch, Dialect

BLOCK_BYTES = 16 * 1024 * 1024
_COPY = re.compile(rb'COPY ((?:"(?:[^"]|"")*"|[^ "(])+) (?:\((.*)\) )?FROM stdin(;| .*)$', re.I)
_INSERT = re.compile(rb'INSERT INTO ((?:"(?:[^"]|"")*"|[^ "(])+) ', re.I)
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^",. ]+)')
_ENCODING = re.compile(rb"SET client_encoding = '(.*)';$")
_ENCODINGS = {"UTF8": "utf8", "SQL_ASCII": "utf8", "LATIN1": "latin-1", "LATIN9": "iso8859-15"}
_ENCODINGS |= {f"WIN125{n}": f"cp125{n}" for n in range(9)}
_BEGIN, _COMPLETE = b"-- PostgreSQL database dump", b"-- PostgreSQL database dump complete"
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class _Block:
    """Where the rows of one table lie in the file; ``line`` is the first of them, from 1."""

    table: str
    columns: tuple[str, ...]
    start: int
    end: int
    line: int
    plain: bool  # written as pg_dump writes it, without options of COPY


@dataclass(frozen=True)
class _Dump:
    blocks: tuple[_Block, ...]
    inserted: frozenset[str]
    encoding: str


def read_dump(path: Path, dialect: Dialect) -> SourceTable:
    """The table that ``sheet`` names in a plain dump; a dump that was cut off is refused."""
    dump = _scan(path)
    block = _chosen(path.name, dump, dialect.sheet)
    encoding = _ENCODINGS.get(dump.encoding.upper())
    if encoding is None:
        fix = "Make the dump again with: pg_dump --encoding=UTF8."
        raise unusable(path.name, f"the encoding {dump.encoding!r} cannot be read", fix)
    if not (block.plain and block.columns):
        what = f"the rows of {block.table} (row {block.line - 1}) are not as pg_dump writes them"
        raise unusable(path.name, what, "Make a plain dump with: pg_dump --format=plain.")
    header = checked_header(path.name, block.columns, block.line - 1)
    reading = Reading()
    lines = some_lines(path.name, lines_of(_batches(path, block, header, encoding), None, reading))
    return SourceTable(path.name, header, lambda: lines, reading)


def _scan(path: Path) -> _Dump:
    """Every block of rows in the file; raises :class:`UserError` when the file is cut off."""
    blocks: list[_Block] = []
    inserted: set[str] = set()
    encoding, begun, complete = "UTF8", 0, 0
    with path.open("rb") as stream:
        _check_kind(path.name, stream.read(8))
        stream.seek(0)
        offset, line = 0, 0
        lines = iter(stream)
        for raw in lines:
            offset, line = offset + len(raw), line + 1
            text = raw.rstrip(b"\r\n")
            begun += text == _BEGIN
            complete += text == _COMPLETE
            if found := _ENCODING.match(text):
                encoding = found[1].decode("ascii", "replace")
            elif found := _INSERT.match(text):
                inserted.add(_table(found[1]))
            elif found := _COPY.match(text):
                start, first = offset, line + 1
                for raw in lines:
                    offset, line = offset + len(raw), line + 1
                    if raw[:2] == b"\\." and raw.rstrip(b"\r\n") == b"\\.":
                        break
                else:
                    raise _cut_off(path.name, f"the rows of {_table(found[1])} have no end")
                columns = tuple(_names((found[2] or b"").decode("utf8", "replace")))
                end = offset - len(raw)
                plain = found[3] == b";"
                blocks.append(_Block(_table(found[1]), columns, start, end, first, plain))
    if begun > complete:
        raise _cut_off(path.name, "its last line is missing")
    return _Dump(tuple(blocks), frozenset(inserted), encoding)


def _check_kind(file: str, start: bytes) -> None:
    if not start:
        raise unusable(file, "the file is empty", "Deliver the file again.")
    if start.startswith(b"PGDMP") or b"\x00" in start or start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        fix = "Write a plain one: pg_dump --format=plain --encoding=UTF8 --file=NAME.sql."
        raise unusable(file, "this is not a plain dump in an 8-bit encoding", fix)


def _cut_off(file: str, how: str) -> Exception:
    fix = "Make the dump again, let it end, and deliver it whole."
    return unusable(file, f"the dump is cut off: {how}", fix)


def _table(name: bytes) -> str:
    return ".".join(_names(name.decode("utf8", "replace")))


def _names(text: str) -> list[str]:
    """Identifiers, without quotes where they are quoted."""
    found = _NAME.findall(text)
    return [bare or quoted.replace('""', '"') for quoted, bare in found]


def _chosen(file: str, dump: _Dump, wanted: str | None) -> _Block:
    tables = sorted({block.table for block in dump.blocks})
    fits = [b for b in dump.blocks if wanted in {None, b.table, b.table.rpartition(".")[2]}]
    if not fits and any(wanted in {None, t, t.rpartition(".")[2]} for t in dump.inserted):
        what = "the rows are written as INSERT statements"
        fix = "Make the dump without --inserts, --column-inserts and --rows-per-insert."
        raise unusable(file, what, fix)
    shown = ", ".join(tables[:20]) or "(none)"
    if not fits:
        fix = f"Set `sheet:` of this source to one of the tables: {shown}."
        raise unusable(file, f"there are no rows of a table {wanted or ''!r}", fix)
    if len(fits) > 1:
        what = "several tables have rows" if wanted is None else f"{wanted!r} stands several times"
        fix = f"Set `sheet:` of this source to SCHEMA.TABLE, one of: {shown}; once in a file."
        raise unusable(file, what, fix)
    return fits[0]


def _batches(path: Path, block: _Block, header: tuple[str, ...], encoding: str) -> Iterator[Batch]:
    row = block.line
    for chunk in _chunks(path, block):
        count = chunk.count(b"\n")
        part = _parsed(path.name, chunk, header, encoding, row)
        columns = {n: _values(a) for n, a in zip(header, part.columns, strict=True)}
        yield batch_of(columns, row, block.line)
        row += count


def _chunks(path: Path, block: _Block) -> Iterator[bytes]:
    """The block in pieces of whole lines: in a dump, no value holds a line end of its own."""
    left, rest = block.end - block.start, b""
    with path.open("rb") as stream:
        stream.seek(block.start)
        while left:
            piece = stream.read(min(left, BLOCK_BYTES))
            if not piece:
                raise _cut_off(path.name, "it became shorter while it was read")
            left -= len(piece)
            whole, end, rest = (rest + piece).rpartition(b"\n")
            if end:
                yield whole + end


def _parsed(
    file: str, chunk: bytes, header: tuple[str, ...], encoding: str, row: int
) -> pa.RecordBatch:
    ragged: list[tuple[int, int]] = []

    def stop(odd: arrow_csv.InvalidRow) -> str:
        ragged.append((odd.number, odd.actual_columns))
        return "error"

    try:
        text = chunk if encoding == "utf8" else chunk.decode(encoding).encode()
        table = arrow_csv.read_csv(
            io.BytesIO(text),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=len(text) + 1, column_names=list(header)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter="\t", quote_char=False, ignore_empty_lines=False, invalid_row_handler=stop
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except (UnicodeError, pa.ArrowInvalid) as error:
        # Arrow's message quotes the line, which may hold a person's values: it is dropped.
        where = f"the text from row {row} on cannot be read as {encoding}"
        if ragged:
            number, found = ragged[0]
            where = f"row {row + number - 1} has {found} values where {len(header)} are declared"
        elif isinstance(error, pa.ArrowInvalid) and "UTF8" not in str(error):
            where = f"the text from row {row} on cannot be read"
        raise unusable(file, where, "Make the dump again and deliver it unchanged.") from None
    return table.combine_chunks().to_batches()[0]


def _values(array: pa.Array) -> pa.Array:
    r"""A column's values: ``\N`` is nothing, other escapes are what they stand for."""
    odd = pc.match_substring(array, "\\")
    if not pc.any(odd).as_py():
        return array
    escaped = array.filter(odd).to_pylist()
    values = [None if text == r"\N" else _ESCAPE.sub(_sign, text) for text in escaped]
    return pc.replace_with_mask(array, odd, pa.array(values, pa.string()))


def _sign(escape: re.Match[str]) -> str:
    text = escape[1]
    if text[0] == "x" and len(text) > 1:
        return chr(int(text[1:], 16))
    return chr(int(text, 8)) if text[0] in "01234567" else _SIGNS.get(text, text)
