"""What changed since the last report, as rows: one a study, then and now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.changes import changes
from reports.changes import figures as printed
from reports.numbers import UNBOUNDED
from reports.tables.estimates import interval, unit
from reports.tables.table import STUDY, Table, Value, day, figures, texts
from reports.wording.changes import KINDS, reasons
from reports.wording.tables import HIDDEN, NONE

if TYPE_CHECKING:
    from reports.changes import Change
    from reports.model import Report
    from reports.previous import Earlier
    from reports.shown import Shown

_ENDS = ("Estimate", "95 % low", "95 % high")


def since(report: Report) -> Table:
    """Grade, number and interval of each study in the last report and in this one, and why."""
    last = report.previous
    return Table(
        name="Since the last report",
        about="Grade, estimate and interval of each study in the last report and in this one, with "
        "what differs between the two runs. A number that may not be shown now is not repeated of "
        "then.",
        columns=(
            STUDY, *texts(Change=16, Grade_then=16, Grade_now=16),
            *figures(*(f"{end}, then" for end in _ENDS)), *texts(Unit_then=20),
            *figures(*(f"{end}, now" for end in _ENDS)), *texts(Unit=20),
            *texts(As_known_at_then=14, As_known_at_now=14, What_differs=60, Last_run=16),
        ),
        rows=tuple(
            (c.study, KINDS[c.kind], *_grades(c), *_ends(c, c.then, c.before),
             *_ends(c, c.now, _now(c)), _when(c.then), _when(c.now),
             reasons(c.causes, c.objections), last.run if last else "")
            for c in changes(report)
        ),
    )  # fmt: skip


def _grades(change: Change) -> tuple[str, str]:
    then, now = change.then, change.now
    if then and now:
        return change.grades
    return (then.grade if then else NONE), (now.grade if now else NONE)


def _now(change: Change) -> Shown | None:
    """The number of the report at hand, of a study that the last one had not, too."""
    new = change.kind == "new" and change.now is not None and change.now.shows
    return printed(change.now) if new and change.now else change.after


def _ends(change: Change, study: Earlier | None, known: Shown | None) -> tuple[Value, ...]:
    """Estimate, both ends of the interval, and unit; words where they are not shown."""
    if known is None:
        return *(_instead(change, study),) * 3, NONE
    return *interval(known, UNBOUNDED), unit(known)


def _instead(change: Change, study: Earlier | None) -> str:
    """Why there is no number: none of a study not asked, or one that is hidden, then or now."""
    if study is None or change.now is None:
        return NONE
    hidden = study if not study.shows else change.now
    if hidden.grade == "Withheld":
        return HIDDEN["withheld"]
    return HIDDEN.get(hidden.headline.status, HIDDEN["suppressed"])


def _when(study: Earlier | None) -> Value:
    return day(study.as_of) if study else NONE
