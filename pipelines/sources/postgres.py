"""Reads a table or a query of a PostgreSQL server as text, in one read-only snapshot.

The connection is named by an environment variable and never leaves this file: what the driver or
the server say in an error may quote it, or a person's values, so neither text is ever passed on.
"""

from __future__ import annotations

import difflib
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import Exit, UserError
from pipelines.sources.postgres_errors import explained, no_table, what

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from psycopg import sql

    from pipelines.delivery import Postgres

    Row = tuple[str | None, ...]

ROWS_AT_ONCE = 20_000
# A server that is away is noticed within a minute, while connecting and while reading.
_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "application_name": "mentorlift",
}
# For the one transaction only: behind a pool the session is shared with others.
_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "extra_float_digits": "1",  # the shortest text that is exactly the stored number
}
# Types by category of pg_type: boolean, number, text, date or time, enumeration.
_AS_TEXT = "BNSDE"
_UUID, _MONEY = 2950, 790  # money is written as the server's locale has it
_MOMENTS = {1082: "date", 1114: "timestamp", 1184: "timestamptz"}


@dataclass(frozen=True)
class Snapshot:
    """A table or query as it is at one moment; ``moment`` is the type of updated_at.

    ``now`` is the moment by the server's clock, written as the values of updated_at are.
    """

    connection: psycopg.Connection[Any]
    source: str
    spec: Postgres
    relation: sql.Composable
    moment: str
    now: str

    def rows(self, since: str | None) -> Iterator[list[Row]]:
        """The selected columns as text, ordered by key; from ``since`` on, less the overlap.

        Rows without a time of change could have changed any time: they always come.
        """
        from psycopg import sql

        spec = self.spec
        columns = [sql.SQL("pulled.{}").format(sql.Identifier(c)) for c in spec.selected()]
        query = sql.SQL("select {} from {} as pulled").format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(c) for c in columns), self.relation
        )
        if since is not None and spec.updated_at:
            changed = sql.SQL("pulled.{}").format(sql.Identifier(spec.updated_at))
            query += sql.SQL(" where {0} >= {1}::{2} or {0} is null").format(
                changed, sql.Literal(self.overlap(since)), sql.SQL(self.moment)
            )
        if spec.key:
            keys = [sql.SQL("pulled.{}").format(sql.Identifier(c)) for c in spec.key]
            query += sql.SQL(" order by {}").format(sql.SQL(", ").join(keys))
        with self.connection.cursor(name="pull") as cursor:
            cursor.execute(query)
            while batch := cursor.fetchmany(ROWS_AT_ONCE):
                yield batch

    def overlap(self, since: str) -> str:
        """The moment from which rows are read again, in case they were committed late."""
        query = f"select (%s::{self.moment} - make_interval(days => %s))::{self.moment}::text"
        found = self.connection.execute(query, (since, self.spec.overlap_days)).fetchone()
        assert found is not None
        return str(found[0])


@contextmanager
def snapshot(source: str, spec: Postgres, project: Path) -> Iterator[Snapshot]:
    """One REPEATABLE READ, READ ONLY transaction on the source's table or query.

    Raises :class:`UserError` for whatever the driver, the server or the data refuse.
    """
    driver = _driver(source)
    query = _query(source, spec, project)
    problem: UserError | None = None
    try:
        with _connect(driver, source, spec) as connection:
            connection.isolation_level = driver.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            timeout = {"statement_timeout": f"{spec.timeout_seconds}s"}
            for name, value in (_SETTINGS | timeout).items():
                connection.execute("select set_config(%s, %s, true)", (name, value))
            yield _described(connection, source, spec, query)
    except driver.Error as error:
        problem = explained(error, source, spec)
    except UnicodeDecodeError:
        what = f"Source {source}: a value is not text in the encoding the database declares."
        problem = UserError(what, "Let the owner of the database correct its encoding.")
    if problem is not None:
        raise problem from None


def _driver(source: str) -> Any:
    try:
        import psycopg
    except ImportError:
        psycopg = None
    if psycopg is None:
        problem = f"Source {source}: reading PostgreSQL needs a driver that is not installed."
        raise UserError(problem, "Install it: pip install 'mentorlift[postgres]'.", Exit.PROJECT)
    # Its warnings name hosts and users; what matters of them is raised as well.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    return psycopg


def _query(source: str, spec: Postgres, project: Path) -> str | None:
    if spec.query_file is None:
        return None
    path = project / spec.query_file
    if not path.is_file():
        problem = f"Source {source}: there is no query at {path}."
        raise UserError(problem, "Put it there, or correct query_file.", Exit.PROJECT)
    return path.read_text(encoding="utf-8").strip().removesuffix(";")


def _connect(driver: Any, source: str, spec: Postgres) -> psycopg.Connection[Any]:
    dsn = os.environ.get(spec.dsn_env, "").strip()
    if not dsn:
        problem = f"Source {source}: the environment variable {spec.dsn_env} is not set."
        fix = "Set it to the connection, such as postgresql://USER:PASSWORD@HOST/DATABASE."
        raise UserError(problem, fix, Exit.PROJECT)
    try:
        known = driver.conninfo.conninfo_to_dict(dsn)
    except driver.Error:
        known = None
    if known is None:
        problem = f"Source {source}: {spec.dsn_env} does not hold a connection that can be read."
        fix = "Write it as postgresql://USER:PASSWORD@HOST/DATABASE, special signs as %XX."
        raise UserError(problem, fix, Exit.PROJECT)
    connection: psycopg.Connection[Any] = driver.connect(**(_PATIENCE | known))
    return connection


def _described(
    connection: psycopg.Connection[Any], source: str, spec: Postgres, query: str | None
) -> Snapshot:
    """The relation, once its columns are known to be there and to be readable as text."""
    from psycopg import sql

    if query is None:
        relation: sql.Composable = sql.Identifier(*str(spec.table).split("."))
        found = connection.execute(
            "select attname from pg_attribute where attrelid = to_regclass(%s) "
            "and attnum > 0 and not attisdropped order by attnum",
            (relation.as_string(connection),),
        ).fetchall()
        if not found:
            raise no_table(source, spec)
        names = [name for (name,) in found]
    else:
        relation = sql.SQL("(\n{}\n)").format(sql.SQL(query))
        names = list(_columns(connection, sql.SQL("*"), relation))
    _check_names(source, spec, names)
    wanted = sql.SQL(", ").join(map(sql.Identifier, spec.selected()))
    types = _columns(connection, wanted, relation)
    _check_types(connection, source, spec, types)
    moment = _MOMENTS[types[spec.updated_at]] if spec.updated_at else "timestamptz"
    now = connection.execute(f"select now()::{moment}::text").fetchone()
    assert now is not None
    return Snapshot(connection, source, spec, relation, moment, now[0])


def _columns(
    connection: psycopg.Connection[Any], wanted: sql.Composable, relation: sql.Composable
) -> dict[str, int]:
    """Type of each column. A cursor of the server takes one query that reads, and nothing else."""
    from psycopg import sql

    query = sql.SQL("select {} from {} as pulled limit 0").format(wanted, relation)
    with connection.cursor(name="described") as cursor:
        cursor.execute(query)
        return {column.name: column.type_code for column in cursor.description or ()}


def _check_names(source: str, spec: Postgres, names: list[str]) -> None:
    for name in spec.selected():
        if name not in names:
            problem = f"Source {source}: {what(spec)} has no column {name!r}."
            near = difflib.get_close_matches(name, names, n=1)
            fix = f"Did you mean {near[0]!r}? " if near else ""
            raise UserError(problem, f"{fix}Correct columns, key or updated_at.", Exit.PROJECT)


def _check_types(
    connection: psycopg.Connection[Any], source: str, spec: Postgres, types: dict[str, int]
) -> None:
    known = connection.execute(
        "select oid::bigint, typcategory, format_type(oid, null) from pg_type where oid = any(%s)",
        (sorted(types.values()),),
    ).fetchall()
    category = {oid: letter for oid, letter, _ in known}
    called = {oid: name for oid, _, name in known}
    for name, oid in types.items():
        plain = category[oid] in _AS_TEXT or oid == _UUID
        if not plain or oid == _MONEY:
            kind = called[oid]
            problem = f"Source {source}: column {name!r} is {kind}, not text, number or date."
            fix = "Leave it out, or cast the part that is needed to text in a query (query_file)."
            raise UserError(problem, fix, Exit.PROJECT)
    if spec.updated_at and types[spec.updated_at] not in _MOMENTS:
        kind = called[types[spec.updated_at]]
        problem = f"Source {source}: updated_at {spec.updated_at!r} is {kind}, not a time."
        fix = "Name a column of type date, timestamp or timestamptz, or leave updated_at out."
        raise UserError(problem, fix, Exit.PROJECT)
