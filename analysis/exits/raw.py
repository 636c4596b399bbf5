"""Differences as seen, nothing adjusted: of drawn arms, and what one must not conclude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.exits.calendar import end_of_month
from analysis.exits.figures import codes_of, left_by_arm, told, why_none
from analysis.exits.unadjusted import seen_incidence

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.exits.entries import Entries
    from analysis.exits.figures import Maker
    from analysis.exits.setting import Compared

NAIVE = "immortal-time-biased: not an effect"
_CRUDE = "share who left, ever started less never"


def unadjusted(maker: Maker, compared: Compared | str, place: int = 0) -> Result:
    """With less without in the share who left by the end of a window, as seen."""
    window = maker.setting.windows[place]
    target = maker.target(
        "unadjusted", "difference in cumulative incidence (Aalen-Johansen)", window=window
    )
    why = why_none(compared, window)
    if why or isinstance(compared, str):
        return NotEstimable(target=target, reason=why)
    setting = maker.setting
    kinds = setting.kinds if setting.spec.outcome.metric == "any" else setting.kinds[:1]
    seen = [seen_incidence(compared.entries, kind, setting.cluster) for kind in kinds]
    month = window[1] - 1
    value = sum(s.incidence[1, month] - s.incidence[0, month] for s in seen)
    moved = np.sum([s.influence[1, month] - s.influence[0, month] for s in seen], axis=0)
    made = maker.result(target, float(value), moved, compared.entries)
    left = left_by_arm(setting, compared, setting.spec.outcome.metric, window[1])
    shares = [float(sum(s.incidence[arm, month] for s in seen)) for arm in (1, 0)]
    people = maker.counts(compared.entries)[:2]
    of = [n / p if p else float(all_) for n, p, all_ in zip(left, shares, people, strict=True)]
    return told(made, left, of)


def naive_difference(maker: Maker, entries: Entries) -> Result:
    """Ever started less never, in the share who left by the end of the primary window."""
    setting = maker.setting
    target = maker.target("naive", _CRUDE, role="naive", estimand=NAIVE)
    month = setting.windows[0][1]
    zero = setting.careers.zero[entries.row]
    whole = setting.careers.end[entries.row] + 1 - zero >= end_of_month(month)
    some = entries.take(whole)
    if not 0 < some.treated.sum() < len(some):
        return NotEstimable(target=target, reason="everybody started, or nobody did")
    left = np.isin(some.kind, codes_of(setting, setting.spec.outcome.metric)) & (some.last <= month)
    value, influence = 0.0, np.zeros(int(setting.cluster.max()) + 1)
    counted: list[tuple[int, float]] = []
    for arm, sign in ((True, 1), (False, -1)):
        own = some.treated == arm
        counted.append((int(left[own].sum()), float(own.sum())))
        share = left[own].mean()
        value += sign * float(share)
        moved = (left[own] - share) / own.sum()
        who = setting.cluster[some.row[own]]
        influence += sign * np.bincount(who, weights=moved, minlength=len(influence))
    return told(maker.result(target, value, influence, some), *zip(*counted, strict=True))
