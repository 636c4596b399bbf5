"""The engine: what it returns, what it refuses, and what it leaves behind (nothing)."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines.engine import Engine, quote_identifier, quote_text
from pipelines.errors import Exit, UserError


@pytest.fixture
def engine():
    with Engine.memory(threads=1) as opened:
        yield opened


def test_results_are_fetched_to_the_end(engine):
    engine.run("create table numbers as select * from range(3) as t(n)")
    assert engine.rows("select n from numbers order by n") == [(0,), (1,), (2,)]
    assert engine.scalar("select sum(n) from numbers where n > $low", {"low": 0}) == 3
    assert engine.scalar("select n from numbers where n > 9") is None
    assert engine.arrow("select n from numbers").num_rows == 3


def test_frames_have_dates_as_datetimes(engine):
    frame = engine.frame("select date '2024-01-31' as day, 'a' as name, null::integer as no")
    assert frame["day"].tolist() == [pd.Timestamp("2024-01-31")]
    assert frame["no"].isna().all()


def test_a_transaction_takes_effect_whole_or_not_at_all(engine):
    with engine.transaction():
        engine.run("create table kept as select 1 as n")
    with pytest.raises(ZeroDivisionError), engine.transaction():
        engine.run("create table lost as select 1 as n")
        raise ZeroDivisionError
    assert engine.rows("select table_name from duckdb_tables()") == [("kept",)]


def test_registered_frames_are_readable_until_they_are_forgotten(engine):
    engine.register("people", pd.DataFrame({"age": [31, None]}))
    assert engine.scalar("select count(age) from people") == 1
    engine.unregister("people")
    with pytest.raises(duckdb.CatalogException):
        engine.run("from people")


def test_extensions_are_never_fetched(engine):
    settings = "select value from duckdb_settings() where name like 'auto%known_extensions'"
    assert engine.rows(settings) == [("false",), ("false",)]


def test_the_spill_folder_is_private_and_goes_with_the_engine():
    with Engine.memory() as engine:
        spill = Path(engine.scalar("select current_setting('temp_directory')"))
        assert spill.parent == Path(tempfile.gettempdir())
        assert spill.stat().st_mode & 0o077 == 0
    assert not spill.exists()


@pytest.mark.parametrize("name", ['a"; drop table t; --', "select", "Ä b"])
def test_quoted_names_and_texts_are_taken_literally(engine, name):
    engine.run(f"create table {quote_identifier(name)} as select {quote_text(name)} as v")
    assert engine.scalar(f"select v from {quote_identifier(name)}") == name
    assert quote_text("it's") == "'it''s'"


def test_databases_are_copied_through_attached_files(tmp_path, engine):
    engine.attach(tmp_path / "a.duckdb", "first", read_only=False)
    engine.run("create table first.t as select 1 as n")
    engine.attach(tmp_path / "b.duckdb", "second", read_only=False, portable=True)
    engine.copy_database("first", "second")
    engine.detach("first")
    engine.detach("second")
    with Engine.open(tmp_path / "b.duckdb", read_only=True) as copy:
        assert copy.rows("from t") == [(1,)]
        with pytest.raises(duckdb.InvalidInputException):
            copy.run("create table u as select 1")


def test_a_database_that_cannot_be_opened_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="no database"):
        Engine.open(tmp_path / "none.duckdb", read_only=True)
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"not a database" * 500)
    with pytest.raises(UserError, match=r"broken\.duckdb is not a DuckDB database") as caught:
        Engine.open(broken)
    assert caught.value.exit_code is Exit.DATA


@pytest.mark.parametrize("fetch", ["rows", "frame", "arrow", "batches"])
def test_too_little_memory_is_said_and_is_no_defect(tmp_path, fetch):
    """A list of all rows cannot be spilled, so it outgrows any limit below its size."""
    with Engine.open(tmp_path / "w.duckdb", memory="20MB") as engine:
        with pytest.raises(UserError, match="TMPDIR") as caught:
            list(getattr(engine, fetch)("select len(list(n)) from range(100000000) as t(n)"))
        assert caught.value.exit_code is Exit.SYSTEM
        assert engine.scalar("select 1") == 1


def test_an_interrupt_while_a_query_runs_is_one():
    """In a process of its own, with the handler that a job behind a shell does not inherit."""
    press = (
        "import os, signal, threading\n"
        "from pipelines.engine import Engine\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "big = 'select sum(a.range * b.range) from range(9999999) a, range(9999999) b'\n"
        "with Engine.memory(threads=1) as engine:\n"
        "    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    try:\n"
        "        engine.scalar(big)\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted', engine.scalar('select 1'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", press], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "interrupted 1\n"


# Whatever is being done when it is full: writing rows, a commit, a checkpoint.
FILLING = {
    "a table": (20, "create table t as select hash(n) as h from range(2000000) as t(n)"),
    "a commit": (15, "create table t{i} as select hash(n) as h from range(2000) as t(n)"),
    "a checkpoint": (18, "create table t{i} as select hash(n) as h from range(2000) as t(n)"),
}


@pytest.mark.parametrize("doing", FILLING)
def test_a_full_disk_is_named_and_is_no_defect(tmp_path, doing):
    """A child process that may write so many bytes a file meets what a full disk is to it."""
    room, sql = FILLING[doing]
    write = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from pipelines.engine import Engine\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (2**{room}, 2**{room}))\n"
        "try:\n"
        "    with Engine.open(Path(sys.argv[1])) as engine:\n"
        "        for i in range(20 if '{i}' in sys.argv[2] else 1):\n"
        "            engine.run(sys.argv[2].replace('{i}', str(i)))\n"
        "        engine.checkpoint()\n"
        "except OSError as error:\n"
        "    print(error.filename, error.strerror)\n"
    )
    path = tmp_path / "w.duckdb"
    run = subprocess.run(
        [sys.executable, "-c", write, str(path), sql], capture_output=True, text=True, check=True
    )
    assert re.match(f"{re.escape(str(path))}(.wal)? File too large", run.stdout)
