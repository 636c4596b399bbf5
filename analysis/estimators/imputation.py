"""Imputation of untreated outcomes in a roll-out (Borusyak, Jaravel & Spiess 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.compress import NEVER
from analysis.covariance import Linear, parts
from analysis.estimators.within import Within, independent_columns, inverse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputed:
    """Average effects over treated person-months: all of them first, then by event time.

    ``labels`` (E,) are the event times of ``estimate[1:]``. ``left_out`` counts treated people
    without an untreated month, and periods nobody untreated was seen in cannot be imputed.
    """

    labels: Ints
    estimate: Floats
    covariance: Floats
    left_out: int
    people: int

    @property
    def std_error(self) -> Floats:
        """Standard errors (E + 1,); conservative, see :func:`imputation`."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


def imputation(moments: Moments, *, anticipation: int = 0) -> Imputed:
    """Observed less imputed outcomes of the treated, averaged over person-months from the start on.

    Effects of people and periods are fitted to untreated months alone, which end ``anticipation``
    periods before the start; those between are imputed too. The variance takes the
    effect as common to a cohort and period (their equation 6 with that grouping): too large where
    it is not. Raises ValueError where nothing can be imputed.
    """
    design, average = _parts(moments, anticipation)
    gram = design.gram()
    bread = inverse(gram, independent_columns(gram))
    rows, shift = average.sums(moments, design)
    effect = bread @ design.score(moments.total * design.used)
    residual = _residual(moments, design, average.treated, effect)
    estimate, influence = np.zeros(len(rows)), Linear(moments, len(rows))
    for part in parts(moments, len(rows)):
        # The estimator is a sum of a . y: 1/n on treated months, and what imputing them costs.
        weight = average.sets(part) / rows[:, None]
        level = weight.sum(axis=2) / design.count(part)[:, None]
        a = weight - design.used[part, None] * level[:, :, None]
        a -= design.product(shift @ bread, part)
        estimate += np.einsum("pkt,pt->k", a, moments.total[part])
        influence.put(part, *residual.influence(a, part))
    alone = (design.used.sum(axis=1) == 0) & (moments.cohort < NEVER) & ~average.since.any(axis=1)
    return Imputed(
        labels=average.labels,
        estimate=estimate,
        covariance=influence.outer(),
        left_out=int(moments.people[alone].sum()),
        people=int(moments.people.sum()),
    )


def _parts(moments: Moments, anticipation: int) -> tuple[Within, _Average]:
    """Regressors in untreated months, and the treated months that can be imputed."""
    after = moments.periods >= moments.cohort[:, None] - anticipation
    untreated = moments.observed & ~after
    seen = np.asarray((untreated * moments.weight[:, None]).sum(axis=0) > 0)
    treated = moments.observed & after & seen & np.asarray(untreated.any(axis=1))[:, None]
    start = np.where(moments.cohort == NEVER, 0, moments.cohort)
    event = moments.periods - start[:, None]
    if not (treated & (event >= 0)).any():
        raise ValueError("no treated month has untreated ones to be imputed from")
    design = Within(
        used=untreated.astype(np.float64),
        weight=moments.weight,
        columns=np.zeros((*untreated.shape, 0)),
    )
    return design, _Average(treated & (event >= 0), treated, event, np.unique(event[treated]))


@dataclass(frozen=True, slots=True)
class _Average:
    """Which treated months each figure averages: all since the start, then each event time."""

    since: Bools  # (P, T)
    treated: Bools
    event: Ints
    labels: Ints

    def sets(self, part: slice) -> Floats:
        """1 where a month counts for a figure: (U, 1 + E, T)."""
        each = self.treated[part, None] & (self.event[part, None] == self.labels[:, None])
        return np.concatenate([self.since[part, None], each], axis=1) * 1.0

    def sums(self, moments: Moments, design: Within) -> tuple[Floats, Floats]:
        """People's months behind each figure (K,), and the imputed regressors' mean (K, J)."""
        size = 1 + len(self.labels)
        rows, shift = np.zeros(size), np.zeros((size, len(moments.periods) - 1))
        mean = design.mean()
        for part in parts(moments, size):
            sets = self.sets(part) * moments.weight[part, None, None]
            rows += sets.sum(axis=(0, 2))
            shift += sets.sum(axis=0)[:, 1:] - sets.sum(axis=2).T @ mean[part]
        return rows, shift / rows[:, None]


@dataclass(frozen=True, slots=True)
class _Residual:
    """y - own mean of untreated months - period effect, less the cohort's mean when treated."""

    design: Within
    treated: Bools
    period: Floats  # (T,)
    mean: Floats  # (P, T)

    def influence(self, a: Floats, part: slice) -> tuple[Floats, Floats]:
        """Constant (U, K) and slope (U, K, T) of the sum of a (U, K, T) times the residual."""
        untreated = self.design.used[part]
        a = a * ((untreated > 0) | self.treated[part])[:, None, :]
        level = a.sum(axis=2) / self.design.count(part)[:, None]
        slope = a - untreated[:, None, :] * level[:, :, None]
        return -(slope @ self.period) - (a @ self.mean[part, :, None])[:, :, 0], slope


def _residual(moments: Moments, design: Within, treated: Bools, effect: Floats) -> _Residual:
    """The residuals for the fitted effects (T - 1,) of periods."""
    period = np.concatenate([[0.0], effect])
    own, base = (
        np.einsum("pt,pt->p", design.used, np.broadcast_to(values, treated.shape)) / design.count()
        for values in (moments.total, period)
    )
    gain = moments.total - own[:, None] - (period - base[:, None]) * moments.weight[:, None]
    mean = np.zeros_like(gain)
    for cohort in np.unique(moments.cohort):
        same = moments.cohort == cohort
        of = treated[same]
        size = (of * moments.weight[same, None]).sum(axis=0)
        total = np.where(of, gain[same], 0.0).sum(axis=0)
        known = np.divide(total, size, out=np.zeros_like(total), where=size > 0)
        mean[same] = np.where(of, known, 0.0)
    return _Residual(design, treated, period, mean)
