"""Two-way fixed effects and its event study from compressed moments.

The regressors of a person are known from cohort and months observed, so demeaning within the
person is done once a pattern. Printed as what one would have concluded: with effects that differ
by cohort or grow, two-way fixed effects compares treated people with each other (Goodman-Bacon
2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.compress import NEVER
from analysis.covariance import Linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedEffects:
    """Coefficients (K,) of the treatment columns and their covariance (K, K).

    ``labels`` (K,) are event times (0 for the one dummy of two-way fixed effects). The covariance
    is the plain sandwich summed over people or clusters; ``cr1`` is its factor when the fixed
    effects of people, nested in the clusters, are not counted as parameters, ``cr1_counted`` when
    they are (statsmodels with dummies).
    """

    labels: Ints
    estimate: Floats
    covariance: Floats
    cr1: float
    cr1_counted: float
    rows: int
    people: int
    groups: int

    def std_error(self, *, counted: bool = False) -> Floats:
        """CR1 standard errors (K,)."""
        factor = self.cr1_counted if counted else self.cr1
        return np.sqrt(factor * np.maximum(np.diag(self.covariance), 0.0))


def two_way(moments: Moments) -> FixedEffects:
    """One dummy for being treated, effects of people and of periods."""
    return _fit(moments, _after(moments)[:, :, None].astype(float), np.array([0]))


def event_study(moments: Moments, *, reference: int = -1) -> FixedEffects:
    """A dummy for each event time but the reference; those that others imply are left out."""
    event = moments.periods - np.where(moments.cohort == NEVER, 0, moments.cohort)[:, None]
    ever = (moments.cohort < NEVER)[:, None]
    found = np.unique(event[moments.observed & ever])
    # Leads last: where nobody is never treated, it is the earliest lead that cannot be told.
    labels = np.array(sorted(found[found != reference], key=lambda e: (e < 0, -e)))
    columns = (event[:, :, None] == labels) & ever[:, :, None]
    return _fit(moments, columns.astype(float), labels)


def _after(moments: Moments) -> NDArray[np.bool_]:
    return moments.periods >= moments.cohort[:, None]


def within(columns: Floats, observed: NDArray[np.bool_]) -> Floats:
    """Columns (P, T, K) less their mean over the months observed; 0 in the others."""
    mask = observed[:, :, None]
    kept = np.where(mask, columns, 0.0)
    mean = kept.sum(axis=1, keepdims=True) / np.maximum(observed.sum(axis=1), 1)[:, None, None]
    return np.where(mask, kept - mean, 0.0)


def period_dummies(moments: Moments) -> Floats:
    """A dummy a period but the first, for every pattern: (P, T, T - 1)."""
    count = len(moments.periods)
    return np.broadcast_to(np.eye(count)[:, 1:], (len(moments.people), count, count - 1))


def independent_columns(gram: Floats) -> NDArray[np.bool_]:
    """Which columns of a Gram matrix are no combination of the ones before (Goodnight 1979)."""
    scale = np.sqrt(np.maximum(np.diag(gram), 0.0))
    kept = scale > 0
    left = gram / np.outer(np.where(kept, scale, 1.0), np.where(kept, scale, 1.0))
    for j in range(len(kept)):
        kept[j] &= bool(left[j, j] > _COLLINEAR)
        if kept[j]:
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return kept


def _fit(moments: Moments, treatment: Floats, labels: Ints) -> FixedEffects:
    columns = np.concatenate([period_dummies(moments), treatment], axis=2)
    design = within(columns, moments.observed)
    gram = np.einsum("p,ptj,ptk->jk", moments.weight, design, design, optimize=True)
    kept = independent_columns(gram)
    first = len(moments.periods) - 1
    labels, treated = labels[kept[first:]], np.flatnonzero(kept)[kept[:first].sum() :]
    design = design[:, :, kept]
    bread = np.linalg.inv(gram[np.ix_(kept, kept)])
    beta = bread @ np.einsum("ptk,pt->k", design, moments.total)
    rank = len(beta)
    places = np.arange(rank - len(treated), rank)
    slope = np.einsum("kj,ptj->pkt", bread[places], design, optimize=True)
    constant = -np.einsum("pkt,ptj,j->pk", slope, design, beta, optimize=True)
    rows = int(moments.people @ moments.observed.sum(axis=1))
    people = int(moments.people.sum())
    groups = len(np.unique(moments.cluster)) if moments.clustered else people
    few = groups / (groups - 1) * (rows - 1)
    return FixedEffects(
        labels=labels,
        estimate=beta[places],
        covariance=Linear(constant=constant, slope=slope).outer(moments),
        cr1=few / (rows - rank - 1),
        cr1_counted=few / (rows - rank - people),
        rows=rows,
        people=people,
        groups=groups,
    )
