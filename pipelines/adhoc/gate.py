"""The gate before the sandbox: what a query may name, decided on its syntax tree.

The text is only parsed here, never planned or run. Whatever the tree holds that is not on a
list below is refused, so syntax of a later DuckDB is refused until someone has looked at it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from pipelines.adhoc.functions import SCALARS, TABLES, names
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from collections.abc import Collection

Kind = Literal["select", "show tables", "describe"]

LONGEST = 100_000  # characters of a query

EXPRESSIONS = names(
    """
    BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA
    LAMBDA_REF OPERATOR POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW
    """
)
NODES = names(
    """
    SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE
    BASE_TABLE EMPTY EXPRESSION_LIST JOIN PIVOT SHOW_REF SUBQUERY TABLE_FUNCTION
    DISTINCT_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_MODIFIER
    ORDER_DEFAULT ASCENDING DESCENDING
    """
)
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE")
# DuckDB folds the case of ASCII letters alone: for str.lower() the Kelvin sign is a k as well, and
# a CTE named with it would pass for a file of that name.
FOLD = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the query asks for and the tables (``marts.employees``) it needs for it."""

    kind: Kind
    sql: str
    tables: tuple[str, ...]


def refused(problem: str, fix: str) -> UserError:
    """The error of a query that is not run."""
    return UserError(problem, fix, Exit.REFUSED)


def admit(sql: str, allowed: Collection[str]) -> Admitted:
    """The query if it is one SELECT over the allowed tables; raises :class:`UserError`."""
    with duckdb.connect(":memory:", config={"threads": 1, "async_threads": 0}) as parser:
        return judge(parser, sql, allowed)


def judge(parser: duckdb.DuckDBPyConnection, sql: str, allowed: Collection[str]) -> Admitted:
    """The same with a connection of the caller's, which only parses."""
    if len(sql) > LONGEST or "\0" in sql:
        raise refused(
            f"The query is longer than {LONGEST:,} characters or holds a NUL character.",
            "Write a shorter query.",
        )
    text = _only_select(parser, sql)
    found = parser.execute("select json_serialize_sql($1)", [text]).fetchall()
    try:
        node = _tree(found[0][0])
        walk = _Walk(allowed)
        walk.visit(node, frozenset())
    except RecursionError:
        raise refused(
            "The query is nested too deeply.", "Name the inner parts in a WITH clause."
        ) from None
    return Admitted(_kind(node), text, tuple(walk.tables))


def _kind(node: dict[str, Any]) -> Kind:
    shown = node.get("from_table") or {}
    if shown.get("type") != "SHOW_REF":
        return "select"
    if shown["query"] is None:
        return "show tables"
    source = shown["query"].get("from_table") or {}
    table = source.get("type") == "BASE_TABLE" and len(source["qualified_name"]["path"]) == 2
    whole = table and not source["column_name_alias"] and _is_star(shown["query"]["select_list"])
    return "describe" if whole and shown["show_type"] != "SUMMARY" else "select"


def _is_star(columns: list[dict[str, Any]]) -> bool:
    """Whether these are all columns of a table as they are (no EXCLUDE, REPLACE and the like)."""
    star = columns[0]
    changes = (star[key] for key in star if key.endswith("_list") or key in ("columns", "expr"))
    return len(columns) == 1 and star["class"] == "STAR" and not any(changes)


def _only_select(parser: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        statements = parser.extract_statements(sql)
        kinds = [statement.type for statement in statements]
    except duckdb.Error as error:
        raise refused(one_line(str(error)), "Correct the query.") from None
    except ValueError:  # a statement type the Python client has no name for
        raise _not_a_select("This statement") from None
    if len(statements) != 1:
        raise refused(
            f"There are {len(statements)} statements; one query is run at a time.",
            "Write exactly one SELECT.",
        )
    kind = kinds[0]
    if kind == duckdb.StatementType.MULTI:
        raise refused(
            "PIVOT without a list of values runs as several statements.",
            "List the values: PIVOT t ON column IN ('a', 'b') USING sum(x).",
        )
    if kind != duckdb.StatementType.SELECT:
        raise _not_a_select(kind.name)
    return _without_end(str(statements[0].query))


def _without_end(text: str) -> str:
    """The statement without closing semicolons and comments, so that it can stand in brackets."""
    data = text.encode()
    for offset, kind in reversed(duckdb.tokenize(text)):
        if data[offset : offset + 1] != b";" and kind != duckdb.token_type.comment:
            break
        data = data[:offset]
    return data.decode()


def _not_a_select(what: str) -> UserError:
    return refused(
        f"{what.upper()} is refused: a query only reads.",
        "Write one SELECT; `show tables` and `describe marts.<table>` work too.",
    )


def _tree(serialized: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(serialized)
    if document["error"] or len(document["statements"]) != 1:
        raise refused(
            one_line(document.get("error_message", "The query cannot be read.")),
            "Write one SELECT.",
        )
    node: dict[str, Any] = document["statements"][0]["node"]
    return node


def one_line(message: str) -> str:
    """DuckDB's message without the excerpt of the query, on one line."""
    return " ".join(message.split("\n\nLINE ")[0].split("\nStack Trace")[0].split())


def _folded(name: str) -> str:
    return name.translate(FOLD)


class _Walk:
    """Visits every node once, with the names of the CTEs that are in scope there."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.allowed = frozenset(allowed)
        self.tables: dict[str, None] = {}

    def visit(self, value: Any, scope: frozenset[str]) -> None:
        if isinstance(value, list):
            for item in value:
                self.visit(item, scope)
        elif isinstance(value, dict):
            self._visit_node(value, scope)

    def _visit_node(self, node: dict[str, Any], scope: frozenset[str]) -> None:
        self._check_kind(node)
        kind = node.get("class") or node.get("type")
        if kind == "BASE_TABLE":
            self._check_table(node, scope)
        elif kind in ("FUNCTION", "WINDOW"):
            self._check_function(node["function_name"], SCALARS)
        elif kind == "SHOW_REF":
            self._check_show(node)
        elif kind == "TABLE_FUNCTION":
            call = node["function"]
            self._check_function(call["function_name"], TABLES)
            # Its name is judged as a table function's; its arguments like any expression.
            node = {**node, "function": call["arguments"]}
        for entry in node.get("cte_map", {}).get("map", []):
            self.visit(entry["value"], scope)  # a CTE sees those before it, not itself
            scope |= {_folded(entry["key"])}
        if kind == "RECURSIVE_CTE_NODE":
            # Only its step sees it: in the start (left) the same name is a table or a file.
            step = scope | {_folded(node["cte_name"])}
            self.visit(node["right"], step)
            node = {key: value for key, value in node.items() if key != "right"}
        for key, value in node.items():
            if key != "cte_map":
                self.visit(value, scope)

    def _check_kind(self, node: dict[str, Any]) -> None:
        expression, kind = node.get("class"), node.get("type")
        if expression == "PARAMETER":
            raise refused("The query has a parameter (? or $name).", "Write the value itself.")
        if expression is not None:
            known = expression in EXPRESSIONS
        else:
            known = not isinstance(kind, str) or kind in NODES
        if known:
            return
        if str(kind).startswith(WRITES):
            raise _not_a_select(str(kind).split("_")[0])
        raise refused(
            f"{str(kind).replace('_', ' ').lower()} is not supported in ad hoc queries.",
            "Write it as a plain SELECT.",
        )

    def _check_table(self, node: dict[str, Any], scope: frozenset[str]) -> None:
        path = [_folded(part) for part in node["qualified_name"]["path"]]
        name = ".".join(path)
        if len(path) == 1 and name in scope:
            return
        if len(path) == 2 and name in self.allowed:
            self.tables[name] = None
            return
        near = [t for t in sorted(self.allowed) if t.split(".")[1] == path[-1]]
        near = near or get_close_matches(name, sorted(self.allowed), n=1)
        raise refused(
            f"{name!r} is not a table of this file.",
            f"Did you mean {near[0]}?" if near else f"Tables: {', '.join(sorted(self.allowed))}.",
        )

    def _check_function(self, name: str, allowed: frozenset[str]) -> None:
        if _folded(name) in allowed:
            return
        near = get_close_matches(name.lower(), sorted(allowed), n=1, cutoff=0.8)
        where = "as a table " if allowed is TABLES else ""
        raise refused(
            f"The function {name!r} is not allowed {where}here.",
            f"Did you mean {near[0]}?"
            if near
            else "Use functions of numbers, text, dates, lists and JSON; in FROM also "
            f"{', '.join(sorted(TABLES))}.",
        )

    def _check_show(self, node: dict[str, Any]) -> None:
        if node["query"] is None and node["table_name"].strip('"').lower() != "tables":
            raise refused(
                f"SHOW {node['table_name']} is not supported.",
                "Write `show tables` or `describe marts.<table>`.",
            )
