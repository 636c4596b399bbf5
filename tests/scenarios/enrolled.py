"""The programmes of a drawn company as arrays: paths, meetings and other mentors."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.calendar import month_of
from analysis.synthetic.lottery import STARTERS, drawn_on
from analysis.synthetic.people import DEPARTMENTS
from analysis.synthetic.sessions import draw_sessions
from pipelines.demo_tables import site_names
from tests.scenarios.staff import NEVER, Staff, dates, words

if TYPE_CHECKING:
    from analysis.synthetic.streams import Dates, Floats, Ints

_UNKNOWN_DATES = ("met_on", "met_anybody_on", "informal_on", "asked_on", "said_informal_on")


class Enrolled(Staff):
    """The staff with what the programmes know of them."""

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
