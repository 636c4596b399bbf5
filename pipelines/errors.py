"""Errors a person can act on, and the exit code each kind leaves with."""

from __future__ import annotations

import errno
import os
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line; documented in the README."""

    OK = 0
    UNEXPECTED = 1  # a defect of ours: the traceback is in the log
    USAGE = 2  # the command line itself is wrong
    PROJECT = 3  # the project file or a study cannot be used as written
    DATA = 4  # a delivered file, or one of the output folder, cannot be used as it is
    BUSY = 5  # another run holds the output folder
    REFUSED = 6  # a query was refused
    LIMIT = 7  # a query reached its limit of time, memory or output
    SERVER = 8  # a server (the scheduler, a database) cannot be reached or refuses
    SYSTEM = 10  # the machine refused: disk full, read-only, no permission, too little memory
    PARTIAL = 11  # the run is complete, but for files that were refused
    BROWSER = 12  # export: Chromium is missing or did not do it
    REMAINS = 13  # erased persons still stand somewhere
    NO_NUMBER = 9  # the run is complete, but at least one study has no number to show


class UserError(Exception):
    """What went wrong in one line, and how to mend it in another.

    Both name files, rows, columns and rules, never a person's values.
    """

    def __init__(self, problem: str, fix: str, exit_code: Exit = Exit.DATA) -> None:
        super().__init__(f"{problem}\n{fix}")
        self.problem = problem
        self.fix = fix
        self.exit_code = exit_code


def shown(name: str) -> str:
    """A name as it may stand in a message: on one line, without control characters.

    Two names never look the same, so a backslash is doubled.
    """
    kept = (
        c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode() for c in name
    )
    return "".join(kept)


_RUN_AGAIN = "then run again: it goes on where it stopped"
_NO_ROOM = f"Make room on the disk that holds it, {_RUN_AGAIN}."
_NOT_ALLOWED = f"Let the user who runs mentorlift read and write there, {_RUN_AGAIN}."
_FIXES = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: f"Raise the limit on the size of a file (ulimit -f), {_RUN_AGAIN}.",
    errno.EIO: f"Have the disk that holds it checked, or choose another folder, {_RUN_AGAIN}.",
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: _NOT_ALLOWED,
}


def of_the_machine(error: OSError) -> UserError:
    """What the disk refused: which file, why, and what to do."""
    file = error.filename2 or error.filename or "the disk"
    why = error.strerror or type(error).__name__
    usual = f"Check that the folder exists, can be written and has room, {_RUN_AGAIN}."
    fix = _FIXES.get(error.errno or 0, usual)
    return UserError(f"{shown(str(file))}: {why}", fix, Exit.SYSTEM)


_TOO_LITTLE = (
    "bad_alloc", "malloc", "can't start new thread", os.strerror(errno.ENOMEM),
    os.strerror(errno.EAGAIN),
)  # fmt: skip


def of_memory(error: BaseException) -> UserError | None:
    """What to say where an error of whatever library comes from too little memory."""
    if not isinstance(error, MemoryError) and not any(t in str(error) for t in _TOO_LITTLE):
        return None
    fix = f"Close other programs, or use a larger machine, {_RUN_AGAIN}."
    return UserError("not enough memory", fix, Exit.SYSTEM)


class ServerAway(UserError):
    """A server that did not answer or hung up: trying again may help."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem, fix, Exit.SERVER)


class Arrived(UserError):
    """Files came, went or changed while a run was under way: it is called after those it read."""

    @classmethod
    def named(cls, file: str) -> Arrived:
        """The error of a file, by its name below the data folder."""
        fix = "Run again: it reads what is there then."
        return cls(f"{file} arrived or changed after the run had begun", fix)
