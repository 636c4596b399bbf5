"""Figures of a roll-out: what they share, and each of them as a result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimate import NotEstimable, Target
from analysis.estimators.aggregate import Aggregate, aggregate, with_df
from analysis.estimators.results import Figures, make_estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result, Role
    from analysis.estimators.aggregate import Kind
    from analysis.estimators.group_time import GroupTime
    from analysis.estimators.people_compared import Seen
    from analysis.estimators.start_permutation import Reference
    from analysis.study import StudySpec, Window

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

ATT = "effect on those at sites that started (ATT)"
_SIZE = 1.0  # scale beside which a standard error of nothing would mean an outcome that is fixed
_FEW = "t with sites − cohorts degrees of freedom"
_NORMAL = 1e6  # degrees of freedom at which a t is the normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What all figures of one roll-out share; ``factor`` scales variances, ``df`` is of the t.

    ``cohorts``: different starts, never among them. ``leads`` are effects by event time on one base
    before the start. ``reference`` holds the permuted starts, or why there are none; None where
    starts were not drawn or sites are many.
    """

    spec: StudySpec
    group_time: GroupTime
    event: Aggregate
    leads: Aggregate
    seen: Seen
    clusters: int
    df: float
    factor: float
    cohorts: int
    reference: Reference | str | None
    adjusted: bool

    @property
    def permuted(self) -> Reference | None:
        """The permutation reference of the headline; with covariates there is none.

        What is permuted is the comparison without covariates.
        """
        return None if self.adjusted or isinstance(self.reference, str) else self.reference

    @property
    def estimator(self) -> str:
        """The headline's estimator in words."""
        who = {"not_yet": "not-yet-started", "never": "never-started"}[self.spec.rollout.control]
        return f"{self.effect}, {who} comparison"

    @property
    def effect(self) -> str:
        """What is estimated by cohort and month, in words."""
        return ("proportional " if self.spec.outcome.kind == "count" else "") + "ATT(g,t)"

    @property
    def unit(self) -> str:
        """What starts, as a word."""
        return self.spec.cluster.removesuffix("_no").replace("_", " ")

    @property
    def clustered(self) -> str:
        """How the standard errors were made."""
        return f"influence function clustered by {self.unit}"

    def target(
        self, window: Window, name: str, role: Role = "secondary", *, estimator: str = "",
        estimand: str = ATT, subgroup: str | None = None,
    ) -> Target:  # fmt: skip
        """The target of one figure; the headline's estimator unless told."""
        return Target(
            name=name,
            role=role,
            estimand=estimand,
            estimator=estimator or self.estimator,
            arm=self.spec.arms.treated[0],
            comparison=self.spec.arms.comparison,
            window=window,
            unit=self.spec.unit,
            subgroup=subgroup,
        )

    @property
    def t_df(self) -> float:
        """Degrees of freedom of the t; so many that it is the normal where ``df`` are infinite."""
        return self.df if np.isfinite(self.df) else _NORMAL

    def result(
        self,
        target: Target,
        estimate: float,
        std_error: float,
        *,
        critical: float | None = None,
        p_value: float | None = None,
        words: str = "",
        smallest: int | None = None,
        members: Bools | None = None,
    ) -> Result:
        """The figure with a t (or normal) interval, or with the critical value given.

        ``members`` (K,) are the ATT(g,t) whose people count; the whole panel unless told.
        """
        error = std_error * float(np.sqrt(self.factor))
        interval, few = None, "normal" if np.isinf(self.df) else _FEW
        if critical is not None:
            interval = (estimate - critical * error, estimate + critical * error)
            if p_value is None and error > 0:
                p_value = float(2 * stats.t.sf(abs(estimate) / error, self.t_df))
        people = self.seen.compared(self.group_time, members)
        return self.finish(
            target,
            Figures(
                estimate=estimate,
                std_error=error,
                t_df=self.t_df,
                df=min(self.df, float(self.clusters - 1)),
                counts=people.counts,
                both=people.both,
                convention=f"{self.clustered}, " + (words or few),
                size=_SIZE,
                interval=interval,
                p_value=p_value,
            ),
            smallest,
        )

    def finish(self, target: Target, figures: Figures, smallest: int | None = None) -> Result:
        """The figures as a result, in per cent where effects are ratios."""
        made = make_estimate(target, figures, log=self.spec.outcome.per_cent)
        return made if isinstance(made, NotEstimable) else replace(made, n_smallest=smallest)

    def since_start(self, first: int, last: int) -> Bools:
        """Which ATT(g,t) (K,) lie in these event months."""
        event = self.group_time.period - self.group_time.group
        return np.asarray((event >= first) & (event <= last))

    def smallest(self, inside: NDArray[np.bool_]) -> int:
        """The fewest people that any ATT(g,t) of these event times rests on, on either side."""
        return int(min(self.event.treated[inside].min(), self.event.controls[inside].min()))


def window_result(effects: Effects, window: Window, *, name: str, role: Role) -> Result:
    """The plain average of the event times of a window."""
    target, event = effects.target(window, name, role), effects.event
    inside = (event.labels >= window[0]) & (event.labels <= window[1])
    if inside.sum() < window[1] - window[0] + 1:
        return NotEstimable(
            target=target, reason="the window reaches beyond the months that can be compared"
        )
    weight = inside / inside.sum()
    error = np.sqrt(max(float(weight @ event.covariance @ weight), 0.0))
    value, smallest = float(weight @ event.estimate), effects.smallest(inside)
    members = effects.since_start(*window)
    if role != "headline" or effects.permuted is None:
        return effects.result(target, value, error, smallest=smallest, members=members)
    drawn = effects.permuted
    return effects.result(
        target,
        value,
        error,
        critical=drawn.critical / float(np.sqrt(effects.factor)),
        p_value=drawn.p_value,
        words=_drawn_words(effects, drawn),
        smallest=smallest,
        members=members,
    )


def permutation_result(effects: Effects) -> list[Result]:
    """The permuted starts beside a headline that does not rest on them."""
    drawn = effects.reference
    if drawn is None or effects.permuted is not None:
        return []
    target = effects.target(
        effects.spec.follow_up.primary, "randomisation_inference",
        estimator="Randomisation inference, start dates permuted",
    )  # fmt: skip
    if isinstance(drawn, str):
        return [NotEstimable(target=target, reason=drawn)]
    event, window = effects.event, effects.spec.follow_up.primary
    inside = (event.labels >= window[0]) & (event.labels <= window[1])
    return [
        effects.result(
            target,
            drawn.estimate,
            drawn.std_error,
            critical=drawn.critical / float(np.sqrt(effects.factor)),
            p_value=drawn.p_value,
            words=_drawn_words(effects, drawn) + ", without covariates" * effects.adjusted,
            smallest=effects.smallest(inside),
            members=effects.since_start(*window),
        )
    ]


def _drawn_words(effects: Effects, drawn: Reference) -> str:
    return (
        f"{len(drawn.draws):,} draws of start dates over {effects.unit}s, studentised: "
        "p-value under no effect on anybody, interval by their 95 % point"
    )


def by_month(effects: Effects) -> list[Result]:
    """Effects by event month up to the end of the follow-up: each by itself, then all together.

    The second has a band that covers all months at once (``by_month_together``).
    """
    spec, event = effects.spec, effects.event
    inside = np.abs(event.labels) <= spec.follow_up.months
    shown = replace(event, covariance=event.covariance[np.ix_(inside, inside)])
    shown = replace(shown, estimate=event.estimate[inside], labels=event.labels[inside])
    critical = shown.simultaneous(np.random.default_rng(spec.seed()))
    few = "normal"
    if np.isfinite(effects.df):
        critical = with_df(critical, effects.df)
        few = _FEW
    ways = (("by_month", None, ""), ("by_month_together", critical, f"{few}; simultaneous band"))
    return [
        effects.result(
            effects.target((int(e), int(e)), name),
            float(value),
            float(error),
            critical=wide,
            words=words,
            smallest=effects.smallest(event.labels == e),
            members=effects.since_start(int(e), int(e)),
        )
        for name, wide, words in ways
        for e, value, error in zip(shown.labels, shown.estimate, shown.std_error, strict=True)
    ]


# Overall averages: name, aggregation, what is averaged.
_OVERALL: tuple[tuple[str, Kind, str], ...] = (
    ("average_simple", "simple", "people and months"),
    ("average_by_start", "group", "people, each start over its months"),
    ("average_by_event", "event", "months since the start"),
    ("average_by_calendar", "calendar", "calendar months"),
)


def aggregations(effects: Effects) -> list[Result]:
    """All months after the start in the four averages, then by start and by calendar month."""
    made = {kind: aggregate(effects.group_time, kind) for _, kind, _ in _OVERALL}
    last = int(made["event"].labels.max())
    results: list[Result] = []
    for name, kind, words in _OVERALL:
        found = made[kind]
        after = found.labels >= 0  # of event times; other labels are never negative
        target = effects.target(
            (0, last), name, estimator=f"{effects.effect} averaged over {words}"
        )
        smallest = int(min(found.treated[after].min(), found.controls[after].min()))
        value, error = found.overall, found.overall_std_error
        members = effects.since_start(0, last)
        results.append(effects.result(target, value, error, smallest=smallest, members=members))
    results += _each(effects, made["group"], "by_start", "started")
    return results + _each(effects, made["calendar"], "by_calendar_month", "in")


def _each(effects: Effects, found: Aggregate, name: str, word: str) -> list[Result]:
    """One result a label: a month counted from year 0, named as year and month."""
    results = []
    pairs = effects.group_time
    of = pairs.group if found.kind == "group" else pairs.period
    known = ~np.isnan(pairs.att) & (pairs.period >= pairs.group)
    for k, label in enumerate(found.labels.tolist()):
        members = known & (of == label)
        events = (pairs.period - pairs.group)[members]
        target = effects.target(
            (int(events.min()), int(events.max())), name,
            subgroup=f"{word} {label // 12:04d}-{label % 12 + 1:02d}",
        )  # fmt: skip
        value, error = float(found.estimate[k]), float(found.std_error[k])
        smallest = int(min(found.treated[k], found.controls[k]))
        results.append(effects.result(target, value, error, smallest=smallest, members=members))
    return results
