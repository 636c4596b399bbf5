"""Cumulative incidence of two arms as seen, nothing adjusted for: months as they were lived.

The Aalen-Johansen estimator on months of follow-up (Aalen and Johansen 1978, Scandinavian Journal
of Statistics 5:141-150), with the influence of each person, so that errors can be clustered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.exits.entries import Entries
    from analysis.exits.models import Kind

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Incidence of a kind (2, K) by arm and month, and the influence (2, K, G) of each cluster."""

    incidence: Floats
    influence: Floats


def seen_incidence(entries: Entries, kind: Kind, cluster: Ints) -> Seen:
    """The incidence of one kind in both arms; ``cluster`` (n,) of the spells."""
    months, clusters = entries.months, int(cluster.max(initial=-1)) + 1
    incidence, influence = np.zeros((2, months)), np.zeros((2, months, clusters))
    for arm in (0, 1):
        some = entries.take(entries.treated == bool(arm))
        who = cluster[some.row]
        own = np.isin(some.kind, kind.codes)
        stays, moved_stays = 1.0, np.zeros(clusters)
        total, moved = 0.0, np.zeros(clusters)
        for k in range(1, months + 1):
            there = some.last >= k
            people = max(int(there.sum()), 1)
            left = there & (some.last == k) & (some.kind > 0)
            of_kind = left & own
            any_chance, chance = left.sum() / people, of_kind.sum() / people
            d_any, d_own = (
                np.bincount(who, weights=(hit - p * there) / people, minlength=clusters)
                for hit, p in ((left, any_chance), (of_kind, chance))
            )
            moved = moved + moved_stays * chance + stays * d_own
            total += stays * chance
            moved_stays = moved_stays * (1 - any_chance) - stays * d_any
            stays *= 1 - any_chance
            incidence[arm, k - 1], influence[arm, k - 1] = total, moved
    return Seen(incidence=incidence, influence=influence)
