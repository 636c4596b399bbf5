"""Sensitivity figures from small numbers: E-values, empirical nulls, drift of a known size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.sensitivity.e_value import e_value, ratio_of_hazards, ratio_of_standardised
from analysis.sensitivity.empirical_null import EmpiricalNull, empirical_null
from analysis.sensitivity.relative_magnitudes import (
    breakdown,
    drift_of,
    is_possible,
    robust_interval,
)
from analysis.sensitivity.robustness import bound

PRINTED = 6e-4


def test_e_values_as_published():
    """VanderWeele & Ding 2017: breast feeding and infant deaths (3.9, 1.8 to 8.7), leukaemia."""
    found = e_value(3.9, 1.8, 8.7)
    assert (found.point, found.limit) == pytest.approx((7.263, 3.000), abs=PRINTED)
    turned = e_value(1 / 3.9, 1 / 8.7, 1 / 1.8)
    assert (turned.point, turned.limit) == pytest.approx((7.263, 3.000), abs=PRINTED)
    assert e_value(0.80, 0.71, 0.91).point == pytest.approx(1.809, abs=PRINTED)
    assert e_value(0.80, 0.71, 0.91).limit == pytest.approx(1.43, abs=6e-3)


def test_an_interval_with_no_effect_needs_nothing_unseen():
    assert e_value(1.2, 0.9, 1.6).limit == 1.0
    with pytest.raises(ValueError, match="positive"):
        e_value(1.2, -0.1, 1.6)


def test_other_measures_as_risk_ratios():
    assert ratio_of_hazards(0.56, rare=True) == 0.56
    assert ratio_of_hazards(4.0, rare=False) == pytest.approx(0.75 / (1 - 0.5**0.5))
    assert ratio_of_hazards(0.25, rare=False) == pytest.approx((1 - 0.5**0.5) / 0.75)
    assert ratio_of_standardised(0.5) == pytest.approx(math.exp(0.455))


def test_nothing_is_stronger_than_everything():
    assert bound(0.6, 0.3, 1.0) is None


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 0.0), (0.1, 0.2), (-0.3, 0.0), (0.0, 0.4)])
def test_a_planted_systematic_error_is_found(mean, sd):
    """4,000 controls: the mean to .02 (four standard errors), the spread to .03."""
    rng = np.random.default_rng(5)
    errors = rng.uniform(0.05, 0.4, 4000)
    found = empirical_null(mean + rng.normal(size=4000) * np.hypot(sd, errors), errors)
    assert found.mean == pytest.approx(mean, abs=0.02)
    assert found.sd == pytest.approx(sd, abs=0.03)


def test_exact_controls_give_their_own_mean_and_spread():
    """As R's EmpiricalCalibration has it: controls 1 and 2 without error have mean 1.5."""
    found = empirical_null(np.array([1.0, 2.0]), np.full(2, 1e-6))
    assert (found.mean, found.sd) == pytest.approx((1.5, 0.5), abs=1e-6)


def test_without_systematic_error_p_values_are_the_usual():
    plain = EmpiricalNull(0.0, 0.0)
    assert plain.p_value(0.2, 0.1) == pytest.approx(0.0455003, abs=1e-7)
    assert plain.ease == 0.0
    assert EmpiricalNull(-0.3, 0.0).ease == 0.3
    assert EmpiricalNull(0.0, 0.2).ease == pytest.approx(0.2 * math.sqrt(2 / math.pi))
    draws = 0.1 + 0.2 * np.random.default_rng(1).normal(size=400_000)
    assert EmpiricalNull(0.1, 0.2).ease == pytest.approx(np.abs(draws).mean(), abs=1e-3)


def test_calibrated_p_values_are_uniform_where_plain_ones_are_not():
    """Of true nulls with systematic error 5 % are below .05 after calibration (2,000: +- 1.6 %)."""
    rng = np.random.default_rng(6)
    errors = rng.uniform(0.05, 0.2, 2000)
    effects = 0.15 + rng.normal(size=2000) * np.hypot(0.2, errors)
    null = empirical_null(effects[:500], errors[:500])
    p = [null.p_value(x, s) for x, s in zip(effects, errors, strict=True)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.016)
    assert np.mean(np.abs(effects / errors) > 1.96) > 0.4


def moves(bias: float, error: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four leads that move by .3 once, an effect of 1 with this bias in its month; no base."""
    truth = np.array([-0.3, 0.0, 0.0, 1.0 + bias])
    return truth + error * rng.normal(size=4), np.eye(4) * error**2


@pytest.mark.parametrize("error", [0.05, 0.5])
def test_the_interval_covers_up_to_the_drift_allowed(error):
    """Drift of exactly 1.5 moves, allowed 1.5: at most 5 % miss (1,000 draws: 7.3 % at 99.9 %)."""
    rng = np.random.default_rng(7)
    missed = 0
    for _ in range(1000):
        estimate, covariance = moves(0.45, error, rng)
        made = drift_of(estimate, covariance, 3, np.array([1.0]))
        missed += not is_possible(made, 1.5, 1.0)
    assert missed / 1000 < 0.073


def test_exact_figures_give_the_identified_set():
    estimate, covariance = moves(0.0, 1e-6, np.random.default_rng(0))
    made = drift_of(estimate, covariance, 3, np.array([1.0]))
    assert robust_interval(made, 2.0) == pytest.approx((0.4, 1.6), abs=1e-4)
    assert breakdown(made) == pytest.approx(1 / 0.3, abs=0.011)
