"""What an error of PostgreSQL or its driver means, told by its code.

Their own texts may quote the connection or a person's values: they are never shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import Exit, ServerAway, UserError

if TYPE_CHECKING:
    from pipelines.delivery import Postgres

# What the driver says before there is a connection has no code; other languages are "away".
_LOGIN = ("authentication failed", "no pg_hba.conf", "no password", 'role "', "permitted to log in")


def what(spec: Postgres) -> str:
    """What is read, as the project file names it."""
    return f"the table {spec.table}" if spec.table else f"the query {spec.query_file}"


def no_table(source: str, spec: Postgres) -> UserError:
    """The error of a table that is not there, or not for this login."""
    problem = f"Source {source}: there is no table {spec.table} that this login can see."
    fix = "Correct table (schema.table), or ask for the right to read it."
    return UserError(problem, fix, Exit.PROJECT)


def explained(error: Exception, source: str, spec: Postgres) -> UserError:
    """What an error of the driver means, by its code: its text is never shown."""
    code = getattr(error, "sqlstate", None)
    where = f"Source {source}: "
    if code is None:
        return _no_connection(str(error).lower(), where, spec)
    if code in {"42P01", "3F000"} and spec.table:
        return no_table(source, spec)
    if code == "42501":
        problem = f"{where}this login may not read {what(spec)}, or a column of it."
        fix = "Ask for the right to select exactly the declared columns; no other is needed."
        return UserError(problem, fix, Exit.SERVER)
    if code == "57014":
        problem = f"{where}the server took longer than {spec.timeout_seconds} s to answer."
        return ServerAway(problem, "Raise timeout_seconds, or index updated_at and key.")
    if code[:2] in {"08", "40", "53", "57"} or code == "25P03":
        problem = f"{where}the server ended the reading ({code}); nothing was stored."
        return ServerAway(problem, "Try again; if it happens again, ask who runs the server.")
    if code == "25006":
        problem = f"{where}{what(spec)} tries to change something; it was refused."
        return UserError(problem, "Write a query that only reads.", Exit.PROJECT)
    problem = f"{where}the server cannot answer {what(spec)} (SQLSTATE {code})."
    return UserError(problem, "Run it by hand with the same login to see why.", Exit.PROJECT)


def _no_connection(said: str, where: str, spec: Postgres) -> UserError:
    named = f"the one {spec.dsn_env} names"
    if any(phrase in said for phrase in _LOGIN):
        problem = f"{where}the server refuses the login ({named})."
        return UserError(problem, "Check user, password and what the server lets in.", Exit.SERVER)
    if 'fatal:  database "' in said or 'fatal: database "' in said:
        problem = f"{where}the server has no such database ({named})."
        return UserError(problem, "Correct the database in that variable.", Exit.SERVER)
    if "timeout" in said or "timed out" in said:
        problem = f"{where}the server did not answer in time ({named})."
        return ServerAway(problem, "Check the network, the host and the port, then try again.")
    problem = f"{where}the server cannot be reached, or it hung up ({named}); nothing was stored."
    return ServerAway(problem, "Check the network, the host and the port, then try again.")
