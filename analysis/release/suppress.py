"""`protect()`: tables of one run as they may be printed beside those of all runs before."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.release.count_tables import print_counts
from analysis.release.ledger import Ledger, Shown
from analysis.release.primary import DIGITS
from analysis.release.sum_tables import print_sums
from analysis.release.tables import TOTAL, ReleasedCell, ReleasedTable, cell_name, others

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.release.cells import Cell
    from analysis.release.tables import Key, Part, Table
    from analysis.rules import Rules


def protect(
    tables: Sequence[Table], ledger: Ledger, rules: Rules, run: str
) -> tuple[tuple[ReleasedTable, ...], Ledger]:
    """The tables as they may be printed, and the ledger with what ``run`` shows for the first time.

    Public data are printed as they are and need no memory.
    """
    if rules.mode == "public":
        return tuple(_exact(t) for t in tables), ledger
    if len({(t.measure, t.name) for t in tables}) < len(tables):
        raise ValueError("two tables have the same name and measure; the ledger needs one of each")
    if len({(t.measure, t.of) for t in tables}) > len({t.measure for t in tables}):
        # a sum over a mean is the exact number of people
        raise ValueError("tables of one measure have means or sums; choose one of the two for all")
    names = {t.cell(p.key): t for t in tables for p in t.parts}
    names |= {t.cell(others(total)): t for t in tables for total, _ in t.rows()}
    sums: list[Cell] = []
    for measure in sorted({t.measure for t in tables} - {""}):
        for each in print_sums([t for t in tables if t.measure == measure], ledger, rules):
            sums.extend(each)
    counts = print_counts([t for t in tables if not t.measure], ledger, rules, beside=sums)
    cells = [c for c in (*counts, *sums) if not c.absent]
    of: dict[int, list[Cell]] = {id(t): [] for t in tables}
    for c in cells:
        of[id(names[c.name])].append(c)
    shown = [s for c in cells if (s := _to_remember(c, ledger, run))]
    by_name = {c.name: c for c in counts}
    made = tuple(_released(t, of[id(t)], by_name, run) for t in tables)
    return made, ledger.with_(*shown)


def _to_remember(cell: Cell, ledger: Ledger, run: str) -> Shown | None:
    """What the ledger has to keep of a cell: a new figure, or an old one of which more is known.

    The people of an old figure have not changed, so what this run's tables leave of their number
    they leave of it then.
    """
    value = {"value": cell.value, "sign": cell.sign}
    if cell.anew:
        if math.isfinite(cell.high) and not cell.of_sum:
            value["high"] = cell.high
        return Shown(cell=cell.name, run=run, members=cell.members, value=value)
    last = next(reversed(ledger.of(cell.name)), None)
    if cell.sign != "shown" or last is None or not np.array_equal(last.members, cell.members):
        return None
    narrower = cell.high < last.value.get("high", 0)
    return replace(last, value={**value, "high": cell.high}) if narrower else None


def _released(
    table: Table, cells: Sequence[Cell], counts: Mapping[str, Cell], run: str
) -> ReleasedTable:
    printed = [
        ReleasedCell(
            key=c.key, sign=c.sign, value=c.value, people=_people(table, c, counts),
            reason=c.reason, run=c.run or (run if c.printed else ""),
        )
        for c in cells
    ]  # fmt: skip
    at = {c.key: c for c in printed}
    people = {c.key: c.members.size if c.printed else 0 for c in cells}
    for total, parts in (*table.rows(), *table.columns()):
        keys = [k for k in (*(p.key for p in parts), others(total)) if k in at]
        whole = sum(p.members.size for p in parts) == sum(people[k] for k in keys)
        printed.append(_total(table, total, [at[k] for k in keys], whole=whole))
    if table.columns():
        rows = [c for c in printed if c.key[1] == TOTAL]
        whole = not any(c.reason for c in rows)
        printed.append(_total(table, (TOTAL, TOTAL), rows, whole=whole))
    return ReleasedTable(name=table.name, measure=table.measure, cells=tuple(printed))


def _people(table: Table, cell: Cell, counts: Mapping[str, Cell]) -> int | None:
    """How many people a mean or sum is of: what the table of counts prints, and nothing of its own.

    A figure that stands is of people of an earlier run; their number now is that of today's.
    """
    count = counts.get(cell_name("", table.name, cell.key)) if table.measure else None
    if count is None or count.sign not in ("shown", "stands") or count.value is None:
        return None
    same = np.array_equal(count.members, cell.members)
    return int(count.value) if same else None


def _total(table: Table, key: Key, of: Sequence[ReleasedCell], *, whole: bool) -> ReleasedCell:
    """The total of the figures printed: it tells nothing that they do not."""
    given = [c for c in of if c.value is not None]
    why = "" if whole else "Without the groups that are not shown."
    if not table.measure or table.of == "sum":
        value: float | None = sum(c.value for c in given if c.value is not None)
        return ReleasedCell(key=key, sign="sum", value=value, reason=why)
    weight = np.array([c.people or 0 for c in given], dtype=float)
    if not weight.all():
        why = "Without the groups whose mean or number of people is not shown."
    if not weight.sum():
        return ReleasedCell(key=key, sign="hidden", reason=why)
    means = np.array([c.value for c in given], dtype=float)
    value = float(f"{means @ weight / weight.sum():.{DIGITS}g}")
    return ReleasedCell(key=key, sign="sum", value=value, people=int(weight.sum()), reason=why)


def _exact(table: Table) -> ReleasedTable:
    def cell(key: Key, parts: Sequence[Part]) -> ReleasedCell:
        people = sum(p.members.size for p in parts)
        if not table.measure:
            return ReleasedCell(key=key, sign="shown", value=people)
        values = np.concatenate([p.contributions for p in parts if p.contributions is not None])
        value = values.mean() if table.of == "mean" and people else values.sum()
        return ReleasedCell(key=key, sign="shown", value=float(value), people=people)

    cells = [cell(p.key, [p]) for p in table.parts]
    cells += [cell(total, parts) for total, parts in (*table.rows(), *table.columns())]
    if table.columns():
        cells.append(cell((TOTAL, TOTAL), table.parts))
    return ReleasedTable(name=table.name, measure=table.measure, cells=tuple(cells))
