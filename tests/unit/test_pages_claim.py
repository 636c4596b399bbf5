"""No sentence of a finished page claims more than the grade of its study, in any section."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from reports.build import render_html
from tests.claims import claims, per_cent_of_shares
from tests.report_cases import PROJECT, report
from tests.rich_cases import GRADES, KINDS, graded

if TYPE_CHECKING:
    from analysis.disclosure import Release

DESIGN_OF = {"exit": "opt_in", "scale": "randomised"}
CASES = [
    (kind, grade)
    for kind, grade in product(KINDS, GRADES)
    if grade != "Randomised" or DESIGN_OF.get(kind, kind) == "randomised"
]


def page_of(release: Release) -> str:
    project = replace(PROJECT, disclosure=release.mode, title="Ardenwick Group")
    return render_html(report((release,), project=project))


@pytest.mark.parametrize(("kind", "grade"), CASES)
def test_no_sentence_claims_more_than_its_grade(kind: str, grade: str) -> None:
    html = page_of(graded(KINDS[kind](), grade))
    assert claims(html, grade) == []


@pytest.mark.parametrize("kind", ["exit", "scale"])
def test_differences_of_shares_are_points_and_never_per_cent(kind: str) -> None:
    assert per_cent_of_shares(page_of(graded(KINDS[kind](), "Suggestive"))) == []


@pytest.mark.parametrize(
    ("said", "grade", "why"),
    [
        ("<p>Mentoring raised sales.</p>", "Suggestive", "claims a cause"),
        ("<p>Mentoring probably raised sales.</p>", "Suggestive", "too much for Suggestive"),
        ("<p>Mentoring may have raised sales.</p>", "Suggestive", ""),
        ("<p>Fewer left because of mentoring.</p>", "Descriptive only", "claims a cause"),
        ("<h3>Effect on sales by month</h3>", "Descriptive only", "called an effect"),
        ("<svg aria-label='Effect on sales'></svg>", "Suggestive", "called an effect"),
        ("<p>This is not an effect.</p>", "Descriptive only", ""),
        ("<p>A significant result!</p>", "Randomised", "never said"),
        ("<p>Mentoring raised sales.</p>", "Randomised", ""),
        ("<dl><dt>Do not say</dt><dd><q>It is proven.</q></dd></dl>", "Suggestive", ""),
        ("<dl><dt>You may say</dt><dd><q>It is proven.</q></dd></dl>", "Suggestive", "never"),
    ],
)
def test_the_reader_sees_what_claims_too_much(said: str, grade: str, why: str) -> None:
    found = claims(said, grade)
    assert any(why in line for line in found) if why else found == []


def test_the_reader_sees_differences_in_per_cent() -> None:
    assert per_cent_of_shares("<p>Leaving: −2.1\u202f% a year</p>")
    assert not per_cent_of_shares("<p>Leaving: −2.1\u202fpoints, of 8.4\u202f%</p>")
