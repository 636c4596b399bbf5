"""Limits of the checks, in one place; ``limits.py`` says what each is and where it comes from.

A project may set any of them under ``thresholds`` of its file. They travel on the study, so that a
limit other than the default is part of its hash; every check prints the limits it used.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from analysis.diagnostics.limits import LIMITS


class Thresholds(BaseModel):
    """Shares and differences of shares are fractions, p-values probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    sample_ratio_warn_p: float = 0.01
    sample_ratio_fail_p: float = 0.001
    sample_ratio_fail_deviation: float = 0.001
    balance_fail_p: float = 0.001
    missing_warn: float = 0.05
    missing_fail: float = 0.05
    contamination_warn: float = 0.05
    contamination_fail: float = 0.2
    rated_by_mentor: float = 0.05
    weak_first_stage: float = 10.0
    people_fail: int = 2
    answers_fail: int = 10
    pre_trend_warn_p: float = 0.05
    pre_trend_fail_p: float = 0.01
    pre_trend_fail_share: float = 0.5
    pre_trend_power: float = 0.5
    adjusted_smd: float = 0.1
    comparable_warn: float = 0.95
    comparable_fail: float = 0.8
    equipoise_warn: float = 0.5
    effective_size_fail: float = 20.0
    placebo_warn_p: float = 0.1
    placebo_fail_p: float = 0.05
    negative_control_warn_p: float = 0.05
    negative_control_fail_p: float = 0.01
    negative_control_ease: float = 0.25
    exits_a_parameter_warn: float = 10.0
    exits_a_parameter_fail: float = 5.0
    weights_mean: float = 0.05
    weights_largest: float = 20.0
    scale_reliability: float = 0.7
    scale_people: int = 30
    item_level: float = 0.17
    item_slope: float = 0.2
    item_p: float = 0.05
    exits_undated_warn: float = 0.1
    exits_undated_fail: float = 0.3
    exits_unknown_warn: float = 0.05
    exits_unknown_fail: float = 0.2
    notice_unknown_fail: float = 0.1
    exits_known_warn: float = 0.95
    exits_fewer_warn_p: float = 0.01

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """Each in its range; no failure is easier to reach than its warning."""
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if limit.unit in ("p", "share", "points") and not 0 < value < 1:
                raise ValueError(f"`{name}` lies between 0 and 1: 0.05 is five per cent")
            if value <= 0 or (limit.unit == "people" and value < SMALLEST_GROUP):
                raise ValueError(f"`{name}` is too small to be a limit")
        for warn, fail in PAIRS:
            first, second = getattr(self, warn), getattr(self, fail)
            if (first > second) if LIMITS[warn].side == "above" else (first < second):
                raise ValueError(f"`{fail}` would fail before `{warn}` warns: exchange the two")
        return self


SMALLEST_GROUP = 2  # people, of whom a variance is known
PAIRS: tuple[tuple[str, str], ...] = tuple(
    (name, name.replace("_warn", "_fail"))
    for name in LIMITS
    if "_warn" in name and name.replace("_warn", "_fail") in LIMITS
)
DEFAULT = Thresholds()
