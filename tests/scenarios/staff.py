"""The people of a drawn company as arrays: employment, jobs and figures, as marts hold them.

People are numbered as a run on files numbers them: in order of the first delivery that names them,
the engagement survey of 2023 before the personnel file.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.synthetic.blocks import blocks
from analysis.synthetic.calendar import MONTHS, month_of, month_start
from analysis.synthetic.exits import KINDS
from analysis.synthetic.people import DEPARTMENTS
from analysis.synthetic.records import AS_OF, entered
from analysis.synthetic.surveys import early_engagement
from pipelines.demo_tables import site_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.synthetic.blocks import Block
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Dates, Floats, Ints

YEAR_0 = 12 * 2022  # month 0 of the company, in months since year 0
NEVER = np.datetime64("NaT", "D")


class Figures(NamedTuple):
    """A row a person and month with a figure, in order of both: row of people, month, value."""

    row: Ints
    month: Ints
    value: Floats


def dates(values: Dates) -> NDArray[np.datetime64]:
    """Days as the engine gives them."""
    return np.asarray(values.astype("datetime64[D]").astype("datetime64[us]"))


def words(names: list[str | None], codes: Ints) -> pd.arrays.ArrowStringArray:
    """Texts of codes, as the engine gives them; None is missing."""
    found = pa.array(names, pa.large_string()).take(pa.array(codes % len(names)))
    return pd.StringDtype(na_value=np.nan).__from_arrow__(found)


class Staff:
    """Arrays of one company, each made once and shared by all studies."""

    def __init__(self, company: Company) -> None:
        self.company = company
        own = company.people.origin == np.arange(len(company))
        self.engagement, answered = early_engagement(
            company.streams, company.people, company.untreated.month, company.block
        )
        self.engaged = np.flatnonzero(answered & own)  # rows of people in the survey of 2023
        rest = np.flatnonzero(own & ~answered)
        number = np.zeros(len(company), dtype=np.int32)
        number[np.concatenate([self.engaged, rest])] = 1 + np.arange(int(own.sum()))
        self.number: Ints = number[company.people.origin]  # person_no of each row
        order = np.lexsort((np.arange(len(company)), self.number))
        self.order: Ints = order  # rows by person_no, then in order of time

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Monthly series of everybody."""
        return tuple(blocks(self.company))

    @cached_property
    def site(self) -> Ints:
        """Site by month (n, 48)."""
        return np.concatenate([b.site for b in self.blocks])

    @cached_property
    def exits(self) -> tuple[Dates, Ints]:
        """Day and kind of exit as the personnel file of the last day has them."""
        firm = self.company
        day, kind = firm.exit_on, firm.exit_kind
        if firm.scenario.late_entries:
            unknown = entered(firm.streams, day, 0, firm.scenario) > AS_OF
            day, kind = np.where(unknown, NEVER, day), np.where(unknown, 0, kind)
        return day, kind

    @cached_property
    def notice(self) -> Dates:
        """Day of notice, where given by the last day."""
        given = self.company.notice_on
        return np.where(given <= AS_OF, given, NEVER)

    def figures(self, metric: str) -> Figures:
        """Monthly figures of the department with this metric, rounded as exported."""
        code = next(i for i, d in enumerate(DEPARTMENTS) if d.metric == metric)
        parts = []
        for block in self.blocks:
            own = self.company.people.department[block.first : block.first + len(block.site)]
            row, month = np.nonzero(block.recorded & (own == code)[:, None])
            value = np.round(np.exp(block.happened[row, month]), 3)
            parts.append((block.first + row, month, value))
        row, month, value = (np.concatenate(p) for p in zip(*parts, strict=True))
        order = np.lexsort((month, self.number[row]))
        return Figures(row[order], month[order], value[order])

    def job_site(self, row: Ints, month: Ints) -> Ints:
        """Site of the job that these rows hold in these months: it stays that of the last day."""
        first = self.company.people.hire_month[row].clip(0)
        last = np.maximum(self.company.exit_month[row] - 1, first)
        return self.site[row, month.clip(first, last)]

    def spells(self) -> pd.DataFrame:
        """A row an employment: person_no, hired_on, exited_on, exit_kind, notice_on and so on."""
        firm, order = self.company, self.order
        day, kind = self.exits
        return pd.DataFrame(
            {
                "person_no": self.number[order],
                "hired_on": dates(firm.people.hired_on[order]),
                "exited_on": dates(day[order]),
                "exit_kind": words([None, *KINDS[1:]], kind[order]),
                "notice_on": dates(self.notice[order]),
                "exit_inferred": False,
                "exit_known_on": dates(np.full(len(order), AS_OF)),
            }
        )

    def enrolled(self, programme: str) -> Enrolment:
        """Everybody in the programme."""
        return self.company.programme(programme)

    def of_programme(self, programme: str) -> NDArray[np.int32]:
        """The numbers of the people of a programme."""
        return self.number[self.enrolled(programme).person]

    def attributes(self, names: tuple[str, ...]) -> pd.DataFrame:
        """Attributes of people; only the engagement score is known here."""
        if set(names) - {"engagement"}:
            raise KeyError(f"no attribute of the demo company in memory: {names}")
        row = self.engaged if names else self.engaged[:0]
        score = np.round(self.engagement[row], 3).tolist()
        return pd.DataFrame(
            {
                "person_no": self.number[row],
                "attribute": words(["engagement"], np.zeros(len(row), dtype=int)),
                "value": pd.array([str(x) for x in score], dtype="str"),
                "known_from": dates(np.full(len(row), np.datetime64("2023-06-30"))),
                "known_to": dates(np.full(len(row), np.datetime64("2200-01-01"))),
            }
        )

    def jobs(self) -> pd.DataFrame:
        """A row at hire and at each change of site while employed, valid until the next."""
        firm, people = self.company, self.company.people
        start = people.hire_month.clip(0)
        month = np.arange(MONTHS)
        change = np.zeros(self.site.shape, dtype=bool)
        change[:, 1:] = self.site[:, 1:] != self.site[:, :-1]
        change &= (month > start[:, None]) & (month < firm.exit_month[:, None])
        change[np.arange(len(firm)), start] = True
        row, at = np.nonzero(change)
        order = np.lexsort((at, row, self.number[row]))
        row, at = row[order], at[order]
        begins = np.where(at == start[row], people.hired_on[row], month_start(at))
        ends = np.append(begins[1:], NEVER)
        same = np.append(self.number[row][1:] == self.number[row][:-1], False)
        return pd.DataFrame(
            {
                "person_no": self.number[row],
                "department": words([d.name for d in DEPARTMENTS], people.department[row]),
                "level": words([None, *"12345"], people.level[row]),
                "site": words(site_names(firm).to_pylist(), self.site[row, at]),
                "manager_no": pd.array([None] * len(row), dtype="Int32"),
                "valid_from": dates(begins),
                "valid_to": dates(np.where(same, ends, np.datetime64("9999-12-31"))),
            }
        )

    def spells_of(self, programme: str = "") -> pd.DataFrame:
        """Employment spells for a study of a scale."""
        columns = ["person_no", "hired_on", "exited_on", "notice_on", "exit_kind"]
        frame = self.spells()[columns]
        if programme:
            frame = frame[frame["person_no"].isin(self.of_programme(programme))]
        return frame.reset_index(drop=True)

    def site_starts(self) -> Ints:
        """Month in which the roll-out began at each site, by its first person there; or NEVER."""
        some = self.enrolled("OPS-ROLL")
        began = np.maximum(month_start(some.start), self.company.people.hired_on[some.person])
        month = month_of(began)
        found = np.full(int(self.site.max()) + 1, MONTHS)
        np.minimum.at(found, self.job_site(some.person, month), month)
        return found

    def roll_out(self, history: int, tenure: int) -> tuple[Figures, Figures, Ints]:
        """Figures of operations from ``history`` months before the first start on: all, and of
        those with the tenure; and the starts of sites.
        """
        starts = self.site_starts()
        row, month, value = self.figures("orders_per_hour")
        since = month >= starts.min() - history
        row, month, value = row[since], month[since], value[since]
        kept = month - self.company.people.hire_month[row] >= tenure
        return Figures(row, month, value), Figures(row[kept], month[kept], value[kept]), starts
