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
from analysis.covariance import Linear, parts
from analysis.estimators.within import Within, independent_columns, inverse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


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


def _fit(moments: Moments, treatment: Floats, labels: Ints) -> FixedEffects:
    observed = moments.observed.astype(np.float64)
    design = Within(used=observed, weight=moments.weight, columns=treatment)
    gram = design.gram()
    kept = independent_columns(gram)
    bread = inverse(gram, kept)
    beta = bread @ design.score(moments.total)
    first = len(moments.periods) - 1
    places = first + np.flatnonzero(kept[first:])
    influence = Linear(moments, len(places))
    for part in parts(moments, len(places)):
        slope = design.product(bread[places], part)
        constant = -np.einsum("pkt,pt->pk", slope, design.fitted(beta[None], part)[:, 0])
        influence.put(part, constant, slope)
    rows, rank = int(moments.people @ moments.observed.sum(axis=1)), int(kept.sum())
    people = int(moments.people.sum())
    groups = len(np.unique(moments.cluster)) if moments.clustered else people
    few = groups / (groups - 1) * (rows - 1)
    return FixedEffects(
        labels=labels[kept[first:]],
        estimate=beta[places],
        covariance=influence.outer(),
        cr1=few / (rows - rank - 1),
        cr1_counted=few / (rows - rank - people),
        rows=rows,
        people=people,
        groups=groups,
    )
