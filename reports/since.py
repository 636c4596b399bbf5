"""The list under the headline of page one: what changed since the last report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.changes import changes
from reports.wording import changes as words

if TYPE_CHECKING:
    from reports.changes import Change
    from reports.model import Report
    from reports.previous import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry: a study with what moved in bold and why, or words alone."""

    title: str = ""
    moved: str = ""
    why: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The heading of the list and its lines."""

    head: str
    lines: tuple[Line, ...]


def since(report: Report) -> Since | None:
    """What page one says of the last report; None for a first report."""
    last = report.previous
    if last is None:
        return None
    if not last.kept:
        return Since(head=words.not_kept(last), lines=())
    found = changes(report)
    listed = [c for c in found if c.kind != "unchanged"]
    head = words.since(last, report.manifest.as_known_at)
    if not listed:
        return Since(head=head, lines=(Line(why=words.UNCHANGED),))
    shared = _shared([c for c in listed if c.kind == "moved"])
    lines = [_line(c, shared) for c in listed]
    if still := len(found) - len(listed):
        lines.append(Line(why=words.others(still)))
    several = any(len(c.causes) > 1 for c in listed)
    command = words.split_by(last, report.manifest.run) if several and last.splits else ""
    if shared or command:
        lines.append(Line(why=words.for_all(shared), command=command))
    return Since(head=head, lines=tuple(lines))


def _line(change: Change, shared: tuple[Cause, ...]) -> Line:
    own = [c for c in change.causes if c not in shared]
    return Line(
        title=change.title,
        moved=words.moved(change),
        why=words.reasons(own, change.objections),
    )


def _shared(moved: list[Change]) -> tuple[Cause, ...]:
    """The causes of all that moved, said once where several studies moved."""
    if len(moved) < 2:
        return ()
    return tuple(c for c in moved[0].causes if all(c in other.causes for other in moved))
