"""Who benefits, as printed: nothing where nothing is declared, the finding in each heading."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from analysis.benefits.interaction import Interaction
from analysis.disclosure import release
from analysis.rules import Rules
from reports.build import findings_json, render_html
from tests.disclosed import breaches
from tests.report_cases import check, company_report, estimate, required
from tests.unit.test_subgroup_disclosure import finding, group

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Estimate

BIG = {"n_treated": 300, "n_comparison": 310}


def interaction(verdict: str = "differ", p: float = 0.012) -> Interaction:
    return Interaction(
        variable="team", arm="mentee", levels=("a", "b"), statistic=6.0, df=(1.0, 200.0),
        p_value=p, p_holm=2 * p, p_bh=2 * p, family=2, largest=3.0, verdict=verdict,
    )  # fmt: skip


def quantiles(*values: float) -> list[Estimate]:
    return [
        estimate(f"quantile: {tau:g}", value, 1.0, **BIG)
        for tau, value in zip((0.1, 0.25, 0.5, 0.75, 0.9), values, strict=True)
    ]


def spread(value: float, low: float, high: float) -> Estimate:
    return estimate("sd_ratio", value, 0.1, unit="ratio", ci=(low, high), **BIG)


def fifths(trend: float) -> list[Estimate]:
    words = ("least eager fifth", "second fifth", "middle fifth", "fourth fifth")
    made = [estimate("eagerness", 9.0 - i, 1.0, **BIG) for i in range(5)]
    named = [
        replace(e, target=replace(e.target, subgroup=w))
        for e, w in zip(made, (*words, "most eager fifth"), strict=True)
    ]
    return [*named, estimate("eagerness_trend", trend, 1.0, **BIG)]


def equal(p: float) -> Diagnostic:
    return check("quantile_equality_mentee", "note", value=p, display=f"p = {p}")


def report(*results: Any, tests: tuple[Interaction, ...] = (), **more: Any):
    made = release([finding(*results, tests=tests, **more)], Rules())[0]
    return replace(company_report(), releases=made)


def section(html: str) -> str:
    found = re.search(r'<section class="sec" id="benefits".*?</section>', html, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", found.group()).split()) if found else ""


def test_there_is_no_section_where_nothing_is_declared() -> None:
    assert section(render_html(report())) == ""
    assert "Who benefits" not in render_html(company_report())


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("differ", "the effect differs by team"),
        ("no_sign", "no sign that the effect differs by team"),
        ("cannot_tell", "the data cannot tell whether the effect differs by team"),
    ],
)
def test_the_heading_says_what_the_test_allows(verdict: str, said: str) -> None:
    groups = (group("a", 30, 40), group("b", 50, 60))
    text = section(render_html(report(*groups, tests=(interaction(verdict),))))
    assert said in text.lower()  # a title, so with a capital
    assert "0.01 0.02 0.02" in text  # p, Holm and BH, to one digit in protected projects
    assert "2 tests declared" in text
    assert "Everybody" in text and "A 70 people" in text and "B 110 people" in text


def test_hidden_groups_say_so_and_are_not_tested() -> None:
    groups = (group("a", 9, 40), group("b", 50, 60))
    html = render_html(report(*groups, tests=(interaction(),)))
    text = section(html)
    assert text.count("Not shown:") == 2
    assert "Not tested: a group has fewer than 10 people." in text
    assert "No groups could be compared" in text


def test_a_withheld_study_says_nothing_of_its_groups() -> None:
    failed = required(balance=check("balance", "fail", remedy="Look."))
    groups = (group("a", 30, 40), group("b", 50, 60), *quantiles(7.77, 3, 2, 1, 0))
    made = report(*groups, tests=(interaction(p=0.0123),), checks=failed)
    html = render_html(made)
    assert "withheld too" in section(html)
    assert "7.77" not in html and "7.77" not in findings_json(made)
    assert "0.01" not in section(html)


@pytest.mark.parametrize(("p", "said"), [(0.001, "the effect differs along"), (0.3, "cannot tell")])
def test_quantiles_are_said_to_differ_where_the_test_says_so(p: float, said: str) -> None:
    found = (*quantiles(8, 6, 4, 2, -1), spread(0.6, 0.5, 0.7))
    text = section(render_html(report(*found, checks=(*required(), equal(p)))))
    assert said in text.lower()
    assert "10th percentile" in text and "Median" in text and "90th percentile" in text
    assert "it makes people differ less" in text


@pytest.mark.parametrize(
    ("trend", "said"), [(-8.0, "falls with"), (8.0, "rises with"), (1.0, "cannot tell")]
)
def test_the_trend_with_eagerness_is_named(trend: float, said: str) -> None:
    text = section(render_html(report(*fifths(trend))))
    assert said in text
    assert "Least eager fifth" in text and "Most eager fifth" in text
    assert "only if" in text  # the assumption stands with the number


@pytest.mark.parametrize(
    ("warnings", "noun", "people"),
    [
        (2, "possible effect", "it may make people differ less"),
        (3, "association", "people differ less with it, which is no effect"),
    ],
)
def test_below_credible_no_sentence_claims_an_effect(warnings: int, noun: str, people: str) -> None:
    doubts = [check(f"doubt_{i}", "warn", remedy="Look.") for i in range(warnings)]
    found = (
        group("a", 30, 40), group("b", 50, 60), *quantiles(8, 6, 4, 2, -1), spread(0.6, 0.5, 0.7),
        *fifths(-8.0),
    )  # fmt: skip
    checks = (*required(), equal(0.001), *doubts)
    text = section(render_html(report(*found, tests=(interaction(),), checks=checks)))
    for said in ("differs by team", "differs along the distribution", "falls with the eagerness"):
        assert f"the {noun} {said}" in text.lower()
    assert f"The {noun} differs between groups of team" in text and people in text
    assert "the effect differs" not in text.lower() and "it makes people" not in text


def test_benefits_stand_in_their_section_alone() -> None:
    html = render_html(report(group("a", 30, 40), group("b", 50, 60), *quantiles(8, 6, 4, 2, 1)))
    others = re.search(r'id="others".*?</section>', html, re.DOTALL)
    assert others and "team a" not in others.group() and "percentile" not in others.group()


def test_findings_hold_the_tests_and_break_no_rule() -> None:
    made = report(group("a", 30, 40), group("b", 50, 60), tests=(interaction(),))
    (found,) = json.loads(findings_json(made))
    (test,) = found["interactions"]
    assert test["variable"] == "team" and test["levels"] == ["a", "b"]
    assert (test["p_value"], test["p_holm"], test["verdict"]) == (0.01, 0.02, "differ")
    assert breaches([found], render_html(made)) == []
