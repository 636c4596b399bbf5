"""How alike the people of sites that start were to those of sites that do not, as first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.balance import Balance
from analysis.compress import NEVER
from analysis.diagnostics.alike import counter, rows_of, sides

if TYPE_CHECKING:
    from analysis.roll_out_panel import RollOut
    from analysis.study import StudySpec

FIRST, LATER = "started_first", "started_later"  # sides where every site starts


def site_balance(roll_out: RollOut, spec: StudySpec) -> tuple[Balance, ...]:
    """Sites that start against those that never do; where all start, the first half of starts
    against the others. None without covariates or a second side.

    Nothing is weighted: a roll-out compares how outcomes develop, and single differences are not
    gated.
    """
    moments = roll_out.moments
    if roll_out.covariates is None:
        return ()
    treated, arms = moments.cohort < NEVER, (spec.arms.treated[0], spec.arms.comparison)
    if treated.all():
        starts = np.unique(moments.cohort)
        treated, arms = moments.cohort <= starts[(len(starts) - 1) // 2], (FIRST, LATER)
    people = np.stack([~treated, treated]).astype(np.float64) * moments.people
    if not people.any(axis=1).all():
        return ()
    columns = roll_out.covariates[moments.cell, 1:]
    others, own, pooled = sides(columns, people)
    found: dict[str, tuple[float, float | None]] = {
        name: (float(difference / sd), None)
        for name, difference, sd in zip(roll_out.covariate_names, own - others, pooled, strict=True)
        if sd > 0
    }
    rows, rest = rows_of(roll_out.covariate_names, columns.T, counter(people), found)
    comparison, treats = (round(float(n)) for n in people.sum(axis=1))
    return (
        Balance(
            arm=arms[0], comparison=arms[1], people=(treats, comparison), rows=rows, rest=rest
        ),
    )  # fmt: skip
