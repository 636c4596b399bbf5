"""What each source last delivered, and what was due and is not there: said, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines.ingest.files import dated_files
from pipelines.timetable import due

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.delivery import Source
    from pipelines.ingest.report import FileReport

State = Literal["on time", "late", "missing", "not due yet", "not declared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How a source stands to its last due day before the day of the run.

    ``last_delivery`` is the newest that was read, ``days_late`` how long after ``due_on`` the first
    of that period came, ``missed`` the earlier due days since the first delivery with none.
    """

    source: str
    expected: str
    state: State
    due_on: dt.date | None = None
    last_delivery: dt.date | None = None
    days_late: int | None = None
    missed: tuple[dt.date, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, dates in ISO 8601."""
        return {
            "source": self.source,
            "expected": self.expected,
            "state": self.state,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "last_delivery": self.last_delivery.isoformat() if self.last_delivery else None,
            "days_late": self.days_late,
            "missed": [day.isoformat() for day in self.missed],
        }


def due_days(settings: Settings, data: Path, day: dt.date | None) -> dict[str, dt.date]:
    """The last due day of each source that says when it is due, as of ``day``.

    Where no day is declared, the newest date of any delivered file stands for it.
    """
    sources = [source for source in settings.sources if source.expected]
    if not sources:
        return {}
    dates = [date for date, _ in dated_files(settings, data) if day is None or date <= day]
    known = day or max(dates, default=None)
    return {s.name: due(s.expected).passed(known) for s in sources} if known else {}


def freshness(
    sources: Sequence[Source], files: Sequence[FileReport], passed: Mapping[str, dt.date]
) -> list[Freshness]:
    """A line a source, from the files that were read; rows that came back corrected are none."""
    given = {source.name: set[Any]() for source in sources}
    for file in files:
        if not file.delivered.correction:
            given[file.source].add(file.delivered_on)
    return [_of(source, given[source.name], passed.get(source.name)) for source in sources]


def _of(source: Source, given: set[dt.date], passed: dt.date | None) -> Freshness:
    last = max(given, default=None)
    if not source.expected or passed is None:
        state: State = "not due yet" if source.expected else "not declared"
        return Freshness(
            source=source.name, expected=source.expected, state=state, last_delivery=last
        )
    rule = due(source.expected)
    by_period: dict[dt.date, dt.date] = {}
    for date in sorted(given, reverse=True):
        by_period[rule.begins(date)] = date  # the first of each period stays
    begins = rule.begins(passed)
    period = min(by_period, default=begins)
    state, late = _state(by_period.get(begins), passed, early=period > begins)
    missed = []
    while period < begins:
        if period not in by_period:
            missed.append(rule.on(period))
        period = rule.after(period)
    return Freshness(
        source=source.name,
        expected=source.expected,
        state=state,
        due_on=passed,
        last_delivery=last,
        days_late=late,
        missed=tuple(missed),
    )


def _state(first: dt.date | None, passed: dt.date, *, early: bool) -> tuple[State, int | None]:
    """The state of one due day; before the first delivery of all nothing was due."""
    if first is not None:
        late = (first - passed).days
        return ("late", late) if late > 0 else ("on time", None)
    return ("not due yet" if early else "missing"), None
