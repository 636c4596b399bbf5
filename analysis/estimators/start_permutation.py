"""Permuted start dates: what the headline of a roll-out could have been under another draw.

With few sites neither the normal nor the t describes a studentised estimate well. Where starts
were drawn, the draw does: starts are dealt anew to sites within strata, outcomes stay as they are
(no effect on anybody), and estimate over standard error is worked out each time (Wu & Ding 2021;
Roth & Sant'Anna 2023 for staggered starts). Sums by site are all this needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.permutation import Units, redrawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments
    from analysis.estimators.group_time import Control, GroupTime

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

DRAWS = 2_000
LEVEL = 0.95
FEWEST = 100  # ways to deal the starts; with 20 or fewer nothing could be told at 5 %
_CELLS = 1_000_000  # numbers held at once
_ROUNDING = 1e-9  # a draw this close to the observed one counts as equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The distribution of |estimate / standard error| (draws,) when starts are dealt anew.

    ``estimate`` and ``std_error`` are those of the starts as they were.
    """

    draws: Floats
    estimate: float
    std_error: float

    @property
    def p_value(self) -> float:
        """(1 + draws at least as extreme) / (1 + draws)."""
        observed = abs(self.estimate) / self.std_error
        return float((1 + (self.draws >= observed - _ROUNDING).sum()) / (1 + len(self.draws)))

    @property
    def critical(self) -> float:
        """What |t| exceeds in 5 % of draws, the observed one counted among them."""
        place = math.ceil(LEVEL * (len(self.draws) + 1)) - 1
        ordered = np.sort(self.draws)
        return float(ordered[place]) if place < len(ordered) else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Of C clusters: cohort, stratum and weight (C,); sums (C, K) for K cohort-month pairs.

    ``both``, ``late`` and ``early`` are weights of people seen in both months of a pair and their
    outcomes in each. ``group``, ``last``, ``event`` (K,): the pair's cohort, the start after which
    sites are compared with, and the event month.
    """

    cohort: Ints
    stratum: Ints
    weight: Floats
    both: Floats
    late: Floats
    early: Floats
    group: Ints
    last: Ints
    event: Ints
    proportional: bool


def sites_of(
    moments: Moments,
    effects: GroupTime,
    window: tuple[int, int],
    *,
    control: Control,
    anticipation: int,
    stratum: Ints | None,
    proportional: bool,
) -> Sites:
    """Sums of the clusters for the pairs whose event month lies in the window."""
    event = effects.period - effects.group
    inside = np.flatnonzero((event >= window[0]) & (event <= window[1]))
    codes, first, place = np.unique(moments.cluster, return_index=True, return_inverse=True)
    t = np.searchsorted(moments.periods, effects.period[inside])
    b = np.searchsorted(moments.periods, effects.base[inside])
    seen = moments.observed[:, t] & moments.observed[:, b]
    level = moments.centre if proportional else np.zeros_like(moments.centre)

    def by_site(values: Floats) -> Floats:
        made = np.zeros((len(codes), *values.shape[1:]))
        np.add.at(made, place, values)
        return made

    both = moments.weight[:, None] * seen
    end = moments.periods[-1] + anticipation
    return Sites(
        cohort=moments.cohort[first],
        stratum=np.zeros(len(codes), dtype=np.int64) if stratum is None else stratum[codes],
        weight=by_site(moments.weight),
        both=by_site(both),
        late=by_site(seen * moments.total[:, t] + both * level[t]),
        early=by_site(seen * moments.total[:, b] + both * level[b]),
        group=effects.group[inside],
        last=np.full(len(inside), end)
        if control == "never_treated"
        else np.maximum(effects.period, effects.base)[inside] + anticipation,
        event=event[inside],
        proportional=proportional,
    )


def permuted(sites: Sites, rng: np.random.Generator, draws: int = DRAWS) -> Reference | str:
    """The reference distribution, or why there is none."""
    if ways(sites) < FEWEST:
        return f"there are fewer than {FEWEST} ways to deal the starts"
    names, code = np.unique(sites.cohort, return_inverse=True)
    units = Units(labels=code, strata=sites.stratum, values=sites.weight[:, None], clustered=True)
    size = max(1, _CELLS // max(sites.both.size, 1))
    found = [
        _studentised(sites, names[part])[:2]
        for block in redrawn(units, rng, draws)
        for part in np.split(block, range(size, len(block), size))
    ]
    value, error = (np.concatenate(side) for side in zip(*found, strict=True))
    estimate, std_error = _studentised(sites, sites.cohort[None, :])
    if not (np.isfinite(estimate[0]) and std_error[0] > 0):
        return "the headline has no standard error"
    # A deal in which nobody can be compared says nothing against no effect.
    ratio = np.divide(np.abs(value), error, out=np.zeros_like(value), where=error > 0)
    return Reference(
        draws=np.nan_to_num(ratio), estimate=float(estimate[0]), std_error=float(std_error[0])
    )


def ways(sites: Sites) -> float:
    """Number of ways in which the starts can be dealt to the sites, within strata."""
    log = 0.0
    for stratum in np.unique(sites.stratum):
        _, counts = np.unique(sites.cohort[sites.stratum == stratum], return_counts=True)
        log += math.lgamma(counts.sum() + 1) - sum(math.lgamma(n + 1) for n in counts)
    return math.exp(min(log, 700.0))


def _studentised(sites: Sites, cohort: Ints) -> tuple[Floats, Floats]:
    """Estimate and standard error (B,) of the headline for cohorts (B, C) of the sites."""
    group = sites.group
    treated = (cohort[:, :, None] == group) * 1.0
    compared = ((cohort[:, :, None] > sites.last) & (cohort[:, :, None] != group)) * 1.0
    att, influence, known = _pairs(sites, treated, compared)
    everybody = sites.weight.sum()
    share = np.einsum("bck,c->bk", treated, sites.weight) / everybody * known
    same = (sites.event[:, None] == sites.event) * 1.0
    months = len(np.unique(sites.event))
    of_month = share @ same
    weight = np.divide(share, of_month, out=np.zeros_like(share), where=of_month > 0) / months
    mean = ((weight * att) @ same) * months  # the effect of the pair's event month
    value = (weight * att).sum(axis=1)
    slope = np.divide(att - mean, of_month, out=np.zeros_like(att), where=of_month > 0) / months
    slope *= known
    psi = np.einsum("bck,bk->bc", influence, weight)
    psi += np.einsum("bck,bk,c->bc", treated, slope, sites.weight) / everybody
    psi -= sites.weight * (slope * share).sum(axis=1)[:, None] / everybody
    complete = (of_month > 0).all(axis=1)
    return np.where(complete, value, np.nan), np.sqrt((psi**2).sum(axis=1))


def _pairs(sites: Sites, treated: Floats, compared: Floats) -> tuple[Floats, Floats, Bools]:
    """ATT(g,t) (B, K), influences of the sites (B, C, K), and which could be estimated (B, K)."""
    att = np.zeros((len(treated), len(sites.group)))
    influence = np.zeros_like(treated)
    known = np.ones(att.shape, dtype=bool)
    for members, sign in ((treated, 1.0), (compared, -1.0)):
        n, late, early = (
            np.einsum("bck,ck->bk", members, sums) for sums in (sites.both, sites.late, sites.early)
        )
        good = (late > 0) & (early > 0) if sites.proportional else n > 0
        known &= good
        n, late, early = (np.where(good, sums, 1.0) for sums in (n, late, early))
        if sites.proportional:
            value = np.log(late / early)
            each = sites.late / late[:, None, :] - sites.early / early[:, None, :]
        else:
            value = (late - early) / n
            each = (sites.late - sites.early - value[:, None, :] * sites.both) / n[:, None, :]
        att = att + sign * value
        influence = influence + sign * members * each
    return np.where(known, att, 0.0), influence * known[:, None, :], known
