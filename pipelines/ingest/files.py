"""Which files a project's sources deliver, what is in them, and when they were delivered."""

from __future__ import annotations

import datetime as dt
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import Exit, UserError, shown
from pipelines.sources import READERS
from pipelines.workspace import file_hash

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.delivery import Contents, Source


CORRECTIONS = "corrections"
_CORRECTION = r"-(\d{4}-\d{2}-\d{2})([-_ ].*)?\.xlsx"


@dataclass(frozen=True)
class DeliveredFile:
    """One file of one source; ``stamp`` tells whether it has changed.

    ``name`` is the file's name below the data folder, as it may stand in messages. A correction
    is a quarantine workbook that came back; it is a delta whatever the source is.
    """

    source: Source
    path: Path
    name: str
    sha256: str
    delivered_on: dt.date
    stamp: tuple[int, ...]
    correction: bool = False

    @property
    def contents(self) -> Contents:
        """What the file holds: full, delta or rolling."""
        return "delta" if self.correction else self.source.contents


@dataclass(frozen=True)
class SkippedFile:
    """A file whose content another file of the same source has already delivered."""

    file: DeliveredFile
    same_as: str


@dataclass(frozen=True)
class RefusedFile:
    """A file that cannot be used, and why; the source says that the others land all the same."""

    source: str
    file: str
    sha256: str
    delivered_on: dt.date | None
    contents: Contents
    reason: str
    fix: str


@dataclass(frozen=True)
class Inbox:
    """What the data folder holds: files in the order they land, copies, and refused files."""

    files: tuple[DeliveredFile, ...]
    skipped: tuple[SkippedFile, ...]
    refused: tuple[RefusedFile, ...]


def input_hashes(settings: Settings, data: Path, known_at: dt.date | None = None) -> dict[str, str]:
    """SHA-256 of every file the sources name, by its name below the data folder.

    Files delivered after ``known_at`` do not count; a name without a date does.
    """
    found = {
        _name(path, data): path
        for path, date in _dated(settings, data)
        if known_at is None or (date or known_at) <= known_at
    }
    return {name: _hash(found[name]) for name in sorted(found)}


def dated_files(settings: Settings, data: Path) -> list[tuple[dt.date, str]]:
    """Date and name of every file and correction that declares a date, oldest first."""
    return sorted({(date, _name(path, data)) for path, date in _dated(settings, data) if date})


def _dated(settings: Settings, data: Path) -> list[tuple[Path, dt.date | None]]:
    found = [(source, path) for source in settings.sources for path in present(source, data)]
    return [(path, _date_or_none(source, path, data)) for source, path in found]


def deliveries(
    settings: Settings, data: Path, known_at: dt.date | None = None, *, only: Source | None = None
) -> Inbox:
    """Files in the order they land: by delivery date, then source, then name; ``only`` of one.

    That order lets people keep their number when later files arrive, and makes what was known at a
    date depend on what had been delivered by then alone: files after ``known_at`` are not read. Of
    equal files the first delivered lands; a full file that is delivered again on a later date says
    that nothing has changed, and is no copy.
    """
    _check_corrections(settings, data)
    refused: list[RefusedFile] = []
    found: list[tuple[dt.date, int, str, DeliveredFile]] = []
    sources = [source for source in settings.sources if only is None or source is only]
    for position, source in enumerate(sources):
        for path in present(source, data):
            try:
                date = delivery_date(source, path, data)
                if known_at is None or date <= known_at:
                    file = _delivered(source, path, data, date)
                    found.append((date, position, file.name, file))
            except UserError as error:
                if source.on_refused == "stop":
                    raise
                refused.append(_refused(source, path, data, error))
    files: list[DeliveredFile] = []
    skipped: list[SkippedFile] = []
    first_with: dict[tuple[object, ...], str] = {}
    for date, position, name, file in sorted(found, key=lambda item: item[:3]):
        same: tuple[object, ...] = (position, file.sha256)
        same += (date,) if file.contents == "full" else ()
        if same in first_with:
            skipped.append(SkippedFile(file, first_with[same]))
        else:
            first_with[same] = name
            files.append(file)
    for source in settings.sources:
        own = [file for file in files if file.source is source and not file.correction]
        _check_row_identifiers(source, len(own))
    return Inbox(tuple(files), tuple(skipped), tuple(refused))


def present(source: Source, data: Path) -> list[Path]:
    """The source's files, then the corrections of its rows; raises as :func:`find` does."""
    return [*find(source, data), *corrections(source, data)]


def find(source: Source, data: Path) -> list[Path]:
    """The source's files by name; raises :class:`UserError` when there is none.

    Hidden files, the lock files of spreadsheets and corrections are not deliveries of a source.
    What is delivered must be a file of its own: a pipe would block, and a link could lead to data
    nobody delivered.
    """
    paths = [p for p in data.glob(source.file) if p.name[:1] not in {".", "~"}]
    paths = [p for p in paths if p.parent != data / CORRECTIONS and _is_delivery(p, data)]
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


def corrections(source: Source, data: Path) -> list[Path]:
    """Quarantine workbooks that came back: corrections/SOURCE-YYYY-MM-DD.xlsx, by name."""
    pattern = re.compile(re.escape(source.name) + _CORRECTION)
    return sorted(p for p in _in_corrections(data) if pattern.fullmatch(p.name))


def delivery_date(source: Source, path: Path, data: Path) -> dt.date:
    """The date the delivery declares: of the source, or in the file's name."""
    if path.parent == data / CORRECTIONS:
        pattern = re.escape(source.name) + _CORRECTION
    elif isinstance(source.delivered_on, dt.date):
        return source.delivered_on
    else:
        pattern = source.delivered_on.from_name
    match = re.search(pattern, path.name)
    try:
        return dt.date.fromisoformat(match.group(1)) if match else _no_date(path, source)
    except (ValueError, IndexError):
        return _no_date(path, source)


def refusal(file: DeliveredFile, error: UserError) -> RefusedFile:
    """The refusal of a file whose rows were read."""
    return RefusedFile(
        file.source.name,
        file.name,
        file.sha256,
        file.delivered_on,
        file.contents,
        error.problem,
        error.fix,
    )


def stamp_of(path: Path) -> tuple[int, ...]:
    """What differs once a file has been written to or replaced, to notice that it changes."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def check_unchanged(file: DeliveredFile) -> None:
    """Raise :class:`UserError` when the file is no longer the one that was hashed."""
    if not file.path.is_file() or stamp_of(file.path) != file.stamp:
        fix = "Wait until it has been delivered completely, then run again."
        raise UserError(f"{file.name} changed while it was being read.", fix)


def _delivered(source: Source, path: Path, data: Path, date: dt.date) -> DeliveredFile:
    stamp = stamp_of(path)
    correction = path.parent == data / CORRECTIONS
    return DeliveredFile(source, path, _name(path, data), _hash(path), date, stamp, correction)


def _refused(source: Source, path: Path, data: Path, error: UserError) -> RefusedFile:
    date = _date_or_none(source, path, data)
    name = _name(path, data)
    return RefusedFile(source.name, name, "", date, source.contents, error.problem, error.fix)


def _date_or_none(source: Source, path: Path, data: Path) -> dt.date | None:
    try:
        return delivery_date(source, path, data)
    except UserError:
        return None


def _in_corrections(data: Path) -> list[Path]:
    paths = (data / CORRECTIONS).glob("*")
    return [p for p in paths if p.is_file() and p.name[:1] not in {".", "~"}]


def _check_corrections(settings: Settings, data: Path) -> None:
    known = {path for source in settings.sources for path in corrections(source, data)}
    odd = sorted(path.name for path in _in_corrections(data) if path not in known)
    if odd:
        fix = "Name it SOURCE-YYYY-MM-DD.xlsx, after the source and the day it was corrected."
        raise UserError(f"{CORRECTIONS}/{odd[0]}: its name says no source and date.", fix)


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
        return file_hash(path)
    except OSError:
        raise _unreadable(shown(path.name)) from None


def _unreadable(name: str) -> UserError:
    fix = "Check the permissions of the file and the disk it is on."
    return UserError(f"{name}: the file cannot be read.", fix)
