"""Puts files in place: a reader sees the old or the new one whole, whatever happens meanwhile.

Whatever outlives the process goes this way: written under a name ending in `.tmp`, flushed to the
disk, renamed. At each step a test may have the process killed or the disk refuse (:func:`fault`),
so that no other means is needed to try what a crash or a full disk leaves behind.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
from collections import Counter
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAULT_VARIABLE = "MENTORLIFT_FAULT"
# Before anything is written, when all is written, when it is on the disk, when it has its name.
FAULTS = ("settle-opened", "settle-written", "settle-synced", "settle-placed")
SUFFIX = ".tmp"
OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
_ASKED = re.compile(r"(?P<point>[a-z*-]+)(:(?P<file>[^#=]+))?(#(?P<nth>\d+))?(=(?P<error>E\w+))?")
_met: Counter[str] = Counter()


def fault(point: str, path: Path | None = None) -> None:
    """Die at a named point, or fail there as a disk would, when the environment asks for it.

    ``MENTORLIFT_FAULT`` is POINT[:FILE][#N][=ERRNO]: at the N-th time [first] that this point is
    reached with a file of that name, kill -9, or an OSError such as ENOSPC. Patterns (*) are
    allowed in both names. ``path`` is the file's final place.
    """
    asked = _ASKED.fullmatch(os.environ.get(FAULT_VARIABLE, ""))
    if asked is None or not fnmatch(point, asked["point"]):
        return
    if asked["file"] and not (path and fnmatch(path.name, asked["file"])):
        return
    _met[asked[0]] += 1
    if _met[asked[0]] != int(asked["nth"] or 1):
        return
    if asked["error"]:
        number = int(getattr(errno, asked["error"]))
        raise OSError(number, os.strerror(number), str(path) if path else None)
    os.kill(os.getpid(), signal.SIGKILL)


def temporary_of(path: Path) -> Path:
    """The name under which a file is written before it takes its place."""
    return path.with_name(path.name + SUFFIX)


def final_of(temporary: Path) -> Path:
    """The place that a file with a temporary name is to take; of another name, itself."""
    return temporary.with_name(temporary.name.removesuffix(SUFFIX))


def write(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a whole file and put it in place; ``mode`` as the umask leaves it."""
    place(stage(path, content, mode), path)


def stage(path: Path, content: str | bytes, mode: int = 0o666) -> Path:
    """Write what is to become ``path``, on the disk under its temporary name, which is returned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_of(path)
    temporary.unlink(missing_ok=True)
    fault("settle-opened", path)
    with naming(temporary):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content.encode() if isinstance(content, str) else content)
    flush(temporary, path)
    return temporary


def create(path: Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a whole new file; FileExistsError, and nothing changed, where there is one."""
    temporary = stage(path, content, mode)
    try:
        os.link(temporary, path)  # a rename would replace what somebody else has put there
        fault("settle-placed", path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def forget_twin(path: Path) -> None:
    """Take away the second name of a file whose :func:`create` was killed behind the first."""
    temporary = temporary_of(path)
    if temporary.exists() and temporary.samefile(path):
        temporary.unlink()


def flush(temporary: Path, path: Path) -> None:
    """Have a finished file on the disk, before anything leads to it."""
    fault("settle-written", path)
    with naming(temporary):
        sync(temporary)
    fault("settle-synced", path)


def place(temporary: Path, path: Path) -> None:
    """Give a flushed file its name."""
    temporary.replace(path)
    fault("settle-placed", path)
    with naming(path):
        sync(path.parent)


def copy(source: Path, temporary: Path) -> None:
    """Copy a file's content; an error names what could not be written."""
    fault("settle-opened", final_of(temporary))
    with naming(temporary):
        shutil.copyfile(source, temporary)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of the disk that knows no file names this one."""
    try:
        yield
    except OSError as error:
        if error.errno not in OF_THE_DISK or (error.filename and not error.filename2):
            raise
        raise OSError(error.errno, error.strerror, str(error.filename2 or path)) from None
