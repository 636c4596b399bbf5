"""Which files a project's sources deliver, what is in them, and when they were delivered."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import Exit, UserError, shown
from pipelines.sources import READERS

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.delivery import Source


@dataclass(frozen=True)
class DeliveredFile:
    """One file of one source; ``stamp`` tells whether it has changed.

    ``name`` is the file's name below the data folder, as it may stand in messages.
    """

    source: Source
    path: Path
    name: str
    sha256: str
    delivered_on: dt.date
    stamp: tuple[int, ...]


@dataclass(frozen=True)
class SkippedFile:
    """A file whose content another file of the same source has already delivered."""

    source: str
    file: str
    same_as: str


def input_hashes(settings: Settings, data: Path) -> dict[str, str]:
    """SHA-256 of every file the sources name, by its name below the data folder."""
    found = {_name(path, data): path for source in settings.sources for path in find(source, data)}
    return {name: _hash(found[name]) for name in sorted(found)}


def deliveries(settings: Settings, data: Path) -> tuple[list[DeliveredFile], list[SkippedFile]]:
    """Files in the order they land: by delivery date, then source, then name.

    That order lets people keep their number when later files arrive.
    """
    files: list[tuple[dt.date, int, DeliveredFile]] = []
    skipped: list[SkippedFile] = []
    for position, source in enumerate(settings.sources):
        first_with: dict[str, str] = {}
        for path in find(source, data):
            name = _name(path, data)
            stamp = stamp_of(path)
            sha256 = _hash(path)
            if sha256 in first_with:
                skipped.append(SkippedFile(source.name, name, first_with[sha256]))
                continue
            first_with[sha256] = name
            date = delivery_date(source, path)
            file = DeliveredFile(source, path, name, sha256, date, stamp)
            files.append((date, position, file))
        _check_row_identifiers(source, len(first_with))
    ordered = sorted(files, key=lambda item: (item[0], item[1], item[2].name))
    return [file for _, _, file in ordered], skipped


def find(source: Source, data: Path) -> list[Path]:
    """The source's files by name; raises :class:`UserError` when there is none.

    Hidden files and the lock files of spreadsheets are not deliveries. What is delivered must be a
    file of its own: a pipe would block, and a link could lead to data nobody delivered.
    """
    paths = [p for p in data.glob(source.file) if p.name[:1] not in {".", "~"}]
    paths = [p for p in paths if _is_delivery(p, data)]
    if not paths:
        fix = f"Put the file there, or correct `file:` of the source {source.name}."
        wanted = source.file.casefold()
        other = sorted(p.name for p in data.iterdir() if p.name.casefold() == wanted)
        if other:
            fix = f"There is '{shown(other[0])}': write the name in the same upper and lower case."
        raise UserError(f"No file matches {source.file!r} in {data}.", fix)
    return sorted(paths, key=lambda path: _name(path, data))


def _is_delivery(path: Path, data: Path) -> bool:
    """Whether this is a file; raises :class:`UserError` for what only looks like one."""
    name = _name(path, data)
    fix = "Put the file itself into the data folder."
    try:
        inside = path.resolve().is_relative_to(data.resolve())
        mode = path.stat().st_mode if inside else 0
    except (FileNotFoundError, RuntimeError):  # a link to itself
        raise UserError(f"{name}: it is a link that leads nowhere.", fix) from None
    except OSError:
        raise _unreadable(name) from None
    if not inside:
        raise UserError(f"{name}: it is a link that leads out of the data folder.", fix)
    if stat.S_ISDIR(mode):
        if not path.name.lower().endswith(tuple(READERS)):
            return False
        fix = f"Name the files in it: {path.name}/*, or take the folder away."
        raise UserError(f"{name}: it is a folder, not a file.", shown(fix))
    if not stat.S_ISREG(mode):
        fix = "Take it out of the data folder, or narrow `file:` of the source."
        raise UserError(f"{name}: it is a pipe, socket or device, not a file.", fix)
    return True


def delivery_date(source: Source, path: Path) -> dt.date:
    """The date the delivery declares: of the source, or in the file's name."""
    declared = source.delivered_on
    if isinstance(declared, dt.date):
        return declared
    match = re.search(declared.from_name, path.name)
    try:
        return dt.date.fromisoformat(match.group(1)) if match else _no_date(path, source)
    except (ValueError, IndexError):
        return _no_date(path, source)


def stamp_of(path: Path) -> tuple[int, ...]:
    """What differs once a file has been written to or replaced, to notice that it changes."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def check_unchanged(file: DeliveredFile) -> None:
    """Raise :class:`UserError` when the file is no longer the one that was hashed."""
    if not file.path.is_file() or stamp_of(file.path) != file.stamp:
        fix = "Wait until it has been delivered completely, then run again."
        raise UserError(f"{file.name} changed while it was being read.", fix)


def _no_date(path: Path, source: Source) -> dt.date:
    fix = f"Rename the file, or correct delivered_on of the source {source.name}."
    raise UserError(f"{shown(path.name)}: its name holds no date such as 2025-01-31.", fix)


def _check_row_identifiers(source: Source, files: int) -> None:
    by_row = any(
        "@row" in ((given,) if isinstance(given, str) else given)
        for load in source.loads
        for given in load.columns.values()
    )
    if by_row and files > 1:
        problem = f"Source {source.name}: rows stand for people, but {files} files match."
        fix = "Name one file, or an identifier column that means the same person in every file."
        raise UserError(problem, fix, Exit.PROJECT)


def _name(path: Path, data: Path) -> str:
    return shown(path.relative_to(data).as_posix())


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        raise _unreadable(shown(path.name)) from None


def _unreadable(name: str) -> UserError:
    fix = "Check the permissions of the file and the disk it is on."
    return UserError(f"{name}: the file cannot be read.", fix)
