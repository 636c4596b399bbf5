"""Person-months in short: spans of consecutive months in which nothing but the month changes.

Months are counted from 0 on one time scale (tenure). A person's months at risk are one span, or
several where mentoring starts or a covariate changes; people with the same spans may be one entry
with a count. Every count of person-months, and every sum of scores by person, follows from spans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Spans (s,), sorted by ``who``: months ``first`` to ``last`` at risk, both included.

    ``who`` numbers the W entries of ``people``, each so many people with the same months.
    ``pattern`` codes the values of the columns that are not the month. ``kind`` is the kind of exit
    in month ``last``, 0 where the span ends without one. ``cluster`` (W,) codes what errors are
    clustered by; None is by person.
    """

    who: Ints
    pattern: Ints
    first: Ints
    last: Ints
    kind: Ints
    people: Floats
    cluster: Ints | None = None

    @property
    def months(self) -> int:
        """Months from 0 to the last at risk."""
        return int(self.last.max(initial=-1)) + 1

    @property
    def weight(self) -> Floats:
        """People (s,) of each span."""
        return np.asarray(self.people[self.who])


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSets:
    """``at_risk`` and ``events`` (P, T): people of each pattern in each month, and their exits."""

    at_risk: Floats
    events: Floats

    def by_band(self, edges: Ints) -> RiskSets:
        """The same by bands of months; ``edges`` are first months of bands, the first one 0."""
        at_risk, events = (
            np.add.reduceat(part, edges, axis=1) for part in (self.at_risk, self.events)
        )
        return RiskSets(at_risk=at_risk, events=events)

    def with_events(self) -> RiskSets:
        """Months in which somebody left: a proportional-hazards likelihood has no others."""
        some = self.events.any(axis=0)
        return RiskSets(at_risk=self.at_risk[:, some], events=self.events[:, some])


def risk_sets(spans: Spans, patterns: int, kinds: tuple[int, ...]) -> RiskSets:
    """Counts by pattern and month; exits of other kinds than ``kinds`` end the time at risk."""
    width = spans.months + 1
    place, weight = spans.pattern * width, spans.weight
    moves = np.bincount(place + spans.first, weight, patterns * width)
    moves -= np.bincount(place + spans.last + 1, weight, patterns * width)
    left = np.isin(spans.kind, kinds)
    events = np.bincount((place + spans.last)[left], weight[left], patterns * width).astype(float)
    at_risk = moves.reshape(patterns, width)[:, :-1].cumsum(axis=1)
    return RiskSets(at_risk=at_risk, events=events.reshape(patterns, width)[:, :-1])


def spans_at_events(entry: Floats, stop: Floats, kind: Ints, pattern: Ints) -> tuple[Spans, Floats]:
    """Spans of rows at risk in (entry, stop], over the times (T,) of exits instead of months.

    Rows (n,) are people apart; those at risk at no time of an exit are left out, since they tell
    nothing.
    """
    times = np.unique(stop[kind > 0])
    first = np.searchsorted(times, entry, side="right")
    last = np.searchsorted(times, stop, side="right") - 1
    told = np.flatnonzero(first <= last)
    spans = Spans(
        who=np.arange(len(told)), pattern=pattern[told], first=first[told], last=last[told],
        kind=kind[told], people=np.ones(len(told)),
    )  # fmt: skip
    return spans, times


def equal_bands(events: Floats, at_least: int, most: int) -> Ints:
    """First months of bands, each with so many ``events`` (T,) or more, and no more than ``most``.

    Bands follow exits of everybody, whoever was mentored.
    """
    needed = max(float(at_least), float(events.sum()) / most)
    edges, found = [0], 0.0
    for month, count in enumerate(events):
        if found >= needed:
            edges.append(month)
            found = 0.0
        found += count
    if found < needed and len(edges) > 1:
        edges.pop()  # the rest is too few: it joins the band before
    return np.array(edges, dtype=np.int64)
