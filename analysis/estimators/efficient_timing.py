"""Efficient estimation where start dates were drawn (Roth & Sant'Anna 2023, JPE Micro 1:669-709).

With dates drawn by lot, cohorts differ before the start by chance alone. Later outcomes of cohorts
are compared as they are, less a coefficient times the chance difference before: 0 gives plain
differences in means, 1 the change since the base month, and the coefficient used here the smallest
variance. What was drawn is a unit (a site), so outcomes are means of units, each counting once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Kind = Literal["event", "simple", "group", "calendar"]
Pair = tuple[int, int, int]  # cohort, period number, number of its base period


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What was drawn: start and stratum (U,) of each unit, its mean outcomes (U, T), nan if none.

    ``periods`` (T,) are labels; means are centred by period as the moments are.
    """

    periods: Ints
    cohort: Ints
    stratum: Ints
    mean: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficient:
    """The estimate with its conservative standard error and the coefficient of the adjustment.

    ``unadjusted`` is the estimate with coefficient 0. ``units`` were compared, ``left_out`` lack a
    month; ``df`` are units less cohorts (of each stratum), less one if the coefficient is fitted.
    """

    estimate: float
    std_error: float
    beta: float
    unadjusted: float
    units: int
    left_out: int
    df: int


def unit_means(moments: Moments, stratum: Ints | None = None) -> Units:
    """Means of the clusters (the people where none is declared is an error: ValueError).

    ``stratum`` (C,) is that of each cluster in the order of their codes.
    """
    if not moments.clustered:
        raise ValueError("units of the draw are declared as clusters")
    codes, first, place = np.unique(moments.cluster, return_index=True, return_inverse=True)
    total = np.zeros((len(codes), len(moments.periods)))
    weight = np.zeros_like(total)
    np.add.at(total, place, moments.total)
    np.add.at(weight, place, moments.observed * moments.weight[:, None])
    return Units(
        periods=moments.periods,
        cohort=moments.cohort[first],
        stratum=np.zeros(len(codes), dtype=np.int64) if stratum is None else stratum[codes],
        mean=np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0),
    )


def efficient(
    units: Units,
    *,
    window: tuple[int, int] | None = None,
    kind: Kind = "event",
    anticipation: int = 0,
    beta: float | None = None,
) -> Efficient:
    """The plug-in efficient estimator, averaged as ``kind`` says over event times of ``window``.

    Cohorts not yet started are compared with. The variance is Neyman's, too large where
    effects differ between units; a given ``beta`` is used as it is. Raises ValueError
    with the reason where a cohort has fewer than two units or nothing can be compared.
    """
    weights = _weights(units, window, kind, anticipation)
    used = np.abs(weights).sum(axis=(0, 1, 2)) > 0
    seen = np.asarray(~np.isnan(units.mean[:, used]).any(axis=1))
    if not seen.all():  # sizes of cohorts, and so the weights, are those of the units left
        units = _only(units, seen)
        weights = _weights(units, window, kind, anticipation)
    found, omega, cells = _means(units, weights)
    fitted = beta is None
    df = len(units.cohort) - cells - fitted
    if df < 1:
        raise ValueError("there are as many starts as units")
    if beta is None:
        beta = omega[0, 1] / omega[1, 1] if omega[1, 1] > 0 else 0.0
    contrast = np.array([1.0, -beta])
    variance = float(contrast @ omega @ contrast)
    variance *= (df + fitted) / df  # the coefficient was fitted to the spread that is left
    return Efficient(
        estimate=float(contrast @ found),
        std_error=float(np.sqrt(max(variance, 0.0))),
        beta=float(beta),
        unadjusted=float(found[0]),
        units=len(units.cohort),
        left_out=int((~seen).sum()),
        df=df,
    )


def _means(units: Units, weights: Floats) -> tuple[Floats, Floats, int]:
    """Estimate and difference before (2,), their covariance (2, 2), cells they rest on."""
    found, omega, cells = np.zeros(2), np.zeros((2, 2)), 0
    for members, row in _cells(units, weights):
        if members.sum() < 2:
            raise ValueError("fewer than two units drew the same start")
        values = np.nan_to_num(units.mean[members]) @ row.T
        found += values.mean(axis=0)
        omega += np.cov(values, rowvar=False) / members.sum()
        cells += 1
    return found, omega, cells


def _only(units: Units, kept: NDArray[np.bool_]) -> Units:
    return Units(
        periods=units.periods,
        cohort=units.cohort[kept],
        stratum=units.stratum[kept],
        mean=units.mean[kept],
    )


def _cells(units: Units, weights: Floats) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """Units of each stratum and cohort that take part, with their two rows of weights (2, T)."""
    for s, stratum in enumerate(np.unique(units.stratum)):
        for g, cohort in enumerate(np.unique(units.cohort)):
            row = weights[:, s, g]
            if np.abs(row).any():
                yield (units.stratum == stratum) & (units.cohort == cohort), row


def _weights(units: Units, window: tuple[int, int] | None, kind: Kind, anticipation: int) -> Floats:
    """(2, strata, cohorts, T): weights of means in the estimate, and in the difference before.

    A cohort's month is compared within strata, each weighted by the cohort's units there.
    """
    cohorts, strata = np.unique(units.cohort), np.unique(units.stratum)
    size = np.array(
        [[((units.stratum == s) & (units.cohort == g)).sum() for g in cohorts] for s in strata]
    )
    made = np.zeros((2, len(strata), len(cohorts), len(units.periods)))
    pairs = list(_pairs(units.periods, cohorts, size, anticipation))
    for (g, t, base), share in _shares(pairs, units.periods, cohorts, size, window, kind):
        later = cohorts > units.periods[t] + anticipation
        compared = size * later
        usable = np.flatnonzero((size[:, g] > 0) & compared.any(axis=1))
        for s in usable:
            part = share * size[s, g] / size[usable, g].sum()
            for place, month in ((0, t), (1, base)):
                made[place, s, g, month] += part
                made[place, s, :, month] -= part * compared[s] / compared[s].sum()
    return made


def _pairs(periods: Ints, cohorts: Ints, size: Ints, anticipation: int) -> Iterator[Pair]:
    """Cohort numbers with the period numbers, from the start on, and base that can be compared."""
    for g, cohort in enumerate(cohorts):
        before = np.flatnonzero(periods + anticipation < cohort)
        for t in np.flatnonzero(periods >= cohort) if len(before) else ():
            others = size[:, cohorts > periods[t] + anticipation].any(axis=1)
            if (others & (size[:, g] > 0)).any():
                yield g, int(t), int(before[-1])


def _shares(
    pairs: list[Pair],
    periods: Ints,
    cohorts: Ints,
    size: Ints,
    window: tuple[int, int] | None,
    kind: Kind,
) -> Iterator[tuple[Pair, float]]:
    """Each pair with its weight in the average; cohorts weigh as many as they have units."""
    event = {pair: int(periods[pair[1]] - cohorts[pair[0]]) for pair in pairs}
    if window is not None:
        pairs = [p for p in pairs if window[0] <= event[p] <= window[1]]
        if len({event[p] for p in pairs}) < window[1] - window[0] + 1:
            raise ValueError("the window reaches beyond the months that can be compared")
    if not pairs:
        raise ValueError("no month after a start can be compared")
    units = size.sum(axis=0)
    of = {p: {"event": event[p], "calendar": p[1], "group": p[0]}.get(kind, 0) for p in pairs}
    groups = {one: [p for p in pairs if of[p] == one] for one in set(of.values())}
    started = sum(units[g] for g in {p[0] for p in pairs})
    for one, members in sorted(groups.items()):
        within = 1 / len(groups) if kind != "group" else units[one] / started
        total = sum(units[p[0]] for p in members)
        for pair in members:
            yield pair, float(within * units[pair[0]] / total)
