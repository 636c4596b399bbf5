"""Deliveries of the demo company's other programmes: the opt-in, and the roll-out by site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.synthetic.calendar import month_start
from analysis.synthetic.lottery import drawn_on
from analysis.synthetic.surveys import early_engagement
from pipelines.demo_tables import days

if TYPE_CHECKING:
    from analysis.synthetic.company import Company


def opt_in(company: Company, ids: pa.Array) -> pa.Table:
    """Everybody invited to the opt-in, once: who joined, and when a mentor was found."""
    enrolment = company.programme("CARE-OPTIN")
    never, invited = np.datetime64("NaT", "D"), drawn_on(enrolment.zero)
    pairs = company.matches
    first = np.full(len(company), never)
    first[pairs.mentee[::-1]] = pairs.matched_on[::-1]  # the first pair stays
    return pa.table(
        {
            "employee_id": ids.take(pa.array(enrolment.person)),
            "programme": [enrolment.programme] * len(enrolment),
            "invited_on": days(invited),
            "joined_on": days(np.where(enrolment.applied, invited, never)),
            "matched_on": days(first[enrolment.person]),
        }
    )


def engagement(company: Company, ids: pa.Array) -> pa.Table:
    """The last engagement score of everybody who answered before the first programme."""
    score, answered = early_engagement(
        company.streams, company.people, company.untreated.month, company.block
    )
    asked = answered & (company.people.origin == np.arange(len(company)))  # rehires: once
    table = pa.table({"employee_id": ids, "engagement": np.round(score, 3)})
    return table.filter(pa.array(asked))


def roll_out(company: Company, ids: pa.Array) -> pa.Table:
    """Everybody of operations employed since their site began: the day it did, and who joined."""
    enrolment = company.programme("OPS-ROLL")
    began = month_start(enrolment.start)
    hired_on = company.people.hired_on[enrolment.person]
    return pa.table(
        {
            "employee_id": ids.take(pa.array(enrolment.person)),
            "programme": [enrolment.programme] * len(enrolment),
            "site_began_on": days(np.maximum(began, hired_on)),
            "takes_part": np.where(enrolment.mentored, "yes", "no"),
        }
    )
