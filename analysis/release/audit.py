"""The auditor: how closely the figures shown pin down what is not shown.

An attacker knows every figure, how it was rounded and who stands where, and no number behind it.
Each figure is an interval on a sum over atoms; the tightest interval of a hidden cell follows by
linear programming (Fischetti & Salazar 2001, Management Science 47:1008, the attacker problem).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOLERANCE = 1e-6  # of the solver, in people
CONTRADICT = "The figures shown contradict each other."


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of unknowns x >= 0: ``low <= uses @ x <= high``; ``uses`` (figures, unknowns).

    ``truth`` is the x that is so (unknowns,): what follows must leave it possible.
    """

    uses: csr_array
    low: Floats
    high: Floats
    truth: Floats


def widths(known: Known, of: csr_array, wide: Floats) -> Floats:
    """How wide the tightest interval of each target is, (targets,); see `ends`."""
    least, most = ends(known, of, wide)
    return most - least


def ends(known: Known, of: csr_array, wide: Floats) -> tuple[Floats, Floats]:
    """The ends of the tightest interval of each target ``of @ x``, each (targets,).

    ``of`` has the shape (targets, unknowns), its rows not empty. A target is not solved for beyond
    the width that is ``wide`` enough. Targets that no figure links are solved for at once, and
    each solution counts for all of them.
    """
    if not of.shape[0]:
        return np.zeros(0), np.zeros(0)
    part = linked_parts(known.uses, of)
    target = of.indices[of.indptr[:-1]]
    block = part[target]
    least = of @ known.truth
    most = least.copy()
    solved = np.zeros((2, of.shape[0]), dtype=bool)  # for the least, for the greatest
    if (known.uses.data == 1).all() and (of.data == 1).all():
        low, high = _in_closed_form(known, of, part)
        solved[:] = ~np.isnan(low)
        least, most = np.where(solved[0], low, least), np.where(solved[1], high, most)
    while True:
        target, side = _one_a_block(block, solved | (most - least >= wide - TOLERANCE))
        if not target.size:
            return np.asarray(least, dtype=float), np.asarray(most, dtype=float)
        asked = csr_array(of[target])
        cut = LinearConstraint(
            asked,
            np.where(side == 0, most[target] - wide[target], -np.inf),
            np.where(side == 1, least[target] + wide[target], np.inf),
        )
        value = of @ _extreme(known, asked.T @ (1.0 - 2 * side), cut)
        least, most = np.minimum(least, value), np.maximum(most, value)
        solved[side, target] = True


def told_by_figures(known: Known, signs: Known, of: csr_array, wide: Floats) -> Ints:
    """The targets, by number, that figures tell more of than signs alone do, and too much.

    That is an interval that is not ``wide`` enough, and tighter than by ``signs``: what follows
    with every figure blackened is not told by figures. Shapes as in `widths`.
    """
    found = widths(known, of, wide)
    short = np.flatnonzero(found < wide - TOLERANCE)
    by_signs = widths(signs, csr_array(of[short]), wide[short])
    return np.asarray(short[found[short] < by_signs - TOLERANCE], dtype=np.int64)


def _in_closed_form(known: Known, of: csr_array, part: Ints) -> tuple[Floats, Floats]:
    """The ends of targets in parts where figures and targets are nested sums; else NaN.

    Of two sums there, one holds the other or they share nothing: a tree, in which ends go up from
    the terms to the sums and down again. ``part`` (unknowns,) numbers what figures link.
    """
    said = _by_unknowns(known, of)
    order = sorted(said, key=len)
    low, high = np.zeros(part.size + len(order)), np.full(part.size + len(order), np.inf)
    top, leaves, terms = np.arange(part.size), np.ones(low.size, dtype=int), {}
    crossed = np.zeros(part.max() + 1, dtype=bool)
    for node, inside in enumerate(order, start=part.size):
        j = np.array(inside)
        below = np.unique(top[j])
        leaves[node] = j.size
        crossed[part[j[0]]] |= leaves[below].sum() != j.size
        terms[node], top[j] = below, node
        low[node] = max(said[inside][0], low[below].sum())
        high[node] = min(said[inside][1], high[below].sum())
    for node in reversed(terms):
        below = terms[node]
        low[below], high[below] = _of_a_sum(low[below], high[below], low[node], high[node])
    block = part[[*range(part.size), *(inside[0] for inside in order)]]
    if (low > high + TOLERANCE)[~crossed[block]].any():
        raise ArithmeticError(CONTRADICT)
    at = {inside: node for node, inside in enumerate(order, start=part.size)}
    found = [at[t] for t in _rows(of)]
    crosses = crossed[block[found]]
    return np.where(crosses, np.nan, low[found]), np.where(crosses, np.nan, high[found])


def _by_unknowns(known: Known, of: csr_array) -> dict[tuple[int, ...], tuple[float, float]]:
    """What figures say of each set of unknowns that one of them, or a target, is the sum of."""
    ends = dict.fromkeys(_rows(of), (0.0, np.inf))
    for inside, low, high in zip(_rows(known.uses), known.low, known.high, strict=True):
        least, most = ends.get(inside, (0.0, np.inf))
        ends[inside] = max(least, low), min(most, high)
    ends.pop((), None)
    return ends


def _rows(uses: csr_array) -> list[tuple[int, ...]]:
    """The unknowns of each row."""
    ends = zip(uses.indptr, uses.indptr[1:], strict=False)
    return [tuple(sorted(uses.indices[a:b].tolist())) for a, b in ends]


def _of_a_sum(low: Floats, high: Floats, least: float, most: float) -> tuple[Floats, Floats]:
    """Ends of the terms of a sum, each from those of the others."""
    finite = np.where(np.isinf(high), 0, high)
    endless = np.isinf(high).sum() - np.isinf(high)
    others_high = np.where(endless > 0, np.inf, finite.sum() - finite)
    return np.maximum(low, least - others_high), np.minimum(high, most - (low.sum() - low))


def _extreme(known: Known, objective: Floats, cut: LinearConstraint) -> Floats:
    """The x that is known to be possible and has the least objective."""
    limits = [LinearConstraint(known.uses, known.low, known.high)] if known.low.size else []
    found = milp(objective, constraints=[*limits, cut])  # none is whole: a linear programme
    if found.x is None:
        raise ArithmeticError(f"{CONTRADICT} {found.message}")
    return np.asarray(found.x, dtype=float)


def linked_parts(*rows: csr_array) -> Ints:
    """The number of the connected part that each column is in (columns,): rows link what they use.

    All ``rows`` have the same columns.
    """
    every = abs(csr_array(vstack(rows)))
    links = every.T @ every
    return np.asarray(connected_components(csr_array(links), directed=False)[1], dtype=np.int64)


def _one_a_block(block: Ints, done: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """The first open target of every block, and the side (0: the least, 1: the greatest)."""
    side, target = np.nonzero(~done)
    _, first = np.unique(block[target], return_index=True)
    return target[first], side[first]
