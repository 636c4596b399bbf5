"""How many people a figure of a roll-out rests on, each counted once on a side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.estimators.group_time import on_each_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.compress import Moments
    from analysis.estimators.group_time import Control, GroupTime

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Compared(NamedTuple):
    """People treated and compared with, those who are both in turn, and person-months."""

    treated: int
    comparison: int
    both: int
    rows: int

    @property
    def counts(self) -> tuple[int, int, int]:
        """As figures carry them: people treated, people compared with, rows."""
        return self.treated, self.comparison, self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """People by start and months seen: ``cohort`` (Q,), ``observed`` (Q, T), ``people`` (Q,)."""

    periods: Ints
    cohort: Ints
    observed: Bools
    people: Ints
    control: Control
    anticipation: int

    def compared(self, effects: GroupTime, members: Bools | None) -> Compared:
        """Those on whom the ATT(g,t) of ``members`` (K,) rest; a base month compares nobody.

        The whole panel where no members are named.
        """
        if members is None:
            return self.panel()
        used = members & ~np.isnan(effects.att) & (effects.period != effects.base)
        treated = np.zeros(len(self.people), dtype=bool)
        others, months = treated.copy(), np.zeros_like(self.observed)
        late = np.searchsorted(self.periods, effects.period[used])
        early = np.searchsorted(self.periods, effects.base[used])
        for group, t, base in zip(effects.group[used], late, early, strict=True):
            own, free = on_each_side(self, group, t, base, self.control, self.anticipation)
            treated |= own
            others |= free
            months[own | free, t] = months[own | free, base] = True
        return self._counted(treated, others, months)

    def panel(self) -> Compared:
        """The whole panel: who ever starts, and who is seen before a start or never starts."""
        before = np.any(self.observed & (self.periods < self.cohort[:, None]), axis=1)
        starts = np.asarray(self.cohort <= self.periods[-1])
        return self._counted(starts, np.asarray(before), self.observed)

    def _counted(self, treated: Bools, others: Bools, months: Bools) -> Compared:
        return Compared(
            treated=int(self.people[treated].sum()),
            comparison=int(self.people[others].sum()),
            both=int(self.people[treated & others].sum()),
            rows=int(self.people @ months.sum(axis=1)),
        )


def people_seen(moments: Moments, control: Control, anticipation: int) -> Seen:
    """The people of the moments, whatever their covariates and clusters."""
    start = np.ascontiguousarray(moments.cohort)[:, None].view(np.uint8)
    key = np.hstack([start, np.packbits(moments.observed, axis=1)])
    _, first, code = np.unique(key, axis=0, return_index=True, return_inverse=True)
    people = np.zeros(len(first), dtype=np.int64)
    np.add.at(people, code.reshape(-1), moments.people)
    return Seen(
        periods=moments.periods,
        cohort=moments.cohort[first],
        observed=moments.observed[first],
        people=people,
        control=control,
        anticipation=anticipation,
    )
