"""A plain PostgreSQL dump of the company's data warehouse: KPI, job history, contracts, pay.

How a loader recovers the canonical layer
- *performance*: `kpi_monthly`, by the number known last; `month` is midnight UTC and stays that
  day; a 0 stands for a month on leave and is no value; rows with `deleted_at` are gone.
- *jobs* of departments with a KPI: `job_history`, exact to the day; `unit_code` gives the unit.
  An assignment ends where the next begins, whatever `valid_to` says.
- *person attributes*: `contracts`, one row a person, the latest.

What is lost: figures beyond three decimals. `pay` is delivered and no table takes it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.demo_vendor.canonical import MEASURED, SNAPSHOTS
from pipelines.demo_vendor.files import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.demo_vendor.canonical import Canon, Employment, Job
    from pipelines.demo_vendor.defects import Chooser
    from pipelines.demo_vendor.manifest import Manifest

NAME = f"warehouse_{SNAPSHOTS[-1].isoformat()}.sql"
UNIT_CHANGE_ON, UNIT_FACTOR = dt.date(2024, 1, 1), 8
TABLES = {
    "kpi_monthly": (
        "id bigint", "employee_no text", "month timestamp with time zone", "metric text",
        "value double precision", "note text", "deleted_at timestamp with time zone",
    ),
    "job_history": (
        "employee_no text", "valid_from timestamp with time zone",
        "valid_to timestamp with time zone", "unit_code text", "job_level smallint", "site text",
        "manager_no text", "remark text",
    ),
    "contracts": (
        "employee_no text", "contract_type text", "signed_on timestamp with time zone",
    ),
    "pay": (
        "employee_no text", "valid_from timestamp with time zone", "yearly_eur numeric(12,2)",
    ),
}  # fmt: skip
NULL = r"\N"
_IMPOSSIBLE = ("NaN", "Infinity", "-Infinity")
_REMARKS = (NULL, NULL, NULL, r"desk moved\tsee C:\\plans", r"line one\nline two", "ok")
_HEAD = (
    "--", "-- PostgreSQL database dump", "--", "", "SET client_encoding = 'UTF8';",
    "SET standard_conforming_strings = on;", "",
)  # fmt: skip
_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class WarehousePlan:
    """Defects by person and month (of jobs: first day), and the site whose unit changes."""

    met: dict[tuple[str, dt.date], tuple[str, int]] = field(default_factory=dict)
    late: list[tuple[str, str, dt.date]] = field(default_factory=list)
    overlaps: frozenset[tuple[str, dt.date]] = frozenset()
    site: str = ""


def plan_warehouse(canon: Canon, chooser: Chooser) -> WarehousePlan:
    """What this delivery gets, drawn in a fixed order."""
    plan = WarehousePlan()
    if not chooser.planted:
        return plan
    months: dict[str, list[dt.date]] = {}
    for row in canon.tables["performance"]:
        months.setdefault(row["person_id"], []).append(row["month"])
    once = [e for e in canon.employments if len(canon.of_person[e.person]) == 1 and not e.acquired]
    seen = [e for e in once if len(months.get(e.person, ())) > 1]
    pairs = chooser.count("kpi_conflict") // 2
    for name, several in (
        ("kpi_conflict", pairs), ("impossible_value", -1), ("soft_deleted", -1),
        ("kpi_duplicate", -1),
    ):  # fmt: skip
        for n, t in enumerate(chooser.pick(name, seen, several)):
            own = sorted(months[t.employment.person])[1:]
            plan.met[t.employment.person, own[int(t.u[0] * len(own))]] = name, n
    left = [e for e in seen if e.exit and e.exit.last_day < dt.date(2025, 9, 1)]
    left = [e for e in left if e.exit and e.exit.entered < dt.date(2025, 12, 1)]
    for t in chooser.pick("kpi_after_exit", left):
        assert t.employment.exit
        day = (t.employment.exit.last_day + 62 * _DAY).replace(day=1)
        plan.late.append((t.employment.person, t.employment.department, day))
    moved = [e for e in seen if len(canon.jobs[e.row]) > 1]
    plan.overlaps = frozenset(
        (t.employment.person, canon.jobs[t.employment.row][0].valid_from)
        for t in chooser.pick("overlapping_jobs", moved)
    )
    sites = sorted(
        {j.site for js in canon.jobs.values() for j in js if j.department == "contact_centre"}
    )
    u = canon.streams.scalar("vendor.unit_change", 0, 1)
    plan.site = sites[int(float(u[0]) * len(sites))]
    return plan


class Dump:
    """The lines of a dump as they are written; ``line`` is the number of the next."""

    def __init__(self, manifest: Manifest) -> None:
        self.lines = list(_HEAD)
        self._manifest = manifest

    def begin(self, table: str) -> None:
        """The definition of a table and the head of its rows."""
        columns = TABLES[table]
        self.lines += [f"CREATE TABLE public.{table} ("]
        self.lines += [f"    {c}{',' if c != columns[-1] else ''}" for c in columns]
        names = ", ".join(c.split()[0] for c in columns)
        self.lines += [");", "", f"COPY public.{table} ({names}) FROM stdin;"]

    def row(self, values: Iterable[str], marks: Iterable[Mark] = ()) -> None:
        """One row, already escaped."""
        self.lines.append("\t".join(values))
        for mark in marks:
            self._manifest.add(NAME, len(self.lines), mark)

    def end(self) -> None:
        """The end of a table's rows."""
        self.lines += ["\\.", "", ""]


def utc(day: dt.date | None) -> str:
    """Midnight UTC."""
    return f"{day.isoformat()} 00:00:00+00" if day else NULL


def write(canon: Canon, plan: WarehousePlan, folder: Path, manifest: Manifest) -> None:
    """The dump."""
    dump = Dump(manifest)
    _kpi(canon, plan, dump)
    if plan.site:
        manifest.add(NAME, 0, Mark("unit_change", f"{plan.site} from {UNIT_CHANGE_ON}"))
    dump.begin("job_history")
    for e in sorted(canon.employments, key=lambda e: (e.person, e.hired)):
        if e.department in MEASURED:
            _jobs(canon, plan, e, dump)
    dump.end()
    dump.begin("contracts")
    for person, spells in sorted(canon.of_person.items()):
        last = spells[-1]
        dump.row([canon.number(person), last.contract, utc(last.hired)])
    dump.end()
    dump.begin("pay")
    for row in canon.tables["pay"]:
        paid = f"{row['yearly']:.2f}"
        dump.row([canon.number(row["person_id"]), utc(row["valid_from"]), paid])
    dump.end()
    dump.lines += ["--", "-- PostgreSQL database dump complete", "--", ""]
    (folder / NAME).write_text("\n".join(dump.lines), encoding="utf-8", newline="")


def kpi_value(canon: Canon, plan: WarehousePlan, row: dict[str, Any], e: Employment) -> str:
    """A figure as delivered: three decimals, and per day at the site whose unit changed."""
    value = row["value"]
    if plan.site and row["month"] >= UNIT_CHANGE_ON:
        value *= UNIT_FACTOR if canon.job_at(e, row["month"]).site == plan.site else 1
    return f"{value:.3f}"


def _kpi(canon: Canon, plan: WarehousePlan, dump: Dump) -> None:
    dump.begin("kpi_monthly")
    nth = 0

    def add(
        number: str, month: dt.date, metric: str, value: str, marks: list[Mark], gone: str = NULL
    ) -> None:
        nonlocal nth
        nth += 1
        dump.row([str(nth), number, utc(month), metric, value, NULL, gone], marks)

    metrics = {}
    for row in canon.tables["performance"]:
        person, month, metric = row["person_id"], row["month"], row["metric"]
        e = canon.employed(person, month)
        metrics[e.department] = metric
        number, value = canon.number(person), kpi_value(canon, plan, row, e)
        defect, n = plan.met.get((person, month), ("", 0))
        key = f"performance:{person}|{metric}|{month}"
        if defect == "impossible_value":
            add(number, month, metric, _IMPOSSIBLE[n % 3], [Mark(defect, key, (key,))])
            continue
        mark = [Mark(defect, key, (key,))] if defect == "kpi_conflict" else []
        add(number, month, metric, value, mark)
        if defect == "kpi_conflict":
            add(number, month, metric, f"{float(value) * 1.1 + 0.01:.3f}", mark)
        elif defect == "kpi_duplicate":
            add(number, month, metric, value, [Mark(defect, key)])
        elif defect == "soft_deleted":
            other = f"{float(value) * 0.9 + 0.01:.3f}"
            add(number, month, metric, other, [Mark(defect, key)], utc(month + 40 * _DAY))
    for person, department, month in plan.late:
        mark = Mark("kpi_after_exit", f"{person}|{month}")
        add(canon.number(person), month, metrics[department], "21.000", [mark])
    for row in canon.tables["leave"]:
        e = canon.employed(row["person_id"], row["month"])
        if e.department in MEASURED:
            add(canon.number(e.person), row["month"], metrics[e.department], "0", [])
    dump.end()


def _jobs(canon: Canon, plan: WarehousePlan, e: Employment, dump: Dump) -> None:
    jobs: tuple[Job | None, ...] = canon.jobs[e.row]
    for n, (job, after) in enumerate(zip(jobs, [*jobs[1:], None], strict=True)):
        assert job
        end = after.valid_from if after else None
        marks = []
        if end and (e.person, job.valid_from) in plan.overlaps:
            end += 31 * _DAY
            marks = [Mark("overlapping_jobs", f"job:{e.person}|{job.valid_from}")]
        manager = canon.number(job.manager) if job.manager else NULL
        remark = _REMARKS[(e.row + n) % len(_REMARKS)]
        dump.row(
            [
                canon.number(e.person), utc(job.valid_from), utc(end), job.unit, str(job.level),
                job.site, manager, remark,
            ],
            marks,
        )  # fmt: skip
