"""Aggregations of ATT(g,t): simple, by group, by event time, by calendar time.

Callaway & Sant'Anna 2021, section 3. The weights are estimated shares of the cohorts; their
uncertainty enters by the delta method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.group_time import GroupTime

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

Kind = Literal["simple", "group", "event", "calendar"]
DRAWS = 20_000  # Monte Carlo error of a 95 % critical value: about .01


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """E averages of ATT(g,t) with covariance (E, E), and their overall average.

    ``labels`` (E,) are cohorts, event times or periods. ``treated`` (E,) is the fewest people
    that any ATT(g,t) of an average rests on, ``controls`` (E,) likewise. ``gradient`` (E, K + G)
    is that of the averages in (att, shares).
    """

    kind: Kind
    labels: Ints
    estimate: Floats
    covariance: Floats
    overall: float
    overall_std_error: float
    treated: Ints
    controls: Ints
    gradient: Floats

    @property
    def std_error(self) -> Floats:
        """Standard errors of ``estimate``, shape (E,)."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    def simultaneous(self, rng: np.random.Generator, level: float = 0.95) -> float:
        """Critical value of bands that cover all E averages at once.

        Gaussian multipliers: given the data a multiplier draw is exactly normal with the
        covariance at hand, so draws need no second look at people.
        """
        return simultaneous(self.covariance, rng, level)


def simultaneous(covariance: Floats, rng: np.random.Generator, level: float = 0.95) -> float:
    """Critical value of intervals that cover all figures with this covariance (E, E) at once."""
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    used = errors > 0
    scale = errors[used]
    correlation = covariance[np.ix_(used, used)] / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = rng.standard_normal((DRAWS, len(values))) @ root.T
    return float(np.quantile(np.abs(draws).max(axis=1), level))


def with_df(critical: float, df: float) -> float:
    """A critical value of normal figures for errors with so many degrees of freedom: t's tail."""
    return float(stats.t.isf(stats.norm.sf(critical), df))


def aggregate(effects: GroupTime, kind: Kind) -> Aggregate:
    """The aggregation; ATT(g,t) that could not be estimated take no part.

    Raises ValueError where none is left.
    """
    known = ~np.isnan(effects.att)
    event = effects.period - effects.group
    after = known & (event >= 0)
    if not after.any():
        raise ValueError("no ATT(g,t) after the start could be estimated")
    by = {
        "simple": np.zeros_like(event),
        "group": effects.group,
        "event": event,
        "calendar": effects.period,
    }
    kept = known if kind == "event" else after
    labels = np.unique(by[kind][kept])
    rows = [_average(effects, kept & (by[kind] == label), kind) for label in labels]
    gradient = np.array([g for _, g in rows])
    estimate = np.array([value for value, _ in rows])
    overall, overall_gradient = _overall(effects, kind, labels, estimate, gradient)
    members = [kept & (by[kind] == label) for label in labels]
    return Aggregate(
        kind=kind,
        labels=labels,
        estimate=estimate,
        covariance=gradient @ effects.covariance @ gradient.T,
        overall=overall,
        overall_std_error=math.sqrt(
            max(float(overall_gradient @ effects.covariance @ overall_gradient), 0.0)
        ),
        treated=np.array([_fewest(effects.treated, effects, m) for m in members]),
        controls=np.array([_fewest(effects.controls, effects, m) for m in members]),
        gradient=gradient,
    )


def _fewest(counts: Ints, effects: GroupTime, members: Bools) -> int:
    compared = members & (effects.period != effects.base)
    return int(counts[compared].min()) if compared.any() else 0


def _average(effects: GroupTime, members: Bools, kind: Kind) -> tuple[float, Floats]:
    """The average over the members and its gradient in (att, shares)."""
    gradient = np.zeros(len(effects.att) + len(effects.groups))
    place = np.searchsorted(effects.groups, effects.group[members])
    share = np.ones(int(members.sum())) if kind == "group" else effects.shares[place]
    weight = share / share.sum()
    value = float(weight @ effects.att[members])
    gradient[: len(effects.att)][members] = weight
    if kind != "group":
        slope = (effects.att[members] - value) / share.sum()
        np.add.at(gradient, len(effects.att) + place, slope)
    return value, gradient


def _overall(
    effects: GroupTime, kind: Kind, labels: Ints, estimate: Floats, gradient: Floats
) -> tuple[float, Floats]:
    if kind == "group":
        places = np.searchsorted(effects.groups, labels)
        share = effects.shares[places]
        value = float(share @ estimate / share.sum())
        made = share @ gradient / share.sum()
        made[len(effects.att) + places] += (estimate - value) / share.sum()
        return value, made
    used = labels >= 0 if kind == "event" else np.ones(len(labels), dtype=bool)
    return float(estimate[used].mean()), gradient[used].mean(axis=0)
