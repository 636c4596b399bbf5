"""Deliveries of the demo company's other programmes: the roll-out by site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.synthetic.calendar import month_start
from pipelines.demo_tables import days

if TYPE_CHECKING:
    from analysis.synthetic.company import Company


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
