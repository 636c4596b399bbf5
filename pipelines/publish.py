"""Publishes whole versions only: a reader sees the old or the new warehouse, never half of one.

A version is an immutable file of its own name; the text file `current` names the one in force. A
file is written under a name ending in `.tmp`, flushed to the disk and renamed.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.workspace import Workspace

KEPT_VERSIONS = 3
POINTER = "current"
FAULT_VARIABLE = "MENTORLIFT_FAULT"
FAULTS = ("settle-written", "settle-synced", "publish-settled", "publish-switched")


def fault(name: str) -> None:
    """Kill the process at a named point, when the environment asks for it (tests of recovery)."""
    if os.environ.get(FAULT_VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the output folder alone; raises :class:`UserError` at once when another run holds it.

    The operating system frees the lock of a process that dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "run.lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        fix = "Wait for it to end, or choose another output folder."
        raise UserError(f"Another run is writing to {folder}.", fix, Exit.BUSY) from None
    try:
        yield
    finally:
        lock.release()


def fresh(path: Path) -> Path:
    """The temporary file to write before it becomes ``path``; what an earlier try left is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    _log_of(temporary).unlink(missing_ok=True)
    return temporary


def settle(temporary: Path, path: Path) -> None:
    """Give a finished database its name: no log beside it, on the disk before it is seen."""
    fault("settle-written")
    if _log_of(temporary).exists():
        with Engine.open(temporary) as engine:
            engine.checkpoint()
    _sync(temporary)
    fault("settle-synced")
    temporary.replace(path)
    _sync(path.parent)


def write_private(path: Path, content: str) -> None:
    """Write a text file of a private folder, for its owner alone, and put it in place."""
    make_private(path.parent)
    temporary = fresh(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as handle:
        handle.write(content)
    settle(temporary, path)


def make_private(folder: Path) -> None:
    """Make a folder that nobody else may read, or make it so."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def path_of(space: Workspace) -> Path:
    """Where the warehouse of this run is published."""
    return space.warehouses / f"warehouse-{space.run}.duckdb"


def publish(temporary: Path, space: Workspace) -> Path:
    """Publish a finished warehouse as the version in force; its path.

    The newest versions are kept, so that a reader of the one before can finish.
    """
    path = path_of(space)
    path.parent.mkdir(parents=True, exist_ok=True)
    settle(temporary, path)
    fault("publish-settled")
    pointer = space.warehouses / POINTER
    written = fresh(pointer)
    written.write_text(path.name + "\n", encoding="utf-8")
    settle(written, pointer)
    fault("publish-switched")
    _expire(space.warehouses, path)
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
    return resolve(folder).stem.removeprefix("warehouse-")


def sweep(space: Workspace) -> tuple[Path, ...]:
    """Remove what killed runs left behind; call it under the run lock. What was removed."""
    with suppress(UserError):
        keep = resolve(space.warehouses)
        return _remove_orphans(space, keep)
    return _remove_orphans(space, None)


def _remove_orphans(space: Workspace, current: Path | None) -> tuple[Path, ...]:
    folders = (space.out, space.warehouses, space.private, space.site)
    files = [path for folder in folders for path in folder.glob("*")]
    files += [*space.site.glob("*/*"), *space.work_of_all]
    orphans = sorted(
        path
        for path in files
        if path.suffix in {".tmp", ".wal"}
        and path.is_file()
        and (current is None or path != _log_of(current))
    )
    for path in orphans:
        path.unlink()
    return tuple(orphans)


def _expire(folder: Path, current: Path) -> None:
    versions = [path for path in folder.glob("warehouse-*.duckdb") if path != current]
    newest_first = sorted(versions, key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)
    for path in newest_first[KEPT_VERSIONS - 1 :]:
        path.unlink()


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
