"""The memory on disk: entries and sets, whom a run looks at, and people who are taken out."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from analysis.membership import ANSWERED, MAIN, part
from analysis.release.decide import decide
from analysis.release.ledger import Ledger, Shown
from analysis.release.members import members
from analysis.release.renewal import Cell
from pipelines.errors import UserError
from pipelines.memory.forget import forget, holding
from pipelines.memory.recall import recall
from pipelines.memory.showing import cells_of
from pipelines.memory.store import Tokens, read_set, write_entry, write_set
from tests.rich_cases import lottery

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.release.members import Members
    from pipelines.engine import Engine

TOKENS = Tokens.of(b"0123456789abcdef")
PEOPLE = [f"{n:032x}" for n in range(30)]
CELL = Cell(block=MAIN, name="answered", members=members([]))


def of(*people: str) -> Members:
    return members([TOKENS.token(p) for p in people])


def write(private: Path, run: str, number: int, found: Members, **more: Any) -> None:
    """The entry of a run that showed one answer about these people."""
    made = write_set(private / "shown", TOKENS, found)
    study = {
        "study": "sales", "question": "q", "verdict": "hidden", "of": run, "digest": run,
        "release": None, "cells": [{"cell": "answered", "set": made, "erased": 0}],
    }  # fmt: skip
    entry = {
        "schema_version": 1, "run": run, "project": "firm", "key_id": "k", "number": number,
        "after": [], "studies": [study],
    }  # fmt: skip
    write_entry(private / "shown", {**entry, **more})


def test_equal_sets_lie_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    write(tmp_path, "one", 1, of(*PEOPLE))
    write(tmp_path, "two", 2, of(*reversed(PEOPLE)))
    (made,) = (tmp_path / "shown/sets").iterdir()
    assert made.stat().st_size == 8 * len(PEOPLE)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    (shown,) = recall([tmp_path], "three", "firm", "k").ledger([CELL], 10).of("answered")
    assert (shown.run, shown.members.tolist()) == ("two", of(*PEOPLE).tolist())


def test_a_run_made_again_looks_at_the_runs_it_looked_at_first(tmp_path: Path) -> None:
    """Entries of later runs, and of another folder, do not change what it decides."""
    own, other = tmp_path / "own", tmp_path / "other"
    write(own, "one", 1, of(*PEOPLE))
    write(own, "two", 2, of(*PEOPLE[:20]), after=["one"])
    write(own, "three", 3, of(*PEOPLE[:10]), after=["one", "two"])
    again = recall([other, own], "two", "firm", "k")
    assert ([e["run"] for e in again.entries], again.number) == (["one"], 2)
    new = recall([other, own], "four", "firm", "k")
    assert (new.after, new.number) == (("one", "two", "three"), 4)


def test_another_key_stops_a_run_also_of_a_project_that_has_a_new_name(tmp_path: Path) -> None:
    write(tmp_path, "one", 1, of(*PEOPLE))
    with pytest.raises(UserError, match="another key") as stopped:
        recall([tmp_path], "two", "firm", "other")
    assert "rotate-key" in stopped.value.fix
    with pytest.raises(UserError, match="another key") as stopped:
        recall([tmp_path], "two", "firm-ltd", "other")
    assert "firm is called firm-ltd now, keep its key" in stopped.value.fix
    assert [e["run"] for e in recall([tmp_path], "two", "firm-ltd", "k").entries] == ["one"]


@pytest.mark.parametrize("damage", ["gone", "cut", "entry"])
def test_what_is_gone_or_damaged_is_named_and_nothing_is_shown(tmp_path: Path, damage: str) -> None:
    write(tmp_path, "one", 1, of(*PEOPLE))
    (made,) = (tmp_path / "shown/sets").iterdir()
    if damage == "gone":
        made.unlink()
    elif damage == "cut":
        made.write_bytes(made.read_bytes()[:-3])
    else:
        (tmp_path / "shown/one.json").write_text("{}")
    with pytest.raises(UserError, match="shown"):
        recall([tmp_path], "two", "firm", "k").ledger([CELL], 10)


def test_people_are_taken_out_once_and_count_for_ever(tmp_path: Path) -> None:
    """Begun again after an interruption, the entry that was rewritten counts nobody twice."""
    write(tmp_path, "one", 1, of(*PEOPLE))
    write(tmp_path, "two", 2, of(*PEOPLE[:15]))
    gone = [PEOPLE[3], PEOPLE[20], "f" * 32]
    assert len(holding(tmp_path, TOKENS, gone)) == 2
    before = json.loads((tmp_path / "shown/two.json").read_text())
    forget(tmp_path, TOKENS, gone)
    found = recall([tmp_path], "three", "firm", "k").ledger([CELL], 10).of("answered")
    assert [(s.run, len(s.members), s.erased) for s in found] == [("one", 28, 2), ("two", 14, 1)]
    assert holding(tmp_path, TOKENS, gone) == []
    write_set(tmp_path / "shown", TOKENS, of(*PEOPLE[:15]))
    write_entry(tmp_path / "shown", before)  # as if it had been killed between the two
    forget(tmp_path, TOKENS, gone)
    found = recall([tmp_path], "three", "firm", "k").ledger([CELL], 10).of("answered")
    assert [(s.run, s.erased) for s in found] == [("one", 2), ("two", 1)]
    assert len(list((tmp_path / "shown/sets").iterdir())) == 2


class Everybody:
    """An engine that knows the pseudonyms of all and nothing else."""

    def rows(self, sql: str) -> list[tuple[int, str]]:
        return list(enumerate(PEOPLE)) if "person_key" in sql else []


def test_a_study_of_the_people_of_a_group_meets_what_was_shown_of_the_group() -> None:
    """And a group that is nearly everybody, which is not shown, does not stand in its own way."""
    whole = part(ANSWERED, range(30))
    own = (whole, part(ANSWERED, range(15), "level"), part(ANSWERED, range(28), "site"))
    engine = cast("Engine", Everybody())
    (made,) = cells_of(engine, [replace(lottery(), rests_on=own)], TOKENS, 10)
    (about,) = {c.name for c in made if c.block == MAIN}
    assert [(c.block, c.name == about, len(c.members)) for c in made] == [
        (MAIN, True, 30), ("level", False, 15), ("level", True, 15), ("site", False, 28),
    ]  # fmt: skip
    fourteen = replace(lottery(), rests_on=(part(ANSWERED, range(14)),))
    ((cell,),) = cells_of(engine, [fourteen], TOKENS, 10)
    shown = [Shown(cell=c.name, run="one", members=c.members) for c in made]
    assert decide(cell.name, cell.members, Ledger(tuple(shown)), 10) == "stays"


def test_figures_that_another_metric_had_are_known_by_themselves(tmp_path: Path) -> None:
    """So is a programme that was called otherwise; another metric of the same people is not."""

    def cells(programme: str, metric: str, people: range, size: int = 1) -> tuple[Cell, ...]:
        contents = np.array([size * n for n in people], dtype=np.uint64)
        own = replace(part(ANSWERED, people), contents=contents)
        found = lottery()
        outcome = found.spec.outcome.model_copy(update={"metric": metric})
        spec = found.spec.model_copy(update={"programme": programme, "outcome": outcome})
        engine = cast("Engine", Everybody())
        (made,) = cells_of(engine, [replace(found, spec=spec, rests_on=(own,))], TOKENS, 10)
        return made

    (then,) = cells("SALES", "revenue", range(30))
    assert then.figures is not None
    told = {
        "cell": then.name, "set": write_set(tmp_path / "shown", TOKENS, then.members),
        "figures": write_set(tmp_path / "shown", TOKENS, then.figures), "erased": 0,
    }  # fmt: skip
    write(tmp_path, "one", 1, then.members, studies=[{"study": "sales", "cells": [told]}])
    for now in (cells("SALES-2", "revenue", range(1, 30)), cells("SALES", "sold", range(1, 30))):
        ledger = recall([tmp_path], "two", "firm", "k").ledger(now, 10)
        assert decide(now[0].name, now[0].members, ledger, 10) == "stays"
    other = cells("SALES", "calls", range(1, 30), size=2)
    assert recall([tmp_path], "two", "firm", "k").ledger(other, 10).shown == ()
    both = (*cells("SALES", "revenue", range(30)), *cells("SALES", "sold", range(1, 30)))
    ledger = recall([tmp_path], "two", "firm", "k").ledger(both, 10)  # one metric, delivered twice
    assert [decide(c.name, c.members, ledger, 10) for c in both] == ["unchanged", "stays"]


def test_a_set_is_named_by_its_people_and_the_key(tmp_path: Path) -> None:
    name = TOKENS.name(of(*PEOPLE))
    assert len(name) == 32
    assert name != Tokens.of(b"another key, too").name(of(*PEOPLE))
    assert name != TOKENS.name(of(*PEOPLE[1:]))
    write_set(tmp_path, TOKENS, of(*PEOPLE))
    assert read_set([tmp_path], name).tolist() == sorted(TOKENS.token(p) for p in PEOPLE)
