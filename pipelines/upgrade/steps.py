"""What changes in a database from one version to the next: an SQL file each, KIND_VERSION.sql.

A step adds, renames or fills; order of columns and descriptions follow from the contracts by
themselves. A version that only says its number has no file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import versions
from pipelines.engine import quote_identifier as ident
from pipelines.errors import UserError
from pipelines.models import comment, contracts
from pipelines.opened import stamp

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.models import Contract

FOLDER = Path(__file__).resolve().parent / "steps"
SCHEMAS = ("landed", "staging", "marts", "results")


def apply(engine: Engine, kind: str, found: int) -> None:
    """Bring an open copy from version ``found`` to that of this code.

    Raises :class:`UserError` where a table is then not as its contract says.
    """
    for version in range(found + 1, versions.SCHEMAS[kind] + 1):
        step = FOLDER / f"{kind}_{version}.sql"
        if step.is_file():
            engine.run(step.read_text(encoding="utf-8"))
    if kind == "warehouse":
        for contract in (c for schema in SCHEMAS for c in contracts(schema)):
            _conform(engine, contract)
    stamp(engine, kind)


def _conform(engine: Engine, contract: Contract) -> None:
    """Columns in the order of the contract, described in its words."""
    promised = {column.name: column.type for column in contract.columns}
    found = {
        name: kind
        for name, kind in engine.rows(
            "select column_name, data_type from duckdb_columns() where schema_name = $schema "
            "and table_name = $table_name and database_name = current_database() "
            "order by column_index",
            {"schema": contract.schema, "table_name": contract.table},
        )
    }
    if found != promised:
        raise UserError(
            f"{contract.name}: is not as the steps of the upgrade expect it",
            "Run the project again: it makes the warehouse anew from the delivered files.",
        )
    if list(found) != list(promised):
        columns = ", ".join(map(ident, promised))
        engine.run(
            f"create or replace table {contract.name} as select {columns} from {contract.name}"
        )
    comment(engine, contract)


def differences(engine: Engine, old: str, new: str) -> list[str]:
    """Tables of the attached database ``old`` whose rows or released figures are others in ``new``.

    Rows are counted in every table; those of ``results`` are compared, each column that was there.
    """
    there = _columns(engine, new)
    found = []
    for name, columns in _columns(engine, old).items():
        same = columns <= there.get(name, set())
        if same:
            counts = [engine.scalar(f"select count(*) from {at}.{name}") for at in (old, new)]
            same = counts[0] == counts[1]
        if same and name.startswith('"results".'):
            chosen = ", ".join(sorted(columns))
            sides = [f"select {chosen} from {at}.{name}" for at in (old, new)]
            same = not engine.scalar(f"select count(*) from ({sides[0]} except all {sides[1]})")
        if not same:
            found.append(name.replace('"', ""))
    return found


def _columns(engine: Engine, database: str) -> dict[str, set[str]]:
    """The quoted columns of each quoted table, less our own."""
    found: dict[str, set[str]] = {}
    for schema, table, column in engine.rows(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = $database and schema_name <> 'mentorlift' order by all",
        {"database": database},
    ):
        found.setdefault(f"{ident(schema)}.{ident(table)}", set()).add(ident(column))
    return found
