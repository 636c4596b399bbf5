"""A detection curve: a failure of some size planted many times, beside the theory of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

if TYPE_CHECKING:
    from collections.abc import Callable

CAUGHT, CERTAIN = 0.99, 0.995  # the promise: so many are caught where theory says so many
LADDER = (0.25, 0.5, 0.8, 0.95, 0.995)  # powers whose sizes are planted


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate and the failure planted for it.

    ``theory(size)``: the chance of a failure of the check (of a warning, where it cannot fail)
    under its own rule, derived without the code of the check. ``draw(size, rng)``: its status in
    data with that failure. ``nominal``: how often sizes up to ``allowed`` may be taken for a
    failure; 0.5 where a bare share is held against a threshold and lies on it. ``search``: the
    sizes between which powers are looked for. ``slack``: how far theory of large samples may be
    off. ``how``: what theory it is.
    """

    name: str
    planted: str
    theory: Callable[[float], float]
    draw: Callable[[float, np.random.Generator], str]
    nominal: float
    search: tuple[float, float]
    none: float = 0.0
    allowed: float | None = None
    caught_as: tuple[str, ...] = ("fail",)
    slack: float = 0.0
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size: the theory of it, and how often the check warned (or failed) and failed."""

    gate: str
    planted: str
    size: float
    theory: float
    draws: int
    warned: int
    failed: int
    caught: int


def _size_of(gate: Gate, power: float) -> float:
    """The size that theory finds with this power."""

    def off(size: float) -> float:
        return gate.theory(size) - power

    return float(optimize.brentq(off, *gate.search, xtol=1e-6))


def sizes(gate: Gate) -> list[float]:
    """No failure, the largest that is allowed, and those that theory finds ever more surely."""
    bounds = [gate.none] + ([] if gate.allowed is None else [gate.allowed])
    return sorted([*bounds, *(_size_of(gate, power) for power in LADDER)])


def measured(gate: Gate, size: float, draws: int, seed: int) -> Point:
    """The check in ``draws`` data sets with a failure of this size."""
    statuses = [gate.draw(size, np.random.default_rng([seed, number])) for number in range(draws)]
    return Point(
        gate=gate.name,
        planted=gate.planted,
        size=size,
        theory=gate.theory(size),
        draws=draws,
        warned=sum(s in ("warn", "fail") for s in statuses),
        failed=statuses.count("fail"),
        caught=sum(s in gate.caught_as for s in statuses),
    )


def contradictions(gate: Gate, points: list[Point]) -> list[str]:
    """What the draws say against the gate, in 99.9 % binomial bounds; nothing where all is well."""
    wrong = []
    for point in points:
        where = f"{gate.name} at {point.size:.3g}: {point.caught} of {point.draws}"
        low = stats.binom.ppf(0.0005, point.draws, max(0.0, point.theory - gate.slack))
        high = stats.binom.ppf(0.9995, point.draws, min(1.0, point.theory + gate.slack))
        if not low <= point.caught <= high:
            wrong.append(f"{where} caught, theory {point.theory:.4f}")
        least = stats.binom.ppf(0.0005, point.draws, CAUGHT)
        if point.theory >= CERTAIN - 1e-4 and point.caught < least:
            wrong.append(f"{where} caught, fewer than 99 % allow")
        most = stats.binom.ppf(0.9995, point.draws, gate.nominal)
        if point.size in (gate.none, gate.allowed) and point.failed > most:
            wrong.append(f"{where} failed though nothing is wrong, nominal {gate.nominal}")
    return wrong
