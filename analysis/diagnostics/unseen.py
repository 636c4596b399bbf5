"""How strong would something unseen have to be? Notes of studies in which people chose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import effect_text, p_text, whole_share_text
from analysis.estimate import Estimate
from analysis.estimators.aipw import aipw
from analysis.estimators.influence import spread
from analysis.estimators.mean_ratio import log_ratio
from analysis.estimators.results import as_per_cent
from analysis.sensitivity.e_value import e_value, ratio_of_standardised
from analysis.sensitivity.robustness import bound, regression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimate import Result
    from analysis.estimators.cells import Cells
    from analysis.estimators.opt_in_results import Held
    from analysis.estimators.opt_in_setting import Setting
    from analysis.sensitivity.empirical_null import EmpiricalNull
    from analysis.sensitivity.robustness import Coefficient, Regression

    Interval = tuple[float, float, float]

TIMES = (1, 2, 3)  # how often as strong as a covariate
_READ = (
    "by how much something not adjusted for would have to change both the chance to join and that "
    "of the outcome"
)
_SHARES = (
    "share that something not adjusted for would have to explain both of joining and of the "
    "outcome, of what the outcome regression leaves open"
)
_BENCHMARK = (
    "effect in the outcome regression if something unseen were once, twice, three times as strong "
    "as this, with joining and with the outcome"
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
    outcome = setting.spec.outcome
    ratio, measure = _as_ratio(setting, found, held)
    if ratio is not None:
        yield e_value_note(ratio, measure, setting.arm, people)
        if null is not None:
            yield _calibrated(ratio, null, setting.arm, people)
    if outcome.link == "identity":
        named: dict[str, list[int]] = {}
        for column, name in enumerate(setting.choice.names, start=1):
            named.setdefault(_plain(name), []).append(column)
        fitted = regression(setting.cells, named, varying=True)
        if fitted is not None:
            yield _robustness(fitted.coefficient, setting, people)
            yield from _benchmarks(fitted, setting, people, named)


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


def _plain(name: str) -> str:
    """The covariate a column belongs to: "level=3" and "level missing" are of "level"."""
    if name.startswith("stratum "):
        return "stratum"
    return name.split("=")[0].removesuffix(" missing")


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


def _robustness(made: Coefficient, setting: Setting, people: int) -> Diagnostic:
    share = made.robustness()
    said = f"{whole_share_text(share)} to explain the effect away"
    # Its standard error is the classical one, which says nothing where people share clusters.
    if not setting.choice.clustered:
        said += f", {whole_share_text(made.robustness(0.05))} for the interval to reach no effect"
    return Diagnostic(
        name="unseen_robustness",
        label=f"Robustness value, {setting.arm}",
        value=share,
        display=said,
        threshold=_SHARES,
        status="note",
        remedy="",
        reveals_effect=True,
        n_smallest=people,
        coarse=(round(share, 2), said),
    )


def _benchmarks(
    fitted: Regression, setting: Setting, people: int, columns: dict[str, list[int]]
) -> Iterator[Diagnostic]:
    made, per_cent = fitted.coefficient, setting.spec.outcome.per_cent
    unit = setting.spec.outcome.shown_in
    scale = 100.0 if per_cent or unit == "share" else 1.0
    places = max(1 - math.floor(math.log10(scale * made.std_error)), 0)
    for name, partial in fitted.partial.items():
        bounds = [bound(*partial, times) for times in TIMES]
        left = [None if b is None else made.left(b) for b in bounds]
        shown = [as_per_cent(e) if per_cent and e is not None else e for e in left]
        first = shown[0]
        yield Diagnostic(
            name="unseen_benchmark",
            label=f"As strong as {name}, {setting.arm}",
            value=None if first is None else round(first, places + 2 * (unit == "share")),
            display=", ".join(
                "cannot be that strong" if e is None else effect_text(e, unit, places)
                for e in shown
            ),
            threshold=_BENCHMARK,
            status="note",
            remedy="",
            reveals_effect=True,
            n_smallest=min(people, _rarer(setting, columns[name])),
        )


def _rarer(setting: Setting, columns: list[int]) -> int:
    """The people with the rarer value of a covariate that is a single mark, else everybody."""
    values = setting.choice.covariates[:, columns[0] - 1]
    counts = np.unique(values, return_counts=True)[1]
    return int(counts.min()) if len(columns) == 1 and len(counts) == 2 else len(values)
