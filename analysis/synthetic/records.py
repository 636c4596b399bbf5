"""What personnel files say of an exit: four dates, a reason, notice, and when it was entered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.synthetic.calendar import MONTHS, NEVER, month_of, month_start
from analysis.synthetic.exits import VOLUNTARY

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.scenario import Scenario
    from analysis.synthetic.streams import Bools, Dates, Floats, Ints, Streams

AS_OF = np.datetime64("2025-12-31", "D")
Lags = npt.NDArray[np.timedelta64]
_DAY = np.timedelta64(1, "D")
_NAT = np.datetime64("NaT", "D")
# raw reasons by kind; several begin with the name of another kind
REASONS = (
    ("",),
    ("Voluntary > Other job", "Voluntary > Pay", "Voluntary > Career", "Voluntary > Family",
     "Voluntary > Relocation", "Resignation > Mutual consent"),
    ("Involuntary > Performance", "Involuntary > Restructuring", "Voluntary > Severance programme"),
    ("Retirement > Age", "Voluntary > Retirement"),
    ("End of contract", "Voluntary > End or Expiration of Contract or Grant"),
    ("Death in service", "Involuntary > Death"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRecords:
    """Rows of people who left, ascending; ``last_day`` of work is the true date."""

    person: Ints
    last_day: Dates
    terminated_on: Dates
    contract_ends_on: Dates
    paid_until: Dates
    entered_on: Dates
    reason: list[str]
    regretted: Bools


def _days(u: Floats, most: int) -> Lags:
    return np.floor(u * (most + 1)).astype("timedelta64[D]")


def entered(streams: Streams, exit_on: Dates, first: int, scenario: Scenario) -> Dates:
    """Day on which each exit was entered: 70 % by the day, 20 % up to 14 days late, 10 % to 45."""
    u = streams.rows("exit.entry", first, len(exit_on), 4)
    early = -_days(u[:, 1], 45)
    late = _DAY + _days(u[:, 1], 13)
    later = 15 * _DAY + _days(u[:, 1], 30)
    day = exit_on + np.where(u[:, 0] < 0.70, early, np.where(u[:, 0] < 0.90, late, later))
    if scenario.late_entries:
        lost = (month_of(exit_on) >= MONTHS - 3) & (u[:, 2] < 0.25)
        day = np.where(lost, AS_OF + _DAY + _days(u[:, 3], 60), day)
    return np.asarray(day)


def exit_records(
    streams: Streams, people: People, exit_on: Dates, kind: Ints, first: int, scenario: Scenario
) -> ExitRecords:
    """Records of a block of people whose first row is ``first``."""
    n = len(people)
    u = streams.rows("exit.dates", first, n, 4)
    entry = entered(streams, exit_on, first, scenario)
    pick = streams.scalar("exit.reason_path", first, n)
    likely = np.where(people.ability > 0, 0.35, 0.15)
    regretted = (kind == VOLUNTARY) & (streams.scalar("exit.regretted", first, n) < likely)
    rows = np.flatnonzero(~np.isnat(exit_on))
    reasons = [
        REASONS[k][int(x * len(REASONS[k]))]
        for k, x in zip(kind[rows].tolist(), pick[rows].tolist(), strict=True)
    ]
    last = exit_on[rows]
    return ExitRecords(
        person=first + rows, last_day=last, terminated_on=last + _days(u[rows, 0], 30),
        contract_ends_on=last + _days(u[rows, 1], 30), paid_until=last + _days(u[rows, 2], 30),
        entered_on=entry[rows], reason=reasons, regretted=regretted[rows],
    )  # fmt: skip


def withdrawn(
    streams: Streams, people: People, exit_on: Dates, first: int
) -> tuple[Ints, Dates, Dates, Dates]:
    """Terminations entered and taken back: person, planned day, entered on, withdrawn on."""
    u = streams.rows("exit.withdrawn", first, len(people), 4)
    month = np.floor(u[:, 1] * MONTHS).astype(np.int64)
    planned = month_start(month) + _days(u[:, 2], 27)
    there = (people.hire_month < month) & ~(exit_on <= planned + 45 * _DAY)
    # .5 % of some 17 exits a hundred person-years, spread over all months
    rows = np.flatnonzero(there & (u[:, 0] < 0.0035))
    entry = planned[rows] - 20 * _DAY
    return first + rows, planned[rows], entry, entry + _DAY + _days(u[rows, 3], 14)


def notice_dates(streams: Streams, people: People, exit_on: Dates, kind: Ints) -> Dates:
    """Day on which people gave notice, one to two months before they left; NaT otherwise."""
    lead = 30 * _DAY + _days(streams.scalar("exit.notice", 0, len(people)), 31)
    given = np.maximum(exit_on - lead, people.hired_on)
    return np.where(kind == VOLUNTARY, given, _NAT)


def notice_months(notice_on: Dates, exit_month: Ints) -> Ints:
    """Month from which nobody starts anything with a person: notice, else exit."""
    known = ~np.isnat(notice_on)
    safe = np.where(known, notice_on, AS_OF)
    return np.where(known, np.minimum(month_of(safe), exit_month), exit_month).clip(None, NEVER)
