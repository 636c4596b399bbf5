"""Pulled files are written anew without erased persons; the rows of others stay as they are."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.config import load_project
from pipelines.erasure.pulled import rewrite, without
from pipelines.erasure.tombstones import Erased, Record, Tombstone, read

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Project

KEY = bytes.fromhex("0123456789abcdef" * 4)
PROJECT = """
project: pulled
title: Pulled
purpose: Tests of erasure
lawful_basis: invented data
retention: {months: 1}
programmes: [{id: P}]
sources:
  - name: staff
    postgres: {dsn_env: HR, table: hr.staff, key: [number], updated_at: changed,
               columns: [boss, contact, pay]}
    loads:
      - {table: jobs, columns: {person_id: number, manager_id: boss, valid_from: changed}}
"""
COLUMNS = ("number", "boss", "contact", "pay")
ROWS = [
    ("104711", "104722", "Ada@firm.example", "1"),  # the person's own
    ("104722", "104733", "bob@firm.example", "104711"),  # a figure that is also the number
    ("104733", " 104711", "ada@firm.example", "3"),  # somebody else's, who names the person
    ("104744", None, None, "4"),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "mentorlift.yml").write_text(PROJECT)
    return load_project(tmp_path)


def record(*numbers: str) -> Record:
    """The tombstones of people, with the mail of the first."""
    erased = Erased(Record("k"), KEY)
    cells = (*numbers, "ada@firm.example")
    stones = tuple(erased.hashed(erased.pseudonym(number)) for number in numbers)
    hashed = tuple(map(erased.hashed_cell, cells))
    return Record("k", (Tombstone(stones, hashed, key_id="k"),))


def table(rows: list[tuple[str | None, ...]] = ROWS) -> pa.Table:
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def lines(made: pa.Table) -> list[tuple[str | None, ...]]:
    return list(zip(*(made[name].to_pylist() for name in COLUMNS), strict=True))


def test_own_rows_go_and_cells_of_others_that_name_the_person_are_empty(project: Project) -> None:
    (source,) = project.settings.sources
    made = without(table(), source, Erased(record("104711"), KEY))
    assert lines(made) == [ROWS[1], ("104733", None, None, "3"), ROWS[3]]
    assert without(table(), source, Erased(Record("k"), KEY)).equals(table())


def test_a_file_keeps_its_name_and_what_it_says_of_itself(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "staff"
    folder.mkdir(parents=True)
    told = {b"mentorlift": b'{"number": 1}'}
    for name, rows in (("staff_1.parquet", ROWS), ("staff_2.parquet", ROWS[3:])):
        with pq.ParquetWriter(folder / name, table().schema) as writer:
            writer.write_table(table(rows))
            writer.add_key_value_metadata(told)
    untouched = (folder / "staff_2.parquet").read_bytes()
    gone = record("104711")
    assert rewrite(project, tmp_path / "data", gone, KEY) == [folder / "staff_1.parquet"]
    assert rewrite(project, tmp_path / "data", gone, KEY) == []  # nothing is left to be done
    assert lines(pq.read_table(folder / "staff_1.parquet"))[0] == ROWS[1]
    assert (
        pq.read_metadata(folder / "staff_1.parquet").metadata[b"mentorlift"] == told[b"mentorlift"]
    )
    assert stat.S_IMODE((folder / "staff_1.parquet").stat().st_mode) == 0o600
    assert (folder / "staff_2.parquet").read_bytes() == untouched
    names = {"staff_1.parquet", "staff_2.parquet", "tombstones.json"}
    assert {path.name for path in folder.iterdir()} == names
    (kept,) = read([folder], "k").persons
    assert kept.identifiers == gone.persons[0].identifiers
