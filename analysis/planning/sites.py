"""How sites change by themselves: from months when none of them had started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_FEWEST = 3  # sites, for a spread of their changes


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSpread:
    """``change`` (lags,): variance of a site's change over so many months, nan where not seen.

    It is twice the semivariogram of sites' months (Cressie 1993, Statistics for Spatial Data,
    section 2.4): all that errors of differences between months take of a site, whatever its level.
    ``people`` (sites,) they have.
    """

    change: Floats
    people: Floats

    @property
    def sites(self) -> int:
        """How many sites there are."""
        return len(self.people)

    def covariance(self, months: int) -> Floats:
        """(months, months): covariance of a site's months, up to what all of them share.

        Lags beyond those seen have the variance of the last; what is no covariance is cut off.
        """
        lag = np.abs(np.subtract.outer(np.arange(months), np.arange(months)))
        seen = np.flatnonzero(~np.isnan(self.change))
        half = np.interp(lag, np.r_[0, seen], np.r_[0.0, self.change[seen]]) / 2
        centred = half - half.mean(axis=0)
        values, vectors = np.linalg.eigh(-(centred - centred.mean(axis=1, keepdims=True)))
        return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T)

    def variance(self, window: Window, base: int) -> float:
        """What a site adds to the error of a window, where half of all start in one month.

        Sites count by their people: the more these differ, the fewer sites there are in effect.
        """
        months = window[1] - base + 1
        weight = np.zeros(months)
        weight[window[0] - base :] = 1 / (window[1] - window[0] + 1)
        weight[0] -= 1
        uneven = float((self.people**2).mean() / self.people.mean() ** 2)
        return uneven * float(weight @ self.covariance(months) @ weight)


def site_spread(panels: Sequence[Panel], spec: StudySpec, people: Floats) -> SiteSpread | None:
    """The spread over spans of the past, the latest with its sites' ``people`` (sites,).

    None with fewer than three sites.
    """
    if len(people) < _FEWEST:
        return None
    found = [_changes(panel, ratio=spec.outcome.link == "log") for panel in panels]
    both = pd.concat(found).groupby("lag")["square"].mean()
    if both.empty:
        return None
    change = both.reindex(range(int(both.index.max()) + 1)).to_numpy(dtype=float)
    return SiteSpread(change=change, people=people)


def _changes(panel: Panel, *, ratio: bool) -> pd.DataFrame:
    """``square`` of sites' changes between any two months, by ``lag``.

    Among people seen in both months, as in ATT(g,t); ratios relative to the mean of all.
    """
    wide = panel.rows.pivot_table(index="person", columns="event_month", values="outcome")
    cluster = panel.people.set_index("person")["cluster"].reindex(wide.index)
    site = pd.factorize(cluster)[0]
    value, months = wide.to_numpy(dtype=float), wide.columns.to_numpy()
    made = []
    for late in range(len(months)):
        for early in range(late):
            both = (site >= 0) & ~np.isnan(value[:, late]) & ~np.isnan(value[:, early])
            if not both.any():
                continue
            then, now = value[both, early], value[both, late]
            if ratio and (then.mean() == 0 or now.mean() == 0):
                continue
            size = (then.mean(), now.mean()) if ratio else (1.0, 1.0)
            square = _square(now / size[1] - then / size[0], site[both])
            if square is not None:
                made.append((int(months[late] - months[early]), square))
    return pd.DataFrame(made, columns=["lag", "square"])


def _square(change: Floats, site: Ints) -> float | None:
    """The variance of sites' mean changes about the mean of all people.

    Sites count by their people; the divisor is what the squares come to where it is one for all.
    """
    count = np.bincount(site)
    total = np.bincount(site, weights=change)[count > 0]
    size = count[count > 0].astype(float)
    if len(size) < _FEWEST:
        return None
    share = size / size.sum()
    rest = share * (total / size - change.mean())
    return float(rest @ rest / (share**2 @ (1 - 2 * share + share @ share)))
