"""The ratio of standard deviations where nothing tells how certain it is."""

from __future__ import annotations

import numpy as np

from analysis.benefits.spread import NO_ERROR, quantile_effects
from analysis.estimate import Estimate, NotEstimable
from tests.detection.data import panel, study

TREATED = np.arange(60) < 30


def _ratio(outcome: np.ndarray):
    found, _ = quantile_effects(panel(TREATED, {1: outcome}), study("randomised"))
    return next(r for r in found if r.target.name == "sd_ratio")


def test_two_values_half_of_each_group_have_no_error() -> None:
    """Everybody is one standard deviation from the mean: no one person moves the spread."""
    found = _ratio(np.where(np.arange(60) % 2, 1.0, -1.0) * np.where(TREATED, 3.0, 1.0))
    assert isinstance(found, NotEstimable) and found.reason == NO_ERROR


def test_three_values_have_one() -> None:
    found = _ratio((np.arange(60) % 3) * np.where(TREATED, 3.0, 1.0))
    assert isinstance(found, Estimate) and abs(found.estimate - 3) < 1e-9
