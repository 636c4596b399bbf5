"""The one place where SQL runs: a DuckDB connection that spills, loads and fetches predictably."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from pipelines import damage
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    import pandas as pd
    import pyarrow as pa

    Params = Sequence[Any] | Mapping[str, Any] | None

# Opened by tools of the DuckDB 1.x line as well.
BATCH_ROWS = 1_000_000
# What an engine holds before it spills, behind the landing: a company of any size is built within
# about twice this.
MEMORY = "2GB"
PORTABLE_STORAGE = "v1.0.0"
# Folders of what is spilled begin with this and the number of the process, so that those of killed
# ones can be told.
SPILLED = "mentorlift-"
_OTHER_KEY = "Put the key of the project back, or run the project again to make the file anew."


def quote_identifier(name: str) -> str:
    """The name as a quoted SQL identifier; quotes inside it are doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """The text as an SQL literal; quotes inside it are doubled."""
    return "'" + text.replace("'", "''") + "'"


def is_encrypted(path: Path) -> bool:
    """Whether a file is an encrypted database: the first flag of DuckDB's main header."""
    with path.open("rb") as stream:
        head = stream.read(21)
    return head[8:12] == b"DUCK" and bool(head[20:] and head[20] & 1)


def can_encrypt() -> bool:
    """Whether this DuckDB writes encrypted files, found out by writing one."""
    with tempfile.TemporaryDirectory(prefix=f"{SPILLED}{os.getpid()}-") as folder:
        file = Path(folder) / "probe.duckdb"
        try:
            with Engine.open(file, keys=("probe",)) as engine:
                engine.run("create table probe as select 1 as n")
                engine.checkpoint()
        except (duckdb.Error, UserError):
            return False
        return is_encrypted(file)


@contextmanager
def _machine_suffices() -> Iterator[None]:
    """Faults of the machine, and an interrupt from the keyboard, are no defects.

    Raises UserError where memory and spill folder do not suffice or a file is damaged, OSError
    where the disk is full, and KeyboardInterrupt, of which DuckDB makes a RuntimeError while a
    query runs.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        problem = "A step needs more memory than it may use, and could not spill enough."
        fix = "Make room on the disk of TMPDIR, or set TMPDIR to a folder on a larger one."
        raise UserError(problem, fix, Exit.SYSTEM) from None
    except duckdb.Error as error:
        raise damage.outside(str(error)) or error from None
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None


class Engine:
    """A DuckDB connection; close it, or use it as a context manager.

    Extensions are never installed or loaded by themselves, and what does not fit into memory is
    spilled to a private folder that goes with the engine.
    """

    def __init__(
        self, database: str, *, read_only: bool, threads: int | None, memory: str | None = None
    ) -> None:
        self._spill = Path(tempfile.mkdtemp(prefix=f"{SPILLED}{os.getpid()}-"))
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(self._spill),
        }
        if threads is not None:
            config["threads"] = threads
        if memory is not None:
            config["memory_limit"] = memory
        try:
            self._connection = duckdb.connect(database, read_only=read_only, config=config)
        except BaseException:
            shutil.rmtree(self._spill, ignore_errors=True)
            raise

    @classmethod
    def memory(cls, *, threads: int | None = None, memory: str | None = None) -> Self:
        """An engine on an empty database in memory; ``memory`` as in :meth:`open`."""
        return cls(":memory:", read_only=False, threads=threads, memory=memory)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        threads: int | None = None,
        memory: str | None = None,
        keys: Sequence[str] = (),
    ) -> Self:
        """An engine on a database file; raises :class:`UserError` when it cannot be opened.

        ``memory``, such as 2GB, bounds what is held before it is spilled [most of the machine];
        ``keys`` as in :meth:`attach`.
        """
        if read_only and not path.exists():
            raise UserError(
                f"There is no database at {path}.", "Run the project once to make it.", Exit.DATA
            )
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise UserError(f"{path} is no file, and so no database.", damage.AGAIN)
        try:
            if is_encrypted(path) if path.exists() else keys:
                return cls.memory(threads=threads, memory=memory)._within(path, read_only, keys)
            return cls(str(path), read_only=read_only, threads=threads, memory=memory)
        except duckdb.Error as error:
            if isinstance(refused := damage.outside(str(error)), OSError):
                raise refused from None
            problem = f"{path} cannot be opened as a database."
            about = damage.told(str(path), str(error).replace(str(path), ""))
            raise about or UserError(problem, damage.AGAIN) from None

    def _within(self, path: Path, read_only: bool, keys: Sequence[str]) -> Self:
        """The engine, at home in an encrypted file: such a one can only be attached."""
        try:
            self.attach(path, "encrypted", read_only=read_only, keys=keys)
            self.run("use encrypted; set temp_file_encryption = true")
        except BaseException:
            self.close()
            raise
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and remove what was spilled."""
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside take effect together, or none does."""
        self.run("begin transaction")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error, OSError):  # a database that a full disk has shut says so
                self.run("rollback")
            raise
        self.run("commit")

    def run(self, sql: str, params: Params = None) -> None:
        """Run one or more statements to their end and drop what they return."""
        self.rows(sql, params)

    @_machine_suffices()
    def rows(self, sql: str, params: Params = None) -> list[tuple[Any, ...]]:
        """All rows of the query as tuples."""
        return self._connection.execute(sql, params).fetchall()

    def scalar(self, sql: str, params: Params = None) -> Any:
        """The first column of the first row, or None when there is no row."""
        rows = self.rows(sql, params)
        return rows[0][0] if rows else None

    @_machine_suffices()
    def frame(self, sql: str, params: Params = None) -> pd.DataFrame:
        """All rows of the query as a frame; dates become datetime64."""
        with warnings.catch_warnings():
            # DuckDB's own conversion uses arguments that pandas is about to drop.
            warnings.simplefilter("ignore")
            return self._connection.execute(sql, params).df()

    def batches(self, sql: str, params: Params = None) -> Iterator[pa.RecordBatch]:
        """The rows of the query in batches, never all at once."""
        with _machine_suffices():
            yield from self._connection.sql(sql, params=params).to_arrow_reader(BATCH_ROWS)

    @_machine_suffices()
    def arrow(self, sql: str, params: Params = None) -> pa.Table:
        """All rows of the query as an Arrow table."""
        return self._connection.sql(sql, params=params).to_arrow_table()

    def describe(self, table: str, text: str, columns: Iterable[tuple[str, str]]) -> None:
        """Store what a table and its columns mean; many statements in one text are quicker."""
        said = [f"comment on table {table} is {quote_text(text)}"]
        for name, what in columns:
            said.append(f"comment on column {table}.{quote_identifier(name)} is {quote_text(what)}")
        self.run(";".join(said))

    def register(self, name: str, data: pd.DataFrame | pa.Table | pa.RecordBatch) -> None:
        """Make a frame or an Arrow table readable under a name, without copying it."""
        self._connection.register(name, data)

    def unregister(self, name: str) -> None:
        """Forget what was registered under the name."""
        self._connection.unregister(name)

    def attach(
        self,
        path: Path,
        alias: str,
        *,
        read_only: bool = True,
        portable: bool = False,
        keys: Sequence[str] = (),
    ) -> None:
        """Attach a database file; ``portable`` writes a new one for DuckDB 1.x as well.

        ``keys`` are those that may open it where it is encrypted; with the first one a new file is
        encrypted. Raises :class:`UserError` where none of them fits.
        """
        options = ["read_only"] if read_only else []
        if portable:
            options.append(f"storage_version {quote_text(PORTABLE_STORAGE)}")
        there = path.exists()
        if not (is_encrypted(path) if there else keys):
            self._attach(path, alias, options)
            return
        if not read_only:
            self._load_cipher()
        options += ["encryption_cipher 'GCM'", "encryption_key $1"]
        for key in keys if there else keys[:1]:
            try:
                self._attach(path, alias, options, [key])
            except duckdb.InvalidInputException as error:
                if "Wrong encryption key" not in str(error):
                    raise
            else:
                return
        raise UserError(f"{path}: is encrypted with a key that is not at hand.", _OTHER_KEY)

    def _attach(self, path: Path, alias: str, options: list[str], key: Params = None) -> None:
        suffix = f" ({', '.join(options)})" if options else ""
        self.run(f"attach {quote_text(str(path))} as {quote_identifier(alias)}{suffix}", key)

    def _load_cipher(self) -> None:
        """DuckDB writes encrypted files with its extension httpfs, which is never downloaded."""
        with suppress(duckdb.Error):  # what follows is then refused
            self.run("load httpfs")

    def detach(self, alias: str) -> None:
        """Detach a database; its file is closed."""
        self.run(f"detach {quote_identifier(alias)}")

    def copy_database(self, source: str, target: str) -> None:
        """Copy every table of one attached database into another one, which is empty."""
        self.run(f"copy from database {quote_identifier(source)} to {quote_identifier(target)}")

    def checkpoint(self) -> None:
        """Write everything from the log into the database file."""
        self.run("checkpoint")
