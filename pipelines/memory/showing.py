"""What a run shows beside what was shown before, and what it writes down of it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.disclosure import release
from analysis.membership import MAIN
from analysis.registry import FIGURES
from analysis.release.members import changed, members
from analysis.release.renewal import Cell, as_shown, renew
from pipelines import record
from pipelines.day import private_folders
from pipelines.keys import load_key
from pipelines.memory.recall import BY, comparable, recall, same_figures, unheld
from pipelines.memory.store import FOLDER, SCHEMA, Tokens, write_entry, write_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from analysis.finding import Finding
    from analysis.membership import Part
    from analysis.release.renewal import Renewal
    from analysis.rules import Rules
    from analysis.study import StudySpec
    from pipelines.engine import Engine
    from pipelines.memory.recall import Memory
    from pipelines.run import Context

_PEOPLE = "select person_no, person_key from staging.person order by person_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a run knows before it shows anything: what was shown, and whom its findings rest on.

    ``named`` has its run, project and key_id; ``cells`` are those of each finding; ``unheld`` says
    of which report before nobody knows whom it rested on.
    """

    private: Path
    named: dict[str, str]
    memory: Memory
    tokens: Tokens
    cells: tuple[tuple[Cell, ...], ...]
    unheld: tuple[str, ...]


@contextmanager
def one_at_a_time(project: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the project while it is decided what to show: a run in a folder beside waits.

    Of two that decide at once neither would know of the other. Where a folder cannot be locked
    (some network file systems) they are not kept apart.
    """
    handle = os.open(project, os.O_RDONLY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting: another run of the project decides what to show")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remember(context: Context, engine: Engine, findings: Sequence[Finding]) -> Remembered | None:
    """What was shown before this run; None of a project of published data.

    ``engine`` has the marts of this run.
    """
    project = context.project.settings
    if project.rules.mode == "public":
        return None
    run, key = context.space.run, context.manifest.key_id
    tokens = Tokens.of(load_key(project.project)[0])
    folders = known_folders(context)
    memory = recall(folders, run, project.project, key)
    others = [r for r in record.records(context.space, project.project) if r.run != run]
    return Remembered(
        private=context.space.private,
        named={"run": run, "project": project.project, "key_id": key},
        memory=memory,
        tokens=tokens,
        cells=cells_of(engine, findings, tokens, project.rules.min_group),
        unheld=tuple(unheld(folders, memory, others)),
    )


def refuse_other_key(context: Context) -> None:
    """Raise :class:`UserError` where what was shown before was made with another key."""
    project = context.project.settings.project
    comparable(known_folders(context), project, context.manifest.key_id)


def known_folders(context: Context) -> tuple[Path, ...]:
    """Private folders in which something may be remembered."""
    return private_folders(context.project.folder, context.space.out)


def shown_anew(
    known: Remembered | None, findings: Sequence[Finding], rules: Rules
) -> list[dict[str, Any]]:
    """What this run shows of each study as JSON, each decided with those before it in mind.

    It is written down before anybody can see it.
    """
    releases, _ = release(findings, rules)
    if known is None:
        return [{"digest": r.digest(), "release": r.as_dict()} for r in releases]
    every = [c for cells in known.cells for c in cells]
    ledger = known.memory.ledger(every, rules.min_group)
    made: list[Renewal] = []
    for finding, fresh, cells in zip(findings, releases, known.cells, strict=True):
        before = known.memory.before(fresh.study)
        found = renew(fresh, record.question(finding.spec), cells, ledger, before, rules)
        shown = as_shown(found, known.named["run"])
        also = [
            replace(s, cell=name)
            for s in shown
            for name in same_figures(s.cell, s.value, every, rules.min_group)
        ]
        ledger = ledger.with_(*shown, *also)
        made.append(found)
    _keep(known, [f.spec for f in findings], made)
    return [
        {"digest": m.release.digest(), "release": m.release.as_dict(), **_standing(m)} for m in made
    ]


def cells_of(
    engine: Engine, findings: Sequence[Finding], tokens: Tokens, min_group: int
) -> tuple[tuple[Cell, ...], ...]:
    """The people behind each finding, named by what is measured of them and never by the study.

    So a study of nearly the same people under another name meets the same memory.
    """
    every = [p.people for f in findings for p in f.rests_on]
    wanted = set(np.unique(np.concatenate(every)).tolist()) if every else set()
    known = {no: tokens.token(key) for no, key in engine.rows(_PEOPLE) if no in wanted}
    return tuple(_cells(f, known, tokens, min_group) for f in findings)


def _cells(
    found: Finding, known: dict[int, int], tokens: Tokens, min_group: int
) -> tuple[Cell, ...]:
    """A cell a part. A group has a second one, named as a whole arm is: a study of a population
    may be about the people who are a group of another study.

    Not so a group that is nearly its own arm, which is not shown: the others would be too few.
    """
    made = [
        (_cell(found.spec, p, known, tokens), _about(found.spec, p.what)) for p in found.rests_on
    ]
    whole = [(c.members, about) for c, about in made if c.block == MAIN]
    cells: list[Cell] = []
    for cell, about in made:
        cells.append(cell)
        apart = [changed(cell.members, w) for w, of in whole if of == about]
        if cell.block != MAIN and not any(0 < people < min_group for people in apart):
            cells.append(replace(cell, name=about))
    return tuple(cells)


def _cell(spec: StudySpec, part: Part, known: dict[int, int], tokens: Tokens) -> Cell:
    own = [known[no] for no in part.people.tolist()]
    figures = None
    if part.contents is not None:
        pairs = zip(own, part.contents.tolist(), strict=True)
        read = _read_as(spec, part.what)
        figures = members([tokens.with_content(token, number, read) for token, number in pairs])
    about = _about(spec, part.what)
    name = about if part.block == MAIN else f"{about}{BY}{part.block}"
    return Cell(block=part.block, name=name, members=members(own), figures=figures)


def _about(spec: StudySpec, what: str) -> str:
    return f"{spec.programme}|{_kind(spec)}:{spec.outcome.metric}|{what}"


def _read_as(spec: StudySpec, what: str) -> str:
    """What figures are read for, without the names that a company gives to programme and metric:
    so the same figures are known under another name. Kinds of exits are no names.
    """
    return f"{_kind(spec)}:{spec.outcome.metric if spec.outcome.kind == 'exit' else ''}|{what}"


def _kind(spec: StudySpec) -> str:
    return "figure" if spec.outcome.kind in FIGURES else spec.outcome.kind


def _keep(known: Remembered, specs: Sequence[StudySpec], made: Sequence[Renewal]) -> None:
    """Write down what is shown: sets first, the entry last; one without its sets is never seen."""
    folder, tokens = known.private / FOLDER, known.tokens
    for cell in (c for renewal in made for c in renewal.shown):
        write_set(folder, tokens, cell.members)
        if cell.figures is not None:
            write_set(folder, tokens, cell.figures)
    studies = [
        _study(m, record.question(spec), known.named["run"], tokens)
        for m, spec in zip(made, specs, strict=True)
    ]
    told = {"number": known.memory.number, "after": list(known.memory.after), "studies": studies}
    write_entry(folder, {"schema_version": SCHEMA, **known.named, **told})


def _standing(made: Renewal) -> dict[str, Any]:
    """What the report says of an answer that is not renewed as a whole; nothing of any other."""
    if made.verdict == "fresh" and not made.groups:
        return {}
    run = made.of.run if made.of else ""
    told = {"verdict": made.verdict, "run": run, "why": made.why, "groups": list(made.groups)}
    return {"standing": told}


def _study(made: Renewal, asked: str, run: str, tokens: Tokens) -> dict[str, Any]:
    frozen = made.of is not None
    return {
        "study": made.release.study,
        "question": asked,
        "verdict": made.verdict,
        "of": made.of.run if made.of else run,
        "digest": made.release.digest(),
        "release": None if frozen or made.verdict == "hidden" else made.release.as_dict(),
        "cells": [
            {
                "cell": c.name,
                "set": tokens.name(c.members),
                "figures": None if c.figures is None else tokens.name(c.figures),
                "erased": 0,
            }
            for c in made.shown
        ],
    }
