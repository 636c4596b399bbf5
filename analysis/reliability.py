"""How well the items of a scale measure one thing: alpha, omega, item-rest correlations.

All three are functions of the items' covariances, each from the people who answered both items
(pairwise), so that nobody who left one question out is lost. Their standard errors come from the
influence of each person on these covariances: no distribution of the answers is assumed, which
answers of 1 to 5 would not have (Maydeu-Olivares, Coffman & Hartmann 2007 for alpha, Yuan & Bentler
2002 for omega). Intervals are symmetric in log(1 - coefficient) (Bonett 2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.one_factor import fit_one_factor, omega_and_gradient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Z95 = 1.959963984540054
ALPHA = "raw alpha, pairwise covariances; distribution-free interval, log(1 - alpha)"
OMEGA = "one factor by maximum likelihood; distribution-free interval, log(1 - omega)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A reliability with its 95 % interval; ``convention`` says how both were made."""

    value: float
    std_error: float
    ci_low: float
    ci_high: float
    convention: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The reliability of one scale in one group; a coefficient that cannot be had is its reason.

    ``people``: with an answer to any item; ``fewest``: who answered the pair of items that fewest
    answered. ``item_rest``: correlation of each item with the sum of the others.
    """

    items: tuple[str, ...]
    people: int
    fewest: int
    alpha: Coefficient | str
    omega: Coefficient | str
    item_rest: dict[str, float]

    @property
    def against(self) -> tuple[str, ...]:
        """Items that run against the rest: a reversal was forgotten, or declared in error."""
        return tuple(item for item, r in self.item_rest.items() if r < 0)


def reliability(values: Any, items: Sequence[str]) -> Reliability:
    """Reliability of a scale from ``values`` (people, items), reversed items turned, nan missing.

    Raises ValueError where there is not one name for each column.
    """
    x = np.asarray(values, dtype=float)
    if x.ndim != 2 or x.shape[1] != len(items):
        raise ValueError("one name for each column of answers")
    x = x[~np.isnan(x).all(axis=1)]
    cov, pairs = pairwise_covariance(x)
    fewest = int(pairs.min()) if pairs.size else 0
    reason = _unusable(cov, fewest, items)
    return Reliability(
        items=tuple(items),
        people=len(x),
        fewest=fewest,
        alpha=reason or _alpha(x, cov, pairs),
        omega=reason or _omega(x, cov, pairs),
        item_rest={} if reason else dict(zip(items, item_rest(cov).tolist(), strict=True)),
    )


def pairwise_covariance(x: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Covariances (n - 1) of columns over the rows that have both, and how many rows these are."""
    known = ~np.isnan(x)
    centred = np.where(known, x - np.nanmean(x, axis=0, where=known), 0.0) if len(x) else x
    pairs = known.T.astype(np.int64) @ known.astype(np.int64)
    sums = centred.T @ known  # of one column where the other is known
    n = np.maximum(pairs, 1)
    cross = centred.T @ centred - sums * sums.T / n
    return cross / np.maximum(pairs - 1, 1), pairs


def raw_alpha(cov: Floats) -> float:
    """Cronbach's alpha of a covariance matrix (Cronbach 1951)."""
    k = len(cov)
    return float(k / (k - 1) * (1 - np.trace(cov) / cov.sum()))


def item_rest(cov: Floats) -> Floats:
    """Correlation of each item with the sum of the others, from the covariances."""
    own, row = np.diag(cov), cov.sum(axis=1)
    rest = cov.sum() - 2 * row + own
    return np.asarray((row - own) / np.sqrt(own * rest))


def _unusable(cov: Floats, fewest: int, items: Sequence[str]) -> str:
    """Why no reliability can be had, empty where it can."""
    if len(items) < 2:
        return "a single question has no internal consistency"
    if fewest < 3:
        return "fewer than three people answered some pair of questions"
    constant = [name for name, own in zip(items, np.diag(cov), strict=True) if own <= 0]
    if constant:
        return f"everybody gave the same answer to {', '.join(constant)}"
    if cov.sum() <= 0:
        return "the questions cancel each other: their sum does not vary"
    return ""


def _alpha(x: Floats, cov: Floats, pairs: NDArray[np.int64]) -> Coefficient:
    k, total = len(cov), cov.sum()
    gradient = k / (k - 1) * (np.trace(cov) / total**2 - np.eye(k) / total)
    return _coefficient(raw_alpha(cov), _std_error(x, cov, pairs, gradient), ALPHA)


def _omega(x: Floats, cov: Floats, pairs: NDArray[np.int64]) -> Coefficient | str:
    fitted = fit_one_factor(cov)
    if isinstance(fitted, str):
        return fitted
    omega, gradient = omega_and_gradient(cov, fitted)
    return _coefficient(omega, _std_error(x, cov, pairs, gradient), OMEGA)


def _std_error(x: Floats, cov: Floats, pairs: NDArray[np.int64], gradient: Floats) -> float:
    """Standard error of a function of the covariances by its derivative (symmetric).

    Pair by pair, so that a matrix of people by pairs is never held.
    """
    n, known = len(x), ~np.isnan(x)
    influence = np.zeros(n)
    for j in range(len(cov)):
        for m in range(j, len(cov)):
            both = known[:, j] & known[:, m]
            one, other = x[both, j], x[both, m]
            product = (one - one.mean()) * (other - other.mean()) - cov[j, m]
            weight = gradient[j, m] * (1 if j == m else 2) * n / pairs[j, m]
            influence[both] += weight * product
    return float(np.sqrt((influence**2).sum() / (n * (n - 1))))


def _coefficient(value: float, std_error: float, convention: str) -> Coefficient:
    away = np.exp(Z95 * std_error / (1 - value)) if value < 1 else 1.0
    return Coefficient(
        value=value,
        std_error=std_error,
        ci_low=float(1 - (1 - value) * away),
        ci_high=float(1 - (1 - value) / away),
        convention=convention,
    )
