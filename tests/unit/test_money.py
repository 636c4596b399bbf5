"""What a programme is worth: an example worked by hand, and what is refused.

The example. 100 people, 80 pairs. The effect on output is +4.0 % (1.0 to 7.1), of a log.

months that count    6 x .95 + .9 x (.5 + .25) = 6.375 a person
one per cent         100 x 6.375 x 3,000 / 100 = 19,125
benefit              19,125 x 4.0 (1.0, 7.1) = 76,500 (19,125 to 135,787.50)
costs                80 x 6 x (1.5 x 40 + 1.5 x 20 + 10) = 48,000; with 2,000 and 1,000: 51,000
net                  76,500 - 51,000 = 25,500 (-31,875 to 84,787.50)
net over cost        25,500 / 51,000 = .5 (-.625 to 1.6625)
break-even           51,000 / 19,125 = 2.6667 %
below it             (ln 1.0266667 - ln 1.04) / ((ln 1.04 - ln 1.01) / 1.959964)
                     = -.0129034 / .0149342 = -.86402 standard deviations: 19.38 % of draws

Exits: -2.0 points (-5.0 to +1.0) of 100 people at 9,000 each: 18,000 (-9,000 to 45,000); break-even
51,000 / 900,000 = 5.6667 points fewer. Both together: 94,500 less 51,000, net over cost 43,500 /
51,000 = .852941 (10,125 and 180,787.50: -.801471 to 2.544853).
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from analysis.errors import SpecError
from analysis.finding import registered
from analysis.money.effect import Effect, effect_of
from analysis.money.price import price, value
from analysis.money.rules import check_money
from analysis.registry import judge
from pipelines.config import load_project
from pipelines.errors import UserError
from tests.money_cases import COSTS, exits, money_case, uplift
from tests.report_cases import lottery, released, suppressed, trial, trial_spec, withheld
from tests.unit.test_registry import FIRST, WHY, entry

DEMO = Path(__file__).parents[2] / "data" / "examples" / "demo"
SALES = lottery().spec
LEAVING = trial_spec(
    study="sales-turnover",
    title="Leaving sales",
    outcome={"kind": "exit", "metric": "voluntary"},
    follow_up={"months": 12, "primary": [1, 12]},
)
SPECS = {s.study: s for s in (SALES, LEAVING)}
OUTPUT = Effect(value=4.0, low=1.0, high=7.1, log=True)
KEPT = Effect(value=-0.02, low=-0.05, high=0.01, sign=-1)
BOTH = {"sales-mentoring": OUTPUT, "sales-turnover": KEPT}
# Draws stand for 1 of 20,000 equal parts of the distribution; the hand calculation has 4 digits.
DRAW = 2e-4


def test_the_example_worked_by_hand() -> None:
    money = value(money_case(), SPECS, BOTH)
    (benefit,), made = money.benefits, money.returned
    assert made is not None
    assert (benefit.person_months, benefit.each) == (6.375, 19_125.0)
    assert (benefit.amount, benefit.low, benefit.high) == (76_500.0, 19_125.0, 135_787.5)
    assert money.cost == 51_000.0 and made.net == 25_500.0
    assert (made.net_low, made.net_high) == (-31_875.0, 84_787.5)
    assert (made.ratio, made.low, made.high) == (0.5, -0.625, 1.6625)
    assert made.back == (1.5, 0.375, 2.6625)
    assert benefit.break_even == pytest.approx(2.6667, abs=5e-5)
    assert made.p_positive == pytest.approx(0.8062, abs=DRAW)
    assert made.apart_low is None  # one estimate: its errors alone


def test_two_benefits_add_up_each_once() -> None:
    money = value(money_case(uplift(), exits()), SPECS, BOTH)
    made, left = money.returned, money.benefits[1]
    assert made is not None and made.apart_low is not None and made.apart_high is not None
    assert (left.amount, left.low, left.high) == (18_000.0, -9_000.0, 45_000.0)
    assert left.break_even == pytest.approx(-0.056667, abs=5e-7)
    assert (made.ratio, made.low, made.high) == (0.852941, -0.801471, 2.544853)
    # Errors apart: half widths 57,375 and 27,000 below add in squares, 63,411 of 51,000.
    assert made.apart_low == pytest.approx(0.852941 - 1.2433, abs=0.02)
    assert made.low < made.apart_low and made.apart_high < made.high


def test_the_tornado_moves_one_thing_at_a_time() -> None:
    money = value(money_case(), SPECS, BOTH)
    swings = {(s.study, s.name): s for s in money.tornado}
    # 57,375 and 95,625 of benefits; costs of 39,000 and 63,000.
    worth = swings["sales-mentoring", "monthly_value"]
    assert (worth.at_low, worth.at_high) == (0.125, 0.875)
    months = swings["", "months"]
    assert (months.at_low, months.at_high) == (0.961538, 0.214286)
    effect = swings["sales-mentoring", "effect"]
    assert (effect.at_low, effect.at_high) == (-0.625, 1.6625)
    widths = [s.width for s in money.tornado]
    assert widths == sorted(widths, reverse=True)


def test_limits_are_the_projects_or_a_quarter_and_a_share_is_no_more_than_all() -> None:
    case = money_case(uplift(monthly_value={"value": 3000, "low": 2900, "high": 3600}))
    found = {a.name: a for a in value(case, SPECS, BOTH).assumptions}
    assert (found["monthly_value"].low, found["monthly_value"].high) == (2900, 3600)
    assert found["monthly_value"].declared and not found["months"].declared
    assert (found["months"].low, found["months"].high) == (4.5, 7.5)
    assert found["still_employed"].high == 1.0


def test_fewer_is_better_where_the_study_says_so() -> None:
    """1,000 a month for one complaint less: 6 x .95 x 100 people x 2 complaints x 1,000."""
    spec = trial_spec(
        study="sales-mentoring",
        outcome={"metric": "complaints", "unit": "complaints", "higher_is": "worse"},
        follow_up={"months": 6, "primary": [1, 6]},
    )
    effect = Effect(value=-2.0, low=-3.0, high=-1.0, sign=-1)
    case = money_case(uplift(monthly_value=1000, persistence=None))
    (benefit,) = value(case, {spec.study: spec}, {spec.study: effect}).benefits
    assert (benefit.low, benefit.amount, benefit.high) == (570_000.0, 1_140_000.0, 1_710_000.0)
    assert benefit.break_even == pytest.approx(-51_000 / 570_000, abs=1e-6)


def test_no_effect_can_keep_more_people_than_there_are() -> None:
    case = money_case(exits(replacement_cost=500))  # 50,000 if nobody left: less than the costs
    assert value(case, SPECS, BOTH).benefits[0].break_even is None


# Double counting and effects without a price: benefits, studies beside, words of the refusal.
ZERO = trial_spec(
    study="per-person",
    outcome={"metric": "sales", "unit": "EUR", "after_exit": "zero"},
    follow_up={"months": 6, "primary": [1, 6]},
)
OTHERS = {
    kind: trial_spec(
        study=f"a-{kind}", outcome=outcome, follow_up={"months": 6, "primary": primary}
    )
    for kind, outcome, primary in (
        ("rating", {"kind": "rating", "metric": "rating", "scales": {"five": "highest"}}, [1, 6]),
        ("promotion", {"kind": "promotion", "metric": "level"}, [6, 6]),
        ("scale", {"kind": "scale", "metric": "tis6"}, [1, 6]),
        ("cut", {"kind": "scale", "metric": "tis6", "cut": 3.5}, [1, 6]),
        ("retirement", {"kind": "exit", "metric": "retirement"}, [1, 6]),
        ("second", {"metric": "calls", "unit": "calls"}, [1, 6]),
        ("goodbye", {"kind": "exit", "metric": "any", "higher_is": "better"}, [1, 6]),
    )
}
ELSEWHERE = trial_spec(study="elsewhere", programme="OTHER")
ALL = (SALES, LEAVING, ZERO, *OTHERS.values(), ELSEWHERE)
OWN = {"persistence": None}
REFUSED: list[tuple[tuple[dict[str, Any], ...], str]] = [
    ((uplift(), uplift()), "stands in the case twice"),
    ((uplift(), uplift(study="a-second")), "of people whom benefit 0 counts already"),
    (
        (uplift(study="per-person", still_employed=None, **OWN), exits()),
        "counts exits already; sales-turnover would count them again",
    ),
    ((uplift(), exits(includes_lost_output=True)), "includes lost output"),
    ((exits(includes_lost_output=True), uplift()), "includes lost output"),
    ((uplift(study="per-person", **OWN),), "zero in the study already"),
    ((uplift(still_employed=None),), "nothing counts after an exit"),
    ((uplift(study="elsewhere"),), "is about the programme OTHER"),
    ((uplift(study="nothing"),), "there is no such study"),
    ((uplift(study="a-rating"),), "points of a rating have no price"),
    ((uplift(study="a-promotion"),), "a promotion has no price"),
    ((uplift(study="a-scale"),), "an intention to leave as little as any other"),
    ((uplift(study="sales-turnover"),), "fewer exits are no output"),
    ((exits(study="a-cut"),), "an intention to leave as little as any other"),
    ((exits(study="a-retirement"),), "is no study of voluntary or any exits"),
    ((exits(study="sales-mentoring"),), "is no study of voluntary or any exits"),
    ((exits(study="a-goodbye"),), "takes more exits for better"),
    ((uplift(people=101),), "are more than those of the case"),
    (
        (uplift(persistence={"months": 7, "kept": 1, "still_employed": 1}),),
        "goes on to month 13, beyond the horizon of 12",
    ),
]


@pytest.mark.parametrize(("benefits", "words"), REFUSED)
def test_refused_with_a_plain_message(benefits: tuple[dict[str, Any], ...], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_money([money_case(*benefits)], ALL)
    assert words in caught.value.problem
    assert caught.value.key.startswith("money.sales") and caught.value.fix


def test_what_may_be_counted_is_not_refused() -> None:
    check_money([money_case(uplift(), exits())], ALL)
    check_money([money_case(exits(includes_lost_output=True))], ALL)
    check_money([money_case(uplift(study="per-person", still_employed=None, **OWN))], ALL)


def test_other_departments_count_apart_and_no_more_people_than_there_are() -> None:
    first = trial_spec(study="in-sales", population={"department": ["sales"]},
                       follow_up={"months": 6, "primary": [1, 6]})  # fmt: skip
    second = trial_spec(study="in-care", population={"department": ["care"]},
                        follow_up={"months": 6, "primary": [1, 6]})  # fmt: skip
    two = (uplift(study="in-sales", people=60), uplift(study="in-care", people=40))
    check_money([money_case(*two)], (first, second))
    two[0]["people"] = 61
    with pytest.raises(SpecError, match="101 people together"):
        check_money([money_case(*two)], (first, second))


@pytest.mark.parametrize("changes", [{}, {"case": "again"}])
def test_a_programme_has_one_case(changes: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="counted twice"):
        check_money([money_case(), money_case(**changes)], ALL)


def test_costs_are_not_nothing() -> None:
    free = {name: 0 for name in COSTS}
    with pytest.raises(SpecError, match="nothing can be divided by it"):
        check_money([money_case(costs=free)], ALL)


@pytest.mark.parametrize(
    "benefit",
    [
        uplift(monthly_value=0),
        uplift(monthly_value={"value": 3, "low": 4, "high": 5}),
        uplift(monthly_value={"value": 3, "low": 2}),
        uplift(still_employed=95),
        uplift(people=9),
        {k: v for k, v in exits().items() if k != "includes_lost_output"},
    ],
)
def test_no_case_of_such_values(benefit: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        money_case(benefit)


def test_the_project_is_refused_by_file_key_and_fix(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder)
    assert [case.case for case in load_project(folder).settings.money] == ["sales"]
    file = folder / "mentorlift.yml"
    again = "      - {kind: uplift, study: sales-mentoring, monthly_value: 1, still_employed: 1}\n"
    text = file.read_text(encoding="utf-8").replace("    costs:\n", f"{again}    costs:\n")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_project(folder)
    where = "mentorlift.yml: money.sales.benefits.1.study: stands in the case twice"
    assert caught.value.problem.endswith(where)


# What is counted follows the grade.
def graded(warnings: int) -> Any:
    found = lottery()
    more = [
        replace(d, name=f"{d.name}{i}")
        for d in found.diagnostics if d.status == "warn" for i in range(warnings - 1)
    ]  # fmt: skip
    return released(replace(found, diagnostics=(*found.diagnostics, *more)))


def test_credible_counts_and_suggestive_does_not() -> None:
    credible, suggestive = graded(1), graded(2)
    counted = price(money_case(), [SALES], credible)
    assert counted.grade == "Credible" and counted.returned is not None
    refused = price(money_case(), [SALES], suggestive)
    assert refused.benefits[0].refused == "grade" and refused.returned is None
    assert refused.benefits[0].amount is None and not refused.tornado
    # What pays is told from assumptions alone, the same whatever was found.
    assert refused.benefits[0].break_even == counted.benefits[0].break_even


def test_a_refused_benefit_counts_as_nothing_beside_another() -> None:
    both = price(money_case(uplift(), exits()), [SALES, LEAVING], graded(1))
    alone = price(money_case(), [SALES], graded(1))
    assert both.benefits[1].refused == "not_answered"
    assert both.returned == alone.returned


@pytest.mark.parametrize(
    ("finding", "why"), [(withheld(), "not_shown"), (suppressed(), "not_shown"), (trial(), "")]
)
def test_withheld_and_hidden_answers_are_not_counted(finding: Any, why: str) -> None:
    (made,) = released(finding)
    found = effect_of(made.study, {made.study: finding.spec}, {made.study: made})
    assert found == why if why else isinstance(found, Effect)


def test_a_question_changed_after_its_answer_is_not_counted() -> None:
    changed = entry("later", covariance="HC3", amended=WHY)
    finding = registered(trial(), judge(changed, [FIRST]).registration)
    (made,) = released(finding, mode="public")
    found = effect_of(made.study, {made.study: finding.spec}, {made.study: made})
    assert found == "exploratory"


def test_an_interval_without_an_end_is_not_counted() -> None:
    found = lottery()
    head = replace(found.estimates[0], ci_high=float("inf"))
    made = released(replace(found, estimates=(head, *found.estimates[1:])))
    money = price(money_case(), [SALES], made)
    assert money.benefits[0].refused == "no_end"
