"""Lee (2009, Review of Economic Studies 76:1071-1102) bounds where outcomes exist for some only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

from analysis.estimate import TOO_FEW, Estimate, NotEstimable
from analysis.estimators.results import Figures, make_estimate, make_target
from analysis.estimators.sample import MIN_PEOPLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

ALWAYS = "effect on people whose outcome is recorded in either arm, as mean over the window"
CONVENTION = (
    "monotonicity assumed; Imbens-Manski interval of both bounds, influence-function standard "
    "errors clustered by {cluster}; not adjusted for covariates"
)

_NO_RATIO = "a bound would be a ratio to a mean of 0"
_ROUNDING = 1e-9  # a whole number of people is not one more


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of the identified interval and its standard error."""

    estimate: float
    std_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Arrays (n,): 1 for the treated arm, mean outcome (nan: none), weight, cluster."""

    treated: NDArray[np.bool_]
    outcome: NDArray[np.float64]
    weight: NDArray[np.float64]
    cluster: NDArray[np.int64]


def lee_bounds(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Lower and upper bound of each arm; both carry the Imbens-Manski interval.

    Person means over the window. Monotonicity assumed: assignment moves everybody's recording
    of an outcome the same way. People are weighted by 1 / share of their arm in their stratum.
    """
    return tuple(r for arm in panel.treated for r in _one_arm(panel.pair(arm), spec, window))


def _one_arm(pair: Panel, spec: StudySpec, window: Window) -> list[Result]:
    targets = [
        make_target(
            pair,
            spec,
            pair.treated[0],
            window,
            name=f"lee_bound_{end}",
            estimator=f"Lee bound, {end}",
            estimand=ALWAYS,
        )
        for end in ("lower", "upper")
    ]
    people = _people(pair, window)
    reason = _why_not(people, pair)
    if reason:
        return [NotEstimable(target=t, reason=reason) for t in targets]
    ends = bounds(people, ratio=spec.outcome.link == "log")
    if not all(math.isfinite(end.estimate) for end in ends):
        return [NotEstimable(target=t, reason=_NO_RATIO) for t in targets]
    smallest, log = given_away(people), spec.outcome.per_cent
    made = [
        make_estimate(t, _figures(people, end, ends, spec), log=log)
        for t, end in zip(targets, ends, strict=True)
    ]
    return [replace(m, n_smallest=smallest) if isinstance(m, Estimate) else m for m in made]


def _figures(people: People, end: Bound, ends: tuple[Bound, Bound], spec: StudySpec) -> Figures:
    seen = ~np.isnan(people.outcome)
    treated, others = int((seen & people.treated).sum()), int((seen & ~people.treated).sum())
    df = float(len(np.unique(people.cluster)) - 1)
    return Figures(
        estimate=end.estimate,
        std_error=end.std_error,
        t_df=df,
        df=df,
        counts=(treated, others, treated + others),
        convention=CONVENTION.format(cluster=spec.cluster.replace("_", " ")),
        size=1.0 if spec.outcome.link == "log" else float(np.nanmax(np.abs(people.outcome))),
        interval=imbens_manski(*ends),
    )


def given_away(people: People) -> int | None:
    """Fewest people that the bounds tell of: those trimmed, and those without an outcome.

    Bound less estimate is the sum of the trimmed outcomes; of one person, it is theirs.
    """
    seen = ~np.isnan(people.outcome)
    arms = (people.treated, ~people.treated)
    missing = [int((arm & ~seen).sum()) for arm in arms]
    shares = [float(np.average(seen[arm], weights=people.weight[arm])) for arm in arms]
    widest = int((arms[int(shares[1] > shares[0])] & seen).sum())
    trimmed = math.ceil((1 - min(shares) / max(shares)) * widest - _ROUNDING)
    return min((n for n in (*missing, trimmed) if n > 0), default=None)


def _people(pair: Panel, window: Window) -> People:
    """Everybody of the pair in strata that hold both arms."""
    means = pair.between(*window).rows.groupby("person")["outcome"].mean()
    frame = pair.people[["person", "arm", "stratum", "cluster"]].copy()
    frame["outcome"] = frame["person"].map(means)
    frame = frame[frame.groupby("stratum")["arm"].transform("nunique") == 2]
    in_arm = frame.groupby(["stratum", "arm"])["person"].transform("size")
    in_stratum = frame.groupby("stratum")["person"].transform("size")
    return People(
        treated=(frame["arm"] == pair.treated[0]).to_numpy(dtype=bool),
        outcome=frame["outcome"].to_numpy(dtype=float),
        weight=(in_stratum / in_arm).to_numpy(dtype=float),
        cluster=frame["cluster"].to_numpy(dtype=np.int64),
    )


def _why_not(people: People, pair: Panel) -> str | None:
    seen = ~np.isnan(people.outcome)
    for arm, members in (
        (pair.treated[0], people.treated),
        (pair.comparison, ~people.treated),
    ):
        if (seen & members).sum() < MIN_PEOPLE:
            return f"{TOO_FEW} of {arm} have an outcome in this window"
    if np.ptp(people.outcome[seen]) == 0:
        return "the outcome is the same for everybody in this window"
    if len(np.unique(people.cluster)) < MIN_PEOPLE:
        return "all people are in one cluster"
    return None


def bounds(people: People, *, ratio: bool = False) -> tuple[Bound, Bound]:
    """Lower and upper bound: the arm with more outcomes loses its highest or lowest share.

    With ``ratio`` of the log of the ratio of means; nan where a mean is 0.
    """
    seen = ~np.isnan(people.outcome)
    shares = [
        float(np.average(seen[members], weights=people.weight[members]))
        for members in (~people.treated, people.treated)
    ]
    more_treated = shares[1] >= shares[0]
    trimmed = people.treated if more_treated else ~people.treated
    keep = min(shares) / max(shares)
    sign = 1.0 if more_treated else -1.0
    ends: list[Bound] = []
    for lower in (True, False):
        # The lower bound of (treated - comparison) keeps the lowest treated, or highest others.
        keeps_lowest = lower == more_treated
        part, effect = _trimmed_mean(people, trimmed, seen, keep, keeps_lowest=keeps_lowest)
        rest, rest_effect = _whole_mean(people, ~trimmed, seen)
        if ratio:
            part, effect = _log_mean(part, effect)
            rest, rest_effect = _log_mean(rest, rest_effect)
        influence = sign * (effect - rest_effect)
        _, members = np.unique(people.cluster, return_inverse=True)
        sums = np.bincount(members, weights=influence)
        correction = len(sums) / (len(sums) - 1)
        error = float(np.sqrt(correction * (sums**2).sum()))
        ends.append(Bound(estimate=sign * (part - rest), std_error=error))
    return ends[0], ends[1]


def _log_mean(mean: float, influence: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The log of a mean and the influence on it, by the delta method; nan of a mean of 0."""
    return (math.log(mean), influence / mean) if mean > 0 else (math.nan, influence)


def _whole_mean(
    people: People, group: NDArray[np.bool_], seen: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """Weighted mean of a group and the influence (n,) of each person on it."""
    weight = people.weight * (group & seen)
    values = np.where(seen, people.outcome, 0.0)
    mean = float(weight @ values / weight.sum())
    return mean, weight * (values - mean) / weight.sum()


def _trimmed_mean(
    people: People,
    group: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    keep: float,
    *,
    keeps_lowest: bool,
) -> tuple[float, NDArray[np.float64]]:
    """Mean of the lowest (or highest) ``keep`` share of a group, and its influence (n,).

    The person at the cut counts in part. Influence: the trimmed mean given the cut, plus the
    sampling of the cut through both shares of recorded outcomes.
    """
    sign = 1.0 if keeps_lowest else -1.0
    values = sign * np.where(seen, people.outcome, 0.0)
    weight = people.weight * (group & seen)
    order = np.argsort(values, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(weight[order])[:-1]])
    target = keep * weight.sum()
    part = np.zeros(len(weight))
    part[order] = np.clip(target - before, 0.0, weight[order])
    mean = float(part @ values / target)
    cut = float(values[part > 0].max())
    influence = (part * (values - cut) + weight * keep * (cut - mean)) / target
    influence += (cut - mean) * _log_share_influence(people, ~group, seen)
    influence -= (cut - mean) * _log_share_influence(people, group, seen)
    return sign * mean, sign * influence


def _log_share_influence(
    people: People, group: NDArray[np.bool_], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Influence (n,) of each person on the log of the group's share with an outcome."""
    weight = people.weight * group
    share = float(weight @ seen / weight.sum())
    return np.asarray(weight * (seen - share) / (share * weight.sum()))


def imbens_manski(low: Bound, high: Bound) -> tuple[float, float]:
    """95 % interval for the effect itself (Imbens and Manski 2004, Econometrica 72, eq. 7)."""
    largest = max(low.std_error, high.std_error)
    width = max(high.estimate - low.estimate, 0.0)
    if largest <= 0:
        return low.estimate, high.estimate

    def excess(c: float) -> float:
        return float(stats.norm.cdf(c + width / largest) - stats.norm.cdf(-c)) - 0.95

    c = float(optimize.brentq(excess, 1.0, 3.0))
    return low.estimate - c * low.std_error, high.estimate + c * high.std_error
