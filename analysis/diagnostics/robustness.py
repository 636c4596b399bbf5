"""How much of joining and of the outcome would something unseen have to explain?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import effect_text, whole_share_text
from analysis.estimators.results import as_per_cent
from analysis.sensitivity.robustness import bound, regression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimators.opt_in_setting import Setting
    from analysis.sensitivity.robustness import Coefficient, Regression

TIMES = (1, 2, 3)  # how often as strong as a covariate
_SHARES = (
    "share that something not adjusted for would have to explain both of joining and of the "
    "outcome, of what the outcome regression leaves open"
)
_BENCHMARK = (
    "effect in the outcome regression if something unseen were once, twice, three times as strong "
    "as this, with joining and with the outcome"
)


def robustness_notes(setting: Setting, people: int) -> Iterator[Diagnostic]:
    """Robustness value and benchmarks of the effect on joiners by least squares.

    ``people`` in the smaller group. Nothing where the regression cannot be fitted.
    """
    named: dict[str, list[int]] = {}
    for column, name in enumerate(setting.choice.names, start=1):
        named.setdefault(_plain(name), []).append(column)
    fitted = regression(setting.cells, named, varying=True)
    if fitted is not None:
        yield _robustness(fitted.coefficient, setting, people)
        yield from _benchmarks(fitted, setting, people, named)


def _plain(name: str) -> str:
    """The covariate a column belongs to: "level=3" and "level missing" are of "level"."""
    if name.startswith("stratum "):
        return "stratum"
    return name.split("=")[0].removesuffix(" missing")


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
