"""Starts the process that runs a query, holds its deadline, and reads its answer.

No SQL runs here and DuckDB is not even imported: what comes back is JSON that is measured and
checked before anyone sees it. Linux only: the limits of the child need its rlimits and /proc.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import Exit, UserError

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-P", "-s", "-m", "pipelines.adhoc.child")
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "LC_ALL": "C.UTF-8",
    # Every arena of malloc maps 64 MiB, which would count against the query's memory.
    "MALLOC_ARENA_MAX": "1",
}
START_SECONDS = 30.0  # for the child's interpreter and imports, on a busy machine
MAX_BYTES = 17 * 2**20  # the child stops at 16 MiB by itself
NO_START = "The sandbox for the query did not start."

Value = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows of plain values; dates, lists and the like are DuckDB's text for them."""

    columns: tuple[str, ...]
    types: tuple[str, ...]  # DuckDB's names
    rows: tuple[tuple[Value, ...], ...]
    truncated: bool  # there are more rows than were asked for


def query(
    db: Path, sql: str, *, seconds: float = 30, memory_mb: int = 1024, max_rows: int = 10_000
) -> QueryResult:
    """The rows of one SELECT over marts.* and results.* of the analysts' file.

    ``memory_mb`` holds the query and the copy of the tables it names. Raises
    :class:`UserError` with Exit.REFUSED for what is not run, Exit.LIMIT for what was stopped.
    """
    if not db.is_file():
        raise UserError(
            f"There is no analysts' file at {db}.", "Run the project once to publish it.", Exit.DATA
        )
    request = {
        "db": str(db.resolve()),
        "sql": sql,
        "seconds": seconds,
        "memory_mb": memory_mb,
        "max_rows": max_rows,
    }
    lines, status = _converse(json.dumps(request).encode(), seconds)
    return _read(lines, status, max_rows)


def tables(db: Path) -> list[tuple[str, str]]:
    """Every table a query may name, as ``marts.employees``, and its description."""
    return [(str(name), str(text)) for name, text in query(db, "show tables").rows]


def describe(db: Path, table: str) -> list[tuple[str, str, str]]:
    """Column, type and description of every column of ``marts.<table>`` or ``results.<table>``."""
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
    found = query(db, f"describe {quoted}").rows
    return [(str(column), str(kind), str(text)) for column, kind, text in found]


def _converse(request: bytes, seconds: float) -> tuple[list[bytes], int]:
    """The lines the child wrote and its exit status; raises at the deadline."""
    child = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=ENVIRONMENT,
        close_fds=True,
        start_new_session=True,
    )
    assert child.stdin and child.stdout
    with child.stdin, child.stdout:
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(request)
                child.stdin.close()
            lines = _receive(child.stdout.fileno(), seconds)
        finally:
            # Nothing of the group may stay; its number is taken until the child is waited for.
            os.killpg(child.pid, signal.SIGKILL)
            status = child.wait()
    return lines, status


def _receive(stream: int, seconds: float) -> list[bytes]:
    """Every line the child writes; its time begins with the first, which says it is ready."""
    data = bytearray()
    deadline = time.monotonic() + START_SECONDS
    ready = False
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise _limit(f"The query ran longer than {seconds:g} s." if ready else NO_START)
            chunk = os.read(stream, 2**16)
            if not chunk:
                return bytes(data).split(b"\n")[1:-1]
            if not ready:
                ready, deadline = True, time.monotonic() + seconds
            data += chunk
            if len(data) > MAX_BYTES:
                raise _limit(f"The answer is larger than {MAX_BYTES // 2**20} MiB.")


def _read(lines: list[bytes], status: int, max_rows: int) -> QueryResult:
    """The answer, if it has the shape the child owes; it may have been made to lie."""
    try:
        messages = [json.loads(line) for line in lines]
        last: dict[str, Any] = messages[-1] if messages else {}
        if "failed" in last:
            problem, fix, code = last["failed"]
            raise UserError(_plain(problem), _plain(fix), Exit(code))
        head, *rows = messages[:-1]
        columns, types = (tuple(map(_plain, head[key])) for key in ("columns", "types"))
        truncated = last["truncated"] is True
        whole = len(rows) <= max_rows and all(len(row) == len(columns) for row in rows)
        if not whole or not all(isinstance(v, Value) for row in rows for v in row):
            raise ValueError
        return QueryResult(columns, types, tuple(map(tuple, rows)), truncated)
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise _broken(status) from None


def _broken(status: int) -> UserError:
    if status == 1:  # how Python ends on an error nobody caught
        problem = "The process of the query failed by itself."
        return UserError(problem, "This is a defect: please report the query.", Exit.UNEXPECTED)
    if -status in (signal.SIGXCPU, signal.SIGALRM):
        return _limit("The query used up its processor time.")
    return _limit("The query was stopped: it needs too much memory or is nested too deeply.")


def _limit(problem: str) -> UserError:
    fix = "Ask for less: filter or aggregate earlier, join on a key, or name fewer columns."
    return UserError(problem, fix, Exit.LIMIT)


def _plain(text: str) -> str:
    """The text on one line and without what steers a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
