"""Do people at sites that started go on having an outcome as those at other sites do?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.response import missing_verdict
from analysis.estimators.group_time import CONTROLS, untreated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments
    from analysis.roll_out_results import Effects

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

_LABEL = "Outcome recorded, people at sites that started less others"
_REMEDY = (
    "Find out why results stop more often on one side once a site has started (exits, moves, late "
    "reporting); the answer is about those who are still measured."
)


class _Pair(NamedTuple):
    """One ATT(g,t) of the window: patterns (P,) seen in its base month, and whether still at t."""

    event: int
    own: Bools
    others: Bools
    still: Bools


def roll_out_missing(moments: Moments, effects: Effects) -> Diagnostic:
    """Verdict on the difference in the share of people seen before a start who still are after it.

    Of those with an outcome in the base month of a start, averaged over the window as the headline
    is, against people at sites it is compared with; errors are clustered by site.
    """
    pairs = _pairs(moments, effects)
    if not pairs:
        return Diagnostic(
            name="differential_missing_outcome", label=_LABEL, value=None, threshold="",
            display="no month of the window can be compared", status="note", remedy="",
        )  # fmt: skip
    value, influence = _difference(moments, pairs)
    by_site = np.bincount(moments.cluster, weights=moments.people * influence)
    error = float(np.sqrt(effects.factor * (by_site**2).sum()))
    half = float(stats.t.ppf(0.975, min(effects.df, 1e6))) * error
    figures = (value, value - half, value + half)
    limits = effects.spec.thresholds
    return missing_verdict(_LABEL, figures, _told_of(moments, pairs), limits, _REMEDY)


def _pairs(moments: Moments, effects: Effects) -> list[_Pair]:
    made, rollout = effects.group_time, effects.spec.rollout
    inside = effects.since_start(*effects.spec.follow_up.primary) & ~np.isnan(made.att)
    found = []
    for group, period in zip(made.group[inside], made.period[inside], strict=True):
        base = int(group) - 1 - rollout.anticipation
        if base < moments.periods[0]:
            continue
        at, then = (int(np.searchsorted(moments.periods, p)) for p in (period, base))
        seen = moments.observed[:, then]
        control = CONTROLS[rollout.control]
        free = untreated(moments, int(group), max(at, then), control, rollout.anticipation)
        pair = _Pair(
            int(period - group), seen & (moments.cohort == group), seen & free,
            moments.observed[:, at],
        )  # fmt: skip
        if pair.own.any() and pair.others.any():
            found.append(pair)
    return found


def _difference(moments: Moments, pairs: list[_Pair]) -> tuple[float, Floats]:
    """The average difference, and the influence (P,) of each person of a pattern on it.

    Event months count alike; within one, starts count by their people.
    """
    sizes = np.array([float(moments.people[p.own].sum()) for p in pairs])
    events = np.array([p.event for p in pairs])
    months = np.unique(events)
    value, influence = 0.0, np.zeros(len(moments.people))
    for pair, size in zip(pairs, sizes, strict=True):
        weight = size / sizes[events == pair.event].sum() / len(months)
        for side, sign in ((pair.own, 1.0), (pair.others, -1.0)):
            people = moments.people * side
            share = float(people @ pair.still / people.sum())
            value += sign * weight * share
            influence += sign * weight * side * (pair.still - share) / people.sum()
    return value, influence


def _told_of(moments: Moments, pairs: list[_Pair]) -> int:
    """The fewest people that the shares tell of: on a side, those still seen or those lost."""
    counts = []
    for side in ("own", "others"):
        for kept in (True, False):
            which = np.any([getattr(p, side) & (p.still == kept) for p in pairs], axis=0)
            counts.append(int(moments.people[which].sum()))
    return min((n for n in counts if n), default=0)
