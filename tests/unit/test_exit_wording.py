"""What may be said of exits and of scales: of 100 people, the naive gap never, the grade's verb."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reports.sections.answer import view
from reports.shown import shown
from reports.wording.answers import Answer, answer, gap_words
from reports.wording.exits import hazard_words, within
from tests.exit_cases import exit_estimate, intention, required_of_exits, turnover
from tests.report_cases import check, released, report, trial_spec

if TYPE_CHECKING:
    from analysis.disclosure import Release

PROMISE = re.compile(r"(?<!probably )(?<!perhaps )2\.1 (fewer|more) (left|were)")


def made(
    value: float,
    error: float = 0.005,
    *,
    design: str = "opt_in",
    warnings: int = 0,
    naive: float | None = None,
    metric: str = "voluntary",
    months: int = 12,
) -> Release:
    spec = trial_spec(
        study="who-stays",
        title="Career mentoring",
        design=design,
        time_zero="assigned_on" if design == "randomised" else "invited_on",
        arms={"treated": "mentored", "comparison": "not_yet_mentored"},
        outcome={"kind": "exit", "metric": metric},
        follow_up={"months": months, "primary": [1, months]},
        take_up=None,
    )
    window = (1, months)
    estimates = [exit_estimate("primary", value, error, role="headline", window=window)]
    if naive is not None:
        estimates.append(exit_estimate("naive", naive, 0.008, role="naive", window=window))
    warned = [check(f"warning_{i}", "warn", remedy=f"Mend {i}.") for i in range(warnings)]
    checks = required_of_exits(design)
    finding = replace(
        turnover(), spec=spec, estimates=tuple(estimates), diagnostics=(*checks, *warned), curves=()
    )
    return released(finding)[0]


def said(*given: float, **more: Any) -> Answer:
    return answer(made(*given, **more))


def test_a_credible_answer_counts_people_out_of_a_hundred() -> None:
    got = said(-0.0211, naive=-0.098)
    assert got.sentence == (
        "Of 100 people who started mentoring, probably 2.1 fewer left by their own choice within "
        "a year than if they had not (95\u202f% interval 1.1 to 3.1)."
    )
    assert got.strong == "2.1 fewer"
    assert got.may_say == (
        "Of 100 people who started mentoring, about 2 fewer left by their own choice within a "
        "year than if they had not; most of that is probably the programme."
    )
    assert got.headline == "Career mentoring probably lowered voluntary exits."


def test_mentees_leave_less_is_what_may_not_be_said() -> None:
    got = said(-0.0211, naive=-0.098)
    assert got.do_not_say.startswith("Mentees leave less")
    assert got.why_not.startswith("People had to stay to be mentored")
    assert "−2.1" in got.why_not
    assert said(-0.0211, naive=0.05).do_not_say.startswith("Mentees leave more")


@pytest.mark.parametrize(
    ("warnings", "words"),
    [(0, "probably 2.1 fewer left"), (1, "perhaps 2.1 fewer left"), (2, "this is not an effect")],
)
def test_the_words_weaken_with_each_warning(warnings: int, words: str) -> None:
    assert words in said(-0.0211, warnings=warnings).sentence


def test_an_association_says_nothing_of_what_would_have_been() -> None:
    got = said(-0.0211, warnings=3)
    assert "than if they had not" not in got.sentence + got.may_say
    assert "than of 100 in the not yet mentored group" in got.sentence


@pytest.mark.parametrize("design", ["opt_in", "descriptive"])
@pytest.mark.parametrize("value", [-0.0211, 0.0211])
@pytest.mark.parametrize("warnings", [0, 1])
def test_no_effect_is_promised_below_randomised(design: str, value: float, warnings: int) -> None:
    got = said(value, design=design, warnings=warnings)
    assert not PROMISE.search(got.sentence) or "not an effect" in got.sentence


def test_a_lottery_compares_a_hundred_with_a_hundred() -> None:
    got = said(-0.0211, design="randomised")
    assert got.sentence.startswith(
        "Of 100 people assigned to the mentored arm, 2.1 fewer left by their own choice within a "
        "year than of 100 in the not yet mentored arm"
    )


def test_an_interval_with_zero_is_said_plainly() -> None:
    got = said(-0.0211, 0.02, naive=-0.1)
    assert "the data cannot tell this from no effect" in got.sentence
    assert "6.0 fewer to 1.8 more" in got.sentence
    assert got.may_say.startswith("We could not tell whether mentoring changed how many left")
    assert "cannot tell" in got.why_not
    assert said(-0.0211, 0.02).do_not_say == "Mentoring changes nothing about who leaves."


@pytest.mark.parametrize(
    ("metric", "months", "words"),
    [
        ("involuntary", 3, "were dismissed within 90 days"),
        ("any", 24, "left for any reason within 2 years"),
        ("retirement", 6, "retired within 180 days"),
        ("end_of_contract", 12, "left at the end of a contract within a year"),
    ],
)
def test_kinds_of_exits_and_days_have_words(metric: str, months: int, words: str) -> None:
    assert words in said(-0.0211, metric=metric, months=months).sentence


def test_ends_of_follow_up_are_days_or_years() -> None:
    assert [within((1, m)) for m in (1, 3, 12, 15, 24)] == [
        "within 30 days", "within 90 days", "within a year", "within 455 days", "within 2 years",
    ]  # fmt: skip


def test_fewer_exits_are_drawn_to_the_left_and_named() -> None:
    row = view(report((made(-0.0211, naive=-0.098),)))["rows"][0]
    assert row["chart"]["direction"]["text"] == "◂ fewer leave"
    assert row["who"] == "3,290 people, mentored against not yet mentored, within a year"
    assert gap_words((made(-0.0211),)).endswith("people had to stay to be mentored")


def test_a_hazard_ratio_is_held_against_one() -> None:
    low, open_ = (shown(_ratio(0.79, 0.08, ci)) for ci in ((0.65, 0.96), (0.60, 1.04)))
    assert (low.direction, open_.direction) == (-1, 0)
    assert (low.effect, low.range) == ("0.79", "0.65 to 0.96")
    assert "at 0.79 times the rate" in hazard_words(low, "voluntary")
    assert "cannot tell" in hazard_words(open_, "voluntary")
    assert "cannot tell" not in hazard_words(low, "voluntary")


def _ratio(value: float, error: float, ci: tuple[float, float]) -> Any:
    finding = turnover(
        estimates=(
            exit_estimate("primary", -0.02, 0.01, role="headline"),
            exit_estimate("hazard_ratio", value, error, unit="ratio", ci=ci),
        )
    )
    return released(finding)[0].estimates[1]


def test_who_left_or_scored_high_is_counted_and_is_no_act_alone() -> None:
    got = answer(released(intention())[0])
    assert got.sentence == (
        "Of 100 people assigned to the mentee arm, 7.1 fewer left by their own choice or scored "
        "high on turnover intention (TIS-6) by month 12 than of 100 in the lottery lost arm "
        "(95\u202f% interval 1.0 to 13.2)."
    )
    assert (
        got.headline
        == "Buddies for new hires lowered leaving or scoring high on turnover intention (TIS-6)."
    )
    assert got.do_not_say == "Fewer people will leave."
    assert got.why_not == "Answers were measured, not what people do."


def test_a_score_alone_is_answered_in_points_of_its_scale() -> None:
    finding = intention()
    score = next(e for e in finding.estimates if e.target.name == "score")
    head = replace(score, target=replace(score.target, role="headline", name="primary"))
    got = answer(released(replace(finding, estimates=(head,)))[0])
    assert "lowered turnover intention (TIS-6) by 0.31\xa0scale points in month 12" in got.sentence
