"""What the first released version wrote opens, upgrades, and gives the same numbers."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from pipelines import publish, upgrade, versions
from pipelines.engine import Engine
from pipelines.errors import UserError
from pipelines.ingest.identity.store import _DESCRIBED as CROSSWALK
from pipelines.models import contracts
from pipelines.run import begin
from pipelines.upgrade import folder
from pipelines.workspace import Workspace, file_hash
from tests.flows.conftest import command, command_apart
from tests.upgrade.conftest import FIGURES, Cut

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

SCHEMAS = ("landed", "staging", "marts", "results")
TABLES = ("analyst", "warehouse")


def in_service(firm: Firm) -> Path:
    """The warehouse the pointer names."""
    return publish.resolve(firm.out / "warehouse")


def database(firm: Firm, kind: str) -> Path:
    return firm.out / "analyst.duckdb" if kind == "analyst" else in_service(firm)


def state(firm: Firm) -> dict[str, str]:
    """The pointer and every warehouse, by hash."""
    return {p.name: file_hash(p) for p in sorted((firm.out / "warehouse").iterdir())}


def figures(path: Path, table: str) -> str:
    """A released table as CSV, with the columns that it had in the first version."""
    with (FIGURES / f"{table}.csv").open(newline="") as file:
        columns = ", ".join(f'"{name}"' for name in next(csv.reader(file)))
    target = path.with_name(f"{table}.csv")
    with Engine.open(path, read_only=True) as engine:
        engine.run(f"copy (select {columns} from results.{table}) to '{target}' (header)")
    text = target.read_text()
    target.unlink()
    return text


@pytest.mark.parametrize("kind", TABLES)
def test_every_released_figure_is_that_of_then(upgraded: Firm, kind: str) -> None:
    then = {p.stem: p.read_text() for p in FIGURES.glob("*.csv") if p.stem != "rows"}
    assert len(then) == 13 and len(then["estimates"].splitlines()) == 40
    assert {name: figures(database(upgraded, kind), name) for name in then} == then


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_has_its_rows(upgraded: Firm, kind: str) -> None:
    with (FIGURES / "rows.csv").open(newline="") as file:
        then = {row["table"]: int(row["rows"]) for row in csv.DictReader(file)}
    if kind == "analyst":
        then = {name: n for name, n in then.items() if name.split(".")[0] in ("marts", "results")}
    with Engine.open(database(upgraded, kind), read_only=True) as engine:
        found = {name: engine.scalar(f"select count(*) from {name}") for name in then}
    assert found == then


def test_an_upgraded_warehouse_is_built_like_a_fresh_one(upgraded: Firm) -> None:
    """Whoever changes a table writes the step: a fresh file is made by the contracts alone."""
    listed = [c for schema in SCHEMAS for c in contracts(schema)]
    fresh = {
        c.name: (c.description, [(x.name, x.type, x.description) for x in c.columns])
        for c in listed
    }
    with Engine.open(in_service(upgraded), read_only=True) as engine:
        tables = engine.rows(
            "select schema_name || '.' || table_name, comment from duckdb_tables() "
            "where schema_name <> 'mentorlift'"
        )
        columns = (
            "select column_name, data_type, comment from duckdb_columns() "
            "where schema_name || '.' || table_name = $1 order by column_index"
        )
        found = {name: (said, engine.rows(columns, [name])) for name, said in tables}
    assert found == fresh


def test_the_crosswalk_is_built_like_a_fresh_one(upgraded: Firm) -> None:
    with Engine.open(upgraded.out / "private" / "identity.duckdb", read_only=True) as engine:
        found = engine.rows(
            "select table_name, column_name, comment from duckdb_columns() "
            "where not internal and schema_name = 'main' order by table_name, column_index"
        )
        people = engine.scalar("select count(*) from person")
    fresh = [
        (table, name, said)
        for table, (_, columns) in sorted(CROSSWALK.items())
        for name, said in columns.items()
    ]
    assert found == fresh and people == 1499


def test_what_was_written_says_its_version(upgraded: Firm) -> None:
    found = {}
    paths = {"identity": upgraded.out / "private" / "identity.duckdb"}
    paths |= {kind: database(upgraded, kind) for kind in TABLES}
    for kind, path in paths.items():
        with Engine.open(path, read_only=True) as engine:
            found[kind] = engine.rows("select kind, schema_version from mentorlift.file")
    ledger = json.loads((upgraded.out / "ledger.json").read_text())
    found["ledger"] = [("ledger", ledger["schema_version"])]
    assert found == {kind: [(kind, versions.SCHEMAS[kind])] for kind in found}
    assert list(ledger["files"]) == sorted(p.name for p in upgraded.data.iterdir())


def test_the_version_before_is_kept_and_the_same_run_is_in_service(
    upgraded: Firm, archived: Path
) -> None:
    before = publish.resolve(archived / "out" / "warehouse")
    kept = upgraded.out / "warehouse" / before.name
    assert file_hash(kept) == file_hash(before) and in_service(upgraded) != kept
    run = publish.run_in_force(upgraded.out / "warehouse")
    assert run == publish.run_in_force(archived / "out" / "warehouse")
    assert publish.kept(Workspace(upgraded.out, run)) == in_service(upgraded)
    again = command("upgrade", str(upgraded.out))
    assert again == (0, "nothing to upgrade: all is of this version\n", "")


def test_a_plan_from_an_earlier_warehouse_says_what_to_do(old: Firm, upgraded: Firm) -> None:
    said = {}
    for name, firm in (("old", old), ("upgraded", upgraded)):
        where = ["plan", str(firm.project), "--out", str(firm.out), "--study", "selling"]
        said[name] = command(*where)
    code, _, err = said["old"]
    assert code == 4 and "written by an earlier version" in err and "mentorlift upgrade" in err
    assert said["upgraded"][0] == 0 and "selling" in said["upgraded"][1]


def test_an_upgrade_cut_off_anywhere_leaves_the_old_one_in_service(
    old: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try goes on where the one before was cut off: crosswalk, ledger, then the warehouse.

    One is killed in a process of its own; the last is the one that a run makes before it begins.
    """
    before = state(old)
    assert upgrade.FAULTS[2:] == (
        "upgrade-compared", "upgrade-identity", "upgrade-ledger", "upgrade-analyst",
    )  # fmt: skip
    for point in (*upgrade.FAULTS[:5], "upgrade-analyst"):

        def fault(here: str, _: object = None, point: str = point) -> None:
            if here == point:
                raise Cut

        with monkeypatch.context() as patch, pytest.raises(Cut):
            patch.setattr(folder, "fault", fault)
            upgrade.bring_up(Workspace(old.out, ""), lambda _: None)
        assert _old_one_serves(old, before)
    code, _, _ = command_apart("upgrade", str(old.out), MENTORLIFT_FAULT="publish-settled")
    assert code == -9 and _old_one_serves(old, before)
    said: list[str] = []
    with publish.run_lock(old.out):
        begin(old.project, old.data, old.out, said.append)
    assert said[0] == "upgrade: warehouse, analyst written by an earlier version of mentorlift"
    assert in_service(old).name.endswith(f".v{versions.SCHEMAS['warehouse']}.duckdb")
    assert figures(in_service(old), "estimates") == (FIGURES / "estimates.csv").read_text()
    assert not list(old.out.rglob("*.tmp"))


def _old_one_serves(firm: Firm, before: dict[str, str]) -> bool:
    left = state(firm)
    with Engine.open(in_service(firm), read_only=True) as engine:
        whole = engine.scalar("select count(*) from results.estimates") == 39
    return whole and {n: left[n] for n in before} == before


def test_a_full_disk_leaves_the_old_one_in_service(
    old: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(old)

    with monkeypatch.context() as patch:
        patch.setenv("MENTORLIFT_FAULT", "settle-opened:warehouse-*=ENOSPC")
        code, _, err = command("upgrade", str(old.out))
    assert code == 10 and "No space left" in err and state(old) == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("update results.estimates set estimate = estimate + 1e-9 where study = 'a'", True),
        ("update results.estimates set study = null where study = 'a'", True),
        ("delete from marts.employees", True),
        ("drop table marts.employees", True),
        ("alter table results.estimates add column standing varchar", False),
        ("create table results.freshness (source varchar)", False),
    ],
)
def test_a_step_may_add_and_not_change(tmp_path: Path, change: str, named: bool) -> None:
    paths = [tmp_path / name for name in ("before", "after")]
    for path in paths:
        with Engine.open(path) as engine:
            engine.run(
                "create schema results; create schema marts;"
                "create table results.estimates as select * from (values "
                "('a', 0.25), ('b', cast('nan' as double)), ('b', null)) as t (study, estimate);"
                "create table marts.employees as select 1 as person_no"
            )
            engine.run(change if path is paths[1] else "select 1")
    if not named:
        folder._compare(*paths)
        return
    with pytest.raises(UserError, match="rows or figures would be others in") as caught:
        folder._compare(*paths)
    assert change.split()[1 if change.startswith("update") else 2] in caught.value.problem
