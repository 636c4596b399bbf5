"""Studies of exits: what would make a mentor keep people by definition is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.errors import SpecError
from analysis.study import StudySpec, parse_study
from analysis.unused_keys import refuse_unused

ARMS = {"treated": "mentored", "comparison": "not_yet_mentored"}


def study(design: str = "opt_in", **more: Any) -> StudySpec:
    zero = {} if design == "randomised" or "start_dates" in more else {"time_zero": "invited_on"}
    return parse_study(
        {
            "study": "s",
            "question": "Does a mentor keep people?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": design,
            "arms": ARMS,
            "outcome": {"kind": "exit", "metric": "voluntary"},
            "follow_up": {"months": 12, "primary": [1, 12]},
            **zero,
            **more,
        }
    )


@pytest.mark.parametrize("design", ["randomised", "opt_in", "rollout"])
@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"arms": ARMS | {"treated": "completed"}}, "arms.treated"),
        ({"arms": ARMS | {"treated": ["mentored", "Graduates"]}}, "arms.treated"),
        ({"arms": ARMS | {"comparison": "not_finished"}}, "arms.comparison"),
        ({"take_up": "completed"}, "take_up"),
        ({"trials": {"start": "completed_on"}}, "trials.start"),
        ({"time_zero": "completed_on"}, "time_zero"),
        ({"population": {"completion_status": ["done"]}}, "population"),
        ({"population": {"status": ["active", "Completed"]}}, "population.status"),
        ({"dose": ["completed_sessions"]}, "dose"),
        ({"subgroups": ["programme_finished"]}, "subgroups"),
        ({"adjust_for": ["completed_modules"]}, "adjust_for"),
        ({"cluster": "completed_class"}, "cluster"),
    ],
)
def test_exposure_by_completion_is_refused_naming_rule_and_fix(
    design: str, keys: dict[str, Any], named: str
) -> None:
    with pytest.raises(SpecError) as refused:
        study(design, **keys)
    assert refused.value.key == named
    assert "immortal time" in refused.value.problem
    if named.startswith("arms"):
        assert "Write " in refused.value.fix


def test_words_of_people_that_are_no_completion() -> None:
    study(population={"department": ["finishing", "Completions"], "graduate_scheme": ["yes"]})


@pytest.mark.parametrize(
    ("keys", "named", "told"),
    [
        ({"follow_up": {"months": 12, "primary": [4, 12]}}, "follow_up.primary", r"\[1, 12\]"),
        (
            {"follow_up": {"months": 12, "primary": [1, 12], "windows": [[0, 3]]}},
            "follow_up.windows",
            r"\[1, 3\]",
        ),
        ({"adjust_for": "pre_period_outcome"}, "adjust_for", "performance.METRIC"),
        ({"adjust_for": "tenure_months"}, "adjust_for", "Remove it"),
        ({"effect_of_interest": 2}, "effect_of_interest", "share"),
        (
            {"outcome": {"kind": "exit", "metric": "any", "unit": "people"}},
            "outcome.unit",
            "no unit",
        ),
        ({"arms": ARMS | {"comparison": "never_applied"}}, "arms", "immortal time"),
        ({"arms": ARMS | {"treated": ["a", "b"]}}, "arms.treated", "one way"),
        ({"time_zero": "assigned_on"}, "time_zero", "invited_on"),
        (
            {"time_zero": "applied_on", "trials": {"start": "applied_on"}},
            "trials.start",
            "nobody is left",
        ),
        ({"start_dates": "matched", "time_zero": "invited_on"}, "time_zero", "one of the two"),
        ({"start_dates": "matched", "trials": {"within": 3}}, "trials.within", "recorded day"),
    ],
)
def test_what_cannot_be_answered_rightly_is_refused(
    keys: dict[str, Any], named: str, told: str
) -> None:
    with pytest.raises(SpecError, match=told) as refused:
        study(**keys)
    assert refused.value.key == named


def test_trials_belong_to_studies_of_exits() -> None:
    with pytest.raises(SpecError, match="trials"):
        study(outcome={"metric": "sales"}, trials={"within": 3})


@pytest.mark.parametrize(
    ("design", "keys", "named"),
    [
        ("opt_in", {"rollout": {"control": "never"}}, "rollout"),
        ("rollout", {"rollout": {"drawn": True}}, "rollout"),
        ("randomised", {"trials": {"start": "applied_on"}}, "trials"),
        ("rollout", {"trials": {"start": "applied_on"}}, "trials"),
        ("opt_in", {"decided_within": 2}, "decided_within"),
        ("opt_in", {"matched_within": 2}, "matched_within"),
        ("rollout", {"start_dates": "matched"}, "start_dates"),
        ("opt_in", {"start_dates": "matched", "start_dates_within": "site"}, "start_dates_within"),
        ("rollout", {"notice_months": 2}, "notice_months"),
        ("opt_in", {"allocation": {"share": 0.5}}, "allocation.share"),
        ("rollout", {"allocation": {"strata": ["site"]}}, "allocation.strata"),
        ("opt_in", {"take_up": "matched"}, "take_up"),
        ("randomised", {"estimator": "ancova"}, "estimator"),
        ("randomised", {"covariance": "HC3"}, "covariance"),
        ("opt_in", {"missing_covariates": "drop"}, "missing_covariates"),
        (
            "opt_in",
            {"specifications": [{"name": "a", "first_month": 1, "last_month": 2}]},
            "specifications",
        ),
        ("opt_in", {"negative_controls": ["age"]}, "negative_controls"),
        ("randomised", {"dose": ["meetings"]}, "dose"),
        ("opt_in", {"practices": ["rhythm"]}, "practices"),
    ],
)
def test_a_key_that_says_nothing_about_exits_is_refused(
    design: str, keys: dict[str, Any], named: str
) -> None:
    with pytest.raises(SpecError, match="says nothing in") as refused:
        refuse_unused(study(design, **keys))
    assert refused.value.key == named


@pytest.mark.parametrize(
    ("design", "keys"),
    [
        ("opt_in", {"trials": {"start": "first_met_on", "within": 6}, "notice_months": 2}),
        ("opt_in", {"start_dates": "matched", "trials": {"start": "applied_on"}}),
        ("rollout", {"cluster": "site", "adjust_for": ["level"]}),
        ("randomised", {"allocation": {"share": 0.5, "strata": ["stratum"]}, "take_up": "matched"}),
    ],
)
def test_keys_that_studies_of_exits_use_stay(design: str, keys: dict[str, Any]) -> None:
    refuse_unused(study(design, **keys))
