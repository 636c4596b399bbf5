"""Names, mails and numbers of people, looked for in everything that the product wrote.

Bytes as they lie on disk, parts of workbooks and other packed files, and every text of every table
of a database, which stores texts packed. Folders that only their owner may enter are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.canaries.search import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Who is who, for the owner of the data alone; rows as HR delivered them, to be given back to HR.
APART = ("private", "quarantine")


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
        yield from ((path, part) for part in parts(path, content))
