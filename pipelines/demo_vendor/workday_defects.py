"""What is planted in the Workday-like files, and the two deliveries that are to be refused.

Defects of rows meet departments with a KPI (their jobs come from elsewhere, so that a row feeds one
table), defects of managers the others. Of each kind half stand in the last snapshot, where nothing
corrects them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.demo_vendor.canonical import MEASURED, SNAPSHOTS
from pipelines.demo_vendor.files import Mark, Row
from pipelines.demo_vendor.workday import (
    AT,
    HEADER,
    Record,
    Sight,
    Transfer,
    british,
    cells,
    shows,
    sight,
    us,
    write_snapshot,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.demo_vendor.canonical import Canon, Employment
    from pipelines.demo_vendor.defects import Chooser
    from pipelines.demo_vendor.manifest import Manifest

LAST = SNAPSHOTS[-1]
DELTA_ON, SWAPPED_ON = dt.date(2023, 5, 31), dt.date(2024, 8, 31)
DELTA_SHARE = 0.09
TRANSFERS, TAKEN_BACK = 40, 6  # at 5,000 people; rendered with and without defects
QUARANTINED = frozenset(
    {"zero_stripped_id", "unmapped_reason", "termination_before_hire", "conflicting_duplicate"}
)
NO_MANAGER = frozenset({"ambiguous_manager", "manager_cycle"})
_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class WorkdayPlan:
    """Quirks and defects by employment (row) and snapshot; ``other`` is the further person met."""

    transfers: dict[int, Transfer] = field(default_factory=dict)
    withdrawn: dict[int, tuple[dt.date, dt.date]] = field(default_factory=dict)
    met: dict[tuple[int, dt.date], str] = field(default_factory=dict)
    other: dict[tuple[int, dt.date], str] = field(default_factory=dict)
    twins: tuple[str, str] | None = None
    tests: list[dt.date] = field(default_factory=list)
    renumbered: dict[str, str] = field(default_factory=dict)
    unlinked: frozenset[str] = frozenset()
    refused: bool = False


def plan_workday(canon: Canon, chooser: Chooser) -> WorkdayPlan:
    """What this delivery gets, drawn in a fixed order."""
    plan = WorkdayPlan(refused=chooser.planted)
    scale = canon.size / 5_000
    once = [e for e in canon.employments if len(canon.of_person[e.person]) == 1 and not e.acquired]
    # both legs show one assignment; where snapshots feed jobs, it would stand in a file twice
    stays = [e for e in _long(once) if e.department in MEASURED]
    for t in chooser.pick("transfer", stays, max(1, round(TRANSFERS * scale))):
        e, (a, b, c) = t.employment, t.u
        start = max(2, next(n for n, day in enumerate(SNAPSHOTS) if day > e.hired + 60 * _DAY))
        nth = start + int(a * (14 - start))
        until = SNAPSHOTS[nth - 1] + (20 + int(40 * b)) * _DAY
        plan.transfers[e.row] = Transfer(until, until + (1 + int(3 * c)) * _DAY)
    _withdrawn(canon, chooser, once, plan, max(1, round(TAKEN_BACK * scale)))
    if chooser.planted:
        _zeros(canon, chooser, once, plan)
        _leavers(canon, chooser, once, plan)
        _managers(canon, chooser, once, plan)
        stays = [e for e in once if e.hired < SNAPSHOTS[8]]
        for t in chooser.pick("exact_duplicate", stays):
            plan.met[t.employment.row, SNAPSHOTS[9 + int(t.u[0] * 7)]] = "exact_duplicate"
        u = chooser.uniforms("test_worker")
        plan.tests = [SNAPSHOTS[int(u[n, 0] * 16)] for n in range(chooser.count("test_worker"))]
    return plan


def _long(employments: Iterable[Employment]) -> list[Employment]:
    """Those who are there from 2024 at the latest to the end."""
    return [e for e in employments if e.hired < SNAPSHOTS[7] and e.exit is None]


def _withdrawn(
    canon: Canon, chooser: Chooser, once: list[Employment], plan: WorkdayPlan, several: int
) -> None:
    """Terminations that one snapshot shows and the next does not; canonical ones come first."""
    entered = {row["person_id"]: row["entered_on"] for row in canon.tables["withdrawn_exit"]}
    pool = [e for e in _long(once) if e.row not in plan.transfers]
    known = [e for e in pool if e.person in entered and entered[e.person] < SNAPSHOTS[13]]
    for e in known[:several]:
        plan.withdrawn[e.row] = (
            next(day for day in SNAPSHOTS if day >= max(entered[e.person], e.hired)), dt.date.min,
        )  # fmt: skip
        chooser.touch(e.person)
    more = several - len(plan.withdrawn)
    for t in chooser.pick("withdrawn", pool, more) if more else ():
        plan.withdrawn[t.employment.row] = (SNAPSHOTS[8 + int(t.u[0] * 6)], dt.date.min)
    for row, (day, _) in plan.withdrawn.items():
        plan.withdrawn[row] = (day, day + 10 * _DAY)


def _zeros(canon: Canon, chooser: Chooser, once: list[Employment], plan: WorkdayPlan) -> None:
    """Ids without zeros that fit two people: one has the other's number with a zero more in front.

    Both are too new to be rated: in a workbook, where numbers have no zeros, nobody could tell them
    apart.
    """
    rated = {row["person_id"] for row in canon.tables["rating"]}
    new = [
        e for e in once
        if dt.date(2025, 1, 1) <= e.hired < dt.date(2025, 6, 20) and e.person not in rated
        and e.exit is None and e.department in MEASURED and e.person not in canon.managers
    ]  # fmt: skip
    several = chooser.count("zero_stripped_id")
    twins = chooser.pick("zero_stripped_twin", new, several)
    for n, t in enumerate(chooser.pick("zero_stripped_id", new)):
        key = t.employment.row, LAST if n % 2 == 0 else SNAPSHOTS[14]
        plan.met[key] = "zero_stripped_id"
        plan.other[key] = twins[n].employment.person
        plan.renumbered[twins[n].employment.person] = f"0{t.employment.person}"


def _leavers(canon: Canon, chooser: Chooser, once: list[Employment], plan: WorkdayPlan) -> None:
    """Rows of leavers that cannot be loaded; an earlier snapshot has shown them employed."""
    gone = [
        e for e in once
        if e.department in MEASURED and e.exit and e.exit.entered <= LAST
        and e.exit.last_day <= LAST and e.hired <= _first_shown(e) - 100 * _DAY
        and _first_shown(e) > SNAPSHOTS[1]
    ]  # fmt: skip
    for name in ("unmapped_reason", "termination_before_hire", "conflicting_duplicate"):
        several = chooser.count(name) // (2 if name == "conflicting_duplicate" else 1)
        for n, t in enumerate(chooser.pick(name, gone, several)):
            day = LAST if n % 2 == 0 else _first_shown(t.employment)
            plan.met[t.employment.row, day] = name


def _first_shown(e: Employment) -> dt.date:
    """The snapshot that first shows an exit as past."""
    assert e.exit
    return next(day for day in SNAPSHOTS if day >= max(e.exit.entered, e.exit.last_day))


def _managers(canon: Canon, chooser: Chooser, once: list[Employment], plan: WorkdayPlan) -> None:
    """Managers who cannot be told or cannot be."""
    alone = [e for e in _long(once) if e.person not in canon.managers and e.level < 3]
    first, second = chooser.pick("manager_twin", alone, 2)
    plan.twins = first.employment.person, second.employment.person
    led = [e for e in alone if e.department not in MEASURED]
    led = [e for e in led if all(_led(canon, e, day) for day in SNAPSHOTS[9:])]
    for n, t in enumerate(chooser.pick("ambiguous_manager", led)):
        key = t.employment.row, LAST if n % 2 == 0 else SNAPSHOTS[9 + int(t.u[0] * 6)]
        plan.met[key], plan.other[key] = "ambiguous_manager", plan.twins[0]
    pairs = chooser.pick("manager_cycle", led)
    for n, (a, b) in enumerate(zip(pairs[::2], pairs[1::2], strict=True)):
        day = LAST if n % 2 == 0 else SNAPSHOTS[12]
        for one, two in ((a, b), (b, a)):
            key = one.employment.row, day
            plan.met[key], plan.other[key] = "manager_cycle", two.employment.person


def _led(canon: Canon, e: Employment, day: dt.date) -> bool:
    return shows(canon, canon.job_at(e, day).manager, day)


def planted_rows(
    canon: Canon, plan: WorkdayPlan, everything: list[Record], day: dt.date
) -> list[Row]:
    """The rows of one snapshot with what is planted in it."""
    rows: list[Row] = []
    for record in everything:
        seen = sight(canon, plan, record, day)
        if seen is None:
            continue
        clean = Row(cells(canon, plan, record, seen, day))
        defect = plan.met.get((record.employment.row, day))
        rows.extend(_with_defect(canon, plan, clean, record, defect, day) if defect else [clean])
    if day == next((d for d in SNAPSHOTS if d > dt.date(2024, 1, 1)), None):
        _note_unlinked(canon, plan, everything, rows)
    rows.extend(_test_worker(n, day) for n, on in enumerate(plan.tests) if on == day)
    return rows


def _with_defect(
    canon: Canon, plan: WorkdayPlan, row: Row, record: Record, defect: str, day: dt.date
) -> list[Row]:
    """The row or rows that stand in the file instead of the clean one."""
    e, cell = record.employment, row.cells
    lost = f"employment:{e.person}|{e.hired}@{day}"
    other = plan.other.get((e.row, day), "")
    if defect == "zero_stripped_id":
        cell[AT["Employee ID"]] = cell[AT["Employee ID"]].lstrip("0")
        row.marks.append(Mark(defect, f"Employee ID: {e.person} or {other}", (lost,)))
    elif defect == "unmapped_reason":
        cell[AT["Primary Termination Reason"]] = "Voluntary > Sabbatical without Return"
        row.marks.append(Mark(defect, f"Primary Termination Reason of {e.person}", (lost,)))
    elif defect == "termination_before_hire":
        for name in ("Termination Date", "Last Day of Work"):
            cell[AT[name]] = us(e.hired - 30 * _DAY)
        row.marks.append(Mark(defect, f"Last Day of Work of {e.person}", (lost,)))
    elif defect in NO_MANAGER:
        cell[AT["Manager"]] = canon.name(other)
        job = canon.job_at(e, day)
        key = f"job.manager:{e.person}|{job.valid_from}@{day}"
        row.marks.append(Mark(defect, f"Manager of {e.person}: {other}", (key,)))
    elif defect == "exact_duplicate":
        return [row, Row(list(cell), [Mark(defect, e.person)])]
    else:
        again = list(cell)
        assert e.exit
        again[AT["Last Day of Work"]] = us(e.exit.last_day - 3 * _DAY)
        mark = Mark(defect, f"Last Day of Work of {e.person}", (lost,))
        return [Row(cell, [mark]), Row(again, [mark])]
    return [row]


def _note_unlinked(
    canon: Canon, plan: WorkdayPlan, everything: list[Record], rows: list[Row]
) -> None:
    """People whose old number is missing in the first snapshot after the move."""
    by_number = {row.cells[0]: row for row in rows}
    for person in sorted(plan.unlinked):
        key = f"identifier:{canon.legacy(person)}"
        by_number[canon.number(person)].marks.append(
            Mark("no_link_at_migration", f"Legacy Person ID of {person}", (key,))
        )


def _test_worker(nth: int, day: dt.date) -> Row:
    row = dict.fromkeys(HEADER, "")
    row |= {
        "Employee ID": f"{999001 + nth:06d}", "Worker": f"Test Worker {nth + 1}",
        "Legal First Name": "Test", "Legal Last Name": f"Worker {nth + 1}",
        "Email - Work": f"test.worker.{nth + 1}@example.com", "Worker Type": "Test",
        "Employee Type": "Regular", "Worker Status": "Active", "Hire Date": us(day - 90 * _DAY),
    }  # fmt: skip
    return Row(list(row.values()), [Mark("test_worker", f"{999001 + nth:06d}")])


def write_refused(
    canon: Canon, plan: WorkdayPlan, everything: list[Record], folder: Path, manifest: Manifest
) -> None:
    """Two files that no load may take: a delta sent as full, and one with day and month swapped."""
    if not plan.refused:
        return
    u = canon.streams.scalar("vendor.delta_as_full", 0, canon.total)
    for day, date, share, defect in (
        (DELTA_ON, us, DELTA_SHARE, "delta_as_full"), (SWAPPED_ON, british, 1.0, "swapped_dates"),
    ):  # fmt: skip
        seen: list[tuple[Record, Sight | None]] = [
            (r, sight(canon, plan, r, day)) for r in everything if u[r.employment.row] < share
        ]
        rows = [Row(cells(canon, plan, r, s, day, date)) for r, s in seen if s]
        write_snapshot(folder, day, rows, manifest)
        manifest.add(f"workday_workers_{day.isoformat()}.csv", 0, Mark(defect, f"{len(rows)} rows"))
