"""Poisson quasi-likelihood with a log link: ratios of means, zeros welcome.

Only the mean must be right, the outcome need not be a count (Gourieroux, Monfort and Trognon 1984,
Econometrica 52:701-720; Wooldridge 1999, Journal of Econometrics 90:77-97).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import ConvergenceWarning, DomainWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 100
_TOLERANCE = 1e-9  # last step of the coefficients, columns in SD; the error is its square
_FURTHEST = 25.0  # log of a mean this far from the overall mean runs towards zero


def poisson_at_maximum(
    outcome: NDArray[np.float64], design: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Working outcome (n,) and design (n, k), weighted, at the maximum of the likelihood.

    Least squares of one on the other returns the Poisson coefficients, and its residuals,
    leverages and sandwich variances are those of the generalised linear model (McCullagh and
    Nelder 1989, section 2.5), so that small-sample corrections apply as they do to least squares.
    None where there is no maximum: some group of the design has zeros only. ``design`` has a
    constant first; the columns returned are centred, which moves that coefficient alone. Outcomes
    are not negative.
    """
    centre, spread = design.mean(axis=0), design.std(axis=0)
    fixed = spread == 0
    centre, spread = np.where(fixed, 0.0, centre), np.where(fixed, 1.0, spread)
    level = float(outcome.mean())
    if level <= 0:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        for kind in (ConvergenceWarning, DomainWarning, RuntimeWarning):
            warnings.simplefilter("ignore", kind)
        fitted = sm.GLM(
            outcome / level, (design - centre) / spread, family=sm.families.Poisson()
        ).fit(maxiter=_STEPS, tol=_TOLERANCE, tol_criterion="params")
    linear = np.log(level) + np.asarray(fitted.predict(which="linear"), dtype=np.float64)
    if not fitted.converged or not (np.abs(linear - np.log(level)) < _FURTHEST).all():
        return None
    mean = np.exp(linear)
    root = np.sqrt(mean)
    return root * (linear + (outcome - mean) / mean), root[:, None] * (design - centre)
