"""Maximum likelihood of a chance by Newton's method, on cells with counts: logit and cloglog links.

Counts may be sums of weights. Where nobody of a category has the event its chance is 0 and those
people tell nothing else, which is the limit of the likelihood. Under any other separation the steps
of the linear predictor never shrink (Albert and Anderson 1984, Biometrika 71:1-10); near a maximum
they shrink quadratically. Both likelihoods are concave in the linear predictor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from scipy.special import expit

from analysis.estimators.linear import independent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LinkName = Literal["logit", "cloglog"]
Problem = Literal["one outcome only", "separation"]
Shared = tuple[tuple[int, float], ...]
_STEPS = 40
_CLOSE = 1e-8  # largest change of a linear predictor; Newton squares it in the step taken
_HALVINGS = 30


class ChanceLink(Protocol):
    """What Newton's method asks of a link, for cells (c,) of ``count`` rows and ``events``."""

    def start(self, rate: float) -> float:
        """The linear predictor of a chance."""

    def chance(self, eta: Floats) -> Floats:
        """The chance of the event."""

    def likelihood(self, eta: Floats, count: Floats, events: Floats) -> float:
        """The log likelihood."""

    def score(self, eta: Floats, count: Floats, events: Floats) -> Floats:
        """Its derivative in each cell's linear predictor."""

    def observed(self, eta: Floats, count: Floats, events: Floats) -> Floats:
        """Less its second derivative."""

    def expected(self, eta: Floats, count: Floats) -> Floats:
        """The expectation of ``observed``."""


class _Logit:
    def start(self, rate: float) -> float:
        return float(np.log(rate / (1 - rate)))

    def chance(self, eta: Floats) -> Floats:
        return np.asarray(expit(eta))

    def likelihood(self, eta: Floats, count: Floats, events: Floats) -> float:
        return float(events @ eta - count @ np.logaddexp(0.0, eta))

    def score(self, eta: Floats, count: Floats, events: Floats) -> Floats:
        return np.asarray(events - count * expit(eta))

    def observed(self, eta: Floats, count: Floats, events: Floats) -> Floats:
        return self.expected(eta, count)  # the link is canonical

    def expected(self, eta: Floats, count: Floats) -> Floats:
        chance = expit(eta)
        return np.asarray(count * chance * (1 - chance))


class _Cloglog:
    """``m = exp(eta)`` is the cumulative hazard over the interval; the chance is 1 - exp(-m)."""

    def start(self, rate: float) -> float:
        return float(np.log(-np.log1p(-rate)))

    def chance(self, eta: Floats) -> Floats:
        return np.asarray(-np.expm1(-np.exp(eta)))

    def likelihood(self, eta: Floats, count: Floats, events: Floats) -> float:
        m = np.exp(eta)
        there = events > 0
        return float(events[there] @ np.log(-np.expm1(-m[there])) - (count - events) @ m)

    def score(self, eta: Floats, count: Floats, events: Floats) -> Floats:
        m = np.exp(eta)
        return np.asarray(events * _event(m) - (count - events) * m)

    def observed(self, eta: Floats, count: Floats, events: Floats) -> Floats:
        m = np.exp(eta)
        return np.asarray(events * _event(m) * (-m / np.expm1(-m) - 1) + (count - events) * m)

    def expected(self, eta: Floats, count: Floats) -> Floats:
        m = np.exp(eta)
        return np.asarray(count * m * _event(m))


def _event(m: Floats) -> Floats:
    """The score of an event, m / (exp(m) - 1): 1 where m is 0, 0 where it is huge."""
    safe = np.clip(m, 1e-300, 700.0)
    return np.asarray(safe / np.expm1(safe))


LINKS: dict[LinkName, ChanceLink] = {"logit": _Logit(), "cloglog": _Cloglog()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum:
    """``coefficients`` (p,), inverse expected and observed information (p, p) at the maximum.

    Columns that follow from the ones before them have 0 everywhere. ``shared`` are 0/1 columns
    with the value that all events share: the chance of other values is 0. ``there`` (c,) are the
    cells that tell something.
    """

    coefficients: Floats
    expected: Floats
    observed: Floats
    shared: Shared
    there: NDArray[np.bool_]


def maximise(design: Floats, count: Floats, events: Floats, link: ChanceLink) -> Maximum | Problem:
    """From ``design`` (c, p; a constant first), ``count`` and ``events`` (c,), or why not."""
    if not 0 < events.sum() < count.sum():
        return "one outcome only"
    shared = shared_by_events(design, count, events)
    there = (count > 0) & has(design, shared)
    count = np.where(there, count, 0.0)
    if not 0 < events.sum() < count.sum():
        return "separation"
    kept = independent(design[there])
    x, count, events = design[there][:, kept], count[there], events[there]
    beta = np.zeros(x.shape[1])
    beta[0] = link.start(events.sum() / count.sum())
    for _ in range(_STEPS):
        eta = x @ beta
        with np.errstate(over="ignore", invalid="ignore"):
            information = _cross(x, link.observed(eta, count, events))
        try:
            step = np.linalg.solve(information, x.T @ link.score(eta, count, events))
        except np.linalg.LinAlgError:
            return "separation"
        change = x @ step
        beta = beta + _uphill(link, eta, change, count, events) * step
        if np.abs(change).max() < _CLOSE:
            try:
                return _at_maximum(x, count, events, link, beta, kept, shared, there)
            except np.linalg.LinAlgError:  # flat: a chance has run to 0 or 1 on the way
                return "separation"
    return "separation"


def _cross(x: Floats, weight: Floats) -> Floats:
    return np.asarray((x * weight[:, None]).T @ x)


def _uphill(link: ChanceLink, eta: Floats, change: Floats, count: Floats, events: Floats) -> float:
    """The share of the step to take: halved until the likelihood does not fall."""
    if np.abs(change).max() < 1e-3:  # so close the full step always is the best one
        return 1.0
    size, before = 1.0, link.likelihood(eta, count, events)
    for _ in range(_HALVINGS):
        with np.errstate(over="ignore", divide="ignore"):
            if link.likelihood(eta + size * change, count, events) >= before:
                break
        size /= 2
    return size


def _at_maximum(
    x: Floats,
    count: Floats,
    events: Floats,
    link: ChanceLink,
    beta: Floats,
    kept: NDArray[np.bool_],
    shared: Shared,
    there: NDArray[np.bool_],
) -> Maximum:
    eta = x @ beta
    coefficients = np.zeros(len(kept))
    coefficients[kept] = beta
    inverses = np.zeros((2, len(kept), len(kept)))
    weights = link.expected(eta, count), link.observed(eta, count, events)
    for inverse, weight in zip(inverses, weights, strict=True):
        inverse[np.ix_(kept, kept)] = np.linalg.inv(_cross(x, weight))
    return Maximum(
        coefficients=coefficients,
        expected=inverses[0],
        observed=inverses[1],
        shared=shared,
        there=there,
    )


def shared_by_events(design: Floats, count: Floats, events: Floats) -> Shared:
    """Columns of two values of which events have one and others both, and that one."""
    with_event, others = design[events > 0], design[count > events]
    found: list[tuple[int, float]] = []
    for column in range(1, design.shape[1]):
        value, rest = with_event[0, column], others[:, column]
        if (with_event[:, column] != value).any():
            continue
        away = rest != value
        other = rest[away]
        if away.any() and not away.all() and (other == other[0]).all():
            found.append((column, float(value)))
    return tuple(found)


def has(design: Floats, shared: Shared) -> NDArray[np.bool_]:
    """Rows (c,) with the values that all events share."""
    found = np.ones(len(design), dtype=bool)
    for column, value in shared:
        found &= design[:, column] == value
    return found
