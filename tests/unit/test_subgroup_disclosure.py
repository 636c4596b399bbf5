"""Subgroups as released: what is hidden does not follow from what is shown beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.benefits.interaction import Interaction
from analysis.disclosure import release, restore
from analysis.estimate import Estimate, NotEstimable
from analysis.finding import Finding, Flow
from analysis.rules import Rules
from tests.report_cases import check, estimate, required, trial_spec

PROTECTED, PUBLIC = Rules(), Rules(mode="public")


def group(label: str, treated: int, comparison: int, variable: str = "team") -> Estimate:
    made = estimate(f"subgroup: {variable}", 4.0, 1.0, n_treated=treated, n_comparison=comparison)
    return replace(made, target=replace(made.target, subgroup=f"{variable} {label}"))


def finding(*groups: Any, tests: tuple[Interaction, ...] = (), **more: Any) -> Finding:
    head = estimate("primary", 3.0, 1.0, role="headline")
    return Finding(
        spec=trial_spec(),
        population="people",
        flow=Flow(steps=(), arms=()),
        estimates=(head, *groups),
        diagnostics=more.get("checks", required()),
        interactions=tests,
    )


def a_test_of(*levels: str) -> Interaction:
    return Interaction(
        variable="team", arm="mentee", levels=levels, statistic=4.0, df=(1.0, 100.0),
        p_value=0.0478, p_holm=0.0478, p_bh=0.0478, largest=2.0, verdict="differ",
    )  # fmt: skip


def shown(made: Finding, rules: Rules = PROTECTED):
    return release([made], rules)[0][0]


def test_groups_large_enough_are_shown_with_their_test() -> None:
    made = shown(finding(group("a", 30, 40), group("b", 50, 60), tests=(a_test_of("a", "b"),)))
    assert [e.status for e in made.estimates[1:]] == ["released", "released"]
    (test,) = made.interactions
    assert (test.status, test.p_value, test.verdict) == ("released", 0.05, "differ")


def test_of_two_groups_one_too_small_hides_both_and_the_test() -> None:
    made = shown(finding(group("a", 9, 40), group("b", 50, 60), tests=(a_test_of("a", "b"),)))
    for one in made.estimates[1:]:
        assert one.status == "suppressed"
        assert one.estimate is one.std_error is one.n_people is one.p_value is None
    (test,) = made.interactions
    assert test.status == "suppressed"
    assert test.p_value is test.p_holm is test.p_bh is None and test.verdict == "not_tested"


def test_of_three_the_small_one_takes_the_next_smallest_with_it() -> None:
    groups = (group("a", 9, 40), group("b", 50, 60), group("c", 20, 20))
    made = shown(finding(*groups, tests=(a_test_of("b", "c"),)))
    assert [e.status for e in made.estimates[1:]] == ["suppressed", "released", "suppressed"]
    assert made.interactions[0].status == "suppressed"  # it would tell of the hidden one


def test_two_hidden_groups_hide_each_other() -> None:
    groups = (group("a", 9, 40), group("b", 50, 60), group("c", 8, 20))
    made = shown(finding(*groups))
    assert [e.status for e in made.estimates[1:]] == ["suppressed", "released", "suppressed"]


def test_groups_hidden_are_together_large_enough() -> None:
    """Two groups of three are still six people: everybody less the others tells of them."""
    head = {"n_treated": 59, "n_comparison": 100}  # of finding(): 124 and 119 are more
    sizes = {"a": (3, 20), "b": (3, 20), "c": (23, 30), "d": (30, 30)}
    made = finding(*(group(name, *n) for name, n in sizes.items()))
    (first, *rest) = made.estimates
    made = replace(made, estimates=(replace(first, **head), *rest))
    assert [e.status for e in shown(made).estimates[1:]] == [*["suppressed"] * 3, "released"]


def test_one_of_whom_nothing_is_recorded_counts_as_a_group() -> None:
    target = replace(group("a", 1, 1).target, subgroup="team not recorded")
    unknown = NotEstimable(target=target, reason="fewer than 2 people")
    made = shown(finding(group("a", 30, 40), group("b", 50, 60), unknown))
    assert [e.status for e in made.estimates[1:]] == ["suppressed", "released", "suppressed"]


def test_variables_do_not_hide_each_other() -> None:
    groups = (group("a", 30, 40), group("b", 50, 60), group("1", 5, 5, "level"))
    made = shown(finding(*groups, group("2", 70, 90, "level")))
    assert [e.status for e in made.estimates[1:]] == ["released"] * 2 + ["suppressed"] * 2


def test_public_data_show_everything() -> None:
    groups = (group("a", 9, 40), group("b", 50, 60))
    made = shown(finding(*groups, tests=(a_test_of("a", "b"),)), PUBLIC)
    assert {e.status for e in made.estimates} == {"released"}
    assert made.interactions[0].p_value == 0.0478


@pytest.mark.parametrize("rules", [PROTECTED, PUBLIC])
def test_withheld_with_the_headline(rules: Rules) -> None:
    failed = required(balance=check("balance", "fail", remedy="Look."))
    groups = (group("a", 30, 40), group("b", 50, 60))
    made = shown(finding(*groups, tests=(a_test_of("a", "b"),), checks=failed), rules)
    assert {e.status for e in made.estimates} == {"withheld"}
    (test,) = made.interactions
    assert test.status == "withheld" and test.reason
    assert test.p_value is test.p_holm is test.p_bh is None and test.verdict == "not_tested"


def test_a_headline_too_small_hides_the_tests() -> None:
    made = finding(group("a", 30, 40), group("b", 50, 60), tests=(a_test_of("a", "b"),))
    head = replace(made.headline, n_treated=5)
    one = shown(replace(made, estimates=(head, *made.estimates[1:])))
    assert one.interactions[0].status == "withheld" and one.interactions[0].p_value is None


def test_a_test_that_could_not_be_made_says_why() -> None:
    none = Interaction(variable="team", arm="mentee", levels=("a",), reason="one group")
    (test,) = shown(finding(group("a", 30, 40), tests=(none,))).interactions
    assert (test.status, test.reason) == ("not_estimable", "one group")


def test_a_saved_release_comes_back_with_its_tests() -> None:
    made = shown(finding(group("a", 30, 40), group("b", 50, 60), tests=(a_test_of("a", "b"),)))
    assert restore(made.as_dict(), made.digest()) == made
