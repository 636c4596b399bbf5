"""Runs in a process of its own: the gate alone, then the sandbox without its gate.

Reads {"db", "root", "statements", "locked"} from stdin. Writes a JSON line a statement: what the
gate said, what the locked sandbox answered all the same, and which files were touched by either.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.adhoc import child, gate
from pipelines.errors import Exit, UserError
from tests.attacks.canaries import Watch

if TYPE_CHECKING:
    from collections.abc import Collection

# Time is bounded for the sake of a test that hangs; every statement here ends in milliseconds.
SECONDS, MEMORY_MB, MAX_ROWS = 300.0, 1024, 100


def judged(parser: duckdb.DuckDBPyConnection, sql: str, tables: Collection[str]) -> str:
    """What the gate takes the statement for, or that it is refused."""
    try:
        return gate.judge(parser, sql, tables).kind
    except UserError as error:
        return "refused" if error.exit_code is Exit.REFUSED else f"wrong code {error.exit_code}"


def answered(connection: duckdb.DuckDBPyConnection, sql: str, guarded: bool) -> str:
    """What comes back, error or rows; as the child asks it, and as it stands."""
    told = []
    with suppress(Exception):
        connection.execute("rollback")
    try:
        if guarded:
            told.append(repr(list(child.run(connection, sql, MAX_ROWS))))
        told.append(repr(connection.execute(sql).fetchall()))
    except Exception as error:
        told.append(str(error))
    return " ".join(told)


def main() -> None:
    """See the head of the file."""
    request: dict[str, Any] = json.load(sys.stdin)
    watch = Watch(Path(request["root"]))
    child.limit_process(SECONDS)
    connection = child.connect(MEMORY_MB)
    catalog = child.read_catalog(connection, request["db"])
    reports = []
    watch.touched()
    with duckdb.connect(":memory:", config={"threads": 1, "async_threads": 0}) as parser:
        for sql in request["statements"]:
            verdict = judged(parser, sql, catalog)
            reports.append({"verdict": verdict, "gate touched": watch.touched()})
    if request["locked"]:
        child.load_and_lock(connection, tuple(catalog))
    watch.touched()
    # Those that pass run first, on the tables as they are; what is refused may then do its worst.
    order = sorted(range(len(reports)), key=lambda n: reports[n]["verdict"] == "refused")
    for number in order:
        sql, report = request["statements"][number], reports[number]
        report["answer"] = answered(connection, sql, report["verdict"] == "select")
        report["touched"] = watch.touched()
    for report in reports:
        print(json.dumps(report))
    print(json.dumps({"version": duckdb.__version__, "descriptors": descriptors(watch)}))


def descriptors(watch: Watch) -> list[str]:
    """Open files beside the standard streams and the watch, and whether one more is to be had."""
    numbers = (n for n in range(3, 32) if n != watch.stream)
    files = (f"/proc/self/fd/{n}" for n in numbers)
    found = [str(Path(file).readlink()) for file in files if os.path.lexists(file)]
    for attempt in (lambda: os.open(os.devnull, os.O_RDONLY), os.pipe):
        with suppress(OSError):
            found.append(f"{attempt()} was given")
    return found


if __name__ == "__main__":
    main()
