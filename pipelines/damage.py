"""What DuckDB says of a file that it cannot open or read, in words that help."""

from __future__ import annotations

import errno
import os
import re

from pipelines.durable import OF_THE_DISK
from pipelines.errors import Exit, UserError

AGAIN = "Restore it with `mentorlift restore`, or run the project again to make it anew."
SOME_DATABASE = "A database that is read"  # where DuckDB does not say which one
# What DuckDB says, what is wrong, and the way out.
_KNOWN = (
    ("Could not set lock", "is in use by another program", "Close that program, then try again."),
    ("not a valid DuckDB database", "is not a DuckDB database", AGAIN),
    ("sqlite", "is a database of SQLite, not of DuckDB", AGAIN),
    ("Corrupt database file", "is damaged: its checksums do not fit", AGAIN),
    ("AES tag", "is damaged: what is encrypted in it does not fit its checksums", AGAIN),
    ("Could not read enough bytes", "is cut off: bytes at its end are missing", AGAIN),
    ("version number", "was written by another version of DuckDB",
     "Install the DuckDB that wrote it or a later one (constraints.txt has ours)."),
    ("storage version", "was written by a later version of DuckDB",
     "Install that DuckDB or a later one (constraints.txt has ours)."),
)  # fmt: skip

# What DuckDB says of a file that the disk does not take: which one, and why.
_NOT_WRITTEN = re.compile(
    r'(?:Could not (?:write|truncate|f?sync|move)|Cannot open) [^"]*"([^"]+)"(?:: ([^"\n]+))?'
)
_DAMAGED = re.compile(
    r'Corrupt database file|Computed AES tag|Could not read enough bytes from file "([^"]+)"'
)
_NUMBERS = {os.strerror(number): number for number in OF_THE_DISK | {errno.EACCES, errno.EPERM}}


def told(database: str, message: str) -> UserError | None:
    """The error for a person; None where DuckDB says nothing of the file's state."""
    for words, problem, fix in _KNOWN:
        if words.lower() in message.lower():
            busy = words == "Could not set lock"
            return UserError(f"{database} {problem}.", fix, Exit.BUSY if busy else Exit.DATA)
    return None


def outside(message: str) -> OSError | UserError | None:
    """What the disk or a damaged file did; None where the statement itself is at fault.

    A full disk is a fault of a file, of a commit or of a checkpoint, as it comes.
    """
    if found := _NOT_WRITTEN.search(message):
        why = (found[2] or os.strerror(errno.EIO)).strip()
        if why in _NUMBERS:
            return OSError(_NUMBERS[why], why, found[1])
    if found := _DAMAGED.search(message):
        return told(found[1] or SOME_DATABASE, found[0])
    return None
