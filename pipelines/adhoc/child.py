"""The process that runs one untrusted query and has nothing left to harm.

Beside pipelines/engine.py this is the only place where SQL runs. The engine is for SQL of ours:
it spills to disk and opens files. Here the order is: limits of the process, a copy of the named
tables in memory, the source detached, the configuration locked, no further file descriptor,
then the query. It is started by pipelines/adhoc/sandbox.py, which holds the deadline.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines import damage, versions
from pipelines.adhoc import gate
from pipelines.adhoc.functions import names
from pipelines.engine import quote_identifier, quote_text
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = ("marts", "results")
THREADS = 2
MAX_BYTES = 16 * 2**20  # of the answer
MEBIBYTE = 2**20

# Types Python's json writes as they are; every other one is sent as DuckDB's text for it.
NATIVE = names(
    """
    BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT
    FLOAT DOUBLE VARCHAR
    """
)

CATALOG = f"""
select t.schema_name || '.' || t.table_name, coalesce(t.comment, ''),
    c.column_name, c.data_type, coalesce(c.comment, '')
from duckdb_tables() as t
join duckdb_columns() as c using (database_name, schema_name, table_name)
where t.database_name = 'source' and t.schema_name in {SCHEMAS}
order by t.schema_name, t.table_name, c.column_index
"""


def limit_process(seconds: float) -> None:
    """Bound CPU, files and lifetime of this process, before anything of the query is read."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 32)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, ceil(used.ru_utime + used.ru_stime + seconds * THREADS) + 1)
    # The parent kills at the deadline; this is for a parent that is gone.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def connect(memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory; from here the process may map ``memory_mb`` MiB more.

    The interpreter, DuckDB and its threads map about 0.2 GiB before that, which is not counted.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "async_threads": 0,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "max_temp_directory_size": "0B",
            "memory_limit": f"{memory_mb * 4 // 5}MiB",
            "python_enable_replacements": False,
            "temp_directory": "",
            "threads": THREADS,
        },
    )
    connection.execute("set TimeZone = 'UTC'").fetchall()  # loads ICU while files can be opened
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_mb * MEBIBYTE)
    return connection


def read_catalog(
    connection: duckdb.DuckDBPyConnection, db: str
) -> dict[str, tuple[str, list[tuple[str, ...]]]]:
    """Attach the file as ``source``: table -> (description, [(column, type, description)])."""
    try:
        connection.execute(f"attach {quote_text(db)} as source (read_only)").fetchall()
    except duckdb.Error as error:
        about = damage.told(Path(db).name, str(error).replace(db, ""))
        raise about or UserError(f"{Path(db).name} cannot be opened.", damage.AGAIN) from None
    found: dict[str, tuple[str, list[tuple[str, ...]]]] = {}
    for table, description, *column in connection.execute(CATALOG).fetchall():
        found.setdefault(table, (description, []))[1].append(tuple(column))
    _check_version(connection, Path(db).name, found)
    return found


def _check_version(connection: duckdb.DuckDBPyConnection, name: str, found: dict[str, Any]) -> None:
    """Refuse what is no analysts' file, or of a newer version; an older one answers as it did."""
    if not found:
        fix = "Name the output folder of a run with --out, or run the project again."
        raise UserError(f"{name}: a database, but not an analysts' file of mentorlift.", fix)
    said = "select 1 from duckdb_tables() where database_name = 'source' and schema_name = "
    if connection.execute(f"{said} 'mentorlift'").fetchall():
        rows = connection.execute(f"select {versions.KEY} from source.mentorlift.file").fetchall()
        versions.checked("analyst", rows[0][0] if rows else 0, Path(name))


def load_and_lock(connection: duckdb.DuckDBPyConnection, tables: tuple[str, ...]) -> None:
    """Copy the tables, let go of their file, and close every way out that DuckDB knows."""
    for schema in SCHEMAS:
        connection.execute(f"create schema {schema}").fetchall()
    for table in tables:
        schema, name = (quote_identifier(part) for part in table.split(".", 1))
        connection.execute(
            f"create table {schema}.{name} as from source.{schema}.{name}"
        ).fetchall()
    connection.execute("detach source").fetchall()
    connection.execute("set enable_external_access = false").fetchall()
    connection.execute("set lock_configuration = true").fetchall()
    _limit(resource.RLIMIT_NOFILE, 0)  # whatever the query finds to open, there is no descriptor
    _limit(resource.RLIMIT_NPROC, 0)


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, max_rows: int
) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield the head, the rows as lists of plain values, and the end of the answer."""
    inner = f"(\n{sql}\n) as answer"
    columns = connection.execute(f"describe select * from {inner}").fetchall()
    types = [kind for _, kind, *_ in columns]
    yield {"columns": [name for name, *_ in columns], "types": types}
    values = ", ".join(_plain(place, kind) for place, kind in enumerate(types, start=1))
    connection.execute(f"select {values} from {inner} limit {max_rows + 1}")
    count = 0
    while batch := connection.fetchmany(256):
        for row in batch:
            count += 1
            if count > max_rows:
                yield {"end": True, "truncated": True}
                return
            yield list(row)
    yield {"end": True, "truncated": False}


def _plain(place: int, kind: str) -> str:
    if kind in NATIVE:
        return f"#{place}"
    return f"#{place}::{'double' if kind.startswith('DECIMAL') else 'varchar'}"


def answer(request: dict[str, Any]) -> Iterator[dict[str, Any] | list[Any]]:
    """All messages that answer the request; raises :class:`UserError`."""
    connection = connect(request["memory_mb"])
    catalog = read_catalog(connection, request["db"])
    admitted = gate.admit(request["sql"], catalog)
    if admitted.kind == "show tables":
        rows: list[Any] = [[name, text] for name, (text, _) in catalog.items()]
        yield {"columns": ["table", "description"], "types": ["VARCHAR"] * 2}
    elif admitted.kind == "describe":
        rows = [list(column) for column in catalog[admitted.tables[0]][1]]
        yield {"columns": ["column", "type", "description"], "types": ["VARCHAR"] * 3}
    else:
        load_and_lock(connection, admitted.tables)
        yield from run(connection, admitted.sql, request["max_rows"])
        return
    yield from rows[: request["max_rows"]]
    yield {"end": True, "truncated": len(rows) > request["max_rows"]}


def main() -> None:
    """Answer the request on stdin with JSON lines on stdout, and end without ceremony."""
    request = json.load(sys.stdin)
    _say({"ready": True})
    sys.stdout.flush()
    limit_process(request["seconds"])
    left = MAX_BYTES
    try:
        for message in answer(request):
            left -= _say(message)
            if left < 0:
                raise _limit_reached(f"The answer is larger than {MAX_BYTES // MEBIBYTE} MiB.")
    except (UserError, MemoryError, duckdb.Error) as error:
        told = _told(error, request)
        _say({"failed": [told.problem, told.fix, told.exit_code]})
    sys.stdout.flush()
    os._exit(0)  # what the query still holds need not be taken down in order


def _say(message: dict[str, Any] | list[Any]) -> int:
    return sys.stdout.write(json.dumps(message) + "\n")


def _told(error: Exception, request: dict[str, Any]) -> UserError:
    """The error as the person reads it: no folder, no stack."""
    if isinstance(error, UserError):
        return error
    text = gate.one_line(str(error)).replace(request["db"], Path(request["db"]).name)
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException) or "bad_alloc" in text:
        return _limit_reached(f"The query needs more than {request['memory_mb']} MiB of memory.")
    return gate.refused(text, "Correct the query.")


def _limit_reached(problem: str) -> UserError:
    fix = "Ask for less: filter or aggregate earlier, join on a key, or name fewer columns."
    return UserError(problem, fix, Exit.LIMIT)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


if __name__ == "__main__":
    main()
