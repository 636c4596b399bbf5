"""What readers have in hand: the tables of every month, in the form that the attacks read.

Four tables a month: people by department, people by department and level, leavers by department,
mean pay by department, each with its totals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from tests.disclosure.firms import Firm

ALL = -1  # the place of a row or column in the name of a total over them
MIN_GROUP = 10
CENT = 0.005  # half of the last digit of a mean printed with cents

Table = Literal["people", "people by level", "leavers"]
# shown: a figure. small: the sign "<10". hidden: a sign that says nothing of the size.
# stands: an earlier figure again, since fewer than ten people came or went.
Sign = Literal["shown", "small", "hidden", "stands"]
TABLES = get_args(Table)
Name = tuple[int, str, int, int]  # month, table, row, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One printed count; ``low``, ``high``: what its print says of the people of this month."""

    name: Name
    sign: Sign
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What is printed of how many people are in several counts taken together."""

    names: tuple[Name, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What is printed of how many came or went between a month and an earlier one, at most."""

    now: Name
    then: Name
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A printed mean of pay: of the people of these departments in the month that it is of."""

    month: int
    rows: tuple[int, ...]
    value: float
    half: float  # of the last digit: the true mean is so near

    def members(self, firm: Firm) -> np.ndarray:
        """Mask of the people it is of (people)."""
        return np.isin(firm.department[self.month], self.rows)


@dataclass(frozen=True, slots=True)
class Print:
    """All that readers of all months have."""

    counts: list[Count] = field(default_factory=list)
    together: list[Together] = field(default_factory=list)
    since: list[Since] = field(default_factory=list)
    means: list[Mean] = field(default_factory=list)


def name_of(month: int, table: str, row: int, column: int = ALL) -> Name:
    """The name of a count; people of a department stand in two tables under one name."""
    alike = table == "people by level" and column == ALL
    return (month, "people" if alike else table, row, column)


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


def size_rule_only(firm: Firm) -> Print:
    """Exact counts and means of every group of at least ten, totals too, nothing else done."""
    made = Print()
    every = tuple(range(firm.departments))
    for month in range(firm.months):
        found: dict[Name, int] = {}
        for table in TABLES:
            cells = counts_of(firm, month, table)
            found |= {name_of(month, table, *place): n for place, n in cells.items()}
        for name, n in found.items():
            small = 0 < n < MIN_GROUP
            low, high = (1, MIN_GROUP - 1) if small else (n, n)
            sign: Sign = "small" if small else "shown"
            made.counts.append(Count(name=name, sign=sign, low=low, high=high))
        for rows in (every, *((r,) for r in every)):
            pay = firm.pay[month][np.isin(firm.department[month], rows)]
            if pay.size >= MIN_GROUP:
                mean = Mean(month=month, rows=rows, value=round(pay.mean(), 2), half=CENT)
                made.means.append(mean)
    return made
