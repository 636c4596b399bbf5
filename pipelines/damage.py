"""What DuckDB says of a file that it cannot open or read, in words that help."""

from __future__ import annotations

from pipelines.errors import Exit, UserError

AGAIN = "Restore it with `mentorlift restore`, or run the project again to make it anew."
SOME_DATABASE = "A database that is read"  # where DuckDB does not say which one
# What DuckDB says, what is wrong, and the way out.
_KNOWN = (
    ("Could not set lock", "is in use by another program", "Close that program, then try again."),
    ("not a valid DuckDB database", "is not a DuckDB database", AGAIN),
    ("sqlite", "is a database of SQLite, not of DuckDB", AGAIN),
    ("Corrupt database file", "is damaged: its checksums do not fit", AGAIN),
    ("Could not read enough bytes", "is cut off: bytes at its end are missing", AGAIN),
    ("version number", "was written by another version of DuckDB",
     "Install the DuckDB that wrote it or a later one (constraints.txt has ours)."),
    ("storage version", "was written by a later version of DuckDB",
     "Install that DuckDB or a later one (constraints.txt has ours)."),
)  # fmt: skip


def told(database: str, message: str) -> UserError | None:
    """The error for a person; None where DuckDB says nothing of the file's state."""
    for words, problem, fix in _KNOWN:
        if words.lower() in message.lower():
            busy = words == "Could not set lock"
            return UserError(f"{database} {problem}.", fix, Exit.BUSY if busy else Exit.DATA)
    return None
