"""What may be said: the verb follows the grade, and an interval with zero says so."""

from __future__ import annotations

import re
from typing import Any

import pytest

from analysis.disclosure import Release, release
from analysis.finding import REQUIRED, ArmCount, Finding, Flow, Step
from analysis.rules import Rules
from reports.sections.answer import view
from reports.wording.answers import Answer, answer
from tests.report_cases import check, estimate, report, required, trial_spec

CAUSAL = re.compile(r"(?<!probably )(?<!may have )\b(raised|lowered)\b")


def answered(*given: float, **more: Any) -> Answer:
    return answer(made(*given, **more))


def made(
    value: float,
    error: float,
    *,
    design: str = "randomised",
    warnings: int = 0,
    higher_is: str = "better",
    naive: float | None = None,
    drawn: bool = False,
) -> Release:
    spec = trial_spec(
        study="mentoring",
        title="Sales mentoring",
        design=design,
        rollout={"drawn": drawn},
        arms={"treated": "mentee", "comparison": "control"},
        outcome={
            "metric": "revenue",
            "label": "Revenue per call",
            "transform": "log",
            "higher_is": higher_is,
        },
        follow_up={"months": 6, "primary": [1, 6]},
    )
    same = {"unit": "%", "window": (1, 6)}
    estimates = [estimate("primary", value, error, role="headline", **same)]
    if naive is not None:
        estimates.append(estimate("as_treated", naive, 1.0, role="naive", **same))
    warned = [check(f"warning_{i}", "warn", remedy=f"Mend {i}.") for i in range(warnings)]
    finding = Finding(
        spec=spec,
        population="applicants",
        flow=Flow(
            steps=(Step(label="all", people=300),),
            arms=(ArmCount(arm="mentee", label="drawn", people=150),),
        ),
        estimates=tuple(estimates),
        diagnostics=(*(check(name) for name in sorted(REQUIRED.get(design, ()))), *warned),
    )
    return release([finding], Rules())[0][0]


def test_a_randomised_answer_says_raised() -> None:
    said = answered(6.1, 1.9)
    assert said.sentence == (
        "Being assigned to the mentee arm raised revenue per call by 6.1\u202f% "
        "over months 1 to 6 (95\u202f% interval 2.4 to 9.8)."
    )
    assert said.headline == "Sales mentoring raised revenue per call."


@pytest.mark.parametrize(
    ("warnings", "verb"),
    [(0, "raised"), (1, "probably raised"), (2, "may have raised"), (3, "is associated with")],
)
def test_the_verb_weakens_with_each_warning(warnings: int, verb: str) -> None:
    assert f"arm {verb}" in answered(6.1, 1.9, warnings=warnings).sentence


@pytest.mark.parametrize(
    ("design", "warnings"),
    [("opt_in", 0), ("opt_in", 1), ("rollout", 1), ("descriptive", 0), ("randomised", 2)],
)
@pytest.mark.parametrize("value", [6.1, -6.1, 1.0])
def test_no_unhedged_causal_verb_below_randomised(design: str, warnings: int, value: float) -> None:
    said = answered(value, 1.9, design=design, warnings=warnings)
    for text in (said.headline, said.sentence, said.may_say):
        assert not CAUSAL.search(text), text


def test_a_lowered_outcome_turns_the_interval_with_the_verb() -> None:
    said = answered(-6.1, 1.9, higher_is="worse")
    assert "lowered revenue per call by 6.1\u202f%" in said.sentence
    assert "(95\u202f% interval 2.4 to 9.8)" in said.sentence


def test_an_interval_with_zero_is_said_plainly() -> None:
    said = answered(1.0, 1.9)
    assert "the data cannot tell this from no effect" in said.sentence
    assert "raised" not in said.sentence
    assert said.headline == "Whether sales mentoring changed revenue per call is not settled."
    assert said.do_not_say == "The programme does not work."
    assert "−2.7 to +4.7\u202f%" in said.may_say


def test_the_raw_gap_is_what_may_not_be_said() -> None:
    said = answered(6.1, 1.9, naive=17.0)
    assert said.do_not_say == "The programme raises revenue per call by 17.0\u202f%."
    assert "who takes part" in said.why_not
    assert "cannot tell" not in said.why_not
    assert "cannot tell" in answered(1.0, 1.9, naive=17.0).why_not
    assert said.one_line == "mentoring [Randomised] +6.1\u202f% (2.4 to 9.8), raw gap +17.0\u202f%"


def test_remedies_of_warnings_are_what_raises_the_grade() -> None:
    assert answered(6.1, 1.9, warnings=2).to_raise == "warning 0: Mend 0. warning 1: Mend 1."


def test_the_legend_says_what_the_raw_gap_of_each_design_on_the_page_compares() -> None:
    lottery, sites = (made(6.1, 1.9, design=d, naive=9.0) for d in ("randomised", "rollout"))
    silent = made(6.1, 1.9, design="opt_in")  # no raw gap is drawn
    both = view(report((lottery, sites, silent)))["raw_gap"]
    assert both.startswith("after a draw, people who took part against everybody else; ")
    assert "in a roll-out, two-way fixed effects" in both
    assert "people chose" not in both
    assert "took part" not in view(report((sites, sites)))["raw_gap"]
    assert view(report((silent,)))["raw_gap"] == ""


def test_who_drew_the_starts_is_not_told_to_draw_them() -> None:
    assert "by lot" in answered(6.1, 1.9, design="rollout").to_raise
    drawn = answered(6.1, 1.9, design="rollout", drawn=True).to_raise
    assert "More sites" in drawn
    assert "lot" not in drawn.split()


def test_a_descriptive_answer_is_no_effect() -> None:
    said = answered(6.1, 1.9, design="descriptive")
    assert "this is not an effect" in said.sentence
    assert "this is not an effect" in said.may_say


def test_unknown_intervals_count_as_undecided() -> None:
    spec_free = estimate("primary", 5.0, 1.0, ci=(float("-inf"), float("inf")), role="headline")
    finding = Finding(
        spec=trial_spec(),
        population="",
        flow=Flow(steps=(), arms=()),
        estimates=(spec_free,),
        diagnostics=required(),
    )
    said = answer(release([finding], Rules())[0][0])
    assert "cannot tell this from no effect" in said.sentence
