"""Runs in a small process of its own: queries as `mentorlift query` sends them, and measures them.

Reads {"db", "statements", "seconds", "memory_mb", "path"} from stdin. Writes a JSON line a
statement: its exit code, its text, its seconds from the child's first word to the table, and
the largest resident memory in MiB of any child so far. A small process, because a child counts the
memory of the process it was forked from as its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from pipelines import adhoc
from pipelines.adhoc import sandbox
from pipelines.errors import UserError

KIBIBYTES = 1024  # in a MiB; Linux counts ru_maxrss in KiB


class Clock:
    """Starts when the child is ready, as the deadline does: the start of an interpreter is not
    the query's.
    """

    def __init__(self) -> None:
        self.ready = 0.0
        self._read = os.read
        self._receive = sandbox._receive
        sandbox._receive = self.receive

    def receive(self, stream: int, seconds: float) -> list[bytes]:
        """The answer, as the sandbox receives it."""
        os.read = self.first
        try:
            return self._receive(stream, seconds)
        finally:
            os.read = self._read

    def first(self, stream: int, length: int) -> bytes:
        """The first read of the child's answer."""
        data = self._read(stream, length)
        self.ready, os.read = time.monotonic(), self._read
        return data


def ask(db: Path, sql: str, clock: Clock, **limits: float) -> dict[str, Any]:
    """The outcome of one query."""
    try:
        result = adhoc.query(db, sql, **limits)
        code, text = 0, adhoc.as_table(result)
    except UserError as error:
        code, text = int(error.exit_code), str(error)
    seconds = time.monotonic() - clock.ready
    text += adhoc.as_json(result) if code == 0 else ""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // KIBIBYTES
    return {"code": code, "text": text, "seconds": seconds, "peak": peak}


def main() -> None:
    """See the head of the file."""
    request: dict[str, Any] = json.load(sys.stdin)
    sandbox.ENVIRONMENT["PYTHONPATH"] = request["path"]
    limits = {"seconds": request["seconds"], "memory_mb": request["memory_mb"]}
    clock = Clock()
    for sql in request["statements"]:
        print(json.dumps(ask(Path(request["db"]), sql, clock, **limits)), flush=True)


if __name__ == "__main__":
    main()
