"""Restricted mean time: days of employment up to a horizon, and days lost to a kind of exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.estimators.aalen_johansen import incidence, multinomial_error, ratio
from analysis.estimators.kaplan_meier import survival

if TYPE_CHECKING:
    from analysis.estimators.risk_table import RiskTable


class Mean(NamedTuple):
    """A mean with its standard error, in the unit of time of the table."""

    value: float
    std_error: float


def time_lost(table: RiskTable, kinds: tuple[int, ...], tau: int) -> Mean:
    """Mean time until ``tau`` lost to exits of ``kinds``: the area under their incidence.

    Andersen 2013 (Statist. Med. 32, 5278-5285); variance of Greenwood's type, as that of the
    incidence. Raises ValueError where nobody is followed until ``tau`` and somebody stays.
    """
    rows = int(np.searchsorted(table.times, tau, side="left"))  # an exit at tau costs no time
    stays, gone = survival(table)[:rows], incidence(table, kinds)[:rows]
    if not table.followed_at(tau):
        raise ValueError("nobody is followed until the horizon")
    times = table.times[:rows]
    areas = gone * np.diff(np.append(times, tau))
    after = np.cumsum(areas[::-1])[::-1] - gone * (tau - times)  # area of what is added after s
    later = ratio(after, stays)
    error = multinomial_error(table, kinds, tau - times - later, -later, rows)
    return Mean(value=float(areas.sum()), std_error=error)


def rmst(table: RiskTable, tau: int) -> Mean:
    """Mean time stayed until ``tau`` (restricted mean survival time), the area under Kaplan-Meier.

    Irwin 1949; Royston & Parmar 2013. Its variance sum A^2 d / (n (n - d)), A the area after a
    time, is that of the time lost to all kinds.
    """
    lost = time_lost(table, tuple(range(1, table.events.shape[1] + 1)), tau)
    return Mean(value=tau - lost.value, std_error=lost.std_error)
