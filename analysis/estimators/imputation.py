"""Imputation of untreated outcomes in a roll-out (Borusyak, Jaravel & Spiess 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.compress import NEVER
from analysis.covariance import Linear
from analysis.estimators.fixed_effects import independent_columns, period_dummies, within

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
    untreated, treated, design, bread, kept = _untreated(moments, anticipation)
    ever = moments.cohort < NEVER
    event = moments.periods - np.where(ever, moments.cohort, 0)[:, None]
    labels = np.unique(event[treated])
    sets = (
        np.stack([treated & (event >= 0), *(treated & (event == e) for e in labels)], axis=1) * 1.0
    )
    rows = np.einsum("p,pkt->k", moments.weight, sets)
    weight = sets / rows[None, :, None]
    # The estimator is a sum of a . y: 1/n on treated months, and what imputing them costs.
    count = np.maximum(untreated.sum(axis=1), 1)
    own = weight.sum(axis=2)
    level = untreated[:, None, :] * (own / count[:, None])[:, :, None]
    full = period_dummies(moments)[:, :, kept]
    mean = np.einsum("pt,ptj->pj", untreated * 1.0, full) / count[:, None]
    shift = np.einsum("p,pkt,ptj->kj", moments.weight, weight, full, optimize=True)
    shift -= np.einsum("p,pk,pj->kj", moments.weight, own, mean)
    score = np.einsum("kj,ptj->pkt", shift @ bread, design, optimize=True)
    a = weight - level - score
    estimate = np.einsum("pkt,pt->k", a, moments.total)
    effect = bread @ np.einsum("ptj,pt->j", design, moments.total)
    residual = _Residual(untreated, treated, count, full @ effect)
    constant, slope = residual.influence(a, moments)
    return Imputed(
        labels=labels,
        estimate=estimate,
        covariance=Linear(constant=constant, slope=slope).outer(moments),
        left_out=int(moments.people[~untreated.any(axis=1) & ever & (own[:, 0] == 0)].sum()),
        people=int(moments.people.sum()),
    )


def _untreated(moments: Moments, anticipation: int) -> tuple[Bools, Bools, Floats, Floats, Bools]:
    """Untreated and imputable treated months (P, T), and the fit to the former."""
    after = moments.periods >= moments.cohort[:, None] - anticipation
    untreated = moments.observed & ~after
    design = within(np.asarray(period_dummies(moments)), untreated)
    gram = np.einsum("p,ptj,ptk->jk", moments.weight, design, design, optimize=True)
    kept = independent_columns(gram)
    seen = np.asarray((untreated * moments.weight[:, None]).sum(axis=0) > 0)
    treated = moments.observed & after & seen & np.asarray(untreated.any(axis=1))[:, None]
    if not (treated & (moments.periods >= moments.cohort[:, None])).any():
        raise ValueError("no treated month has untreated ones to be imputed from")
    bread = np.linalg.inv(gram[np.ix_(kept, kept)])
    return untreated, treated, design[:, :, kept], bread, kept


@dataclass(frozen=True, slots=True)
class _Residual:
    """y - own mean of untreated months - period effect, less the cohort's mean when treated."""

    untreated: Bools
    treated: Bools
    count: Ints
    period: Floats  # (P, T)

    def influence(self, a: Floats, moments: Moments) -> tuple[Floats, Floats]:
        """Constant (P, K) and slope (P, K, T) of the sum of a times the residual."""
        used = (self.untreated | self.treated) * 1.0
        a = a * used[:, None, :]
        slope = a - self.untreated[:, None, :] * (a.sum(axis=2) / self.count[:, None])[:, :, None]
        own = np.einsum("pt,pt->p", self.untreated * 1.0, moments.total) / self.count
        base = np.einsum("pt,pt->p", self.untreated * 1.0, self.period) / self.count
        gain = moments.total - own[:, None]
        gain -= (self.period - base[:, None]) * moments.weight[:, None]
        mean = np.zeros_like(gain)
        for cohort in np.unique(moments.cohort):
            same = moments.cohort == cohort
            of = self.treated[same]
            size = (of * moments.weight[same, None]).sum(axis=0)
            total = np.where(of, gain[same], 0.0).sum(axis=0)
            mean[same] = np.where(
                of, np.divide(total, size, out=np.zeros_like(total), where=size > 0), 0.0
            )
        constant = -np.einsum("pkt,pt->pk", slope, self.period) - np.einsum("pkt,pt->pk", a, mean)
        return constant, slope
