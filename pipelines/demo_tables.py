"""The plain exports of the demo company: a CSV file for each system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.exits import KINDS, VOLUNTARY
from analysis.synthetic.lottery import drawn_on
from analysis.synthetic.mentoring import NOBODY, PAIR_DAYS
from analysis.synthetic.names import invented_names
from analysis.synthetic.people import DEPARTMENTS, site_counts
from analysis.synthetic.records import AS_OF, entered

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.synthetic.blocks import Block
    from analysis.synthetic.company import Company
    from analysis.synthetic.mentoring import Matches
    from analysis.synthetic.sessions import Sessions
    from analysis.synthetic.streams import Bools, Dates

_REASONS = {
    "": ("",),
    "voluntary": ("Other job", "Pay", "Career", "Family", "Relocation"),
    "involuntary": ("Performance", "Restructuring"),
    "retirement": ("Retirement",),
    "end_of_contract": ("End of fixed-term contract",),
    "death": ("Death in service",),
}
_NEVER = np.datetime64("NaT", "D")
_TITLES = ("Assistant", "Specialist", "Lead", "Manager", "Director")


class CsvFile:
    """A CSV file that grows block by block."""

    def __init__(self, path: Path) -> None:
        self._path, self._writer = path, None

    def add(self, table: pa.Table) -> None:
        """Append rows; all tables have the columns of the first."""
        if self._writer is None:
            self._writer = pa.csv.CSVWriter(
                self._path, table.schema,
                write_options=pa.csv.WriteOptions(quoting_style="needed"),
            )  # fmt: skip
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def days(values: Any) -> pa.Array:
    """Dates; NaT becomes null, in a CSV an empty field."""
    return pa.array(values.astype("datetime64[D]")).cast(pa.date32())


def label(name: str) -> str:
    """A department's name as people write it."""
    return name.replace("_", " ").capitalize()


def person_ids(company: Company) -> pa.Array:
    """Six digits for each row of people; who comes back keeps the first number."""
    return pa.array([f"{101 + row:06d}" for row in company.people.origin.tolist()])


def site_names(company: Company) -> pa.Array:
    """Name of each site, in the order of their numbers."""
    counts = site_counts(company.size).tolist()
    return pa.array(
        [
            f"{label(d.name)} {nth + 1:02d}"
            for d, count in zip(DEPARTMENTS, counts, strict=True)
            for nth in range(count)
        ]
    )


def workers(company: Company, ids: pa.Array, first: int) -> pa.Table:
    """One row an employment, with the direct identifiers every HR export carries."""
    last = min(first + company.block, len(company))
    rows, n = slice(first, last), last - first
    people = company.people.take(rows)
    exit_on, kind = company.exit_on[rows], company.exit_kind[rows]
    if company.scenario.late_entries:  # what nobody has entered yet is not in the export
        unknown = entered(company.streams, exit_on, first, company.scenario) > AS_OF
        exit_on = np.where(unknown, np.datetime64("NaT", "D"), exit_on)
        kind = np.where(unknown, 0, kind)
    notice_on = np.where(company.notice_on[rows] <= AS_OF, company.notice_on[rows], _NEVER)
    one, other = (
        pa.array(part) for part in invented_names(company.streams, people.origin, len(company))
    )
    mail = pc.binary_join_element_wise(one, other, ids.slice(first, n), ".")
    kinds = [KINDS[code] for code in kind.tolist()]
    pick = company.streams.scalar("exit.reason", first, n).tolist()
    reasons = [_REASONS[k][int(u * len(_REASONS[k]))] for k, u in zip(kinds, pick, strict=True)]
    likely = np.where(people.ability > 0, 0.35, 0.15)
    regretted = np.where(company.streams.scalar("exit.regretted", first, n) < likely, "yes", "no")
    return pa.table(
        {
            "employee_id": ids.slice(first, n),
            "name": pc.binary_join_element_wise(one, other, " "),
            "email": pc.utf8_lower(pc.binary_join_element_wise(mail, "example.com", "@")),
            "contract_type": np.where(people.fixed_term, "fixed term", "permanent"),
            "hire_date": days(people.hired_on),
            "termination_date": days(exit_on),
            "notice_date": days(notice_on),
            "termination_type": [k.replace("_", " ").capitalize() for k in kinds],
            "termination_reason": reasons,
            "regretted": np.where(kind == VOLUNTARY, regretted, ""),
        }
    )


def performance(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    """A row a person and month with a figure."""
    row, month = np.nonzero(block.recorded)
    person = block.first + row
    metrics = pa.array([d.metric for d in DEPARTMENTS])
    return pa.table(
        {
            "employee_id": ids.take(pa.array(person)),
            "month": days(month_start(np.arange(MONTHS))[month]),
            "metric": metrics.take(pa.array(company.people.department[person])),
            "value": np.round(np.exp(block.happened[row, month]), 3),
        }
    )


def jobs(company: Company, block: Block, ids: pa.Array) -> pa.Table:
    """A row at hire and at each change of site while employed."""
    row, at, hired = changes(company, block, [block.site])
    people = company.people
    person = block.first + row
    department, level = people.department[person], people.level[person]
    labels = pa.array([label(d.name) for d in DEPARTMENTS])
    names = labels.take(pa.array(department))
    titles = pa.array(_TITLES).take(pa.array(level - 1))
    return pa.table(
        {
            "employee_id": ids.take(pa.array(person)),
            "valid_from": days(np.where(hired, people.hired_on[person], month_start(at))),
            "department": names,
            "level": level,
            "site": site_names(company).take(pa.array(block.site[row, at])),
            "job_title": pc.binary_join_element_wise(names, titles, " "),
        }
    )


def changes(company: Company, block: Block, states: list[Any]) -> tuple[Any, Any, Any]:
    """Row, month and whether it is the hire, wherever a state changes while employed."""
    last = block.first + len(block.site)
    start = company.people.hire_month[block.first : last].clip(0)
    month = np.arange(MONTHS)
    change = np.zeros(block.site.shape, dtype=bool)
    for state in states:
        change[:, 1:] |= state[:, 1:] != state[:, :-1]
    change &= (month > start[:, None]) & (month < company.exit_month[block.first : last, None])
    change[np.arange(len(start)), start] = True
    row, at = np.nonzero(change)
    return row, at, at == start[row]


def matches(company: Company, ids: pa.Array) -> pa.Table:
    """Pairs of the lottery: the mentoring tool of the example project serves no other programme."""
    pairs = company.matches.take(company.matches.programme == 0)
    known = pa.array(pairs.mentor, mask=pairs.mentor == NOBODY)
    return pa.table(
        {
            "mentee_id": ids.take(pa.array(pairs.mentee)),
            "mentor_id": ids.take(known),
            "programme": [company.lottery.programme] * len(pairs),
            "matched_on": days(pairs.matched_on),
            "ended_on": days(pairs.ended_on),
            "goal_set_on": days(goals(company, pairs)),
            "reason_recorded": np.where(reasons(company, pairs), "yes", "no"),
        }
    )


def goals(company: Company, pairs: Matches) -> Dates:
    """The day before the match where the mentee had set a goal by then, else no day."""
    goal = np.zeros(len(company), dtype=bool)
    for e in company.programmes:
        goal[e.person[e.goal]] = True
    before = pairs.matched_on - np.timedelta64(1, "D")
    return np.where(goal[pairs.mentee], before, np.datetime64("NaT", "D"))


def reasons(company: Company, pairs: Matches) -> Bools:
    """Whether administrators wrote down why these two were brought together: as good as random."""
    written = company.streams.scalar("match.rationale", 0, len(company)) < 0.60
    return np.asarray(written[pairs.mentee])


def sessions(company: Company, held: Sessions, ids: pa.Array) -> pa.Table:
    """Meetings of the lottery's pairs among a block of meetings."""
    held = held.take(held.programme == 0)
    return pa.table(
        {
            "employee_id": ids.take(pa.array(held.mentee)),
            "programme": pa.array([company.lottery.programme] * len(held.mentee), pa.string()),
            "held_on": days(held.held_on),
            "minutes": held.minutes,
            "status": np.where(held.confirmed, "confirmed", "scheduled"),
        }
    )


def applications(company: Company, ids: pa.Array) -> pa.Table:
    """Everybody invited to the lottery, once; without an application no date and no result."""
    lottery, pairs = company.lottery, company.matches
    never, zero = np.datetime64("NaT", "D"), drawn_on(company.lottery.zero)
    lag = 3 + np.floor(company.streams.scalar("lottery.applied_on", 0, len(company)) * 16)
    applied_on = zero - lag[lottery.person].astype("timedelta64[D]")
    rounds = zero.astype("datetime64[M]").astype(str).tolist()
    department = np.array([d.name for d in DEPARTMENTS])[lottery.department].tolist()
    result = np.where(lottery.won, "mentee", "lottery_lost")
    first, final = np.full(len(company), never), np.full(len(company), never)
    final[pairs.mentee] = pairs.ended_on  # pairs are in order: the last one stays
    first[pairs.mentee[::-1]] = pairs.matched_on[::-1]
    matched_on, closed_on = first[lottery.person], final[lottery.person]
    completed = closed_on - matched_on == np.timedelta64(PAIR_DAYS, "D")
    stratum = [f"{r} {d}" for r, d in zip(rounds, department, strict=True)]
    return pa.table(
        {
            "employee_id": ids.take(pa.array(lottery.person)),
            "programme": [lottery.programme] * len(lottery),
            "round": rounds,
            "eligible_on": days(zero - np.timedelta64(25, "D")),
            "invited_on": days(zero - np.timedelta64(21, "D")),
            "applied_on": days(np.where(lottery.applied, applied_on, never)),
            "drawn_on": days(np.where(lottery.applied, zero, never)),
            "result": np.where(lottery.applied, result, ""),
            "stratum": np.where(lottery.applied, stratum, ""),
            "matched_on": days(matched_on),
            "completed_on": days(np.where(completed, closed_on, never)),
            "closed_on": days(closed_on),
        }
    )
