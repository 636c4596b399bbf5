"""A company whose every name, mail and identifier is a canary, in each kind of file that is read.

All canaries begin with one of a few stems that nothing else holds, so that one search finds any of
them; numbers begin with digits that no figure of the company has.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import openpyxl

from tests.flows.conftest import write_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.flows.conftest import Firm

STEM = "quaxel"  # then a letter that says what it is
NUMBER = "731048"  # then six digits
MONTHS = [f"2025-{month:02d}" for month in range(1, 7)]
LETTERS = "bcdfghjklmnpqrstvwxz"

PROJECT = """
project: little-firm
title: Little Firm
purpose: Learn whether the sales mentoring programme works.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 24}
programmes: [{id: SALES, name: Sales mentoring}]
identity:
  systems:
    employee_no: {kind: text, lifelong: true}
    number: {kind: number, width: 12}
    account: {kind: text, several: true}
    mail: {kind: mail}
    name: {kind: name}
  links:
    - source: workers
      ids: {employee_no: employee, number: number, mail: mail, name: [given, family]}
    - {source: platform, ids: {account: account, mail: mail}}
  master: [workers]
sources:
  - name: workers
    file: workers.csv
    delivered_on: 2025-12-31
    contents: full
    loads:
      - table: employment
        columns: {person_id: employee, hired_on: hired}
        id_systems: {person_id: employee_no}
      - table: jobs
        columns: {person_id: employee, valid_from: hired, department: team, manager_id: boss}
        id_systems: {person_id: employee_no, manager_id: name}
  - name: platform
    file: platform.csv
    delivered_on: 2025-12-31
    loads:
      - table: people
        columns: {person_id: account}
        id_systems: {person_id: account}
  - name: funnel
    file: funnel.csv
    delivered_on: 2025-12-31
    loads:
      - table: enrolments
        columns: {person_id: employee, arm: result, assigned_on: drawn}
        constants: {programme: SALES}
        id_systems: {person_id: employee_no}
  - name: sales
    file: sales.csv
    delivered_on: 2025-12-31
    loads:
      - table: performance
        columns: {person_id: number, period: month, value: revenue, rater_id: rater}
        constants: {metric: revenue}
        formats: {period: "%Y-%m"}
        id_systems: {person_id: number, rater_id: mail}
  - name: matches
    file: matches.csv
    delivered_on: 2025-12-31
    loads:
      - table: matches
        columns: {mentee_id: mentee, mentor_id: mentor, matched_on: day}
        constants: {programme: SALES}
        id_systems: {mentee_id: mail, mentor_id: mail}
  - name: meetings
    file: meetings_*.csv
    delivered_on: 2025-12-31
    loads:
      - table: sessions
        columns: {person_id: account, held_on: day}
        constants: {programme: SALES, status: confirmed}
        id_systems: {person_id: account}
  - name: survey
    file: survey.xlsx
    delivered_on: 2025-12-31
    loads:
      - table: surveys
        columns: {person_id: mail, answered_on: day}
        constants: {instrument: fit, wave: first}
        unpivot: {columns: [q1, q2]}
        id_systems: {person_id: mail}
"""


@dataclass(frozen=True, slots=True)
class Person:
    """One person, by all that leads to them."""

    given: str
    family: str
    mail: str
    employee: str
    account: str
    number: str
    code: str  # in each of the others but the number

    @property
    def canaries(self) -> tuple[str, ...]:
        """Each text that must be found nowhere."""
        return (self.given, self.family, self.mail, self.employee, self.account, self.number)


def people(count: int, seed: int = 8) -> list[Person]:
    """Distinct persons; every tenth is spelled in a way that has broken programs before."""
    drawn = random.Random(seed)
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes["".join(drawn.choices(LETTERS, k=6))] = None
    numbers = drawn.sample(range(10**6), count)
    return [_person(i, code, numbers[i]) for i, code in enumerate(codes)]


def _person(index: int, code: str, number: int) -> Person:
    given, family = f"{STEM}g{code}".title(), f"{STEM}f{code}".title()
    odd = {
        10: (unicodedata.normalize("NFD", given + "é"), family.upper()),
        20: (f"={given}", f"{family}; drop"),
        30: (f'{given} "Q"', f"<b>{family}</b>"),
        40: (f"{given}\u200b", f"O'{family}"),
    }
    given, family = odd.get(index % 50, (given, family))
    mail = f"{STEM}m{code}.{code}@firm.example"
    mail = mail.upper() if index % 50 == 10 else mail
    account = f"{STEM}a{code}"
    return Person(
        given, family, mail, f"{STEM}e{code}".upper(), account, f"{NUMBER}{number:06d}", code
    )


def write_company(folder: Path, everybody: Sequence[Person]) -> Firm:
    """Project and deliveries; some rows are wrong."""
    firm = write_project(folder, PROJECT)
    firm.data.mkdir()
    write_deliveries(firm.data, everybody)
    return firm


def write_deliveries(data: Path, everybody: Sequence[Person]) -> None:
    """One file a source. Every second person wins; winners sell 10 more from April on."""
    outside = people(12, seed=9)  # mentors and raters whom HR does not know
    workers, platform, funnel, sales, matches, meetings = ([] for _ in range(6))
    for i, p in enumerate(everybody):
        boss = everybody[i // 10]
        won = i % 2 == 0
        workers.append(
            [p.employee, p.number, p.mail, p.given, p.family, "2020-01-01", f"T{i % 3}",
             f"{boss.given} {boss.family}"]
        )  # fmt: skip
        platform.append([p.account, p.mail.title()])
        funnel.append([p.employee, "mentee" if won else "lottery_lost", "2025-03-10"])
        for j, month in enumerate(MONTHS):
            noise = (i * 7 + j * 13) % 11 - 5
            value = "ask " + p.given if (i, j) == (3, 0) else f"{100 + noise + 10 * (won * j > 2)}"
            rater = outside[i % 12] if i % 7 == 0 else everybody[(i * 3 + 1) % len(everybody)]
            sales.append([p.number, month, value, rater.mail])
        if won:
            mentor = outside[i % 12] if i % 9 == 0 else everybody[(i + 1) % len(everybody)]
            matches.append([p.mail, mentor.mail, "2025-03-20"])
            meetings.append([p.account, f"2025-04-0{1 + i % 9}"])
    meetings += [[p.account, "31 Feb"] for p in outside]  # unknown, and no such day
    _csv(data / "workers.csv", "employee,number,mail,given,family,hired,team,boss", workers)
    _csv(data / "platform.csv", "account,mail", platform)
    _csv(data / "funnel.csv", "employee,result,drawn", funnel)
    _csv(data / "sales.csv", "number,month,revenue,rater", sales)
    _csv(data / "matches.csv", "mentee,mentor,day", matches)
    _csv(data / "meetings_2025-12.csv", "account,day", meetings)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["mail", "day", "q1", "q2", "comment"])
    for i, p in enumerate(everybody):
        said = f"thanks to {p.family}" if i == 4 else f"{1 + i % 5}"
        sheet.append([p.mail, "2025-05-01", said, f"{1 + i % 3}", f"I am {p.employee}, {p.mail}"])
    book.save(data / "survey.xlsx")


def _csv(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    path.write_text("\n".join([header, *quoted]) + "\n", encoding="utf-8")
