"""The report as a file: nothing is loaded, nothing hostile survives, empty states are said."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from plotly.offline import get_plotlyjs_version

from reports.build import TEMPLATES, render_html
from tests.report_cases import (
    company_report,
    hostile_report,
    lottery,
    public_report,
    released,
    report,
    suppressed,
    withheld,
)

if TYPE_CHECKING:
    from analysis.finding import Finding
    from reports.model import Report

BUNDLE = TEMPLATES / "vendor" / "plotly-basic.min.js"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '" onmouseover="alert(3)',
    "=1+1",
    "{{ 7 * 7 }}",
    "</style><svg/onload=alert(4)>",
)


class Page(HTMLParser):
    """Elements, attributes and scripts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.strip():
            self.scripts.append((self.elements[-1][1], data))
        elif self.lasttag != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def text_of(made: Report) -> str:
    return Page(render_html(made)).text


def only(*findings: Finding) -> Report:
    return report(released(*findings))


def test_the_vendored_bundle_is_the_version_plotly_writes_for() -> None:
    head = BUNDLE.read_text(encoding="utf-8")[:200]
    assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}" in head
    assert "MIT" in (BUNDLE.parent / "plotly-basic.LICENSE.txt").read_text()


def test_the_bundle_may_stand_inside_a_script_element() -> None:
    text = BUNDLE.read_text(encoding="utf-8").lower()
    assert "</script" not in text and "<!--" not in text


def test_only_the_scripts_of_the_file_may_run() -> None:
    html = render_html(public_report())
    policy = next(a["content"] for t, a in Page(html).elements if "http-equiv" in a) or ""
    code = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(code) == 2
    for text in code:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    assert "script-src 'unsafe" not in policy


def test_nothing_is_loaded_and_no_handler_is_written() -> None:
    for made in (public_report(), company_report()):
        for tag, attributes in Page(render_html(made)).elements:
            assert not {"src", "srcset", "action", "formaction"} & set(attributes), tag
            assert not [name for name in attributes if name.startswith("on")]
            link = attributes.get("href")
            assert tag not in ("link", "iframe", "object", "embed", "base")
            assert link is None or link.startswith("#")


def test_a_report_without_a_chart_carries_no_script() -> None:
    html = render_html(only(lottery()))
    assert "<script" not in html and "script-src" not in html


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_text_stays_text(bad: str) -> None:
    page = Page(render_html(hostile_report(bad)))
    tags = {tag for tag, _ in page.elements}
    assert "img" not in tags
    assert not [a for _, a in page.elements for name in a if name.startswith("on")]
    assert len([1 for tag, _ in page.elements if tag == "script"]) == 3
    assert bad in "".join(page.words)
    figure = next(data for attrs, data in page.scripts if attrs.get("type"))
    assert "<" not in figure and json.loads(figure)["data"]


def test_page_one_answers_with_both_numbers() -> None:
    text = text_of(public_report())
    assert "Public data: exact counts" in text
    assert "raised weekly profit by 369\u00a0KES a week".replace("\u00a0", " ") in text
    assert "raw gap +226" in text
    assert "Also in this study: class: +111 KES a week" in text.replace("\u00a0", " ")
    assert "mentorlift run PROJECT --data DATA --out DIR" in text


def test_every_section_is_there_under_one_heading() -> None:
    elements = Page(render_html(company_report())).elements
    assert [t for t, _ in elements].count("h1") == 1
    ids = {a["id"] for t, a in elements if t == "section"}
    assert ids == {
        "calibrated",
        "compared",
        "over_time",
        "balance",
        "checks",
        "others",
        "data_quality",
        "literature",
        "methods",
        "provenance",
    }


def test_all_ids_are_unique_and_links_lead_to_them() -> None:
    elements = Page(render_html(company_report())).elements
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for _, a in elements if "href" in a} <= set(ids)


def test_withheld_numbers_are_nowhere_in_the_file() -> None:
    html = render_html(only(withheld()))
    for number in ("12.3", "0.1234", "56.8", "0.5678", "1234 to 5678"):
        assert number not in html
    text = Page(html).text
    assert "We cannot say whether" in text and "Ask who kept the list" in text
    assert "its course over time is withheld too" in text


def test_suppressed_numbers_are_nowhere_in_the_file() -> None:
    html = render_html(only(suppressed()))
    assert "777" not in html and "88.9" not in html
    text = Page(html).text
    assert "may not be shown" in text and "No estimate rests on enough people" in text


def test_one_month_has_no_course_over_time() -> None:
    text = text_of(only(lottery()))
    assert "The outcome was measured in one month only" in text


def test_no_take_up_is_said() -> None:
    finding = lottery()
    kept = tuple(e for e in finding.estimates if "LATE" not in e.target.estimand)
    text = text_of(only(replace(finding, estimates=kept)))
    assert "taking part was not recorded, or nobody took part" in text


def test_no_study_still_makes_a_report() -> None:
    text = text_of(report(()))
    assert "No study has been answered yet." in text and "Every one of 3,003 rows" in text


def test_rows_that_do_not_add_up_are_said() -> None:
    made = report(())
    files = json.loads(json.dumps(made.reconciliation))
    files["files"][0]["loads"][0]["loaded"] -= 1
    text = text_of(replace(made, reconciliation=files))
    assert "1 of 2 loads do not add up" in text and "1 rows unaccounted for" in text


def test_open_intervals_and_specifications_are_printed() -> None:
    text = text_of(public_report())
    assert "74.6 to unbounded" in text
    assert "“as published”" in text and "+371.8 111.1 to 632.5" in text
    assert "monotonicity" in text and "neither discourages" in text


def test_counts_of_protected_people_are_rounded() -> None:
    text = text_of(only(lottery()))
    assert "163" not in text and "165" in text
    assert "Counts are rounded to 5; groups under 10 print as <10." in text


def test_provenance_names_the_three_files_of_a_run() -> None:
    page = render_html(public_report())
    own = page[page.index('id="provenance"') :]
    assert all(
        f"<code>{name}</code>" in own for name in ("report.html", "findings.json", "report.xlsx")
    )
