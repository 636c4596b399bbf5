"""Kaplan and Meier 1958 (JASA 53): the share still there, late entry allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

if TYPE_CHECKING:
    from analysis.estimators.risk_table import Counts, RiskTable

Shares = NDArray[np.float64]
_Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCurve:
    """A share at times (m,), with standard error and 95 % interval; all arrays are (m,)."""

    times: Counts
    share: Shares
    std_error: Shares
    ci_low: Shares
    ci_high: Shares


def survival(table: RiskTable) -> Shares:
    """The product-limit estimate just after each time of the table (k,)."""
    return np.asarray(np.cumprod(1 - hazard(table, table.all_events)), dtype=np.float64)


def before(share: Shares, start: float) -> Shares:
    """The values just before each time."""
    return np.concatenate([[start], share[:-1]])


def hazard(table: RiskTable, events: Counts) -> Shares:
    """Exits over people at risk; 0 where nobody is at risk."""
    return np.divide(events, table.at_risk, out=np.zeros(len(events)), where=table.at_risk > 0)


def kaplan_meier(table: RiskTable, times: Counts) -> ShareCurve:
    """The share that stays at ``times`` (m,), an exit of any kind ending it.

    Greenwood's variance S^2 sum d / (n (n - d)) (1926), interval on the log(-log S) scale
    (Kalbfleisch & Prentice 1980). Once nobody is left, the interval is the last one with somebody,
    taken down to 0; with late entry that also holds for those who come after.
    """
    stays = survival(table)
    events, risk = table.all_events, table.at_risk
    left = risk - events
    terms = np.divide(events, risk * left, out=np.zeros(len(events)), where=left > 0)
    error = stays * np.sqrt(np.cumsum(terms))
    low, high = log_log_interval(stays, error)
    return _at(table, times, (stays, error, low, high), start=1.0)


def log_log_interval(stays: Shares, std_error: Shares) -> tuple[Shares, Shares]:
    """95 % limits of shares that stay, exp(-exp) of log(-log S) +- z se / (S log S).

    A share of 1 is its own interval; of 0 it reaches up to the limit before.
    """
    inside = (stays > 0) & (stays < 1)
    safe = np.where(inside, stays, 0.5)
    ratio = np.exp(_Z * std_error / (safe * -np.log(safe)))
    low = np.where(inside, safe**ratio, stays)
    high = np.where(inside, safe ** (1 / ratio), stays)
    gone = np.flatnonzero(stays <= 0)
    if len(gone) and gone[0]:
        high[gone] = high[gone[0] - 1]
    return low, high


def _at(
    table: RiskTable, times: Counts, columns: tuple[Shares, ...], *, start: float
) -> ShareCurve:
    """Step functions read at ``times``; before the first row the share is ``start``, no error."""
    row = table.at(times) + 1
    starts = (start, 0.0, start, start)
    share, error, low, high = (
        np.concatenate([[first], column])[row]
        for first, column in zip(starts, columns, strict=True)
    )
    return ShareCurve(times=times, share=share, std_error=error, ci_low=low, ci_high=high)
