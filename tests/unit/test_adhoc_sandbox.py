"""The process of an ad hoc query: it holds without the gate, and ends at its limits."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pipelines import adhoc
from pipelines.adhoc import sandbox
from pipelines.errors import Exit, UserError
from tests.unit.analyst_file import SECRET, publish, state
from tests.unit.test_adhoc_gate import ATTACKS, FILES, HARMLESS_SQL

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("published"))


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
