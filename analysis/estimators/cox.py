"""Cox regression from aggregated risk sets: Efron's ties, late entry, changing covariates.

The partial likelihood sees, at each time of an exit, how many people with each pattern of
covariates are at risk and how many of them leave; nothing else of a person matters. Whoever enters
late or changes is counted under the pattern of that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.binomial import has, shared_by_events
from analysis.estimators.linear import swept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.binomial import Shared

    Floats = NDArray[np.float64]

NO_EXIT = "nobody left while somebody else was at risk"
NO_MAXIMUM = "the partial likelihood has no maximum: some hazard ratio runs to 0 or without end"
_STEPS = 40
_CLOSE = 1e-8  # largest change of a linear predictor; Newton squares it in the step taken
_HALVINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Cox:
    """``coefficients`` (q,), log hazard ratios, and ``cov`` (q, q), inverse observed information.

    Columns that follow from the ones before them, or are equal for all at risk together, have 0 in
    both; so have columns of ``shared``,
    0/1 columns with the value that all exits share: the hazard of other values is 0, its limit.
    ``score`` (T, q) and ``information`` (T, q, q) are what each time adds, at the maximum.
    """

    coefficients: Floats
    cov: Floats
    score: Floats
    information: Floats
    shared: Shared = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """The likelihood at a point: its value, and score and information of each time."""

    value: float
    score: Floats
    information: Floats


def fit_cox(columns: Floats, at_risk: Floats, events: Floats) -> Cox | str:
    """Maximum of the partial likelihood, or why there is none.

    ``columns`` (P, q) are the covariates of each pattern; ``at_risk`` and ``events`` (P, T) whole
    numbers of people at each time of an exit. Efron 1977 (JASA 72:557-565): of d people who leave
    at the same time each is at risk in (d + 1) / 2 of the d turns on average.
    """
    if not events.any():
        return NO_EXIT
    shared = shared_by_events(_with_constant(columns), at_risk.sum(axis=1), events.sum(axis=1))
    there = (at_risk.sum(axis=1) > 0) & has(_with_constant(columns), shared)
    kept = _told(columns[there], at_risk[there][:, events.any(axis=0)])
    if not kept.any() or not (at_risk[there].sum(axis=0) > 1)[events.any(axis=0)].any():
        return NO_EXIT
    used = columns[there][:, kept]
    used = used - np.average(used, axis=0, weights=at_risk[there].sum(axis=1))
    found = _maximum(used, at_risk[there], events[there])
    if found is None:
        return NO_MAXIMUM
    beta, at = found
    count, times = len(kept), at_risk.shape[1]
    coefficients, cov = np.zeros(count), np.zeros((count, count))
    score, information = np.zeros((times, count)), np.zeros((times, count, count))
    coefficients[kept] = beta
    square = np.ix_(kept, kept)
    cov[square] = np.linalg.inv(at.information.sum(axis=0))
    score[:, kept] = at.score
    information[:, square[0], square[1]] = at.information
    places = tuple((column - 1, value) for column, value in shared)
    return Cox(
        coefficients=coefficients, cov=cov, score=score, information=information, shared=places
    )


def _told(columns: Floats, at_risk: Floats) -> NDArray[np.bool_]:
    """Which columns vary among people at risk together and do not follow from the ones before.

    The partial likelihood knows no others: what all people have in common at each time of an exit
    (a number that is the time scale itself) drops out of it.
    """
    size = np.abs(columns).max(axis=0, initial=1e-300)
    scaled = columns / np.where(size > 0, size, 1.0)
    people = at_risk.sum(axis=0)
    means = (at_risk.T @ scaled) / np.maximum(people, 1.0)[:, None]
    gram = np.zeros((scaled.shape[1],) * 2)
    for count, mean in zip(at_risk.T, means, strict=True):
        own = np.sqrt(count)[:, None] * (scaled - mean)
        gram += own.T @ own
    varies = np.diag(gram) > 1e-20 * people.sum()
    norms = np.sqrt(np.where(varies, np.diag(gram), 1.0))
    return swept(gram / np.outer(norms, norms), varies)[1:]


def _with_constant(columns: Floats) -> Floats:
    return np.column_stack([np.ones(len(columns)), columns])


def _maximum(columns: Floats, at_risk: Floats, events: Floats) -> tuple[Floats, _Steps] | None:
    beta = np.zeros(columns.shape[1])
    at = _likelihood(columns, at_risk, events, beta)
    for _ in range(_STEPS):
        try:
            step = np.linalg.solve(at.information.sum(axis=0), at.score.sum(axis=0))
        except np.linalg.LinAlgError:
            return None
        change = float(np.abs(columns @ step).max())
        size = 1.0
        for _ in range(_HALVINGS):
            after = _likelihood(columns, at_risk, events, beta + size * step)
            if change < 1e-3 or after.value >= at.value:  # so close the full step is the best one
                break
            size /= 2
        beta, at = beta + size * step, after
        if change < _CLOSE:
            return beta, at
    return None


def _likelihood(columns: Floats, at_risk: Floats, events: Floats, beta: Floats) -> _Steps:
    """Sums over the d turns of each time, then moments of the covariates of those at risk.

    In turn l (from 0) the risk set has weight phi = R - l/d D, where R and D sum exp(eta) of those
    at risk and of those who leave. The score is the sum of x less that of E = (R1 - l/d D1) / phi,
    the information that of (R2 - l/d D2) / phi - E E'.
    """
    eta = columns @ beta
    eta = eta - eta.max()
    risk, left = np.exp(eta)[:, None] * at_risk, np.exp(eta)[:, None] * events
    count = events.sum(axis=0)
    turns = _Turns.of(count, risk.sum(axis=0), left.sum(axis=0))
    q = columns.shape[1]
    squares = (columns[:, :, None] * columns[:, None, :]).reshape(-1, q * q)
    risk1, left1 = risk.T @ columns, left.T @ columns
    second = (turns.a[:, None] * risk.T - turns.b[:, None] * left.T) @ squares
    cross = turns.e[:, None, None] * risk1[:, :, None] * left1[:, None, :]
    information = second.reshape(-1, q, q) - (
        turns.c[:, None, None] * risk1[:, :, None] * risk1[:, None, :]
        - cross
        - cross.transpose(0, 2, 1)
        + turns.f[:, None, None] * left1[:, :, None] * left1[:, None, :]
    )
    score = events.T @ columns - turns.a[:, None] * risk1 + turns.b[:, None] * left1
    return _Steps(
        value=float((events.T @ eta).sum() - turns.logs), score=score, information=information
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turns:
    """Sums (T,) over turns: a of 1/phi, b of (l/d)/phi, c, e, f of 1, l/d, (l/d)^2 over phi^2."""

    a: Floats
    b: Floats
    c: Floats
    e: Floats
    f: Floats
    logs: float

    @classmethod
    def of(cls, count: Floats, risk: Floats, left: Floats) -> _Turns:
        """Of times with ``count`` (T,) exits."""
        number = count.astype(np.int64)
        when = np.repeat(np.arange(len(number)), number)
        turn = np.arange(len(when)) - np.repeat(number.cumsum() - number, number)
        share = turn / number[when]
        phi = risk[when] - share * left[when]

        def total(values: Floats) -> Floats:
            return np.asarray(np.bincount(when, values, len(number)), dtype=np.float64)

        one = 1 / phi
        return cls(
            a=total(one), b=total(share * one), c=total(one**2), e=total(share * one**2),
            f=total((share * one) ** 2), logs=float(np.log(phi).sum()),
        )  # fmt: skip
