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
    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

Control = Literal["never_treated", "not_yet_treated"]
Base = Literal["varying", "universal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTime:
    """ATT(g,t) of K cohort-period pairs, with all that an aggregation needs.

    ``group``, ``period`` and ``base`` (K,) are period labels; ``att`` (K,) is nan where
    ``reason`` (K,) says why. ``treated`` and ``controls`` (K,) count people seen in both periods.
    ``groups`` and ``shares`` (G,) are the cohorts and their share of all people; ``covariance``
    (K + G, K + G) is that of (att, shares), over people or the declared clusters.
    ``clusters`` is their number, None where people are.
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
    into = _none_yet(len(moments.people), pairs, len(groups), apart=proportional)
    sides = [_sides(moments, *pair, control, anticipation) for pair in pairs]
    compared = _compared(moments, sides, covariates, into, proportional=proportional)
    treated, controls = np.array([side.people(moments) for side in sides]).T
    shares = _shares(moments, groups, into.constant[:, len(pairs) :])
    return GroupTime(
        group=np.array([g for g, _, _ in pairs]),
        period=moments.periods[into.late[: len(pairs)]],
        base=moments.periods[into.early[: len(pairs)]],
        att=np.array([value for value, _ in compared]),
        treated=treated,
        controls=controls,
        reason=tuple(why for _, why in compared),
        groups=groups,
        shares=shares,
        covariance=into.outer(moments),
        people=int(moments.people.sum()),
        clusters=moments.clusters,
    )


def _groups(moments: Moments, anticipation: int) -> Ints:
    """Cohorts with a period before their start, in order."""
    first, last = moments.periods[0] + anticipation, moments.periods[-1]
    return np.unique(moments.cohort[(moments.cohort > first) & (moments.cohort <= last)])


def _none_yet(
    patterns: int, pairs: list[tuple[int, int, int]], groups: int, *, apart: bool
) -> Differences:
    """Influences of all ATT(g,t), then of the shares of cohorts, which depend on no outcome.

    The two slopes are one array unless ``apart``.
    """
    shape, more = (patterns, len(pairs) + groups), [0] * groups
    slope = np.zeros(shape)
    return Differences(
        constant=np.zeros(shape),
        slope=slope,
        early_slope=np.zeros(shape) if apart else slope,
        late=np.array([t for _, t, _ in pairs] + more),
        early=np.array([b for _, _, b in pairs] + more),
    )


def _compared(
    moments: Moments,
    sides: list[Sides],
    covariates: Floats | None,
    into: Differences,
    *,
    proportional: bool,
) -> list[tuple[float, str]]:
    """ATT(g,t) of every pair with why it is nan; writes the influences."""
    if not proportional:
        return [_difference(side, covariates, into, k) for k, side in enumerate(sides)]
    if covariates is not None:
        raise ValueError("proportional effects take no covariates")
    return [_ratio(moments, side, into, k) for k, side in enumerate(sides)]


def _difference(
    sides: Sides, covariates: Floats | None, into: Differences, k: int
) -> tuple[float, str]:
    """ATT(g,t) and why it is nan; writes the influence of the patterns into column ``k``."""
    if into.late[k] == into.early[k]:
        return 0.0, ""
    made = doubly_robust(sides, covariates)
    if isinstance(made, str):
        return np.nan, made
    att, into.slope[sides.used, k], into.constant[sides.used, k] = made
    return att, ""


def _ratio(moments: Moments, sides: Sides, into: Differences, k: int) -> tuple[float, str]:
    """The same for the log of a ratio of ratios."""
    late, early = int(into.late[k]), int(into.early[k])
    if late == early:
        return 0.0, ""
    made = ratio_of_ratios(moments, sides, late, early)
    if isinstance(made, str):
        return np.nan, made
    into.constant[sides.used, k] = made.constant
    into.slope[sides.used, k], into.early_slope[sides.used, k] = made.slope, made.early_slope
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


def _sides(
    moments: Moments, group: int, late: int, early: int, control: Control, anticipation: int
) -> Sides:
    both = moments.observed[:, late] & moments.observed[:, early]
    treated = both & (moments.cohort == group)
    # Whoever starts, or may show an effect, only after the last period never does so here.
    untreated = moments.cohort > moments.periods[-1] + anticipation
    if control == "not_yet_treated":
        last = moments.periods[max(late, early)] + anticipation
        untreated |= (moments.cohort > last) & (moments.cohort != group)
    used = np.flatnonzero(treated | (both & untreated))
    return Sides(
        used=used,
        treated=treated[used],
        cell=moments.cell[used],
        weight=moments.weight[used],
        change=moments.total[used, late] - moments.total[used, early],
    )


def _shares(moments: Moments, groups: Ints, constant: Floats) -> Floats:
    """Shares of the cohorts among all; writes their influence into ``constant`` (P, G)."""
    everybody = moments.weight.sum()
    member = moments.cohort[:, None] == groups
    shares = np.asarray(moments.weight @ member / everybody)
    constant[:] = (member - shares) / everybody
    return shares
