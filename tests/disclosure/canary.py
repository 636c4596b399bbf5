"""Names, mails and numbers of people, looked for in everything that the product wrote.

Bytes as they lie on disk, parts of workbooks and other packed files, and every text of every table
of a database, which stores texts packed. Folders that only their owner may enter are left out.
"""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Who is who, for the owner of the data alone; rows as HR delivered them, to be given back to HR.
APART = ("private", "quarantine")
GZIP = b"\x1f\x8b"


def found(out: Path, needles: Sequence[str], *said: str) -> list[str]:
    """Where a needle is found, in any case of letters; ``said`` is what the commands printed."""
    lowered = [n.lower().encode() for n in needles]
    every = [(path.relative_to(out).as_posix(), part) for path, part in _contents(out)]
    every += [(f"said {i}", text.encode()) for i, text in enumerate(said)]
    return sorted(
        {f"{name}: {n.decode()}" for name, part in every for n in lowered if n in part.lower()}
    )


def _contents(out: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(out.rglob("*")):
        if path.relative_to(out).as_posix() in APART:
            assert path.stat().st_mode & 0o077 == 0, f"{path.name} is open to others"
        if not path.is_file() or path.relative_to(out).parts[0] in APART:
            continue
        content = path.read_bytes()
        yield path, path.name.encode() + b"\n" + content
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                yield from ((path, packed.read(name)) for name in packed.namelist())
        elif content.startswith(GZIP):
            yield path, gzip.decompress(content)
        elif path.suffix == ".duckdb":
            yield from ((path, text) for text in _texts(path))


def _texts(path: Path) -> Iterator[bytes]:
    """Every row of every table as text."""
    with duckdb.connect(str(path), read_only=True) as file:
        sql = "select database_name, schema_name, table_name from duckdb_tables()"
        for names in file.execute(sql).fetchall():
            table = ".".join('"' + n.replace('"', '""') + '"' for n in names)
            rows = file.execute(f"select t::varchar from {table} t").fetchall()
            yield "\n".join(r for (r,) in rows if r).encode()
