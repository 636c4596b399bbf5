"""How many people a study of exits compares starters with, where they start by themselves.

Every month in which somebody starts is a trial, and whoever has not started by then is compared
in it, those who start later among them, until they do. A person is in many trials and leaves
once: what each of their months moves the comparison's cumulative hazard by is summed over trials
before it is squared, as errors clustered by person have it. Models predict the comparison for
people like the starters: the further these are from the others on average, the wider that is, as
of any regression at a point beside its mean (Weisberg 2014, Applied Linear Regression, section
3.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.linear import independent
from analysis.planning.months import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Starters:
    """People who could start (n,): months counted from one day, NEVER for what did not happen.

    ``zero``: from which they could; ``start``; ``exit``; ``last``: the last month that is known.
    ``within``: months after ``zero`` in which a trial may begin. ``columns`` (n, k) are what is
    adjusted for, a constant first.
    """

    zero: Ints
    start: Ints
    exit: Ints
    last: int
    columns: Floats
    within: int = NEVER

    def told(self, months: int) -> float:
        """The people compared, as many as tell as much of people like the starters."""
        return self.compared(months) / (1 + self._distance())

    def compared(self, months: int) -> float:
        """The people followed for ``months`` from one day who would tell as much as all trials.

        0 where some month of follow-up has nobody in it.
        """
        trials = np.unique(self.start[self.start <= self.last])
        stop = np.minimum(np.minimum(self.start, self.exit), self.last)
        at_risk, left = np.zeros(months), np.zeros(months)
        for trial in trials:
            able = self._able(trial)
            for k in range(1, months + 1):
                there = able & (stop >= trial + k)
                at_risk[k - 1] += there.sum()
                left[k - 1] += (there & (self.exit == trial + k)).sum()
        if not at_risk.all():
            return 0.0
        stays = np.cumprod(1 - left / at_risk)
        before = np.r_[1.0, stays[:-1]]
        return float((1 / before).sum() / self._squares(trials, stop, 1 / at_risk))

    def _distance(self) -> float:
        """Squared Mahalanobis distance of the starters from people's months before a start."""
        x = self.columns[:, independent(self.columns)][:, 1:]
        began = self.start <= self.last
        waited = np.clip(
            np.minimum(np.minimum(self.start, self.exit), self.last) - self.zero, 0, None
        )
        if not (x.shape[1] and began.any() and waited.any()):
            return 0.0
        mean = np.average(x, axis=0, weights=waited)
        gap = x[began].mean(axis=0) - mean
        spread = (x - mean).T @ ((x - mean) * waited[:, None]) / waited.sum()
        return float(gap @ np.linalg.pinv(spread) @ gap)

    def _able(self, trial: int) -> Bools:
        """Who could start in this month and had not before."""
        return (self.zero <= trial) & (self.start > trial) & (trial - self.zero <= self.within)

    def _squares(self, trials: Ints, stop: Ints, moves: Floats) -> float:
        """Sum over people's months of the square of what an exit in it moves the hazard by."""
        total = 0.0
        for month in range(int(trials[0]) + 1, int(stop.max()) + 1):
            moved = np.zeros(len(self.zero))
            for trial in trials[(trials < month) & (trials >= month - len(moves))]:
                moved += self._able(trial) * moves[month - trial - 1]
            total += float((moved[stop >= month] ** 2).sum())
        return total
