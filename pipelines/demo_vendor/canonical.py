"""The canonical layer as plain values, and what every system knows people by.

Numbers: the company's own has six digits. People of the acquired entity have one of 100000 and
more until they move to the company's system in January 2024 (those who have left by then never get
another). Every system but the personnel ones calls a person by the number of the day; both kinds
are numbers of one register, joined by `Legacy Person ID` of the Workday-like file.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.synthetic.names import invented_names

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.synthetic.streams import Streams

MOVED_ON = dt.date(2024, 1, 1)
FIRST_ID = 101
LEGACY_FROM = 100_000
MEASURED = frozenset({"contact_centre", "sales", "operations"})
SNAPSHOTS = tuple(
    dt.date(year, month, 31 if month in {3, 12} else 30)
    for year in range(2022, 2026)
    for month in (3, 6, 9, 12)
)
SF_SNAPSHOTS = tuple(day for day in SNAPSHOTS if day < MOVED_ON)
_SECOND = [
    "Åberg",
    "Bäcker",
    "Cárdenas",
    "Díaz",
    "Ek",
    "Fänger",
    "Gómez",
    "Höfer",
    "Iñigo",
    "Jäger",
    "Küng",
    "Løvaas",
    "Muñoz",
    "Nuñez",
    "Öst",
    "Pérez",
    "Quint",
    "Röhm",
    "Sørli",
    "Tünn",
    "Übel",
    "Vélez",
    "Wörner",
    "Ximénez",
    "Ybarra",
    "Zürn",
]


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit as personnel files hold it; ``last_day`` is the true one."""

    last_day: dt.date
    terminated: dt.date
    contract_end: dt.date
    paid_until: dt.date
    entered: dt.date
    reason: str
    regretted: bool | None


@dataclass(frozen=True, slots=True)
class Employment:
    """One employment spell; ``row`` addresses its draws."""

    row: int
    person: str
    hired: dt.date
    kind: str
    acquired: bool
    contract: str
    notice: dt.date | None
    exit: Exit | None
    department: str
    level: int

    def left_by(self, day: dt.date) -> bool:
        """Whether the last day of work lies on or before the day."""
        return self.exit is not None and self.exit.last_day <= day

    @property
    def in_workday(self) -> bool:
        """Whether the company's own system ever holds it: not if it was over at the move."""
        over = self.exit is not None and max(self.exit.last_day, self.exit.entered) < MOVED_ON
        return not (self.acquired and over)


@dataclass(frozen=True, slots=True)
class Job:
    """A job assignment from ``valid_from`` on."""

    person: str
    valid_from: dt.date
    department: str
    unit: str
    level: int
    site: str
    manager: str | None


@dataclass(frozen=True)
class Canon:
    """The clean company: employments in order of rows, jobs of each employment by date."""

    streams: Streams
    size: int
    employments: tuple[Employment, ...]
    jobs: dict[int, tuple[Job, ...]]
    tables: dict[str, list[dict[str, Any]]]
    renumbered: dict[str, str] = field(default_factory=dict)  # own numbers of another length
    renamed: dict[str, tuple[str, str]] = field(default_factory=dict)  # people of one name

    @property
    def total(self) -> int:
        """Number of employments, the length of every stream."""
        return len(self.employments)

    @cached_property
    def units(self) -> dict[str, str]:
        """Name of each unit by its code."""
        return {row["code"]: row["name"] for row in self.tables["unit"]}

    @cached_property
    def of_person(self) -> dict[str, list[Employment]]:
        """Employments of each person by hire."""
        found: dict[str, list[Employment]] = {}
        for e in sorted(self.employments, key=lambda e: e.hired):
            found.setdefault(e.person, []).append(e)
        return found

    @cached_property
    def managers(self) -> frozenset[str]:
        """People who ever manage somebody."""
        return frozenset(j.manager for jobs in self.jobs.values() for j in jobs if j.manager)

    def name(self, person: str) -> str:
        """First and last name as one text."""
        return " ".join(self.names[person])

    @cached_property
    def names(self) -> dict[str, tuple[str, str]]:
        """First and last name of each person; in this layer no two people share both."""
        people = sorted(self.of_person)
        rows = np.array([int(p) - FIRST_ID for p in people])
        first, last = invented_names(self.streams, rows, self.total)
        u = self.streams.scalar("vendor.name", 0, self.total)[rows]
        taken: set[tuple[str, str]] = set()
        found = {}
        for p, a, b, at in zip(people, first, last, (u * len(_SECOND)).astype(int), strict=True):
            for step in range(len(_SECOND) ** 2):
                second = _SECOND[(at + step) % len(_SECOND)]
                third = f" {_SECOND[step // len(_SECOND)]}" if step >= len(_SECOND) else ""
                name = (str(a), f"{b}-{second}{third}")
                if name not in taken:
                    break
            taken.add(name)
            found[p] = name
        return found | self.renamed

    @cached_property
    def own_from(self) -> dict[str, dt.date]:
        """Day from which a person has a number of the company's own; absent: never."""
        found = {}
        for p, spells in self.of_person.items():
            days = [
                max(e.hired, MOVED_ON) if e.acquired else e.hired for e in spells if e.in_workday
            ]
            if days:
                found[p] = min(days)
        return found

    def legacy(self, person: str) -> str:
        """The number in the acquired entity's system; who had worked for the company keeps that."""
        first = self.of_person[person][0]
        if first.acquired:
            return str(LEGACY_FROM + int(person) - FIRST_ID)
        return self.renumbered.get(person, person)

    def number(self, person: str, day: dt.date = dt.date.max) -> str:
        """The number of a person on a day; without a day the last one."""
        own = self.own_from.get(person)
        own_number = self.renumbered.get(person, person)
        return own_number if own is not None and own <= day else self.legacy(person)

    def job_at(self, e: Employment, day: dt.date) -> Job:
        """The assignment of an employment on a day, after the exit the last."""
        jobs = self.jobs[e.row]
        return next((j for j in reversed(jobs) if j.valid_from <= day), jobs[0])

    def employed(self, person: str, day: dt.date) -> Employment:
        """The employment that covers a day; before all of them the first.

        People hired in the month of a survey may answer a few days before their first one.
        """
        spells = self.of_person[person]
        return next((e for e in reversed(spells) if e.hired <= day), spells[0])

    def mail(self, person: str) -> str:
        """The work address known last."""
        name = ".".join(self.names[person]).replace(" ", "-")
        domain = "example.com" if person in self.own_from else "acquired.example"
        return f"{plain(name)}.{self.number(person)}@{domain}".lower()

    @cached_property
    def second_mails(self) -> dict[str, str]:
        """A private address beside that of work, which 5 % use in the mentoring tool."""
        u = self.streams.scalar("vendor.second_mail", 0, self.total)
        return {
            p: f"{plain('.'.join(self.names[p])).replace(' ', '-')}.{p}@mail.example".lower()
            for p in self.own_from
            if u[int(p) - FIRST_ID] < 0.05
        }

    def login(self, person: str) -> str:
        """The address a person uses in the mentoring tool."""
        return self.second_mails.get(person) or self.mail(person)


def plain(name: str) -> str:
    """A name without accents, as mail addresses spell it."""
    bare = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("Ø", "O"))
    return bare.encode("ascii", "ignore").decode()


def load_canonical(folder: Path, streams: Streams, size: int, applications: pa.Table) -> Canon:
    """The canonical layer of a folder; ``applications`` are the lottery's with all their dates."""
    tables = {
        path.stem: pq.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))
    }
    tables["application"] = applications.to_pylist()
    exits = {row["employment_id"]: row for row in tables.pop("exit")}
    by_person: dict[str, list[dict[str, Any]]] = {}
    for row in tables["employment"]:
        by_person.setdefault(row["person_id"], []).append(row)
    jobs: dict[int, list[Job]] = {}
    for row in tables.pop("job"):
        spells = [e for e in by_person[row["person_id"]] if e["hired_on"] <= row["valid_from"]]
        spell = max(spells, key=lambda e: e["hired_on"])
        jobs.setdefault(spell["employment_id"], []).append(_job(row))
    ordered = {row: tuple(sorted(js, key=lambda j: j.valid_from)) for row, js in jobs.items()}
    employments = tuple(
        _employment(row, exits.get(row["employment_id"]), ordered[row["employment_id"]][0])
        for row in tables.pop("employment")
    )
    return Canon(streams, size, employments, ordered, tables)


def _job(row: dict[str, Any]) -> Job:
    return Job(
        row["person_id"], row["valid_from"], row["department"], row["unit"], row["level"],
        row["site"], row["manager_id"],
    )  # fmt: skip


def _employment(row: dict[str, Any], left: dict[str, Any] | None, job: Job) -> Employment:
    exit_ = left and Exit(
        left["last_day_of_work"], left["terminated_on"], left["contract_ends_on"],
        left["paid_until"], left["entered_on"], left["reason"],
        left["regretted"] if row["exit_kind"] == "voluntary" else None,
    )  # fmt: skip
    return Employment(
        row["employment_id"], row["person_id"], row["hired_on"], row["exit_kind"],
        row["entity"] == "acquired", row["contract_type"], row["notice_on"], exit_ or None,
        job.department, job.level,
    )  # fmt: skip
