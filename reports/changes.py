"""What changed since the last report: each study's grade and printed number, then and now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from reports.numbers import finite
from reports.previous import earlier
from reports.shown import Shown, shown
from reports.wording.exits import as_answered
from reports.wording.exploratory import graded, is_marked

if TYPE_CHECKING:
    from reports.model import Report
    from reports.previous import Cause, Earlier

Kind = Literal["moved", "unchanged", "new", "gone", "not_renewed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One study in two reports. A number that may not be shown now is not there of then either.

    ``before`` and ``after`` are on one printed scale, unless the unit changed. ``objections`` are
    the checks that object now and did not.
    """

    study: str
    title: str
    kind: Kind
    then: Earlier | None
    now: Earlier | None
    before: Shown | None = None
    after: Shown | None = None
    causes: tuple[Cause, ...] = ()
    objections: tuple[str, ...] = ()

    @property
    def number_moved(self) -> bool:
        """Whether the printed effect is another one."""
        ends = (self.before, self.after)
        return all(ends) and len({e.effect for e in ends if e}) > 1

    @property
    def interval_moved(self) -> bool:
        """Whether the printed interval is another one."""
        ends = (self.before, self.after)
        return all(ends) and len({e.range for e in ends if e}) > 1

    @property
    def grades(self) -> tuple[str, str]:
        """Grade then and now; of a study in both reports."""
        return tuple(_graded(e) for e in (self.then, self.now) if e)  # type: ignore[return-value]


def changes(report: Report) -> tuple[Change, ...]:
    """One change a study, in the order of the report, then those that are no longer asked.

    Empty where there is no earlier report, or nothing of it is kept.
    """
    last = report.previous
    if last is None or not last.kept:
        return ()
    known = {e.study: e for e in last.studies}
    now = [earlier(r) for r in report.releases]
    frozen = {s.study for s in report.standings if s.verdict == "frozen"}
    found = [_change(known.get(e.study), e, last.causes.get(e.study, ())) for e in now]
    found = [replace(c, kind="not_renewed", causes=()) if c.study in frozen else c for c in found]
    gone = [e for e in last.studies if e.study not in {n.study for n in now}]
    return (*found, *(Change(study=e.study, title=e.title, kind="gone", then=e, now=None)
                      for e in gone))  # fmt: skip


def _change(then: Earlier | None, now: Earlier, causes: tuple[Cause, ...]) -> Change:
    if then is None:
        return Change(study=now.study, title=now.title, kind="new", then=None, now=now)
    before, after = _both(then, now)
    graded = _graded(then) != _graded(now)
    change = Change(
        study=now.study,
        title=now.title,
        kind="moved",
        then=then,
        now=now,
        before=before,
        after=after,
        causes=causes,
        objections=tuple(o for o in now.objections if graded and o not in then.objections),
    )
    shown_other = then.shows != now.shows
    if graded or shown_other or change.number_moved or change.interval_moved:
        return change
    return Change(
        study=now.study, title=now.title, kind="unchanged", then=then, now=now,
        before=before, after=after,
    )  # fmt: skip


def _both(then: Earlier, now: Earlier) -> tuple[Shown | None, Shown | None]:
    """Both numbers with the decimals of the coarser one, so that rounding alone moves nothing."""
    if not now.shows:
        return None, None
    before, after = (figures(e) if e.shows else None for e in (then, now))
    if before and after and before.unit == after.unit and before.places != after.places:
        places = min(before.places, after.places)
        return shown(then.headline, places=places), shown(now.headline, places=places)
    return before, after


def figures(study: Earlier) -> Shown:
    """Its number as its report prints it."""
    return as_answered(study.headline, in_people=study.in_people)


def _graded(study: Earlier) -> str:
    return graded(study) if is_marked(study) else study.grade


def as_plain(change: Change) -> dict[str, Any]:
    """A change for JSON and tables; figures in the unit of the analysis, as in the findings."""
    then = change.then
    shows = then is not None and then.shows and change.now is not None and change.now.shows
    head = then.headline if then and shows else None
    return {
        "change": change.kind,
        "grade": then.grade if then else None,
        "exploratory": then.exploratory if then else None,
        "estimate": finite(head.estimate) if head else None,
        "ci_low": finite(head.ci_low) if head else None,
        "ci_high": finite(head.ci_high) if head else None,
        "unit": head.unit if head else None,
        "as_of": then.as_of if then else None,
        "causes": [c.kind for c in change.causes],
    }
