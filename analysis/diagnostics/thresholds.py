"""Limits of the checks, in one place; every check prints the ones it used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Shares and differences of shares are fractions, p-values probabilities."""

    sample_ratio_warn_p: float = 0.01
    sample_ratio_fail_p: float = 0.001
    sample_ratio_fail_deviation: float = 0.001
    balance_fail_p: float = 0.001
    missing_warn: float = 0.05
    missing_fail: float = 0.05
    contamination_warn: float = 0.05
    contamination_fail: float = 0.20
    rated_by_mentor: float = 0.05
    weak_first_stage: float = 10.0
    people_fail: int = 2
    pre_trend_warn_p: float = 0.05
    pre_trend_fail_p: float = 0.01
    pre_trend_power: float = 0.5
    adjusted_smd: float = 0.1
    comparable_warn: float = 0.95
    comparable_fail: float = 0.80
    equipoise_warn: float = 0.5
    effective_size_fail: float = 20.0
    placebo_warn_p: float = 0.1
    placebo_fail_p: float = 0.05
    negative_control_warn_p: float = 0.05
    negative_control_fail_p: float = 0.01


DEFAULT = Thresholds()
