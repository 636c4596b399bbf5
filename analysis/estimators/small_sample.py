"""CR2 covariance with Satterthwaite degrees of freedom, for few clusters.

Bell and McCaffrey 2002 (Survey Methodology 28:169-181); Pustejovsky and Tipton 2018 (JBES
36:672-683), independent working model. Each cluster's hat matrix has the rank of the design,
so its inverse square root is taken through a thin singular value decomposition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FULL_LEVERAGE = 1e-9


@dataclass(frozen=True, slots=True)
class CR2:
    """Covariance (k, k) and the degrees of freedom (k,) of each coefficient's t statistic."""

    cov: NDArray[np.float64]
    df: NDArray[np.float64]


def cr2(
    design: NDArray[np.float64],
    residuals: NDArray[np.float64],
    bread: NDArray[np.float64],
    clusters: NDArray[np.int64],
) -> CR2:
    """CR2 of a least-squares fit; ``bread`` is (X'X)^-1, shape (k, k), of ``design`` (n, k)."""
    orthonormal = np.linalg.qr(design)[0]  # its rows give the hat matrix: H_gg = Q_g Q_g'
    k = design.shape[1]
    meat = np.zeros((k, k))
    projected: list[NDArray[np.float64]] = []  # X_g' v_g of each cluster, (k, k)
    squared: list[NDArray[np.float64]] = []  # v_g' v_g of each coefficient, (k,)
    for g in np.unique(clusters):
        rows = clusters == g
        x = design[rows]
        adjusted = _adjust(orthonormal[rows], np.column_stack([residuals[rows], x @ bread]))
        score = x.T @ adjusted[:, 0]
        meat += np.outer(score, score)
        projected.append(x.T @ adjusted[:, 1:])
        squared.append((adjusted[:, 1:] ** 2).sum(axis=0))
    return CR2(bread @ meat @ bread, _satterthwaite(np.array(projected), np.array(squared), bread))


def cr2_from_sums(
    grams: NDArray[np.float64], scores: NDArray[np.float64], bread: NDArray[np.float64]
) -> CR2:
    """CR2 from the Gram matrix (G, k, k) and the score X_g'e_g (G, k) of each cluster.

    With bread = L L' the hat matrix of a cluster is Q Q', Q = X_g L, and Q'Q = L'(X_g'X_g)L is
    all that its powers need: (I - QQ')^(-1/2) = I + Q W diag(f) W'Q', W the eigenvectors of Q'Q.
    """
    root = np.linalg.cholesky(bread)
    meat = np.zeros_like(bread)
    projected, squared = [], []
    for gram, score in zip(grams, scores, strict=True):
        values, vectors = np.linalg.eigh(root.T @ gram @ root)
        values = np.clip(values, 0.0, 1.0)
        there = values > np.finfo(float).eps  # the others are directions without rows
        full = 1 - values < _FULL_LEVERAGE
        left, safe = np.where(full, 1.0, 1 - values), np.where(there, values, 1.0)
        power = {  # what is added to the identity, over the eigenvalue; -1 takes a direction out
            half: np.where(there, np.where(full, -1.0, left**-half - 1) / safe, 0.0)
            for half in (0.5, 1.0)
        }
        back = root @ vectors
        once, twice = ((back * power[half]) @ back.T for half in (0.5, 1.0))
        adjusted = score + gram @ (once @ score)
        meat += np.outer(adjusted, adjusted)
        own = gram @ bread
        projected.append(own + gram @ (once @ own))
        squared.append((bread * (own + gram @ (twice @ own))).sum(axis=0))
    return CR2(bread @ meat @ bread, _satterthwaite(np.array(projected), np.array(squared), bread))


def _adjust(leverage_root: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """(I - H_gg)^(-1/2) v, with H_gg = R R' for R (n_g, k); generalised inverse at leverage one."""
    u, s, _ = np.linalg.svd(leverage_root, full_matrices=False)
    left = np.maximum(1 - s**2, 0)
    full = left < _FULL_LEVERAGE
    factor = np.where(full, 0.0, 1 / np.sqrt(np.where(full, 1.0, left)))
    return np.asarray(v + u @ ((factor - 1)[:, None] * (u.T @ v)))


def _satterthwaite(
    projected: NDArray[np.float64], squared: NDArray[np.float64], bread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """tr(B)^2 / tr(B^2) per coefficient, B = P'P with P's columns (I - H)_g A_g X_g M c.

    Pustejovsky and Tipton 2018, eq. 12; (I - H) is idempotent, so B needs no n x n matrix.
    """
    df = np.empty(bread.shape[0])
    for j in range(len(df)):
        w = projected[:, :, j]
        b = np.diag(squared[:, j]) - w @ bread @ w.T
        total = (b**2).sum()
        df[j] = np.trace(b) ** 2 / total if total > 0 else 0.0
    return df
