"""The reviewed table of exit reasons: which kind of exit each wording means, and when it did."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.errors import Exit, UserError
from pipelines.models import contracts

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.engine import Engine

FILE = "mappings/exit_reasons.csv"
_COLUMNS = ("reason", "kind", "regretted", "valid_from", "valid_to", "reviewed_by", "reviewed_on")
LONGEST_CODE = 60
_MUST = ("reason", "kind")
_FIRST, _LAST = dt.date(1, 1, 1), dt.date(9999, 12, 31)


@dataclass(frozen=True)
class Meaning:
    """What one reason means for exits from ``valid_from`` to ``valid_to``, both included."""

    reason: str
    kind: str
    regretted: str | None
    valid_from: dt.date
    valid_to: dt.date
    reviewed_on: dt.date | None


def read_reasons(project: Path) -> tuple[Meaning, ...] | None:
    """The project's table of exit reasons, or None where it has none.

    Raises :class:`UserError` naming line and column of what cannot be used.
    """
    path = project / FILE
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except (csv.Error, UnicodeDecodeError):
        raise UserError(
            f"{path}: not a CSV file in UTF-8", "Save it as CSV in UTF-8.", Exit.PROJECT
        ) from None
    header = tuple(rows[0]) if rows else ()
    for column in _MUST if rows else ():
        if column not in header:
            fix = f"Its header is: {','.join(_COLUMNS)}."
            raise UserError(f"{path}: there is no column {column!r}", fix, Exit.PROJECT)
    meanings = tuple(_meaning(path, line, row) for line, row in enumerate(rows, start=2))
    _check_overlaps(path, meanings)
    return meanings


def store(engine: Engine, meanings: tuple[Meaning, ...]) -> None:
    """Land the table; reasons in lower case, since wording is compared without case."""
    columns = {
        "reason": pa.array([m.reason for m in meanings], pa.string()),
        "kind": pa.array([m.kind for m in meanings], pa.string()),
        "regretted": pa.array([m.regretted for m in meanings], pa.string()),
        "valid_from": pa.array([m.valid_from for m in meanings], pa.date32()),
        "valid_to": pa.array([m.valid_to for m in meanings], pa.date32()),
        "reviewed_on": pa.array([m.reviewed_on for m in meanings], pa.date32()),
    }
    engine.register("landing_reasons", pa.table(columns))
    engine.run(
        "insert into landed.exit_reasons select * replace (lower(trim(reason)) as reason) "
        "from landing_reasons order by all"
    )
    engine.unregister("landing_reasons")


def unmapped(file: str, found: list[tuple[str, str]]) -> UserError:
    """The error that lists reasons without a kind; free text is pointed at, not quoted."""
    shown = [repr(text) if _is_code(text) else f"the text in row {row}" for text, row in found]
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    fix = (
        f"Add a line for each to {FILE} (columns {', '.join(_COLUMNS)}), or set "
        "history: unmapped_reasons: quarantine."
    )
    problem = f"{file}: exit reasons without a kind: {', '.join(shown[:20])}{more}."
    return UserError(problem, fix)


def _is_code(text: str) -> bool:
    """Whether a reason reads like a word of a list rather than a remark about a person."""
    return len(text) <= LONGEST_CODE and "@" not in text and "\n" not in text


def kinds() -> tuple[str, ...]:
    """The kinds of exit there are."""
    employment = next(c for c in contracts("landed") if c.table == "employment")
    return next(c.accepted_values for c in employment.columns if c.name == "exit_kind")


def _meaning(path: Path, line: int, row: dict[str, str | None]) -> Meaning:
    cells = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    if not cells["reason"]:
        raise _unusable(path, line, "reason", "is empty", "Name the reason as HR's files do.")
    kind = cells["kind"].lower()
    if kind not in kinds():
        raise _unusable(path, line, "kind", "is no kind of exit", f"Use {', '.join(kinds())}.")
    regretted = cells["regretted"].lower() or None
    if regretted not in (None, "yes", "no"):
        raise _unusable(path, line, "regretted", "is not yes or no", "Write yes, no or nothing.")
    dates = {name: _date(path, line, name, cells[name]) for name in _COLUMNS[3:5] + _COLUMNS[6:]}
    return Meaning(
        cells["reason"],
        kind,
        regretted,
        dates["valid_from"] or _FIRST,
        dates["valid_to"] or _LAST,
        dates["reviewed_on"] if cells["reviewed_by"] else None,
    )


def _date(path: Path, line: int, column: str, text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise _unusable(path, line, column, "is not a date", "Write it as 2025-01-31.") from None


def _check_overlaps(path: Path, meanings: tuple[Meaning, ...]) -> None:
    placed = [(m.reason.lower(), m.valid_from, m.valid_to, i) for i, m in enumerate(meanings, 2)]
    ordered = sorted(placed)
    for before, after in itertools.pairwise(ordered):
        if before[0] == after[0] and after[1] <= before[2]:
            lines = " and ".join(str(n) for n in sorted((before[3], after[3])))
            fix = "Let valid_to of the earlier meaning end before valid_from of the later begins."
            problem = f"{path}: lines {lines} give one reason two meanings at one time"
            raise UserError(problem, fix, Exit.PROJECT)


def _unusable(path: Path, line: int, column: str, what: str, fix: str) -> UserError:
    return UserError(f"{path}: line {line}: {column} {what}", fix, Exit.PROJECT)
