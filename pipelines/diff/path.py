"""The way from one run to another: cause after cause, in two orders, with who is touched."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.change import CAUSES, Change, Touched, checks_changed, rounded_to_sum, split
from analysis.rules import Rules
from pipelines.diff import compared
from pipelines.diff.states import OF_FILES, OF_READING, Recombined, headline_of, spec_of, state_of
from pipelines.engine import MEMORY, Engine
from reports.numbers import decimals, measure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from analysis.change import Part, State
    from pipelines.diff.kept import Kept
    from pipelines.diff.states import Answered, Switched

Answers = dict["Switched", "Answered"]  # of one study


def changes(
    first: Kept, second: Kept, names: Sequence[str], say: Callable[[str], None]
) -> tuple[Change, ...]:
    """Why the headline of each of these studies, which both runs answered, is another."""
    found: dict[str, Change] = {}
    with Engine.memory(memory=MEMORY) as engine:
        records = Recombined(engine, first, second)
        for dates in sorted({_dates(first, second, name) for name in names}):
            some = [name for name in names if _dates(first, second, name) == dates]
            rows = records.compare(*dates)
            causes = {name: _causes(records, name, rows) for name in some}
            answers = _answers(records, causes, say)
            for name in some:
                found[name] = _change(first, second, name, causes[name], rows, answers[name])
    return tuple(found[name] for name in names)


def _dates(first: Kept, second: Kept, name: str) -> tuple[dt.date, dt.date]:
    return first.studies[name].as_of, second.studies[name].as_of


def _causes(records: Recombined, name: str, rows: dict[str, int]) -> tuple[str, ...]:
    """The causes that changed, in the order of the path; code is no state and stands apart."""
    first, second = records.first, records.second
    old, new = first.studies[name], second.studies[name]
    changed = {cause for cause, n in rows.items() if n}
    rewritten = spec_of(old, new, frozenset({"study"})).digest() != old.digest()
    if rewritten or old.amended != new.amended:
        changed.add("study")
    if old.as_of != new.as_of:
        changed.add("new_time")
    settings = [
        (run.rules, run.manifest.exact_rows, run.studies[name].thresholds)
        for run in (first, second)
    ]
    if settings[0] != settings[1] or records.transfers_differ:
        changed.add("settings")
    return tuple(cause for cause in CAUSES if cause in changed)


def _ways(causes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The order of the path, and the other one: either half backwards.

    How the first run read the second's new files nobody knows, so reading comes first in both.
    """
    halves = [[c for c in causes if (c in OF_FILES) is late] for late in (False, True)]
    return causes, tuple(cause for half in halves for cause in reversed(half))


def _along(way: tuple[str, ...]) -> Iterator[Switched]:
    for place in range(len(way) + 1):
        yield frozenset(way[:place])


def _answers(
    records: Recombined, causes: dict[str, tuple[str, ...]], say: Callable[[str], None]
) -> dict[str, Answers]:
    """Every state on either way, by study; the records are recombined once for all studies."""
    asked: dict[Switched, list[tuple[str, Switched]]] = defaultdict(list)
    for name, own in causes.items():
        for switched in dict.fromkeys(s for way in _ways(own) for s in _along(way)):
            asked[records.of_tables(switched)].append((name, switched))
    found: dict[str, Answers] = {name: {} for name in causes}
    for place, (tables, questions) in enumerate(asked.items(), start=1):
        say(f"state {place} of {len(asked)}")
        specs = [
            (records.first.studies[name], records.second.studies[name], switched)
            for name, switched in questions
        ]
        answered = records.answers(tables, specs)
        for (name, switched), one in zip(questions, answered, strict=True):
            found[name][switched] = one
    return found


def _change(
    first: Kept, second: Kept, name: str, causes: tuple[str, ...], rows: dict[str, int],
    answers: Answers,
) -> Change:  # fmt: skip
    old, new = first.releases[name], second.releases[name]
    before, after = state_of(old), state_of(new)
    why = tuple(
        f"run {run.manifest.run}: the headline is not shown: {state.why}"
        for run, state in ((first, before), (second, after))
        if state.estimate is None
    )
    units = [headline_of(item)["unit"] for item in (old, new)]
    if units[0] != units[1]:
        why = (*why, f"measured in {units[0]} before and in {units[1]} now: no difference")
        before, after = replace(before, estimate=None), replace(after, estimate=None)
    ways = _ways(causes)
    path, other = _path(before, after, ways[0], answers), _other(ways[1], answers)
    if len(path) > len(ways[0]) + 1:
        other["code"] = _sum(_differences(path, "code"))
    touched = {cause: _touched(cause, ways, answers, rows.get(cause)) for cause in causes}
    change = Change(
        study=name,
        unit=units[1],
        before=before,
        after=after,
        parts=split(path, other, touched, _stricter(first.rules, second.rules)),
        checks=checks_changed([(before.checks, after.checks)]),
        why_not=why,
    )
    return _printed(change, old, new)


def _path(
    before: State, after: State, way: tuple[str, ...], answers: Answers
) -> list[tuple[str, State]]:
    """The states on the way; code at both ends where it answers otherwise than the runs did."""
    steps = _steps(way, answers)
    if (steps[0][1], steps[-1][1]) == (before, after):
        return steps
    return [("", before), ("code", steps[0][1]), *steps[1:], ("code", after)]


def _steps(way: tuple[str, ...], answers: Answers) -> list[tuple[str, State]]:
    """The first run's records as they answer now, then each cause with the state behind it."""
    states = [answers[switched].state for switched in _along(way)]
    return list(zip(("", *way), states, strict=True))


def _differences(path: list[tuple[str, State]], cause: str) -> Iterator[float | None]:
    for (_, before), (name, after) in itertools.pairwise(path):
        if name == cause:
            both = (before.estimate, after.estimate)
            yield None if None in both else (both[1] or 0.0) - (both[0] or 0.0)


def _sum(values: Iterator[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(v or 0.0 for v in known)


def _other(way: tuple[str, ...], answers: Answers) -> dict[str, float | None]:
    path = _steps(way, answers)
    return {cause: _sum(_differences(path, cause)) for cause in way}


def _touched(
    cause: str, ways: tuple[tuple[str, ...], ...], answers: Answers, rows: int | None
) -> Touched:
    """Who moves when the cause is switched; of two orders the one that moves fewer people.

    Behind a state that could not be answered people are compared with those of the one before it.
    """
    moved, recorded = [], 0
    for way in ways:
        last = answers[frozenset()]
        for name, switched in zip(("", *way), _along(way), strict=True):
            here = answers[switched]
            if name == cause and here.people is not None and last.people is not None:
                found = compared.changed(last.people, here.people)
                wrote = compared.changed(last.recorded, here.recorded)
                recorded = max(recorded, len(wrote))
                if cause in (*OF_READING, *OF_FILES) and cause != "new_time":
                    found &= wrote
                moved.append(found)
            last = last if here.people is None else here
    some = [people for people in moved if people] or [frozenset()]
    return Touched(rows=rows, people=recorded, moved=min(some, key=len))


def _stricter(one: Rules, two: Rules) -> Rules:
    mode = "public" if one.mode == two.mode == "public" else "protected"
    return Rules(mode=mode, min_group=max(one.min_group, two.min_group))


def _printed(change: Change, old: dict[str, Any], new: dict[str, Any]) -> Change:
    """The change with what is printed of it: contributions add up to the printed difference."""
    factor = measure(change.unit).factor
    figures = [
        [None if head[k] is None else head[k] * factor for k in ("ci_low", "ci_high", "estimate")]
        for head in map(headline_of, (old, new))
    ]
    places = 1 + max(decimals(*one) for one in figures)
    made = replace(change, factor=factor, places=places)
    values = [p.contribution for p in change.parts if p.contribution is not None]
    if change.before is None or change.after is None or not values:
        return made
    ends = (change.before.estimate or 0.0, change.after.estimate or 0.0)
    total = round(ends[1] * factor, places) - round(ends[0] * factor, places)
    rounded = rounded_to_sum([v * factor for v in values], total, places)
    parts: list[Part] = [
        replace(part, printed=p) for part, p in zip(change.parts, rounded, strict=True)
    ]
    return replace(made, parts=tuple(parts))
