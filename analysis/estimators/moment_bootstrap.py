"""Bootstrap of functions of cross-products: people, or clusters, are drawn with replacement.

A function of the sum of cross-products needs those sums alone, so a resample is a vector of counts
times the products of each cluster: exact, and thousands of draws are a few matrix products.
Percentile and BCa intervals (Efron 1987, Journal of the American Statistical Association 82:171).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Statistic = Callable[[Floats], dict[str, Floats]]

DRAWS = 2_000
_CELLS = 4_000_000  # numbers held at once
_TAILS = (0.025, 0.975)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """Statistics by name: the point, the draws (B,), and those without each cluster in turn (G,).

    ``groups`` is the number of clusters.
    """

    point: dict[str, float]
    draws: dict[str, Floats]
    left_out: dict[str, Floats]
    groups: int

    def std_error(self, name: str) -> float:
        """Standard deviation of the draws."""
        return float(self.draws[name].std(ddof=1))

    def percentile(self, name: str) -> tuple[float, float]:
        """The 95 % interval between quantiles of the draws."""
        low, high = np.quantile(self.draws[name], _TAILS)
        return float(low), float(high)

    def bca(self, name: str) -> tuple[float, float]:
        """The 95 % interval corrected for bias and acceleration; open where all draws are aside."""
        draws, point = self.draws[name], self.point[name]
        below = (np.count_nonzero(draws < point) + np.count_nonzero(draws == point) / 2) / len(
            draws
        )
        if not 0 < below < 1:
            return -np.inf, np.inf
        shift = stats.norm.ppf(below)
        away = self.left_out[name].mean() - self.left_out[name]
        size = 6 * (away**2).sum() ** 1.5
        acceleration = (away**3).sum() / size if size > 0 else 0.0
        sided = shift + stats.norm.ppf(_TAILS)
        levels = stats.norm.cdf(shift + sided / (1 - acceleration * sided))
        low, high = np.quantile(draws, levels)
        return float(low), float(high)

    def p_value(self, name: str) -> float:
        """Twice the share of draws on the other side of zero, never below 2 / (B + 1)."""
        draws = self.draws[name]
        beyond = min(np.count_nonzero(draws <= 0), np.count_nonzero(draws >= 0))
        return float(min(1.0, 2 * (beyond + 1) / (len(draws) + 1)))


def resample(
    columns: Floats,
    cluster: NDArray[np.int64],
    statistic: Statistic,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Resampled:
    """The statistic of the cross-products of ``columns`` (n, p), resampled by cluster (n,).

    ``statistic`` takes a stack (B, p, p) and gives arrays (B,) by name.
    """
    rows, at = _products(columns, cluster)
    whole = rows.sum(axis=0)
    size, step = len(rows), max(1, _CELLS // max(len(rows), columns.shape[1] ** 2))

    def drawn(first: int) -> Floats:
        many = min(step, draws - first)
        chosen = rng.integers(0, size, (many, size)) + size * np.arange(many)[:, None]
        counts = np.bincount(chosen.ravel(), minlength=many * size).reshape(many, size)
        return np.asarray(counts @ rows)

    def without(first: int) -> Floats:
        return np.asarray(whole - rows[first : first + step])

    def over(parts: Callable[[int], Floats], stop: int) -> dict[str, Floats]:
        found = [statistic(parts(first)[:, at]) for first in range(0, stop, step)]
        return {name: np.concatenate([f[name] for f in found]) for name in found[0]}

    point = {name: float(value[0]) for name, value in statistic(whole[None][:, at]).items()}
    return Resampled(
        point=point, draws=over(drawn, draws), left_out=over(without, size), groups=size
    )


def _products(columns: Floats, cluster: NDArray[np.int64]) -> tuple[Floats, NDArray[np.intp]]:
    """Cross-products of each cluster (G, q), one of each pair; where each stands in (p, p)."""
    p = columns.shape[1]
    upper = np.triu_indices(p)
    at = np.empty((p, p), dtype=np.intp)
    at[upper] = np.arange(len(upper[0]))
    at.T[upper] = at[upper]
    rows = columns[:, upper[0]] * columns[:, upper[1]]
    codes = np.unique(cluster, return_inverse=True)[1]
    groups = int(codes.max()) + 1
    if groups < len(rows):
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(groups))
        rows = np.add.reduceat(rows[order], starts, axis=0)
    return rows, at
