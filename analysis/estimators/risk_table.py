"""Risk tables: at each time the people at risk and the exits by kind, as exact counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTable:
    """What nonparametric estimates need of the data; equal for people and for counts of them.

    ``times`` (k,) ascending and distinct; ``at_risk`` (k,) just before each; ``events`` (k, kinds)
    at each, column ``c`` of kind ``c + 1``. ``size`` is the number of people.
    """

    times: Counts
    at_risk: Counts
    events: Counts
    size: int

    @property
    def all_events(self) -> Counts:
        """Exits of any kind at each time (k,)."""
        return np.asarray(self.events.sum(axis=1))

    def of(self, kinds: tuple[int, ...]) -> Counts:
        """Exits of these kinds (from 1) at each time (k,)."""
        return np.asarray(self.events[:, [k - 1 for k in kinds]].sum(axis=1))

    def until(self, time: int) -> RiskTable:
        """The same people followed no longer than ``time``, that day included."""
        keep = self.times <= time
        return replace(
            self, times=self.times[keep], at_risk=self.at_risk[keep], events=self.events[keep]
        )

    def followed_at(self, time: int) -> bool:
        """Whether curves are known at ``time``: somebody is still followed, or nobody stays.

        Where people enter late, the table needs a row for ``time`` to tell.
        """
        row = int(np.searchsorted(self.times, time, side="left"))
        if row < len(self.times):
            return bool(self.at_risk[row] > 0) or self._all_left(row)
        return self._all_left(row)

    def _all_left(self, row: int) -> bool:
        """Whether everybody at risk left at one of the rows before ``row``."""
        risk, events = self.at_risk[:row], self.all_events[:row]
        return bool(np.any((risk > 0) & (risk == events)))

    def at(self, times: Counts) -> Counts:
        """Row (from 0) of the last time not after each of ``times``; -1 where there is none."""
        return np.asarray(np.searchsorted(self.times, times, side="right") - 1)


def risk_table(
    entry: Counts,
    time: Counts,
    kind: Counts,
    *,
    n_kinds: int,
    weight: Counts | None = None,
    also: Counts | None = None,
) -> RiskTable:
    """The table of people (n) who come under observation at ``entry`` and leave it at ``time``.

    ``kind``: 0 no longer followed, 1 to ``n_kinds`` an exit. ``weight``: how many people the row
    stands for. ``also``: times that get a row though nothing happens at them. Who leaves at a
    time, or is followed until it, is at risk at it; who enters at it is not. Raises ValueError
    where somebody leaves before having entered.
    """
    if np.any(entry >= time):
        raise ValueError("everybody must be observed for some time: entry before exit")
    if np.any((kind < 0) | (kind > n_kinds)):
        raise ValueError(f"kinds of exits are numbered from 0 to {n_kinds}")
    weight = np.ones_like(time) if weight is None else weight
    extra = time[:0] if also is None else also
    times = np.unique(np.concatenate([time, extra]))
    row = np.searchsorted(times, time)
    events = np.zeros((len(times), n_kinds + 1), dtype=np.int64)
    np.add.at(events, (row, kind), weight)
    left = np.cumsum(events.sum(axis=1)) - events.sum(axis=1)
    order = np.argsort(entry, kind="stable")
    entered = np.concatenate([[0], np.cumsum(weight[order])])
    at_risk = entered[np.searchsorted(entry[order], times, side="left")] - left
    return RiskTable(
        times=times, at_risk=at_risk, events=events[:, 1:], size=int(weight.sum())
    )  # fmt: skip
