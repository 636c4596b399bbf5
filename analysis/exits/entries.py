"""Entries: a person in a trial, from its time zero, in an arm, and what came of it by month.

Sequential target trials as in Hernan et al. 2008 (Epidemiology 19:766-779), Danaei et al. 2013
(Statistical Methods in Medical Research 22:70-96) and Hernan et al. 2016 (Journal of Clinical
Epidemiology 79:70-75). A trial's arms are told apart on its time zero from what had happened by
then; nothing later moves anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

from analysis.exits.calendar import (
    calendar_month,
    end_of_month,
    first_day,
    month_of_day,
    month_or_never,
)
from analysis.exits.careers import KINDS, NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analysis.exits.careers import Careers

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

VOLUNTARY = KINDS.index("voluntary")
LANDMARK = 3  # months after time zero at which who had started by then is told from the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """People in trials, (e,) each, sorted by ``row``, the spell's place in the careers.

    ``month``: calendar month in which follow-up begins. ``column``: month of ``Careers.eligible``
    whose covariates are those of the baseline. ``last``: months at risk of an exit, 0 to K.
    ``kind``: code of the exit seen in month ``last``, 0 where there was none. ``started``: whether
    a comparator was censored at the end of month ``last`` because they started in it.
    ``group`` picks the row of ``ends`` (g, K): days from time zero to the end of each month.
    """

    row: Ints
    treated: Bools
    month: Ints
    column: Ints
    last: Ints
    kind: Ints
    started: Bools
    group: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.row)

    @property
    def months(self) -> int:
        """K, the months followed."""
        return int(self.ends.shape[1])

    def take(self, rows: Bools | Ints | slice) -> Self:
        """The given entries only."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return type(self)(**{k: v if k == "ends" else v[rows] for k, v in parts.items()})


def event_of(careers: Careers, *, at_notice: bool = True) -> tuple[Ints, Ints]:
    """Day (``NEVER`` if none was seen) and kind of the exit of each spell.

    Voluntary exits count on the day of notice where there is one: who has given notice is as good
    as gone. So does a notice whose exit lies beyond the last day followed.
    """
    day, kind = careers.exit.copy(), careers.kind.copy()
    if at_notice:
        open_notice = (kind == 0) & (careers.notice <= careers.end)
        gone = ((kind == VOLUNTARY) | open_notice) & (careers.notice < day)
        day[gone], kind[gone] = careers.notice[gone], VOLUNTARY
    day[kind == 0] = NEVER
    return day, kind


def trial_months(careers: Careers, within: int | None) -> Ints:
    """Calendar months in which somebody eligible starts."""
    column = _column_of(careers, careers.start)
    rows = np.flatnonzero((column >= 0) & (column < careers.eligible.shape[1]))
    rows = rows[careers.eligible[rows, column[rows]] & (careers.start[rows] <= careers.end[rows])]
    months = column[rows] + careers.first_month
    if within is not None:
        months = months[months - calendar_month(careers.zero[rows]) <= within]
    return np.unique(months)


def sequential(
    careers: Careers, months: int, *, within: int | None = None, notice_months: int = 0
) -> Entries:
    """One trial for each calendar month in which somebody starts, its time zero the next first.

    Eligible: as recorded for that month, hired before time zero, employed on it, not started
    before the month, not on notice. Treated: started in the month. Comparators who start later
    are censored at the end of the month in which they do, when they begin a trial of their own:
    a start counts from the first of the next month in both roles, so that nobody has to survive
    the rest of a month in order to be moved. With ``notice_months`` follow-up, and day 0, begin
    that many months later among people who are still there, in both arms alike, and a start counts
    that many months later in both roles: who is on notice does not start, so comparators censored
    at once would leave those behind who are about to go.
    """
    day, kind = event_of(careers)
    event = month_or_never(day)
    began = month_or_never(careers.start)
    seen = calendar_month(careers.end + 1)  # the first month that is not followed to its end
    trials = trial_months(careers, within)
    parts = [
        _one_trial(
            careers, int(m), place, months, notice_months, within, (event, kind, began, seen)
        )
        for place, m in enumerate(trials)
    ]
    first = first_day(trials + 1 + notice_months)
    ends = first_day((trials + 1 + notice_months)[:, None] + np.arange(1, months + 1))
    return _joined(parts, ends - first[:, None] if len(trials) else _days(months))


def _one_trial(
    careers: Careers, trial: int, place: int, months: int, notice_months: int,
    within: int | None, dates: tuple[Ints, Ints, Ints, Ints],
) -> dict[str, Ints | Bools]:  # fmt: skip
    event, kind, began, seen = dates
    column, zero = trial - careers.first_month, trial + 1 + notice_months
    ready = careers.eligible[:, column] & (careers.hired < first_day(np.array(trial + 1)))
    ready &= (event >= zero) & (began >= trial) & (seen > zero)
    if within is not None:
        ready &= trial - calendar_month(careers.zero) <= within
    treated = began == trial
    ready &= treated | (began > trial)
    row = np.flatnonzero(ready)
    month = np.full(len(row), zero)
    censored = np.where(treated[row], NEVER, began[row] + notice_months)
    last = np.minimum(np.minimum(seen[row] - zero, months), censored - zero + 1)
    left = event[row] - zero + 1 <= last
    return {
        "row": row, "treated": treated[row], "month": month,
        "column": np.full(len(row), column),
        "last": np.where(left, event[row] - zero + 1, last),
        "kind": np.where(left, kind[row], 0),
        "started": ~left & (censored - zero + 1 == last),
        "group": np.full(len(row), place),
    }  # fmt: skip


def single(
    careers: Careers, months: int, zero: Ints, treated: Bools, who: Bools, *,
    at_notice: bool = True,
) -> Entries:  # fmt: skip
    """One trial a person from a day of their own (n,), in months of 30 days; nobody is censored.

    Who had left, or given notice, before ``zero`` does not enter.
    """
    day, kind = event_of(careers, at_notice=at_notice)
    row = np.flatnonzero(who & (zero < NEVER) & (careers.hired <= zero) & (day >= zero))
    days = _days(months)
    followed = np.searchsorted(days[0], careers.end[row] + 1 - zero[row], side="right")
    event = month_of_day(np.minimum(day[row] - zero[row], days[0, -1] + 365))
    left = event <= followed
    part = {
        "row": row, "treated": treated[row], "month": calendar_month(zero[row]),
        "column": np.clip(
            calendar_month(zero[row]) - careers.first_month, 0, careers.eligible.shape[1] - 1
        ),
        "last": np.where(left, event, followed), "kind": np.where(left, kind[row], 0),
        "started": np.zeros(len(row), dtype=bool), "group": np.zeros(len(row), dtype=np.int64),
    }  # fmt: skip
    kept = part["last"] > 0
    return _joined([{k: v[kept] for k, v in part.items()}], days)


def assigned(careers: Careers, months: int, arm: int) -> Entries:
    """One trial a person from the day of assignment: arm ``arm`` against the comparison."""
    who = (careers.arm == arm) | (careers.arm == 0)
    return single(careers, months, careers.zero, careers.arm == arm, who)


def landmark(careers: Careers, months: int, notice_months: int = 0) -> Entries:
    """One trial a person from three months after time zero: started by then against not yet.

    With ``notice_months`` follow-up begins that many months later, as in the trials.
    """
    known = careers.zero < NEVER
    told, zero = (
        np.where(known, np.where(known, careers.zero, 0) + end_of_month(month), NEVER)
        for month in (LANDMARK, LANDMARK + notice_months)
    )
    return single(careers, months, zero, careers.start < told, np.ones(len(careers), dtype=bool))


def ever(careers: Careers, months: int, arm: int | None = None) -> Entries:
    """Ever started against never, from time zero: the comparison that takes staying for a cause."""
    who = careers.zero < NEVER if arm is None else (careers.arm == arm) | (careers.arm == 0)
    treated = careers.start <= careers.end
    return single(careers, months, careers.zero, treated, who, at_notice=False)


def _days(months: int) -> Ints:
    return np.array([[end_of_month(k) for k in range(1, months + 1)]])


def _column_of(careers: Careers, day: Ints) -> Ints:
    month = month_or_never(day)
    return np.where(month < NEVER, month - careers.first_month, -1)


def _joined(parts: Iterable[dict[str, Ints | Bools]], ends: Ints) -> Entries:
    kept = list(parts)
    names = [f.name for f in fields(Entries) if f.name != "ends"]
    empty = {n: np.zeros(0, bool if n in ("treated", "started") else np.int64) for n in names}
    joined = {n: np.concatenate([empty[n], *(p[n] for p in kept)]) for n in names}
    order = np.lexsort((joined["group"], joined["row"]))
    return Entries(**{n: v[order] for n, v in joined.items()}, ends=ends)
