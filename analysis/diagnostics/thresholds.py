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
    answers_fail: int = 10
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
    negative_control_ease: float = 0.25  # on the log-ratio scale, with 30 controls or more
    exits_a_parameter_warn: float = 10.0  # Peduzzi et al. 1996, J Clin Epidemiology 49:1373-1379
    exits_a_parameter_fail: float = 5.0  # Vittinghoff and McCulloch 2007, Am J Epidemiol 165:710
    weights_mean: float = 0.05  # stabilised weights have mean 1 (Cole and Hernan 2008)
    weights_largest: float = 20.0
    scale_reliability: float = 0.70
    scale_people: int = 30
    exits_undated_warn: float = 0.10
    exits_undated_fail: float = 0.30
    exits_unknown_warn: float = 0.05
    exits_unknown_fail: float = 0.20
    notice_unknown_fail: float = 0.10
    exits_known_warn: float = 0.95
    exits_fewer_warn_p: float = 0.01


DEFAULT = Thresholds()
