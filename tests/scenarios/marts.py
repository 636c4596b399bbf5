"""The marts of a drawn company as arrays: what the product's queries would return, without files.

Follows the clean exports and the project of data/examples/demo; a test holds the frames equal to
those of a run on files. People are numbered as such a run numbers them: in order of the first
delivery that names them, the engagement survey of 2023 before the personnel file.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analysis.synthetic.blocks import blocks
from analysis.synthetic.calendar import MONTHS, month_of, month_start
from analysis.synthetic.exits import KINDS
from analysis.synthetic.items import TIS, answers_to, item_uniforms
from analysis.synthetic.lottery import STARTERS, drawn_on
from analysis.synthetic.people import DEPARTMENTS
from analysis.synthetic.records import AS_OF, entered
from analysis.synthetic.sessions import draw_sessions
from analysis.synthetic.streams import normal
from analysis.synthetic.surveys import (
    WAVES,
    answers,
    draw_noise,
    early_engagement,
    feelings,
    has_informal_mentor,
    on_roll,
)
from pipelines.demo_tables import site_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.synthetic.blocks import Block
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Bools, Dates, Floats, Ints
    from analysis.synthetic.surveys import Feelings

YEAR_0 = 12 * 2022  # month 0 of the company, in months since year 0
NEVER = np.datetime64("NaT", "D")
_TIS_KEYS = ("tis6_1", "tis6_2", "tis6_3", "tis6_6", "tis6_5", "tis6_4")  # of tis_1 to tis_6
_UNKNOWN_DATES = ("met_on", "met_anybody_on", "informal_on", "asked_on", "said_informal_on")


class Figures(NamedTuple):
    """A row a person and month with a figure, in order of both: row of people, month, value."""

    row: Ints
    month: Ints
    value: Floats


class Ticked(NamedTuple):
    """A row a response to the survey: row of people, place of the wave, day, items (n, 6)."""

    row: Ints
    wave: Ints
    day: Dates
    items: Floats


def dates(values: Dates) -> NDArray[np.datetime64]:
    """Days as the engine gives them."""
    return np.asarray(values.astype("datetime64[D]").astype("datetime64[us]"))


def words(names: list[str | None], codes: Ints) -> pd.arrays.ArrowStringArray:
    """Texts of codes, as the engine gives them; None is missing."""
    return pd.array(np.array(names, dtype=object)[codes], dtype="str")


class Marts:
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

    def path(self, programme: str) -> dict[str, Dates | list[str | None]]:
        """Days and words of the programme's file of enrolments, a row a person of it."""
        firm, some = self.company, self.enrolled(programme)
        zero, nobody = drawn_on(some.zero), np.full(len(some), NEVER)
        pairs = firm.matches
        first, last = np.full(len(firm), NEVER), np.full(len(firm), NEVER)
        first[pairs.mentee[::-1]] = pairs.matched_on[::-1]
        last[pairs.mentee] = pairs.ended_on
        matched = first[some.person]
        if programme == "CARE-OPTIN":
            return {
                "eligible_on": nobody, "invited_on": zero, "assigned_on": nobody,
                "applied_on": np.where(some.applied, zero, NEVER),
                "matched_on": matched, "closed_on": nobody,
            }  # fmt: skip
        if programme == STARTERS:  # no file of it is exported; as its canonical enrolments
            zero = np.maximum(zero, firm.people.hired_on[some.person])
            return {
                "eligible_on": nobody, "invited_on": nobody, "applied_on": nobody,
                "assigned_on": zero, "matched_on": matched, "closed_on": nobody,
                "stratum": [f"{m}" for m in some.zero.tolist()],
            }  # fmt: skip
        lag = 3 + np.floor(firm.streams.scalar("lottery.applied_on", 0, len(firm)) * 16)
        applied = zero - lag[some.person].astype("timedelta64[D]")
        day = np.timedelta64(1, "D")
        rounds = zero.astype("datetime64[M]").astype(str).tolist()
        names = [DEPARTMENTS[code].name for code in some.department.tolist()]
        return {
            "eligible_on": zero - 25 * day, "invited_on": zero - 21 * day,
            "applied_on": np.where(some.applied, applied, NEVER),
            "assigned_on": np.where(some.applied, zero, NEVER),
            "matched_on": matched, "closed_on": last[some.person],
            "stratum": [
                f"{r} {d}" if a else None
                for r, d, a in zip(rounds, names, some.applied.tolist(), strict=True)
            ],
        }  # fmt: skip

    def funnel(self, programme: str, time_zero: str) -> pd.DataFrame:
        """What the query of a funnel returns."""
        some, path = self.enrolled(programme), self.path(programme)
        zero = path[time_zero]
        seen = zero
        for name in ("invited_on", "eligible_on", "applied_on", "assigned_on", "matched_on"):
            seen = np.where(np.isnat(seen), path[name], seen)
        met = self._first_meeting(programme, zero)
        lots = programme.endswith("LOT")
        arm = np.where(some.applied, np.where(some.won, 1, 2), 0) if lots else 0 * some.zero
        frame = {
            "person_no": self.number[some.person],
            "time_zero": dates(zero),
            **{n: dates(path[n]) for n in ("eligible_on", "invited_on", "applied_on")},
            "assigned_on": dates(path["assigned_on"]),
            "arm": words([None, "mentee", "lottery_lost"], arm),
            "stratum": pd.array(path.get("stratum", [None] * len(some)), dtype="str"),
            "matched_on": dates(path["matched_on"]),
            "closed_on": dates(path["closed_on"]),
            "took_up": pd.array([None] * len(some), dtype="boolean"),
            "seen_on": dates(seen),
            **{name: dates(np.full(len(some), NEVER)) for name in _UNKNOWN_DATES},
            **self._job_then(some.person, seen),
            "spells_known": len(self.company),
        }
        frame["met_on"] = frame["met_anybody_on"] = dates(met)
        return pd.DataFrame(frame).sort_values("person_no", ignore_index=True)

    def _job_then(self, row: Ints, day: Dates) -> dict[str, object]:
        """The employment and the job of the rows on a day."""
        people, left = self.company.people.take(row), self.exits[0][row]
        there = (people.hired_on <= day) & (np.isnat(left) | (left >= day))
        had = people.hired_on <= day
        site = self.job_site(row, month_of(day))
        return {
            "hired_on": dates(np.where(there, people.hired_on, NEVER)),
            "exited_on": dates(np.where(there, left, NEVER)),
            "notice_on": dates(np.where(there, self.notice[row], NEVER)),
            "department": words(
                [*(d.name for d in DEPARTMENTS), None], np.where(had, people.department, -1)
            ),
            "level": words([None, *"12345"], np.where(had, people.level, 0)),
            "site": words([*site_names(self.company).to_pylist(), None], np.where(had, site, -1)),
            "manager_no": pd.array([None] * len(row), dtype="Int32"),
        }

    @cached_property
    def meetings(self) -> tuple[Ints, Dates, Floats]:
        """Confirmed meetings of the lottery's pairs: row of people, day, minutes."""
        firm = self.company
        held = draw_sessions(firm.streams, firm.people, firm.matches, 0, len(firm))
        held = held.take((held.programme == 0) & held.confirmed)
        return held.mentee, held.held_on, held.minutes.astype(float)

    def _first_meeting(self, programme: str, zero: Dates) -> Dates:
        """First meeting from time zero on; only the lottery records meetings."""
        some = self.enrolled(programme)
        found = np.full(len(self.company), NEVER)
        if programme == "SALES-LOT":
            begins = np.full(len(self.company), NEVER)
            begins[some.person] = zero
            who, day, _ = self.meetings
            kept = day >= begins[who]
            np.fmin.at(found, who[kept], day[kept])
        return found[some.person]

    def meetings_held(self) -> pd.DataFrame:
        """A row a meeting of the lottery's pairs."""
        who, day, minutes = self.meetings
        order = np.lexsort((day, self.number[who]))
        return pd.DataFrame(
            {
                "person_no": self.number[who][order],
                "held_on": dates(day[order]),
                "minutes": minutes[order],
                "acted_on_advice": pd.array([None] * len(who), dtype="boolean"),
            }
        )

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

    def other_mentors(self, programme: str) -> pd.DataFrame:
        """Pairs of the tool of the lottery, for studies of other programmes."""
        pairs = self.company.matches.take(self.company.matches.programme == 0)
        if programme == "SALES-LOT":
            pairs = pairs.take(np.zeros(len(pairs), dtype=bool))
        order = np.lexsort((pairs.matched_on, self.number[pairs.mentee]))
        return pd.DataFrame(
            {
                "person_no": self.number[pairs.mentee][order],
                "first_on": dates(pairs.matched_on[order]),
                "last_on": dates(pairs.ended_on[order]),
            }
        )

    @cached_property
    def ticked(self) -> Ticked:
        """Answers to TIS-6 of everybody who responded, high meaning much as the key turns them."""
        firm, parts = self.company, []
        for block in self.blocks:
            survey, asked = self._answered(block)
            row, wave = np.nonzero(asked)
            noise = normal(item_uniforms(firm.streams, block.first, len(asked))[row, wave])
            items = answers_to(TIS, survey.standardised()[0][row, wave], noise).astype(float)
            lag = np.floor(firm.streams.monthly("survey.day", block.first, len(block.site)) * 14)
            lag = lag[row, WAVES[wave]].astype("timedelta64[D]")
            parts.append((block.first + row, wave, month_start(WAVES[wave]) + lag, items))
        row, wave, day, items = (np.concatenate(p) for p in zip(*parts, strict=True))
        order = np.lexsort((wave, day, self.number[row]))
        return Ticked(row[order], wave[order], day[order], items[order])

    def _answered(self, block: Block) -> tuple[Feelings, Bools]:
        """What people of a block feel, and who answers, by wave; as blocks.block_survey."""
        firm, first, n = self.company, block.first, len(block.site)
        people = firm.people.take(slice(first, first + n))
        mentored = block.mentored[:, WAVES]
        informal = has_informal_mentor(firm.streams, people, first)
        noise = draw_noise(firm.streams, first, n, firm.scenario)
        felt = feelings(people, noise, mentored, informal, firm.scenario)
        invited = on_roll(people, firm.exit_month[first : first + n])
        return felt, invited & answers(firm.streams, first, felt, mentored, firm.scenario)

    def scores(self, programme: str = "") -> pd.DataFrame:
        """Scores of TIS-6 of the people of a programme, or of everybody."""
        row, wave, day, items = self.ticked
        kept = self._kept(row, programme)
        left = self.exits[0][row]
        there = (self.company.people.hired_on[row] <= day) & (np.isnat(left) | (left >= day))
        return pd.DataFrame(
            {
                "person_no": self.number[row],
                "wave": words([str(w + 1) for w in range(len(WAVES))], wave),
                "answered_on": dates(day),
                "value": items.mean(axis=1),
                "employed": there,
            }
        )[kept].reset_index(drop=True)

    def _kept(self, row: Ints, programme: str) -> Bools:
        if not programme:
            return np.ones(len(row), dtype=bool)
        return np.isin(self.number[row], self.of_programme(programme))

    def items(self, programme: str) -> pd.DataFrame:
        """Answers to the items of TIS-6 as scored, of the people of a programme."""
        row, wave, day, items = self.ticked
        kept = np.flatnonzero(self._kept(row, programme))
        kept = kept[np.lexsort((wave[kept], self.number[row[kept]]))]
        place = np.argsort(_TIS_KEYS)
        n, k = len(kept), TIS.items
        again = np.repeat(kept, k)
        return pd.DataFrame(
            {
                "person_no": self.number[row[again]],
                "wave": words([str(w + 1) for w in range(len(WAVES))], wave[again]),
                "answered_on": dates(day[again]),
                "item": words(sorted(_TIS_KEYS), np.tile(np.arange(k), n)),
                "wording": pd.array([""] * (n * k), dtype="str"),
                "value": items[kept][:, place].ravel(),
                "is_formative": False,
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
