"""Seeded names, mails and identifiers are found nowhere but where the owner of the data keeps them.

The normal run takes a few hundred people the short way; `make canaries` takes 10,000 the whole way:
second deliveries, every command, killed and failing runs, the scheduler, erasure, another key.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.canaries.company import people, write_company
from tests.canaries.search import Search
from tests.flows.conftest import ROOT, command, command_apart, own_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.canaries.company import Person
    from tests.flows.conftest import Firm

COUNT = int(os.environ.get("MENTORLIFT_CANARIES", "200"))
WHOLE = COUNT > 1000
QUESTIONS = (
    "select * from marts.employees limit 20",
    "select * from results.estimates",
    "select table_name, column_name from describe",
    "select nonsense from marts.employees",
    "select cast(department as int) from marts.employees",
)
FAULTS = ("settle-written", "ingest-before-mark", "build-after-mark", "publish-settled")
KILLED_AFTER = (2.0, 4.0, 7.0)  # seconds: while files are read, landed and built


@dataclass
class Watched:
    """A company, everything that commands said about it, and the search over all of it."""

    firm: Firm
    everybody: list[Person]
    search: Search
    temporary: Path
    said: list[str] = field(default_factory=list)

    def do(self, *arguments: str, code: int | None = None) -> None:
        """Run a command and keep what it said; ``code`` is the exit code it must have."""
        left, out, err = command(*arguments)
        self.said += [out, err]
        assert code is None or left == code, err

    def run(self, code: int | None = 0) -> None:
        """The whole path."""
        self.do(*self.firm.arguments, code=code)

    def leaks(self, *, unfinished: bool = False) -> dict[str, set[str]]:
        """Where a canary stands that must not; a run that was killed leaves more in `private/`."""
        out = self.firm.out
        private = out / "private"
        kept = [private] if unfinished else [private / "identity.duckdb"]
        kept += [private / "identity_review.csv", out / "quarantine"]
        found = self.search.below(out, kept) | self.search.below(self.temporary)
        if heard := self.search.in_bytes("\n".join(self.said).encode()):
            found["said"] = heard
        return found


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The company, with temporary files in a folder of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    everybody = people(COUNT)
    firm = write_company(tmp_path, everybody)
    with own_key(tmp_path):
        yield Watched(firm, everybody, Search.of(everybody), temporary)


def _file_named_after(watched: Watched, person: Person) -> None:
    """A delivery whose name names somebody stops the run, before it is written down anywhere."""
    texts = (f"{person.given} {person.family}", person.mail, person.employee, person.number)
    for text in texts if WHOLE else texts[:1]:
        path = watched.firm.data / f"meetings_{text.replace('/', '')}_2025-12-31.csv"
        path.write_text("account,day\n")
        watched.run(code=4)
        path.unlink()


def _broken(watched: Watched) -> None:
    """Runs that fail: a column that is gone, a file that is no workbook, a cell too long."""
    data = watched.firm.data
    broken = (
        ("sales.csv", b"number,month", b"nummer,month"),
        ("workers.csv", b"employee,", b"employee;"),
        ("survey.xlsx", b"PK", b"XX"),
        ("funnel.csv", b"mentee", b"mentee\x00"),
    )
    for name, old, new in broken if WHOLE else broken[:2]:
        content = (data / name).read_bytes()
        (data / name).write_bytes(content.replace(old, new))
        watched.run(code=None)
        (data / name).write_bytes(content)


def test_no_canary_leaves_the_owners_folders(watched: Watched) -> None:
    firm = watched.firm
    _broken(watched)
    watched.run()
    for question in QUESTIONS:
        watched.do("query", question, "--out", str(firm.out))
    watched.do("dpia", str(firm.project), "--out", str(firm.out), code=0)
    _file_named_after(watched, watched.everybody[5])
    assert watched.leaks() == {}
    # The search bites: who is who stands where it belongs, for each person.
    (held,) = Search.of(watched.everybody).below(firm.out / "private")
    assert held == "identity.duckdb"
    if WHOLE:
        _the_whole_way(watched)


def _the_whole_way(watched: Watched) -> None:
    firm = watched.firm
    firm.edit("sales.csv", f'"{watched.everybody[1].number}","2025-05"', '"","2025-05"')
    watched.run()
    runs = sorted(path.name for path in (firm.out / "runs").iterdir())
    watched.do("check", str(firm.project), "--data", str(firm.data))
    watched.do("diff", *runs, "--out", str(firm.out))
    watched.do("plan", str(firm.project), "--out", str(firm.out))
    watched.do("calibrate", str(firm.project), "--out", str(firm.out), "--programmes", "2")
    watched.do("export", "--out", str(firm.out), "--to", str(firm.out / "exported"))
    assert watched.leaks() == {}
    _killed(watched)
    _scheduled(watched)
    watched.do("rotate-key", str(firm.project), *firm.where, code=0)
    assert watched.leaks() == {}
    gone = watched.everybody[7]
    watched.do(*firm.erasing(gone.employee))
    assert watched.leaks() == {}
    assert Search.for_one(gone).below(firm.out) == {}


def _killed(watched: Watched) -> None:
    """Whatever a run leaves that is killed, at named points and in the middle of its work."""
    firm = watched.firm
    for number, fault in enumerate(FAULTS):
        firm.edit("funnel.csv", f"2025-03-{10 + number}", f"2025-03-{11 + number}")
        code, out, err = command_apart(*firm.arguments, MENTORLIFT_FAULT=fault)
        assert code == -9
        watched.said += [out, err]
        assert watched.leaks(unfinished=True) == {}, fault
    for seconds in KILLED_AFTER:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", *firm.arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        process.kill()
        process.wait()
        assert watched.leaks(unfinished=True) == {}, seconds
    watched.run()
    assert watched.leaks() == {}


def _scheduled(watched: Watched) -> None:
    """A flow that succeeds and one that fails: what the scheduler keeps, its database included."""
    from prefect.settings import get_current_settings
    from prefect.testing.utilities import prefect_test_harness

    from pipelines.flows import run_flow

    firm = watched.firm
    with prefect_test_harness(server_startup_timeout=120):
        home = get_current_settings().home
        firm.edit("funnel.csv", "2025-03-14", "2025-03-15")
        run_flow(firm.project, firm.data, firm.out)
        firm.edit("funnel.csv", "employee,result", "employee,ergebnis")
        assert run_flow(firm.project, firm.data, firm.out, return_state=True).is_failed()
        firm.edit("funnel.csv", "employee,ergebnis", "employee,result")
        kept = list(watched.temporary.rglob("*.db")) + list(home.rglob("*.db"))
        assert kept, "the scheduler keeps a database, and it must be searched"
        assert watched.leaks() == {} and watched.search.below(home) == {}
