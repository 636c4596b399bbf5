"""Finds the SQL models, orders them by what they read, builds, checks and describes them."""

from __future__ import annotations

import graphlib
import itertools
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp

from pipelines.engine import quote_identifier, quote_text
from pipelines.errors import Exit, UserError
from pipelines.parts import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.engine import Engine

FOLDER = Path(__file__).resolve().parent / "models"
BUILT = ("staging", "marts")
# Pseudonyms and figures hardly repeat within a block: to look for a way to compress their text
# takes four times as long as to write it, and saves half of the room.
_HARDLY_REPEATED = {"identifier", "number"}


@dataclass(frozen=True)
class Column:
    """One described column; ``role`` says how the ingest reads it (landed tables only)."""

    name: str
    type: str
    description: str
    role: str = ""
    required: bool = False
    not_null: bool = False
    accepted_values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """What a table promises: its description, its columns in order and its unique grain.

    ``key`` is the business key of a landed table: one content per key in one file.
    """

    schema: str
    table: str
    description: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the table with its schema."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class Warned:
    """A check that found something worth a look: its name, what it means, rows found.

    ``named``: rows by the name of what they are about, where the check says which column has it.
    """

    check: str
    meaning: str
    rows: int
    named: tuple[tuple[str, int], ...] = ()

    def describe(self) -> str:
        """The warning in one line."""
        names = "".join(f", {name}: {rows}" for name, rows in self.named)
        return f"{self.check}: {self.meaning} ({self.rows} rows{names})"

    def as_dict(self) -> dict[str, Any]:
        """The warning as plain values, as the report reads them."""
        return {
            "name": self.check,
            "level": "warn",
            "rows": self.rows,
            "description": self.meaning,
            "named": dict(self.named),
        }


@dataclass(frozen=True)
class BuildReport:
    """Models built with their row counts, in the order of building, and the warnings."""

    models: tuple[tuple[str, int], ...]
    warnings: tuple[Warned, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return {
            "models": dict(self.models),
            "warnings": [warning.as_dict() for warning in self.warnings],
        }


@cache
def contracts(schema: str, folder: Path = FOLDER) -> tuple[Contract, ...]:
    """The contracts of one schema, by table name."""
    paths = sorted((folder / schema).glob("[!_]*.yml"))
    return tuple(_contract(schema, path) for path in paths)


def create_described(engine: Engine, contract: Contract) -> None:
    """Create the empty table of a contract, with its comments."""
    columns = ", ".join(
        f"{quote_identifier(c.name)} {c.type}"
        + (" using compression uncompressed" if c.role in _HARDLY_REPEATED else "")
        for c in contract.columns
    )
    engine.run(f"create schema if not exists {contract.schema}")
    engine.run(f"create or replace table {contract.name} ({columns})")
    comment(engine, contract)


def comment(engine: Engine, contract: Contract) -> None:
    """Store the descriptions of a contract with its table."""
    columns = ((column.name, column.description) for column in contract.columns)
    engine.describe(contract.name, contract.description, columns)


def build(engine: Engine, folder: Path = FOLDER) -> BuildReport:
    """Build staging and marts from what has landed.

    Raises :class:`UserError` naming model, column and count when a contract or a failing check
    is broken; values are never named.
    """
    built = []
    for contract, select in ordered(folder):
        with engine.transaction():
            engine.run(f"create schema if not exists {contract.schema}")
            engine.run(f"create or replace table {contract.name} as {select}")
            rows = verify(engine, contract)
            comment(engine, contract)
        built.append((contract.name, rows))
    return BuildReport(tuple(built), run_checks(engine, folder))


def build_some(engine: Engine, names: Iterable[str], folder: Path = FOLDER) -> None:
    """Build the named models and all that they read, without their checks."""
    models = {contract.name: select for contract, select in ordered(folder)}
    wanted, queue = set(names), list(names)
    while queue:
        needed = (reads(models[queue.pop()]) & models.keys()) - wanted
        wanted |= needed
        queue += sorted(needed)
    for contract, select in ordered(folder):
        if contract.name in wanted:
            engine.run(f"create schema if not exists {contract.schema}")
            engine.run(f"create or replace table {contract.name} as {select}")


@cache
def ordered(folder: Path = FOLDER) -> tuple[tuple[Contract, str], ...]:
    """Every model's contract and SELECT, each after those it reads; ties in alphabetical order."""
    models: dict[str, tuple[Contract, str]] = {}
    for schema in BUILT:
        for contract in contracts(schema, folder):
            path = folder / schema / f"{contract.table}.sql"
            models[contract.name] = (contract, path.read_text(encoding="utf-8"))
    graph = graphlib.TopologicalSorter(
        {name: sorted(reads(sql) & models.keys()) for name, (_, sql) in models.items()}
    )
    graph.prepare()
    order: list[tuple[Contract, str]] = []
    while graph.is_active():
        ready = sorted(graph.get_ready())
        order += [models[name] for name in ready]
        graph.done(*ready)
    return tuple(order)


@cache
def reads(select: str) -> frozenset[str]:
    """The tables, with their schema, that a SELECT reads."""
    tree = sqlglot.parse_one(select, dialect="duckdb")
    return frozenset(f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db)


def verify(engine: Engine, contract: Contract) -> int:
    """Rows of a built table; :class:`UserError` where it is not what its contract says."""
    found = [(row[0], row[1]) for row in engine.rows(f"describe {contract.name}")]
    promised = [(column.name, column.type) for column in contract.columns]
    if found != promised:
        pairs = itertools.zip_longest(found, promised)
        name = next((b or a)[0] for a, b in pairs if a != b)
        problem = f"{contract.name}: column {name!r} is not as its contract lists it."
        fix = f"Make the last SELECT and {contract.table}.yml list the same columns and types."
        raise UserError(problem, fix, Exit.UNEXPECTED)
    counts = {"empty": _count_empty(contract), "outside the accepted values": _count_odd(contract)}
    columns = [(name, what) for what, parts in counts.items() for name in parts]
    asked = ["count(*)", *(sql for parts in counts.values() for sql in parts.values())]
    ((rows, *totals),) = engine.rows(f"select {', '.join(asked)} from {contract.name}")
    for (column, what), total in zip(columns, totals, strict=True):
        if total:
            raise _broken(contract, f"column {column!r} is {what}", total)
    if contract.unique and rows > 1 and not is_ascending(engine, contract):
        key = ", ".join(map(quote_identifier, contract.unique))
        sql = f"select count(*) - count(distinct ({key})) from {contract.name}"
        repeated = engine.scalar(sql)
        if repeated:
            raise _broken(contract, f"({', '.join(contract.unique)}) is repeated", repeated)
    return int(rows)


def is_ascending(engine: Engine, contract: Contract) -> bool:
    """Whether each row as stored has a greater key than the one before it, so that none repeats.

    One look at neighbours, where counting distinct keys would hold all of them in memory.
    """
    key = ", ".join(map(quote_identifier, contract.unique))
    pairs = f"select row({key}) > lag(row({key})) over () as ascends from {contract.name}"
    # The first row has none before it.
    return bool(engine.scalar(f"select count(*) < 2 from ({pairs}) where ascends is not true"))


def run_checks(engine: Engine, folder: Path = FOLDER) -> tuple[Warned, ...]:
    """Run every check; failing ones raise :class:`UserError`, the others are returned.

    A check's first line says `-- fail` or `-- warn`, its second what the rows it finds mean. A
    third, `-- names COLUMN`, counts the rows by a column, never one of people.
    """
    warned = []
    for path in sorted((folder / "checks").glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        kind, meaning, third = (line.removeprefix("-- ").strip() for line in sql.splitlines()[:3])
        body = sql.rstrip().removesuffix(";")
        rows = engine.scalar(f"select count(*) from ({body}\n) as offending")
        if rows and kind == "fail":
            fix = "Correct the delivered files; `landed` holds file and row of each."
            raise UserError(f"Check {path.stem}: {meaning} ({rows} rows).", fix)
        if rows:
            named = _named(engine, body, third)
            warned.append(Warned(path.stem, meaning, rows, named))
    return tuple(warned)


def _named(engine: Engine, body: str, third: str) -> tuple[tuple[str, int], ...]:
    """Rows of what a check has found by the column that its third line names, if it does."""
    if not third.startswith("names "):
        return ()
    column = third.removeprefix("names ")
    return tuple(
        (str(name), rows)
        for name, rows in engine.rows(
            f"select {column}, count(*) from ({body}\n) as offending group by 1 order by 2 desc, 1"
        )
    )


def _contract(schema: str, path: Path) -> Contract:
    data = parse_yaml(path.read_text(encoding="utf-8"))
    listed = data["columns"]
    if schema == "landed" and data.get("landing", True):
        listed = listed + parse_yaml((path.parent / "_landing.yml").read_text())["columns"]
    columns = [{**c, "accepted_values": tuple(c.get("accepted_values", ()))} for c in listed]
    return Contract(
        schema=schema,
        table=path.stem,
        description=data["description"].strip(),
        columns=tuple(Column(**column) for column in columns),
        unique=tuple(data.get("unique", ())),
        key=tuple(data.get("key", ())),
    )


def _count_empty(contract: Contract) -> dict[str, str]:
    return {
        c.name: f"count(*) - count({quote_identifier(c.name)})"
        for c in contract.columns
        if c.not_null
    }


def _count_odd(contract: Contract) -> dict[str, str]:
    return {
        c.name: f"count(*) filter (where {quote_identifier(c.name)} not in "
        f"({', '.join(map(quote_text, c.accepted_values))}))"
        for c in contract.columns
        if c.accepted_values
    }


def _broken(contract: Contract, what: str, rows: int) -> UserError:
    fix = "Look at the delivered rows behind it, or mend the model; its contract is in the YAML."
    return UserError(f"{contract.name}: {what} in {rows} rows.", fix)
