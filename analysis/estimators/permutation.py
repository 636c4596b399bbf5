"""Randomisation inference: the draw repeated, strata and clusters honoured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.sample import (
    build_sample,
    design_columns,
    dummies,
    too_thin,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec

DRAWS = 2_000
_CELLS = 2_000_000  # labels held at once
_ROUNDING = 1e-9  # a permuted statistic this close to the observed one counts as equal


@dataclass(frozen=True, slots=True)
class Units:
    """What was drawn: arm label, stratum and values (units, k), one row a person or cluster."""

    labels: NDArray[np.int64]
    strata: NDArray[np.int64]
    values: NDArray[np.float64]
    clustered: bool

    @property
    def can_differ(self) -> bool:
        """Whether any stratum holds two labels, so that another draw was possible."""
        pairs = np.unique(np.column_stack([self.strata, self.labels]), axis=0)
        return len(pairs) > len(np.unique(self.strata))


def drawn_units(
    labels: NDArray[np.int64],
    strata: NDArray[np.int64],
    clusters: NDArray[np.int64],
    values: NDArray[np.float64],
) -> Units:
    """Clusters (means of their people) where each lies in one arm and stratum, else people."""
    cells = np.unique(np.column_stack([clusters, labels, strata]), axis=0)
    names, first, members = np.unique(clusters, return_index=True, return_inverse=True)
    if len(names) == len(labels) or len(cells) > len(names):
        return Units(labels, strata, values, clustered=False)
    totals = np.zeros((len(names), values.shape[1]))
    np.add.at(totals, members, values)
    means = totals / np.bincount(members)[:, None]
    return Units(labels[first], strata[first], means, clustered=True)


def redrawn(units: Units, rng: np.random.Generator, draws: int) -> Iterator[NDArray[np.int16]]:
    """Blocks (b, units) of labels permuted within strata, ``draws`` rows in all.

    Few bytes a label: moving them takes longer than drawing where they go.
    """
    labels = units.labels.astype(np.int16)
    places = [np.flatnonzero(units.strata == s) for s in np.unique(units.strata)]
    size = max(1, min(draws, _CELLS // max(len(units.labels), 1)))
    for start in range(0, draws, size):
        block = np.empty((min(size, draws - start), len(labels)), dtype=np.int16)
        for place in places:
            same = np.broadcast_to(labels[place], (len(block), len(place)))
            block[:, place] = rng.permuted(same, axis=1)
        yield block


def randomisation_inference(
    panel: Panel, spec: StudySpec, headline: tuple[Result, ...], draws: int = DRAWS
) -> tuple[Result, ...]:
    """For each result of the headline estimator, the same figures with the permutation p-value.

    Sharp null of no effect on anybody, one arm against the comparison: arm labels are permuted
    within strata, and the studentised difference of person means, cleared of months, strata
    and covariates, is compared with its draws (Ding and Dasgupta 2018; Zhao and Ding 2021).
    """
    results: list[Result] = []
    for place, result in enumerate(headline):
        target = replace(
            result.target,
            name="randomisation_inference",
            role="secondary",
            estimator=f"Randomisation inference beside {result.target.estimator}",
        )
        if isinstance(result, NotEstimable):
            results.append(replace(result, target=target))
            continue
        rng = np.random.default_rng([spec.seed(), place])
        tested = _p_value(panel.pair(target.arm), spec, target.window, rng, draws)
        if isinstance(tested, str):
            results.append(NotEstimable(target=target, reason=tested))
            continue
        p_value, what = tested
        words = (
            f"p-value: sharp null of no effect on anybody, {draws:,} draws of {what} within "
            f"strata, studentised; estimate and interval: {result.convention}"
        )
        results.append(replace(result, target=target, p_value=p_value, convention=words))
    return tuple(results)


def _p_value(
    pair: Panel,
    spec: StudySpec,
    window: tuple[int, int],
    rng: np.random.Generator,
    draws: int,
) -> tuple[float, str] | str:
    """(1 + draws at least as extreme) / (1 + draws) and what was drawn, or why there is none."""
    sample = build_sample(pair, window, spec.missing_covariates)
    reason = unusable(sample, pair.comparison) or too_thin(sample, 1, pair.treated[0])
    if reason:
        return reason
    labels, strata, clusters, means = person_means(sample)
    units = drawn_units(labels, strata, clusters, means[:, None])
    if not units.can_differ:
        return "no stratum holds people of both arms"
    if np.ptp(units.values) < _ROUNDING:
        return "the outcome does not vary once covariates are taken out"
    observed = _studentised(units.labels[None, :], units.values[:, 0])[0]
    extreme = sum(
        int((_studentised(block, units.values[:, 0]) >= observed - _ROUNDING).sum())
        for block in redrawn(units, rng, draws)
    )
    return (1 + extreme) / (1 + draws), "clusters" if units.clustered else "people"


def person_means(
    sample: Sample,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Arm, stratum, cluster and residual mean of each person, sorted by person.

    Outcomes are cleared of months row by row, then of strata and covariates person by person;
    arms stay out of both, so the residuals are the same under every draw.
    """
    months = np.hstack([np.ones((len(sample.outcome), 1)), dummies(sample.month)])
    cleared = _residuals(sample.outcome, months)
    _, first, members = np.unique(sample.person, return_index=True, return_inverse=True)
    means = np.bincount(members, weights=cleared) / np.bincount(members)
    one = sample.where(first)
    one = replace(one, month=np.zeros_like(one.month))
    controls = np.hstack([design_columns(one), one.covariates])
    return one.arm, one.stratum, one.cluster, _residuals(means, controls)


def _residuals(outcome: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residuals (n,) of a projection in standard deviations; collinear columns do no harm."""
    sizes = np.sqrt((columns**2).mean(axis=0))
    scaled = columns / np.where(sizes > 0, sizes, 1.0)
    left = outcome - scaled @ np.linalg.lstsq(scaled, outcome, rcond=None)[0]
    return np.asarray(left / max(float(outcome.std()), 1e-300))


def _studentised(labels: NDArray[np.integer], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute Welch t (b,) of each row of 0/1 labels (b, units); 0 where nothing varies."""
    treated = labels.astype(float)
    n1 = treated.sum(axis=1)
    n0 = len(values) - n1
    sums, squares = treated @ values, treated @ values**2
    mean1, mean0 = sums / n1, (values.sum() - sums) / n0
    spread1 = squares - n1 * mean1**2
    spread0 = (values**2).sum() - squares - n0 * mean0**2
    variance = spread1 / (n1 * np.maximum(n1 - 1, 1)) + spread0 / (n0 * np.maximum(n0 - 1, 1))
    ratio = np.abs(mean1 - mean0) / np.sqrt(np.maximum(variance, 1e-300))
    return np.where(variance > 0, ratio, 0.0)
