"""The marts after loading, from the canonical layer minus losses and quarantined keys.

Nothing here reads an export. `employee_id` is the canonical number; a person whose two numbers
nothing joins is two, the earlier under the number of the acquired entity. Dates and values are
those known last.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pipelines.demo_vendor import glint, mentorloop, qualtrics, ratings, warehouse
from pipelines.demo_vendor.canonical import MEASURED, SF_SNAPSHOTS, SNAPSHOTS
from pipelines.demo_vendor.successfactors import UNKNOWN_CODE, in_file, known_exit
from pipelines.demo_vendor.waves import AGGREGATE, ITEMS, QUALTRICS_WAVES, QUESTIONS
from pipelines.demo_vendor.workday import Record, records, sight
from pipelines.demo_vendor.workday_defects import NO_MANAGER, QUARANTINED

if TYPE_CHECKING:
    from pipelines.demo_vendor.canonical import Canon, Employment, Exit, Job
    from pipelines.demo_vendor.plan import Plan

Rows = list[dict[str, Any]]
JobKey = tuple[str, dt.date]


def expected(canon: Canon, plan: Plan) -> dict[str, Rows]:
    """Every mart by name, sorted by its key."""
    spells = employment(canon, plan)
    return {
        "employment": spells,
        "exits": [row for row in spells if row["exited_on"]],
        "job_history": job_history(canon, plan),
        "performance": performance(canon, plan),
        "enrolments": enrolments(canon),
        "mentorships": mentorships(canon, plan),
        "sessions": sessions(canon),
        "surveys": surveys(canon, plan),
        "identifiers": identifiers(canon, plan),
    }


def employment(canon: Canon, plan: Plan) -> Rows:
    """Spells as the last clean row of each shows them; a joined transfer is one spell."""
    rows = []
    for e in canon.employments:
        if e.in_workday:
            day = last_clean(plan, e)
            left = e.exit if e.exit and e.exit.entered <= day else None
            notice = e.notice if e.notice and e.notice <= day else None
            rows.append(_spell(e.person, e, left, notice, regretted=True))
        if e.acquired and (not e.in_workday or e.person in plan.successfactors.unlinked):
            day = _last_of_acquired(plan, e)
            owner = plan.owner(canon, e.person, day)
            rows.append(_spell(owner, e, known_exit(e, day), None, regretted=False))
    return sorted(rows, key=lambda r: (r["employee_id"], r["hired_on"]))


def last_clean(plan: Plan, e: Employment) -> dt.date:
    """The last Workday-like snapshot whose row of an employment can be loaded."""
    met = plan.workday.met
    return next(day for day in reversed(SNAPSHOTS) if met.get((e.row, day)) not in QUARANTINED)


def _last_of_acquired(plan: Plan, e: Employment) -> dt.date:
    met = plan.successfactors.met
    return next(day for day in reversed(SF_SNAPSHOTS) if met.get((e.row, day)) != "scientific_id")


def _spell(
    person: str, e: Employment, left: Exit | None, notice: dt.date | None, *, regretted: bool
) -> dict[str, Any]:
    return {
        "employee_id": person, "hired_on": e.hired,
        "exited_on": left.last_day if left else None, "exit_kind": e.kind if left else None,
        "exit_reason": left.reason if left else None,
        "regretted": left.regretted if left and regretted else None, "notice_on": notice,
    }  # fmt: skip


def seen_jobs(canon: Canon, plan: Plan) -> dict[JobKey, tuple[Job, str, str | None]]:
    """Assignments of departments without a KPI that a snapshot shows, as it shows them last."""
    found: dict[JobKey, tuple[Job, str, str | None]] = {}
    ours = [e for e in canon.employments if e.acquired and e.department not in MEASURED]
    for day in SF_SNAPSHOTS:
        for e in ours:
            if e.hired > day:
                continue
            job = canon.job_at(e, day)
            manager = job.manager if in_file(canon, job.manager, day) else None
            code = plan.successfactors.met.get((e.row, day)) == "unmapped_department"
            department = UNKNOWN_CODE if code else job.department
            found[e.person, job.valid_from] = job, department, manager
    rows: list[Record] = [
        r for r in records(canon, plan.workday.transfers)
        if r.employment.department not in MEASURED
    ]  # fmt: skip
    for day in SNAPSHOTS:
        for r in rows:
            seen = sight(canon, plan.workday, r, day)
            if seen:
                e, job = r.employment, seen.job
                nobody = plan.workday.met.get((e.row, day)) in NO_MANAGER
                manager = None if nobody else seen.manager
                found[e.person, job.valid_from] = job, job.department, manager
    return found


def job_history(canon: Canon, plan: Plan) -> Rows:
    """Assignments as known last; ends follow from the next beginning."""
    rows = [
        _job(e.person, job, job.department, job.manager)
        for e in canon.employments
        if e.department in MEASURED
        for job in canon.jobs[e.row]
    ]
    rows += [_job(key[0], *values) for key, values in seen_jobs(canon, plan).items()]
    return sorted(rows, key=lambda r: (r["employee_id"], r["valid_from"]))


def _job(person: str, job: Job, department: str, manager: str | None) -> dict[str, Any]:
    return {
        "employee_id": person, "valid_from": job.valid_from, "department": department,
        "level": str(job.level), "site": job.site, "manager_id": manager,
    }  # fmt: skip


def performance(canon: Canon, plan: Plan) -> Rows:
    """Figures and ratings."""
    rows = []
    gone = {"impossible_value", "kpi_conflict"}
    for row in canon.tables["performance"]:
        person, month = row["person_id"], row["month"]
        if plan.warehouse.met.get((person, month), ("", 0))[0] in gone:
            continue
        e = canon.employed(person, month)
        value = float(warehouse.kpi_value(canon, plan.warehouse, row, e))
        rows.append(_figure(person, row["metric"], month, value, None, None))
    for row in canon.tables["rating"]:
        person, cycle = row["person_id"], row["cycle"]
        defect = plan.ratings.met.get((person, cycle))
        if defect != "off_scale":
            value = ratings.half(row["rating"]) if defect == "half_point" else float(row["rating"])
            owner = plan.owner(canon, person, row["dated_on"])
            rows.append(_figure(owner, "rating", cycle, value, row["scale"], row["rater_id"]))
    return sorted(rows, key=lambda r: (r["employee_id"], r["metric"], r["month"]))


def _figure(
    person: str, metric: str, month: dt.date, value: float, scale: str | None, rater: str | None
) -> dict[str, Any]:
    return {
        "employee_id": person, "metric": metric, "month": month, "value": value, "scale": scale,
        "rater_id": rater,
    }  # fmt: skip


def enrolments(canon: Canon) -> Rows:
    """Paths through the programmes."""
    names = {
        "eligible_on": "eligible_on", "invited_on": "invited_on", "applied_on": "applied_on",
        "assigned_on": "drawn_on", "arm": "arm", "stratum": "stratum", "matched_on": "matched_on",
        "completed_on": "completed_on", "closed_on": "closed_on",
    }  # fmt: skip
    return [
        {"employee_id": path["person"], "programme": path["programme"]}
        | {ours: path[theirs] or None for ours, theirs in names.items()}
        for path in mentorloop.paths(canon)
    ]


def mentorships(canon: Canon, plan: Plan) -> Rows:
    """Pairs, without those whose mentee is masked."""
    rows = [
        {
            name: row[name]
            for name in ("mentee_id", "mentor_id", "programme", "matched_on", "ended_on")
        }
        for row in canon.tables["match"]
        if row["mentee_id"] not in plan.mentorloop.masked
    ]
    return sorted(rows, key=lambda r: (r["mentee_id"], r["programme"], r["matched_on"]))


def sessions(canon: Canon) -> Rows:
    """Meetings logged by the day of the export; of equal ones the first."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in canon.tables["session"]:
        if row["logged_on"] <= mentorloop.DAY:
            key = tuple(row[n] for n in ("person_id", "programme", "held_on", "minutes", "status"))
            names = ("employee_id", "programme", "held_on", "minutes", "status")
            found.setdefault(key, dict(zip(names, key, strict=True)))
    return [found[key] for key in sorted(found)]


def surveys(canon: Canon, plan: Plan) -> Rows:
    """Answers, one row an item; nothing of the wave that came as averages."""
    rows = []
    for answer in canon.tables["survey"]:
        person, wave, on = answer["person_id"], answer["wave"], answer["answered_on"]
        if on is None or wave == AGGREGATE:
            continue
        owner, status = plan.owner(canon, person, on), None
        if wave in QUALTRICS_WAVES:
            status = "partial" if (person, wave) in plan.qualtrics.unfinished else "complete"
        gone = _left_out(answer, plan)
        rows += [
            {
                "employee_id": owner, "wave": wave, "item": item,
                "value": round(float(answer[item]), 3), "answered_on": on, "status": status,
            }
            for item in QUESTIONS
            if answer[item] is not None and item not in gone
        ]  # fmt: skip
    return sorted(rows, key=lambda r: (r["employee_id"], r["wave"], r["item"]))


def _left_out(answer: dict[str, Any], plan: Plan) -> list[str]:
    """Questions whose answers a defect keeps out of a response."""
    key = answer["person_id"], answer["wave"]
    if key in plan.qualtrics.unfinished:
        return qualtrics.unanswered(answer)
    defect, u = plan.glint.met.get(key, ("", 0.0))
    if defect == "score_out_of_range":
        return [ITEMS[int(u * 6)]]
    return glint.blanked(answer) if defect == "few_items" else []


def identifiers(canon: Canon, plan: Plan) -> Rows:
    """Every number delivered and whose it is."""
    rows = {}
    for person, spells in canon.of_person.items():
        if any(e.acquired for e in spells):
            old = canon.legacy(person)
            rows[old] = old if person in plan.successfactors.unlinked else person
        if person in canon.own_from:
            rows[canon.number(person)] = person
    return [{"number": number, "employee_id": rows[number]} for number in sorted(rows)]
