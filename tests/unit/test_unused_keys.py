"""A key that a design would read and then ignore is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.errors import SpecError
from analysis.groups import check_groups
from analysis.study import StudySpec, parse_study
from analysis.unused_keys import refuse_unused


def study(design: str, **more: Any) -> StudySpec:
    return parse_study(
        {
            "study": "s",
            "question": "What does a mentor do?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": design,
            "arms": {"treated": "joined", "comparison": "never_applied"},
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 6, "primary": [2, 6]},
            **more,
        }
    )


SPECIFICATION = {"name": "short", "first_month": 2, "last_month": 3}


@pytest.mark.parametrize(
    ("design", "keys", "named"),
    [
        ("rollout", {"decided_within": 1}, "decided_within"),
        ("rollout", {"start_dates_within": ["site"]}, "start_dates_within"),
        ("rollout", {"notice_months": 2}, "notice_months"),
        ("rollout", {"covariance": "HC3"}, "covariance"),
        ("rollout", {"missing_covariates": "drop"}, "missing_covariates"),
        ("opt_in", {"estimator": "lin"}, "estimator"),
        ("opt_in", {"covariance": "HC3"}, "covariance"),
        ("opt_in", {"allocation": {"share": 0.5}}, "allocation.share"),
        (
            "opt_in",
            {"specifications": [SPECIFICATION | {"estimator": "lin"}]},
            "specifications.est",
        ),
        ("opt_in", {"rollout": {"control": "never"}}, "rollout"),
        ("randomised", {"rollout": {"drawn": True}}, "rollout"),
    ],
)
def test_a_key_that_says_nothing_in_a_design_is_refused(
    design: str, keys: dict[str, Any], named: str
) -> None:
    with pytest.raises(SpecError, match="says nothing in") as refused:
        refuse_unused(study(design, **keys))
    assert refused.value.key.startswith(named)


@pytest.mark.parametrize(
    ("design", "keys"),
    [
        ("opt_in", {"covariance": "HC3", "dose": ["meetings"]}),  # errors of the dose
        ("opt_in", {"specifications": [SPECIFICATION], "allocation": {"strata": ["stratum"]}}),
        ("randomised", {"estimator": "lin", "covariance": "HC3", "allocation": {"share": 0.5}}),
        ("rollout", {"rollout": {"drawn": True}, "allocation": {"strata": ["site"]}}),
    ],
)
def test_keys_that_a_design_uses_stay(design: str, keys: dict[str, Any]) -> None:
    refuse_unused(study(design, **keys))


LEVEL = {"metric": "level", "kind": "promotion"}


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"effect_of_interest": float("nan")}, "effect_of_interest"),
        ({"follow_up": {"months": 6, "primary": [-1, 6]}}, "before time zero"),
        ({"follow_up": {"months": 10**6, "primary": [1, 10**6]}}, "follow_up.months"),
        ({"specifications": [SPECIFICATION | {"last_month": 1}]}, "specifications"),
        ({"specifications": [SPECIFICATION | {"last_month": 7}]}, "beyond month 6"),
        ({"specifications": [SPECIFICATION, SPECIFICATION]}, "stands twice"),
        (
            {
                "outcome": LEVEL,
                "follow_up": {"months": 6, "primary": [6, 6]},
                "adjust_for": ["pre_period_outcome"],
            },
            "before it",
        ),
    ],
)
def test_a_study_that_cannot_mean_what_it_says_is_refused(keys: dict[str, Any], named: str) -> None:
    with pytest.raises(SpecError, match=named):
        study("randomised", **keys)


@pytest.mark.parametrize(
    "outcome", [LEVEL, {"metric": "sales", "after_exit": "zero"}], ids=["promotion", "zero"]
)
def test_who_is_gone_does_not_count_where_start_dates_are_drawn(outcome: dict[str, str]) -> None:
    """Nobody of those who never came had stayed to come: of no effect, 3 to 6 % would be made."""
    with pytest.raises(SpecError, match="soon gone"):
        study(
            "opt_in",
            time_zero="applied_on",
            start_dates="matched",
            outcome=outcome,
            follow_up={"months": 6, "primary": [6, 6]},
        )


def test_further_windows_too_begin_after_groups_are_told_apart() -> None:
    early = SPECIFICATION | {"first_month": 1}
    with pytest.raises(SpecError, match=r"specifications\.short"):
        check_groups(study("opt_in", time_zero="invited_on", specifications=[early]))
