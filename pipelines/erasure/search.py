"""Looks for a person in every byte of files: as they lie, unpacked, and as a database reads them.

Deleted rows stay in a database file, compressed texts are not there as bytes, and a workbook is
packed: so each file is searched in all ways that apply to it.
"""

from __future__ import annotations

import base64
import mmap
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.engine import Engine, is_encrypted, quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Kind = Literal["pseudonym", "identifier", "mail", "name"]
WINDOW = 1 << 24
# Of texts up to here, only whole values are looked for: they stand by chance in any figure.
SHORT = 4
# So many tokens are looked for inside the values of a database; of more, whole values alone.
MOST_INSIDE = 50
_DATABASE = b"DUCK"  # at byte 8 of every DuckDB file
_COLUMNS = """
select schema_name, table_name, column_name from duckdb_columns()
where not internal and database_name = current_database() and data_type like '%VARCHAR%'
order by all
"""


@dataclass(frozen=True)
class Token:
    """A text that leads to a person."""

    kind: Kind
    text: str

    @property
    def digits(self) -> bool:
        """Whether it looks like a figure, and may be one where figures stand."""
        return self.text.isdigit()

    @property
    def short(self) -> bool:
        """Whether it is too short to be looked for inside other texts."""
        return self.kind == "identifier" and len(self.text) <= SHORT

    def forms(self) -> Iterator[bytes]:
        """The token in small letters (of ASCII), as it may be written."""
        text = self.text
        for form in dict.fromkeys((text, text.lower(), text.upper(), text.title())):
            yield form.encode().lower()

    def raw(self) -> Iterator[bytes]:
        """A pseudonym as bytes and as base64."""
        if self.kind == "pseudonym":
            made = bytes.fromhex(self.text)
            yield made
            yield base64.b64encode(made)[:22]
            yield base64.urlsafe_b64encode(made)[:22]


@dataclass(frozen=True)
class Hit:
    """A file in which a token of a kind stands; not ``certain`` where it may be a figure."""

    file: Path
    kind: Kind
    certain: bool = True


def search(
    files: Iterable[Path],
    tokens: Sequence[Token],
    figures: Sequence[Path] = (),
    keys: Sequence[str] = (),
) -> list[Hit]:
    """Where the tokens stand, once a file and kind.

    In ``figures``, files that hold no rows of persons, a number of digits alone may be a figure.
    ``keys`` may open an encrypted database. Raises :class:`UserError` for a database that cannot be
    opened: nobody could say what it holds.
    """
    hits: dict[Hit, None] = {}
    for path in files:
        if path.is_file() and not path.is_symlink() and path.stat().st_size:
            for token in _found(path, tokens, keys):
                certain = not (token.digits and path in figures)
                hits[Hit(path, token.kind, certain)] = None
    return list(hits)


def _found(path: Path, tokens: Sequence[Token], keys: Sequence[str]) -> Iterator[Token]:
    with path.open("rb") as stream:
        head = stream.read(12)
    if head[8:12] == _DATABASE:
        yield from _in_database(path, tokens, keys)
    elif head[:4] == b"PAR1":
        yield from _in_parquet(path, tokens)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for member in packed.infolist():
                yield from _in_bytes(packed.read(member), tokens)
    else:
        with path.open("rb") as stream, _mapped(stream.fileno()) as content:
            yield from _in_bytes(content, tokens)


def _mapped(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)


def _in_bytes(content: bytes | mmap.mmap, tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens that stand in a text file as words of their own."""
    for window in _windows(content):
        small = window.lower()
        for token in tokens:
            if any(raw in window for raw in token.raw()) or any(
                _as_word(small, form, token) for form in token.forms()
            ):
                yield token


def _in_database(path: Path, tokens: Sequence[Token], keys: Sequence[str]) -> Iterator[Token]:
    """The tokens that a database holds, in values or in what is left of deleted ones.

    Bytes that a value of somebody else explains (a mail that ends like another one) are no hit;
    the bytes of an encrypted database say nothing.
    """
    explained: set[Token] = set()
    for value, token in _values(path, tokens, keys):
        if _as_word(value.encode().lower(), token.text.encode().lower(), token):
            yield token
        explained.add(token)
    if is_encrypted(path):
        return
    with path.open("rb") as stream, _mapped(stream.fileno()) as content:
        for window in _windows(content):
            small = window.lower()
            for token in tokens:
                figure = token.kind == "identifier" and (token.digits or len(token.text) < 8)
                texts = () if figure or token in explained else token.forms()
                if any(r in window for r in token.raw()) or any(t in small for t in texts):
                    yield token


def _values(
    path: Path, tokens: Sequence[Token], keys: Sequence[str]
) -> Iterator[tuple[str, Token]]:
    """Distinct values in which a token stands, in small letters, with the token."""
    inside = [t for t in tokens if not (t.short or t.digits)][:MOST_INSIDE]
    quoted = [t for t in tokens if t.short or t.digits][:MOST_INSIDE]
    given: dict[str, Any] = {f"i{i}": t.text.lower() for i, t in enumerate(inside)}
    given |= {f"q{i}": f'"{t.text.lower()}"' for i, t in enumerate(quoted)}
    cases = ["value in (select unnest($whole))", *(f"contains(value, ${name})" for name in given)]
    given["whole"] = [t.text.lower() for t in tokens]
    with Engine.open(path, read_only=True, keys=keys) as engine:
        for schema, table, column in engine.rows(_COLUMNS):
            place = ".".join(map(quote_identifier, (schema, table)))
            value = f"lower(cast({quote_identifier(column)} as varchar))"
            found = engine.rows(
                f"select distinct value from (select {value} as value from {place}) "
                f"where {' or '.join(cases)}",
                given,
            )
            yield from ((v, t) for (v,) in found for t in tokens if t.text.lower() in v)


def _windows(content: bytes | mmap.mmap) -> Iterator[bytes]:
    """The content in pieces that overlap by 4 KiB, so that nothing is cut in two unseen."""
    for start in range(0, len(content), WINDOW):
        yield content[max(start - 4096, 0) : start + WINDOW]


def _as_word(text: bytes, form: bytes, token: Token) -> bool:
    """Whether a form stands in a text with no letter or digit beside it.

    What is short must be a whole cell, between marks or alone.
    """
    if token.short:
        marks = ((b">", b"<"), (b'"', b'"'))
        return text == form or any(a + form + b in text for a, b in marks)
    at = text.find(form)
    while at >= 0:
        before, after = text[max(at - 1, 0) : at], text[at + len(form) : at + len(form) + 1]
        figure = token.digits and before == b"."
        if not (before.isalnum() or after.isalnum() or figure):
            return True
        at = text.find(form, at + 1)
    return False


def _in_parquet(path: Path, tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens in the cells of a file that a pull has written; its pages are compressed."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for column in batch.columns:
                texts = pc.unique(column.cast(pa.string())).to_pylist()
                yield from _in_bytes("\n".join(t or "" for t in texts).encode(), tokens)
