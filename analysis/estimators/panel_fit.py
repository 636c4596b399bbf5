"""Least squares on people and months from sums: a Gram matrix, and a score for each cluster.

The same fit as :func:`analysis.estimators.linear.fit_outcome` on the full rows, which stays as the
exact row path. Since every column is something of the person times something of the month, products
with outcomes are products of matrices (people x months) and (months x columns), and nothing is
larger than people x columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.columns import months_of, of_people
from analysis.estimators.linear import (
    CR1_WORDS,
    CR2_WORDS,
    FEW_CLUSTERS,
    Fit,
    clustered_words,
    fit_outcome,
    swept,
)
from analysis.estimators.small_sample import cr2_from_sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.estimators.columns import Columns
    from analysis.estimators.linear import Robust
    from analysis.estimators.sample import Sample
    from analysis.outcome import Link

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Month = tuple[Ints, Ints, Floats]  # people seen, columns that are not 0, their values

_NOTHING = 1e-10  # a column whose spread is this little beside its size is a constant


def fit_panel(
    sample: Sample,
    outcome: Floats,
    controls: Columns,
    treatments: Columns,
    *,
    covariance: Robust,
    cluster_name: str,
    link: Link = "identity",
    extras: Columns | None = None,
) -> Fit | None:
    """The fit of outcome (n,) on controls (a constant first), treatments and extras.

    Where every row is a cluster of its own, for ratios (a log link), and where exact rows are asked
    for, the full matrix is made. None without residual freedom.
    """
    cluster, groups = _clusters(sample)
    if sample.exact_rows or link != "identity" or groups == len(outcome):
        return fit_outcome(
            outcome,
            controls.rows(sample),
            treatments.rows(sample),
            sample.cluster,
            covariance=covariance,
            cluster_name=cluster_name,
            link=link,
            extras=None if extras is None else extras.rows(sample),
        )
    panel = _Panel.of(sample, outcome, controls.beside(treatments, extras))
    asked = np.arange(len(controls), len(controls) + len(treatments))
    return _fit(panel, cluster, groups, asked, cluster_name)


def _clusters(sample: Sample) -> tuple[Ints, int]:
    """The cluster of each person, coded from 0 (people without rows: 0), and their number."""
    given = of_people(sample, sample.cluster).astype(np.int64)
    there = np.flatnonzero(np.bincount(sample.place, minlength=len(given)))
    codes = np.zeros(len(given), dtype=np.int64)
    names, codes[there] = np.unique(given[there], return_inverse=True)
    return codes, len(names)


def _fit(panel: _Panel, cluster: Ints, groups: int, asked: Ints, cluster_name: str) -> Fit | None:
    """The fit of all columns, of which those ``asked`` (t,) are told."""
    gram = panel.gram()
    kept = _independent(gram, panel.varies)
    residual_df = int(panel.seen.sum()) - int(kept.sum())
    if residual_df < 1:
        return None
    bread: Floats = np.asarray(np.linalg.inv(gram[np.ix_(kept, kept)]), dtype=np.float64)
    beta = np.zeros(len(kept))
    for _ in range(2):  # the second round takes back what squaring the matrix lost
        beta[kept] += bread @ panel.scores(beta).sum(axis=0)[kept]
    cov, t_df, words = _covariance(panel, cluster, groups, beta, kept, bread)
    identified, scale = kept[asked], panel.scale[asked]
    places = np.where(identified, (np.cumsum(kept) - 1)[asked], -1)
    gaps = np.where(identified, 0.0, np.nan)
    return Fit(
        effects=beta[asked] / scale + gaps,
        cov=cov[np.ix_(places, places)] / np.outer(scale, scale) + gaps[:, None] + gaps,
        identified=identified,
        t_df=t_df[places] + gaps,
        df=float(min(residual_df, groups - 1)),
        clusters=groups,
        convention=clustered_words(cluster_name, words),
    )


def _covariance(
    panel: _Panel,
    cluster: Ints,
    groups: int,
    beta: Floats,
    kept: NDArray[np.bool_],
    bread: Floats,
) -> tuple[Floats, Floats, str]:
    """Clustered covariance (k, k) of the columns kept, t degrees of freedom (k,), the words."""
    k, rows = int(kept.sum()), int(panel.seen.sum())
    sums = panel.scores(beta)
    if groups < len(sums):  # else everybody is a cluster
        of_person, sums = sums, np.zeros((groups, len(beta)))
        np.add.at(sums, cluster, of_person)
    if groups < FEW_CLUSTERS:
        grams = panel.grams(cluster, groups)[np.ix_(np.arange(groups), kept, kept)]
        small = cr2_from_sums(grams, sums[:, kept], bread)
        return small.cov, small.df, CR2_WORDS
    factor = groups / (groups - 1) * (rows - 1) / (rows - k)
    cov = factor * (bread @ (sums.T @ sums)[np.ix_(kept, kept)] @ bread)
    return cov, np.full(k, float(groups - 1)), CR1_WORDS


@dataclass(frozen=True, slots=True)
class _Panel:
    """Outcomes (P, T) less their mean, where they are seen, and scaled columns.

    Columns of the person alone are centred before anything is squared; the constant takes that up.
    """

    outcome: Floats
    seen: NDArray[np.bool_]
    person: Floats
    month: Floats
    scale: Floats
    varies: NDArray[np.bool_]

    @classmethod
    def of(cls, sample: Sample, outcome: Floats, columns: Columns) -> _Panel:
        when = months_of(sample)
        shape = (len(sample.of_person), len(when))
        place = (sample.place, np.searchsorted(when, sample.month))
        values, seen = np.zeros(shape), np.zeros(shape, dtype=bool)
        values[place], seen[place] = outcome - outcome.mean(), True
        weight = seen.astype(float) @ columns.month**2  # (P, k)
        plain = (columns.month == 1.0).all(axis=0)
        plain[0] = False  # the constant itself
        count = float(seen.sum())
        rows = seen.sum(axis=1)
        mean = np.where(plain, rows @ columns.person / count, 0.0)
        size = np.sqrt((weight * columns.person**2).sum(axis=0) / count)
        person = columns.person - mean
        spread = np.sqrt((weight * person**2).sum(axis=0) / count)
        varies = spread > _NOTHING * np.maximum(size, 1e-300)
        scale = np.where(varies, spread, 1.0)
        return cls(values, seen, person / scale, columns.month, scale, varies)

    def months(self) -> Iterator[Month]:
        """Columns of the rows of one month after the other."""
        for t in range(len(self.month)):
            who, active = np.flatnonzero(self.seen[:, t]), np.flatnonzero(self.month[t])
            x = self.person[np.ix_(who, active)] * self.month[t, active]
            yield who, active, x

    def gram(self) -> Floats:
        """Columns times columns, summed over all rows, (k, k)."""
        gram = np.zeros((len(self.scale), len(self.scale)))
        for _, active, x in self.months():
            gram[np.ix_(active, active)] += x.T @ x
        return gram

    def grams(self, cluster: Ints, groups: int) -> Floats:
        """The Gram matrix of each cluster, (groups, k, k)."""
        made = np.zeros((groups, len(self.scale), len(self.scale)))
        for who, active, x in self.months():
            for g in range(groups):
                rows = x[cluster[who] == g]
                made[g][np.ix_(active, active)] += rows.T @ rows
        return made

    def scores(self, beta: Floats) -> Floats:
        """Columns times residuals, summed over the months of each person, (P, k)."""
        left = np.where(self.seen, self.outcome - (self.person * beta) @ self.month.T, 0.0)
        return np.asarray(self.person * (left @ self.month))


def _independent(gram: Floats, varies: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which columns are not a combination of the ones before them; the first is the constant."""
    centred = gram[1:, 1:] - np.outer(gram[0, 1:], gram[0, 1:]) / gram[0, 0]
    norms = np.sqrt(np.maximum(np.diag(centred), 0.0))
    varies = varies[1:] & (norms > _NOTHING * np.sqrt(np.diag(gram)[1:]))
    size = np.where(varies, norms, 1.0)
    return swept(centred / np.outer(size, size), varies)
