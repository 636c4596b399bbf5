"""SuccessFactors-like user files of the acquired entity: a full snapshot a quarter until its move.

How a loader recovers the canonical layer
- *person*: `PERSON_ID_EXTERNAL`; `USERID` is new with each employment.
- *employment*: `HIREDATE` names the spell. `STATUS` Inactive means leave or left: only `EVENT`
  Termination is an exit, its `EVENT_DATE` is the day after the last one. `END_DATE` is the last
  day itself, but somebody's later employment blanks it in later files; an exit seen once stays.
- *jobs* of engineering: `POSITION_START`, the department by its code, the manager by number
  (`NO_MANAGER`: none).

What is lost: regretted; assignments between two snapshots; managers who are the company's people;
exits entered after the last file of people who never moved (there are none: such people did move).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.demo_vendor.canonical import SF_SNAPSHOTS
from pipelines.demo_vendor.files import Mark, Row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.demo_vendor.canonical import Canon, Employment, Exit
    from pipelines.demo_vendor.defects import Chooser
    from pipelines.demo_vendor.manifest import Manifest

HEADER = (
    "STATUS", "USERID", "PERSON_ID_EXTERNAL", "USERNAME", "FIRSTNAME", "LASTNAME", "GENDER",
    "EMAIL", "MANAGER", "HR", "DIVISION", "DEPARTMENT", "JOBLEVEL", "LOCATION", "POSITION_START",
    "HIREDATE", "EVENT", "EVENT_REASON", "EVENT_DATE", "END_DATE", "TIMEZONE",
)  # fmt: skip
LABELS = (
    "Status", "User ID", "Person ID External", "Username", "First Name", "Last Name", "Gender",
    "E-mail", "Manager", "HR Representative", "Division", "Department", "Level", "Location",
    "Position Start", "Hire Date", "Event", "Event Reason", "Event Date", "End Date", "Time Zone",
)  # fmt: skip
AT = {name: place for place, name in enumerate(HEADER)}
DIVISIONS = {"engineering": "Technology", "operations": "Fulfilment"}
REORGANISED_ON = dt.date(2023, 6, 30)  # the first snapshot after the reorganisation of month 15
UNKNOWN_CODE = "ENG-NEXT"
_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class SuccessFactorsPlan:
    """Defects by employment (row) and snapshot, and people whose two numbers nothing joins."""

    met: dict[tuple[int, dt.date], str] = field(default_factory=dict)
    unlinked: frozenset[str] = frozenset()


def plan_successfactors(canon: Canon, chooser: Chooser) -> SuccessFactorsPlan:
    """What this delivery gets, drawn in a fixed order."""
    plan = SuccessFactorsPlan()
    if not chooser.planted:
        return plan
    stays = [
        e for e in canon.employments
        if e.acquired and len(canon.of_person[e.person]) == 1 and e.hired <= SF_SNAPSHOTS[4]
        and not e.left_by(dt.date(2024, 3, 31))
    ]  # fmt: skip
    ops = [e for e in stays if e.department == "operations"]
    alone = [e for e in ops if e.level < 3 and e.person not in canon.managers]
    found = chooser.pick("no_link_at_migration", alone)
    plan.unlinked = frozenset(t.employment.person for t in found)
    for n, t in enumerate(chooser.pick("scientific_id", ops)):
        day = SF_SNAPSHOTS[-1] if n % 2 == 0 else SF_SNAPSHOTS[5]
        plan.met[t.employment.row, day] = "scientific_id"
    after = SF_SNAPSHOTS[SF_SNAPSHOTS.index(REORGANISED_ON) + 1]
    same = [
        e for e in stays
        if e.department == "engineering" and e.hired < SF_SNAPSHOTS[3]
        and canon.job_at(e, REORGANISED_ON) == canon.job_at(e, after)
    ]  # fmt: skip
    for t in chooser.pick("unmapped_department", same):
        plan.met[t.employment.row, REORGANISED_ON] = "unmapped_department"
    _on_leave(canon, chooser, stays, plan)
    return plan


def _on_leave(
    canon: Canon, chooser: Chooser, stays: list[Employment], plan: SuccessFactorsPlan
) -> None:
    """Inactive without an end: people on leave on the day; if too few, people nobody set back."""
    months = {(row["person_id"], row["month"]) for row in canon.tables["leave"]}
    away = {
        e.row: day
        for e in stays
        for day in SF_SNAPSHOTS[1:]
        if e.hired < day and (e.person, day.replace(day=1)) in months
    }
    wanted = chooser.count("inactive_on_leave")
    found = chooser.pick("inactive_on_leave", [e for e in stays if e.row in away])
    if len(found) < wanted:
        rest = [e for e in stays if e.row not in away]
        found += chooser.pick("inactive_on_leave", rest, wanted - len(found))
    for t in found:
        day = away.get(t.employment.row, SF_SNAPSHOTS[6])
        plan.met[t.employment.row, day] = "inactive_on_leave"


def in_file(canon: Canon, person: str | None, day: dt.date) -> bool:
    """Whether a snapshot of the acquired entity holds a person."""
    return person is not None and any(
        e.acquired and e.hired <= day for e in canon.of_person[person]
    )


def known_exit(e: Employment, day: dt.date) -> Exit | None:
    """The exit as the system knows it on a day."""
    return e.exit if e.exit and e.exit.entered <= day else None


def write(canon: Canon, plan: SuccessFactorsPlan, folder: Path, manifest: Manifest) -> None:
    """Eight snapshots, two header rows each."""
    ours = sorted((e for e in canon.employments if e.acquired), key=lambda e: (e.person, e.hired))
    for day in SF_SNAPSHOTS:
        rows = []
        for e in ours:
            if e.hired <= day:
                row = Row(_cells(canon, e, day))
                _plant(canon, row, e, plan.met.get((e.row, day)), day)
                rows.append(row)
        path = folder / f"successfactors_users_{day.isoformat()}.csv"
        write_csv(path, [HEADER, LABELS], rows, manifest, end="\r\n")


def _cells(canon: Canon, e: Employment, day: dt.date) -> list[str]:
    first, last = canon.names[e.person]
    job, left = canon.job_at(e, day), known_exit(e, day)
    again = any(other.hired > e.hired and other.hired <= day for other in canon.of_person[e.person])
    manager = job.manager if in_file(canon, job.manager, day) else None
    end = left.last_day.isoformat() if left and not again else ""
    return [
        "Inactive" if left and left.last_day <= day else "Active", f"A{e.row:07d}",
        canon.legacy(e.person), f"{first}.{last}".lower(), first, last, "U",
        _mail(canon, e), canon.legacy(manager) if manager else "NO_MANAGER", "NO_HR",
        DIVISIONS[job.department], job.unit, str(job.level), job.site, job.valid_from.isoformat(),
        e.hired.isoformat(), "Termination" if left else "", left.reason if left else "",
        (left.last_day + _DAY).isoformat() if left else "", end, "Europe/London",
    ]  # fmt: skip


def _mail(canon: Canon, e: Employment) -> str:
    """The address in the entity's own domain, as people typed it."""
    from pipelines.demo_vendor.canonical import plain

    name = plain(".".join(canon.names[e.person])).replace(" ", "-").lower()
    mail = f"{name}.{canon.legacy(e.person)}@acquired.example"
    u = float(canon.streams.scalar("vendor.typed_mail", e.row, 1)[0])
    return mail + "  " if u < 0.15 else mail.upper() if u > 0.85 else mail


def _plant(canon: Canon, row: Row, e: Employment, defect: str | None, day: dt.date) -> None:
    if defect == "scientific_id":
        number = f"{int(canon.legacy(e.person)):.1E}"
        row.cells[AT["PERSON_ID_EXTERNAL"]] = number
        lost = f"employment:{e.person}|{e.hired}@{day}"
        row.marks.append(Mark(defect, f"PERSON_ID_EXTERNAL of {e.person}", (lost,)))
    elif defect == "unmapped_department":
        row.cells[AT["DEPARTMENT"]] = UNKNOWN_CODE
        job = canon.job_at(e, day)
        key = f"job.department:{e.person}|{job.valid_from}@{day}"
        row.marks.append(Mark(defect, f"DEPARTMENT of {e.person}", (key,)))
    elif defect == "inactive_on_leave":
        row.cells[AT["STATUS"]] = "Inactive"
        row.marks.append(Mark(defect, f"STATUS of {e.person}"))
