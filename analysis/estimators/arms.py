"""All treated arms in one regression: what the estimators of a difference between arms share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.estimate import NotEstimable, Result
from analysis.estimators.columns import arm
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import from_fit, make_target, why_no_fit
from analysis.estimators.sample import informative, too_thin, unusable

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.estimators.columns import Columns
    from analysis.estimators.linear import Fit
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


class ArmEstimator(Protocol):
    """An estimator of the effect of assignment: one result for each treated arm, in order."""

    def __call__(self, panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
        """Results for the window; a reason where there is no figure."""
        ...


# Controls and, where there are any, the extra columns that follow the arms.
Around = tuple["Columns", "Columns | None"]


def arm_effects(
    panel: Panel,
    spec: StudySpec,
    window: Window,
    sample: Sample,
    columns: Callable[[Sample, Columns], Around],
    *,
    name: str,
    estimator: str,
) -> tuple[Result, ...]:
    """One result a treated arm from one regression on a column for each arm.

    ``columns`` makes what stands around those. Arms too thin to compare leave the model with their
    rows and carry their reason.
    """
    targets = [
        make_target(panel, spec, arm, window, name=name, estimator=estimator)
        for arm in panel.treated
    ]
    sample = informative(sample, spec.outcome.link)
    nothing = unusable(sample, panel.comparison)
    if nothing:
        return tuple(NotEstimable(target=t, reason=nothing) for t in targets)
    codes = range(1, len(targets) + 1)
    thin = {code: too_thin(sample, code, panel.treated[code - 1]) for code in codes}
    used = [code for code in codes if thin[code] is None]
    kept = sample.where(np.isin(sample.arm, [0, *used]))
    fit = _fit(kept, used, spec, columns) if used else None
    results: list[Result] = []
    for code, target in zip(codes, targets, strict=True):
        if fit is None or code not in used:
            results.append(NotEstimable(target=target, reason=thin[code] or why_no_fit(spec)))
        else:
            results.append(
                from_fit(target, fit, used.index(code), kept, code, log=spec.outcome.per_cent)
            )
    return tuple(results)


def _fit(
    sample: Sample,
    codes: list[int],
    spec: StudySpec,
    columns: Callable[[Sample, Columns], Around],
) -> Fit | None:
    first, *others = (arm(sample, code) for code in codes)
    treated = first.beside(*others)
    controls, extras = columns(sample, treated)
    return fit_panel(
        sample,
        sample.outcome,
        controls,
        treated,
        covariance=spec.covariance,
        cluster_name=spec.cluster,
        link=spec.outcome.link,
        extras=extras,
    )
