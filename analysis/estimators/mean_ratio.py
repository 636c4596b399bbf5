"""Effects as ratios of means, from cells: differences carried to the log by the delta method."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.estimators.influence import Influence, centred

if TYPE_CHECKING:
    from analysis.estimators.cells import Cells
    from analysis.estimators.nuisance import Nuisance

NO_RATIO = "the expected outcome of one of the groups would be 0 or less, so there is no ratio"
Level = Literal["treated", "comparison"]


def log_ratio(cells: Cells, effect: Influence, level: Level | Influence) -> Influence | str:
    """The log of E[Y1] / E[Y0] of the people an effect E[Y1] - E[Y0] is about, or why not.

    ``level`` says what is known of them: the mean outcome of the treated (E[Y1] of an effect on
    those who joined), of the comparison (E[Y0] of one on those who did not), or E[Y1] itself. The
    other mean is that one less, or plus, the effect. Influence of log m: that of m, over m.
    """
    known = level if isinstance(level, Influence) else _raw_mean(cells, level)
    other = _sum(known, effect, 1.0 if level == "comparison" else -1.0)
    high, low = (other, known) if level == "comparison" else (known, other)
    above, below = cells.centre + high.estimate, cells.centre + low.estimate
    if min(above, below) <= 0:
        return NO_RATIO
    return Influence(
        estimate=math.log(above / below),
        intercept=high.intercept / above - low.intercept / below,
        slope=high.slope / above - low.slope / below,
        terms=effect.terms,
    )


def everybody_treated(cells: Cells, nuisance: Nuisance) -> Influence:
    """E[Y1] of everybody, less the centre of the cells, by AIPW."""
    chance, high = nuisance.chance, nuisance.outcome[1]
    none = np.zeros(len(chance))
    slope = np.stack([none, 1 / chance])
    intercept = np.stack([high, high - high / chance])
    return centred(cells, intercept, slope, np.ones(2), nuisance.terms)


def _raw_mean(cells: Cells, level: Level) -> Influence:
    """Mean outcome of an arm, less the centre of the cells."""
    arm = ("comparison", "treated").index(level)
    weight = np.zeros((2, 1))
    weight[arm] = sum(cells.counts) / cells.counts[arm]
    mean = float(cells.total[arm].sum() / cells.counts[arm])
    slope = np.broadcast_to(weight, cells.people.shape)
    return Influence(estimate=mean, intercept=-mean * slope, slope=slope, terms=1)


def _sum(one: Influence, other: Influence, times: float) -> Influence:
    return replace(
        one,
        estimate=one.estimate + times * other.estimate,
        intercept=one.intercept + times * other.intercept,
        slope=one.slope + times * other.slope,
    )
