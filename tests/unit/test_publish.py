"""Publishing: a reader sees one whole version, whatever kills the writer; one writer at a time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pipelines import publish
from pipelines.engine import Engine
from pipelines.errors import Exit, UserError
from pipelines.workspace import Workspace

ROOT = Path(publish.__file__).resolve().parent.parent

WRITER = """
import sys
from pathlib import Path
from pipelines import publish
from pipelines.engine import Engine
from pipelines.workspace import Workspace

out, run = Path(sys.argv[1]), sys.argv[2]
with publish.run_lock(out):
    space = Workspace(out, run)
    publish.sweep(space)
    temporary = publish.fresh(space.built)
    with Engine.open(temporary) as engine:
        engine.run(f"create table version as select '{run}' as run, range as n from range(1000)")
    publish.publish(temporary, space)
"""


def write(out, run, fault=""):
    """Publish a version in a process of its own; its exit code, negative when killed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), publish.FAULT_VARIABLE: fault}
    command = [sys.executable, "-c", WRITER, str(out), run]
    return subprocess.run(command, env=environment, check=False, timeout=60).returncode


def version(out):
    """The version a reader sees, read whole."""
    with Engine.open(publish.resolve(out / "warehouse"), read_only=True) as engine:
        rows = engine.rows("select run, count(*) from version group by run")
    assert len(rows) == 1
    assert rows[0][1] == 1000
    return rows[0][0]


def published(out, run):
    """Publish a version in this process."""
    space = Workspace(out, run)
    temporary = publish.fresh(space.built)
    with Engine.open(temporary) as engine:
        engine.run(f"create table version as select '{run}' as run, range as n from range(1000)")
    return publish.publish(temporary, space)


@pytest.mark.parametrize("fault", ["publish-settled", "publish-switched"])
def test_the_pointer_alone_decides_which_version_is_in_force(tmp_path, fault):
    """Every other point, and any moment, is tried by `tests/faults`."""
    published(tmp_path, "one")
    assert write(tmp_path, "two", fault) == -9
    assert version(tmp_path) == ("two" if fault == "publish-switched" else "one")
    with publish.run_lock(tmp_path):  # the dead process holds nothing
        publish.sweep(Workspace(tmp_path, "three"))
        published(tmp_path, "three")
    assert version(tmp_path) == "three"
    assert not [p for p in tmp_path.rglob("*") if p.suffix in {".tmp", ".wal"}]


def test_a_second_run_is_told_at_once_that_it_must_wait(tmp_path):
    with publish.run_lock(tmp_path):
        start = time.monotonic()
        with pytest.raises(UserError) as caught, publish.run_lock(tmp_path):
            pass
        assert time.monotonic() - start < 2
    assert caught.value.exit_code is Exit.BUSY
    assert str(tmp_path) in caught.value.problem
    told = rf"\(process {os.getpid()} on \S+, since \d{{4}}-\d\d-\d\d \d\d:\d\d UTC\)"
    assert re.search(told, caught.value.problem)
    with publish.run_lock(tmp_path):
        pass


def test_readers_of_the_version_before_can_finish_and_old_versions_expire(tmp_path):
    first = published(tmp_path, "one")
    with Engine.open(first, read_only=True) as reader:
        published(tmp_path, "two")
        assert reader.scalar("select max(run) from version") == "one"
    for run in ("three", "four"):
        published(tmp_path, run)
    names = sorted(p.name for p in (tmp_path / "warehouse").glob("*.duckdb"))
    assert names == ["warehouse-four.duckdb", "warehouse-three.duckdb", "warehouse-two.duckdb"]
    assert version(tmp_path) == "four"


def test_the_same_run_published_again_replaces_itself(tmp_path):
    assert published(tmp_path, "one") == published(tmp_path, "one")
    assert version(tmp_path) == "one"


def test_a_log_beside_a_finished_file_is_written_into_it(tmp_path):
    temporary = publish.fresh(tmp_path / "built.duckdb")
    code = (
        "import os, sys, duckdb; c = duckdb.connect(sys.argv[1]);"
        "c.execute('create table t as select 1 as n'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(temporary)], check=True, timeout=60)
    assert temporary.with_name(temporary.name + ".wal").exists()
    publish.settle(temporary, tmp_path / "built.duckdb")
    assert [p.name for p in tmp_path.iterdir()] == ["built.duckdb"]
    with Engine.open(tmp_path / "built.duckdb", read_only=True) as engine:
        assert engine.rows("from t") == [(1,)]


DEAD = 2**22 + 1  # no process has this number: Linux ends at 2^22
HALF = """
report.html.tmp warehouse/warehouse-zero.duckdb.wal warehouse/current.tmp site/index.html.tmp
runs/two/manifest.json.tmp runs/two/work/landed.duckdb.tmp runs/two/work/built.duckdb.tmp.wal
runs/two/work/built.duckdb.tmp.wal.checkpoint quarantine/hr.xlsx.tmp private/identity.duckdb.tmp
site/0123456789ab/report.html.tmp
"""
WHOLE = """
report.html notes.txt runs/two/manifest.json runs/two/work/landed.duckdb quarantine/hr.xlsx
site/0123456789ab/report.html runs/0123456789ab/record.json site/of-somebody-else/page.html
deeper/than/ours.tmp
"""


def test_the_sweep_spares_finished_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    published(tmp_path, "one")
    spilled = tmp_path / "tmp"
    gone = [
        *(tmp_path / name for name in HALF.split()),
        tmp_path / "private" / "spilled" / "a",
        tmp_path / "site" / "ffffffffffff" / "report.html",
        spilled / f"mentorlift-{DEAD}-x" / "a",
    ]
    spared = [
        *(tmp_path / name for name in WHOLE.split()),
        spilled / f"mentorlift-{os.getpid()}-x" / "a",
        spilled / "mentorlift-notes" / "a",
    ]
    for path in (*gone, *spared):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("here")
    assert len(publish.sweep(Workspace(tmp_path, "two"))) == len(gone)
    assert not [path for path in gone if path.exists()]
    assert all(path.exists() for path in spared)
    assert version(tmp_path) == "one"
    assert publish.sweep(Workspace(tmp_path, "two")) == ()


@pytest.mark.parametrize("name", ["warehouse-gone.duckdb", "../run.lock", ""])
def test_a_pointer_to_nothing_is_an_error_with_a_fix(tmp_path, name):
    with pytest.raises(UserError, match="no published warehouse"):
        publish.resolve(tmp_path)
    (tmp_path / "current").write_text(name)
    with pytest.raises(UserError, match="is not there"):
        publish.resolve(tmp_path)
