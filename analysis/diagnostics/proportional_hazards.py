"""Proportional hazards: does a hazard ratio stay the same over the time since hire?

A score test of an interaction of each column with a function of time, at the fit without it; no
second fit is needed. With 1 - Kaplan-Meier as the function it weighs exits alike however they are
spread over time (Grambsch and Therneau 1994, Biometrika 81:515-526; exact as in R's survival from
version 3.0 on, not their approximation by an average variance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import p_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.cox import Cox
    from analysis.exits.spans import RiskSets

    Floats = NDArray[np.float64]

_NOT_GATED = "not gated"
_NOTHING_LEFT = 1e-10  # share of a variance that rounding leaves where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportionality:
    """Chi-squares (q,) of one degree of freedom a column, and the joint one of ``df`` degrees.

    A column without a coefficient, or whose risk sets say nothing of time, has nan.
    """

    chi2: Floats
    joint: float
    df: int

    @property
    def p_values(self) -> Floats:
        """Of each column."""
        return np.asarray(stats.chi2.sf(self.chi2, 1))


def left_before(sets: RiskSets) -> Floats:
    """The share (T,) that left before each time, 1 - Kaplan-Meier from the left; late entry too."""
    stay = 1 - sets.events.sum(axis=0) / sets.at_risk.sum(axis=0)
    return np.asarray(1 - np.concatenate([[1.0], np.cumprod(stay)[:-1]]))


def proportionality(cox: Cox, of_time: Floats) -> Proportionality:
    """The test of interactions with ``of_time`` (T,), a function of the times of the fit.

    U' V^-1 U for the score U of the interactions and its variance V given the coefficients of the
    columns themselves.
    """
    used = np.flatnonzero(np.diag(cox.cov) > 0)
    grid = np.ix_(used, used)
    by_time = cox.information[:, grid[0], grid[1]]
    centred = of_time - of_time.mean()  # any other origin gives the same, with fewer digits
    score = centred @ cox.score[:, used]
    mixed, square = (np.tensordot(centred**power, by_time, axes=1) for power in (1, 2))
    given = cox.cov[grid] @ mixed
    own = np.diag(square) - np.einsum("ij,ij->j", mixed, given)
    told = own > _NOTHING_LEFT * np.diag(square)
    chi2 = np.full(len(cox.coefficients), np.nan)
    chi2[used[told]] = score[told] ** 2 / own[told]
    scale = 1 / np.sqrt(np.maximum(np.diag(square), np.finfo(float).tiny))
    sizes, axes = np.linalg.eigh((square - mixed @ given) * scale[:, None] * scale)
    some = sizes > _NOTHING_LEFT
    joint = float(((axes.T @ (score * scale))[some] ** 2 / sizes[some]).sum())
    return Proportionality(chi2=chi2, joint=joint, df=int(some.sum()))


def proportional_hazards(test: Proportionality, column: int, *, people: int) -> Diagnostic:
    """The note on one column, that of mentoring; ``people`` is the smaller group of its ratio."""
    p_value = float(test.p_values[column])
    return Diagnostic(
        name="proportional_hazards",
        label="the hazard ratio is the same at every tenure",
        value=p_value,
        display=p_text(p_value),
        threshold=_NOT_GATED,
        status="note",
        remedy="where it is not, one ratio is an average over tenure: read the curves",
        reveals_effect=True,
        n_smallest=people,
    )
