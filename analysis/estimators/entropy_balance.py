"""Entropy balancing: weights of the comparison under which its covariate means are the joiners'.

Hainmueller 2012 (Political Analysis 20:25-46); Zhao and Percival 2017 (Journal of Causal
Inference 5(1)) show that the weighted difference is doubly robust.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.influence import Influence
from analysis.estimators.linear import independent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cells import Cells

NO_BALANCE = "no weights of the comparison group give it the covariate means of those who joined"
BALANCED = 1e-8  # largest difference of means left, in standard deviations
_NEAR = 1e-5
_STEPS = 100
_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Weights (c,) of the comparison, of sum one over its people, and how close the means are."""

    weights: NDArray[np.float64]
    largest_gap: float


def entropy_balance(cells: Cells) -> Balance | str:
    """Weights as even as can be that balance every covariate exactly, or why there are none."""
    people, joined = cells.people
    if not (people.any() and joined.any()):
        return "there are people of one group only"
    gaps = cells.design[:, 1:] - joined @ cells.design[:, 1:] / joined.sum()
    there = people > 0
    kept = independent(cells.design[there])[1:]
    w = _dual(gaps[there][:, kept], people[there])
    if w is None:
        return NO_BALANCE
    weights = np.zeros(len(people))
    weights[there] = w
    largest = float(np.abs((people * weights) @ gaps).max(initial=0.0))
    if not largest < BALANCED:  # a covariate that the comparison lacks cannot be balanced
        return NO_BALANCE
    return Balance(weights=weights, largest_gap=largest)


def _dual(gaps: NDArray[np.float64], people: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Weights proportional to exp(gaps @ multipliers) by Newton's method on the dual."""
    multipliers = np.zeros(gaps.shape[1])
    value, w = _potential(gaps, people, multipliers)
    for _ in range(_STEPS):
        gradient = (people * w) @ gaps
        if np.abs(gradient).max(initial=0.0) < BALANCED / 100:
            return w
        hessian = (gaps * (people * w)[:, None]).T @ gaps - np.outer(gradient, gradient)
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        # so close the full step is the best one, and the dual no longer tells steps apart
        halvings = 0 if np.abs(gradient).max() < _NEAR else _HALVINGS
        size, (trial, w_trial) = 1.0, _potential(gaps, people, multipliers - step)
        for _ in range(halvings):
            if trial <= value:
                break
            size /= 2
            trial, w_trial = _potential(gaps, people, multipliers - size * step)
        multipliers, value, w = multipliers - size * step, trial, w_trial
    return None


def _potential(
    gaps: NDArray[np.float64], people: NDArray[np.float64], multipliers: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """The dual (log of the sum of exponentials) and its weights, of sum one over people."""
    at = gaps @ multipliers
    top = float(at.max())
    raw = np.exp(at - top)
    mass = float(people @ raw)
    return top + float(np.log(mass)), raw / mass


def balanced_difference(cells: Cells, balance: Balance) -> Influence:
    """Joiners' mean less the weighted mean of the others; the influence carries the weights.

    By the estimating equations of the multipliers it is that of an outcome regression with
    these weights, whose errors they weight.
    """
    everybody = float(cells.people.sum())
    people, joined = cells.people
    n1 = float(joined.sum())
    w = people * balance.weights
    gaps = cells.design[:, 1:] - joined @ cells.design[:, 1:] / n1
    mean0 = float(balance.weights @ cells.total[0])
    mean1 = float(cells.total[1].sum()) / n1
    spread = (gaps * w[:, None]).T @ gaps
    moved = (balance.weights * (cells.total[0] - people * mean0)) @ gaps
    line = gaps @ np.linalg.lstsq(spread, moved, rcond=None)[0]
    slope = np.stack(
        [-everybody * balance.weights, np.full(len(w), everybody / n1)],
    )
    intercept = np.stack(
        [-slope[0] * (mean0 + line), -slope[1] * (mean1 + line)],
    )
    terms = gaps.shape[1] + 1
    return Influence(estimate=mean1 - mean0, intercept=intercept, slope=slope, terms=terms)
