"""Reads an archive: nothing leads out of it, every byte is as its index says."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from pipelines import versions
from pipelines.backup.contents import INDEX, Packed, is_inside
from pipelines.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_INDEX = 64 * 2**20  # bytes; the index of a hundred thousand files has a fifth of it
_BLOCK = 2**20


def verify(file: Path, into: Path | None = None) -> dict[str, Any]:
    """The index of an archive whose files are all there and as they were; unpacked if told where.

    Raises :class:`UserError` where it is no backup, of a newer version, cut off or altered, or
    where the name of a file leads out of it. What was written by then is left to the caller.
    """
    with _opened(file) as archive:
        first = archive.next()
        index = _index(archive, first, file)
        expected = {name: Packed(**found) for name, found in index["files"].items()}
        left = set(expected)
        while (member := archive.next()) is not None:
            if member.name not in left or not member.isreg() or not is_inside(member.name):
                raise _altered(file, "a file that is not in its index, or that leads out of it")
            left.remove(member.name)
            content = archive.extractfile(member)
            assert content is not None
            found = _taken(content, into / member.name if into else None, member.mode)
            if found != expected[member.name]:
                raise _altered(file, f"{member.name} is not as it was saved")
        if left:
            raise _altered(file, f"{len(left)} files are missing, {min(left)} among them")
    return index


def _index(archive: tarfile.TarFile, member: tarfile.TarInfo | None, file: Path) -> dict[str, Any]:
    if member is None or member.name != INDEX or not member.isreg() or member.size > _MOST_INDEX:
        raise _foreign(file)
    content = archive.extractfile(member)
    assert content is not None
    try:
        index: dict[str, Any] = json.loads(content.read())
        texts = [index[name] for name in ("run", "project", "key_id", "made_of")]
        whole = all(isinstance(t, str) for t in texts) and isinstance(index["proof"], dict)
        whole = whole and all(is_inside(name) for name in index["files"])
        [Packed(**found) for found in index["files"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise _foreign(file)
    versions.checked("backup", index.get(versions.KEY), file)
    return index


def _taken(content: IO[bytes], path: Path | None, mode: int) -> Packed:
    """Hash and length of a file of the archive, written if there is a place for it."""
    digest, length = hashlib.sha256(), 0
    target = None
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        target = os.fdopen(os.open(path, flags, (mode & 0o755) | 0o600), "wb")
    try:
        while block := content.read(_BLOCK):
            digest.update(block)
            length += len(block)
            if target:
                target.write(block)
        if target:
            target.flush()
            os.fsync(target.fileno())
    finally:
        if target:
            target.close()
    return Packed(digest.hexdigest(), length)


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    if not file.exists():
        raise UserError(f"{file}: there is no such file", "Name a file `mentorlift backup` wrote.")
    if not file.is_file():
        raise _foreign(file)
    try:
        with tarfile.open(file, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _altered(file, f"it is cut off or damaged ({type(error).__name__})") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _foreign(file) from None  # not gzip at all, or damaged within


def _foreign(file: Path) -> UserError:
    return UserError(f"{file}: not a backup of mentorlift, or damaged", "Name another backup.")


def _altered(file: Path, what: str) -> UserError:
    fix = "Nothing was restored. Use another backup, or another copy of this one."
    return UserError(f"{file}: this backup is not whole: {what}", fix)
