"""The plan of a study: what it could see, and how many people it takes, window by window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import SpecError
from analysis.estimators.results import as_per_cent
from analysis.opt_in import with_past
from analysis.planning import assumptions
from analysis.planning.exits import leaving_of
from analysis.planning.joining import people_needed, smallest_by_people
from analysis.planning.past import read_past, with_window
from analysis.planning.power import (
    fewer,
    people_for_fewer,
    smallest_difference,
    smallest_hazard_ratio,
    units_needed,
)
from analysis.planning.sites import site_spread
from analysis.planning.size import Size, joining_of, site_starts, size_of, starters_of
from analysis.planning.spread import Spread, of_means, spread_of
from analysis.planning.waves import smallest_in_waves, waves_of

if TYPE_CHECKING:
    from analysis.panel import Panel
    from analysis.planning.joining import Joining
    from analysis.planning.past import Read
    from analysis.study import StudySpec, Window

POWERS = (0.80, 0.90)
KINDS = ("continuous", "count", "scale", "exit")
_LENGTHS = (3, 6, 12)  # months, beside the windows that the study declares
_ENOUGH = 50_000  # people, whose spread has a standard error of a third of a per cent
_SITE_SPANS, _HALF_YEAR = 3, 6  # spans of the past in which sites are looked at, months apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One window: effects in the study's unit at each power, people of both arms that see the
    effect of interest, months until so many have come; None where not known.

    ``base`` people of the past and ``seen`` of them with an outcome, or (exits) who left.
    """

    window: Window
    looked_at: pd.Timestamp
    base: int
    seen: int
    smallest: tuple[float | None, ...]
    needed: tuple[float | None, ...]
    hazard_ratio: tuple[float | None, ...] = (None, None)
    months_to_come: float | None = None
    left: int | None = None  # of ``base``, who had left by the end of the window in whatever way


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study could see; ``reasons`` say which windows the past cannot tell about."""

    spec: StudySpec
    size: Size
    rows: tuple[Row, ...]
    assumptions: tuple[str, ...]
    reasons: tuple[str, ...]


def plan_study(
    spec: StudySpec, read: Read, people: int | None = None, intake: int | None = None
) -> Plan:
    """The plan of a study, from the marts as known at its date; ``read`` answers a query.

    ``people`` of both arms and months of ``intake``, instead of those recorded. Raises SpecError
    where nothing can be said.
    """
    if spec.outcome.kind not in KINDS or spec.design == "descriptive":
        raise SpecError(
            "outcome.kind or design",
            f"{spec.outcome.kind} in a {spec.design} study is not planned",
            f"Plan one of {', '.join(KINDS)} in a randomised, opt_in or rollout study.",
        )
    planner = _Planner(spec, read, people, intake)
    rows, reasons = [], []
    for window in windows_of(spec):
        found = planner.row(window)
        if isinstance(found, str):
            reasons.append(f"months {window[0]} to {window[1]}: {found}")
        else:
            rows.append(found)
    if not rows:
        raise SpecError("follow_up", "; ".join(reasons), "Plan from longer records.")
    return Plan(
        spec=spec,
        size=planner.size,
        rows=tuple(rows),
        assumptions=tuple(dict.fromkeys(planner.said)),
        reasons=tuple(reasons),
    )


def windows_of(spec: StudySpec) -> tuple[Window, ...]:
    """The declared windows, and others that begin with the primary one, the shortest first."""
    first = spec.follow_up.primary[0]
    usual = [(first, first + months - 1) for months in _LENGTHS]
    found = {spec.follow_up.primary, *spec.follow_up.windows, *usual}
    return tuple(sorted(found, key=lambda w: (w[1], w[0])))


class _Planner:
    """What is read once, and the assumptions made so far."""

    def __init__(self, spec: StudySpec, read: Read, people: int | None, intake: int | None) -> None:
        self.spec, self.past = spec, read_past(spec, read)
        found = self.past.month(spec.follow_up.primary)
        if isinstance(found, str):
            raise SpecError("follow_up.primary", found, "Plan a shorter window.")
        everybody = len(self.past.people(found[0], intake or 0))
        self.size = size_of(spec, read, everybody, people, intake)
        chosen = spec.outcome.kind == "exit" and spec.design == "opt_in"
        self.starters = starters_of(spec, read) if chosen else None
        self.said = assumptions.always(spec, self.size)
        if self.size.tenure and "tenure_months" not in spec.population:
            self.past = self.past.employed_for(*self.size.tenure)
            self.said.append(assumptions.LIKE_RECORDED)

    def row(self, window: Window) -> Row | str:
        """The row of one window, or why there is none."""
        found = self.past.month(window)
        if isinstance(found, str):
            return found
        day, untouched = found
        people = self.past.people(day, self.size.intake)
        if not untouched:
            self._say(window, [assumptions.TREATED_AMONG])
        if self.spec.outcome.kind == "exit":
            return self._of_exits(people, window, day)
        if self.spec.design == "rollout":
            return self._of_sites(people, window, day)
        panel = as_compared(self.past.panel(_some(people, self.spec), window), self.spec)
        spread = spread_of(panel, with_window(self.past.spec, window), window)
        if isinstance(spread, str):
            return spread
        self._say(window, assumptions.of_spread(spread, self.spec, window))
        joining = None
        if self.spec.design == "opt_in":
            spread = of_means(panel, with_window(self.past.spec, window), window, spread)
            seen = spread.seen / spread.people
            joining = joining_of(self.spec, self.past.read, panel, people, seen)
            self._say(window, [assumptions.weighting(joining, self.size)])
        smallest, needed = self._of_people(spread, joining)
        return self._row(window, day, people, seen=spread.seen, smallest=smallest, needed=needed)

    def _say(self, window: Window, lines: list[str]) -> None:
        """Keep what the primary window rests on; the others rest on the like."""
        if window == self.spec.follow_up.primary:
            self.said += lines

    def _of_people(
        self, spread: Spread, joining: Joining | None
    ) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
        """Effects and people, by people or by the clusters that errors are counted by."""
        size, wanted = self.size, self.spec.wanted
        effects: list[float | None] = []
        people: list[float | None] = []
        for power in POWERS:
            effect = smallest_by_people(spread, joining, size.share, power)(size.people)
            effects.append(self._shown(effect) if math.isfinite(effect) else None)
            people.append(
                None
                if wanted is None
                else people_needed(wanted, spread, joining, size.share, power)
            )
        return tuple(effects), tuple(people)

    def _of_sites(self, people: pd.DataFrame, window: Window, day: pd.Timestamp) -> Row | str:
        spec, name = with_window(self.past.spec, window), self.spec.cluster
        panels = [self.past.panel(people, window)]
        for span in range(1, _SITE_SPANS):
            try:
                earlier = self.past.people(day - pd.DateOffset(months=_HALF_YEAR * span))
                panels.append(self.past.panel(earlier, window))
            except SpecError:  # the records begin later
                break
        each = people[name].value_counts().sort_index()
        spread = site_spread(panels, spec, np.asarray(each, dtype=np.float64))
        if spread is None:
            return "fewer than three sites have results in two months"
        starts = self._starts
        waves = waves_of(starts.reindex(each.index), each) if len(starts) else None
        self._say(window, assumptions.of_sites(spread, waves, len(panels)))
        variance = spread.variance(window, -1 - spec.rollout.anticipation)
        half = spread.sites / 2
        smallest = (
            smallest_in_waves(spread, waves, spec, window)
            if waves
            else partial(smallest_difference, variance, half, half)
        )
        if smallest is None:
            return "too few sites wait, or are told apart, to compare the waves with"
        return self._row(
            window, day, people,
            seen=len(people),
            smallest=tuple(self._shown(smallest(power)) for power in POWERS),
            needed=tuple(self._sites_needed(variance, len(people) / spread.sites, power)
                         for power in POWERS),
        )  # fmt: skip

    @cached_property
    def _starts(self) -> pd.Series[pd.Timestamp]:
        return site_starts(self.spec, self.past.read)

    def _sites_needed(self, variance: float, people: float, power: float) -> float | None:
        wanted = self.spec.wanted
        return None if wanted is None else people * units_needed(wanted, variance, 0.5, power)

    def _of_exits(self, people: pd.DataFrame, window: Window, day: pd.Timestamp) -> Row | str:
        leaving = leaving_of(self.spec, people, window[1])
        if not leaving.events:
            return "nobody left in this way"
        size, wanted = self.size, self.spec.wanted
        told = size.comparison / size.people
        if self.starters is not None:
            told = self.starters.told(window[1]) / len(self.starters.zero)
        if not told:
            return "nobody of those compared was followed for so long"
        self._say(window, assumptions.of_exits(leaving, self.spec, self.starters, told))
        each = (size.share, told)
        arms = (size.treated, told * size.people)
        events = leaving.share * sum(arms) / leaving.design
        return self._row(
            window, day, people,
            seen=leaving.events,
            smallest=tuple(fewer(leaving.share, *arms, power, leaving.design) for power in POWERS),
            needed=tuple(
                None
                if wanted is None
                else people_for_fewer(leaving.share, wanted, each, power, leaving.design)
                for power in POWERS
            ),
            hazard_ratio=tuple(
                smallest_hazard_ratio(events, arms[0] / sum(arms), power) for power in POWERS
            ),
        )  # fmt: skip

    def _row(
        self,
        window: Window,
        day: pd.Timestamp,
        people: pd.DataFrame,
        *,
        seen: int,
        smallest: tuple[float | None, ...],
        needed: tuple[float | None, ...],
        hazard_ratio: tuple[float | None, ...] = (None, None),
    ) -> Row:
        left = pd.to_datetime(people["exited_on"])
        end = pd.to_datetime(people["seen_on"]) + pd.DateOffset(months=window[1] + 1)
        rate, first = self.size.a_month, needed[0]
        return Row(
            window=window, looked_at=day, base=len(people), seen=seen, smallest=smallest,
            needed=needed, hazard_ratio=hazard_ratio,
            months_to_come=None if rate is None or first is None else first / rate,
            left=int((left < end).sum()) if self.past.span.told_on is not None else None,
        )  # fmt: skip

    def _shown(self, effect: float) -> float:
        """An effect in the unit that the study shows."""
        return as_per_cent(effect) if self.spec.outcome.per_cent else effect


def as_compared(panel: Panel, spec: StudySpec) -> Panel:
    """The panel with the past that the study's own headline adjusts for.

    An opt-in study keeps its earlier months for the placebo, and explains less than a draw does.
    """
    return with_past(panel, spec) if spec.design == "opt_in" else panel


def _some(people: pd.DataFrame, spec: StudySpec) -> pd.DataFrame:
    """Every so many-th row where there are more than a spread needs; clusters stay whole."""
    return people if spec.cluster != "person" else people.iloc[:: len(people) // _ENOUGH + 1]
