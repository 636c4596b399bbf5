"""A comparison of two runs as a table for a terminal, and as one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analysis.change import CAUSES
from pipelines.terminal import wide_console
from reports.numbers import escaped, measure, signed, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.change import Change, Part, State
    from pipelines.diff.runs import RunDiff

OTHER = "other changes"
HOW = (
    "Each line is the headline after the cause was switched to the second run's version less the "
    "headline before, in the order of the lines: they add up exactly. Where causes interact, the "
    "share of each depends on that order; the second figure is with the order turned round, for "
    "what concerns reading files and for what files say apart (nobody knows how the first run "
    "would have read files it did not have). Printed figures are rounded by largest remainder, so "
    "that they add up as well. Causes that move too few people are told together. People: those "
    "compared of whom something else enters; rows: of the records of all."
)


def as_json(diff: RunDiff) -> str:
    """The comparison as one document; figures are in the unit of each study."""
    document = {
        "schema_version": 1,
        "first": diff.first,
        "second": diff.second,
        "nothing_changed": diff.same,
        "order": [*CAUSES],
        "studies": [_plain(change) for change in diff.changes],
    }
    return escaped(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))


def _plain(change: Change) -> dict[str, Any]:
    return {
        "study": change.study,
        "unit": change.unit,
        "before": _state(change.before),
        "after": _state(change.after),
        "parts": [asdict(part) for part in change.parts],
        "printed_in": measure(change.unit).short,
        "decimals": change.places,
        "checks": [asdict(check) for check in change.checks],
        "no_split": list(change.why_not),
    }


def _state(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {"estimate": state.estimate, "grade": state.grade, "why_not_shown": state.why}


def as_text(diff: RunDiff) -> str:
    """The comparison for a terminal."""
    from rich.table import Table
    from rich.text import Text

    if diff.same:
        return f"nothing changed: both are run {diff.first}\n"
    console = wide_console()
    with console.capture() as captured:
        console.print(Text(f"from run {diff.first} to run {diff.second}"), soft_wrap=True)
        for change in diff.changes:
            console.print(Text("\n".join(["", *_head(change)])), soft_wrap=True)
            if change.parts:
                table = Table("why", "contributes", "other order", "people", "rows")
                for part in change.parts:
                    table.add_row(*(Text(cell) for cell in _row(part, change)))
                console.print(table)
                console.print(Text("\n".join(_checks(change))), soft_wrap=True)
        if any(p.contribution is not None for c in diff.changes for p in c.parts):
            console.print(Text("\n" + HOW), soft_wrap=True)
    return captured.get()


def _head(change: Change) -> Iterator[str]:
    ends = [_figure(state, change) for state in (change.before, change.after)]
    yield f"{change.study}: {ends[0]} -> {ends[1]}{_difference(change)}"
    grades = [state.grade if state else "not answered" for state in (change.before, change.after)]
    yield f"  grade: {grades[0]}" + (f" -> {grades[1]}" if grades[0] != grades[1] else "")
    for why in change.why_not:
        yield f"  no split: {why}"
    if not change.parts and not change.why_not:
        yield "  nothing changed"


def _checks(change: Change) -> Iterator[str]:
    """Where on the way a check began or ceased to count against the claim."""
    for part in change.parts:
        for check in part.checks:
            yield (
                f"  check: {check.label}: {check.before or 'none'} -> {check.after or 'none'}, "
                f"by {_why(part)}"
            )


def _figure(state: State | None, change: Change) -> str:
    if state is None:
        return "not answered"
    if state.estimate is None:
        return "not shown"
    return _effect(state.estimate * change.factor, change)


def _effect(value: float, change: Change) -> str:
    return with_unit(signed(value, change.places), measure(change.unit).short)


def _difference(change: Change) -> str:
    printed = [p.printed for p in change.parts if p.printed is not None]
    return f" ({signed(sum(printed), change.places)})" if printed else ""


def _row(part: Part, change: Change) -> tuple[str, ...]:
    other = None if part.other_order is None else part.other_order * change.factor
    figures = [
        "" if value is None else signed(value, change.places) for value in (part.printed, other)
    ]
    return _why(part), *figures, part.people, part.rows


def _why(part: Part) -> str:
    names = [CAUSES[cause] for cause in part.causes]
    return names[0] if len(names) == 1 else f"{OTHER} ({'; '.join(names)})"
