"""Weights for comparators who start later: stabilised inverse probabilities of not having started.

Comparators are censored when they start. Where what drives the start changes over time, those who
go on stand for those who started (Cole and Hernan 2008, American Journal of Epidemiology
168:656-664). The denominator knows each month's covariates, the numerator those of the trial's
baseline, on which the model of exits is conditional: where nothing changes all weights are 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.estimators.logit import ONE_GROUP, SEPARATION, fit_logit
from analysis.exits.calendar import calendar_month, first_day
from analysis.exits.careers import NEVER
from analysis.exits.entries import VOLUNTARY, event_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimators.logit import Logit
    from analysis.exits.careers import Careers
    from analysis.exits.columns import Baseline
    from analysis.exits.entries import Entries

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

TRUNCATED = (0.001, 0.999)  # percentiles (the upper as in Danaei et al. 2013)
_SURE = 1e-6  # who was sure to start weighs no more than this allows; cut off in any case
_WAITED_FROM = np.array([-(2**31), 1, 2, 3, 6, 12, 24])  # months since time zero


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWeights:
    """Weights (e, K) of the months of each entry; ``largest`` before any was cut off."""

    weights: NDArray[np.float32]
    mean: float
    largest: float
    truncated_at: float


def start_weights(
    careers: Careers, entries: Entries, baseline: Baseline, *, exact_rows: bool = False
) -> StartWeights | str:
    """The weights, or why the chance of starting could not be modelled.

    ``exact_rows``: the model is fitted to every decision, not to cells of equal ones.

    In a calendar month somebody can start who is eligible, still there and not on notice on the
    first of the next, and has not started before. Where notice is not recorded a start counts some
    months later, and nobody is on notice whose decision counts by then.
    """
    able, starts = _decisions(careers, _lag(entries, careers))
    row, column = np.nonzero(able)
    waited = _waited(careers, row, column)
    known = _chance(
        baseline.at(row, column), column, waited, starts[row, column], baseline, exact_rows
    )
    if isinstance(known, str):
        return known
    denominator = np.ones(able.shape)
    denominator[row, column] = 1 - known
    entry, step = _later(entries, able, entries.months)
    own, later = entries.row[entry], entries.column[entry] + step
    at_start = _chance(
        baseline.at(own, entries.column[entry]), later, _waited(careers, own, later),
        starts[own, later], baseline, exact_rows,
    )  # fmt: skip
    if isinstance(at_start, str):
        return at_start
    ratio = np.ones((len(entries), entries.months))
    ratio[entry, step] = (1 - at_start) / np.maximum(denominator[own, later], _SURE)
    # month k is weighted by the decisions that count before it: those of k - 1 months
    return _truncated(np.asarray(np.cumprod(ratio, axis=1), dtype=np.float64), entries)


def _truncated(product: Floats, entries: Entries) -> StartWeights:
    """Cut off at percentiles of the comparators' months at risk."""
    there = np.arange(entries.months) < entries.last[:, None]
    compared = product[there & ~entries.treated[:, None]]
    low, high = (
        np.quantile(compared, TRUNCATED, method="inverted_cdf") if len(compared) else (1.0, 1.0)
    )
    cut = np.where(entries.treated[:, None], 1.0, np.clip(product, low, high))
    kept = np.clip(compared, low, high)
    return StartWeights(
        weights=cut.astype(np.float32), mean=float(kept.mean()) if len(kept) else 1.0,
        largest=float(compared.max(initial=1.0)), truncated_at=float(high),
    )  # fmt: skip


def _lag(entries: Entries, careers: Careers) -> int:
    """Months between the first after the trial's and the first of follow-up: those of notice."""
    if not len(entries):
        return 0
    return int(entries.month[0] - careers.first_month - entries.column[0] - 1)


def _decisions(careers: Careers, lag: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who could start in each month and is still there at its end, and who did, (n, months).

    Who left by choice within ``lag`` months after it, no notice being recorded, was on notice.
    """
    months = careers.first_month + np.arange(careers.eligible.shape[1])
    begins, ends = first_day(months), first_day(months + 1)
    day, kind = event_of(careers)
    silent = (kind == VOLUNTARY) & (careers.notice == NEVER)
    told = first_day(months + 1 + lag)
    able = careers.eligible & (careers.hired[:, None] < ends)
    able &= day[:, None] >= np.where(silent[:, None], told, ends)
    able &= (careers.start[:, None] >= begins) & (careers.end[:, None] >= told)
    return able, able & (careers.start[:, None] < ends)


def _waited(careers: Careers, row: Ints, column: Ints) -> Ints:
    zero = np.where(careers.zero < NEVER, careers.zero, 0)
    months = careers.first_month + column - calendar_month(zero)[row]
    return np.searchsorted(_WAITED_FROM, months, side="right") - 1


def _later(entries: Entries, able: NDArray[np.bool_], steps: int) -> tuple[Ints, Ints]:
    """Comparators' months after the trial's in which they could start: entry, months since."""
    found: list[tuple[Ints, Ints]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for step in range(1, steps):
        column = entries.column + step
        inside = np.flatnonzero(~entries.treated & (column < able.shape[1]))
        there = inside[able[entries.row[inside], column[inside]]]
        found.append((there, np.full(len(there), step)))
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _chance(
    pattern: Ints, month: Ints, waited: Ints, started: NDArray[np.bool_], baseline: Baseline,
    exact_rows: bool,
) -> Floats | str:  # fmt: skip
    """The chance to start of each row, a pooled logistic model; 0 in months, and so long after time
    zero, when nobody did.

    Where months and waiting together tell starts apart (nobody starts soon after time zero, but in
    the first month), waiting goes, then months: covariates stay.
    """
    open_months, open_waits = np.unique(month[started]), np.unique(waited[started])
    inside = np.isin(month, open_months) & np.isin(waited, open_waits)
    codes = (pattern[inside] * (month.max(initial=0) + 1) + month[inside]) * len(_WAITED_FROM)
    codes += waited[inside]
    cell, codes = (np.arange(len(codes)), codes) if exact_rows else pd.factorize(codes)
    codes, wait = np.divmod(np.asarray(codes), len(_WAITED_FROM))
    own, when = np.divmod(codes, month.max(initial=0) + 1)
    months = [(when == m) for m in open_months[1:]]
    waits = [(wait == w) for w in open_waits[1:]]
    people = np.stack([np.bincount(cell[started[inside] == s], minlength=len(own)) for s in (0, 1)])
    fitted: Logit | str = ONE_GROUP
    for times in ([*months, *waits], months, []):
        design = np.column_stack([np.ones(len(own)), *times, baseline.values[own]])
        fitted = fit_logit(design, people.astype(float))
        if fitted != SEPARATION:
            break
    if isinstance(fitted, str):
        return fitted
    found = np.zeros(len(month))
    found[inside] = fitted.chance[cell]
    return found
