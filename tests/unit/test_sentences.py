"""Sentences of every design, grade and kind of outcome: what may be said, what not, what raises."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from analysis.estimate import NotEstimable
from analysis.finding import Finding, Flow, Step, required_checks
from reports.wording.answers import Answer, answer
from reports.wording.exits import NO_DIFFERENCE
from tests.report_cases import check, estimate, released, resealed, target, trial_spec

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic
    from analysis.disclosure import Release

KINDS: dict[str, dict[str, Any]] = {
    "continuous": {"metric": "revenue", "unit": "EUR"},
    "count": {"kind": "count", "metric": "sales"},
    "rating": {"kind": "rating", "metric": "rating", "scales": {"five": "highest"}},
    "promotion": {"kind": "promotion", "metric": "level"},
    "team": {"kind": "team", "metric": "sales", "unit": "EUR"},
    "scale": {"kind": "scale", "metric": "tis6", "label": "turnover intention"},
    "composite": {"kind": "scale", "metric": "tis6", "label": "turnover intention", "cut": 3.5},
    "exit": {"kind": "exit", "metric": "voluntary"},
}
OF_SITES = ("continuous", "count", "exit")
CASES = [
    (design, kind)
    for design, kind in product(("randomised", "opt_in", "rollout", "descriptive"), KINDS)
    if design != "rollout" or kind in OF_SITES
]
# An estimate and its standard error in each unit; shares are printed as points.
SIZE = {"share": (0.06, 0.02)}


def spec_of(design: str, kind: str) -> Any:
    window = [6, 6] if kind == "promotion" else [1, 6]
    return trial_spec(
        title="Sales mentoring",
        design=design,
        time_zero="assigned_on" if design == "randomised" else "invited_on",
        arms={"treated": "mentored", "comparison": "others"},
        outcome=KINDS[kind],
        cluster="manager_no" if kind == "team" else "site" if design == "rollout" else "person",
        follow_up={"months": 6, "primary": window},
        take_up=None,
    )


def made(
    design: str,
    kind: str,
    *,
    direction: int = 1,
    warnings: int = 0,
    failed: bool = False,
    not_estimable: str = "",
) -> Release:
    """A release with that many warnings, rising (1), falling (-1), unsettled or exactly 0 (2)."""
    spec = spec_of(design, kind)
    size, error = SIZE.get(spec.unit, (6.0, 2.0))
    value = {1: size, -1: -size, 0: size / 10, 2: 0.0}[direction]
    same: dict[str, Any] = {
        "role": "headline", "unit": spec.unit, "window": spec.follow_up.primary,
        "arm": "mentored", "comparison": "others",
    }  # fmt: skip
    head = estimate("primary", value, error, **same)
    if not_estimable:
        head = NotEstimable(target=target("primary", **same), reason=not_estimable)
    checks = [check(name) for name in sorted(required_checks(spec))]
    checks += [_objecting(f"warned {i}", "warn") for i in range(warnings)]
    checks += [_objecting("failed 0", "fail")] if failed else []
    finding = Finding(
        spec=spec,
        population="everybody",
        flow=Flow(steps=(Step(label="all", people=300),), arms=()),
        estimates=(head,),
        diagnostics=tuple(checks),
    )
    return released(finding)[0]


def _objecting(label: str, status: str) -> Diagnostic:
    return check(label.replace(" ", "_"), status, label=f"What {label}", remedy=f"Mend {label}.")


def said(*given: Any, **more: Any) -> Answer:
    return answer(made(*given, **more))


# What a reader may take away, with ten words of the sentence that may be said, by case.
MAY_SAY = [
    ("randomised", "continuous", 0, "in the mentored arm had revenue about 6.0\xa0EUR higher"),
    ("randomised", "continuous", 1, "most of that is probably the programme"),
    ("randomised", "rating", 2, "it may be the programme, and it may be something else"),
    ("randomised", "team", 0, "had sales of the team about 6.0\xa0EUR higher"),
    ("randomised", "promotion", 0, "had promotion rate about 6.0\xa0percentage points higher"),
    ("opt_in", "count", 0, "Compared with similar people, those in the mentored group had sales"),
    ("opt_in", "count", 1, "it may be the programme, and it may be something else"),
    ("opt_in", "continuous", 2, "this is not an effect"),
    ("rollout", "continuous", 0, "After the start, those under mentored had revenue"),
    ("descriptive", "continuous", 0, "this is not an effect"),
    ("opt_in", "exit", 0, "about 6 more left by their own choice within 180 days than if they had"),
    ("opt_in", "exit", 1, "perhaps about 6 more left by their own choice"),
    ("opt_in", "exit", 2, "than of 100 in the others group; this is not an effect"),
    ("rollout", "exit", 0, "Of 100 people whose site started, about 6 more left"),
    ("randomised", "composite", 0, "about 6 more left by their own choice or scored high on"),
]


@pytest.mark.parametrize(("design", "kind", "warnings", "words"), MAY_SAY)
def test_the_sentence_that_may_be_said(design: str, kind: str, warnings: int, words: str) -> None:
    assert words in said(design, kind, warnings=warnings).may_say


MAY_NOT_SAY = [  # design, kind, warnings, direction, the claim, why it is too much
    ("randomised", "continuous", 0, 1, "Everybody would see revenue change by", "Only the people"),
    ("randomised", "continuous", 1, 1, "It is proven that mentoring raises", "(what warned 0)"),
    ("opt_in", "count", 0, -1, "It is proven that mentoring lowers sales.", "nobody drew lots"),
    ("rollout", "count", 0, 1, "It is proven that mentoring raises", "sites may have developed"),
    ("opt_in", "continuous", 1, 1, "Mentoring raises revenue.", "a check warned (what warned 0)"),
    ("opt_in", "continuous", 2, 1, "Mentoring raises revenue by", "no effect: checks warned"),
    ("descriptive", "rating", 0, 1, "Mentoring raises rating by", "nothing here tells mentoring"),
    ("randomised", "continuous", 0, 0, "The programme does not work.", "was not shown either"),
    ("randomised", "scale", 0, -1, "Fewer people will leave.", "not what people do"),
    ("randomised", "scale", 0, 1, "More people will leave.", "not what people do"),
    ("randomised", "exit", 0, -1, "Who is mentored stays.", "Most people would have stayed"),
    ("opt_in", "exit", 0, -1, "It is proven that mentoring makes fewer people leave.", "lots"),
    ("opt_in", "exit", 1, 1, "Mentoring makes more people leave.", "may be something else"),
    ("opt_in", "exit", 0, 0, "Mentoring changes nothing about who leaves.", "not shown either"),
]


@pytest.mark.parametrize(("design", "kind", "warnings", "direction", "claim", "why"), MAY_NOT_SAY)
def test_the_sentence_that_may_not_be_said(
    design: str, kind: str, warnings: int, direction: int, claim: str, why: str
) -> None:
    got = said(design, kind, warnings=warnings, direction=direction)
    assert got.do_not_say.startswith(claim)
    assert why in got.why_not


RAISES = [  # design, kind, warnings, what would raise the grade
    ("randomised", "continuous", 0, "Top grade. To speak for more people, draw from everybody"),
    ("randomised", "exit", 1, "What warned 0: Mend warned 0."),
    ("opt_in", "count", 0, "A lottery: draw places by lot when more people ask than there are"),
    ("opt_in", "exit", 2, "What warned 0: Mend warned 0. What warned 1: Mend warned 1."),
    ("rollout", "continuous", 0, "A lottery of starts: draw the order by lot"),
    ("descriptive", "continuous", 0, "A comparison group: a lottery among applicants"),
]


@pytest.mark.parametrize(("design", "kind", "warnings", "words"), RAISES)
def test_what_would_raise_the_grade(design: str, kind: str, warnings: int, words: str) -> None:
    assert said(design, kind, warnings=warnings).to_raise.startswith(words)


@pytest.mark.parametrize(("design", "kind"), CASES)
def test_a_withheld_answer_says_why_and_what_to_do_and_no_number(design: str, kind: str) -> None:
    got = said(design, kind, failed=True, warnings=1)
    for text in (got.headline, got.sentence, got.may_say, got.do_not_say, got.one_line):
        assert not re.search(r"\d[.,]\d", text)
    assert "a check failed (what failed 0)" in got.sentence
    assert got.to_raise == "What failed 0: Mend failed 0. Then also: What warned 0."
    assert got.why_not == "Neither was shown."
    assert got.do_not_say == (
        "Mentees leave less, or mentoring changes nothing about who leaves."
        if kind == "exit"
        else "The programme works, or it makes no difference."
    )


@pytest.mark.parametrize(
    ("design", "kind", "helps"),
    [
        ("randomised", "continuous", "More people in each arm"),
        ("opt_in", "count", "More people on both sides"),
        ("rollout", "count", "Months before and after the starts"),
        ("opt_in", "exit", "More exits on record"),
    ],
)
def test_what_could_not_be_estimated_names_the_data_that_would_help(
    design: str, kind: str, helps: str
) -> None:
    got = said(design, kind, not_estimable="nobody is left to compare")
    assert "the headline could not be estimated: nobody is left to compare" in got.sentence
    assert got.to_raise.startswith(helps)


def test_an_objection_without_a_remedy_is_still_named() -> None:
    release_ = made("opt_in", "count")
    bare = check("bare", "warn", label="Something odd", remedy="")
    saved = release_.as_dict()
    saved["diagnostics"].append(
        {"name": bare.name, "label": bare.label, "value": None, "display": "", "threshold": "",
         "status": "warn", "remedy": ""}
    )  # fmt: skip
    again = resealed(saved)
    assert answer(again).to_raise == "Something odd: find out why before relying on it."


def test_one_remedy_for_two_arms_is_said_once() -> None:
    saved = made("opt_in", "count", warnings=2).as_dict()
    for d in saved["diagnostics"]:
        if d["status"] == "warn":
            d["remedy"] = "Mend it"
    assert answer(resealed(saved)).to_raise == "What warned 0, What warned 1: Mend it."


def test_an_estimate_of_nobody_more_or_fewer_is_no_difference() -> None:
    got = said("opt_in", "exit", direction=2)
    assert (
        "the estimate is no difference in leaving by their own choice within 180 days"
        in got.sentence
    )
    assert NO_DIFFERENCE in got.sentence and "none fewer" not in got.sentence


# Verbs that claim a cause, in all forms; each needs a hedge below Credible.
CAUSAL = re.compile(
    r"\b(rais|lower|increas|decreas|improv|reduc|boost|caus|prevent|lift|cut)(es|ed|ing|s)\b"
    r"|\b(leads? to|led to|makes?|made|keeps?|kept|because of|thanks to|due to|works?)\b",
    re.IGNORECASE,
)
HEDGES = ("may have ", "probably ", "perhaps ")
OPEN_QUESTION = re.compile(r"\b[Ww]hether\b")
COUNTED = re.compile(r"\b[\d.]+ (fewer|more) left\b")  # people who left: a claim, without a verb


def unhedged(text: str) -> list[str]:
    """Causal verbs without a hedge before them, outside questions."""
    if OPEN_QUESTION.search(text):
        return []
    found = [m for m in CAUSAL.finditer(text) if not text[: m.start()].endswith(HEDGES)]
    return [m.group() for m in found]


@pytest.mark.parametrize(("design", "kind"), CASES)
def test_no_unhedged_causal_verb_below_credible(design: str, kind: str) -> None:
    for direction, warnings in product((1, -1, 0, 2), range(4)):
        release_ = made(design, kind, direction=direction, warnings=warnings)
        got = answer(release_)
        given = (got.headline, got.sentence, got.may_say, got.do_not_say, got.why_not)
        assert all((*given, got.to_raise))
        if release_.grade != "Randomised":
            for text in (got.headline, got.sentence, got.may_say, got.one_line):
                assert unhedged(text) == [] == uncertain_counts(text), text


def uncertain_counts(text: str) -> list[str]:
    """Counts of people who left without a hedge before or a caveat after them."""
    found = [m for m in COUNTED.finditer(text) if not _hedged(text[: m.start()])]
    caveat = "not an effect" in text or "probably the programme" in text
    return [] if caveat else [m.group() for m in found]


def _hedged(before: str) -> bool:
    return before.removesuffix("about ").endswith(HEDGES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mentoring raised sales.", ["raised"]),
        ("Mentoring probably raised sales.", []),
        ("Mentoring may have improved sales.", []),
        ("It keeps people.", ["keeps"]),
        ("Whether mentoring raised sales is not settled.", []),
        ("Sales mentoring went with higher sales.", []),
    ],
)
def test_the_vocabulary_sees_what_it_should(text: str, found: list[str]) -> None:
    assert unhedged(text) == found
