"""Publishes whole versions only: a reader sees the old or the new warehouse, never half of one.

A version is an immutable file of its own name; the text file `current` names the one in force. A
file is written under a name ending in `.tmp`, flushed to the disk and renamed.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import durable
from pipelines.durable import FAULT_VARIABLE as FAULT_VARIABLE
from pipelines.durable import fault
from pipelines.engine import SPILLED, Engine
from pipelines.errors import Exit, UserError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.workspace import Workspace

KEPT_VERSIONS = 3
POINTER = "current"
LOCK = "run.lock"
PRIVATE = 0o077  # umask: nothing for group and others
# All that others may read below an output folder: released figures alone.
FOR_READERS = ("report.html", "findings.json", "report.xlsx", "site")
FAULTS = (*durable.FAULTS, "publish-settled", "publish-switched")
# Beside a database DuckDB keeps its log, and while it makes one of two, others.
_HALF_WRITTEN = ("*.tmp", "*.tmp.*", "*.wal", "*.wal.*")
_RUN = re.compile(r"[0-9a-f]{12}")


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the output folder alone; raises :class:`UserError` at once when another run holds it.

    The operating system frees the lock of a process that dies. Whatever is written meanwhile is for
    its owner alone, by the umask of the process, databases and what they spill included; what is
    there for readers is opened at the end, as far as the caller's umask allows.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(folder, handle) from None
        with suppress(OSError):  # who holds it is told for comfort; a full disk may lack room
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()} on {os.uname().nodename}".encode(), 0)
        with _for_the_owner_alone(folder):
            yield
    finally:
        os.close(handle)


@contextmanager
def _for_the_owner_alone(folder: Path) -> Iterator[None]:
    """Files and folders made meanwhile are private; those for readers are opened at the end."""
    umask = os.umask(PRIVATE)
    try:
        yield
    finally:
        os.umask(umask)
        with suppress(OSError):  # closed is safe, and what went wrong before is told
            _open_to_readers(folder, umask)


def _busy(folder: Path, lock: int) -> UserError:
    """Who has been writing since when: what the holder wrote into its lock, and when it did."""
    holder = os.pread(lock, 300, 0).decode(errors="replace")
    since = dt.datetime.fromtimestamp(os.fstat(lock).st_mtime, dt.UTC)
    who = f" ({shown(holder)}, since {since:%Y-%m-%d %H:%M} UTC)" if holder else ""
    fix = "Wait for it to end, or choose another output folder."
    return UserError(f"Another run is writing to {folder}{who}.", fix, Exit.BUSY)


def _open_to_readers(folder: Path, umask: int) -> None:
    """Give what is published the modes of files made with the umask, but never written by others.

    A mode that somebody set by hand stays.
    """
    names = [folder / name for name in FOR_READERS]
    for path in (*names, *(p for name in names for p in sorted(name.rglob("*")))):
        if path.is_symlink() or not path.exists():
            continue
        closed, opened = (0o700, 0o755) if path.is_dir() else (0o600, 0o644)
        if stat.S_IMODE(path.stat().st_mode) == closed:
            path.chmod(opened & ~umask)


def fresh(path: Path) -> Path:
    """The temporary file to write before it becomes ``path``; what an earlier try left is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = durable.temporary_of(path)
    temporary.unlink(missing_ok=True)
    _log_of(temporary).unlink(missing_ok=True)
    return temporary


def settle(temporary: Path, path: Path) -> None:
    """Give a finished database its name: no log beside it, on the disk before it is seen."""
    finish(temporary, path)
    durable.place(temporary, path)


def finish(temporary: Path, path: Path) -> None:
    """Have a database that is to become ``path`` on the disk, with no log beside it."""
    if _log_of(temporary).exists():
        with Engine.open(temporary) as engine:
            engine.checkpoint()
    durable.flush(temporary, path)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file of a private folder, for its owner alone, and put it in place."""
    make_private(path.parent)
    durable.write(path, content, 0o600)


def make_private(folder: Path) -> None:
    """Make a folder that nobody else may read, or make it so."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def path_of(space: Workspace) -> Path:
    """Where the warehouse of this run is published."""
    return space.warehouses / f"warehouse-{space.run}.duckdb"


def upgraded(path: Path, version: int) -> Path:
    """Where the same warehouse lies once it was brought to a later version."""
    return path.with_name(f"{path.name.split('.')[0]}.v{version}.duckdb")


def kept(space: Workspace) -> Path:
    """The warehouse of a run: as the last upgrade left it, or else as the run wrote it."""
    first = path_of(space)
    later = {int(p.name.split(".")[1][1:]): p for p in first.parent.glob(f"{first.stem}.v*.duckdb")}
    return later[max(later)] if later else first


def publish(temporary: Path, space: Workspace, staged: Iterable[Path] = ()) -> Path:
    """Publish a finished warehouse as the version in force; its path."""
    return put_in_force(temporary, path_of(space), staged)


def put_in_force(temporary: Path, path: Path, staged: Iterable[Path] = ()) -> Path:
    """Publish a finished warehouse under a name; that name.

    ``staged`` are finished files of the output folder that belong to it, on the disk under their
    temporary names: they take their places together, when all that needs room has been written. The
    newest versions are kept, so that a reader of the one before can finish.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    settle(temporary, path)
    pointer = path.parent / POINTER
    written = durable.stage(pointer, path.name + "\n")
    fault("publish-settled")
    for file in staged:
        durable.place(file, durable.final_of(file))
    durable.place(written, pointer)
    fault("publish-switched")
    _expire(path.parent, path)
    return path


def resolve(folder: Path) -> Path:
    """The warehouse in force below ``folder``; resolve it before every connection."""
    pointer = folder / POINTER
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        fix = "Run the project once to make one."
        raise UserError(f"There is no published warehouse in {folder}.", fix) from None
    path = folder / name
    if path.parent != folder or not path.is_file():
        fix = "Run the project again to publish one."
        raise UserError(f"{pointer} names a warehouse that is not there.", fix)
    return path


def run_in_force(folder: Path) -> str:
    """The run whose warehouse is in force below ``folder``; UserError where there is none."""
    return resolve(folder).name.split(".")[0].removeprefix("warehouse-")


def in_force(space: Workspace) -> Workspace:
    """The folders of the run in force in the same output folder; UserError where there is none."""
    return replace(space, run=run_in_force(space.warehouses))


def sweep(space: Workspace) -> tuple[Path, ...]:
    """Remove what killed runs left behind; call it under the run lock. What was removed.

    Files begun and not put in place, with what DuckDB keeps beside them; pages of runs of which
    nothing is known; what dead processes have spilled. Nothing that a run of another kind of name
    would have made is touched.
    """
    orphans = sorted({*_half_written(space), *_unknown_pages(space), *_spilled(space)})
    for path in orphans:
        remove(path)
    return tuple(orphans)


def remove(path: Path) -> None:
    """Remove a file or a whole folder; one that is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        with suppress(FileNotFoundError):  # another run removes it at the same time
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _half_written(space: Workspace) -> Iterator[Path]:
    kept = None
    with suppress(UserError):
        kept = _log_of(resolve(space.warehouses))
    runs = [*space.runs.glob("*/"), *space.runs.glob("*/work/"), *space.site.glob("*/")]
    memory = (space.private / "shown", space.private / "shown" / "sets")
    own = (space.warehouses, space.private, *memory, space.quarantine, space.site, *runs)
    for folder in (space.out, *own):
        for pattern in _HALF_WRITTEN:
            yield from (p for p in folder.glob(pattern) if p != kept)


def _unknown_pages(space: Workspace) -> Iterator[Path]:
    """Folders of the site that no index can list: the run's record is gone."""
    for folder in space.site.glob("*/"):
        if _RUN.fullmatch(folder.name) and not (space.runs / folder.name / "record.json").is_file():
            yield folder


def _spilled(space: Workspace) -> Iterator[Path]:
    """What processes that were killed have spilled and nobody removed."""
    if (space.private / "spilled").exists():
        yield space.private / "spilled"
    yield from left_by_dead(Path(tempfile.gettempdir()))


def left_by_dead(place: Path) -> Iterator[Path]:
    """Working folders in a place that are named after processes of ours which have ended."""
    for folder in place.glob(f"{SPILLED}*"):
        owner = None
        with suppress(FileNotFoundError):  # another run has just done with it
            owner = folder.stat().st_uid
        if owner == os.getuid() and not _is_alive(folder):
            yield folder


def _is_alive(folder: Path) -> bool:
    process = folder.name.removeprefix(SPILLED).split("-")[0]
    if not process.isdigit():  # not one of ours
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _expire(folder: Path, current: Path) -> None:
    versions = [path for path in folder.glob("warehouse-*.duckdb") if path != current]
    newest_first = sorted(versions, key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)
    for path in newest_first[KEPT_VERSIONS - 1 :]:
        path.unlink()


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
