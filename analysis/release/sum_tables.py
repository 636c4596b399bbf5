"""Means and sums over time: shown anew where no combination of all shown tells of a few people."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from analysis.release.cells import BESIDE, Cell, standing
from analysis.release.combinations import tells, uncovered
from analysis.release.decide import decide
from analysis.release.primary import gives_away, rounded
from analysis.release.tables import others

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from analysis.release.ledger import Ledger, Shown
    from analysis.release.members import Members
    from analysis.release.tables import Key, Part, Table
    from analysis.rules import Rules


def print_sums(
    tables: Sequence[Table], ledger: Ledger, rules: Rules
) -> tuple[tuple[Cell, ...], ...]:
    """Parts and remainders of tables of one measure, (tables), with what is printed of each.

    A figure of unchanged people stands as it was: anew, it would tell of the one who got a raise.
    """
    apart = len(tables) == 1
    parts = [_parts(t, ledger, rules) for t in tables]
    back: set[str] = set()
    while True:
        cells = [
            _weaker(_with_remainders(t, _weaker(p, back, ledger), ledger, rules), back, ledger)
            for t, p in zip(tables, parts, strict=True)
        ]
        every = [c for each in cells for c in each]
        drop = _too_telling(every, tables[0].measure, ledger, rules, apart=apart)
        if drop is None:
            return tuple(tuple(each) for each in cells)
        back.add(drop.name)


def _weaker(cells: Sequence[Cell], back: set[str], ledger: Ledger) -> list[Cell]:
    return [_back(c, ledger) if c.anew and c.name in back else c for c in cells]


def _parts(table: Table, ledger: Ledger, rules: Rules) -> list[Cell]:
    return [_one(table, p.key, p.members, _given(p), ledger, rules) for p in table.parts]


def _given(part: Part) -> npt.NDArray[np.float64]:
    assert part.contributions is not None  # a table of a measure has them
    return part.contributions


def _with_remainders(
    table: Table, made: Sequence[Cell], ledger: Ledger, rules: Rules
) -> list[Cell]:
    """The parts and, of each total, those without a figure together where they are several."""
    hidden = {c.key for c in made if not c.printed and c.members.size}
    remainders: list[Cell] = []
    for total, parts in table.rows():
        away = [p for p in parts if p.key in hidden]
        if len(away) > 1:
            members = np.concatenate([p.members for p in away])
            order = np.argsort(members)
            values = np.concatenate([_given(p) for p in away])[order]
            key = others(total)
            remainders.append(
                _one(table, key, members[order], values, ledger, rules, remainder=True)
            )
    return [*made, *remainders]


def _one(
    table: Table, key: Key, members: Members, contributions: npt.NDArray[np.float64],
    ledger: Ledger, rules: Rules, *, remainder: bool = False,
) -> Cell:  # fmt: skip
    """What may be printed of one cell as far as it and its own past decide."""
    name = table.cell(key)
    cell = partial(Cell, name=name, key=key, members=members, remainder=remainder)
    if members.size < rules.min_group:
        why = f"Fewer than {rules.min_group} people." if members.size else "Nobody."
        return cell(sign="small", reason=why)
    if why := gives_away(contributions):
        return cell(sign="hidden", reason=why)
    verdict = decide(name, members, ledger, rules.min_group)
    if verdict in ("new", "fresh"):
        mean = table.of == "mean"
        value = float(contributions.mean() if mean else contributions.sum())
        return cell(sign="shown", value=rounded(value, contributions, mean=mean), anew=True)
    return _as_it_was(cell, ledger.of(name))


def _too_telling(
    cells: Sequence[Cell], measure: str, ledger: Ledger, rules: Rules, *, apart: bool
) -> Cell | None:
    """The smallest new figure among those that tell of a few people, beside all ever shown.

    Where cells keep ``apart``, every combination of figures has to rest on enough people; where
    they overlap, as groups by department and groups by level do, that cannot be, and what single
    figures tell is looked at.
    """
    new = {c.name: c for c in cells if c.anew}
    if not new:
        return None
    start = json.dumps([measure], ensure_ascii=False)[:-1] + ","
    chains: dict[str, list[Members]] = {}
    for s in ledger.shown:
        if s.cell.startswith(start):
            chains.setdefault(s.cell, []).append(s.members)
    for c in new.values():
        chains.setdefault(c.name, []).append(c.members)
    left = uncovered(list(chains.values()), rules.min_group)
    names = list(chains)
    blamed = {i: new[names[i]] for i in left.latest if i >= 0 and names[i] in new}
    if not blamed or not (apart or tells(left, list(blamed), rules.min_group)):
        return None
    return min(blamed.values(), key=lambda c: (not c.remainder, c.members.size, c.name))


def _back(cell: Cell, ledger: Ledger) -> Cell:
    """The cell as it was, or hidden."""
    made = partial(
        Cell, name=cell.name, key=cell.key, members=cell.members, remainder=cell.remainder
    )
    return _as_it_was(made, ledger.of(cell.name))


def _as_it_was(cell: Callable[..., Cell], earlier: Sequence[Shown]) -> Cell:
    """The last figure again; hidden where there is none, or one of people since erased."""
    if earlier and not earlier[-1].erased:
        return standing(cell, earlier[-1])
    return cell(sign="hidden", reason=BESIDE)
