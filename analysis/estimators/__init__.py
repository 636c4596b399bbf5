"""Estimators: one module each, outcomes of a panel in, results with their uncertainty out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.estimators.ancova import ancova
from analysis.estimators.cuped import cuped
from analysis.estimators.difference import difference_in_means
from analysis.estimators.lin import lin

if TYPE_CHECKING:
    from analysis.estimators.arms import ArmEstimator

# What a study may declare as its estimator; keys are those of StudySpec.estimator.
ESTIMATORS: dict[str, ArmEstimator] = {
    "ancova": ancova,
    "difference_in_means": difference_in_means,
    "lin": lin,
    "cuped": cuped,
}
