"""Workday-like personnel files: a full snapshot a quarter of all active and terminated workers.

How a loader recovers the canonical layer
- *employment*: a row's `Employee ID` and `Hire Date` name the spell; `Last Day of Work` is the exit
  (the other three dates lie up to 30 days later; 12/31/9999 and an empty cell mean none), the kind
  follows from `Primary Termination Reason` by the reviewed mapping, never from its prefix. Two
  spells one to three days apart, the first ended by a transfer to another legal entity, are one.
- *jobs* of departments without a KPI: `Position Start Date` names the assignment, the unit gives
  the department, the manager is a name.
- the *acquired entity's* people stand here from its move (January 2024) on, with their old number
  in `Legacy Person ID`.

What is lost: assignments that began and ended between two snapshots; exits entered after the last
snapshot; withdrawn terminations that no snapshot fell on; managers of the acquired entity before
its move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.demo_vendor.canonical import MOVED_ON, SNAPSHOTS, Canon, Employment, Exit, Job
from pipelines.demo_vendor.files import Row, write_csv

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from pipelines.demo_vendor.manifest import Manifest
    from pipelines.demo_vendor.workday_defects import WorkdayPlan

HEADER = (
    "Employee ID", "Legacy Person ID", "Worker", "Legal First Name", "Legal Last Name",
    "Email - Work", "Email - Additional", "Worker Type", "Employee Type", "Worker Status",
    "Business Title", "Job Level", "Position Start Date", "Supervisory Organization", "Company",
    "Location", "Manager", "Hire Date", "Original Hire Date", "Continuous Service Date",
    "Termination Date", "Last Day of Work", "Pay Through Date", "Contract End Date",
    "Notification Date", "Primary Termination Reason", "Regrettable", "Eligible for Rehire",
)  # fmt: skip
AT = {name: place for place, name in enumerate(HEADER)}
OPEN_END = "12/31/9999"
TRANSFER = "Voluntary > Transfer to Another Legal Entity"
WITHDRAWN = "Voluntary > Career"
CP1252 = 7  # the snapshot some clerk saved from a spreadsheet
TITLES = 7  # title and filter rows, and the header
_TITLE = ("Assistant", "Specialist", "Lead", "Manager", "Director")


@dataclass(frozen=True, slots=True)
class Transfer:
    """A move to another legal entity inside one employment: last day there, first day here."""

    until: dt.date
    begins: dt.date


@dataclass(frozen=True, slots=True)
class Record:
    """A row that snapshots repeat: an employment, or one leg of a transferred one."""

    employment: Employment
    hired: dt.date
    transfer: Transfer | None = None
    second: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What a snapshot shows of a record."""

    job: Job
    exit: Exit | None
    manager: str | None


def records(canon: Canon, transfers: dict[int, Transfer]) -> list[Record]:
    """Every row the system ever holds, by number and hire."""
    found = []
    for e in canon.employments:
        if not e.in_workday:
            continue
        move = transfers.get(e.row)
        found.append(Record(e, e.hired, move))
        if move:
            found.append(Record(e, move.begins, move, second=True))
    return sorted(found, key=lambda r: (r.employment.person, r.hired))


def sight(canon: Canon, plan: WorkdayPlan, record: Record, day: dt.date) -> Sight | None:
    """A record as of a day; None before it is in the system."""
    e, move = record.employment, record.transfer
    if record.hired > day or (e.acquired and day < MOVED_ON):
        return None
    job = canon.job_at(e, day)
    left = e.exit if e.exit and e.exit.entered <= day else None
    if move and not record.second:
        left = None
        if move.until <= day:
            last = move.until
            left = Exit(last, last, last, last, last, TRANSFER, None)
            job = canon.job_at(e, last)
    taken_back = plan.withdrawn.get(e.row)
    if taken_back and taken_back[0] == day:
        planned = taken_back[1]
        left = Exit(planned, planned, planned, planned, day, WITHDRAWN, False)
    return Sight(job, left, job.manager if shows(canon, job.manager, day) else None)


def shows(canon: Canon, person: str | None, day: dt.date) -> bool:
    """Whether the system holds a person by a day."""
    return person is not None and any(
        e.in_workday and e.hired <= day and (not e.acquired or day >= MOVED_ON)
        for e in canon.of_person[person]
    )


def us(day: dt.date | None) -> str:
    """A date as month/day/year."""
    return f"{day.month:02d}/{day.day:02d}/{day.year:04d}" if day else ""


def british(day: dt.date | None) -> str:
    """A date as day/month/year, which nobody declared."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}" if day else ""


def cells(
    canon: Canon, plan: WorkdayPlan, record: Record, seen: Sight, day: dt.date, date=us
) -> list[str]:
    """The cells of a record as of a day."""
    e, job, left = record.employment, seen.job, seen.exit
    first, last = canon.names[e.person]
    legacy = canon.legacy(e.person)
    other = any(x.acquired for x in canon.of_person[e.person])
    linked = other and legacy != e.person and e.person not in plan.unlinked
    regretted = {True: "Yes", False: "No", None: ""}[left.regretted if left else None]
    over = left is not None and left.last_day <= day
    unit = canon.units[job.unit]
    return [
        canon.number(e.person), legacy if linked else "", f"{first} {last}", first, last,
        canon.mail(e.person), canon.second_mails.get(e.person, ""), "Employee",
        "Fixed Term" if e.contract == "fixed term" else "Regular",
        "Terminated" if over else "Active",
        f"{unit} {_TITLE[job.level - 1]}", str(job.level), date(job.valid_from), unit,
        "Demo Services Ltd" if record.second else "Demo Company plc",
        job.site, canon.name(seen.manager) if seen.manager else "", date(record.hired),
        date(e.hired), date(canon.of_person[e.person][0].hired),
        date(left.terminated) if left else "", date(left.last_day) if left else OPEN_END,
        date(left.paid_until) if left else "", date(left.contract_end) if left else OPEN_END,
        date(e.notice if e.notice and e.notice <= day else None), left.reason if left else "",
        regretted, ("No" if "Involuntary" in left.reason else "Yes") if left else "",
    ]  # fmt: skip


def titles(day: dt.date) -> list[list[str]]:
    """Six title and filter rows and the header."""
    return [
        ["All Active and Terminated Workers"],
        [f"Effective as of {us(day)}"],
        ["Company: Demo Company plc, Demo Services Ltd"],
        ["Supervisory organizations: all, subordinates included"],
        ["Worker status: active and terminated"],
        ["Leavers as of their last day of work"],
        list(HEADER),
    ]


def write(canon: Canon, plan: WorkdayPlan, folder: Path, manifest: Manifest) -> None:
    """Sixteen snapshots with their defects, and the two files that are to be refused."""
    from pipelines.demo_vendor.workday_defects import planted_rows, write_refused

    everything = records(canon, plan.transfers)
    for nth, day in enumerate(SNAPSHOTS):
        rows = planted_rows(canon, plan, everything, day)
        bom, old = nth % 2 == 0, nth == CP1252
        encoding = "cp1252" if old else "utf-8-sig" if bom else "utf-8"
        write_snapshot(folder, day, rows, manifest, encoding)
    write_refused(canon, plan, everything, folder, manifest)


def write_snapshot(
    folder: Path, day: dt.date, rows: list[Row], manifest: Manifest, encoding: str = "utf-8"
) -> None:
    """One snapshot; the last line counts its workers."""
    total = ["Total workers", str(len(rows)), *[""] * (len(HEADER) - 2)]
    path = folder / f"workday_workers_{day.isoformat()}.csv"
    write_csv(path, titles(day), rows, manifest, below=[total], encoding=encoding)
