"""From an estimate and the influence of each cluster to a result of an exit study."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimate import Estimate, NotEstimable, Target
from analysis.estimators.linear import FEW_CLUSTERS
from analysis.estimators.results import Figures, make_estimate
from analysis.exits.careers import NEVER
from analysis.exits.observed import NOT_FOLLOWED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.estimate import Result, Role
    from analysis.exits.entries import Entries
    from analysis.exits.setting import Compared, ExitSetting
    from analysis.study import Window

    Floats = NDArray[np.float64]

ON_STARTERS = "effect on those who started, against not starting within the follow-up"
ON_ALL = "intention to treat"
ON_LANDMARK = (
    "effect on those who had started three months after time zero, against those who had not"
)
_TOO_FEW = "clusters are too few to tell errors: no more than groups of them that start together"
_NO_RATIO = "one of the arms has no exit of this kind, so there is no ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes the results of one arm: intervals, people counted, words."""

    setting: ExitSetting
    arm: str

    @property
    def estimand(self) -> str:
        """Whom the headline is about."""
        return ON_ALL if self.setting.assigned else ON_STARTERS

    def target(
        self, name: str, estimator: str, *, window: Window | None = None, unit: str = "share",
        role: Role = "secondary", estimand: str | None = None,
    ) -> Target:  # fmt: skip
        """The target of one figure, in the primary window unless told."""
        spec = self.setting.spec
        return Target(
            name=name, role=role, estimand=self.estimand if estimand is None else estimand,
            estimator=estimator, arm=self.arm, comparison=spec.arms.comparison,
            window=window or spec.follow_up.primary, unit=unit,
        )  # fmt: skip

    def result(
        self, target: Target, estimate: float, influence: Floats, entries: Entries, words: str = ""
    ) -> Result:
        """An estimate from the influence (G,) of the clusters on it."""
        error, df, how = self.spread(influence, entries)
        if not df:
            return NotEstimable(target=target, reason=_TOO_FEW)
        people = self.counts(entries)
        return make_estimate(
            target,
            Figures(
                estimate=estimate, std_error=error, t_df=df, df=df, counts=people[:3],
                convention=f"{how}; {words}" if words else how, size=1.0, both=people[3],
            ),
            log=False,
        )  # fmt: skip

    def ratio(
        self, target: Target, log_ratio: float, influence: Floats, entries: Entries
    ) -> Result:
        """Exp of a coefficient: the interval is that of the logarithm."""
        error, df, how = self.spread(influence, entries)
        if not (np.isfinite(log_ratio) and 0 < error < np.inf and df > 0):
            return NotEstimable(target=target, reason=_NO_RATIO)
        half = float(stats.t.ppf(0.975, df)) * error
        treated, comparison, rows, both = self.counts(entries)
        value = float(np.exp(log_ratio))
        return Estimate(
            target=target, estimate=value, std_error=value * error,
            ci_low=float(np.exp(log_ratio - half)), ci_high=float(np.exp(log_ratio + half)),
            p_value=float(2 * stats.t.sf(abs(log_ratio) / error, df)), df=df, n_treated=treated,
            n_comparison=comparison, n_rows=rows, n_both=both, t_df=df,
            convention=f"{how}; interval of the logarithm",
        )  # fmt: skip

    def spread(self, influence: Floats, entries: Entries) -> tuple[float, float, str]:
        """Standard error, degrees of freedom and how they were made.

        Clusters under 40: factor G / (G - cohorts) and t(G - cohorts), as roll-outs have them.
        """
        used = np.unique(self.setting.cluster[entries.row])
        groups, lost, unit = len(used), 1, self.setting.spec.cluster
        few = ""
        if groups < FEW_CLUSTERS:
            lost, few = self._cohorts(entries), " − cohorts"
        left = groups - lost
        if left < 1:
            return float("nan"), 0.0, ""
        error = float(np.sqrt(influence @ influence * groups / left))
        word = "people" if unit == "person" else unit.removesuffix("_no").replace("_", " ") + "s"
        by = "person" if unit == "person" else word[:-1]
        how = f"influence function clustered by {by}, factor G / (G{few or ' − 1'}), "
        return error, float(left), f"{how}t with {word}{few or ' − 1'} degrees of freedom"

    def _cohorts(self, entries: Entries) -> int:
        """Groups of clusters that first start in the same trial; those that never do are one."""
        if self.setting.assigned:
            return 2
        first = np.full(int(self.setting.cluster.max()) + 1, NEVER)
        begins = np.where(entries.treated, entries.group, NEVER)
        np.minimum.at(first, self.setting.cluster[entries.row], begins)
        return len(np.unique(first[np.unique(self.setting.cluster[entries.row])]))

    def counts(self, entries: Entries) -> tuple[int, int, int, int]:
        """People treated, in the comparison, person-months, people in both in turn."""
        person = self.setting.careers.person[entries.row]
        treated, others = np.unique(person[entries.treated]), np.unique(person[~entries.treated])
        both = len(np.intersect1d(treated, others))
        return len(treated), len(others), int(entries.last.sum()), both


def told(result: Result, left: Sequence[int], of: Sequence[float] = ()) -> Result:
    """The result with the smallest group it gives away: ``left`` by arm, the treated first.

    ``of``: the people behind shares as seen, where the result is the difference of two of these.
    """
    if not isinstance(result, Estimate):
        return result
    stayed = [n - gone for n, gone in zip(of, left, strict=False)]
    groups = [g for g in (*left, *stayed) if g] if of else left
    counted = tuple(zip(left, of, strict=True)) if of else ()
    return replace(result, n_smallest=int(min(groups, default=0)), counted=counted)


def left_by_arm(setting: ExitSetting, compared: Compared, kind: str, month: int) -> tuple[int, int]:
    """People seen to leave in this way by the end of a month, in the treated arm and the other."""
    entries = compared.entries
    left = np.isin(entries.kind, codes_of(setting, kind)) & (entries.last <= month)
    person = setting.careers.person[entries.row]
    treated, others = (len(np.unique(person[left & (entries.treated == arm)])) for arm in (1, 0))
    return treated, others


def codes_of(setting: ExitSetting, kind: str) -> list[int]:
    """Codes of the kinds of exits of that name, of all kinds for "any"."""
    return [c for k in setting.kinds if kind in (k.name, "any") for c in k.codes]


def why_none(compared: Compared | str, window: Window) -> str:
    """Why there is no figure at the end of a window; models alone say nothing of months unseen."""
    if isinstance(compared, str):
        return compared
    seen = compared.entries.take(compared.entries.last >= window[1])
    return "" if 0 < seen.treated.sum() < len(seen) else NOT_FOLLOWED
