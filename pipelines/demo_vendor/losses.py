"""What the vendor layouts cannot carry: a line for each row, or a rule for all of an entity."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.demo_vendor import mentorloop, warehouse
from pipelines.demo_vendor.canonical import MEASURED, SNAPSHOTS
from pipelines.demo_vendor.expected import last_clean, seen_jobs
from pipelines.demo_vendor.manifest import Loss
from pipelines.demo_vendor.waves import AGGREGATE
from pipelines.demo_vendor.workday_defects import NO_MANAGER

if TYPE_CHECKING:
    from pipelines.demo_vendor.canonical import Canon
    from pipelines.demo_vendor.plan import Plan

_NOT_LOADED = {
    "pay": "delivered in the dump; no table takes it",
    "leave": "months without a figure; who was on leave is not delivered",
    "unit": "units reach the marts as departments",
    "match.goal_set_on": "delivered in an activity file, whose dialect does not load it",
    "session.logged_on": "delivered; no table takes it",
    "rating.dated_on": "delivered; no table takes it",
    "survey.invited_on": "who was invited and did not answer is not delivered",
}


def losses(canon: Canon, plan: Plan) -> list[Loss]:
    """Everything lost, in no particular order."""
    rounded = "three decimals are delivered"
    found = [Loss(entity, "not in the marts", rule) for entity, rule in _NOT_LOADED.items()]
    found += [
        Loss("performance", "precision", rounded),
        Loss("survey.engagement", "precision", rounded),
        Loss("survey", "row", "delivered as averages alone", f"wave={AGGREGATE}"),
    ]
    found += _exits(canon, plan) + _jobs(canon, plan) + _sessions(canon) + _altered(canon, plan)
    return found


def _exits(canon: Canon, plan: Plan) -> list[Loss]:
    found = []
    for e in canon.employments:
        key = f"{e.person}|{e.hired}"
        if e.exit and e.in_workday and e.exit.entered > SNAPSHOTS[-1]:
            found.append(Loss("exit", "row", "entered after the last snapshot", key))
        elif e.exit and e.in_workday and e.exit.entered > last_clean(plan, e):
            found.append(Loss("exit", "row", "known from quarantined rows alone", key))
        if e.exit and not e.in_workday and e.exit.regretted is not None:
            found.append(Loss("exit.regretted", "value", "not in the acquired entity's files", key))
        if e.notice and not e.in_workday:
            found.append(
                Loss("employment.notice_on", "value", "not in the acquired entity's files", key)
            )
    shown = {canon.employments[row].person for row in plan.workday.withdrawn}
    for row in canon.tables["withdrawn_exit"]:
        if row["person_id"] not in shown:
            key = f"{row['person_id']}|{row['planned_on']}"
            found.append(Loss("withdrawn_exit", "row", "no snapshot fell on it", key))
    return found


def _jobs(canon: Canon, plan: Plan) -> list[Loss]:
    """Assignments between two snapshots, and managers no file of the day could name."""
    found, seen = [], seen_jobs(canon, plan)
    link = {
        (canon.employments[row].person, canon.job_at(canon.employments[row], day).valid_from)
        for (row, day), defect in plan.workday.met.items()
        if defect in NO_MANAGER
    }
    for e in canon.employments:
        if e.department in MEASURED:
            continue
        for job in canon.jobs[e.row]:
            key = f"{e.person}|{job.valid_from}"
            shown = seen.get((e.person, job.valid_from))
            if shown is None:
                found.append(Loss("job", "row", "between two snapshots", key))
            elif shown[2] is None and job.manager and (e.person, job.valid_from) not in link:
                rule = "the manager is not in the system of the file"
                found.append(Loss("job.manager", "value", rule, key))
    return found


def _sessions(canon: Canon) -> list[Loss]:
    found = []
    counted: Counter[str] = Counter()
    for row in canon.tables["session"]:
        key = "|".join(
            str(row[n]) for n in ("person_id", "programme", "held_on", "minutes", "status")
        )
        if row["logged_on"] > mentorloop.DAY:
            found.append(Loss("session", "row", "logged after the export", key))
        else:
            counted[key] += 1
    return found + [
        Loss("session", f"{n - 1} of {n} rows", "equal meetings of one day look like a copy", key)
        for key, n in counted.items()
        if n > 1
    ]


def _altered(canon: Canon, plan: Plan) -> list[Loss]:
    """Values that a defect alters and a warning lets pass: the marts hold what was delivered."""
    found = [
        Loss("performance", "value", "half a point, as delivered", f"{person}|rating|{cycle}")
        for (person, cycle), defect in plan.ratings.met.items()
        if defect == "half_point"
    ]
    if plan.warehouse.site:
        rule = f"times {warehouse.UNIT_FACTOR} from {warehouse.UNIT_CHANGE_ON}, as delivered"
        found.append(Loss("performance", "value", rule, f"site={plan.warehouse.site}"))
    return found
