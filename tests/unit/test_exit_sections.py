"""The sections on exits and on scales: what they show, what they keep silent, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reports.build import render_html
from reports.curves import ticks
from reports.sections import intention, others, over_time, turnover
from tests import exit_cases as cases
from tests.report_cases import check, company_report, hostile_report, report
from tests.unit.test_report_html import HOSTILE, Page

if TYPE_CHECKING:
    from analysis.finding import Finding
    from analysis.released_curves import ReleasedCurve


def of_exits(**changes: Any) -> dict[str, Any]:
    (study,) = turnover.view(cases.leaving_report(cases.turnover(**changes)))["studies"]
    return study


def of_answers(finding: Finding | None = None) -> dict[str, Any]:
    (study,) = intention.view(cases.leaving_report(finding or cases.intention()))["studies"]
    return study


def test_without_such_a_study_the_sections_say_nothing() -> None:
    for case in (company_report(), report(())):
        assert turnover.view(case)["nothing_to_say"]
        assert intention.view(case)["nothing_to_say"]
    html = render_html(company_report())
    assert "Who leaves, and when" not in html
    assert "What people answer" not in html


def test_the_heading_says_what_was_reached_with_and_without() -> None:
    assert of_exits()["heading"] == (
        "8.4\u202f% left by their own choice within a year with mentoring, "
        "10.5\u202f% without mentoring"
    )


def test_printed_shares_differ_by_the_printed_difference() -> None:
    """Each figure is rounded for itself: the last digit may be one off."""
    rows = [r for kind in of_exits()["kinds"] for r in kind["rows"]]
    known = [r for r in rows if "–" not in (r["with"], r["without"])]
    assert len(known) >= 4
    for r in known:
        gap = float(r["with"]) - float(r["without"])
        assert abs(gap - float(r["effect"].replace("−", "-"))) < 0.1 + 1e-9


def test_kinds_of_exits_stand_together_the_own_one_first() -> None:
    kinds = of_exits()["kinds"]
    assert [k["kind"] for k in kinds] == [
        "Left by their own choice", "Were dismissed", "Left for any reason",
    ]  # fmt: skip
    assert [r["when"] for r in kinds[0]["rows"]] == [
        "Within 90 days", "Within 180 days", "Within a year",
    ]  # fmt: skip


def test_the_naive_figures_are_explained_where_they_stand() -> None:
    said = of_exits()["naive"]
    assert "−9.8" in said and "a hazard ratio of 0.32" in said
    assert "people had to stay to be mentored" in said


def test_facts_are_in_words_and_undecided_ones_say_so() -> None:
    facts = dict(of_exits()["facts"])
    assert facts["Exits avoided"].startswith("about 21 within a year (1 to 40)")
    assert (
        facts["Difference in time employed"] == "+4.1\xa0days a person within a year (0.3 to 7.9)"
    )
    assert facts["Hazard ratio"].startswith("0.79 (0.60 to 1.04): in any month")
    assert facts["Hazard ratio"].endswith("the data cannot tell this from no effect")
    assert facts["Time lost to these exits"] == "−3.6\xa0days a person within a year (−7.1 to −0.1)"
    assert facts["Exits dated by the last file that still had the person"] == "4 %"


def test_withheld_exits_leave_neither_curve_nor_figure() -> None:
    failed = check("placebo", "fail", remedy="Look.")
    finding = cases.turnover()
    others_ = tuple(d for d in finding.diagnostics if d.name != "placebo")
    case = cases.leaving_report(replace(finding, diagnostics=(*others_, failed)))
    (study,) = turnover.view(case)["studies"]
    assert study["chart"] is None and "A check failed" in study["why_none"]
    html = render_html(case)
    assert not any(figure in html for figure in ("8.4\u202f%", "0.32", "−9.8", "application/json"))


def test_something_unseen_has_a_fold_of_its_own_and_goes_with_the_effect() -> None:
    """Not among the notes, and nothing of it left where the number is withheld."""
    finding = cases.turnover()
    page = render_html(cases.leaving_report(finding))
    fold = page[page.index("How strong would something unseen have to be?") :]
    assert "1.81 times to explain the effect away" in fold[: fold.index("</details>")]
    assert page.count("1.81 times") == 1
    failed = (*finding.diagnostics, check("late", "fail", remedy="Look."))
    hidden = render_html(cases.leaving_report(replace(finding, diagnostics=failed)))
    assert "1.81" not in hidden
    assert "withheld with the effect" in hidden


def test_curves_that_may_not_be_shown_say_why() -> None:
    study = of_exits(curves=cases.curves(joined=9))
    assert study["chart"] is None
    assert "fewer than 10 people" in study["why_no_curve"]
    assert of_exits(curves=())["why_no_curve"] == "The study has no curve."


def test_the_drawn_lines_are_the_released_steps_and_carry_no_text_of_their_own() -> None:
    figure = json.loads(of_exits()["chart"])
    bands, lines = figure["data"][:2], figure["data"][2:]
    assert [t["meta"] for t in bands] == ["effect-soft", "other-soft"]
    assert [(t["meta"], t["line"]["shape"]) for t in lines] == [("effect", "hv"), ("other", "hv")]
    assert [t["line"]["dash"] for t in lines] == ["solid", "7px,3px"]
    assert all(t["hoverinfo"] == "skip" for t in figure["data"])


def test_names_in_the_chart_cannot_be_markup() -> None:
    (release,) = cases.leaving_report(cases.turnover()).releases
    curve = release.curves[0]
    made = turnover.curve_figure(
        [turnover.Line(label="<img src=x> & co", curve=_as(curve))], places=1
    )
    texts = " ".join(a["text"] for a in made["layout"]["annotations"])
    assert "<img" not in texts and "&lt;img" in texts and "&amp;" in texts


def _as(curve: ReleasedCurve) -> ReleasedCurve:
    return replace(curve, arm="mentored")


def test_ticks_end_quarters_and_years() -> None:
    assert ticks(365) == [0, 90, 180, 270, 365]
    assert ticks(180) == [0, 90, 180]
    assert ticks(730)[-1] == 730


def test_other_sections_leave_exits_to_theirs_and_say_so() -> None:
    case = cases.leaving_report()
    courses = over_time.view(case)
    assert courses["studies"] == []
    (_, of_exits), (_, of_answers) = courses["without"]
    assert "Who leaves, and when" in of_exits and "waves" in of_answers
    told = others.view(case)["studies"]
    assert [s["title"] for s in told] == ["Buddies for new hires"]
    labels = [r["label"] for g in told[0]["groups"] for r in g["rows"]]
    assert labels == ["ANCOVA (headline)", "Difference in means"]
    assert told[0]["elsewhere"] == []
    assert others.view(cases.leaving_report(cases.turnover()))["nothing_to_say"]


def test_scores_and_shares_are_told_in_full_units() -> None:
    study = of_answers()
    effects = {r["label"]: r["effect"] for r in study["scores"]}
    assert effects == {
        "Left by their own choice, or a high score": "−7.1\xa0percentage points",
        "The first line, weighted for who did not answer": "−6.6\xa0percentage points",
        "A high score, of those who stayed and answered": "−8.2\xa0percentage points",
        "Score of those who stayed and answered": "−0.31\xa0scale points",
        "The score in standard deviations": "−0.34\xa0standard deviations",
        "The score, weighted for who did not answer": "−0.29\xa0scale points",
    }
    assert study["better"] == "Lower"
    assert [len(study[k]) for k in ("scale", "answers", "exits")] == [4, 3, 1]


def test_bounds_are_blanked_with_a_withheld_score() -> None:
    finding = cases.intention()
    failed = check("sample_ratio", "fail", remedy="Ask.")
    rest = tuple(d for d in finding.diagnostics if d.name != "sample_ratio")
    study = of_answers(replace(finding, diagnostics=(*rest, failed)))
    assert study["scores"] == []
    assert "A check failed" in study["why_none"]
    assert "13.4" not in str(study)


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_names_do_not_become_markup(bad: str) -> None:
    html = render_html(hostile_report(bad, cases.leaving_report(cases.turnover())))
    page = Page(html)
    assert "Who leaves, and when" in page.text
    assert not [tag for tag, _ in page.elements if tag in ("img", "svg/onload=alert(4)")]
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert len(page.scripts) == len(Page(render_html(cases.leaving_report())).scripts)
    for attributes, text in page.scripts:
        if attributes.get("type") == "application/json":
            assert "<img" not in text and json.loads(text)
