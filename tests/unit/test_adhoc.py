"""Ad hoc queries: what is answered, and in which words it is not."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines import adhoc
from pipelines.adhoc import functions, gate
from pipelines.errors import Exit, UserError
from tests.unit.analyst_file import TABLES, publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("published"))


ANSWERED = [
    ("select 1 + 1;  -- a comment", [(2,)]),
    ("/* first */ select 'ü' as x;;", [("ü",)]),
    (
        "select department, count(*), sum(pay) from marts.employees group by all order by 1",
        [("it", 1, None), ("sales", 2, 2200.5)],
    ),
    (
        "select e.person_no, x.exited_on - e.hired_on from marts.employees e "
        "join marts.exits x using (person_no)",
        [(2, 701)],
    ),
    (
        "with late as (select * from marts.employees where hired_on > '2021-01-01'), "
        "named as (from late) select count(*) from named",
        [(2,)],
    ),
    (
        "select person_no, row_number() over (partition by department order by pay desc) "
        "from marts.employees order by all",
        [(1, 2), (2, 1), (3, 1)],
    ),
    (
        "select person_no from marts.employees qualify rank() over (order by hired_on desc) = 1",
        [(3,)],
    ),
    (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4) "
        "select sum(i) from n",
        [(10,)],
    ),
    (
        "select list_transform([1, 2], lambda x: x * 10), [x for x in [1, 2] if x > 1]",
        [("[10, 20]", "[2]")],
    ),
    (
        "pivot marts.employees on department in ('sales', 'it') using count(*) "
        "group by person_no order by 1",
        [(1, 1, 0), (2, 1, 0), (3, 0, 1)],
    ),
    (
        "from (select department, pay from marts.employees) "
        "pivot (max(pay) for department in ('sales'))",
        [(1200.0,)],
    ),
    ("select department.upper() from marts.employees where person_no = 3", [("IT",)]),
    ("from range(3) as t(i) select max(i)", [(2,)]),
    ("select unnest(['a', 'b'])", [("a",), ("b",)]),
    ("select estimate from results.estimates union all select 1.5", [(0.25,), (1.5,)]),
    ("select exists (from marts.exits), (select max(pay) from marts.employees)", [(True, 1200.0)]),
    (
        "select date_trunc('month', hired_on)::date from marts.employees where person_no = 1",
        [("2020-01-01",)],
    ),
    ("select null, true, 'a', 9007199254740993, 0.5::double", [(None, True, "a", 2**53 + 1, 0.5)]),
    (
        "select timestamptz '2020-01-01 10:00+03', '\\xAA'::blob, {'a': 1}",
        [("2020-01-01 07:00:00+00", "\\xAA", "{'a': 1}")],
    ),
    ("select column_name from (summarize marts.exits)", [("person_no",), ("exited_on",)]),
    ("select column_type from (describe select 1::bigint)", [("BIGINT",)]),
    (
        "show tables",
        [("marts.employees", "One row a person."), ("marts.exits", ""), ("results.estimates", "")],
    ),
    ("describe marts.exits", [("person_no", "INTEGER", ""), ("exited_on", "DATE", "")]),
    (
        "describe select exited_on from marts.exits",
        [("exited_on", "DATE", "YES", None, None, None)],
    ),
    (
        "describe select * exclude (person_no) from marts.exits",
        [("exited_on", "DATE", "YES", None, None, None)],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), ANSWERED)
def test_a_query_is_answered(db: Path, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert list(adhoc.query(db, sql).rows) == rows


def test_columns_types_and_truncation(db: Path) -> None:
    result = adhoc.query(
        db, "select person_no, hired_on from marts.employees order by 1", max_rows=2
    )
    assert result == adhoc.QueryResult(
        columns=("person_no", "hired_on"),
        types=("INTEGER", "DATE"),
        rows=((1, "2020-01-15"), (2, "2021-03-01")),
        truncated=True,
    )


def test_the_order_asked_for_is_kept(db: Path) -> None:
    result = adhoc.query(db, "select range as n from range(1000000) order by n desc", max_rows=3)
    assert result.rows == ((999_999,), (999_998,), (999_997,))


def test_tables_and_columns_are_described(db: Path) -> None:
    assert ("marts.employees", "One row a person.") in adhoc.tables(db)
    assert adhoc.describe(db, "marts.employees")[1] == (
        "department",
        "VARCHAR",
        "Team at the latest date.",
    )
    with pytest.raises(UserError, match=r"landed\.people"):
        adhoc.describe(db, "landed.people")


WORDED = [
    "select x is distinct from 1, coalesce(x, 0), case when x then 1 end, try(1 / 0)",
    "select percentile_cont(0.5) within group (order by x), sum(x) filter (where y)",
    "select sum(x) over w from marts.exits window w as (order by y rows 2 preceding)",
    "select extract(year from d), d + interval 1 month, d at time zone 'UTC', current_date",
    "select a || b, a like 'x%' escape '!', a ilike 'x', a similar to 'x', a ~ 'x', a glob 'x'",
    "select * exclude (a) replace (b as c), columns('x.*') from marts.exits",
    "select l[1], l[1:2], s.f, map {'a': 1}['a'], row(1, 2), 1 in l, j ->> '$.a', j -> 'a'",
    "from marts.employees e asof join marts.exits x on e.t >= x.t semi join marts.exits on true",
    "select 1 union all by name select 2 except select 3 order by all limit 10 offset 2",
    "select a from marts.exits group by rollup (a), grouping sets ((a), ()) having count(*) > 1",
    "unpivot marts.exits on a, b into name n value v",
    "from marts.exits tablesample reservoir(5) repeatable (42)",
    "select x::decimal(9, 2), try_cast(x as int), x between 1 and 2, #1 from marts.exits",
    "with m as materialized (values (1)), n as (from m) select (with k as (from n) from k)",
    "from marts.employees e, lateral (select e.person_no)",
    "summarize marts.employees",
]


@pytest.mark.parametrize("sql", WORDED)
def test_the_gate_lets_ordinary_sql_through(sql: str) -> None:
    assert gate.admit(sql, TABLES).kind == "select"


@pytest.mark.parametrize(
    ("sql", "problem", "fix"),
    [
        (
            "from employees",
            "'employees' is not a table of this file.",
            "Did you mean marts.employees?",
        ),
        (
            "from marts.employes",
            "'marts.employes' is not a table of this file.",
            "Did you mean marts.employees?",
        ),
        (
            "select medain(pay) from marts.employees",
            "The function 'medain' is not allowed here.",
            "Did you mean median?",
        ),
        (
            "delete from marts.exits",
            "DELETE is refused: a query only reads.",
            "Write one SELECT; `show tables` and `describe marts.<table>` work too.",
        ),
        (
            "with w as (delete from marts.exits returning *) from w",
            "DELETE is refused: a query only reads.",
            "Write one SELECT; `show tables` and `describe marts.<table>` work too.",
        ),
        ("selec 1", 'Parser Error: syntax error at or near "selec"', "Correct the query."),
    ],
)
def test_the_reason_is_plain(sql: str, problem: str, fix: str) -> None:
    with pytest.raises(UserError) as caught:
        gate.admit(sql, TABLES)
    assert caught.value.exit_code is Exit.REFUSED
    assert (caught.value.problem, caught.value.fix) == (problem, fix)


def test_an_error_of_the_query_is_told_in_one_line(db: Path) -> None:
    with pytest.raises(UserError) as caught:
        adhoc.query(db, "select exited from marts.exits")
    assert caught.value.exit_code is Exit.REFUSED
    assert 'Referenced column "exited" not found' in caught.value.problem
    assert "\n" not in caught.value.problem and str(db.parent) not in caught.value.problem


def test_a_refusal_comes_back_from_the_sandbox(db: Path) -> None:
    with pytest.raises(UserError, match="COPY is refused") as caught:
        adhoc.query(db, f"copy (select 'x') to '{db}' (use_tmp_file false)")
    assert caught.value.exit_code is Exit.REFUSED


def test_a_message_cannot_steer_the_terminal(db: Path) -> None:
    with pytest.raises(UserError) as caught:
        adhoc.query(db, "select cast('\x1b[2J\x1b]0;owned\x07' as integer)")
    assert caught.value.exit_code is Exit.REFUSED
    assert str(caught.value).replace("\n", "").isprintable()


def test_a_file_that_cannot_be_read_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no analysts' file"):
        adhoc.query(tmp_path / "none.duckdb", "select 1")
    broken = tmp_path / "broken.duckdb"
    broken.write_text("not a database " * 1000, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        adhoc.query(broken, "select 1")
    assert caught.value.exit_code is Exit.DATA
    assert str(tmp_path) not in str(caught.value)


def test_a_file_being_written_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "busy.duckdb"
    with duckdb.connect(str(path)), pytest.raises(UserError) as caught:
        adhoc.query(path, "select 1")
    assert caught.value.exit_code is Exit.BUSY


def test_every_allowed_function_exists() -> None:
    with duckdb.connect() as connection:
        kinds = connection.execute(
            "select lower(function_name), function_type from duckdb_functions()"
        ).fetchall()
    scalars = {name for name, kind in kinds if kind not in ("table", "pragma", "table_macro")}
    tables = {name for name, kind in kinds if kind == "table"}
    assert functions.SCALARS - scalars == {"unnest"}  # the binder's own, in no list
    assert tables >= functions.TABLES


def test_the_environment_of_this_process_stays_out(db: Path, monkeypatch) -> None:
    seen: list[dict[str, str]] = []
    real = subprocess.Popen
    monkeypatch.setenv("CANARY", "a secret")
    monkeypatch.setattr(
        subprocess, "Popen", lambda *args, **kw: seen.append(kw["env"]) or real(*args, **kw)
    )
    adhoc.query(db, "select 1")
    assert "CANARY" in os.environ and "CANARY" not in seen[0] and "HOME" not in seen[0]
