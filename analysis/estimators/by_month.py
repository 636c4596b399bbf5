"""Effects by event month from one pooled model, with tests of fading over the follow-up."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.estimate import NotEstimable
from analysis.estimators.aggregate import DRAWS, simultaneous, with_df
from analysis.estimators.columns import arm as arm_column
from analysis.estimators.columns import covariates, design
from analysis.estimators.linear import FEW_CLUSTERS, Fit
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import (
    NOT_IDENTIFIED,
    figures_of,
    from_fit,
    make_estimate,
    make_target,
    why_no_fit,
)
from analysis.estimators.sample import build_sample, informative, too_thin, unusable
from analysis.figures import coarse_df

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.estimate import Result
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

NAME, TOGETHER = "by_month", "by_month_together"
TEXT = "ANCOVA, arms by month"
Cell = tuple[int, int]  # arm code, event month
_SINGULAR = 1e-10
_ALONE = float(stats.norm.ppf(0.975))  # of one figure; a simulated point may fall short of it


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthModel:
    """Arm by month effects: columns of ``fit`` in the order of ``cells``; reasons for the rest."""

    sample: Sample
    months: tuple[int, ...]
    cells: tuple[Cell, ...]
    fit: Fit | None
    reasons: dict[Cell, str]

    def column(self, code: int, month: int) -> int | None:
        """Column of an arm in a month; None where it was not estimated."""
        if self.fit is None or (code, month) not in self.cells:
            return None
        place = self.cells.index((code, month))
        return place if self.fit.identified[place] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FadingTest:
    """Wald tests over the months of one arm: all effects equal, and no linear trend in months.

    ``slope`` is the change of the effect a month on the model's scale.
    """

    arm: str
    months: int
    people: int
    equality: float
    equality_p: float
    slope: float
    slope_error: float
    slope_p: float


def month_model(panel: Panel, spec: StudySpec, window: Window) -> MonthModel:
    """One regression with a treatment column for each arm and month; months share the covariates.

    Cells with too few people leave the model with their rows.
    """
    sample = build_sample(panel, window, spec.missing_covariates)
    months = tuple(int(m) for m in np.unique(panel.between(*window).rows["event_month"]))
    reasons: dict[Cell, str] = {}
    dropped = np.zeros(len(sample.outcome), dtype=bool)
    for month in months:
        at_month = sample.month == month
        rows = sample.where(at_month)
        nothing = unusable(rows, panel.comparison)
        for code, arm in enumerate(panel.treated, start=1):
            reason = nothing or too_thin(rows, code, arm)
            if reason:
                reasons[code, month] = reason
                dropped |= at_month & ((sample.arm == code) | (nothing is not None))
    sample = informative(sample.where(~dropped), spec.outcome.link)
    codes = range(1, len(panel.treated) + 1)
    cells = tuple((c, m) for c in codes for m in months if (c, m) not in reasons)
    fit = None
    if cells:
        first, *others = (arm_column(sample, c, m) for c, m in cells)
        fit = fit_panel(
            sample,
            sample.outcome,
            design(sample).beside(covariates(sample)),
            first.beside(*others),
            covariance=spec.covariance,
            cluster_name=spec.cluster,
            link=spec.outcome.link,
        )
    return MonthModel(sample=sample, months=months, cells=cells, fit=fit, reasons=reasons)


def effects_by_month(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """The effect of each arm in each month of the window with outcomes; none if fewer than two.

    Each month by itself, then those of each arm with a band that covers them all at once
    (``by_month_together``).
    """
    model = month_model(panel, spec, window)
    if len(model.months) < 2:
        return ()
    results: list[Result] = []
    for code, arm in enumerate(panel.treated, start=1):
        for month in model.months:
            target = make_target(panel, spec, arm, (month, month), name=NAME, estimator=TEXT)
            column = model.column(code, month)
            if column is None or model.fit is None:
                reason = why_no_fit(spec) if model.fit is None else NOT_IDENTIFIED
                reason = model.reasons.get((code, month), reason)
                results.append(NotEstimable(target=target, reason=reason))
                continue
            rows = model.sample.where(model.sample.month == month)
            log = spec.outcome.per_cent
            results.append(from_fit(target, model.fit, column, rows, code, log=log))
    for code, arm in enumerate(panel.treated, start=1):
        results += _together(panel, spec, model, code, arm)
    return tuple(results)


def _together(
    panel: Panel, spec: StudySpec, model: MonthModel, code: int, arm: str
) -> Iterator[Result]:
    """The months of one arm with a sup-t band over all that were estimated, at least two.

    The band says nothing that the intervals do not: they have the p-values.
    """
    known = [(m, c) for m in model.months if (c := model.column(code, m)) is not None]
    if model.fit is None or len(known) < 2:
        return
    fit, rng = model.fit, np.random.default_rng((spec.seed(), code))
    wide = widths(fit, [column for _, column in known], rng)
    words = f"; simultaneous band over {len(known)} months (sup-t, {DRAWS:,} draws)"
    for (month, column), critical in zip(known, wide, strict=True):
        rows = model.sample.where(model.sample.month == month)
        alone = figures_of(fit, column, rows, code)
        half = critical * alone.std_error
        target = make_target(panel, spec, arm, (month, month), name=TOGETHER, estimator=TEXT)
        figures = replace(
            alone,
            interval=(alone.estimate - half, alone.estimate + half),
            convention=alone.convention + words,
        )
        yield make_estimate(target, figures, log=spec.outcome.per_cent)


def widths(fit: Fit, columns: Sequence[int], rng: np.random.Generator) -> list[float]:
    """Half widths, in standard errors, of intervals of these columns that hold all at once (95 %).

    The 95 % point of the largest of the normal figures' absolute t, by simulation from their joint
    covariance (sup-t; Montiel Olea & Plagborg-Moller 2019), with the tail of each figure's own t.
    Its degrees of freedom are rounded down as those of a released interval are, so that a band
    tells no more of the number of people.
    """
    critical = max(simultaneous(fit.cov[np.ix_(columns, columns)], rng), _ALONE)
    return [
        with_df(critical, coarse_df(df)) if math.isfinite(df) else critical
        for df in fit.t_df[list(columns)].tolist()
    ]


def fading_tests(panel: Panel, spec: StudySpec, window: Window) -> tuple[FadingTest, ...]:
    """Equality and trend of the monthly effects of each arm; none where it has under two months.

    Chi-square and normal references; F and t with clusters less one below 40 clusters. The
    trend is the least-squares slope of the monthly effects on the month, a linear combination.
    """
    model = month_model(panel, spec, window)
    if model.fit is None:
        return ()
    tests: list[FadingTest] = []
    for code, arm in enumerate(panel.treated, start=1):
        columns = {m: model.column(code, m) for m in model.months}
        known = {m: c for m, c in columns.items() if c is not None}
        if len(known) > 1:
            people = min(model.sample.people(code), model.sample.people(0))
            tests.append(_fading(model.fit, known, arm, people))
    return tuple(tests)


def _fading(fit: Fit, columns: dict[int, int], arm: str, people: int) -> FadingTest:
    places = list(columns.values())
    effects, cov = fit.effects[places], fit.cov[np.ix_(places, places)]
    contrasts = np.eye(len(places))[1:] - np.eye(len(places))[0]
    gaps = contrasts @ effects
    # Fewer clusters than months leave directions without variance; what is in them is rounding.
    sizes, axes = np.linalg.eigh(contrasts @ cov @ contrasts.T)
    real = sizes > _SINGULAR * max(sizes[-1], 0.0)
    wald = float(((axes[:, real].T @ gaps) ** 2 / sizes[real]).sum())
    count = max(int(real.sum()), 1)
    centred = np.array(list(columns), dtype=float) - np.mean(list(columns))
    weights = centred / (centred @ centred)
    slope, error = float(weights @ effects), max(float(weights @ cov @ weights), 0.0) ** 0.5
    few = fit.clusters is not None and fit.clusters < FEW_CLUSTERS
    equal = stats.f.sf(wald / count, count, fit.df) if few else stats.chi2.sf(wald, count)
    ratio = abs(slope) / error if error > 0 else 0.0
    return FadingTest(
        arm=arm,
        months=len(places),
        people=people,
        equality=wald,
        equality_p=float(equal),
        slope=slope,
        slope_error=error,
        slope_p=float(2 * (stats.t.sf(ratio, fit.df) if few else stats.norm.sf(ratio))),
    )
