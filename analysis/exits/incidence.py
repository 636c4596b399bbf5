"""Cumulative incidence with and without the start, standardised to a group (the g-formula).

Of each person of the group the chances to leave in each way in each month are predicted with and
without having started; S(k) = prod (1 - sum of chances) and F_v(k) = sum S(k-1) h_v(k) are averaged
(Young et al. 2020, Statistics in Medicine 39:1199-1236, the total effect: competing exits may be
moved as well). Everything reported is linear in the monthly curves, and its influence function
follows by the chain rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.calendar import calendar_month
from analysis.exits.columns import code_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.columns import Layout
    from analysis.exits.entries import Entries
    from analysis.exits.models import KindModel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ENTRIES_AT_ONCE = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardised:
    """Averages over the group of figures linear in the monthly curves.

    ``value`` (2, J, Q): arm (0 without, 1 with), kind, figure. ``influence`` (2, J, Q, G): of each
    cluster on them, from the models and from who is in the group. ``people`` in the group.
    """

    value: Floats
    influence: Floats
    people: int


def by_day(ends: Ints, days: int) -> Floats:
    """Weights (g, K) of the monthly curve that give its height on a day, straight in between.

    Where the months end a day or two before, the height at their end.
    """
    weights = np.zeros(ends.shape)
    for group, own in enumerate(ends):
        k = int(np.searchsorted(own, days))
        if k == len(own):
            weights[group, -1] = 1.0
            continue
        before = own[k - 1] if k else 0
        share = (days - before) / (own[k] - before)
        weights[group, k] = share
        if k:
            weights[group, k - 1] = 1 - share
    return weights


def area(ends: Ints, days: int) -> Floats:
    """Weights (g, K) of the monthly curve that give the area under it up to a day, in days."""
    weights = np.zeros(ends.shape)
    for group, own in enumerate(ends):
        edges = np.minimum(np.concatenate([[0], own]), days)
        length = np.diff(np.concatenate([[0], own]))
        share = np.diff(edges) / length
        weights[group] = np.diff(edges) * share / 2
        weights[group, :-1] += (np.diff(edges) * (1 - share / 2))[1:]
    return weights


def standardise(
    careers: Careers,
    group: Entries,
    layout: Layout,
    models: Sequence[KindModel],
    figures: Floats,
    cluster: Ints,
) -> Standardised:
    """The group's figures; ``figures`` (Q, g, K) are weights of the monthly curves."""
    kinds, q, clusters = len(models), len(figures), len(models[0].influence)
    value = np.zeros((2, kinds, q, len(group)))
    slopes = [np.zeros((2, kinds, q, m.mix.shape[1])) for m in models]
    for first in range(0, len(group), _ENTRIES_AT_ONCE):
        some = slice(first, first + _ENTRIES_AT_ONCE)
        for arm in (0, 1):
            _add(careers, group.take(some), arm, layout, models, figures,
                 value[arm, :, :, some], [s[arm] for s in slopes])  # fmt: skip
    mean = value.mean(axis=3)
    influence = np.zeros((2, kinds, q, clusters))
    for model, slope in zip(models, slopes, strict=True):
        influence += slope @ model.influence.T / len(group)
    who = cluster[group.row]
    for index in np.ndindex(2, kinds, q):
        own = value[index] - mean[index]
        influence[index] += np.bincount(who, weights=own, minlength=clusters) / len(group)
    people = len(np.unique(careers.person[group.row]))
    return Standardised(value=mean, influence=influence, people=people)


def _add(
    careers: Careers, some: Entries, arm: int, layout: Layout, models: Sequence[KindModel],
    figures: Floats, value: Floats, slopes: list[Floats],
) -> None:  # fmt: skip
    """Figures of some entries in one arm, and the sums of their slopes in the coefficients."""
    e, months = len(some), some.months
    design = predicted_rows(careers, some, arm, layout)
    pairs = [m.chance(design) for m in models]
    chance = np.stack([c.reshape(e, months) for c, _ in pairs])
    leaves = np.minimum(chance.sum(axis=0), 1 - 1e-9)
    stays = np.cumprod(1 - leaves, axis=1)
    before = np.concatenate([np.ones((e, 1)), stays[:, :-1]], axis=1)
    curve = np.cumsum(before * chance, axis=2)  # (J, e, K)
    weights = figures[:, some.group]  # (Q, e, K)
    value[:] = np.einsum("jek,qek->jqe", curve, weights)
    later = _sums_from(weights)
    for f in range(len(models)):
        # a chance more in month l adds S(l-1) to F_f from l on, and takes its share of what follows
        ahead = _sums_from(weights * curve[f]) - curve[f] * later
        lost = -ahead / (1 - leaves)
        for j, model in enumerate(models):
            moved = lost + before * later if j == f else lost
            moved = (moved * pairs[j][1].reshape(e, months)).reshape(len(weights), -1)
            slopes[j][f] += (moved @ design) @ model.mix


def _sums_from(values: Floats) -> Floats:
    """Sums over this month and all later ones."""
    return np.flip(np.cumsum(np.flip(values, axis=-1), axis=-1), axis=-1)


def predicted_rows(careers: Careers, some: Entries, arm: int, layout: Layout) -> Floats:
    """Columns (e x K, p) of every month of these entries, had they been in this arm."""
    e, months = len(some), some.months
    since = np.tile(np.arange(months), e)
    month = np.repeat(some.month, months) + since
    hired = np.repeat(calendar_month(careers.hired[some.row]), months)
    pattern = np.repeat(layout.baseline.at(some.row, some.column), months)
    band = code_of(since + 1, layout.bands)
    return layout.rows(
        pattern, month, layout.tenure_code(month - hired), band, np.full(e * months, arm)
    )
