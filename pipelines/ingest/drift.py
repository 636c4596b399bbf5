"""Drift: how a delivery differs from the one before it, by file and column, before it is landed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz

from pipelines.delivery import MapTo
from pipelines.errors import UserError
from pipelines.ingest.headers import fold
from pipelines.ingest.profile import ColumnProfile, profile
from pipelines.sources import SHEET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.engine import Engine
    from pipelines.ingest.files import DeliveredFile
    from pipelines.ingest.mapping import Mapping

# Shares of fewer rows move by chance alone: at 100 rows a share of one half by ten points.
MIN_ROWS = 100
# A whole column that changes its type, or a middle value that moves fivefold, is no chance in ten.
MIN_ROWS_ANY, LARGE_RATIO, WHOLE = 10, 5.0, 0.9
# The usual reading of the population stability index: below .1 stable, above .25 another one.
MAX_PSI = 0.25
# A unit that changed moves the middle value by far more than half: months 12, cents 100, hours 60.
MAX_RATIO = 1.5
# A field that a form no longer asks for, or asks for now, moves by more than a tenth of the rows.
MAX_EMPTY_CHANGE = 0.10
# A column in which half of the cells became, or ceased to be, numbers or dates changed its type.
MAX_TYPE_CHANGE = 0.5
# Words nobody used before, on one row in twenty, are a new code list and not a new department.
MAX_NEW_SHARE = 0.05
# A word is shown only when this many rows hold it: a rarer one may point to a person.
MIN_SHOWN = 10
# Likeness of two headers, of 100, from which one is taken for the other's new name.
RENAMED_LIKENESS = 75


@dataclass(frozen=True)
class Drift:
    """One difference to the delivery before; ``decision`` is warn, ignore or map."""

    source: str
    file: str
    before: str
    column: str
    kind: str
    detail: str
    decision: str

    def describe(self) -> str:
        """The difference in one line."""
        return f"{self.file}: column {self.column!r} {self.detail} (before: {self.before})"

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {
            "source": self.source,
            "file": self.file,
            "before": self.before,
            "column": self.column,
            "kind": self.kind,
            "detail": self.detail,
            "decision": self.decision,
        }


@dataclass(frozen=True)
class _Seen:
    """A delivery as later ones are compared with it."""

    file: str
    header: tuple[str, ...]
    read: frozenset[str]
    columns: tuple[dict[str, ColumnProfile], ...]


class Watch:
    """Compares each file with the one that its source delivered before."""

    def __init__(self) -> None:
        self._seen: dict[str, list[_Seen]] = {}

    def forget(self, file: DeliveredFile) -> None:
        """Compare later files with what came before this one, which was refused."""
        seen = self._seen.get(file.source.name, [])
        seen[:] = [one for one in seen if one.file != file.name]

    def look(
        self,
        engine: Engine,
        file: DeliveredFile,
        header: tuple[str, ...],
        loads: Sequence[Mapping],
    ) -> list[Drift]:
        """The differences of a file whose loads are staged, the nth in ``landing_staged_n``.

        Raises :class:`UserError` naming every column whose drift the owner has stop the run.
        """
        names = tuple(name for name in header if name != SHEET)
        read = frozenset().union(*(load.used() - {*load.items} for load in loads))
        columns = tuple(
            profile(engine, load, f"landing_staged_{i}") for i, load in enumerate(loads)
        )
        now = _Seen(file.name, names, read, columns)
        seen = self._seen.setdefault(file.source.name, [])
        before = seen[-1] if seen else None
        seen.append(now)
        if before is None:
            return []
        found = [
            Drift(file.source.name, file.name, before.file, column, kind, detail, decision)
            for column, kind, detail in (*_headers(before, now), *_values(before, now))
            if (decision := _decided(file, column, kind, before, now)) != "ignore" or kind != "new"
        ]
        _stop(found)
        return [drift for drift in found if drift.decision != "stop"]


def _decided(file: DeliveredFile, column: str, kind: str, before: _Seen, now: _Seen) -> str:
    """What happens: as the owner decided; a column that was read and is gone stops the run."""
    choices = {fold(name): choice for name, choice in file.source.on_drift.items()}
    choice = choices.get(fold(column))
    if isinstance(choice, MapTo):
        return "map"
    if choice is not None:
        return choice
    lost = {name for load in before.columns for name in load}
    kept = {name for load in now.columns for name in load}
    if kind in {"missing", "renamed"} and column in before.read and lost - kept:
        return "stop"
    return "warn"


def _headers(before: _Seen, now: _Seen) -> Iterator[tuple[str, str, str]]:
    gone = [name for name in before.header if name not in now.header]
    new = [name for name in now.header if name not in before.header]
    for name in gone:
        near = max(new, key=lambda other, name=name: _likeness(name, other), default=None)
        if near is not None and _likeness(name, near) >= RENAMED_LIKENESS:
            new.remove(near)
            yield name, "renamed", f"may now be called {near!r}"
        else:
            yield name, "missing", "is missing"
    for name in new:
        yield name, "new", "is new"
    order = [name for name in before.header if name in now.header]
    after = [name for name in now.header if name in before.header]
    if order != after:
        first = next(b for a, b in zip(order, after, strict=True) if a != b)
        yield first, "reordered", "stands in another place; columns are read by name"


def _likeness(one: str, other: str) -> float:
    return fuzz.ratio(fold(one), fold(other))


def _values(before: _Seen, now: _Seen) -> Iterator[tuple[str, str, str]]:
    for earlier, later in zip(before.columns, now.columns, strict=True):
        for name in [n for n in later if n in earlier]:
            for kind, detail in _shifts(earlier[name], later[name]):
                yield later[name].header, kind, detail


def _shifts(before: ColumnProfile, now: ColumnProfile) -> Iterator[tuple[str, str]]:
    rows = min(before.rows, now.rows)
    if rows < MIN_ROWS_ANY:
        return
    few = rows < MIN_ROWS
    for what, one, other in (
        ("numbers", before.numbers, now.numbers),
        ("dates", before.dates, now.dates),
    ):
        moved = abs(one - other)
        if moved > (WHOLE if few else MAX_TYPE_CHANGE) and max(before.empty, now.empty) < 1:
            yield "retyped", f"holds {other:.0%} {what}, {one:.0%} before"
    if abs(before.empty - now.empty) > (WHOLE if few else MAX_EMPTY_CHANGE):
        yield "empty", f"is empty in {now.empty:.0%} of rows, {before.empty:.0%} before"
    most = LARGE_RATIO if few else MAX_RATIO
    if before.median and now.median and not 1 / most < (r := now.median / before.median) < most:
        yield "shifted", f"has a middle value {r:.2g} times the one before"
    if before.categories and now.categories and not few:
        yield from _categories(before.categories, now.categories)


def _categories(before: dict[str, int], now: dict[str, int]) -> Iterator[tuple[str, str]]:
    total = sum(now.values())
    fresh = {word: n for word, n in now.items() if word not in before}
    share = sum(fresh.values()) / total
    if share > MAX_NEW_SHARE:
        shown = sorted(word for word, n in fresh.items() if n >= MIN_SHOWN)
        named = f": {', '.join(map(repr, shown))}" if shown else ""
        yield "categories", f"holds words that are new in {share:.0%} of rows{named}"
    if (index := stability(before, now)) > MAX_PSI:
        yield "shifted", f"has another distribution of words (stability index {index:.2f})"


def stability(before: dict[str, int], now: dict[str, int]) -> float:
    """The population stability index of two counts; an empty cell counts as half a row."""
    words = sorted({*before, *now})
    one, other = (
        [max(counts.get(word, 0), 0.5) / sum(counts.values()) for word in words]
        for counts in (before, now)
    )
    return sum((b - a) * math.log(b / a) for a, b in zip(one, other, strict=True))


def _stop(found: Sequence[Drift]) -> None:
    stopping = [drift for drift in found if drift.decision == "stop"]
    if not stopping:
        return
    told = "; ".join(f"{drift.column!r} {drift.detail}" for drift in stopping)
    drift = stopping[0]
    fix = (
        f"Have it delivered as before, or decide under on_drift of the source {drift.source}: "
        f'"{drift.column}": ignore, or the new column: {{map: OUR COLUMN}}.'
    )
    raise UserError(f"{drift.file}: {told} (before: {drift.before}).", fix)
