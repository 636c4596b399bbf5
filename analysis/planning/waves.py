"""What a roll-out in recorded waves would see: the power of the test that its headline makes.

The headline is linear in the outcomes of sites by month, and its reported variance is a sum of
squares of such: with the covariance of a site's months from the past, the first has a known
variance, and the second a known mean and the degrees of freedom of Satterthwaite (Bell &
McCaffrey 2002, Survey Methodology 28(2):169-181; Imbens & Kolesar 2016, Review of Economics and
Statistics 98:701-712). The two variances differ: the influence function counts the shares of the
waves as drawn, and its factor is one for all designs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.linear import FEW_CLUSTERS
from analysis.planning.months import NEVER, months_from
from analysis.planning.power import Errors, critical_t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.planning.sites import SiteSpread
    from analysis.study import StudySpec, Window

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_MOST = 300  # sites, beyond which every so many-th tells what all do


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Sites of a roll-out, in the order of their starts.

    ``start`` (sites,): months after the first start, NEVER for those that do not; ``people``
    (sites,) count in averages.
    """

    start: Ints
    people: Floats

    @property
    def groups(self) -> int:
        """Different starts, never among them."""
        return len(np.unique(self.start))

    @property
    def number(self) -> int:
        """Months in which sites start."""
        return len(np.unique(self.start[self.start < NEVER]))


def waves_of(starts: pd.Series[pd.Timestamp], people: pd.Series[int]) -> Waves:
    """The waves of sites by the first day of each (NaT: never) and its people, by name."""
    month = months_from(starts.min(), starts)
    each = np.asarray(people[starts.index], dtype=np.float64)
    order = np.argsort(month, kind="stable")
    return Waves(start=month[order], people=each[order])


def smallest_in_waves(
    spread: SiteSpread, waves: Waves, spec: StudySpec, window: Window
) -> Callable[[float], float] | None:
    """The smallest effect that the headline's test finds with a power.

    None where some month of the window has no wave that others wait with.
    """
    made = errors_of(spread, waves, spec, window)
    if made is None:
        return None
    sites, groups = len(waves.start), waves.groups
    few = sites < FEW_CLUSTERS
    if few and sites <= groups:
        return None
    df, factor = (sites - groups, sites / (sites - groups)) if few else (math.inf, 1.0)
    if few and spec.rollout.drawn and not spec.adjust_for:
        # permuted starts: the critical value is that of the statistic's own distribution
        df, factor = made.df, made.variance / made.reported
    critical = critical_t(df) * math.sqrt(factor)
    return lambda power: made.smallest(power, critical)


def errors_of(spread: SiteSpread, waves: Waves, spec: StudySpec, window: Window) -> Errors | None:
    """How far the average effect of a window strays, and what the headline reports of that."""
    step = len(waves.start) // _MOST + 1
    some = Waves(start=waves.start[::step], people=waves.people[::step])
    base = 1 + spec.rollout.anticipation
    last = int(some.start[some.start < NEVER].max(initial=0)) + max(window[1], 0) + base
    found = [list(_compared(some, spec, e)) for e in range(window[0], window[1] + 1)]
    if not all(found):
        return None
    slope = np.zeros((last + 1, len(some.start)))
    influence = np.zeros((last + 1, len(some.start), len(some.start)))
    for event, pairs in enumerate(found, start=window[0]):
        for first, effect, scores in _average(pairs, some.people):
            for month, sign in ((first + event + base, 1), (first, -1)):
                slope[month] += sign * effect / len(found)
                influence[month] += sign * scores / len(found)
    values, vectors = np.linalg.eigh(spread.covariance(last + 1))
    root = vectors * np.sqrt(np.maximum(values, 0))
    variance = float(((root.T @ slope) ** 2).sum())
    apart = np.tensordot(root.T, influence, axes=1)  # of independent parts of the months
    scores = np.einsum("mij,mkj->ik", apart, apart, optimize=True)
    mean = float(np.trace(scores))
    df = mean**2 / float((scores**2).sum())
    return Errors(variance=variance / step, reported=mean / step, df=df * step)


# The start of a wave, who belongs to it, and with whom it is compared.
_Pair = tuple[int, "Bools", "Bools"]


def _compared(waves: Waves, spec: StudySpec, event: int) -> Iterator[_Pair]:
    """The waves that are compared with anybody so many months after their start."""
    for start in np.unique(waves.start[waves.start < NEVER]).tolist():
        others = waves.start == NEVER
        if spec.rollout.control == "not_yet":
            others = waves.start > start + event + spec.rollout.anticipation
        if others.any():
            yield start, waves.start == start, others


def _average(pairs: list[_Pair], people: Floats) -> Iterator[tuple[int, Floats, Floats]]:
    """Of each wave its start, its part in the average (sites,) and in sites' scores (sites, sites).

    Both multiply sites' changes. Scores: each site's change less the mean of its side, and the
    effect of its wave less the average, since shares of waves are taken to be drawn.
    """
    total = sum(float(people[own].sum()) for _, own, _ in pairs)
    treated = np.any([own for _, own, _ in pairs], axis=0)
    for start, own, others in pairs:
        sides = [np.where(side, people, 0) / people[side].sum() for side in (own, others)]
        effect, share = sides[0] - sides[1], float(people[own].sum()) / total
        about = np.diag(effect) - np.outer(sides[0], sides[0]) + np.outer(sides[1], sides[1])
        drawn = np.outer(people / total * (own.astype(float) - share * treated), effect)
        yield start, share * effect, share * about + drawn
