"""Single items: cumulative logit of ordered answers, and what it says about shares of people.

P(answer <= j) = F(threshold_j - x'b) (McCullagh 1980, Journal of the Royal Statistical Society B
42:109), fitted by statsmodels' OrderedModel, which keeps the second and later thresholds as logs
of increments; here they come back as thresholds, with errors by the delta method. People with the
same answer and columns are one cell, so that a company costs what its cells do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tools.numdiff import approx_fprime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DISTRIBUTION = stats.logistic
_FLOOR = 1e-20  # what statsmodels adds to each probability
_TOLERANCE = 1e-14
_STEPS = 20  # of Newton's method from where statsmodels arrives; two are the rule
_LARGEST = 15.0  # log odds a standard deviation: beyond, the column separates the answers


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalFit:
    """``effects`` (k,) are log odds of a higher answer, ``thresholds`` (J - 1,) ascending.

    ``cov`` (k + J - 1, k + J - 1) is of both, in this order; ``answers`` (J,) are the answers
    given, ascending: one that nobody gave has no threshold.
    """

    effects: Floats
    thresholds: Floats
    cov: Floats
    log_likelihood: float
    answers: Floats

    @property
    def std_errors(self) -> Floats:
        """Standard errors (k + J - 1,) of effects and thresholds."""
        return np.asarray(np.sqrt(np.diagonal(self.cov)))

    def at_least(self, columns: Floats, cut: float) -> tuple[Floats, Floats]:
        """P(answer >= cut) for each row of ``columns`` (n, k), and its gradient (n, k + J - 1)."""
        place = int(np.searchsorted(self.answers, cut))
        parameters = len(self.effects) + len(self.thresholds)
        gradient = np.zeros((len(columns), parameters))
        if place == 0 or place == len(self.answers):
            return np.full(len(columns), float(place == 0)), gradient
        above = self.thresholds[place - 1] - columns @ self.effects
        density = _DISTRIBUTION.pdf(above)
        gradient[:, : len(self.effects)] = density[:, None] * columns
        gradient[:, len(self.effects) + place - 1] = -density
        return np.asarray(_DISTRIBUTION.sf(above)), gradient


class _OfCells(OrderedModel):  # type: ignore[misc]
    """OrderedModel whose rows stand for ``people`` (n,) each, with derivatives in closed form.

    statsmodels has no weights here, and takes derivatives by differences of the likelihood.
    """

    people: Floats

    def loglikeobs(self, params: Floats) -> Any:
        return self.people * super().loglikeobs(params)

    def score(self, params: Floats) -> Any:
        k = self.exog.shape[1]
        thresholds = np.asarray(self.transform_threshold_params(params)[1:-1])
        rows = _scores(params[:k], thresholds, self.endog, self.exog)
        return self.people @ rows @ _change(np.ones(k), params)

    def hessian(self, params: Floats) -> Any:
        found = approx_fprime(params, self.score, centered=True)
        return (found + found.T) / 2


def _scores(
    effects: Floats, thresholds: Floats, codes: NDArray[np.int64], columns: Floats
) -> Floats:
    """Derivatives (n, k + J - 1) of each row's log likelihood by effects and thresholds."""
    ends = np.concatenate([[-np.inf], thresholds, [np.inf]])
    line = columns @ effects
    low, high = ends[codes] - line, ends[codes + 1] - line
    share = _DISTRIBUTION.cdf(high) - _DISTRIBUTION.cdf(low) + _FLOOR
    of_low, of_high = _DISTRIBUTION.pdf(low) / share, _DISTRIBUTION.pdf(high) / share
    each, code = np.arange(len(thresholds)), codes[:, None]
    of_thresholds = (each == code) * of_high[:, None] - (each == code - 1) * of_low[:, None]
    return np.hstack([columns * (of_low - of_high)[:, None], of_thresholds])


def fit_ordinal(
    answer: Floats,
    columns: Floats,
    cluster: NDArray[np.int64] | None = None,
    people: Floats | None = None,
) -> OrdinalFit | None:
    """The fit of ordered answers (n,) on columns (n, k; no constant), or None without a maximum.

    ``people`` (n,) counts how many a row stands for. The covariance is the inverse information;
    with ``cluster`` (n,) the sandwich with G / (G - 1).
    """
    weight = np.ones(len(answer)) if people is None else people
    answers, codes = np.unique(answer, return_inverse=True)
    size = columns.std(axis=0)
    if len(answers) < 2 or np.linalg.matrix_rank(columns - columns.mean(axis=0)) < len(size):
        return None
    cells, at = np.unique(np.column_stack([codes, columns / size]), axis=0, return_inverse=True)
    model = _OfCells(cells[:, 0].astype(int), cells[:, 1:], distr="logit")
    model.people = np.bincount(at.ravel(), weights=weight).astype(np.float64)
    found = _maximum(model)
    if found is None:
        return None
    params, cov = found
    change = _change(size, params)
    fit = OrdinalFit(
        effects=params[: len(size)] / size,
        thresholds=np.asarray(model.transform_threshold_params(params)[1:-1]),
        cov=change @ cov @ change.T,
        log_likelihood=float(model.loglike(params)),
        answers=answers,
    )
    return fit if cluster is None else _clustered(fit, codes, columns, weight, cluster)


def _maximum(model: _OfCells) -> tuple[Floats, Floats] | None:
    """Parameters as statsmodels keeps them, and their covariance."""
    k = model.exog.shape[1]
    cumulative = np.bincount(model.endog, weights=model.people).cumsum()
    first = _DISTRIBUTION.ppf(cumulative[:-1] / cumulative[-1])
    start = np.concatenate([np.zeros(k), first[:1], np.log(np.diff(first))])
    near = model.fit(start_params=start, method="bfgs", disp=0, warn_convergence=False)
    params = np.asarray(near.params)
    for _ in range(_STEPS):
        score, information = np.asarray(model.score(params)), -np.asarray(model.hessian(params))
        if not np.isfinite(information).all() or np.abs(params[:k]).max() > _LARGEST:
            return None
        if np.linalg.eigvalsh(information).min() <= 0:
            return None
        step = np.linalg.solve(information, score)
        if score @ step < _TOLERANCE:  # twice what the likelihood could still gain
            return params, np.linalg.inv(information)
        params = params + step
    return None


def _change(size: Floats, params: Floats) -> Floats:
    """Derivatives of effects and thresholds by what was fitted: effects of columns that were
    divided by their size (k,), the first threshold and log increments.
    """
    k, change = len(size), np.diag(np.concatenate([1 / size, np.ones(len(params) - len(size))]))
    for j in range(1, len(params) - k):
        change[k + j, k] = 1.0
        change[k + j, k + 1 : k + j + 1] = np.exp(params[k + 1 : k + j + 1])
    return change


def _clustered(
    fit: OrdinalFit,
    codes: NDArray[np.int64],
    columns: Floats,
    weight: Floats,
    cluster: NDArray[np.int64],
) -> OrdinalFit:
    """The same fit with the sandwich covariance of sums of scores by cluster."""
    scores = _scores(fit.effects, fit.thresholds, codes, columns)
    groups = np.unique(cluster, return_inverse=True)[1]
    sums = np.zeros((int(groups.max()) + 1, scores.shape[1]))
    np.add.at(sums, groups, scores * weight[:, None])
    factor = len(sums) / (len(sums) - 1)
    meat = factor * sums.T @ sums
    return OrdinalFit(
        effects=fit.effects, thresholds=fit.thresholds, cov=fit.cov @ meat @ fit.cov,
        log_likelihood=fit.log_likelihood, answers=fit.answers,
    )  # fmt: skip


def share_difference(
    fit: OrdinalFit, treated: Floats, untreated: Floats, cut: float, people: Floats | None = None
) -> tuple[float, float]:
    """Mean of P(answer >= cut) at ``treated`` less at ``untreated`` (n, k), and its error.

    The same people with and without (g-formula; Robins 1986); the error is by the delta method,
    covariates taken as given.
    """
    weight = np.ones(len(treated)) if people is None else people
    weight = weight / weight.sum()
    with_it, up = fit.at_least(treated, cut)
    without, down = fit.at_least(untreated, cut)
    gradient = weight @ (up - down)
    variance = float(gradient @ fit.cov @ gradient)
    return float(weight @ (with_it - without)), float(np.sqrt(max(variance, 0.0)))
