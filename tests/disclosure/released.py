"""What `protect()` prints of a firm, month after month, as readers would note it down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from analysis.release.ledger import Ledger
from analysis.release.suppress import protect
from analysis.release.tables import OTHERS, TOTAL, Key, Part, ReleasedCell, ReleasedTable, Table
from analysis.rules import Rules
from tests.disclosure.printed import (
    ALL,
    MIN_GROUP,
    Count,
    Mean,
    Name,
    Print,
    Sign,
    Since,
    Together,
    name_of,
)

if TYPE_CHECKING:
    from tests.disclosure.firms import Firm

PAID = "people"  # the groups that both the table of headcounts and the one of pay have
HALF = 2  # a count rounded to five is at most so far from it
FIGURES = ("shown", "stands", "at_least")


@dataclass
class Release:
    """The print of all months, and what became of the cells: (table, sign) -> cells."""

    printed: Print = field(default_factory=Print)
    signs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def cells(self, *signs: str) -> int:
        """How many cells have one of these signs."""
        return sum(n for (_, sign), n in self.signs.items() if sign in signs)


def release(firm: Firm) -> Release:
    """Every month of the firm, protected beside the months before."""
    made, ledger = Release(), Ledger()
    tokens = np.random.default_rng(1).permutation(firm.department.shape[1]).astype(np.uint64)
    for month in range(firm.months):
        tables, ledger = protect(_tables(firm, month, tokens), ledger, Rules(), f"{month:02d}")
        values = {
            c.key: c.value for t in tables if t.name == PAID and not t.measure for c in t.cells
        }
        for table in tables:
            _note(made, firm, month, table, values)
    made.printed.means[:] = _with_halves(made.printed.means)
    return made


def _tables(firm: Firm, month: int, tokens: np.ndarray) -> list[Table]:
    here, left = firm.department[month], firm.left(month)
    before = firm.department[month - 1] if month else here
    part = partial(_part, tokens)
    rows, columns = range(firm.departments), range(firm.levels)
    people = tuple(part((f"d{r}",), here == r) for r in rows)
    leavers = tuple(part((f"d{r}",), left & (before == r)) for r in rows)
    level = firm.level[month]
    cells = [part((f"d{r}", f"l{c}"), (here == r) & (level == c)) for r in rows for c in columns]
    pay = tuple(part((f"d{r}",), here == r, firm.pay[month]) for r in rows)
    return [
        Table(name="people", parts=people),
        Table(name="people by level", parts=tuple(cells)),
        Table(name="leavers", parts=leavers),
        Table(name="people", parts=pay, measure="pay"),
    ]


def _part(
    tokens: np.ndarray, key: tuple[str, ...], who: np.ndarray, pay: np.ndarray | None = None
) -> Part:
    order = np.argsort(tokens[who])
    contributions = None if pay is None else pay[who][order]
    return Part(key=key, members=tokens[who][order], contributions=contributions)


def _note(
    made: Release, firm: Firm, month: int, table: ReleasedTable, values: dict[Key, float | None]
) -> None:
    """Note down a table, cell by cell; of totals nothing, for they are sums of what is noted.

    The reader guesses rightly where a count stands because few came or went since.
    The people beside a mean are of today, unless they repeat what the count of them says.
    """
    is_pay = table.measure == "pay"
    inner = [c for c in table.cells if TOTAL not in c.key and OTHERS not in c.key]
    for c in inner:
        made.signs["pay" if is_pay else table.name, c.sign] += 1
        (name,) = _names([c], month, table)
        if is_pay and c.people == values.get(c.key):
            c = replace(c, people=None)
        low, high = _says(c, people=is_pay)
        if is_pay:
            made.printed.together.append(Together(names=(name,), low=low, high=high))
            _note_mean(made, month, c, [c])
        else:
            sign: Sign = c.sign  # type: ignore[assignment]
            made.printed.counts.append(Count(name=name, sign=sign, low=low, high=high))
        if c.sign == "stands" and not is_pay:
            (then,) = _names([c], int(c.run), table)
            if _changed(firm, name, then) < MIN_GROUP:
                made.printed.since.append(Since(now=name, then=then, at_most=MIN_GROUP - 1))
    away = [c for c in inner if c.sign not in FIGURES]
    for c in (c for c in table.cells if OTHERS in c.key and TOTAL not in c.key):
        # the label that is not OTHERS says whose remainder it is; with one dimension, of all
        fixed = [(i, label) for i, label in enumerate(c.key) if label != OTHERS]
        of = [a for a in away if all(a.key[i] == label for i, label in fixed)]
        if is_pay and c.people == values.get(c.key):
            c = replace(c, people=None)
        low, high = _says(c, people=is_pay)
        names = tuple(_names(of, month, table))
        made.printed.together.append(Together(names=names, low=low, high=high))
        if is_pay:
            _note_mean(made, month, c, of)


def _names(cells: list[ReleasedCell], month: int, table: ReleasedTable) -> list[Name]:
    places = [[int(label[1:]) for label in c.key] for c in cells]
    return [name_of(month, table.name, *place) for place in places]


def _says(c: ReleasedCell, *, people: bool) -> tuple[float, float]:
    """What the print of a cell says of how many people are in it."""
    value = c.people if people else c.value
    if c.sign == "small":
        return (0 if people else 1), MIN_GROUP - 1
    if c.sign == "hidden" or value is None:
        return MIN_GROUP, np.inf
    if c.sign == "at_least":
        return value, np.inf
    if c.sign == "stands" and not people:
        return MIN_GROUP, np.inf
    return (max(MIN_GROUP, value - HALF), value + HALF) if value else (0, 0)


def _changed(firm: Firm, now: Name, then: Name) -> int:
    """How many came or went between two months of a count."""
    who = [
        (firm.department[month] == row) & ((column == ALL) | (firm.level[month] == column))
        for month, _, row, column in (now, then)
    ]
    return int((who[0] != who[1]).sum())


def _note_mean(made: Release, month: int, c: ReleasedCell, of: list[ReleasedCell]) -> None:
    if c.sign == "shown" and c.value is not None:
        rows = tuple(int(a.key[0][1:]) for a in of)
        made.printed.means.append(Mean(month=month, rows=rows, value=c.value, half=np.nan))


def _with_halves(means: list[Mean]) -> list[Mean]:
    """Means with what their rounding allows: all have as many digits as the longest one."""
    digits = max((len(f"{m.value:.12g}".replace(".", "").strip("0")) for m in means), default=0)
    first = [np.floor(np.log10(m.value)) for m in means]  # the place of the first digit
    halves = [0.5 * 10.0 ** (place - digits + 1) for place in first]
    return [replace(m, half=float(half)) for m, half in zip(means, halves, strict=True)]
