"""How the files of the first run were read: by the first run, by the second, or half and half.

Rows of one file are the same row in both runs, whatever was made of them. So a change of the
mapping shows in their values, a change of identity in their pseudonyms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text
from pipelines.errors import UserError
from pipelines.ingest.identity.normal import SEVERAL, UNKNOWN
from pipelines.models import contracts

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.engine import Engine
    from pipelines.models import Contract

FIRST, SECOND = "run_a", "run_b"
ROW = ("_source", "_file", "_row")
WHY = ("exit_kind", "exit_reason", "regretted")  # of employment: why somebody left
_BY_PERSON = f"({text(UNKNOWN)}, {text(SEVERAL)})"  # rules of rows whose person is not known
# Landed tables whose rows are no rows of one file: what they tell of, and what became of files.
WHOLE = {"exit_reasons": "mapping", "scoring_keys": "mapping", "lottery_draws": "identity"}
ABOUT_FILES = ("deliveries", "quarantine")


def row_tables() -> tuple[Contract, ...]:
    """Landed tables that hold the rows of files, by name."""
    return tuple(c for c in contracts("landed") if any(x.name == "_seq" for x in c.columns))


def identifiers(contract: Contract) -> list[str]:
    """The columns that hold pseudonyms."""
    return [c.name for c in contract.columns if c.role == "identifier"]


def content(contract: Contract, *without: str) -> list[str]:
    """The columns that come from the file, less some."""
    landing = {*ROW, "_seq", "_delivered_on"}
    return [c.name for c in contract.columns if c.name not in landing | {*without}]


def attach(engine: Engine, first: Path, second: Path) -> None:
    """Attach both warehouses; name the files that both runs have read."""
    for path, alias in ((first, FIRST), (second, SECOND)):
        engine.attach(path, alias)
        _check_tables(engine, path, alias)
    engine.run("create schema landed; create schema told; create schema half")
    engine.run(
        f"create table told.common as select a.source as _source, a.file as _file "
        f"from {FIRST}.landed.deliveries a inner join {SECOND}.landed.deliveries b "
        "on a.source = b.source and a.file = b.file and a.sha256 = b.sha256 "
        "where a.outcome = 'accepted' and b.outcome = 'accepted'"
    )


def _check_tables(engine: Engine, path: Path, alias: str) -> None:
    """Raise UserError where a warehouse of another version holds other landed columns."""
    found = engine.rows(
        "select table_name, column_name from duckdb_columns() "
        f"where database_name = {text(alias)} and schema_name = 'landed'"
    )
    if {*found} != {(c.table, column.name) for c in contracts("landed") for column in c.columns}:
        raise UserError(
            f"{path.name}: made by a version that landed other columns", "Run the project again."
        )


def is_common(alias: str, *, not_so: bool = False) -> str:
    """The condition that a row's file was read by both runs."""
    word = "not exists" if not_so else "exists"
    return (
        f"{word} (select 1 from told.common c where c._source = {alias}._source "
        f"and c._file = {alias}._file)"
    )


def read_first(engine: Engine, switched: frozenset[str]) -> None:
    """Make ``landed`` the files of the first run, mapping and identity as switched."""
    mapping, identity = "mapping" in switched, "identity" in switched
    for contract in row_tables():
        sql = f"from {FIRST}.landed.{contract.table}"
        if mapping or identity:
            sql = _mixed(contract, mapping=mapping, identity=identity)
        show(engine, contract.table, sql)
    for table, cause in WHOLE.items():
        show(engine, table, f"from {SECOND if cause in switched else FIRST}.landed.{table}")
    files = {"deliveries": "source as _source, file as _file, *", "quarantine": "*"}
    for table, columns in files.items():
        sql = f"from {FIRST}.landed.{table}"
        if mapping:
            own = f"select {columns} from {{}}.landed.{table}"
            sql = (
                f"select x.* from ({own.format(SECOND)}) x where {is_common('x')} union all "
                f"select x.* from ({own.format(FIRST)}) x where {is_common('x', not_so=True)}"
            )
            if table == "deliveries":
                sql = f"select * exclude (_source, _file) from ({sql})"
        show(engine, table, sql)


def read_second(engine: Engine) -> None:
    """Make ``landed`` all that the second run has landed."""
    for contract in contracts("landed"):
        show(engine, contract.table, f"from {SECOND}.landed.{contract.table}")


def transfers_differ(engine: Engine) -> bool:
    """Whether the runs join spells by different rules."""
    rules = [engine.rows(f"from {run}.landed.project") for run in (FIRST, SECOND)]
    return rules[0] != rules[1]


def transfers(engine: Engine, *, second: bool) -> None:
    """Join spells by the rule of the first or of the second run."""
    show(engine, "project", f"from {SECOND if second else FIRST}.landed.project")


def show(engine: Engine, table: str, sql: str) -> None:
    """Make the landed table a view of something else."""
    engine.run(f"create or replace view landed.{table} as {sql}")


def _mixed(contract: Contract, *, mapping: bool, identity: bool) -> str:
    """SQL of a table of the first run's files: values of one run, persons of one run.

    Why people left stays as the first run had it, so that recoded reasons are a cause of their own.
    """
    base, other = (SECOND, FIRST) if mapping else (FIRST, SECOND)
    taken = identifiers(contract) if mapping != identity else []
    parts = [f"case when y._row is null then x.{c} else y.{c} end as {c}" for c in taken]
    if mapping and contract.table == "employment":
        parts += [f"coalesce(y.{c}, x.{c}) as {c}" for c in WHY]
    parts.append("2 * x._seq as _seq")
    asked = identifiers(contract) + ([*WHY] if contract.table == "employment" else [])
    one = ", ".join(f"any_value({c}) as {c}" for c in asked)
    name = f"landed.{contract.table}"
    sql = (
        f"select x.* replace ({', '.join(parts)}) from {base}.{name} x "
        f"left join (select {', '.join(ROW)}, {one} from {other}.{name} "
        f"group by {', '.join(ROW)}) y on {_same_row('x', 'y')} where {is_common('x')}"
    )
    if mapping != identity:  # rows that one run could not give a person
        sql += f" and not {_by_person('x', other, contract)}"
        sql += (
            f" union all select x.* replace (2 * x._seq + 1 as _seq) from {other}.{name} x "
            f"where {is_common('x')} and {_by_person('x', base, contract)}"
        )
    return sql + (
        f" union all select x.* replace (2 * x._seq + 1 as _seq) from {FIRST}.{name} x "
        f"where {is_common('x', not_so=True)}"
    )


def _same_row(one: str, two: str) -> str:
    """The condition that both are the same row of a file."""
    return " and ".join(f"{one}.{c} = {two}.{c}" for c in ROW)


def _by_person(alias: str, run: str, contract: Contract) -> str:
    """The condition that the run set a row aside since its person was not known."""
    return (
        f"exists (select 1 from {run}.landed.quarantine q where {_same_row('q', alias)} "
        f"and q.table_name = {text(contract.table)} and q.rule in {_BY_PERSON})"
    )


def count_changed(engine: Engine) -> dict[str, int]:
    """Rows of common files that the runs read otherwise, by cause: mapping and identity."""
    found = {"mapping": 0, "identity": 0}
    for contract in row_tables():
        ids, name = identifiers(contract), f"landed.{contract.table}"
        why = WHY if contract.table == "employment" else ()
        columns = [*content(contract, *ids, *why), *ROW, "_delivered_on"]
        sides = [
            f"select {', '.join(f'x.{ident(c)}' for c in columns)} from {run}.{name} x "
            f"where {is_common('x')} and not {_by_person('x', against, contract)}"
            for run, against in ((FIRST, SECOND), (SECOND, FIRST))
        ]
        found["mapping"] += _apart(engine, *sides)
        other = " or ".join(f"a.{c} is distinct from b.{c}" for c in ids)
        found["identity"] += engine.scalar(
            f"select count(distinct ({', '.join(f'a.{c}' for c in ROW)})) from {FIRST}.{name} a "
            f"inner join {SECOND}.{name} b on {_same_row('a', 'b')} "
            f"where {is_common('a')} and ({other})"
        )
        for one, two in ((FIRST, SECOND), (SECOND, FIRST)):
            found["identity"] += engine.scalar(
                f"select count(*) from {one}.{name} x where {is_common('x')} "
                f"and {_by_person('x', two, contract)}"
            )
    for table in ("scoring_keys", "lottery_draws"):
        sides = [f"from {run}.landed.{table}" for run in (FIRST, SECOND)]
        found[WHOLE[table]] += _apart(engine, *sides)
    return found


def _apart(engine: Engine, one: str, two: str) -> int:
    """Rows that either side has and the other has not, the more of the two."""
    pairs = ((one, two), (two, one))
    return max(engine.scalar(f"select count(*) from ({a} except all {b})") for a, b in pairs)
