"""Aalen and Johansen 1978 (Scand. J. Statist. 5): the share gone by one kind of exit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimators.kaplan_meier import (
    ShareCurve,
    before,
    hazard,
    log_log_interval,
    survival,
)

if TYPE_CHECKING:
    from analysis.estimators.kaplan_meier import Shares
    from analysis.estimators.risk_table import Counts, RiskTable

_ROUNDING = 1e-12  # a share this close to 1 is 1


def incidence(table: RiskTable, kinds: tuple[int, ...]) -> Shares:
    """Share gone by an exit of these kinds just after each time of the table (k,).

    F(t) = sum of S(s-) d(s) / n(s): exits of other kinds compete, they do not censor.
    """
    added = before(survival(table), 1.0) * hazard(table, table.of(kinds))
    return np.minimum(np.cumsum(added), 1.0)


def aalen_johansen(table: RiskTable, kinds: tuple[int, ...], times: Counts) -> ShareCurve:
    """Cumulative incidence of exits of ``kinds`` at ``times`` (m,), with standard errors.

    Variance of Greenwood's type (Andersen, Borgan, Gill & Keiding 1993, (4.4.20)): the exits of a
    time are multinomial among those at risk. With a single kind it is Greenwood's. The interval is
    on the log(-log) scale of the share that has not left so.
    """
    gone = incidence(table, kinds)
    row = table.at(times)
    share = np.concatenate([[0.0], gone])[row + 1]
    stays = survival(table)
    error = np.zeros(len(times))
    for j, last in enumerate(row):
        # One more exit of the kind at s adds S(s-)/n, less what its person would have added later.
        later = ratio(share[j] - gone[: last + 1], stays[: last + 1])
        error[j] = multinomial_error(table, kinds, 1 - later, -later, int(last) + 1)
    rest = np.where(share < 1 - _ROUNDING, 1 - share, 0.0)
    low, high = log_log_interval(rest, error)
    return ShareCurve(
        times=times, share=share, std_error=error, ci_low=1 - high, ci_high=1 - low
    )  # fmt: skip


def ratio(upper: Shares, lower: Shares) -> Shares:
    """``upper / lower``, 0 where ``lower`` is: nobody is left to whom anything could happen."""
    return np.divide(upper, lower, out=np.zeros(len(upper)), where=lower > 0)


def multinomial_error(
    table: RiskTable, kinds: tuple[int, ...], own: Shares, other: Shares, rows: int
) -> float:
    """Standard error of a functional that moves by S(s-) (own p + other q) with the hazards.

    p and q are the hazards at s of these kinds and of all others; ``own`` and ``other`` are
    (rows,). Sum over s of S(s-)^2 / n times the multinomial variance of own p + other q.
    """
    of_kind, of_any = table.of(kinds)[:rows], table.all_events[:rows]
    risk = np.maximum(table.at_risk[:rows], 1)
    p, q = of_kind / risk, (of_any - of_kind) / risk
    spread = p * own**2 + q * other**2 - (p * own + q * other) ** 2
    weight = before(survival(table), 1.0)[:rows] ** 2 / risk
    return math.sqrt(max(float(weight @ spread), 0.0))
