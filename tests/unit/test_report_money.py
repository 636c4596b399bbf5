"""Money as a reader, a program and an analyst see it; what is withheld is in none of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.money.effect import Effect
from analysis.money.price import price, value
from pipelines.results_money import rows_of
from reports.build import findings_json, render_html
from reports.wording import money as words
from reports.wording import money_base as base
from tests.exit_cases import intention
from tests.money_cases import exits, money_case, money_report, uplift
from tests.report_cases import company_report, lottery, released, trial, trial_spec, withheld
from tests.unit.test_money import BOTH, LEAVING, SALES, SPECS
from tests.unit.test_report_html import text_of

if TYPE_CHECKING:
    from analysis.money.value import Money


def test_page_one_says_what_comes_back_and_when_it_pays() -> None:
    text = text_of(money_report())
    assert (
        "For each €1 spent on sales mentoring the estimate is that €1.54 comes back within 12 "
        "months (95 % interval €0.44 to €2.65); the data cannot tell whether it pays for itself."
    ) in text
    assert "It pays for itself if the true effect on revenue per call is +2.7 % or better" in text
    assert "Return on sales mentoring: +55 % of cost" in render_html(money_report()).replace(
        "\u202f", " "
    )


def test_the_section_prints_every_assumption_and_adds_up() -> None:
    text = text_of(money_report())
    assert "€78,795" in text and "€22,568 to €135,022" in text and "€27,795" in text
    assert "80 pairs × 6 months × 1.5 hours × €40" in text
    for name in ("Worth of 100 % of output", "An hour of a mentee", "Platform, in all"):
        assert name in text
    assert "€2,250 to €3,750 ±25 %, by default" in text
    assert "If only the lower bound is true" in text and "€28,432 less than it cost" in text


def test_no_project_without_money_speaks_of_it() -> None:
    html = render_html(company_report())
    assert 'id="money"' not in html and 'class="money"' not in html
    assert all(f["money"] is None for f in json.loads(findings_json(company_report())))


def test_a_withheld_study_gives_nothing_away() -> None:
    report, found = money_report(), withheld()
    case = report.money[1]
    assert case.returned is None and not case.tornado
    head = replace(found.estimates[0], estimate=0.4321, ci_low=0.4, ci_high=0.5)
    other = replace(found, estimates=(head, *found.estimates[1:]))
    desk = money_case(
        uplift(study="service-desk", monthly_value=50_000), case="desk",
        title="The service desk", programme="DESK", horizon=24,
    )  # fmt: skip
    assert price(desk, [found.spec], released(other)) == case  # whatever was found
    text = text_of(report)
    assert "There is no figure for the service desk: no study of it may be counted" in text
    assert "“Service desk buddies” counts as nothing: its answer is not shown." in text
    assert "To count it: Sizes of the arms" in text
    printed = {f["study"]: f["money"] for f in json.loads(findings_json(report))}
    (benefit,) = printed["service-desk"]["benefits"]
    assert benefit["refused"] == "not_shown"
    assert {benefit[k] for k in ("effect", "effect_low", "amount", "low", "high")} == {None}


def test_json_holds_a_case_once() -> None:
    """At the first of its studies: whoever adds up findings does not count it twice."""
    made = released(lottery())
    money = price(money_case(exits(), uplift()), [SALES, LEAVING], made)
    report = replace(money_report(), releases=made, money=(money,))
    (found,) = json.loads(findings_json(report))
    assert found["money"]["case"] == "sales"
    assert [b["refused"] for b in found["money"]["benefits"]] == ["not_answered", None]


def test_rows_for_people_who_ask_with_sql() -> None:
    rows = list(rows_of(value(money_case(uplift(), exits()), SPECS, BOTH)))
    parts = [row["part"] for row in rows]
    assert [parts.count(p) for p in ("result", "benefit", "cost", "assumption")] == [3, 2, 5, 13]
    ratio = next(r for r in rows if r["name"] == "ratio")
    assert (ratio["value"], ratio["low"], ratio["high"]) == (0.852941, -0.801471, 2.544853)
    assert {r["money_case"] for r in rows} == {"sales"}


def graded(grade: str, low: float, high: float) -> Money:
    """The case with an effect in the middle of such an interval."""
    effect = Effect(value=(low + high) / 2, low=low, high=high, log=True)
    money = value(money_case(), SPECS, {"sales-mentoring": effect})
    return replace(money, grade=grade)


@pytest.mark.parametrize(
    ("grade", "low", "high", "said"),
    [
        ("Randomised", 3.0, 9.0, "Each €1 spent on sales mentoring returned €2.25 within"),
        ("Credible", 3.0, 9.0, "Each €1 spent on sales mentoring probably returned €2.25"),
        ("Randomised", 1.0, 9.0, "the estimate is that €1.88 comes back"),
        ("Credible", -3.0, 1.0, "probably returned −€0.38 within"),
    ],
)
def test_the_verb_follows_grade_and_interval(
    grade: str, low: float, high: float, said: str
) -> None:
    assert said in "".join(words.sentence(graded(grade, low, high)))


def test_several_benefits_and_how_their_errors_go_together() -> None:
    money = value(money_case(uplift(), exits()), SPECS, BOTH)
    known = {r.study: r for r in released(lottery())}
    said = words.pays_from(money, known).replace("\u202f", " ").replace("\xa0", " ")
    assert said.startswith("Alone, +2.7 % on revenue per call or −5.7 points on sales-turnover")
    assert "draws of the estimates more comes back than was spent" in said
    assert "the worst that can be" in words.together(money)
    assert words.together(graded("Credible", 1.0, 2.0)) == ""


def test_the_people_of_a_study_stand_beside_those_of_the_case() -> None:
    report = money_report()
    known = {r.study: r for r in report.releases}
    facts = dict(base.counted_facts(report.money[0], known))
    (what,) = (name for name in facts if name.endswith(": people, months measured"))
    assert facts[what].startswith("100 people (in the study: 165 drawn), months 1 to 6")
    assert "not discounted" in facts["Months after time zero"]


def test_a_case_of_chosen_studies_names_the_others() -> None:
    """Profit has a price, an intention to leave has none; another programme is another case."""
    known = {r.study: r for r in released(lottery(), trial(), intention())}
    money = value(money_case(), SPECS, BOTH)
    assert {r.programme for r in known.values()} == {money.programme}
    said = "Of the same programme, and not in the case: “Mentors for small firms”."
    assert base.left_out(money, known) == said
    assert said.split(":")[0] in text_of(money_report())
    assert base.left_out(replace(money, programme="DESK"), known) == ""


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "fewer than 1 of 100"), (0.997, "more than 99 of 100"), (0.83, "83 of 100")],
)
def test_draws_are_never_all_or_none(share: float, said: str) -> None:
    assert words.in_100(share) == said


@pytest.mark.parametrize(
    ("amount", "currency", "places", "said"),
    [
        (1.234, "EUR", 2, "€1.23"), (-4000, "GBP", 0, "−£4,000"), (-0.001, "USD", 2, "$0.00"),
        (1000, "CHF", 0, "CHF\xa01,000"),
    ],
)  # fmt: skip
def test_amounts(amount: float, currency: str, places: int, said: str) -> None:
    assert words.in_currency(amount, currency, places) == said


def test_hostile_titles_stay_text() -> None:
    bad = "<img src=x onerror=alert(1)>\u202e"
    money = replace(money_report().money[0], title=bad)
    html = render_html(replace(money_report(), money=(money,)))
    assert "<img" not in html and "\u202e" not in html


def test_unit_values_of_other_outcomes_are_named() -> None:
    spec = trial_spec(study="calls", outcome={"metric": "calls", "unit": "calls"})
    case = money_case(uplift(study="calls", monthly_value=20))
    effect = Effect(value=4.0, low=1.0, high=7.0)
    money = value(case, {"calls": spec}, {"calls": effect})
    said = words.assumption("monthly_value", money.benefits[0])
    assert said == "Worth of one unit more (calls), a person and month"
