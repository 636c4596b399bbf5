"""Every attack of statements.txt against `mentorlift query`: nothing is read, written or held up.

A release of DuckDB is a line of releases.txt. The installed one is attacked in every run of the
tests, the others by `make attacks`, which also sends every statement the whole way and every bomb;
a plain run sends one of each kind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.adhoc import sandbox
from pipelines.errors import Exit
from tests.attacks.attack_list import Attack, one_of_each, read
from tests.attacks.canaries import CANARY, lay_out, state

ATTACKS = read()
BOMBS = tuple(a for a in ATTACKS if a.outcome in ("bomb", "heavy"))
QUIET = tuple(a for a in ATTACKS if a.outcome in ("refused", "held"))
CODES = {
    "refused": {Exit.REFUSED},
    "held": {0, Exit.REFUSED},
    "bomb": {Exit.LIMIT},
    "heavy": {0, Exit.REFUSED, Exit.LIMIT},
}
ALL = bool(os.environ.get("MENTORLIFT_ATTACKS"))

ROOT = sandbox.ROOT
LISTED = Path(__file__).with_name("releases.txt").read_text(encoding="utf-8").split()
INSTALLED = ROOT / ".duckdb"  # a folder a release; made by `make attacks`
RELEASES = LISTED if ALL else [duckdb.__version__]

SECONDS, MEMORY_MB = 1.0, 256
MARGIN_SECONDS, MARGIN_MB = 1.0, 100  # what is promised on top, the interpreter included


def search_path(release: str) -> str:
    """PYTHONPATH of a process with this release of DuckDB."""
    own = release == duckdb.__version__
    return str(ROOT) if own else os.pathsep.join((str(INSTALLED / release), str(ROOT)))


def run(module: str, release: str, home: Path, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines a process of its own answers."""
    environment = {**sandbox.ENVIRONMENT, "PYTHONPATH": search_path(release)}
    if module == "measured":  # stands for the command, whose environment no query may see
        environment |= {"CANARY": f"{CANARY}environment", "HOME": str(home)}
    done = subprocess.run(
        (sys.executable, "-P", "-s", "-m", f"tests.attacks.{module}"),
        input=json.dumps(request),
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def measured(
    attacks: tuple[Attack, ...], release: str, folder: Path, **limits: float
) -> list[tuple[Attack, str, dict[str, Any]]]:
    """Attacks sent the whole way, one of each kind unless told, and what came of each statement.

    Fails where a file of the folder is another afterwards.
    """
    db, home = lay_out(folder)
    before = state(folder)
    sent = attacks if ALL else one_of_each(attacks)
    statements = [attack.sql(db, home) for attack in sent]
    request = {"db": str(db), "statements": statements, "path": search_path(release), **limits}
    reports = run("measured", release, home, request)
    assert state(folder) == before
    return list(zip(sent, statements, reports, strict=True))


def told(attack: Attack, what: object) -> str:
    return f"line {attack.line}: {attack.text[:120]!r}: {what}"


def test_the_installed_release_is_listed() -> None:
    assert duckdb.__version__ in LISTED, "add the release to tests/attacks/releases.txt"


def test_there_are_attacks_of_every_outcome() -> None:
    assert {attack.outcome for attack in ATTACKS} == CODES.keys()
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS)


def test_the_watch_and_the_canaries_bite(tmp_path: Path) -> None:
    """Where nothing is locked the same statements find and touch what they are after."""
    db, home = lay_out(tmp_path)
    secret, out, people = db.parent / "secret.csv", db.parent / "out.csv", "source.landed.people"
    statements = [f"from read_text('{secret}')", f"copy (select 1) to '{out}'", f"from {people}"]
    request = {"db": str(db), "root": str(tmp_path), "statements": statements, "locked": False}
    read_it, wrote_it, asked_it, end = run("unguarded", duckdb.__version__, home, request)
    assert f"{CANARY}secret.csv" in read_it["answer"] and read_it["touched"] == [str(secret)]
    assert any(path.startswith(str(db.parent)) for path in wrote_it["touched"])
    assert "someone" in asked_it["answer"]
    assert end["descriptors"]


@pytest.mark.parametrize("release", RELEASES)
def test_gate_and_sandbox_hold_each_by_itself(release: str, tmp_path: Path) -> None:
    db, home = lay_out(tmp_path)
    before = state(tmp_path)
    statements = [attack.sql(db, home) for attack in QUIET]
    request = {"db": str(db), "root": str(tmp_path), "statements": statements, "locked": True}
    *reports, end = run("unguarded", release, home, request)
    assert state(tmp_path) == before
    assert end == {"version": release, "descriptors": []}
    problems = []
    for attack, report in zip(QUIET, reports, strict=True):
        if (report["verdict"] == "refused") != (attack.outcome == "refused"):
            problems.append(told(attack, f"the gate says {report['verdict']}"))
        if touched := report["gate touched"] + report["touched"]:
            problems.append(told(attack, f"touches {touched}"))
        if CANARY in report["answer"] or "someone" in report["answer"]:
            problems.append(told(attack, "finds a secret"))
        if str(tmp_path) in report["answer"] and str(tmp_path) not in attack.sql(db, home):
            problems.append(told(attack, "learns a folder's name"))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_comes_back_the_whole_way(release: str, tmp_path: Path) -> None:
    problems = [
        told(attack, report)
        for attack, sql, report in measured(QUIET, release, tmp_path, seconds=10.0, memory_mb=512)
        if report["code"] not in CODES[attack.outcome]
        or CANARY in report["text"]
        or "someone" in report["text"]
        or (str(tmp_path) in report["text"] and str(tmp_path) not in sql)
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("release", RELEASES)
def test_a_bomb_dies_at_its_limits(release: str, tmp_path: Path) -> None:
    limits = {"seconds": SECONDS, "memory_mb": MEMORY_MB}
    problems = [
        told(attack, {**report, "text": report["text"][:200]})
        for attack, _, report in measured(BOMBS, release, tmp_path, **limits)
        if report["code"] not in CODES[attack.outcome]
        or report["seconds"] > SECONDS + MARGIN_SECONDS
        or report["peak"] > MEMORY_MB + MARGIN_MB
    ]
    assert not problems, "\n".join(problems)
