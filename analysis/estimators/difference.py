"""Difference in means between arms, within event months and strata where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.estimators.arms import arm_effects
from analysis.estimators.columns import design
from analysis.estimators.sample import build_sample

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.estimators.arms import Around
    from analysis.estimators.columns import Columns
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


def difference_in_means(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Effect of each arm without covariates; nobody is lost to a missing covariate.

    Months and strata are held fixed because shares of arms may differ between them by design.
    Counts: the ratio of means, in a Poisson regression.
    """
    sample = build_sample(panel, window, spec.missing_covariates, adjusted=False)
    return arm_effects(
        panel,
        spec,
        window,
        sample,
        design_only,
        name="difference_in_means",
        estimator="Ratio of means" if spec.outcome.link == "log" else "Difference in means",
    )


def design_only(sample: Sample, treated: Columns) -> Around:
    """Controls of the design alone: constant, months, strata."""
    return design(sample), None
