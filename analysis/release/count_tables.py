"""Counts beside each other: as much as can be printed without telling of a hidden one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from analysis.release.atoms import atoms, incidence
from analysis.release.audit import TOLERANCE, Known, ends, linked_parts, told_by_figures
from analysis.release.cells import Cell, count_choices, size_sign
from analysis.release.tables import others

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.release.atoms import Atoms
    from analysis.release.ledger import Ledger
    from analysis.release.tables import Table
    from analysis.rules import Rules

NEAR = 5  # a hidden count is not to be known to within so many people

Choices = tuple[Cell, ...]


def print_counts(
    tables: Sequence[Table], ledger: Ledger, rules: Rules, beside: Sequence[Cell] = ()
) -> tuple[Cell, ...]:
    """Parts and remainders of all tables of one run, with what is printed of each.

    The remainder of a total is those of its parts that have no figure, taken together. Where the
    auditor finds that a count without a figure is told by others, those say less: first remainders,
    then the smallest cells. ``beside``: the cells of sums of this run, whose signs tell of counts.
    ``high`` of a figure of the smallest group is what all figures together leave of it.
    """
    weaker: dict[str, int] = {}
    own = {
        table.cell(p.key): count_choices(table.cell(p.key), p.key, p.members, ledger, rules)
        for table in tables
        for p in table.parts
    }
    if not own:
        return ()
    doubtful = {*own, *(c.name for c in beside)}
    while True:
        made = _laid_out(tables, own, ledger, rules, weaker)
        whole = [*made, *_signs_of_sums(beside, made, rules)]
        looked_at = _linked_to(doubtful, whole)
        cells = [_chosen(m, weaker) for m in looked_at]
        told = disclosed(cells, rules)
        if not told:
            return _narrowed([_chosen(m, weaker) for m in whole], rules)[: len(made)]
        doubtful = set(_say_less(cells, told, looked_at))
        for name in doubtful:
            weaker[name] = weaker.get(name, 0) + 1


def _narrowed(cells: Sequence[Cell], rules: Rules) -> tuple[Cell, ...]:
    """The cells; of a figure of ``min_group``, with the most that all figures leave it to be.

    Such a figure may stand in later runs, and then says of the people of those runs least of all.
    """
    of = [
        i for i, c in enumerate(cells)
        if c.sign == "shown" and c.low == rules.min_group and not c.remainder
    ]  # fmt: skip
    cut = atoms([c.members for c in cells])
    known = _known(cut, cells, signs_alone=False)
    _, most = ends(known, csr_array(cut.uses[of]), np.full(len(of), np.inf))
    high = dict(zip(of, np.floor(most + TOLERANCE).tolist(), strict=True))
    return tuple(replace(c, high=high.get(i, c.high)) for i, c in enumerate(cells))


def _signs_of_sums(beside: Sequence[Cell], made: Sequence[Choices], rules: Rules) -> list[Choices]:
    """What sums tell of how many people they are of: whether they are enough for a figure.

    Where a count is of the same people, it tells as much itself.
    """
    of = {c.members.tobytes(): c for c in beside if c.members.size}
    for choices in made:
        of.pop(choices[0].members.tobytes(), None)
    return [(size_sign(c, rules),) for c in of.values()]


def _chosen(choices: Choices, weaker: Mapping[str, int]) -> Cell:
    return choices[min(weaker.get(choices[0].name, 0), len(choices) - 1)]


def _linked_to(doubtful: set[str], made: Sequence[Choices]) -> list[Choices]:
    """The cells that share people, or cells that share people, with one of these."""
    block = linked_parts(csr_array(incidence([m[0].members for m in made]).T))
    blocks = {b for b, m in zip(block, made, strict=True) if m[0].name in doubtful}
    return [m for b, m in zip(block, made, strict=True) if b in blocks]


def _laid_out(
    tables: Sequence[Table],
    own: Mapping[str, Choices],
    ledger: Ledger,
    rules: Rules,
    weaker: Mapping[str, int],
) -> list[Choices]:
    """Choices for every part, and for the remainder of every total that hides several parts."""
    made: list[Choices] = []
    for table in tables:
        hidden: dict[tuple[str, ...], Cell] = {}
        for part in table.parts:
            choices = own[table.cell(part.key)]
            cell = _chosen(choices, weaker)
            if not cell.printed:
                hidden[part.key] = cell
            made.append(choices)
        for total, parts in table.rows():
            away = [hidden[p.key] for p in parts if p.key in hidden]
            people = np.unique(np.concatenate([np.zeros(0, np.uint64), *(c.members for c in away)]))
            if len(away) < 2:
                continue
            key = others(total)
            made.append(count_choices(table.cell(key), key, people, ledger, rules, away))
    return made


def disclosed(cells: Sequence[Cell], rules: Rules) -> list[Cell]:
    """The cells without a figure of this run that figures tell more of than all signs do.

    Of a small group nothing beyond the signs may follow; of the others, an interval wider
    than NEAR people on both sides. What follows with every figure blackened is not told by figures.
    Neither may be so for readers who do not think of the remainders that are not printed.
    """
    printed = [c for c in cells if not c.absent]
    told = _disclosed(printed, rules)
    if len(printed) < len(cells):
        told += [c for c in _disclosed(cells, rules) if c not in told]
    return told


def _disclosed(cells: Sequence[Cell], rules: Rules) -> list[Cell]:
    without = ("small", "hidden", "stands")
    of = [
        i for i, c in enumerate(cells)
        if c.sign in without and not c.remainder and not (c.of_sum and c.sign == "hidden")
    ]  # fmt: skip
    cut = atoms([c.members for c in cells])
    sign = {"small": rules.min_group - 2}
    wide = np.array([sign.get(cells[i].sign, 2 * NEAR + 1) for i in of], dtype=float)
    known, signs = (_known(cut, cells, signs_alone=alone) for alone in (False, True))
    return [cells[of[i]] for i in told_by_figures(known, signs, csr_array(cut.uses[of]), wide)]


def _known(cut: Atoms, cells: Sequence[Cell], *, signs_alone: bool) -> Known:
    """What all that is printed says of the atoms, or signs alone."""
    rows = [
        i for i, c in enumerate(cells)
        if (c.low > 0 or c.high < math.inf) and not (signs_alone and c.printed)
    ]  # fmt: skip
    low, high = (np.array([getattr(cells[i], end) for i in rows]) for end in ("low", "high"))
    return Known(csr_array(cut.uses[rows]), low, high, cut.size.astype(float))


def _say_less(cells: Sequence[Cell], told: Sequence[Cell], made: Sequence[Choices]) -> list[str]:
    """Of the printed cells behind each disclosure, the one whose loss is smallest.

    Disclosures that share people with a cell already chosen are looked at again afterwards.
    """
    people = incidence([c.members for c in cells])
    meet = (people @ people.T).toarray() > 0
    can = [c.printed and c is not choices[-1] for c, choices in zip(cells, made, strict=True)]
    at = {c.name: i for i, c in enumerate(cells)}
    chosen: list[int] = []
    for target in told:
        near = meet[at[target.name]] & can  # it may be its own figure, of an earlier run
        if near[chosen].any():
            continue
        wider = near | (meet[near].any(axis=0) & can)
        if not wider.any():  # signs link it to figures that it shares nobody with
            wider = np.array(can)
        order = (
            (not cells[i].remainder, cells[i].members.size, cells[i].name, i)
            for i in map(int, np.flatnonzero(wider))
        )
        chosen.append(min(order)[-1])
    return [cells[i].name for i in chosen]
