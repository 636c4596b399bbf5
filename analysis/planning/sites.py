"""What one site adds to the error of a roll-out, from sites in months when none of them started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.months import months_since
from analysis.planning.power import errors_needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

Waves = tuple[tuple[float, float], ...]  # sites that start together, and those compared with them


@dataclass(frozen=True, slots=True)
class SiteSpread:
    """``variance`` of one site's change; ``sites`` and people they have on average."""

    variance: float
    sites: int
    people: float


def changes_of(panel: Panel, spec: StudySpec, window: Window) -> NDArray[np.float64]:
    """(sites, 2): people of each site, and its change from the month before a start to the window.

    Sites without an outcome in one of the two are left out. Ratios: of the means, in logs.
    """
    rows = panel.rows.merge(panel.people[["person", "cluster"]], on="person")
    base = -1 - spec.rollout.anticipation
    after = rows[rows["event_month"].between(*window)].groupby("cluster")["outcome"]
    before = rows[rows["event_month"] == base].groupby("cluster")["outcome"].mean()
    mean = after.mean()
    if spec.outcome.link == "log":
        mean, before = np.log(mean[mean > 0]), np.log(before[before > 0])
    change = (mean - before).dropna()
    people = rows.groupby("cluster")["person"].nunique()
    return np.column_stack([people[change.index].to_numpy(dtype=float), change.to_numpy()])


def site_spread(found: Sequence[NDArray[np.float64]]) -> SiteSpread | None:
    """The spread over several months of the past, each with its own mean change taken out.

    Sites count by their people, as in the averages of a roll-out. None with fewer than three.
    """
    usable = [changes for changes in found if len(changes) > 2]
    if not usable:
        return None
    variances = []
    for changes in usable:
        people, change = changes.T
        left = people * (change - np.average(change, weights=people))
        variances.append(float(left @ left) / (len(left) - 1) / people.mean() ** 2)
    return SiteSpread(
        variance=float(np.mean(variances)),
        sites=round(np.mean([len(c) for c in usable])),
        people=float(np.mean([c[:, 0].mean() for c in usable])),
    )


def waves_of(starts: pd.Series[pd.Timestamp], spec: StudySpec, window: Window) -> Waves:
    """Waves of a roll-out whose starts are known (NaT: never), with those not started yet.

    A wave is compared, month by month, with sites that have not started by then; their number is
    the harmonic mean over the window. Waves nobody is left to be compared with are left out.
    """
    waves = []
    for start in sorted(starts.dropna().unique()):
        since = months_since(pd.Series(start, index=starts.index), starts)
        own = float((since == 0).sum())
        later: list[int] = []
        for month in range(window[0], window[1] + 1):
            waiting = starts.isna() if spec.rollout.control == "never" else ~(since <= month)
            later.append(int(waiting.sum()))
        if min(later) > 0:
            waves.append((own, len(later) / sum(1 / people for people in later)))
    return tuple(waves)


def half(sites: float) -> Waves:
    """One wave of half of the sites."""
    return ((sites / 2, sites / 2),)


def smallest_of_sites(variance: float, waves: Waves, power: float) -> float:
    """Smallest effect seen on average over the waves, which count by their sites.

    Waves are taken to be independent: they are months apart.
    """
    treated = sum(own for own, _ in waves)
    square = sum((own / treated) ** 2 * (1 / own + 1 / other) for own, other in waves)
    sites = treated + min(other for _, other in waves)  # whoever starts later is in `treated`
    df = max(sites - len(waves) - 1, 1)
    return errors_needed(power, df=df) * float(np.sqrt(variance * square))
