"""How strong would something unseen have to be? Notes of studies in which people chose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.robustness import robustness_notes
from analysis.diagnostics.wording import p_text
from analysis.estimate import Estimate
from analysis.estimators.aipw import aipw
from analysis.estimators.influence import spread
from analysis.estimators.mean_ratio import log_ratio
from analysis.sensitivity.e_value import e_value, ratio_of_standardised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimate import Result
    from analysis.estimators.cells import Cells
    from analysis.estimators.opt_in_results import Held
    from analysis.estimators.opt_in_setting import Setting
    from analysis.sensitivity.empirical_null import EmpiricalNull

    Interval = tuple[float, float, float]

_READ = (
    "by how much something not adjusted for would have to change both the chance to join and that "
    "of the outcome"
)


def unseen_notes(
    setting: Setting, found: Result, held: Held, null: EmpiricalNull | None = None
) -> Iterator[Diagnostic]:
    """E-value, robustness value and benchmarks of one arm; nothing where there is no estimate.

    ``null``: what comes out where there is no effect, for a calibrated p-value.
    """
    if not isinstance(found, Estimate):
        return
    people = min(setting.choice.people)
    ratio, measure = _as_ratio(setting, found, held)
    if ratio is not None:
        yield e_value_note(ratio, measure, setting.arm, people)
        if null is not None:
            yield _calibrated(ratio, null, setting.arm, people)
    if setting.spec.outcome.link == "identity":
        yield from robustness_notes(setting, people)


def e_value_note(ratio: Interval, measure: str, arm: str, people: int) -> Diagnostic:
    """The E-values of a ratio with its interval."""
    made = e_value(*ratio)
    return Diagnostic(
        name="unseen_e_value",
        label=f"E-value from the {measure}, {arm}",
        value=made.point,
        display=_e_words(made.point, made.limit, 2),
        threshold=_READ,
        status="note",
        remedy="",
        reveals_effect=True,
        n_smallest=people,
        coarse=(round(made.point, 1), _e_words(made.point, made.limit, 1)),
    )


def _e_words(point: float, limit: float, places: int) -> str:
    said = f"{point:.{places}f} times to explain the effect away"
    if limit == 1:
        return f"{said}; the interval holds no effect already"
    return f"{said}, {limit:.{places}f} times for the interval to reach no effect"


def _calibrated(ratio: Interval, null: EmpiricalNull, arm: str, people: int) -> Diagnostic:
    point, low, high = (math.log(r) for r in ratio)
    p_value = null.p_value(point, (high - low) / (2 * float(stats.norm.ppf(0.975))))
    return Diagnostic(
        name="unseen_calibrated_p",
        label=f"p-value against what comes out where there is no effect, {arm}",
        value=p_value,
        display=p_text(p_value),
        threshold="systematic error as large as among the negative controls is allowed for",
        status="note",
        remedy="",
        reveals_effect=True,
        n_smallest=people,
        coarse=(float(f"{p_value:.1g}"), p_text(p_value)),
    )


def _as_ratio(setting: Setting, found: Estimate, held: Held) -> tuple[Interval | None, str]:
    """The estimate with its interval as a ratio of risks or means, and what it was made from."""
    outcome = setting.spec.outcome
    figures = (found.estimate, found.ci_low, found.ci_high)
    if outcome.kind == "promotion":
        return _risk_ratio(setting, held), "risk ratio"
    if outcome.per_cent:
        figures = (_log(found.estimate), _log(found.ci_low), _log(found.ci_high))
    if outcome.kind == "count":
        low, middle, high = sorted(math.exp(f) for f in figures)
        return (middle, low, high), "ratio of means"
    sd = pooled_sd(setting.cells)
    if sd == 0:
        return None, ""
    point, low, high = (ratio_of_standardised(f / sd) for f in figures)
    return (point, low, high), "difference in standard deviations"


def _log(per_cent: float) -> float:
    return math.log1p(per_cent / 100)


def _risk_ratio(setting: Setting, held: Held) -> Interval | None:
    """The chance of those who joined over what it would have been had they not."""
    cells, nuisance = setting.cells, held[0]
    effect = nuisance if isinstance(nuisance, str) else aipw(cells, nuisance, "att")
    ratio = effect if isinstance(effect, str) else log_ratio(cells, effect, "treated")
    if isinstance(ratio, str):
        return None
    error = spread(cells, ratio)
    half = float(stats.t.ppf(0.975, error.df)) * error.std_error
    if not math.isfinite(half):
        return None
    return (
        math.exp(ratio.estimate),
        math.exp(ratio.estimate - half),
        math.exp(ratio.estimate + half),
    )


def pooled_sd(cells: Cells) -> float:
    """Standard deviation of the outcome within the two arms."""
    mean = cells.total.sum(axis=1) / cells.people.sum(axis=1)
    between = cells.people * (cells.mean - mean[:, None]) ** 2
    squares = float((cells.within + between).sum())
    return math.sqrt(squares / (sum(cells.counts) - 2))
