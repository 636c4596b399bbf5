"""Deliver, deliver again, late, corrected, withdrawn, killed and resumed: the marts stay true.

The oracle reads the same files and keeps, in plain Python, one state for each spell. After every
step the versions of the warehouse must give its state for every date, and the exits of today.
MENTORLIFT_LONG=1 searches longer.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipelines import durable, publish
from pipelines.engine import Engine
from pipelines.run import run
from tests.long_runs import LONG

ROOT = Path(__file__).resolve().parents[2]
GAP = 3
PROJECT = f"""
project: machine
title: Machine
purpose: Test what was known when.
lawful_basis: Invented people.
retention: {{months: 1}}
history: {{transfer_gap_days: {GAP}}}
sources:
  - name: hr
    file: full-*.csv
    contents: full
    delivered_on: {{from_name: 'full-(.{{10}})'}}
    loads: &loads
      - table: employment
        columns: {{person_id: id, hired_on: hired, exited_on: left, exit_kind: kind}}
  - name: changes
    file: delta-*.csv
    delivered_on: {{from_name: 'delta-(.{{10}})'}}
    loads: *loads
"""
SOURCES = ("full", "delta")
DATES = [dt.date(2024, month, 28) for month in range(1, 10)]
FAULTS = (
    "settle-written", "settle-synced", "ingest-before-mark", "ingest-after-mark",
    "build-before-mark", "build-after-mark",
)  # fmt: skip
HIRES = [dt.date(2020, 1, 1), dt.date(2021, 5, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 20)]
EXITS = [None, None, dt.date(2024, 1, 30), dt.date(2024, 3, 18), dt.date(2024, 6, 30)]

people = st.sampled_from("abcd")
dates = st.sampled_from(DATES[:5])  # later ones are for files that go on from the last
terms = st.tuples(
    st.sampled_from(EXITS), st.sampled_from(["voluntary", "transfer", ""])
).map(lambda t: (t[0], t[1] if t[0] else ""))  # fmt: skip
rosters = st.dictionaries(st.tuples(people, st.sampled_from(HIRES)), terms, min_size=1, max_size=5)


@dataclass
class Spell:
    """What is known of one spell: the exit a file named, or where it was last seen."""

    exit: dt.date | None
    kind: str | None
    last_there: dt.date
    gone: bool = False

    def row(self, person: str, hired: dt.date) -> tuple:
        """Person, hire, exit, its kind, and whether no file names the day."""
        if self.exit is None and self.gone:
            return (person, hired, self.last_there, "unknown", True)
        return (person, hired, self.exit, self.kind, False)


@dataclass(frozen=True)
class File:
    """A delivered file: (person, hire) -> (exit, kind)."""

    kind: str
    date: dt.date
    name: str
    rows: dict = field(hash=False)

    def text(self) -> str:
        """The file as CSV."""
        lines = [f"{p},{h},{e or ''},{k}" for (p, h), (e, k) in self.rows.items()]
        return "\n".join(["id,hired,left,kind", *lines]) + "\n"


def landing_order(files) -> list[File]:
    """The files that count, in order: by date, source, name; copies left out."""
    order = sorted(files, key=lambda f: (f.date, SOURCES.index(f.kind), f.name))
    kept, seen = [], set()
    for file in order:
        same = (file.kind, file.text(), file.date if file.kind == "full" else None)
        if same not in seen:
            kept.append(file)
        seen.add(same)
    return kept


def known_at(files: list[File], date: dt.date) -> set[tuple]:
    """The spells as known at a date, transfers joined."""
    spells: dict[tuple, Spell] = {}
    before: tuple | None = None
    for day in sorted({f.date for f in files if f.date <= date}):
        there, full = set(), None
        for file in (f for f in files if f.date == day):
            for key, (left, kind) in file.rows.items():
                spells[key] = Spell(left, (kind or "unknown") if left else None, day)
                there.add(key)
            if file.kind == "full":
                full = (full or set()) | set(file.rows)
        if full is None:
            continue
        for key in set() if before is None else before[1] - full - there:
            _miss(spells, key, before, full)
        before = (day, full)
    return joined(spells)


def _miss(spells, key, before, full) -> None:
    person, hired = key
    seen_on, had = before
    if spells[key].exit is not None:
        return
    corrected = any(p == person and h <= seen_on for p, h in full - had)
    if corrected or hired > seen_on:
        del spells[key]
    else:
        spells[key].gone = True


def joined(spells) -> set[tuple]:
    """One row a spell; what a legal transfer separates is one."""
    rows: list[tuple] = []
    for row in sorted((s.row(*key) for key, s in spells.items()), key=lambda r: r[:2]):
        last = rows[-1] if rows else None
        if (
            last
            and last[0] == row[0]
            and last[2]
            and last[3] in ("transfer", "unknown")
            and 0 <= (row[1] - last[2]).days <= GAP + 1
        ):
            rows[-1] = (row[0], last[1], *row[2:])
        else:
            rows.append(row)
    return set(rows)


def numbers(files: list[File]) -> dict[str, int]:
    """Each person's number: the order of first landing."""
    order = dict.fromkeys(person for file in files for person, _ in file.rows)
    return {person: i for i, person in enumerate(order, start=1)}


def compare(built: Path, files: list[File]) -> None:
    """The warehouse agrees with the oracle for every date and on the exits of today."""
    number = numbers(files)
    columns = "person_no, hired_on, exited_on, exit_kind, exit_inferred"
    with Engine.open(built, read_only=True) as engine:
        for date in DATES:
            found = engine.rows(
                f"select {columns} from marts.employment where known_from <= $1 and known_to > $1",
                [date],
            )
            assert len(found) == len(set(found))
            expected = {(number[p], *rest) for p, *rest in known_at(files, date)}
            assert set(found) == expected, date
        exits = engine.rows(f"select {columns} from marts.exits")
        last = max(f.date for f in files)
        assert set(exits) == {
            (number[p], h, left, *rest)
            for p, h, left, *rest in known_at(files, last)
            if left and left <= last
        }


class Killed(BaseException):
    """The process died."""


class Deliveries(RuleBasedStateMachine):
    """A data folder that people do things to, and a run after each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.project, self.data = self.folder / "project", self.folder / "data"
        self.project.mkdir()
        self.data.mkdir()
        (self.project / "mentorlift.yml").write_text(PROJECT)
        self.files: dict[str, File] = {}
        self.changed = True

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def put(self, kind, date, rows) -> None:
        # An exit before the hire is set aside when it lands, which has tests of its own.
        assume(all(not left or left >= hired for (_, hired), (left, _) in rows.items()))
        name = f"{kind}-{date}-{len(self.files):02}{len(list(self.data.iterdir()))}.csv"
        self.files[name] = File(kind, date, name, dict(rows))
        (self.data / name).write_text(self.files[name].text())
        self.changed = True

    @initialize(full=rosters, delta=rosters)
    def begin(self, full, delta) -> None:
        self.put("full", DATES[0], full)
        self.put("delta", DATES[0], delta)

    @rule(date=dates, rows=rosters)
    def deliver_everything(self, date, rows) -> None:
        self.put("full", date, rows)

    @rule(date=dates, rows=rosters)
    def deliver_changes(self, date, rows) -> None:
        self.put("delta", date, rows)

    @rule(data=st.data(), date=dates, exited=terms)
    def correct_or_withdraw(self, data, date, exited) -> None:
        file = data.draw(st.sampled_from(sorted(self.files.values(), key=lambda f: f.name)))
        key = data.draw(st.sampled_from(sorted(file.rows)))
        self.put("delta", date, {key: exited})

    def next_full(self) -> tuple[dict, dt.date] | None:
        """The rows of the last full file, and the date of the next."""
        full = [f for f in self.files.values() if f.kind == "full"]
        last = max(full, key=lambda f: (f.date, f.name))
        later = [d for d in DATES if d > last.date]
        return (dict(last.rows), later[0]) if later else None

    @rule(data=st.data())
    def forget_somebody(self, data) -> None:
        if (found := self.next_full()) and len(found[0]) > 1:
            rows, date = found
            del rows[data.draw(st.sampled_from(sorted(rows)))]
            self.put("full", date, rows)

    @rule(data=st.data(), hired=st.sampled_from(HIRES))
    def correct_a_first_day(self, data, hired) -> None:
        if found := self.next_full():
            rows, date = found
            person, wrong = data.draw(st.sampled_from(sorted(rows)))
            exited = rows.pop((person, wrong))
            self.put("full", date, rows | {(person, hired): exited})

    @rule(data=st.data(), date=dates)
    def deliver_again(self, data, date) -> None:
        file = data.draw(st.sampled_from(sorted(self.files.values(), key=lambda f: f.name)))
        self.put(file.kind, date, file.rows)

    @precondition(lambda self: len(self.files) > 4)
    @rule(data=st.data())
    def lose(self, data) -> None:
        spare = [
            n
            for n, f in self.files.items()
            if sum(g.kind == f.kind for g in self.files.values()) > 1
        ]
        name = data.draw(st.sampled_from(sorted(spare)))
        (self.data / name).unlink()
        del self.files[name]
        self.changed = True

    @rule(point=st.sampled_from(FAULTS))
    def kill(self, point) -> None:
        def die(name: str, path: Path | None = None) -> None:
            if name == point:
                raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publish, "fault", die)
            patch.setattr(durable, "fault", die)
            try:
                self.run()
            except Killed:
                self.changed = True

    def run(self) -> None:
        run(self.project, self.data, self.folder / "out", lambda line: None, "build")

    @invariant()
    def the_marts_agree_with_the_oracle(self) -> None:
        if self.files and self.changed:
            self.run()
            (built,) = (self.folder / "out" / "runs").glob("*/work/built.duckdb")
            compare(built, landing_order(self.files.values()))
            self.changed = False


@pytest.fixture
def key(tmp_path, monkeypatch):
    """A key of the test's own."""
    path = tmp_path / "test.key"
    path.write_text("0123456789abcdef" * 4 + "\n")
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(path))


def test_whatever_is_delivered_the_marts_agree_with_the_oracle(key):
    examples, steps = (200, 20) if LONG else (2, 8)
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("point", ["settle-written", "build-before-mark"])
def test_a_process_that_is_killed_leaves_nothing_that_the_next_run_trips_over(tmp_path, key, point):
    project, data = tmp_path / "project", tmp_path / "data"
    project.mkdir()
    data.mkdir()
    (project / "mentorlift.yml").write_text(PROJECT)
    ada, bob = ("a", HIRES[0]), ("b", HIRES[1])
    files = [
        File("full", DATES[1], f"full-{DATES[1]}.csv", {ada: (None, ""), bob: (None, "")}),
        File("full", DATES[2], f"full-{DATES[2]}.csv", {bob: (None, "")}),
        File("delta", DATES[3], f"delta-{DATES[3]}.csv", {ada: (EXITS[2], "voluntary")}),
    ]
    for file in files:
        (data / file.name).write_text(file.text())
    command = [sys.executable, "-m", "pipelines.cli", "build", str(project), "--data", str(data)]
    environment = {**os.environ, publish.FAULT_VARIABLE: point}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=120)
    assert done.returncode == -9
    run(project, data, project / "out", lambda line: None, "build")
    (built,) = (project / "out" / "runs").glob("*/work/built.duckdb")
    compare(built, landing_order(files))
