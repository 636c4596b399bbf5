"""Quantiles and spread of an outcome in two arms, with the influence of each person on them.

Unconditional quantile effects (Firpo 2007, Econometrica 75:259-276): the difference of quantiles of
two weighted samples. Weights of the comparison may rest on an estimated chance of joining, whose
uncertainty enters the influence (the logit is fitted by maximum likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MASS = (
    "so many people have exactly this figure, or somebody stands for so many, that the quantile "
    "has no standard error"
)
SPARSE = "too few people lie on one side of the quantile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """People of one arm: ``outcome`` (n,) and ``weight`` (n,), and how weights were made.

    ``place`` (n,) are their rows among all people of the study. ``choice`` (N, p): the influence of
    all those people on the coefficients of the chance of joining, and ``design`` (n, p) how a
    coefficient moves the log weights; None where weights are known.
    """

    outcome: Floats
    weight: Floats
    place: NDArray[np.intp]
    choice: Floats | None = None
    design: Floats | None = None

    def share_below(self, value: float) -> float:
        """Weighted share of people with at most this outcome."""
        return float(self.weight[self.outcome <= value].sum() / self.weight.sum())

    def share_at(self, value: float) -> float:
        """Weighted share of people with exactly this outcome."""
        return float(self.weight[self.outcome == value].sum() / self.weight.sum())

    def quantile(self, tau: float) -> float:
        """The smallest outcome that a weighted share tau of people does not exceed."""
        order = np.argsort(self.outcome, kind="stable")
        below = np.cumsum(self.weight[order])
        first = int(np.searchsorted(below, tau * below[-1] * (1 - 1e-12)))
        return float(self.outcome[order[min(first, len(order) - 1)]])

    def moments(self, residual: Floats, people: int) -> Floats:
        """Influence (N,) of everybody on the weighted mean of ``residual`` (n,), of mean zero."""
        total = self.weight.sum()
        made = np.zeros(people)
        made[self.place] = self.weight * residual / total
        if self.choice is not None and self.design is not None:
            made += self.choice @ (self.design.T @ (self.weight * residual)) / total
        return made


def quantile_influence(arm: Weighted, tau: float, people: int) -> tuple[float, Floats] | str:
    """The quantile and everybody's influence (N,) on it, or why it has no standard error.

    The density is the difference quotient of the quantiles around, with the bandwidth of Hall &
    Sheather 1988 (Koenker 2005, section 3.4.2).
    """
    value = arm.quantile(tau)
    effective = float(arm.weight.sum() ** 2 / (arm.weight**2).sum())
    width = _bandwidth(tau, effective)
    low, high = tau - width, tau + width
    if low <= 0 or high >= 1:
        return SPARSE
    if arm.share_at(value) > width:
        return MASS
    slope = (arm.quantile(high) - arm.quantile(low)) / (2 * width)
    if slope <= 0:
        return MASS
    below = (arm.outcome <= value).astype(float)
    return value, -slope * arm.moments(below - arm.share_below(value), people)


def _bandwidth(tau: float, people: float) -> float:
    """Hall & Sheather 1988 at the 5 % level."""
    at = float(stats.norm.ppf(tau))
    height = float(stats.norm.pdf(at))
    core = (1.5 * height**2 / (2 * at**2 + 1)) ** (1 / 3)
    return float(people ** (-1 / 3) * stats.norm.ppf(0.975) ** (2 / 3) * core)


def log_sd_influence(arm: Weighted, people: int) -> tuple[float, Floats] | str:
    """The log of the standard deviation and everybody's influence (N,) on it, or why none."""
    share = arm.weight / arm.weight.sum()
    centred = arm.outcome - share @ arm.outcome
    variance = float(share @ centred**2)
    if variance <= 0:
        return "the outcome does not vary in one of the groups"
    return 0.5 * float(np.log(variance)), 0.5 * arm.moments(centred**2 / variance - 1, people)
