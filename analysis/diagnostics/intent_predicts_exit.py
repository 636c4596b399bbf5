"""Does a higher score come before leaving, here? About groups, never about a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.estimators.logit import fit_logit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MONTHS = 12
FEWEST = 10  # leavers, and people who stayed; fewer tell nothing
LABEL = f"Does a higher score come before leaving voluntarily within {MONTHS} months, here"
NOT_GATED = "not gated; it is about groups and never predicts what one person does"
_Z = float(stats.norm.ppf(0.975))


def intent_predicts_exit(score: Floats, left: Floats) -> Diagnostic:
    """A note from one answer (n,) a person and whether (n,; 0/1) they left within the year.

    AUC with DeLong's interval (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837-845), odds
    ratio a standard deviation by logistic regression, point-biserial r.
    """
    gone, stayed = int(left.sum()), int((1 - left).sum())
    few = min(gone, stayed) < FEWEST or np.ptp(score) == 0
    fitted = None if few else _odds(score, left)
    if few or fitted is None:
        return _note(None, "too few answers that were followed for a year", None, (gone, stayed))
    auc, error = area(score, left)
    low, high = max(auc - _Z * error, 0.0), min(auc + _Z * error, 1.0)
    odds, r = fitted, float(np.corrcoef(score, left)[0, 1])
    base, n = gone / (gone + stayed), gone + stayed
    exact = (
        f"of two people, one of whom left, the leaver had scored higher in {100 * auc:.0f} % "
        f"(95 % interval {100 * low:.0f} to {100 * high:.0f}; 50 is chance); odds of leaving times "
        f"{odds[0]:.2f} ({odds[1]:.2f} to {odds[2]:.2f}) a standard deviation; r = {r:.2f}; "
    )
    rounded = 5 * round(n / 5)
    return _note(
        auc,
        f"{exact}{100 * base:.1f} % of {n:,} people left",
        (round(auc, 2), f"{exact}{100 * base:.0f} % of about {rounded:,} people left"),
        (gone, stayed),
    )


def area(score: Floats, left: Floats) -> tuple[float, float]:
    """The chance that a leaver scored higher than a stayer (ties count half), with DeLong's error.

    From ranks (Sun & Xu 2014, IEEE Signal Processing Letters 21:1389-1393).
    """
    gone, stayed = score[left > 0], score[left == 0]
    m, n = len(gone), len(stayed)
    together = stats.rankdata(np.concatenate([gone, stayed]))
    above = (together[:m] - stats.rankdata(gone)) / n
    below = 1 - (together[m:] - stats.rankdata(stayed)) / m
    variance = above.var(ddof=1) / m + below.var(ddof=1) / n
    return float(above.mean()), math.sqrt(float(variance))


def _odds(score: Floats, left: Floats) -> tuple[float, float, float] | None:
    """Odds ratio a standard deviation of the score, with its Wald interval."""
    z = (score - score.mean()) / score.std(ddof=1)
    fitted = fit_logit(np.column_stack([np.ones(len(z)), z]), np.stack([1 - left, left]))
    if isinstance(fitted, str):
        return None
    slope, error = float(fitted.coefficients[1]), math.sqrt(float(fitted.bread[1, 1]))
    return math.exp(slope), math.exp(slope - _Z * error), math.exp(slope + _Z * error)


def _note(
    value: float | None,
    display: str,
    coarse: tuple[float | None, str] | None,
    counts: tuple[int, int],
) -> Diagnostic:
    return Diagnostic(
        name="intent_predicts_exit",
        label=LABEL,
        value=value,
        display=display,
        threshold=NOT_GATED,
        status="note",
        remedy="",
        n_smallest=None if value is None else min(counts),
        coarse=coarse,
    )
