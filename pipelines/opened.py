"""Opens databases that the product wrote: of this version and project, whole; or says why not.

Foreign files come into folders of results by mistake (one of another tool, a copy that was cut
off), and files of earlier versions by an upgrade. Neither may end as a defect.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines import damage, versions
from pipelines.engine import MEMORY, Engine
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# By which tables a file of the first version is known, which does not say what it is.
_FIRST = {
    "warehouse": {"landed.deliveries", "results.runs"},
    "analyst": {"marts.employees", "results.runs"},
    "identity": {"main.link", "main.person", "main.review"},
}
_HEADERS = 3 * 4096  # bytes before the first block
_CALLED = {
    "warehouse": "a warehouse",
    "analyst": "an analysts' file",
    "identity": "a crosswalk of identifiers",
}


def stamp(engine: Engine, kind: str, database: str = "") -> None:
    """Write into a database what it is, and its version; ``database`` is an attached one."""
    at = f"{database}.mentorlift" if database else "mentorlift"
    engine.run(
        f"create schema if not exists {at}; create or replace table {at}.file as "
        f"select '{kind}' as kind, {versions.SCHEMAS[kind]} as {versions.KEY}; "
        f"comment on column {at}.file.kind is 'What this database is.'; "
        f"comment on column {at}.file.{versions.KEY} is 'The version of its form.'"
    )


@contextmanager
def opened(
    path: Path,
    kind: str,
    *,
    project: str = "",
    memory: str | None = MEMORY,
    older: bool = False,
    keys: Sequence[str] = (),
) -> Iterator[Engine]:
    """A database of ours, read only; one of an earlier version only where ``older`` is told.

    ``keys`` are those that may open it where it is encrypted.

    Raises :class:`UserError` naming the file and the fix where it is damaged, of something else, of
    another project or of a newer version.
    """
    with _named(path), Engine.open(path, read_only=True, memory=memory, keys=keys) as engine:
        _check_length(engine, path)
        version = version_of(engine, kind, path)
        if version < versions.SCHEMAS[kind] and not older:
            raise outdated(path)
        _check_project(engine, kind, path, project)
        yield engine


def outdated(path: Path) -> UserError:
    """The error of a file that an upgrade has not reached."""
    return UserError(
        f"{path}: written by an earlier version of mentorlift",
        "Run `mentorlift upgrade OUT` with the folder of results; the next run does it too.",
    )


def version_of(engine: Engine, kind: str, path: Path) -> int:
    """The version of an open database; UserError where it is not of that kind, or newer."""
    found = engine.rows(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = current_database()"
    )
    tables = {name for (name,) in found}
    if "mentorlift.file" not in tables:
        if not tables >= _FIRST[kind] or (kind == "analyst" and "landed.deliveries" in tables):
            raise _foreign(path, kind)
        return 1
    said = engine.rows(f"select kind, {versions.KEY} from mentorlift.file")
    if len(said) != 1 or said[0][0] != kind:
        raise _foreign(path, kind)
    return versions.checked(kind, said[0][1], path)


def _check_length(engine: Engine, path: Path) -> None:
    """DuckDB opens a file that lacks blocks until it reads one of them."""
    blocks = engine.scalar(
        "select total_blocks * block_size from pragma_database_size() "
        "where database_name = current_database()"
    )
    if path.stat().st_size < _HEADERS + blocks:
        raise UserError(f"{path} is cut off: bytes at its end are missing.", damage.AGAIN)


def _foreign(path: Path, kind: str) -> UserError:
    return UserError(f"{path}: a database, but not {_CALLED[kind]} of mentorlift.", damage.AGAIN)


def _check_project(engine: Engine, kind: str, path: Path, project: str) -> None:
    if not project or kind == "identity":
        return
    made = [name for (name,) in engine.rows("select distinct project from results.runs order by 1")]
    if made != [project]:
        raise UserError(
            f"{path}: made of another project than {project}",
            "Name the output folder of this project with --out, or run the project again.",
            Exit.PROJECT,
        )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """The file's name in what DuckDB says of a damaged block."""
    try:
        yield
    except UserError as error:
        if damage.SOME_DATABASE not in error.problem:
            raise
        problem = error.problem.replace(damage.SOME_DATABASE, str(path))
        raise UserError(problem, error.fix, error.exit_code) from None
