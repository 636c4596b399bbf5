"""Hazard models of person-months with errors clustered by person, from spans and counts.

Equal to the regression on all rows of person-months: coefficients need the counts of cells alone,
and the score of a person is a sum over cells, which spans give without the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.binomial import has
from analysis.estimators.hazard import fit_hazard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.estimators.binomial import LinkName
    from analysis.estimators.hazard import Hazard
    from analysis.exits.spans import RiskSets, Spans

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NO_FREEDOM = "the model has as many terms as person-months, or one cluster alone"
_HELD = 4_000_000  # numbers of a matrix of spans held at a time: 32 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsModel:
    """A hazard model on bands of months and columns of patterns.

    ``coefficients`` (q,) are those of the columns of patterns, ``cov`` (q, q) is clustered and
    ``model_cov`` (q, q) the inverse expected information; ``identified`` (q,) is False for columns
    that follow from the others or without any exit on one side. ``clusters`` counts people or
    whatever errors are clustered by; ``rows`` are the person-months that tell something.
    """

    hazard: Hazard
    coefficients: Floats
    cov: Floats
    model_cov: Floats
    identified: NDArray[np.bool_]
    clusters: int
    rows: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Design:
    """A constant, a dummy for each band but the reference, the columns (P, q) of the pattern."""

    columns: Floats
    edges: Ints
    reference: int

    def rows(self, pattern: Ints, band: Ints) -> Floats:
        """Columns (c, k) of cells."""
        return self.sums((band[:, None] == np.arange(len(self.edges))).astype(float), pattern)

    def sums(self, of_band: Floats, pattern: Ints) -> Floats:
        """Columns (n, k) times what each row has in each band (n, m), summed over bands."""
        total = of_band.sum(axis=1)[:, None]
        others = np.delete(of_band, self.reference, axis=1)
        return np.hstack([total, others, total * self.columns[pattern]])


def fit_by_month(
    spans: Spans,
    columns: Floats,
    sets: RiskSets,
    edges: Ints,
    kinds: tuple[int, ...],
    link: LinkName,
) -> MonthsModel | str:
    """Of spans whose pattern has the columns (P, q), with a dummy for each band of months.

    ``sets`` are the :func:`risk_sets` of the spans and ``kinds``; ``edges`` (m,) first months of
    bands. Covariance CR1 as in statsmodels: observed information, times G / (G - 1) for G clusters
    and (N - 1) / (N - k) for N person-months and k coefficients. Else the reason why there is none.
    """
    cells = sets.by_band(edges)
    reference = int(cells.events.sum(axis=0).argmax())
    layout = _Design(columns=columns, edges=edges, reference=reference)
    there = cells.at_risk > 0
    design = layout.rows(*np.nonzero(there))
    found = fit_hazard(design, cells.at_risk[there], cells.events[there], link)
    if isinstance(found, str):
        return found
    stay, leave = np.zeros((2, *there.shape))
    leave[there], stay[there] = found.residuals(design)
    meat, clusters = _meat(spans, layout, kinds, stay, leave)
    rows = float(cells.at_risk[there][has(design, found.shared)].sum())
    kept = np.diag(found.bread) > 0
    if clusters < 2 or rows <= kept.sum():
        return NO_FREEDOM
    factor = clusters / (clusters - 1) * (rows - 1) / (rows - kept.sum())
    last = slice(len(edges), None)
    return MonthsModel(
        hazard=found,
        coefficients=found.coefficients[last],
        cov=(factor * found.observed @ meat @ found.observed)[last, last],
        model_cov=found.bread[last, last],
        identified=kept[last],
        clusters=clusters,
        rows=rows,
    )


def _meat(
    spans: Spans, layout: _Design, kinds: tuple[int, ...], stay: Floats, leave: Floats
) -> tuple[Floats, int]:
    """Sum over clusters of the outer product of their scores (k, k), and how many they are."""
    size = len(layout.edges) + layout.columns.shape[1]
    meat, cluster = np.zeros((size, size)), spans.cluster
    groups = 0 if cluster is None else int(cluster.max()) + 1
    by_cluster = np.zeros((groups, size))
    for at in _chunks(spans, len(layout.edges)):
        of_band = _scores(spans, at, layout.edges, kinds, stay, leave)
        who = spans.who[at]
        starts = np.flatnonzero(np.diff(who, prepend=-1))
        scores = np.add.reduceat(layout.sums(of_band, spans.pattern[at]), starts, axis=0)
        weighted = scores * spans.people[who[starts], None]
        if cluster is None:
            meat += weighted.T @ scores
        else:
            np.add.at(by_cluster, cluster[who[starts]], weighted)
    if cluster is None:
        return meat, round(float(spans.people.sum()))
    return by_cluster.T @ by_cluster, len(np.unique(cluster))


def _chunks(spans: Spans, bands: int) -> Iterator[slice]:
    """Consecutive spans, all those of an entry together."""
    size = max(_HELD // max(bands, 1), 1)
    start, count = 0, len(spans.who)
    while start < count:
        end = min(start + size, count)
        if end < count:  # up to the entry that the limit cuts, or past it where it is the first
            cut = int(np.searchsorted(spans.who, spans.who[end]))
            end = cut if cut > start else int(np.searchsorted(spans.who, spans.who[end], "right"))
        yield slice(start, end)
        start = end


def _scores(
    spans: Spans, at: slice, edges: Ints, kinds: tuple[int, ...], stay: Floats, leave: Floats
) -> Floats:
    """Scores (n, m) of each span in each band: months there times that of a month, and the exit."""
    first, last, pattern = (part[at, None] for part in (spans.first, spans.last, spans.pattern))
    ends = np.append(edges[1:], spans.months)
    months = np.minimum(last + 1, ends) - np.maximum(first, edges)
    made = np.maximum(months, 0) * stay[pattern[:, 0]]
    left = np.flatnonzero(np.isin(spans.kind[at], kinds))
    band = np.searchsorted(edges, last[left, 0], side="right") - 1
    code = pattern[left, 0]
    made[left, band] += leave[code, band] - stay[code, band]
    return np.asarray(made)
