"""Person-months on the scale of tenure, as spans: late entry, mentoring that starts along the way.

Tenure counts calendar months from that of the hire (0). Who was hired before they could start, or
before records begin, is at risk from then on: earlier months would be of people who had to stay.
Started is known before the month; a start counts from the first of the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.calendar import calendar_month, first_day, month_or_never
from analysis.exits.careers import NEVER
from analysis.exits.columns import baseline_of
from analysis.exits.entries import VOLUNTARY, event_of
from analysis.exits.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.columns import Baseline

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ROWS_AT_ONCE = 2_000_000  # person-months


@dataclass(frozen=True, slots=True, kw_only=True)
class TenureSpans:
    """Spans by tenure, with ``columns`` (P, 1 + q) of each pattern: exposed, then covariates.

    ``people`` counts those with exposed months, with others, and with both. Of the ``spells``,
    ``never_seen`` are without a whole month in which they were followed and could start.
    """

    spans: Spans
    columns: Floats
    people: tuple[int, int, int]
    spells: int
    never_seen: int


def tenure_spans(careers: Careers, who: Bools, notice_months: int = 0) -> TenureSpans:
    """All person-months of the spells ``who`` (n,).

    People on notice leave whatever happens, and do not start: voluntary exits count on the day of
    notice, or so many ``notice_months`` before the exit where no day is recorded. Then nobody is
    followed in the last of these months, in which notices are not known yet.
    """
    first, last, kind = _followed(careers, notice_months)
    rows = np.flatnonzero(who & (first <= last))
    began = month_or_never(careers.start) + 1  # a start counts from the next month on
    baseline = baseline_of(careers)
    parts = [np.zeros((4, 0), dtype=np.int64)]
    for some in _chunks(rows, last - first + 1):
        parts.append(_spans_of(some, careers, baseline, first, last, began))
    row, start, end, code = np.hstack(parts)
    used, pattern = np.unique(code, return_inverse=True)
    exposed = used % 2
    persons, entry = np.unique(careers.person[row], return_inverse=True)
    hired = calendar_month(careers.hired)
    spans = Spans(
        who=entry, pattern=pattern, first=start - hired[row], last=end - hired[row],
        kind=np.where(end == last[row], kind[row], 0), people=np.ones(len(persons)),
        cluster=_clusters(careers, row, entry),
    )  # fmt: skip
    mentored, others = (np.unique(entry[exposed[pattern] == side]) for side in (1, 0))
    return TenureSpans(
        spans=spans,
        columns=np.column_stack([exposed, baseline.values[used // 2]]).astype(np.float64),
        people=(len(mentored), len(others), len(np.intersect1d(mentored, others))),
        spells=int(who.sum()),
        never_seen=int(who.sum()) - len(rows),
    )


def _followed(careers: Careers, notice: int) -> tuple[Ints, Ints, Ints]:
    """First and last calendar month at risk of each spell, and the kind of exit in the last.

    ``notice`` is the months of notice where none is recorded.
    """
    could = careers.eligible.argmax(axis=1) + careers.first_month
    first = np.maximum(calendar_month(careers.hired), could)
    zero = np.where(careers.zero < NEVER, careers.zero, 0)
    begins = calendar_month(zero)
    begins += first_day(begins) < zero
    first = np.maximum(first, np.where(careers.zero < NEVER, begins, 0))
    first[~careers.eligible.any(axis=1)] = NEVER
    day, kind = event_of(careers)
    event = month_or_never(day)
    whole = calendar_month(careers.end + 1) - 1  # the last month followed to its end
    if notice:
        event = event - notice * ((kind == VOLUNTARY) & (careers.notice == NEVER))
        whole = whole - notice
    return first, np.minimum(event, whole), np.where(event <= whole, kind, 0)


def _chunks(rows: Ints, months: Ints) -> Iterator[Ints]:
    """Spells of so many person-months at a time."""
    total = np.cumsum(months[rows])
    cuts = np.searchsorted(total, np.arange(_ROWS_AT_ONCE, total[-1:].sum(), _ROWS_AT_ONCE))
    return (part for part in np.split(rows, np.unique(cuts)) if len(part))


def _spans_of(
    rows: Ints, careers: Careers, baseline: Baseline, first: Ints, last: Ints, began: Ints
) -> Ints:
    """Rows (4, s): spell, first and last calendar month, 2 x pattern + exposed of each span."""
    length = last[rows] - first[rows] + 1
    row = np.repeat(rows, length)
    offset = np.arange(len(row)) - np.repeat(length.cumsum() - length, length)
    month = first[row] + offset
    column = np.clip(month - careers.first_month, 0, careers.eligible.shape[1] - 1)
    code = 2 * baseline.at(row, column) + (began[row] <= month)
    new = (offset == 0) | (np.diff(code, prepend=-1) != 0)
    at = np.flatnonzero(new)
    ends = np.append(at[1:], len(row)) - 1
    return np.stack([row[at], month[at], month[ends], code[at]])


def _clusters(careers: Careers, row: Ints, entry: Ints) -> Ints | None:
    """Clusters of people, that of the first spell; None where each person is one."""
    own = careers.cluster[row[np.unique(entry, return_index=True)[1]]]
    codes = np.unique(own, return_inverse=True)[1].astype(np.int64)
    return codes if len(codes) and codes.max() + 1 < len(codes) else None
