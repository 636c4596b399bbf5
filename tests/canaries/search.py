"""Looks for canaries in every byte of files and folders, by a way of its own.

Texts as UTF-8 and UTF-16, in any case; as hexadecimal digits and base64 at each of its three
offsets; unkeyed digests; members of archives, pages of Parquet files, values of databases.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import sqlite3
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq

from tests.canaries.company import NUMBER, STEM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tests.canaries.company import Person

KINDS = b"gfmea"  # what follows the stem: given name, family name, mail, employee, account
CASES = (str.lower, str.upper, str.title)
HASHES = (hashlib.md5, hashlib.sha1, hashlib.sha256)
DIGEST = re.compile(rb"[0-9a-f]{32,}")


def _offsets(text: bytes) -> Iterator[bytes]:
    """What base64 makes of a text, whatever number of bytes stands before it."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + text)
        begin = (before * 8 + 5) // 6  # digits that hold bits of what stands before
        yield whole[begin : (before + len(text)) * 8 // 6]


def _wide(text: str) -> list[bytes]:
    return [re.escape(text.encode(form)) for form in ("utf-16-le", "utf-16-be")]


def _hex(text: str) -> list[bytes]:
    return sorted({case(text).encode().hex().encode() for case in CASES})


@dataclass(frozen=True)
class Search:
    """What to look for: patterns in content made small and as it is, and unkeyed digests."""

    small: re.Pattern[bytes]
    as_is: re.Pattern[bytes]
    digests: frozenset[bytes]

    @classmethod
    def of(cls, everybody: Sequence[Person]) -> Search:
        """A search for anybody's canaries, by what they begin with."""
        letters = [STEM.encode() + b"[" + KINDS + b"]", NUMBER.encode() + rb"\d{6}"]
        return cls._made(letters, [STEM, NUMBER], everybody)

    @classmethod
    def for_one(cls, person: Person) -> Search:
        """A search for one person's canaries."""
        texts = [person.code, person.number]
        return cls._made([text.encode() for text in texts], texts, [person])

    @classmethod
    def _made(cls, letters: list[bytes], texts: list[str], everybody: Sequence[Person]) -> Search:
        small = [*letters, *(form for t in texts for form in (*_wide(t), *_hex(t)))]
        coded = sorted({o for t in texts for c in CASES for o in _offsets(c(t).encode())})
        canaries = {c for p in everybody for c in p.canaries}
        forms = sorted({f(t).encode() for t in canaries for f in (str, str.lower, str.upper)})
        made = (h(form).hexdigest().encode() for form in forms for h in HASHES)
        patterns = (re.compile(b"|".join(found)) for found in (small, map(re.escape, coded)))
        return cls(*patterns, frozenset(made))

    def in_bytes(self, content: bytes) -> set[str]:
        """What is found in bytes, for the message of a test."""
        small = content.lower()
        found = {m.group().decode("latin-1") for m in self.small.finditer(small)}
        found |= {f"base64 {m.group().decode()}" for m in self.as_is.finditer(content)}
        runs = (run.group() for run in DIGEST.finditer(small))
        if any(run[:n] in self.digests for run in runs for n in (32, 40, 64)):
            found.add("a digest")
        return found

    def in_file(self, path: Path) -> set[str]:
        """What is found in a file, as it lies, unpacked, and as its values are read."""
        content = path.read_bytes()
        found = self.in_bytes(content) | self.in_bytes(path.name.encode())
        for part in parts(path, content):
            found |= self.in_bytes(part)
        return found

    def below(self, folder: Path, but: Sequence[Path] = ()) -> dict[str, set[str]]:
        """Files below a folder in which something is found, except those named or below them."""
        files = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink()]
        asked = [p for p in files if not any(b == p or b in p.parents for b in but)]
        found = {p.relative_to(folder).as_posix(): self.in_file(p) for p in asked}
        return {name: what for name, what in found.items() if what}


def parts(path: Path, content: bytes) -> Iterator[bytes]:
    """The content of a file in other forms than its bytes."""
    if content[8:12] == b"DUCK":
        yield from _in_duckdb(path)
    elif content[:4] == b"PAR1":
        yield _rows(pq.read_table(io.BytesIO(content)).to_pylist())
    elif content[:15] == b"SQLite format 3":
        with sqlite3.connect(path) as held:
            names = held.execute("select name from sqlite_master where type = 'table'").fetchall()
            for (name,) in names:
                yield _rows(held.execute(f'select * from "{name}"').fetchall())
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for member in packed.namelist():
                yield member.encode()
                yield packed.read(member)


def _in_duckdb(path: Path) -> Iterator[bytes]:
    columns = "select schema_name, table_name, column_name from duckdb_columns() where not internal"
    with duckdb.connect(str(path), read_only=True) as held:
        for schema, table, column in held.execute(columns).fetchall():
            value = f'cast("{column}" as varchar)'
            sql = f'select distinct {value} from "{schema}"."{table}"'
            yield "\n".join(v for (v,) in held.execute(sql).fetchall() if v).encode()
        yield _rows(held.execute("select comment from duckdb_tables()").fetchall())


def _rows(rows: Iterable[object]) -> bytes:
    return "\n".join(map(str, rows)).encode()
