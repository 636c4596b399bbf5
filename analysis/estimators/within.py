"""Regressors less each pattern's own mean, with a dummy for every period but the first.

The dummies are never written out: patterns by periods by periods would be larger than the panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ALL = slice(None)
_COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """J regressors of P patterns: T - 1 dummies of periods, then ``columns`` (P, T, J - T + 1).

    ``used`` (P, T) is 1 in the months that take part, else 0; ``weight`` (P,).
    """

    used: Floats
    weight: Floats
    columns: Floats

    def count(self, part: slice = _ALL) -> Floats:
        """Months that take part (U,), at least 1, of the patterns of ``part``."""
        return np.asarray(np.maximum(self.used[part].sum(axis=1), 1.0))

    def mean(self, part: slice = _ALL) -> Floats:
        """Means over those months (U, J)."""
        used = self.used[part]
        own = np.einsum("pt,ptk->pk", used, self.columns[part])
        return np.asarray(np.hstack([used[:, 1:], own]) / self.count(part)[:, None])

    def gram(self) -> Floats:
        """Weighted cross-products of the demeaned regressors (J, J)."""
        first = self.used.shape[1] - 1
        mean = self.mean()
        made = -(mean.T @ (mean * (self.weight * self.count())[:, None]))
        months = self.used * self.weight[:, None]
        made[:first, :first] += np.diag(months.sum(axis=0)[1:])
        mixed = np.einsum("pt,ptk->tk", months, self.columns)[1:]
        made[:first, first:] += mixed
        made[first:, :first] += mixed.T
        made[first:, first:] += np.einsum(
            "pt,ptj,ptk->jk", months, self.columns, self.columns, optimize=True
        )
        return made

    def score(self, total: Floats) -> Floats:
        """Products with sums of outcomes (P, T) that are 0 in months that take no part, (J,)."""
        whole = np.hstack([total.sum(axis=0)[1:], np.einsum("ptk,pt->k", self.columns, total)])
        return np.asarray(whole - total.sum(axis=1) @ self.mean())

    def fitted(self, coefficients: Floats, part: slice = _ALL) -> Floats:
        """Regressors, not demeaned, times coefficients (R, J): (U, R, T)."""
        first = self.used.shape[1] - 1
        periods = np.hstack([np.zeros((len(coefficients), 1)), coefficients[:, :first]])
        own = np.einsum("ptk,rk->prt", self.columns[part], coefficients[:, first:])
        return np.asarray(periods + own)

    def product(self, coefficients: Floats, part: slice = _ALL) -> Floats:
        """Demeaned regressors times coefficients (R, J): (U, R, T), 0 in months without part."""
        made = self.fitted(coefficients, part)
        made -= (self.mean(part) @ coefficients.T)[:, :, None]
        return made * self.used[part, None, :]


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


def inverse(gram: Floats, kept: NDArray[np.bool_]) -> Floats:
    """The inverse of the kept rows and columns (J, J), 0 in the others."""
    made = np.zeros_like(gram)
    made[np.ix_(kept, kept)] = np.linalg.inv(gram[np.ix_(kept, kept)])
    return made
