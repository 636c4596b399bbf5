"""Both worlds of the people of a programme: survival integrated over chance, and as drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.effects import gain_if_mentored
from analysis.synthetic.exits import VOLUNTARY, exit_dates, other_hazards, voluntary_force
from analysis.synthetic.lottery import drawn_on

if TYPE_CHECKING:
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Bools, Dates, Floats, Ints

_CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of each person over a window: gain x weight if mentored, weights in the two worlds."""

    gain: Floats
    mentored: Floats
    untreated: Floats

    def mean(self, p: Floats, rest: float = 1.0) -> float:
        """Mean log gain when a share p is mentored; ``rest`` weighs the others, with gain 0."""
        total = (p * self.mentored).sum() + rest * ((1 - p) * self.untreated).sum()
        return float((p * self.gain).sum() / total) if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """Chance of being employed after each month, and of leaving voluntarily in it, (people, 48).

    All are conditional on being there in the month of time zero.
    """

    enrolment: Enrolment
    gain: Floats
    alive_untreated: Floats
    alive_mentored: Floats
    leaves_untreated: Floats
    leaves_mentored: Floats


def _worlds(company: Company, some: Enrolment) -> Worlds:
    people = company.people.take(some.person)
    force, after = voluntary_force(people), some.event_month() >= 1
    stays = np.prod([1 - h for h in other_hazards(people).values()], axis=0)
    alive: list[Floats] = []
    leaves: list[Floats] = []
    for factor in (1.0, some.theta_by_month()):
        hazard = -np.expm1(-force * factor) * after
        survival = np.cumprod(np.where(after, (1.0 - hazard) * stays, 1.0), axis=1, dtype=float)
        before = np.concatenate([np.ones((len(some), 1)), survival[:, :-1]], axis=1)
        alive.append(survival)
        leaves.append(before * hazard)
    return Worlds(
        enrolment=some, gain=gain_if_mentored(company, some),
        alive_untreated=alive[0], alive_mentored=alive[1],
        leaves_untreated=leaves[0], leaves_mentored=leaves[1],
    )  # fmt: skip


def performance_sums(
    company: Company, enrolment: Enrolment, window: tuple[int, int]
) -> dict[str, tuple[Sums, Sums]]:
    """Sums over event months from time zero, expected and realised, by rule of who counts."""
    found: dict[str, list[tuple[Sums, Sums]]] = {}
    for begin in range(0, len(enrolment), _CHUNK):
        some = enrolment.take(slice(begin, begin + _CHUNK))
        for rule, pair in _window(_worlds(company, some), window).items():
            found.setdefault(rule, []).append(pair)
    return {
        rule: (_joined([p[0] for p in pairs]), _joined([p[1] for p in pairs]))
        for rule, pairs in found.items()
    }


def _joined(parts: list[Sums]) -> Sums:
    return Sums(
        gain=np.concatenate([p.gain for p in parts]),
        mentored=np.concatenate([p.mentored for p in parts]),
        untreated=np.concatenate([p.untreated for p in parts]),
    )


def _window(worlds: Worlds, window: tuple[int, int]) -> dict[str, tuple[Sums, Sums]]:
    some, event = worlds.enrolment, worlds.enrolment.event_month()
    inside = ((event >= window[0]) & (event <= window[1])).astype(float)
    end = (some.zero + window[1]).clip(0, MONTHS - 1)
    through = np.take_along_axis(worlds.alive_untreated, end[:, None], axis=1)
    stayed = (np.minimum(some.untreated_month, some.if_mentored_month) > end)[:, None]
    month = np.arange(MONTHS)
    there = [month < m[:, None] for m in (some.if_mentored_month, some.untreated_month)]
    weights = {
        "if_all_stayed": ((inside, inside), (inside, inside)),
        "while_employed": (
            (inside * worlds.alive_mentored, inside * worlds.alive_untreated),
            (inside * there[0], inside * there[1]),
        ),
        "always_survivors": ((inside * through,) * 2, (inside * stayed,) * 2),
    }
    return {
        rule: (_sums(worlds.gain, *expected), _sums(worlds.gain, *realised))
        for rule, (expected, realised) in weights.items()
    }


def _sums(gain: Floats, mentored: Floats, untreated: Floats) -> Sums:
    return Sums(
        gain=(gain * mentored).sum(axis=1),
        mentored=mentored.sum(axis=1),
        untreated=untreated.sum(axis=1),
    )


def exit_differences(company: Company, enrolment: Enrolment, days: int) -> tuple[Floats, Floats]:
    """Mentored less untreated of leaving voluntarily within ``days``: chance, and as drawn."""
    chance = []
    for begin in range(0, len(enrolment), _CHUNK):
        worlds = _worlds(company, enrolment.take(slice(begin, begin + _CHUNK)))
        share = _share_of_month(drawn_on(worlds.enrolment.zero) + np.timedelta64(days, "D"))
        difference = worlds.leaves_mentored - worlds.leaves_untreated
        chance.append((difference * share).sum(axis=1))
    end = drawn_on(enrolment.zero) + np.timedelta64(days, "D")
    mentored, untreated = (
        _left_by(company, enrolment, month, kind, end)
        for month, kind in (
            (enrolment.if_mentored_month, enrolment.if_mentored_kind),
            (enrolment.untreated_month, enrolment.untreated_kind),
        )
    )
    return np.concatenate([*chance, np.empty(0)]), mentored.astype(float) - untreated


def _left_by(company: Company, enrolment: Enrolment, month: Ints, kind: Ints, end: Dates) -> Bools:
    """Left voluntarily by a date; the same uniform places the day in either world's month."""
    uniform = company.streams.scalar("exit.day", 0, len(company))[enrolment.person]
    left_on = exit_dates(company.people.take(enrolment.person), month, uniform)
    return np.asarray((kind == VOLUNTARY) & (left_on <= end))


def _share_of_month(end: Dates) -> Floats:
    """Share of each calendar month that lies up to and including ``end``, (people, 48)."""
    starts = month_start(np.arange(MONTHS + 1))
    gone = (end[:, None] - starts[None, :-1]).astype(np.int64) + 1
    return np.asarray((gone / np.diff(starts).astype(np.int64)).clip(0, 1))
