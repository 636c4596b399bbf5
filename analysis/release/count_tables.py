"""Counts beside each other: as much as can be printed without telling of a hidden one."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from analysis.release.atoms import atoms
from analysis.release.audit import TOLERANCE, Known, widths
from analysis.release.cells import Cell, count_choices
from analysis.release.tables import others

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.release.atoms import Atoms
    from analysis.release.audit import Floats
    from analysis.release.ledger import Ledger
    from analysis.release.tables import Table
    from analysis.rules import Rules

NEAR = 5  # a hidden count is not to be known to within so many people

Choices = tuple[Cell, ...]


def print_counts(tables: Sequence[Table], ledger: Ledger, rules: Rules) -> tuple[Cell, ...]:
    """Parts and remainders of all tables of one run, with what is printed of each.

    The remainder of a total is those of its parts that have no figure, taken together. Where the
    auditor finds that a count without a figure is told by others, those say less: first remainders,
    then the smallest cells.
    """
    weaker: dict[str, int] = {}
    while True:
        made = _laid_out(tables, ledger, rules, weaker)
        cells = [choices[min(weaker.get(choices[0].name, 0), len(choices) - 1)] for choices in made]
        told = disclosed(cells, rules)
        if not told:
            return tuple(cells)
        for name in _say_less(cells, told, made):
            weaker[name] = weaker.get(name, 0) + 1


def _laid_out(
    tables: Sequence[Table], ledger: Ledger, rules: Rules, weaker: Mapping[str, int]
) -> list[Choices]:
    """Choices for every part, and for the remainder of every total that hides several parts."""
    made: list[Choices] = []
    for table in tables:
        hidden: dict[tuple[str, ...], Cell] = {}
        for part in table.parts:
            name = table.cell(part.key)
            choices = count_choices(name, part.key, part.members, ledger, rules)
            cell = choices[min(weaker.get(name, 0), len(choices) - 1)]
            if not cell.printed:
                hidden[part.key] = cell
            made.append(choices)
        for total, parts in table.rows():
            away = [hidden[p.key] for p in parts if p.key in hidden]
            people = np.unique(np.concatenate([np.zeros(0, np.uint64), *(c.members for c in away)]))
            if len(away) < 2 or people.size < rules.min_group:
                continue
            key, few = others(total), all(c.sign == "small" for c in away)
            # one of them may be one person as long as the others can be the rest
            least = (rules.min_group - 1) * (len(away) - 1) + 1 if few else people.size
            made.append(count_choices(table.cell(key), key, people, ledger, rules, least))
    return made


def disclosed(cells: Sequence[Cell], rules: Rules) -> list[Cell]:
    """The cells without a figure of this run that figures tell more of than all signs do.

    Of a small group nothing beyond the signs may follow; of the others, an interval wider
    than NEAR people on both sides. What follows with every figure blackened is not told by figures.
    """
    without = ("small", "hidden", "stands")
    of = [i for i, c in enumerate(cells) if c.sign in without and not c.remainder]
    cut = atoms([c.members for c in cells])
    sign = {"small": rules.min_group - 2}
    wide = np.array([sign.get(cells[i].sign, 2 * NEAR + 1) for i in of], dtype=float)
    found = _widths(cut, cells, of, wide, signs_alone=False)
    short = np.flatnonzero(found < wide - TOLERANCE)
    of = [of[i] for i in short]
    by_signs = _widths(cut, cells, of, wide[short], signs_alone=True)
    return [
        cells[i] for i, told in zip(of, found[short] < by_signs - TOLERANCE, strict=True) if told
    ]


def _widths(
    cut: Atoms, cells: Sequence[Cell], of: Sequence[int], wide: Floats, *, signs_alone: bool
) -> Floats:
    """How wide the interval of each cell ``of`` is, by all that is printed or by signs alone."""
    rows = [
        i for i, c in enumerate(cells)
        if (c.low > 0 or c.high < math.inf) and not (signs_alone and c.printed)
    ]  # fmt: skip
    low, high = (np.array([getattr(cells[i], end) for i in rows]) for end in ("low", "high"))
    known = Known(csr_array(cut.uses[rows]), low, high, cut.size.astype(float))
    return widths(known, csr_array(cut.uses[of]), wide)


def _say_less(cells: Sequence[Cell], told: Sequence[Cell], made: Sequence[Choices]) -> list[str]:
    """Of the printed cells behind each disclosure, the one whose loss is smallest.

    Disclosures that share people with a cell already chosen are looked at again afterwards.
    """
    can = [c for c, choices in zip(cells, made, strict=True) if c.printed and c is not choices[-1]]
    chosen: dict[str, Cell] = {}
    for target in told:
        near = [c for c in can if _meet(c, target)]  # it may be its own figure, of an earlier run
        if any(c.name in chosen for c in near):
            continue
        wider = [c for c in can if any(_meet(c, n) for n in near)]
        options = {c.name: c for c in chain(near, wider)}.values()
        least = min(options, key=lambda c: (not c.remainder, c.members.size, c.name))
        chosen[least.name] = least
    return list(chosen)


def _meet(a: Cell, b: Cell) -> bool:
    return bool(np.isin(a.members, b.members, assume_unique=True).any())
