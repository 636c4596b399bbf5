"""What changed since the last report, in few words: number or grade, old and new, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import lower_first, short_run
from reports.numbers import date_text, many, number, plain, signed, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reports.changes import Change
    from reports.previous import Cause, Previous

TO = " → "
_NAMED = 2  # checks that are named before they are counted

# Facts that differ between two runs, in the order they are said. Each may move a number.
CAUSES: dict[str, str] = {
    "question": "the question was changed",
    "code": "another version of mentorlift",
    "packages": "other versions of packages",
    "limits": "other limits of checks",
    "min_group": "another smallest group",
    "disclosure": "other rules of disclosure",
    "exact_rows": "estimated from other rows: compressed or not",
    "reading": "files are read otherwise",
    "months": "as of a later day",
    "earlier": "as of an earlier day",
    "new_files": "new files",
    "late_exits": "exits told late",
    "corrected": "earlier figures corrected or told late",
    "other_files": "files with other content",
    "gone_files": "files left out",
}
KINDS = {
    "moved": "moved",
    "unchanged": "unchanged",
    "new": "new",
    "gone": "no longer asked",
    "not_renewed": "not renewed",
}
UNCHANGED = "Unchanged: no grade and no printed number moved"
LOOSER = "was made under looser rules of disclosure"
OTHERS = {1: "The other study is unchanged"}


def since(last: Previous, as_known_at: str) -> str:
    """What the list is headed by: the date of the last report, or its run where the dates agree."""
    run = short_run(last.run)
    if not last.as_known_at or last.as_known_at == as_known_at:
        return f"Since run {run}"
    return f"Since {date_text(last.as_known_at)}"


def not_kept(last: Previous) -> str:
    """What page one says where nothing is left to compare with."""
    run, why = short_run(last.run), LOOSER if last.looser else "is no longer kept here"
    return f"The last report (run {run}) {why}: no comparison with it"


def last_report(last: Previous | None) -> str:
    """The last report, for provenance."""
    if last is None:
        return "none: this is the first report in its output folder"
    if last.looser:
        return f"run {last.run}, which {LOOSER}"
    if not last.kept:
        return f"run {last.run}; what it released is no longer kept here"
    when = date_text(last.as_known_at)
    return f"run {last.run}" + (f", data as known at {when}" if when else "")


def moved(change: Change) -> str:
    """Old and new, as set in bold."""
    if change.kind in ("new", "gone"):
        return KINDS[change.kind]
    if change.kind == "not_renewed" and change.now:
        return f"{KINDS[change.kind]}, as of {date_text(change.now.as_of)}"
    grades, parts = change.grades, []
    if grades[0] != grades[1]:
        parts.append(TO.join(grades))
    parts += _number(change)
    if not parts:  # the number came or went while the grade stayed
        parts.append("shown again" if change.now and change.now.shows else "no longer shown")
    return ", ".join(parts)


def _number(change: Change) -> list[str]:
    before, after = change.before, change.after
    if not (before and after):
        return []
    if change.number_moved:
        if before.unit != after.unit or before.null != after.null:
            return [before.effect + TO + after.effect]
        print_ = number if after.null else signed
        ends = [print_(e.value or 0.0, e.places) for e in (before, after)]
        return [with_unit(TO.join(ends), after.unit)]
    if change.interval_moved:
        return [f"interval {before.range}{TO}{after.range}"]
    return []


def others(unchanged: int) -> str:
    """The studies that are not listed since nothing of them moved."""
    return OTHERS.get(unchanged, f"{unchanged} other studies are unchanged")


def reasons(causes: Iterable[Cause], objections: Sequence[str] = ()) -> str:
    """Causes and checks in a few words, in the order of ``CAUSES``."""
    found = {c.kind: c for c in causes}
    said = [_words(found[kind], found) for kind in CAUSES if kind in found]
    named = [lower_first(plain(label)) for label in objections[:_NAMED]]
    more = len(objections) - len(named)
    if more:
        named.append(f"{more} more")
    checks = [f"checks now objecting: {'; '.join(named)}"] if named else []
    return ", ".join([*[s for s in said if s], *checks])


def for_all(causes: Sequence[Cause]) -> str:
    """The causes that all studies share, said once."""
    return f"For all: {reasons(causes)}" if causes else ""


def _words(cause: Cause, found: dict[str, Cause]) -> str:
    """A cause; late records came with new files, and are said with them."""
    late = [CAUSES[k] for k in ("late_exits", "corrected") if k in found]
    if cause.kind == "new_files" and late:
        return f"{CAUSES['new_files']} with {' and '.join(late)}"
    if cause.kind in ("late_exits", "corrected") and "new_files" in found:
        return ""
    if cause.months:
        return many(cause.months, "more month")
    return f"{CAUSES[cause.kind]} ({cause.detail})" if cause.detail else CAUSES[cause.kind]


def split_by(last: Previous, run: str) -> str:
    """The command that splits a change exactly over its causes."""
    return f"mentorlift diff {short_run(last.run)} {short_run(run)}"
