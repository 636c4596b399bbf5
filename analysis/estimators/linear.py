"""Regressions with the study's covariance: identified columns, coefficients, their variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster

from analysis.estimators.poisson import poisson_at_maximum
from analysis.estimators.small_sample import cr2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.outcome import Link

Robust = Literal["HC0", "HC1", "HC2", "HC3"]

FEW_CLUSTERS = 40  # below, CR1 rejects too often (methods: clusters)
_LINK_WORDS: dict[Link, str] = {
    "identity": "",
    "log": "Poisson quasi-likelihood with log link, without months and strata of zeros only, ",
}
CR1_WORDS = "CR1, t with clusters − 1 degrees of freedom"
CR2_WORDS = "CR2, t with Satterthwaite degrees of freedom"
_COLLINEAR = 1e-9  # share of a column's variation left after the columns before it
_FULL_LEVERAGE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Coefficients of the treatment columns, shapes (t,) and (t, t).

    ``effects`` is nan where ``identified`` is false. ``t_df`` are the degrees of freedom of
    each t statistic, ``df`` the fewer of residual rows and clusters less one.
    """

    effects: NDArray[np.float64]
    cov: NDArray[np.float64]
    identified: NDArray[np.bool_]
    t_df: NDArray[np.float64]
    df: float
    clusters: int | None  # None: not clustered
    convention: str
    link: Link = "identity"

    def figures(self, column: int) -> tuple[float, float]:
        """Estimate and standard error of one treatment column."""
        variance = float(self.cov[column, column])
        return float(self.effects[column]), float(np.sqrt(max(variance, 0.0)))


def independent(columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns (n, k) are not a combination of the ones before them; the first is a constant.

    Sweeps the Gram matrix of the centred, scaled columns in order (Goodnight 1979).
    """
    centred = columns[:, 1:] - columns[:, 1:].mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    sizes = np.sqrt((columns[:, 1:] ** 2).sum(axis=0))
    varies = norms > 1e-10 * np.maximum(sizes, 1e-300)
    gram = centred / np.where(varies, norms, 1.0)
    return swept(gram.T @ gram, varies)


def swept(gram: NDArray[np.float64], varies: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The constant, then which centred columns are kept, from their Gram matrix (k, k)."""
    kept = varies.copy()
    for j in range(len(kept)):
        kept[j] &= bool(gram[j, j] > _COLLINEAR)
        if kept[j]:
            gram = gram - np.outer(gram[:, j], gram[j]) / gram[j, j]
    return np.concatenate([[True], kept])


def fit_ols(
    outcome: NDArray[np.float64],
    controls: NDArray[np.float64],
    treatments: NDArray[np.float64],
    cluster: NDArray[np.int64],
    *,
    covariance: Robust,
    cluster_name: str = "person",
    extras: NDArray[np.float64] | None = None,
) -> Fit | None:
    """The fit of outcome (n,) on controls (n, c; a constant first), treatments and extras.

    Columns that follow from the ones before them are left out, in this order; a treatment
    column that follows from the controls is not identified. None without residual freedom.
    """
    return fit_outcome(
        outcome, controls, treatments, cluster,
        covariance=covariance, cluster_name=cluster_name, extras=extras, link="identity",
    )  # fmt: skip


def fit_outcome(
    outcome: NDArray[np.float64],
    controls: NDArray[np.float64],
    treatments: NDArray[np.float64],
    cluster: NDArray[np.int64],
    *,
    covariance: Robust,
    cluster_name: str,
    link: Link,
    extras: NDArray[np.float64] | None = None,
) -> Fit | None:
    """As :func:`fit_ols`; with a log link by Poisson quasi-likelihood, coefficients logs of ratios.

    None too where the Poisson fit has no maximum (an arm or month with zeros only).
    """
    parts = [controls, treatments] if extras is None else [controls, treatments, extras]
    columns = np.hstack(parts)
    kept = independent(columns)
    first, last = controls.shape[1], controls.shape[1] + treatments.shape[1]
    model = _fitted(outcome, columns[:, kept], link)
    if model is None:
        return None
    cov, t_df, groups, convention = _covariance(model, cluster, covariance, cluster_name)
    identified = kept[first:last]
    # Where each treatment column stands in the design; the unidentified ones stand nowhere.
    places = np.where(identified, (np.cumsum(kept) - 1)[first:last], -1)
    gaps = np.where(identified, 0.0, np.nan)
    return Fit(
        effects=np.asarray(model.params)[places] + gaps,
        cov=cov[np.ix_(places, places)] + gaps[:, None] + gaps,
        identified=identified,
        t_df=t_df[places] + gaps,
        df=float(model.df_resid if groups is None else min(model.df_resid, groups - 1)),
        clusters=groups,
        convention=_LINK_WORDS[link] + convention,
        link=link,
    )


def _fitted(
    outcome: NDArray[np.float64], design: NDArray[np.float64], link: Link
) -> sm.regression.linear_model.RegressionResults | None:
    if design.shape[0] <= design.shape[1]:
        return None
    if link == "identity":
        # The constant among the controls takes the mean up; residuals keep the digits of it.
        return sm.OLS(outcome - outcome.mean(), design).fit()
    weighted = poisson_at_maximum(outcome, design)
    return None if weighted is None else sm.OLS(*weighted).fit()


def _covariance(
    model: sm.regression.linear_model.RegressionResults,
    cluster: NDArray[np.int64],
    covariance: Robust,
    cluster_name: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int | None, str]:
    """Covariance (k, k), t degrees of freedom (k,), number of clusters, and the words for it."""
    ones = np.ones(len(model.params))
    names, codes = np.unique(cluster, return_inverse=True)
    groups = len(names)
    if groups == len(cluster):
        cov = _heteroskedastic(model, covariance)
        # No counts in these words: they are printed where counts of people are rounded.
        words = f"{covariance}, t with rows − terms degrees of freedom"
        return cov, ones * model.df_resid, None, words
    if groups < FEW_CLUSTERS:
        bread = np.asarray(model.normalized_cov_params)
        small = cr2(model.model.exog, np.asarray(model.resid), bread, codes)
        return small.cov, small.df, groups, clustered_words(cluster_name, CR2_WORDS)
    words = clustered_words(cluster_name, CR1_WORDS)
    return cov_cluster(model, codes), ones * (groups - 1), groups, words


def clustered_words(cluster_name: str, words: str) -> str:
    """The convention of a clustered fit in words."""
    return f"clustered by {cluster_name.replace('_', ' ')}, {words}"


def _heteroskedastic(
    model: sm.regression.linear_model.RegressionResults, covariance: Robust
) -> NDArray[np.float64]:
    """HC0-HC3 (MacKinnon and White 1985). A row fitted exactly (leverage one) adds nothing:
    the other coefficients are those of a fit without it.
    """
    design, bread = model.model.exog, model.normalized_cov_params
    squares = np.asarray(model.resid) ** 2
    if covariance == "HC1":
        squares = squares * len(squares) / model.df_resid
    elif covariance in ("HC2", "HC3"):
        left = 1 - np.einsum("ij,jk,ik->i", design, bread, design, optimize=True)
        exact = left < _FULL_LEVERAGE
        power = 1 if covariance == "HC2" else 2
        squares = np.where(exact, 0.0, squares / np.where(exact, 1.0, left) ** power)
    return np.asarray(bread @ (design.T * squares) @ design @ bread)


def two_sided(estimate: float, std_error: float, df: float) -> float:
    """p-value of the hypothesis of zero, t reference."""
    return float(2 * stats.t.sf(abs(estimate) / std_error, df))
