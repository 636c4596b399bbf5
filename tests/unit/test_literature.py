"""The literature shelf: what a file must hold, what is shown of it, and beside what of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from analysis.literature import family_of
from pipelines.errors import UserError
from pipelines.literature import read_shelf
from pipelines.results import tables
from reports.build import render_html
from reports.literature import on_shelf, place
from reports.sections.literature import SECTION
from reports.shown import Shown
from tests.exit_cases import leaving_report
from tests.report_cases import company_report, lottery, released, report, trial, withheld
from tests.shelf_cases import SHELF, TRIAL, data, entry, figures, source

SHIPPED = read_shelf()


def _view(*releases: Any, shelf: Any = SHELF) -> dict[str, Any]:
    return SECTION.view(replace(report(releases), shelf=shelf))


def _sales(**changes: Any) -> Any:
    return replace(released(lottery())[0], **changes)  # +4.12 %, 1.2 to 7.1, Credible


BAD = {
    "a grade its design cannot earn": (
        data(entry("able"), design="association"),
        "entries: able: grade: A is better than C",
    ),
    "no unit": (data(entry("able", estimate=3)), "entries: able: estimate and unit come together"),
    "an interval beside its estimate": (
        data(entry("able", **figures(3), interval=[4, 5])),
        "entries: able: interval: lower end first",
    ),
    "an interval of nothing": (
        data(entry("able", interval=[4, 5])),
        "entries: able: interval and std_error need an estimate",
    ),
    "an unknown key of an entry": (
        data(entry("able", confidence=95)),
        "entries: able: confidence: is not a key of this file",
    ),
    "not said whether read": (
        data({k: v for k, v in entry("able").items() if k != "verified"}),
        "entries: able: verified: is missing",
    ),
    "no word on how it bears": (
        data(entry("able", bears={"opt_in": "Only this one."})),
        "entries: able: bears.any: is missing",
    ),
    "an entry without a name": (
        data(entry("able"), {k: v for k, v in entry("x").items() if k != "id"}),
        "entries: number 2: id: is missing",
    ),
    "no setting": (data(setting="moon"), "setting: input should be"),
    "no doi": (data(doi="doi:10.1/x"), "doi: string should match"),
    "an id twice": (data(entry("sandvik_mandatory")), "sandvik_2025.yml has an entry of it"),
    "no mapping": ([1], "(file): not a mapping"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_file_is_named_with_entry_key_and_fix(name, tmp_path):
    content, said = BAD[name]
    (tmp_path / "literature").mkdir()
    (tmp_path / "literature" / "mine.yml").write_text(yaml.safe_dump(content))
    with pytest.raises(UserError) as caught:
        read_shelf(tmp_path)
    file, _, problem = caught.value.problem.partition("mine.yml: ")
    assert file.endswith("literature/") and said in problem
    assert caught.value.fix


def test_a_project_adds_its_own(tmp_path):
    (tmp_path / "literature").mkdir()
    (tmp_path / "literature" / "mine.yml").write_text(yaml.safe_dump(data(entry("mine"))))
    assert read_shelf(tmp_path) == (*SHIPPED, source(entry("mine")))


def _shipped(name: str) -> tuple[Any, Any]:
    return next((s, e) for s in SHIPPED for e in s.entries if e.id == name)


def test_the_shipped_figures_are_those_of_their_sources():
    """Abstract of NBER 29148; the institute's review of NCEE 2010-4027; abstract of Kenya 2017."""
    kept = {
        "sandvik_mandatory": (17, "%", "A", True),
        "sandvik_voluntary": (None, None, "A", True),
        "sandvik_staying": (14, "relative %", "A", False),
        "glazerman_leaving": (94.5 - 94.7, "points", "A", True),
        "brooks_profit": (20, "%", "A", True),
        "vendor_retention": (49 - 72, "points", "D", False),
    }
    for name, (estimate, unit, grade, verified) in kept.items():
        found = _shipped(name)[1]
        assert (found.unit, found.grade, found.verified) == (unit, grade, verified)
        assert found.estimate == (None if estimate is None else pytest.approx(estimate))


def test_a_shipped_figure_that_was_not_read_in_its_source_says_so():
    for s in SHIPPED:
        for e in s.entries:
            if e.estimate is not None and not e.verified:
                assert not e.read_in.startswith("abstract")
            assert e.interval is None  # none was in the sources at hand; none is made up


def test_youth_is_in_the_data_and_never_shown():
    assert {s.setting for s in SHIPPED} >= {"workplace", "youth"}
    assert "youth" not in {f.source.setting for f in on_shelf(SHIPPED)}
    html = render_html(replace(company_report(), shelf=SHIPPED + SHELF))
    rows = tables((), company_report().manifest, (), SHIPPED + SHELF)["literature"]
    for youth in (s for s in SHIPPED + SHELF if s.setting == "youth"):
        assert youth.title not in html
        assert youth.entries[0].id not in {r["entry"] for r in rows}
    assert TRIAL.title in html and "trial" in {r["entry"] for r in rows}


def test_families_of_our_outcomes():
    assert family_of("continuous", "revenue") == "performance"
    assert family_of("exit", "voluntary") == "turnover"
    assert family_of("scale", "tis6/tis6_1") == "turnover_intention"
    assert family_of("scale", "perceived_fit.value_congruence") == "attitudes"
    assert family_of("promotion", "level") == "career"


def _figure(value: float, low: float | None = None, high: float | None = None) -> Shown:
    return Shown(value=value, low=low, high=high, std_error=None, places=1, unit="%", unit_long="%")


def test_where_a_figure_lies():
    ours = _figure(4, 1, 7)
    assert place(ours, _figure(17)) == "below"
    assert place(ours, _figure(0)) == "above"
    assert place(ours, _figure(5)) == "compatible"
    assert place(ours, _figure(17, 6, 28)) == "compatible"  # their interval reaches ours
    assert place(_figure(4, None, 7), _figure(0)) == "compatible"  # an open end excludes nothing


TITLES = {
    "Randomised": "Our +4.1\u202f% lies below",
    "Credible": "Our +4.1\u202f%, probably an effect, lies below",
    "Suggestive": "Our +4.1\u202f%, if it is an effect, lies below",
    "Descriptive only": "Our +4.1\u202f%, which is no effect, lies below",
}


@pytest.mark.parametrize("grade", TITLES)
def test_the_title_says_the_finding_as_the_grade_allows(grade):
    (block,) = _view(_sales(grade=grade))["blocks"]
    rest = "the one randomised workplace trial on this scale (+17\u202f%)"
    assert block["title"] == f"{TITLES[grade]} {rest}"


def test_the_title_says_where_nothing_is_told():
    sales = _sales(grade="Credible")
    wide = tuple(replace(e, ci_low=-1.0) if e.role == "headline" else e for e in sales.estimates)
    (block,) = _view(replace(sales, estimates=wide))["blocks"]
    assert block["title"].startswith(
        "Our +4.1\u202f%, which cannot be told from no effect, lies below"
    )


def test_several_of_ours_are_counted():
    (block,) = _view(_sales(), _sales(study="b", grade="Suggestive"))["blocks"]
    assert block["title"].startswith("Our two figures lie below the one randomised workplace trial")
    assert block["title"].endswith("as far as they are effects")


def test_among_trials_that_disagree():
    low = source(entry("low", **figures(-9)), title="A low trial")
    (block,) = _view(_sales(), shelf=(TRIAL, low))["blocks"]
    assert "lies among the two randomised workplace trials" in block["title"]


def test_a_withheld_number_is_absent():
    views = _view(*released(withheld()))
    assert "no figure of ours may be shown" in views["blocks"][0]["title"]
    assert not views["blocks"][0]["drawings"]
    assert "12.34" not in str(views) and "56.78" not in str(views)


def test_figures_on_other_scales_are_named_and_not_drawn():
    (block,) = _view(*released(trial()))["blocks"]  # shillings a week
    assert not block["drawings"]
    assert "Mentors for small firms (KES a week)" in block["not_drawn"]
    drawn = [r["effect"] for r in _rows(_leaving())]
    assert "+14\u202frelative %" not in drawn and len(drawn) == 3


def test_a_figure_with_the_other_sense_is_not_drawn_among_them():
    (block,) = _view(_sales(higher_is="worse"))["blocks"]
    assert not block["drawings"] and "Sales mentoring" in block["not_drawn"]


def _leaving() -> dict[str, Any]:
    views = SECTION.view(replace(leaving_report(), shelf=SHELF))
    return next(b for b in views["blocks"] if b["name"] == "Leaving")


def _rows(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [r for d in block["drawings"] for g in d["groups"] for r in g["rows"]]


def test_unverified_figures_stand_apart_hollow_and_in_words():
    among, apart = (
        {g["name"]: [r["effect"] for r in g["rows"]] for g in d["groups"]}
        for d in _leaving()["drawings"]
    )
    assert among == {"ours": ["−2.1\u00a0points"], "randomised": ["−0.2\u00a0points"]}
    assert apart == {"unverified": ["−23\u00a0points"]}
    html = render_html(replace(leaving_report(), shelf=SHELF))
    assert html.count('class="found unsure"') == 1
    assert "not verified</span></td>" in html


def test_best_evidence_comes_first():
    grades = [e["grade"] for e in _leaving()["entries"]]
    assert grades == sorted(grades)


def test_how_it_bears_is_chosen_by_our_design():
    (lots,) = _view(_sales())["blocks"]
    (chosen,) = _view(_sales(design="opt_in"))["blocks"]
    assert lots["entries"][0]["bears"] == [{"who": "", "line": "Bears on any."}]
    assert chosen["entries"][0]["bears"] == [{"who": "", "line": "Volunteers differ."}]
    (both,) = _view(_sales(), _sales(study="b", title="Choosers", design="opt_in"))["blocks"]
    assert [b["who"] for b in both["entries"][0]["bears"]] == ["Sales mentoring", "Choosers"]


def test_no_shelf_no_section():
    assert _view(_sales(), shelf=())["nothing_to_say"]


def test_a_hostile_source_does_not_run():
    bad = source(entry("bad", finding="<script>alert(1)</script>"), title="<img src=x onerror=y>")
    html = render_html(replace(report((_sales(),)), shelf=(bad,)))
    assert "<script>alert" not in html and "<img" not in html
    assert "&lt;img src=x onerror=y&gt;" in html
