"""Effects of a roll-out when sites drift apart after the start as they did before it.

Rambachan & Roth 2023 (Review of Economic Studies 90:2555-2591): between two periods after the
start the comparison may move away by at most a multiple of the largest move between two periods
before it. Confidence sets by the hybrid of a least-favourable and a conditional test of moment
inequalities (their section 3; Andrews, Roth & Pakes 2023).

Moves after the start are bounded one by one, so whatever the effects by period are, the drift in
their weighted average is at most ``reach`` moves. That leaves two inequalities for each move before
the start that may be the largest, and correlations, critical values and truncation points in
closed form. As in the authors' program, inequalities of the periods before alone are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

ALPHA = 0.05
_FIRST_STAGE = ALPHA / 10  # size of the least-favourable test in the hybrid
_SECOND_STAGE = (ALPHA - _FIRST_STAGE) / (1 - _FIRST_STAGE)
_GRID = 2001
_FAR = 4.0  # standard deviations beyond the identified set up to which values are tried
LARGEST = 10.0  # multiples looked at for the breakdown
_STEP = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A weighted average effect, the S moves before the start and how far drift may carry it.

    ``covariance`` (1 + S, 1 + S) is that of the effect, then the moves (S,). ``reach``: the drift
    in the average, in moves, if every move after the start has the largest size.
    """

    effect: float
    moves: Floats
    covariance: Floats
    reach: float


def drift_of(estimate: Floats, covariance: Floats, before: int, weights: Floats) -> Drift:
    """From an event study without its base period, which follows the ``before`` first periods.

    ``estimate`` (E,) with ``covariance`` (E, E), consecutive periods; ``weights`` (E - before,) of
    the periods after the base.
    """
    path = np.vstack([np.eye(before), np.zeros(before)])
    rows = np.zeros((1 + before, len(estimate)))
    rows[0, before:] = weights
    rows[1:, :before] = np.diff(path, axis=0)
    made = rows @ estimate
    carried = np.cumsum(weights[::-1])
    return Drift(
        effect=float(made[0]),
        moves=made[1:],
        covariance=rows @ covariance @ rows.T,
        reach=float(np.abs(carried).sum()),
    )


def robust_interval(drift: Drift, multiple: float) -> tuple[float, float]:
    """The 95 % interval if moves after the start are at most ``multiple`` of the largest before."""
    bias = multiple * drift.reach
    variance = np.diag(drift.covariance)
    spread = np.sqrt(variance[0]) + bias * np.sqrt(variance[1:].max())
    width = bias * np.abs(drift.moves).max() + _FAR * spread
    values = drift.effect + width * np.linspace(-1, 1, _GRID)
    kept = values[_possible(drift, np.array([multiple]), values)[0]]
    return (
        _edge(drift, multiple, kept[0], values[1] - values[0], -1.0),
        _edge(drift, multiple, kept[-1], values[1] - values[0], 1.0),
    )


def _edge(drift: Drift, multiple: float, inside: float, step: float, side: float) -> float:
    """Where between the last value possible and the next on the grid the interval ends."""
    for _ in range(16):
        step /= 2
        if is_possible(drift, multiple, inside + side * step):
            inside += side * step
    return float(inside)


def is_possible(drift: Drift, multiple: float, effect: float) -> bool:
    """Whether the effect is in the robust interval."""
    return bool(_possible(drift, np.array([multiple]), np.array([effect]))[0, 0])


def breakdown(drift: Drift) -> float:
    """The smallest multiple, in steps of .01, at which no effect is possible; else infinite."""
    multiples = np.arange(0.0, LARGEST + _STEP / 2, _STEP)
    found = np.flatnonzero(_possible(drift, multiples, np.zeros(1))[:, 0])
    return float(multiples[found[0]]) if len(found) else np.inf


def _possible(drift: Drift, multiples: Floats, values: Floats) -> Bools:
    """Which effects (V,) are not rejected at which multiples (M,), shape (M, V).

    An effect stays possible where it is for any move before as the largest, in either direction:
    2S cases (the first axis) of two inequalities.
    """
    sign = np.repeat([1.0, -1.0], len(drift.moves))[:, None, None]
    move, both, spread = (
        np.tile(part, 2)[:, None, None]
        for part in (drift.moves, drift.covariance[0, 1:], np.diag(drift.covariance)[1:])
    )
    bias = sign * (multiples * drift.reach)[:, None]
    drifted, effect = bias**2 * spread, drift.covariance[0, 0]
    above = np.sqrt(effect + drifted - 2 * bias * both)
    below = np.sqrt(effect + drifted + 2 * bias * both)
    off = drift.effect - values
    rejected = _rejected(
        (off - bias * move) / above,
        (-off - bias * move) / below,
        np.clip((drifted - effect) / (above * below), -1.0, 1.0),
    )
    return np.asarray((~rejected).any(axis=0))


def _rejected(one: Floats, other: Floats, correlation: Floats) -> Bools:
    """Whether the hybrid test rejects that both standardised means are at most zero."""
    largest, smallest = np.maximum(one, other), np.minimum(one, other)
    critical = _least_favourable(correlation)
    apart = np.maximum(1 - correlation, 1e-12)
    lowest = (smallest - correlation * largest) / apart  # below, the other would be the largest
    below, top = special.ndtr(lowest), special.ndtr(critical)
    share = (special.ndtr(largest) - below) / np.maximum(top - below, 1e-300)
    return np.asarray((largest > critical) | ((largest > 0) & (share > 1 - _SECOND_STAGE)))


def _least_favourable(correlation: Floats) -> Floats:
    """What the larger of two standard normals exceeds with the size of the first stage (Owen T)."""
    slant = np.sqrt((1 - correlation) / np.maximum(1 + correlation, 1e-300))
    low = np.full_like(correlation, -special.ndtri(_FIRST_STAGE))
    high = np.full_like(correlation, -special.ndtri(_FIRST_STAGE / 2))
    for _ in range(24):
        middle = (low + high) / 2
        inside = special.ndtr(middle) - 2 * special.owens_t(middle, slant)
        low = np.where(inside < 1 - _FIRST_STAGE, middle, low)
        high = np.where(inside < 1 - _FIRST_STAGE, high, middle)
    return np.asarray((low + high) / 2)
