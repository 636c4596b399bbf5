"""People who did not answer: weights for those who did, and what stands in for an outcome.

People who answered stand for those of their arm who did not and were alike in covariates and in
their past score (inverse probability of answering; Seaman & White 2013, Statistical Methods in
Medical Research 22:278-295). What they are now is not known: where the score itself decides who
answers, weights do not suffice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.linear import independent
from analysis.estimators.logit import fit_logit
from analysis.estimators.results import NO_FREEDOM, NOT_IDENTIFIED, Figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

LARGEST = 20.0  # a weight: nobody stands for more people of their arm
CONVENTION = (
    "weighted least squares, weights taken as known; clustered by {cluster}, CR1, t with "
    "clusters − 1 degrees of freedom"
)


def answering_weights(answered: Bools, certain: Bools, arm: Ints, covariates: Floats) -> Floats:
    """Weight (n,) of each person, 0 where they did not answer and are not ``certain``.

    ``certain`` are people whose outcome is known without an answer. The chance is fitted in each
    ``arm`` (n, codes) by itself on ``covariates`` (n, k; no gaps); where it cannot be, everybody
    who answered stands for the same number of people.
    """
    made = np.where(certain, 1.0, 0.0)
    for code in np.unique(arm):
        asked = (arm == code) & ~certain
        seen = answered[asked].astype(float)
        if not seen.any():
            continue
        design = np.column_stack([np.ones(len(seen)), covariates[asked]])
        fitted = fit_logit(design, np.stack([1 - seen, seen]))
        chance = np.full(len(seen), seen.mean()) if isinstance(fitted, str) else fitted.chance
        made[asked] = np.where(seen > 0, 1 / np.maximum(chance, 1 / LARGEST), 0.0)
    return made


def stand_ins(outcome: Floats, certain: Bools, arm: Ints, covariates: Floats) -> Floats:
    """Outcomes (n,) of everybody, those that are not known (nan) stood in for.

    Of each arm's people who are not ``certain``: what a weighted regression on the covariates
    expects, and for those who answered their weight times how far they lie off it. Means of these
    are right where the chance of answering or the expectation is (Robins, Rotnitzky & Zhao 1994,
    JASA 89:846-866); of one person they say nothing. Without any answer in an arm, nan stays.
    """
    weight = answering_weights(~np.isnan(outcome), certain, arm, covariates)
    made = outcome.copy()
    for code in np.unique(arm):
        asked = (arm == code) & ~certain
        seen = asked & ~np.isnan(outcome)
        if not seen.any():
            continue
        columns = np.column_stack([np.ones(len(outcome)), covariates])
        used = independent(columns[seen])
        if seen.sum() <= 2 * used.sum():  # too few to tell by covariates
            used = np.arange(columns.shape[1]) == 0
        x, w = columns[:, used], weight[seen]
        gram = (x[seen] * w[:, None]).T @ x[seen]
        expected = x @ np.linalg.solve(gram, (x[seen] * w[:, None]).T @ outcome[seen])
        off = np.where(seen, outcome - expected, 0.0)
        made[asked] = (expected + weight * off)[asked]
    return made


def joining_weights(joined: Bools, covariates: Floats) -> Floats | str:
    """Weights (n,) under which the others stand for the joiners: their odds of joining."""
    design = np.column_stack([np.ones(len(joined)), covariates])
    fitted = fit_logit(design, np.stack([~joined, joined]).astype(float))
    if isinstance(fitted, str):
        return fitted
    return np.asarray(np.where(joined, 1.0, fitted.chance / (1 - fitted.chance)))


def weighted_difference(
    outcome: Floats,
    treated: Bools,
    controls: Floats,
    weight: Floats,
    cluster: NDArray[np.int64],
    cluster_name: str,
) -> Figures | str:
    """Coefficient of ``treated`` in a weighted regression of outcome (n,), or why there is none.

    ``controls`` (n, c) have no constant. People of weight 0 do not enter.
    """
    kept = weight > 0
    y, w, t = outcome[kept], weight[kept], treated[kept].astype(float)
    columns = np.column_stack([np.ones(len(y)), controls[kept], t])
    used = independent(columns)
    if not used[-1]:
        return NOT_IDENTIFIED
    x = columns[:, used]
    names, codes = np.unique(cluster[kept], return_inverse=True)
    if len(y) <= x.shape[1] or len(names) < 2:
        return NO_FREEDOM
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    beta = bread @ ((x * w[:, None]).T @ y)
    scores = np.zeros((len(names), x.shape[1]))
    np.add.at(scores, codes, x * (w * (y - x @ beta))[:, None])
    factor = len(names) / (len(names) - 1) * (len(y) - 1) / (len(y) - x.shape[1])
    variance = float((bread @ (scores.T @ scores) @ bread)[-1, -1]) * factor
    people = (int(t.sum()), int((1 - t).sum()))
    return Figures(
        estimate=float(beta[-1]),
        std_error=float(np.sqrt(max(variance, 0.0))),
        t_df=float(len(names) - 1),
        df=float(min(len(y) - x.shape[1], len(names) - 1)),
        counts=(*people, len(y)),
        convention=CONVENTION.format(cluster=cluster_name.replace("_", " ")),
        size=float(np.abs(y).max()),
    )
