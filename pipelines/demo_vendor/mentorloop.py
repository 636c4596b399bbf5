"""Mentorloop-like files: participants, loops, activity, as of the last day.

How a loader recovers the canonical layer
- *enrolment*: a member approved as mentee, by `Email` (5 % use their second address, which the
  personnel file lists) and `Programme`; `Role ID` is one a person and programme.
- *match*: a loop's two addresses and `Matched On`; a mentor's mentees of a day form a group loop,
  one row each.
- *session*: `Status` Completed means only that the day has passed; `Attendance Confirmed` tells.

What is lost: meetings logged after the export; two equal meetings of one day (they look like a
copy). When meetings were logged, goals and rationales are delivered and not loaded. The activity
file is delivered twice.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.demo_vendor.canonical import SNAPSHOTS
from pipelines.demo_vendor.files import Mark, Row, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.demo_vendor.canonical import Canon
    from pipelines.demo_vendor.defects import Chooser
    from pipelines.demo_vendor.manifest import Manifest

DAY = SNAPSHOTS[-1]
PARTICIPANTS = (
    "Role ID", "Programme", "Name", "Role", "Account Type", "Approved", "Email", "Verified Email",
    "Signup Date", "Eligible", "Invited", "Draw Date", "Draw Result", "Stratum", "First Match",
    "Completed", "Closed", "Completion %",
)  # fmt: skip
LOOPS = (
    "Loop ID", "Programme", "Loop Type", "Mentor Name", "Mentor Email", "Mentee Name",
    "Mentee Email", "Matched On", "Ended On", "Goal Set On", "Rationale Recorded",
)  # fmt: skip
ACTIVITY = (
    "Activity ID", "Programme", "Mentee Email", "Activity Type", "Date", "Minutes", "Status",
    "Attendance Confirmed", "Logged On",
)  # fmt: skip
NOT_APPROVED = 25  # at 5,000 people; rendered with and without defects
_DAYS = {"activity_before_match": -25, "activity_after_exit": 12}
DATES = (
    "eligible_on", "invited_on", "drawn_on", "matched_on", "completed_on", "closed_on",
)  # fmt: skip


@dataclass(slots=True)
class MentorloopPlan:
    """Whom each defect meets."""

    not_approved: list[str] = field(default_factory=list)
    own_mentor: list[tuple[str, str, dt.date]] = field(default_factory=list)
    meetings: list[tuple[str, str, str, dt.date]] = field(default_factory=list)
    masked: frozenset[str] = frozenset()
    unknown: int = 0
    tests: int = 0


def paths(canon: Canon) -> list[dict[str, Any]]:
    """Everybody's path through each programme, with the columns of the lottery's applications."""
    found = []
    for row in canon.tables["application"]:
        path = {name: row[name] for name in ("programme", "applied_on", "stratum", *DATES)}
        found.append({"person": row["employee_id"], "arm": row["result"], **path})
    for row in canon.tables["enrolment"]:
        if row["programme"] == "SALES-LOT":
            continue
        path = dict.fromkeys((*DATES, "applied_on", "stratum"))
        path |= {"invited_on": row["time_zero"], "matched_on": row["started_on"]}
        if row["applied"]:
            path |= {"applied_on": row["time_zero"], "drawn_on": row["time_zero"]}
        found.append(
            {"person": row["person_id"], "programme": row["programme"], "arm": row["arm"], **path}
        )
    return sorted(found, key=lambda p: (p["programme"], p["person"]))


def plan_mentorloop(canon: Canon, chooser: Chooser) -> MentorloopPlan:
    """What this delivery gets, drawn in a fixed order."""
    plan = MentorloopPlan()
    enrolled = {path["person"] for path in paths(canon)}
    once = [e for e in canon.employments if len(canon.of_person[e.person]) == 1]
    free = [e for e in once if e.person not in enrolled and e.in_workday]
    several = max(1, round(NOT_APPROVED * canon.size / 5_000))
    plan.not_approved = [t.employment.person for t in chooser.pick("not_approved", free, several)]
    if not chooser.planted:
        return plan
    first: dict[str, dict[str, Any]] = {}
    times: dict[str, int] = {}
    for row in canon.tables["match"]:
        first.setdefault(row["mentee_id"], row)
        times[row["mentee_id"]] = times.get(row["mentee_id"], 0) + 1
    matched = [e for e in once if e.person in first and not e.acquired]
    single = [e for e in matched if times[e.person] == 1 and first[e.person]["mentor_id"]]
    for t in chooser.pick("own_mentor", matched):
        row = first[t.employment.person]
        day = row["matched_on"] + dt.timedelta(days=10)
        plan.own_mentor.append((t.employment.person, row["programme"], day))
    found = chooser.pick("masked_mentee", single)
    plan.masked = frozenset(t.employment.person for t in found)
    old = [e for e in matched if e.hired < first[e.person]["matched_on"] - dt.timedelta(days=60)]
    left = [e for e in matched if e.exit and e.exit.entered <= dt.date(2025, 11, 1)]
    left = [e for e in left if e.exit and e.exit.last_day < dt.date(2025, 11, 1)]
    for name, among in (("activity_before_match", old), ("activity_after_exit", left)):
        for t in chooser.pick(name, among):
            row, e = first[t.employment.person], t.employment
            base = row["matched_on"] if name == "activity_before_match" else e.exit.last_day  # type: ignore[union-attr]
            day = base + dt.timedelta(days=_DAYS[name])
            plan.meetings.append((name, e.person, row["programme"], day))
    plan.unknown, plan.tests = chooser.count("unknown_participant"), chooser.count("test_account")
    return plan


def day(value: dt.date | None) -> str:
    """A date as 05/07/2023, day first."""
    return f"{value:%d/%m/%Y}" if value else ""


def write(canon: Canon, plan: MentorloopPlan, folder: Path, manifest: Manifest) -> None:
    """Three files, one of them twice."""
    stamp = DAY.isoformat()
    parts: tuple[tuple[str, tuple[str, ...], Callable[..., list[Row]]], ...] = (
        ("participants", PARTICIPANTS, _participants), ("loops", LOOPS, _loops),
        ("activity", ACTIVITY, _activity),
    )  # fmt: skip
    for name, header, rows in parts:
        path = folder / f"mentorloop_{name}_{stamp}.csv"
        write_csv(path, [header], rows(canon, plan), manifest, encoding="utf-8-sig")
    again = folder / f"mentorloop_activity_{stamp}_copy.csv"
    again.write_bytes((folder / f"mentorloop_activity_{stamp}.csv").read_bytes())


def _participants(canon: Canon, plan: MentorloopPlan) -> list[Row]:
    rows = []
    codes: dict[str, int] = {}

    def add(name: str, programme: str, role: str, mails: tuple[str, str], **more: str) -> Row:
        code = codes[programme] = codes.get(programme, 0) + 1
        values = dict.fromkeys(PARTICIPANTS, "") | {
            "Role ID": f"{programme[:2]}{code:06d}", "Programme": programme, "Name": name,
            "Role": role, "Account Type": "Member", "Approved": "True", "Email": mails[0],
            "Verified Email": mails[1], **more,
        }  # fmt: skip
        rows.append(Row(list(values.values())))
        return rows[-1]

    for path in paths(canon):
        person = path["person"]
        mails = canon.login(person), canon.mail(person)
        add(canon.name(person), path["programme"], "Mentee", mails, **_path_cells(path))
    mentors = sorted(
        {(r["programme"], r["mentor_id"]) for r in canon.tables["match"] if r["mentor_id"]}
    )
    for programme, person in mentors:
        add(canon.name(person), programme, "Mentor", (canon.login(person), canon.mail(person)))
    for person in plan.not_approved:
        mails = canon.login(person), canon.mail(person)
        add(canon.name(person), "SALES-LOT", "Mentee", mails, Approved="False")
    for n in range(0, plan.unknown, 2):
        mail = f"nobody.{n + 1}@example.com"
        row = add(f"Nobody {n + 1}", "SALES-LOT", "Mentee", (mail, mail))
        row.marks.append(Mark("unknown_participant", mail))
    for n in range(plan.tests):
        mail = f"test+{n + 1}@mentorloop.example"
        row = add(f"Test {n + 1}", "SALES-LOT", "Mentee", (mail, mail), **{"Account Type": "Test"})
        row.marks.append(Mark("test_account", mail))
    return rows


def _path_cells(path: dict[str, Any]) -> dict[str, str]:
    return {
        "Signup Date": day(path["applied_on"]), "Eligible": day(path["eligible_on"]),
        "Invited": day(path["invited_on"]), "Draw Date": day(path["drawn_on"]),
        "Draw Result": path["arm"], "Stratum": path["stratum"] or "",
        "First Match": day(path["matched_on"]), "Completed": day(path["completed_on"]),
        "Closed": day(path["closed_on"]),
        "Completion %": "100" if path["completed_on"] else "",
    }  # fmt: skip


def _loops(canon: Canon, plan: MentorloopPlan) -> list[Row]:
    matches = canon.tables["match"]
    numbers: dict[tuple[str, str, dt.date], int] = {}
    size: dict[tuple[str, str, dt.date], int] = {}
    for row in matches:
        key = _loop(row)
        numbers.setdefault(key, len(numbers) + 1)
        size[key] = size.get(key, 0) + 1
    rows = []
    for row in matches:
        mentor, mentee = row["mentor_id"], row["mentee_id"]
        cells = [
            f"L{numbers[_loop(row)]:06d}", row["programme"],
            "Group" if size[_loop(row)] > 1 else "One to one",
            canon.name(mentor) if mentor else "", canon.login(mentor) if mentor else "",
            canon.name(mentee), canon.login(mentee), day(row["matched_on"]), day(row["ended_on"]),
            day(row["goal_set_on"]), "Yes" if row["rationale_recorded"] else "No",
        ]  # fmt: skip
        marks = []
        if mentee in plan.masked:
            cells[5:7] = ["Mentee", ""]
            key_ = f"match:{mentee}|{mentor or ''}|{row['programme']}|{row['matched_on']}"
            marks = [Mark("masked_mentee", f"Mentee Email of {mentee}", (key_,))]
        rows.append(Row(cells, marks))
    for n, (person, programme, on) in enumerate(plan.own_mentor):
        both = [canon.name(person), canon.login(person)] * 2
        cells = [f"L{900001 + n}", programme, "One to one", *both, day(on), "", "", "No"]
        rows.append(Row(cells, [Mark("own_mentor", person)]))
    return rows


def _loop(match: dict[str, Any]) -> tuple[str, str, dt.date]:
    """What a loop is: a mentor's mentees of one day."""
    return match["programme"], match["mentor_id"] or match["mentee_id"], match["matched_on"]


def _activity(canon: Canon, plan: MentorloopPlan) -> list[Row]:
    rows: list[Row] = []

    def add(
        mail: str, programme: str, held: dt.date, minutes: int, yes: bool, logged: dt.date
    ) -> Row:
        cells = [
            f"ACT{len(rows) + 1:07d}", programme, mail, "Meeting", day(held), str(minutes),
            "Completed", "Yes" if yes else "No", day(logged),
        ]  # fmt: skip
        rows.append(Row(cells))
        return rows[-1]

    for s in canon.tables["session"]:
        if s["logged_on"] > DAY:
            continue
        confirmed = s["status"] == "confirmed"
        mail = canon.login(s["person_id"])
        add(mail, s["programme"], s["held_on"], s["minutes"], confirmed, s["logged_on"])
    for defect, person, programme, on in plan.meetings:
        row = add(canon.login(person), programme, on, 45, True, on)
        row.marks.append(Mark(defect, f"{person} on {on}"))
    for n in range(1, plan.unknown, 2):
        mail, on = f"nobody.{n + 1}@example.com", dt.date(2024, 5, 2)
        add(mail, "SALES-LOT", on, 30, True, on).marks.append(Mark("unknown_participant", mail))
    return rows
