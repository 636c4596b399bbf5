"""What readers have in hand: the tables of every month, in the form that the attacks read.

Four tables a month: people by department, people by department and level, leavers by department,
mean pay by department, each with its totals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tests.disclosure.firms import Firm

ALL = -1  # the total over rows or columns
MIN_GROUP = 10
CENT = 0.005  # half of the last digit of a mean printed with cents

Table = Literal["people", "people by level", "leavers", "pay"]
# shown: a figure. small: the sign "<10". hidden: a sign that says nothing of the size.
# stands: an earlier figure again, since fewer than ten people came or went.
Sign = Literal["shown", "small", "hidden", "stands"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One printed cell.

    ``low``, ``high``: what the print alone says of the figure of this month, both ends possible.
    ``written``: the figure as printed, None where there is none.
    """

    month: int
    table: Table
    row: int
    column: int = ALL
    sign: Sign
    low: float
    high: float
    written: float | None = None


def counts_of(firm: Firm, month: int, table: Table) -> dict[tuple[int, int], int]:
    """The true counts behind a table of counts, (row, column) -> people, totals included."""
    at = month - 1 if table == "leavers" else month
    who = firm.left(month) if table == "leavers" else firm.department[month] >= 0
    rows, columns = firm.departments, firm.levels if table == "people by level" else 1
    level = firm.level[at][who] if columns > 1 else 0
    place = firm.department[at][who] * columns + level
    found = np.bincount(place, minlength=rows * columns).reshape(rows, columns)
    whole = np.pad(found, ((0, 1), (0, 1)))
    whole[-1] = whole.sum(0)
    whole[:, -1] = whole.sum(1)
    cells = {
        (r if r < rows else ALL, c if c < columns else ALL): int(whole[r, c])
        for r in range(rows + 1)
        for c in range(columns + 1)
        if columns > 1 or c == columns
    }
    return cells


def members(firm: Firm, month: int, row: int) -> np.ndarray:
    """Mask of the people of a department at the end of a month; ALL is the whole firm."""
    here = firm.department[month]
    return here >= 0 if row == ALL else here == row


def size_rule_only(firm: Firm) -> list[Cell]:
    """Exact counts and means of every group of at least ten, nothing else done."""
    made: list[Cell] = []
    for month in range(firm.months):
        for table in ("people", "people by level", "leavers"):
            for (row, column), n in counts_of(firm, month, table).items():
                place = {"month": month, "table": table, "row": row, "column": column}
                if 0 < n < MIN_GROUP:
                    made.append(Cell(**place, sign="small", low=1, high=MIN_GROUP - 1))
                else:
                    made.append(Cell(**place, sign="shown", low=n, high=n, written=n))
        for row in (ALL, *range(firm.departments)):
            who = members(firm, month, row)
            if who.sum() >= MIN_GROUP:
                mean = round(firm.pay[month][who].mean(), 2)
                made.append(
                    Cell(
                        month=month, table="pay", row=row, sign="shown",
                        low=mean - CENT, high=mean + CENT, written=mean,
                    )
                )  # fmt: skip
    return made
