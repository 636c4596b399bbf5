"""ANCOVA: arms, event months, strata and covariates in one least-squares regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.estimators.arms import arm_effects
from analysis.estimators.columns import covariates, design
from analysis.estimators.sample import build_sample

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.estimators.arms import Around
    from analysis.estimators.columns import Columns
    from analysis.estimators.sample import Sample
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


def ancova(panel: Panel, spec: StudySpec, window: Window) -> tuple[Result, ...]:
    """Effect of each arm, adjusted additively for months, strata and the panel's covariates.

    A window that begins before time zero lets those rows enter as control rows for everybody.
    Counts: the ratio of means by Poisson regression, which needs no right model of the covariates
    under a lottery (Rosenblum and van der Laan 2010, International Journal of Biostatistics 6:13).
    """
    sample = build_sample(panel, window, spec.missing_covariates)
    text = "Poisson regression, adjusted" if spec.outcome.link == "log" else "ANCOVA"
    return arm_effects(panel, spec, window, sample, around, name="ancova", estimator=text)


def around(sample: Sample, treated: Columns) -> Around:
    """Controls of the design and the covariates."""
    return design(sample).beside(covariates(sample)), None
