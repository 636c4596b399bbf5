"""All treated arms in one regression: what the estimators of a difference between arms share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.estimate import NotEstimable, Result
from analysis.estimators.linear import fit_ols
from analysis.estimators.results import NO_FREEDOM, from_fit, make_target
from analysis.estimators.sample import too_thin, unusable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


class ArmEstimator(Protocol):
    """An estimator of the effect of assignment: one result for each treated arm, in order."""

    def __call__(self, panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
        """Results for the window; a reason where there is no figure."""
        ...


Columns = tuple["NDArray[np.float64]", "NDArray[np.float64] | None"]


def arm_effects(
    panel: Panel,
    spec: StudySpec,
    window: Window,
    sample: Sample,
    columns: Callable[[Sample, NDArray[np.float64]], Columns],
    *,
    name: str,
    estimator: str,
) -> tuple[Result, ...]:
    """One result a treated arm from one regression on arm columns (n, arms).

    ``columns`` makes the controls and, where there are any, the extra columns that follow the
    arms. Arms too thin to compare leave the model with their rows and carry their reason.
    """
    targets = [
        make_target(panel, spec, arm, window, name=name, estimator=estimator)
        for arm in panel.treated
    ]
    codes = range(1, len(targets) + 1)
    nothing = unusable(sample, panel.comparison)
    if nothing:
        return tuple(NotEstimable(target=t, reason=nothing) for t in targets)
    thin = {code: too_thin(sample, code, panel.treated[code - 1]) for code in codes}
    used = [code for code in codes if thin[code] is None]
    kept = sample.where(np.isin(sample.arm, [0, *used]))
    fit = None
    if used:
        treated = np.column_stack([kept.treated(code) for code in used])
        controls, extras = columns(kept, treated)
        fit = fit_ols(
            kept.outcome,
            controls,
            treated,
            kept.cluster,
            covariance=spec.covariance,
            cluster_name=spec.cluster,
            extras=extras,
        )
    results: list[Result] = []
    for code, target in zip(codes, targets, strict=True):
        reason = thin[code] or (NO_FREEDOM if fit is None else None)
        if reason or fit is None:
            results.append(NotEstimable(target=target, reason=reason or NO_FREEDOM))
            continue
        log = spec.outcome.transform == "log"
        results.append(from_fit(target, fit, used.index(code), kept, code, log=log))
    return tuple(results)
