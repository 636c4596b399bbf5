"""Ratings as workbooks: one a cycle, a tab a department, header in row 3.

How a loader recovers the canonical layer
- *performance* (metric rating): `Employee ID` is a number, so the zeros of six-digit numbers are
  gone; `Cycle` is the month, as a date or as ISO text; `Rating` is points, or in the tab Corporate
  words (but in the cycle of four points, where 1 is the best: `Scale` says so); only rows of
  `Stage` Final count. "Too new to rate", "On leave" and blanks are no ratings.

What is lost: when a rating was dated is delivered and not loaded. The workbook of December 2023 is
delivered a second time in 2025, without those who have left since; that takes nothing away.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipelines.demo_vendor.files import Mark

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.demo_vendor.canonical import Canon, Employment
    from pipelines.demo_vendor.defects import Chooser
    from pipelines.demo_vendor.manifest import Manifest

HEADER = (
    "Employee ID", "Employee", "Potential", "Rating", "Stage", "Scale", "Cycle", "Rated On",
    "Rater ID",
)  # fmt: skip
FIRST_ROW = 4  # below two merged titles and the header
HIDDEN = 2
LABELS = {
    5: "Outstanding", 4: "Exceeds expectations", 3: "Meets expectations", 2: "Partly meets",
    1: "Below",
}  # fmt: skip
FOUR = "four points, 1 best"
LABELLED = "corporate"
PURGED_CYCLE, PURGED_ON = dt.date(2023, 12, 1), dt.date(2025, 6, 30)
MADE_ON = dt.datetime(2026, 1, 1)


@dataclass(slots=True)
class RatingsPlan:
    """Defects by person and cycle, and numbers never issued by cycle and department."""

    met: dict[tuple[str, dt.date], str] = field(default_factory=dict)
    unknown: list[tuple[dt.date, str]] = field(default_factory=list)
    planted: bool = False


@dataclass(slots=True)
class Line:
    """One line of a tab: a person's number, name, what stands under Rating, and its marks."""

    number: str
    name: str
    rating: Any
    stage: str
    rater: str
    marks: list[Mark] = field(default_factory=list)


def plan_ratings(canon: Canon, chooser: Chooser) -> RatingsPlan:
    """What this delivery gets, drawn in a fixed order."""
    plan = RatingsPlan(planted=chooser.planted)
    if not chooser.planted:
        return plan
    cycles: dict[str, list[dt.date]] = {}
    for row in canon.tables["rating"]:
        # a defect in the workbook that is delivered twice would count twice
        if row["scale"] != FOUR and row["cycle"] != PURGED_CYCLE:
            cycles.setdefault(row["person_id"], []).append(row["cycle"])
    rated = [
        e for e in canon.employments
        if e.person in cycles and len(canon.of_person[e.person]) == 1
        and e.department != LABELLED and not e.acquired
    ]  # fmt: skip
    for name in ("off_scale", "pre_calibration", "half_point"):
        for t in chooser.pick(name, rated):
            own = cycles[t.employment.person]
            plan.met[t.employment.person, own[int(t.u[0] * len(own))]] = name
    u = chooser.uniforms("unknown_rated")
    every = sorted({row["cycle"] for row in canon.tables["rating"]} - {PURGED_CYCLE})
    for n in range(chooser.count("unknown_rated")):
        department = ("sales", "operations", "engineering")[int(u[n, 1] * 3)]
        plan.unknown.append((every[int(u[n, 0] * len(every))], department))
    return plan


def half(rating: int) -> float:
    """A rating between two points."""
    return rating + 0.5 if rating < 5 else rating - 0.5


def delivered(dated: dt.date) -> dt.date:
    """The last day of the month in which a cycle is dated."""
    return (dated + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def write(canon: Canon, plan: RatingsPlan, folder: Path, manifest: Manifest) -> None:
    """Seven workbooks, and with defects the re-export of one."""
    department = {e.person: e.department for e in canon.employments}
    by_cycle: dict[dt.date, list[dict[str, Any]]] = {}
    for row in canon.tables["rating"]:
        by_cycle.setdefault(row["cycle"], []).append(row)
    first = min(by_cycle)
    for cycle, rows in sorted(by_cycle.items()):
        dated = rows[0]["dated_on"]
        tabs: dict[str, list[Line]] = {name: [] for name in dict.fromkeys(department.values())}
        for row in sorted(rows, key=lambda r: r["person_id"]):
            tabs[department[row["person_id"]]].extend(_lines(canon, plan, row, department))
        for e in _too_new(canon, cycle, dated) if rows[0]["kind"] == "yearly" else ():
            tabs[e.department].append(_unrated(canon, e, cycle, dated))
        for n, (on, where) in enumerate(plan.unknown):
            if on == cycle:
                mark = Mark("unknown_rated", f"{920001 + n}")
                tabs[where].append(Line(f"{920001 + n}", f"Guest {n + 1}", 3, "Final", "", [mark]))
        path = folder / f"ratings_{delivered(dated).isoformat()}.xlsx"
        scale = rows[0]["scale"]
        _book(path, tabs, cycle, dated, scale, manifest, old=cycle == first)
        if plan.planted and cycle == PURGED_CYCLE:
            _purged(canon, tabs, folder, cycle, dated, scale, manifest)


def _lines(
    canon: Canon, plan: RatingsPlan, row: dict[str, Any], department: dict[str, str]
) -> list[Line]:
    """The line of a rating, and what is planted beside or in it."""
    person, cycle, value = row["person_id"], row["cycle"], row["rating"]
    words = department[person] == LABELLED and row["scale"] != FOUR
    rater = canon.number(row["rater_id"], row["dated_on"]) if row["rater_id"] else ""
    number = canon.number(person, row["dated_on"])
    line = Line(number, canon.name(person), LABELS[value] if words else value, "Final", rater)
    defect = plan.met.get((person, cycle))
    key = f"performance:{person}|rating|{cycle}"
    if defect == "off_scale":
        line.rating = 7
        line.marks.append(Mark(defect, f"Rating of {person}", (key,)))
    elif defect == "half_point":
        line.rating = half(value)
        line.marks.append(Mark(defect, f"Rating of {person}", (key,)))
    elif defect == "pre_calibration":
        before = value - 1 if value > 1 else 2
        early = Line(number, canon.name(person), before, "Pre-calibration", rater)
        early.marks.append(Mark(defect, person))
        return [early, line]
    return [line]


def _too_new(canon: Canon, cycle: dt.date, dated: dt.date) -> list[Employment]:
    """People hired in the month of a cycle or the one before, who are still there."""
    before = (cycle - dt.timedelta(days=1)).replace(day=1)
    found = []
    for e in canon.employments:
        new = before <= e.hired and e.hired.replace(day=1) <= cycle
        if new and not e.left_by(delivered(dated)):
            found.append(e)
    return sorted(found, key=lambda e: e.person)


def _unrated(canon: Canon, e: Employment, cycle: dt.date, dated: dt.date) -> Line:
    u = float(canon.streams.scalar("vendor.unrated", e.row, 1)[0])
    word = "On leave" if u < 0.15 else "" if u < 0.35 else "Too new to rate"
    return Line(canon.number(e.person, dated), canon.name(e.person), word, "Final", "")


def _purged(
    canon: Canon, tabs: dict[str, list[Line]], folder: Path, cycle: dt.date, dated: dt.date,
    scale: str, manifest: Manifest,
) -> None:  # fmt: skip
    """The same workbook exported again later: who has left by then is missing."""
    there = {canon.number(e.person, dated) for e in canon.employments if not e.left_by(PURGED_ON)}
    kept = {
        name: [
            Line(x.number, x.name, x.rating, x.stage, x.rater) for x in lines if x.number in there
        ]
        for name, lines in tabs.items()
    }
    path = folder / f"ratings_{PURGED_ON.isoformat()}.xlsx"
    _book(path, kept, cycle, dated, scale, manifest)
    gone = sum(map(len, tabs.values())) - sum(map(len, kept.values()))
    manifest.add(path.name, 0, Mark("leavers_purged", f"{gone} rows are missing"))


def _book(
    path: Path, tabs: dict[str, list[Line]], cycle: dt.date, dated: dt.date, scale: str,
    manifest: Manifest, *, old: bool = False,
) -> None:  # fmt: skip
    """Write a workbook; the first counts days from 1904, as on old Macs."""
    book = xlsxwriter.Workbook(str(path), {"date_1904": old, "strings_to_numbers": False})
    book.set_properties({"created": MADE_ON, "author": "Talent system"})
    title = book.add_format({"bold": True, "align": "center"})
    as_date = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, lines in tabs.items():
        sheet = book.add_worksheet(name.replace("_", " ").capitalize())
        heading = f"Performance review {cycle:%Y-%m}"
        sheet.merge_range(0, 0, 0, len(HEADER) - 1, heading, title)
        sheet.merge_range(1, 0, 1, len(HEADER) - 1, "Confidential: calibrated results", title)
        sheet.write_row(2, 0, HEADER)
        sheet.set_column(HIDDEN, HIDDEN, None, None, {"hidden": True})
        for n, line in enumerate(lines):
            _write_line(sheet, FIRST_ROW - 1 + n, line, (cycle, dated, scale), as_date)
            for mark in line.marks:
                manifest.add(path.name, FIRST_ROW + n, mark, sheet.get_name())
        below = FIRST_ROW - 1 + len(lines)
        sheet.write_string(below, 0, f"Total: {len(lines)}")
        sheet.write_string(below + 1, 0, "Source: talent system")
    book.close()


def _write_line(
    sheet: Any, row: int, line: Line, of: tuple[dt.date, dt.date, str], form: Any
) -> None:
    cycle, dated, scale = of
    sheet.write_number(row, 0, int(line.number))
    sheet.write_string(row, 1, line.name)
    sheet.write_string(row, HIDDEN, "High" if row % 7 == 0 else "Solid")
    if isinstance(line.rating, str):
        sheet.write_string(row, 3, line.rating)
    else:
        sheet.write_number(row, 3, line.rating)
    sheet.write_string(row, 4, line.stage)
    sheet.write_string(row, 5, scale)
    for column, day in ((6, cycle), (7, dated)):
        if row % 3 == 0:
            sheet.write_string(row, column, day.isoformat())
        else:
            sheet.write_datetime(row, column, dt.datetime(day.year, day.month, day.day), form)
    if line.rater:
        sheet.write_number(row, 8, int(line.rater))
