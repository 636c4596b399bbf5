"""Files that are damaged, cut off, foreign or newer: a plain message with file and fix."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from pipelines import publish
from pipelines.engine import Engine
from pipelines.errors import UserError
from pipelines.opened import opened
from pipelines.run import begin
from tests.flows.conftest import Firm, command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _cut(path: Path, content: bytes) -> None:
    path.write_bytes(content[: len(content) // 2])


def _without_end(path: Path, content: bytes) -> None:
    path.write_bytes(content[:-1])


def _empty(path: Path, content: bytes) -> None:
    path.write_bytes(b"")


def _text(path: Path, content: bytes) -> None:
    path.write_text("study,estimate\n" * 5000)


def _header(path: Path, content: bytes) -> None:
    path.write_bytes(content[:4200] + bytes([content[4200] ^ 255]) + content[4201:])


def _sqlite(path: Path, content: bytes) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table estimates (study text)")
    connection.commit()
    connection.close()


def _foreign(path: Path, content: bytes) -> None:
    with Engine.open(path) as engine:
        engine.run("create table sales as select 1 as amount")


def _earlier_storage(path: Path, content: bytes) -> None:
    with Engine.memory() as engine:
        engine.attach(path, "made", read_only=False, portable=True)
        engine.run("create table made.sales as select 1 as amount")


def _newer(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with Engine.open(path) as engine:
        engine.run("update mentorlift.file set schema_version = 99")
        engine.checkpoint()


def _folder(path: Path, content: bytes) -> None:
    path.mkdir()


def _pipe(path: Path, content: bytes) -> None:
    os.mkfifo(path)


FILES: dict[str, tuple[Callable[[Path, bytes], None], str]] = {
    "cut in half": (_cut, "is cut off"),
    "without its last byte": (_without_end, "is cut off"),
    "empty": (_empty, "is not a DuckDB database"),
    "text": (_text, "is not a DuckDB database"),
    "a header altered": (_header, "is damaged"),
    "SQLite": (_sqlite, "is a database of SQLite"),
    "another tool's DuckDB": (_foreign, "a database, but not"),
    "storage of DuckDB 1.0": (_earlier_storage, "a database, but not"),
    "newer": (_newer, "written by a newer mentorlift"),
    "a folder": (_folder, "no file"),
    "a pipe": (_pipe, "no file"),
}


def put(path: Path, name: str) -> str:
    """Put such a file in the place of a good one; what is said of it."""
    make, said = FILES[name]
    content = path.read_bytes()
    path.unlink()
    make(path, content)
    return said


@pytest.fixture
def firm(upgraded: Firm, tmp_path: Path) -> Firm:
    """Project and databases of the upgraded folder, without its reports."""
    shutil.copytree(upgraded.project, tmp_path / "project")
    left_out = shutil.ignore_patterns("site", "*.html", "*.xlsx")
    shutil.copytree(upgraded.out, tmp_path / "out", ignore=left_out)
    return Firm(tmp_path / "project", upgraded.data, tmp_path / "out")


def told(code: int, out: str, err: str, said: str) -> bool:
    """Whether an error says this, with a fix, and is no defect."""
    return code in (3, 4) and said in err and "\n  fix: " in err and "defect" not in err and not out


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_bad_file_is_told_by_name_and_fix(firm: Firm, name: str) -> None:
    path = publish.resolve(firm.out / "warehouse")
    said = put(path, name)
    with pytest.raises(UserError) as caught, opened(path, "warehouse"):
        pass
    assert said in caught.value.problem and path.name in caught.value.problem
    assert caught.value.fix and caught.value.exit_code == 4


@pytest.mark.parametrize("name", ["cut in half", "another tool's DuckDB", "newer", "a pipe"])
def test_every_command_that_opens_a_warehouse_says_so(firm: Firm, name: str) -> None:
    path = publish.resolve(firm.out / "warehouse")
    run = publish.run_in_force(firm.out / "warehouse")
    said = put(path, name)
    project, out = str(firm.project), ["--out", str(firm.out)]
    saved = firm.project / "saved.tar.gz"
    commands = [
        ["plan", project, *out],
        ["calibrate", project, *out],
        ["dpia", project, *out],
        firm.erasing("E0100"),
        ["upgrade", str(firm.out)],
        ["backup", str(firm.out), str(saved)],
        ["diff", run, "eb940ca99d67", *out],
    ]
    said = said if path.is_file() else "is not there"
    for arguments in commands:
        code, text, err = command(*arguments)
        assert told(code, text, err, said), (arguments, err)
        assert path.name in err or not path.is_file()
    assert not saved.exists()


@pytest.mark.parametrize("name", ["cut in half", "SQLite", "another tool's DuckDB", "newer"])
def test_an_analysts_file_of_another_kind_is_named(firm: Firm, name: str) -> None:
    said = put(firm.out / "analyst.duckdb", name)
    code, text, err = command("query", "select 1 from results.runs", "--out", str(firm.out))
    assert code == 4 and not text and "analyst.duckdb" in err and said in err, err


@pytest.mark.parametrize("name", ["cut in half", "text", "another tool's DuckDB", "newer"])
def test_a_crosswalk_of_another_kind_stops_an_erasure(firm: Firm, name: str) -> None:
    said = put(firm.out / "private" / "identity.duckdb", name)
    code, text, err = command(*firm.erasing("E0100"))
    assert told(code, text, err, said) and "E0100" not in err


@pytest.mark.parametrize("name", ["cut in half", "SQLite", "newer", "a folder"])
def test_a_run_makes_anew_what_is_damaged_and_nothing_that_is_newer(firm: Firm, name: str) -> None:
    said = put(publish.resolve(firm.out / "warehouse"), name)
    heard: list[str] = []
    if name == "newer":
        with pytest.raises(UserError, match=said):
            begin(firm.project, firm.data, firm.out, heard.append)
        return
    begin(firm.project, firm.data, firm.out, heard.append)
    said = "names a warehouse that is not there" if name == "a folder" else said
    assert said in heard[0] and heard[0].endswith("it is made anew")


def test_a_damaged_block_within_is_named_when_it_is_read(firm: Firm) -> None:
    path = publish.resolve(firm.out / "warehouse")
    content = bytearray(path.read_bytes())
    for place in range(300_000, len(content) - 600_000, 200_000):  # blocks of rows, not the index
        content[place] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged: its checksums do not fit") as caught:  # noqa: SIM117
        with opened(path, "warehouse") as engine:
            engine.rows("from landed.performance")
    assert path.name in caught.value.problem


def test_a_warehouse_of_another_project_is_refused(firm: Firm) -> None:
    file = firm.project / "mentorlift.yml"
    file.write_text(file.read_text().replace("project: two-deliveries", "project: other"))
    for name in ("plan", "dpia"):
        code, text, err = command(name, str(firm.project), "--out", str(firm.out))
        assert code == 3 and not text and "another project than other" in err


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("runs/e145fcf7eaba/manifest.json", ["diff", "e145fcf7eaba", "eb940ca99d67"]),
        ("runs/e145fcf7eaba/manifest.json", ["open", "--print", "--run", "e145fcf7eaba"]),
        ("ledger.json", ["upgrade"]),
        ("private/tombstones.json", ["erase", "E0100"]),
    ],
)
@pytest.mark.parametrize("content", ["cut off", "newer"])
def test_a_json_file_of_another_kind_is_named(
    firm: Firm, file: str, arguments: list[str], content: str
) -> None:
    path = firm.out / file
    document = json.loads(path.read_text()) | {"schema_version": 99}
    text = json.dumps(document)
    path.write_text(text[: len(text) // 2] if content == "cut off" else text)
    places = {"upgrade": [str(firm.out)], "erase": ["--project", str(firm.project), "--data",
              str(firm.data), "--out", str(firm.out)]}  # fmt: skip
    where = places.get(arguments[0], ["--out", str(firm.out)])
    code, out, err = command(*arguments, *where)
    assert code in (3, 4) and not out and path.name in err and "  fix: " in err, err
    assert content == "cut off" or "newer mentorlift" in err
