"""A study file is validated with messages that name the key and the fix, and hashed."""

from __future__ import annotations

import copy

import pytest

from analysis.errors import SpecError
from analysis.study import parse_study

GOOD = {
    "study": "sales",
    "question": "Does mentoring raise revenue?",
    "as_of": "2025-12-31",
    "programme": "SALES",
    "design": "randomised",
    "arms": {"treated": "mentee", "comparison": "lottery_lost"},
    "outcome": {"metric": "revenue"},
    "follow_up": {"months": 6, "primary": [1, 6]},
}


def _with(path: str, value: object) -> dict:
    data = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = data
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "key", "fix"),
    [
        ("question", ..., "question", "Add `question:`"),
        ("outcome.metric", ..., "outcome.metric", "Add `metric:`"),
        ("outcom", {}, "outcom", "Did you mean `outcome`?"),
        ("outcome.metrik", "x", "outcome.metrik", "Did you mean `metric`?"),
        ("design", "randomized", "design", "Correct the value"),
        ("as_of", "31/12/2025", "as_of", "Correct the value"),
        ("study", "Sales 2025", "study", "Correct the value"),
        ("follow_up.primary", [6, 1], "follow_up", "Correct the value"),
        ("follow_up.primary", [1, 9], "follow_up", "Correct the value"),
        ("arms.comparison", "mentee", "arms", "Correct the value"),
    ],
)
def test_a_mistake_names_its_key_and_the_fix(path: str, value: object, key: str, fix: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_study(_with(path, value))
    assert caught.value.key == key
    assert fix in caught.value.fix


def test_a_negative_control_may_not_be_adjusted_for() -> None:
    data = GOOD | {"adjust_for": ["age"], "negative_controls": ["age"]}
    again = {"name": "a", "adjust_for": ["age"], "first_month": 1, "last_month": 2}
    with pytest.raises(SpecError, match="negative_controls"):
        parse_study(GOOD | {"specifications": [again], "negative_controls": ["age"]})
    with pytest.raises(SpecError, match="negative_controls"):
        parse_study(data)


def test_the_hash_is_of_the_question_not_of_its_layout() -> None:
    shuffled = dict(reversed(GOOD.items()))
    assert parse_study(GOOD).digest() == parse_study(shuffled).digest()
    changed = _with("follow_up.primary", [1, 3])
    assert parse_study(GOOD).digest() != parse_study(changed).digest()


def test_the_estimator_follows_from_what_is_adjusted_for() -> None:
    assert parse_study(GOOD).primary_estimator == "difference_in_means"
    assert parse_study(GOOD | {"adjust_for": "level"}).primary_estimator == "ancova"
    assert (
        parse_study(GOOD | {"adjust_for": "level", "estimator": "lin"}).primary_estimator == "lin"
    )


def test_values_of_the_population_are_names() -> None:
    study = parse_study(GOOD | {"population": {"sex": [1], "tenure_months": {"max": 3}}})
    assert study.population["sex"] == ("1",)
    assert study.population["tenure_months"].max == 3


@pytest.mark.parametrize(
    ("effect", "outcome", "wanted"),
    [
        (None, {"metric": "revenue"}, None),
        (-2.0, {"metric": "revenue"}, 2.0),
        (-0.1, {"metric": "revenue", "transform": "log"}, 0.1053605),  # log of 1 / .9
        (0.1, {"metric": "calls", "kind": "count"}, 0.0953102),  # log of 1.1
    ],
)
def test_the_effect_of_interest_on_the_scale_of_the_estimate(
    effect: float | None, outcome: dict, wanted: float | None
) -> None:
    spec = parse_study({**GOOD, "outcome": outcome, "effect_of_interest": effect})
    assert spec.wanted == (None if wanted is None else pytest.approx(wanted, abs=1e-7))


def test_a_ratio_cannot_fall_by_all_there_is() -> None:
    outcome = {"metric": "revenue", "transform": "log"}
    with pytest.raises(SpecError, match="effect_of_interest"):
        parse_study({**GOOD, "outcome": outcome, "effect_of_interest": -1.0})
