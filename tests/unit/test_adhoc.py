"""Ad hoc queries: what is answered, what the gate refuses, what the sandbox stops by itself.

The attacks are tried twice: on the gate, and without it on the sandbox behind it. Each of the two
must hold alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines import adhoc
from pipelines.adhoc import functions, gate, sandbox
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("marts.employees", "marts.exits", "results.estimates")
SECRET = "contents-of-another-file"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small analysts' file with a table outside the two schemas and a secret file beside it."""
    folder = tmp_path_factory.mktemp("published")
    path = folder / "analyst.duckdb"
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.0.0"}) as made:
        made.execute(
            """
            create schema marts; create schema results; create schema landed;
            create table marts.employees as select * from (values
                (1, 'sales', date '2020-01-15', 1000.50::decimal(9, 2)),
                (2, 'sales', date '2021-03-01', 1200.00::decimal(9, 2)),
                (3, 'it', date '2022-06-01', null)
            ) as t(person_no, department, hired_on, pay);
            create table marts.exits as select 2 as person_no, date '2023-01-31' as exited_on;
            create table results.estimates as select 'mentors' as study, 0.25::double as estimate;
            create table landed.people as select 'someone' as name;
            comment on table marts.employees is 'One row a person.';
            comment on column marts.employees.department is 'Team at the latest date.';
            """
        )
    (folder / "secret.csv").write_text(f"a,b\n{SECRET},2\n", encoding="utf-8")
    return path


def state(db: Path) -> dict[str, str]:
    """Name and hash of every file in the folder of the database."""
    return {
        f.name: hashlib.sha256(f.read_bytes()).hexdigest() if f.is_file() else "folder"
        for f in db.parent.iterdir()
    }


# --- what analysts ask -----------------------------------------------------------------------

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


# --- what is refused -------------------------------------------------------------------------

HARMLESS_SQL = "from json_execute_serialized_sql(json_serialize_sql('select 1'))"
FILES = [
    "copy (select 'x') to '{db}' (use_tmp_file false)",
    "copy (select 'x') to '{db}'",
    "copy (select 'x'::blob) to '{db}.wal' (format blob)",
    "copy (select 1) to '{dir}/out.csv'",
    "copy marts.employees from '{dir}/secret.csv'",
    "export database '{dir}/export'",
    "import database '{dir}/export'",
    "attach '{db}' as again",
    "attach '{db}' as again (read_only)",
    "attach '{dir}/new.duckdb' as fresh",
    "create table stolen as from read_csv('{dir}/secret.csv')",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "create persistent secret s (type http, bearer_token 'b')",
    "select * from read_blob('{db}')",
    "select * from read_text('{dir}/secret.csv')",
    "select * from \"read_text\"('{dir}/secret.csv')",
    "select * from \"READ_TEXT\"('{dir}/secret.csv')",
    "select * from main.read_text('{dir}/secret.csv')",
    "select * from system.main.read_text('{dir}/secret.csv')",
    "select * from read_csv('{dir}/secret.csv')",
    "select * from read_csv_auto('{dir}/*.csv')",
    "select * from read_json('{dir}/secret.csv')",
    "select * from read_json_auto('{dir}/secret.csv')",
    "select * from read_ndjson_objects('{dir}/secret.csv')",
    "select * from read_parquet('{dir}/secret.csv')",
    "select * from parquet_scan('{dir}/secret.csv')",
    "select * from parquet_metadata('{dir}/secret.csv')",
    "select * from read_duckdb('{db}', table_name := 'people')",
    "select * from sniff_csv('{dir}/secret.csv')",
    "select * from glob('{dir}/*')",
    "select * from '{dir}/secret.csv'",
    'from "{dir}/secret.csv"',
    "from '{db}'",
    "select (select content from read_text('{dir}/secret.csv'))",
    "select * from range(1), lateral (from read_text('{dir}/secret.csv'))",
    "with t as (from read_text('{dir}/secret.csv')) from t",
    "with t as materialized (from '{dir}/secret.csv') select 1 from t",
    "select 1 where exists (from glob('/etc/*'))",
    "select 1 order by (select count(*) from glob('/etc/*'))",
    "select 1 limit (select count(*) from glob('/etc/*'))",
    "select 1 union all select size from read_blob('{db}')",
    "describe select * from read_csv('{dir}/secret.csv')",
    "summarize from '{dir}/secret.csv'",
    "pivot '{dir}/secret.csv' on a in ('x') using count(*)",
    "from query('from read_text(''{dir}/secret.csv'')')",
    "from query_table('{dir}/secret.csv')",
    "from query_table(['marts.employees'])",
    HARMLESS_SQL,
    "from '/proc/self/environ'",
    "select * from read_text('/proc/self/environ')",
    "select * from read_csv('https://example.org/x.csv')",
]

SETTINGS = [
    "install httpfs",
    "force install httpfs from community",
    "load httpfs",
    "load '{dir}/evil.duckdb_extension'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '100GB'",
    "set variable x = 1",
    "reset memory_limit",
    "pragma database_list",
    "pragma enable_profiling",
    "pragma show_tables",
    "use marts",
    "call pragma_version()",
    "checkpoint",
    "call force_checkpoint()",
    "detach source",
    "connect 'quack:localhost'",
    "select getenv('HOME')",
    "select current_setting('secret_directory')",
    "select getvariable('x')",
    "select $x",
    "select ?",
    "select sleep_ms(10)",
    "select pg_sleep(1)",
    "select nextval('s')",
    "select write_log('x')",
    "from duckdb_settings()",
    "from duckdb_secrets()",
    "from duckdb_databases()",
    "from pragma_database_size()",
    "from information_schema.tables",
    "from pg_catalog.pg_tables",
    "from sqlite_master",
    "from duckdb_tables",
    "show databases",
    "show all tables",
]

WRITES = [
    "",
    "-- nothing",
    "select 1; select 2",
    "select 1; copy (select 1) to '{db}'",
    "create table t as select 1",
    "create macro m() as table from read_text('{dir}/secret.csv')",
    "create or replace view v as select 1",
    "insert into marts.exits values (1, null)",
    "update marts.exits set person_no = 1",
    "delete from marts.exits",
    "truncate marts.exits",
    "drop schema marts cascade",
    "merge into marts.exits using marts.employees using (person_no) when matched then delete",
    "with w as (insert into marts.exits values (9, null) returning *) from w",
    "with w as (delete from marts.exits returning *) from w",
    "with w as (update marts.exits set person_no = 3 returning *) select 1",
    "begin",
    "explain analyze select 1",
    "prepare p as select 1",
    "execute p",
    "vacuum",
    "pivot marts.employees on department using count(*)",
    "from landed.people",
    "from analyst.landed.people",
    "from source.landed.people",
    "from employees",
    "select * from a as (select 1)",
    "with b as (from a), a as (select 1) from b",
    "select (with inside as (select 1) from inside), x from inside",
]

ATTACKS = FILES + SETTINGS + WRITES


@pytest.mark.parametrize("sql", ATTACKS)
def test_the_gate_refuses(db: Path, sql: str) -> None:
    with pytest.raises(UserError) as caught:
        gate.admit(sql.format(db=db, dir=db.parent), TABLES)
    assert caught.value.exit_code is Exit.REFUSED
    assert caught.value.problem and caught.value.fix


# The sandbox without its gate: each line of stdin is a statement, each line out its outcome.
UNGUARDED = """
import json, os, sys
from contextlib import suppress
from pipelines.adhoc import child
db, *statements = json.load(sys.stdin)
child.limit_process(30)
connection = child.connect(1024)
child.load_and_lock(connection, tuple(child.read_catalog(connection, db)))
for sql in statements:
    try:
        outcome = repr(connection.execute(sql).fetchall())
    except Exception as error:
        outcome = None
    print(json.dumps([sql, outcome]))
    with suppress(Exception):
        connection.execute("rollback")
files = [f"/proc/self/fd/{n}" for n in range(32)]
links = [os.readlink(file) for file in files if os.path.lexists(file)]
print(json.dumps(["links", links]))
for attempt in (lambda: open(os.devnull), lambda: os.pipe()):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit("a file descriptor was to be had")
"""


def test_the_sandbox_holds_without_its_gate(db: Path) -> None:
    before = state(db)
    attacks = [sql.format(db=db, dir=db.parent) for sql in ATTACKS]
    done = subprocess.run(
        [sys.executable, "-c", UNGUARDED],
        input=json.dumps([str(db), *attacks]),
        env=sandbox.ENVIRONMENT,
        cwd=db.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    outcomes = dict(json.loads(line) for line in done.stdout.splitlines())
    assert state(db) == before
    assert not [link for link in outcomes.pop("links") if "analyst" in link]
    ran = {sql: outcome for sql, outcome in outcomes.items() if outcome is not None}
    assert not [sql for sql, outcome in ran.items() if SECRET in outcome or "someone" in outcome]
    # These two only reach what the sandbox holds anyway.
    harmless = {"from query_table(['marts.employees'])", HARMLESS_SQL}
    assert not ({sql.format(db=db, dir=db.parent) for sql in FILES} & set(ran)) - harmless


# --- what is stopped -------------------------------------------------------------------------

BOMBS = [
    "select len(range(1000000000))",
    "select count(*) from range(1000000) a, range(1000000) b",
    "with recursive r as (select 1 as i union all select i + 1 from r) select max(i) from r",
    "with recursive r as (select 'x' as a union all select a || a from r) select max(a) from r",
    "select repeat('x', 2000000000)",
    "select lpad('x', 2000000000, 'y')",
    "select format('{:>2000000000}', 'x')",
    "select list(a.range order by b.range) from range(100000) a, range(100000) b",
    "select regexp_replace(repeat('a', 100000000), '(a|b)*(a?){50}', 'xxxxxxxxxxxx', 'g')",
    "select list_sum(list_transform(range(50000000), lambda x: len(repeat('y', x % 1000))))",
    "select repeat('x', 1000000) from range(10000)",
]


@pytest.mark.parametrize("sql", BOMBS)
def test_a_bomb_is_stopped(db: Path, sql: str) -> None:
    before, begun = state(db), time.monotonic()
    with pytest.raises(UserError) as caught:
        adhoc.query(db, sql, seconds=1, memory_mb=256)
    assert time.monotonic() - begun < 1 + 1 + 3  # limit, margin, start of a process when busy
    assert caught.value.exit_code is Exit.LIMIT
    assert state(db) == before


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(" * 20_000 + "1" + ")" * 20_000,
        "select 1" + "+1" * 40_000,
        "select 1 -- " + "x" * 100_000,
        "select 'a\0b'",
        "select regexp_matches('a', '((a{1000}){1000}){1000}')",
    ],
    ids=["brackets", "operators", "length", "nul", "regex"],
)
def test_a_text_that_breaks_parsers_is_refused(db: Path, sql: str) -> None:
    with pytest.raises(UserError) as caught:
        adhoc.query(db, sql, seconds=2, memory_mb=512)
    assert caught.value.exit_code in (Exit.REFUSED, Exit.LIMIT)


def test_a_query_without_a_parent_ends_by_itself(db: Path) -> None:
    request = {"db": str(db), "sql": BOMBS[1], "seconds": 0.5, "memory_mb": 256, "max_rows": 1}
    done = subprocess.run(
        sandbox.COMMAND,
        input=json.dumps(request).encode(),
        env=sandbox.ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        timeout=20,
    )
    assert -done.returncode in (signal.SIGALRM, signal.SIGXCPU)


# --- what the person reads -------------------------------------------------------------------


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


HEAD, END = b'{"columns": ["a"], "types": ["INTEGER"]}', b'{"end": true, "truncated": false}'


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [HEAD],
        [HEAD, b"[1]"],
        [HEAD, b"[1, 2]", END],
        [HEAD, b"[[1]]", END],
        [HEAD, b'[{"a": 1}]', END],
        [HEAD, b"[1]", b"[2]", b"[3]", END],
        [HEAD, b"1", END],
        [b"not json", END],
        [b"[" * 100_000, END],
        [b'{"failed": ["a", "b", 99]}'],
        [b'{"failed": 1}'],
        [b'{"columns": [1], "types": ["INTEGER"]}', END],
    ],
)
def test_an_answer_of_the_wrong_shape_is_not_taken(lines: list[bytes]) -> None:
    with pytest.raises(UserError) as caught:
        sandbox._read(lines, -signal.SIGKILL, max_rows=2)
    assert caught.value.exit_code is Exit.LIMIT


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
    monkeypatch.setenv("CANARY", SECRET)
    monkeypatch.setattr(
        subprocess, "Popen", lambda *args, **kw: seen.append(kw["env"]) or real(*args, **kw)
    )
    adhoc.query(db, "select 1")
    assert "CANARY" in os.environ and "CANARY" not in seen[0] and "HOME" not in seen[0]
