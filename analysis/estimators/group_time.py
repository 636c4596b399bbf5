"""ATT(g,t) of a staggered roll-out from compressed moments (Callaway & Sant'Anna 2021).

A cohort's change in outcome since its base period, less the change of people not treated by then.
With covariates doubly robust: logit propensity and outcome regression, Sant'Anna & Zhao 2020,
estimator (3.1) with the influence function of their theorem A.1. Proportional effects compare
growth instead of change (module ratio).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.covariance import Differences
from analysis.estimators.doubly_robust import Sides, doubly_robust
from analysis.estimators.ratio import ratio_of_ratios

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analysis.compress import Moments
    from analysis.estimators.people_compared import Seen

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

Control = Literal["never_treated", "not_yet_treated"]
Base = Literal["varying", "universal"]
# What a study's `rollout.control` asks for.
CONTROLS: dict[str, Control] = {"not_yet": "not_yet_treated", "never": "never_treated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTime:
    """ATT(g,t) of K cohort-period pairs, with all that an aggregation needs.

    ``group``, ``period`` and ``base`` (K,) are period labels; ``att`` (K,) is nan where
    ``reason`` (K,) says why. ``treated`` and ``controls`` (K,) count people seen in both periods.
    ``groups`` and ``shares`` (G,) are the cohorts and their share of all people; ``covariance``
    (K + G, K + G) is that of (att, shares), over people or the declared clusters.
    ``clusters`` is their number, None where people are; ``sums`` (clusters, K + G) are their
    influences, in the order of their codes.
    """

    group: Ints
    period: Ints
    base: Ints
    att: Floats
    treated: Ints
    controls: Ints
    reason: tuple[str, ...]
    groups: Ints
    shares: Floats
    covariance: Floats
    people: int
    clusters: int | None
    sums: Floats | None = None

    @property
    def std_error(self) -> Floats:
        """Standard errors of ``att``, shape (K,); nan where there is none."""
        variance = np.diag(self.covariance)[: len(self.att)]
        return np.where(np.isnan(self.att) | (variance <= 0), np.nan, np.sqrt(variance))


def att_by_group_and_time(
    moments: Moments,
    *,
    control: Control = "not_yet_treated",
    base: Base = "varying",
    anticipation: int = 0,
    covariates: Floats | None = None,
    proportional: bool = False,
) -> GroupTime:
    """All ATT(g,t) with their covariance; raises ValueError where no cohort can be compared.

    A person counts for (g,t) where seen in both t and the base period; others are not imputed.
    In ``anticipation`` periods before the start an effect may show: the base lies before them, and
    people are compared with while further than that from their own start. ``covariates``
    (cells, q) are the rows of each cell, a constant first. Effects are differences, or log ratios
    where ``proportional`` (without covariates). Cohorts without a base are left out. Sandwich
    without small-sample factor.
    """
    groups = _groups(moments, anticipation)
    pairs = _pairs(moments.periods, groups, base, anticipation)
    late, early = (np.array([pair[i] for pair in pairs] + [0] * len(groups)) for i in (1, 2))
    into = Differences(moments, late, early, slopes=2 if proportional else 1)
    sides = (_sides(moments, *pair, control, anticipation) for pair in pairs)
    compared, people = _compared(sides, covariates, into, proportional=proportional)
    shares = _shares(moments, groups, into, len(pairs))
    return GroupTime(
        group=np.array([g for g, _, _ in pairs]),
        period=moments.periods[late[: len(pairs)]],
        base=moments.periods[early[: len(pairs)]],
        att=np.array([value for value, _ in compared]),
        treated=people[:, 0],
        controls=people[:, 1],
        reason=tuple(why for _, why in compared),
        groups=groups,
        shares=shares,
        covariance=into.outer(),
        people=int(moments.people.sum()),
        clusters=moments.clusters,
        sums=into.sums,
    )


def _groups(moments: Moments, anticipation: int) -> Ints:
    """Cohorts with a period before their start, in order."""
    first, last = moments.periods[0] + anticipation, moments.periods[-1]
    return np.unique(moments.cohort[(moments.cohort > first) & (moments.cohort <= last)])


def _compared(
    sides: Iterable[Sides], covariates: Floats | None, into: Differences, *, proportional: bool
) -> tuple[list[tuple[float, str]], Ints]:
    """ATT(g,t) of every pair with why it is nan, people on both sides (K, 2); fills ``into``.

    Sides come one at a time: each is as large as the moments.
    """
    if proportional and covariates is not None:
        raise ValueError("proportional effects take no covariates")
    compared, people = [], []
    for k, side in enumerate(sides):
        made = _ratio(side, into, k) if proportional else _difference(side, covariates, into, k)
        compared.append(made)
        people.append(side.people(into.moments))
    return compared, np.array(people)


def _difference(
    sides: Sides, covariates: Floats | None, into: Differences, k: int
) -> tuple[float, str]:
    """ATT(g,t) and why it is nan; writes the influence of the patterns into column ``k``."""
    if into.late[k] == into.early[k]:
        return 0.0, ""
    made = doubly_robust(sides, covariates)
    if isinstance(made, str):
        return np.nan, made
    att, slope, constant = made
    into.put(k, sides.used, constant, slope)
    return att, ""


def _ratio(sides: Sides, into: Differences, k: int) -> tuple[float, str]:
    """The same for the log of a ratio of ratios."""
    late, early = int(into.late[k]), int(into.early[k])
    if late == early:
        return 0.0, ""
    made = ratio_of_ratios(into.moments, sides, late, early)
    if isinstance(made, str):
        return np.nan, made
    into.put(k, sides.used, made.constant, made.slope, made.early_slope)
    return made.value, ""


def _pairs(
    periods: Ints, groups: Ints, base: Base, anticipation: int
) -> list[tuple[int, int, int]]:
    """Cohorts with numbers of period and base period, in this order; ValueError for none.

    From the start less the anticipation on, the base is the last period before (Callaway &
    Sant'Anna 2021, theorem 1); before, the period before (varying) or the same base (universal).
    """
    pairs = []
    for group in groups.tolist():
        last = int(np.flatnonzero(periods + anticipation < group)[-1])
        if base == "universal":
            pairs += [(group, t, last) for t in range(len(periods))]
        else:
            pairs += [(group, t, last if t > last else t - 1) for t in range(1, len(periods))]
    if not pairs:
        raise ValueError("no cohort starts after the first period")
    return pairs


def on_each_side(
    starts: Moments | Seen, group: int, late: int, early: int, control: Control, anticipation: int
) -> tuple[Bools, Bools]:
    """Which patterns (P,) ATT(g,t) treats and which it compares with: those seen in both."""
    both = starts.observed[:, late] & starts.observed[:, early]
    others = untreated(starts, group, max(late, early), control, anticipation)
    return both & (starts.cohort == group), both & others


def untreated(
    starts: Moments | Seen, group: int, late: int, control: Control, anticipation: int
) -> Bools:
    """Which patterns (P,) a cohort is compared with up to a period, seen or not."""
    # Whoever starts, or may show an effect, only after the last period never does so here.
    found = starts.cohort > starts.periods[-1] + anticipation
    if control == "not_yet_treated":
        last = starts.periods[late] + anticipation
        found |= (starts.cohort > last) & (starts.cohort != group)
    return np.asarray(found)


def _sides(
    moments: Moments, group: int, late: int, early: int, control: Control, anticipation: int
) -> Sides:
    treated, others = on_each_side(moments, group, late, early, control, anticipation)
    used = np.flatnonzero(treated | others)
    return Sides(
        used=used,
        treated=treated[used],
        cell=moments.cell[used],
        weight=moments.weight[used],
        change=moments.total[used, late] - moments.total[used, early],
    )


def _shares(moments: Moments, groups: Ints, into: Differences, first: int) -> Floats:
    """Shares of the cohorts among all; writes their influences into the columns from ``first``."""
    everybody = moments.weight.sum()
    patterns, nothing = np.arange(len(moments.people)), np.zeros(len(moments.people))
    shares = np.zeros(len(groups))
    for i, group in enumerate(groups):
        member = moments.cohort == group
        shares[i] = moments.weight[member].sum() / everybody
        into.put(first + i, patterns, (member - shares[i]) / everybody, nothing)
    return shares
