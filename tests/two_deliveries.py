"""A small company that delivers twice, with changes planted between the two deliveries.

``Company.write`` writes it with any of the changes made: then a complete run on it is what the
numbers would have been, had only these changed. 1,500 people can start mentoring from 2024 on; a
lottery gives places to 700 of them. The first delivery is of 2025-06-30, the second one, which is
there with the change ``new_time``, of 2025-09-30.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PEOPLE, DRAWN, ALIASES, LATE = 1_500, 700, 60, 40
FIRST, SECOND = dt.date(2025, 6, 30), dt.date(2025, 9, 30)
BEGIN = dt.date(2023, 1, 1)
CHANGES = ("study", "identity", "reasons", "exits", "new_time")

PROJECT = """
project: two-deliveries
title: Two deliveries
purpose: Learn why a number changed between two reports.
lawful_basis: Legitimate interest, agreed with the works council.
retention: {months: 24}
programmes: [{id: OPEN, name: Open to all}, {id: DRAW, name: By lottery}]
identity:
  systems:
    employee_no: {kind: text}
    mail: {kind: mail}
  links:
    - {source: workers, ids: {employee_no: employee, mail: mail}}
  master: [workers]
sources:
  - name: workers
    file: workers-*.csv
    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}
    contents: full
    on_headcount_drop: continue
    loads:
      - table: employment
        columns: {person_id: employee, hired_on: hired, exited_on: left, exit_reason: reason}
        id_systems: {person_id: employee_no}
  - name: sales
    file: sales-*.csv
    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}
    loads:
      - table: performance
        columns: {person_id: employee, period: month, value: sales}
        constants: {metric: sales}
        id_systems: {person_id: employee_no}
  - name: mentoring
    file: mentoring-*.csv
    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}
    loads:
      - table: enrolments
        columns:
          {person_id: mail, programme: programme, invited_on: invited, matched_on: matched,
           assigned_on: drawn, arm: result}
        id_systems: {person_id: mail}
        unknown_person: load
"""

LEAVING = """
study: leaving
question: Do fewer people leave because they have a mentor?
as_of: {as_of}
programme: OPEN
design: opt_in
time_zero: invited_on
trials: {{start: matched_on}}
notice_months: 0
arms: {{treated: mentored, comparison: not_yet_mentored}}
outcome: {{kind: exit, metric: voluntary}}
follow_up: {{months: {months}, primary: [1, {months}]}}
"""

SELLING = """
study: selling
question: Does mentoring raise sales?
as_of: {as_of}
programme: DRAW
design: randomised
arms: {{treated: mentee, comparison: lottery_lost}}
allocation: {{share: 0.5}}
outcome: {{metric: sales, unit: EUR, after_exit: zero}}
follow_up: {{months: 12, primary: [1, 12]}}
{adjust}
"""

REASONS = """reason,kind,regretted,valid_from,valid_to,reviewed_by,reviewed_on
career,voluntary,,,,hr,2025-01-01
family,{family},,,,hr,2025-01-01
dismissed,involuntary,,,,hr,2025-01-01
"""
REVIEW = "case,kind,system_a,id_a,system_b,id_b,evidence,score,decision,decided_by,decided_on"


@dataclass(frozen=True)
class Company:
    """What is true of everybody; arrays by person. Days are dates, NaT where there is none."""

    hired: np.ndarray
    left: np.ndarray
    reason: np.ndarray
    matched: np.ndarray
    drawn: np.ndarray
    won: np.ndarray
    sales: np.ndarray  # (people, months since BEGIN)
    alias: np.ndarray  # whether mentoring knows the person by another address
    late: np.ndarray  # whether the exit, before the first delivery, was told in the second

    def write(self, project: Path, data: Path, changes: Iterable[str]) -> None:
        """Project and files as they are where these changes have been made and no others."""
        made = {*changes}
        assert made <= {*CHANGES}
        (project / "studies").mkdir(parents=True)
        (project / "mappings").mkdir()
        data.mkdir()
        self._project(project, made)
        files = [(FIRST, "exits" in made, None)]
        if "new_time" in made:
            files = [(FIRST, False, None), (SECOND, "exits" in made, FIRST)]
        for day, all_told, since in files:
            _write(data / f"workers-{day}.csv", "employee,mail,hired,left,reason",
                   self._workers(day, all_told=all_told))  # fmt: skip
            _write(data / f"sales-{day}.csv", "employee,month,sales", self._sales(day, since))
            _write(data / f"mentoring-{day}.csv", "mail,programme,invited,matched,drawn,result",
                   self._mentoring(day))  # fmt: skip

    def _project(self, project: Path, made: set[str]) -> None:
        (project / "mentorlift.yml").write_text(PROJECT)
        as_of = SECOND if "new_time" in made else FIRST
        months = 9 if "study" in made else 12
        adjust = "adjust_for: [pre_period_outcome]" if "study" in made else ""
        for name, text in (("leaving", LEAVING), ("selling", SELLING)):
            filled = text.format(as_of=as_of, months=months, adjust=adjust)
            if "study" in made:  # a change that is not declared is withheld, and nothing to split
                filled += "amended: Planted between two deliveries.\n"
            (project / "studies" / f"{name}.yml").write_text(filled)
        family = "voluntary" if "reasons" in made else "involuntary"
        (project / "mappings" / "exit_reasons.csv").write_text(REASONS.format(family=family))
        if "identity" in made:
            same = [
                f"x,,mail,{_mail(p, alias=True)},employee_no,E{p:04d},,,same,owner,2025-09-01"
                for p in np.flatnonzero(self.alias)
            ]
            _write(project / "mappings" / "identity_review.csv", REVIEW, same)

    def _workers(self, day: dt.date, *, all_told: bool) -> list[str]:
        gone = (self.left <= np.datetime64(day)) & (all_told | ~self.late)
        return [
            f"E{p:04d},{_mail(p)},{self.hired[p]},"
            + (f"{self.left[p]},{self.reason[p]}" if gone[p] else ",")
            for p in np.flatnonzero(self.hired <= np.datetime64(day))
        ]

    def _sales(self, day: dt.date, since: dt.date | None) -> list[str]:
        first = 0 if since is None else _month(since) + 1
        lines = []
        for month in range(first, _month(day) + 1):
            begins = np.datetime64(f"{2023 + month // 12}-{month % 12 + 1:02d}-01")
            there = (self.hired <= begins) & ~(self.left < begins + 31)
            lines += [
                f"E{p:04d},{begins},{self.sales[p, month]:.2f}" for p in np.flatnonzero(there)
            ]
        return lines

    def _mentoring(self, day: dt.date) -> list[str]:
        lines = []
        for p in range(PEOPLE):
            mail = _mail(p, alias=bool(self.alias[p]))
            matched = self.matched[p] if self.matched[p] <= np.datetime64(day) else ""
            lines.append(f"{mail},OPEN,2024-01-02,{matched},,")
            if not np.isnat(self.drawn[p]):
                won = "mentee" if self.won[p] else "lottery_lost"
                lines.append(f"{mail},DRAW,2024-09-02,,{self.drawn[p]},{won}")
        return lines


def draw(seed: int = 5) -> Company:
    """A company in which mentoring halves resignations, and a place is worth 3 EUR."""
    rng = np.random.default_rng(seed)
    hired = np.datetime64(BEGIN) - rng.integers(30, 2000, PEOPLE)
    matched = np.full(PEOPLE, np.datetime64("NaT", "D"))
    some = rng.random(PEOPLE) < 0.5
    matched[some] = np.datetime64("2024-01-10") + rng.integers(0, 580, some.sum())
    left = np.full(PEOPLE, np.datetime64("NaT", "D"))
    for day in np.arange(np.datetime64("2023-02-01"), np.datetime64("2025-10-01")):
        force = np.where(matched <= day, 0.0006, 0.0009)
        goes = np.isnat(left) & (rng.random(PEOPLE) < force)
        left[goes] = day
    matched[matched > left] = np.datetime64("NaT")
    reason = rng.choice(["career", "family", "dismissed"], PEOPLE, p=[0.6, 0.25, 0.15])
    drawn = np.full(PEOPLE, np.datetime64("NaT", "D"))
    here = np.flatnonzero(~(left < np.datetime64("2024-09-16")))
    drawn[rng.choice(here, DRAWN, replace=False)] = np.datetime64("2024-09-16")
    won = rng.permutation(PEOPLE) % 2 == 0
    months = _month(SECOND) + 1
    base = rng.normal(100, 15, PEOPLE)[:, None]
    after = (np.arange(months) > 20) & (won & ~np.isnat(drawn))[:, None]
    sales = base + rng.normal(0, 10, (PEOPLE, months)) + 3 * after
    alias = np.zeros(PEOPLE, dtype=bool)
    alias[rng.choice(np.flatnonzero(~np.isnat(drawn)), ALIASES, replace=False)] = True
    recent = (left > np.datetime64("2024-12-01")) & (left <= np.datetime64(FIRST))
    late = np.zeros(PEOPLE, dtype=bool)
    late[rng.choice(np.flatnonzero(recent), LATE, replace=False)] = True
    return Company(hired, left, reason, matched, drawn, won, sales, alias, late)


def _month(day: dt.date) -> int:
    return 12 * (day.year - BEGIN.year) + day.month - 1


def _mail(person: int, *, alias: bool = False) -> str:
    return f"{'private' if alias else 'work'}{person:04d}@firm.example"


def _write(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n")
