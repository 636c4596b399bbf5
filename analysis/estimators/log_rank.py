"""Log-rank test of two groups (Mantel 1966; Peto & Peto 1972), stratified if asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.estimators.risk_table import RiskTable


class LogRank(NamedTuple):
    """Exits of the first group less those expected if hazards were equal, and their variance."""

    excess: float
    variance: float

    @property
    def chi_square(self) -> float:
        """The statistic, on one degree of freedom."""
        return self.excess**2 / self.variance if self.variance else math.nan

    @property
    def p_value(self) -> float:
        """Of no difference in hazards."""
        return float(stats.chi2.sf(self.chi_square, 1))


def log_rank(strata: Sequence[tuple[RiskTable, RiskTable]], kinds: tuple[int, ...]) -> LogRank:
    """The test of equal hazards of ``kinds`` in two groups, within each stratum.

    Exits of other kinds end observation, so it compares cause-specific hazards, not incidences
    (for those: Gray 1988). Hypergeometric variance, ties as they are. The two tables of a stratum
    have rows for the same times (``also`` of :func:`risk_table`), else ValueError.
    """
    excess = variance = 0.0
    for first, second in strata:
        if not np.array_equal(first.times, second.times):
            raise ValueError("risk tables to compare need rows for the same times")
        events, risk = first.of(kinds), first.at_risk
        others, others_risk = second.of(kinds), second.at_risk
        all_events, all_risk = events + others, risk + others_risk
        share = risk / np.maximum(all_risk, 1)
        excess += float((events - all_events * share).sum())
        left = (all_risk - all_events) / np.maximum(all_risk - 1, 1)
        variance += float((all_events * share * (1 - share) * left).sum())
    return LogRank(excess=excess, variance=variance)
