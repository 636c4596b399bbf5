"""Makes a recorded draw again and compares: the list, the lots, the arm of everybody."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import TYPE_CHECKING

from analysis.lottery import ALGORITHM, Drawn
from pipelines.errors import Exit, UserError
from pipelines.lottery import ARM, WAITING, Applicants, Audit, drawn_from, roster_text, text_hash

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

    from analysis.study import StudySpec

_RESTORE = "Restore the two files that the draw wrote; they are never changed."

_KINDS = {"seed": str, "places": int, "id_column": str, "strata_columns": list, "roster": str}


@dataclass(frozen=True, slots=True)
class RecordedDraw:
    """A draw that was made again and gave what was recorded."""

    audit: Audit
    drawn: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class NamedDraw:
    """A draw as a study names it, and the day of that study."""

    name: str
    as_of: dt.date
    recorded: RecordedDraw


def read_draws(project: Path, studies: Iterable[StudySpec]) -> tuple[NamedDraw, ...]:
    """Every draw that a study names, made again; raises UserError where it is not as recorded."""
    days = {name: study.as_of for study in studies for name in study.allocation.lottery}
    return tuple(NamedDraw(name, days[name], verify(project / name)) for name in sorted(days))


def read_audit(path: Path) -> Audit:
    """The audit file; raises UserError where it is not one, or of another algorithm."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        given = {f.name: data[f.name] for f in fields(Audit)}
        if not all(isinstance(given[name], kind) for name, kind in _KINDS.items()):
            raise TypeError
    except FileNotFoundError:
        fix = "Name the audit.json that `mentorlift lottery` wrote."
        raise UserError(f"{path}: there is no audit file", fix, Exit.PROJECT) from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not the audit file of a draw", _RESTORE, Exit.PROJECT) from None
    if given["algorithm"] != ALGORITHM or "/" in given["roster"]:
        fix = f"Verify it with the version of mentorlift that made it; this one has {ALGORITHM}."
        raise UserError(f"{path}: drawn by an algorithm unknown here", fix, Exit.PROJECT)
    return Audit(**{**given, "strata_columns": tuple(given["strata_columns"])})


def verify(path: Path, applicants: Applicants | None = None) -> RecordedDraw:
    """The recorded draw, made again from the people in its roster; ``applicants`` as delivered.

    Raises UserError saying how many people are not as drawn, and naming none.
    """
    audit = read_audit(path)
    listed, arms = _read_roster(path.with_name(audit.roster), audit)
    for given, what in ((applicants, "the file of applicants"), (listed, "the roster")):
        if given is not None and given.sha256() != audit.applicants_sha256:
            problem = f"{path}: {what} does not hold the people and strata that were drawn"
            raise UserError(problem, _RESTORE, Exit.DATA)
    drawn = drawn_from(listed, audit.places, audit.seed)
    changed = sum(arms[d.person] != (d.arm, str(d.waiting or "")) for d in drawn)
    if changed:
        problem = f"{path}: arm or rank of {changed:,} people in the roster is not as drawn"
        raise UserError(problem, _RESTORE, Exit.DATA)
    if text_hash(roster_text(listed, drawn)) != audit.roster_sha256:
        problem = f"{path}: seed, places and list do not give the roster that was recorded"
        raise UserError(problem, _RESTORE, Exit.DATA)
    return RecordedDraw(audit, drawn)


def draw_files(project: Path, studies: Iterable[StudySpec]) -> list[Path]:
    """Audit file and roster of each draw that a study names; raises UserError naming the study."""
    found: dict[str, tuple[Path, Path]] = {}
    for study in studies:
        for name in study.allocation.lottery:
            if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
                problem = (
                    f"study {study.study}: allocation.lottery: is not below the project folder"
                )
                fix = "Keep the draw in the project folder, and name its audit.json from there."
                raise UserError(problem, fix, Exit.PROJECT)
            audit = read_audit(project / name)
            found[name] = (project / name, (project / name).with_name(audit.roster))
    return [path for _, files in sorted(found.items()) for path in files if path.is_file()]


def _read_roster(path: Path, audit: Audit) -> tuple[Applicants, dict[str, tuple[str, str]]]:
    """The people of a roster with their strata, and arm and rank of each."""
    strata, arms = {}, {}
    header = (audit.id_column, *audit.strata_columns, ARM, WAITING)
    try:
        text = path.read_text(encoding="utf-8-sig")
        found, *rows = csv.reader(io.StringIO(text), strict=True)
        if tuple(found) != header:
            raise ValueError
        for row in rows:
            person, *stratum, arm, rank = row
            strata[person], arms[person] = tuple(stratum), (arm, rank)
    except FileNotFoundError:
        raise UserError(f"{path}: the roster is not there", _RESTORE, Exit.PROJECT) from None
    except (ValueError, csv.Error):
        raise UserError(f"{path}: not the roster of a draw", _RESTORE, Exit.PROJECT) from None
    if len(strata) < len(rows):
        raise UserError(f"{path}: somebody stands twice", _RESTORE, Exit.DATA)
    return Applicants(audit.id_column, audit.strata_columns, strata), arms
