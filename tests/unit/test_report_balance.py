"""Were the groups alike, as printed: the finding in each title, every figure in a table."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from analysis.balance import Balance, BalanceRow
from analysis.released_balance import ReleasedBalance, ReleasedRow
from reports.build import findings_json, render_html
from reports.sections import balance as section
from reports.wording.balance import covariate_words, finding, overlap_finding, row_words
from tests.exit_cases import leaving_report, turnover
from tests.report_cases import (
    check,
    company_report,
    public_report,
    released,
    report,
    required,
    trial,
)

STARTED = dict(arm="mentored", comparison="not_yet", status="released", limit=0.1)


def row(covariate: str, before: float, after: float | None = None, level: str = "") -> ReleasedRow:
    return ReleasedRow(covariate=covariate, level=level, before=before, after=after)


def made(*rows: ReleasedRow, **changes: object) -> ReleasedBalance:
    return ReleasedBalance(**{**STARTED, "rows": rows, **changes})


def section_of(html: str) -> str:
    (found,) = re.findall(r'<section class="sec" id="balance".*?</section>', html, re.DOTALL)
    return found


@pytest.mark.parametrize(
    ("rows", "changes", "said"),
    [
        (
            (row("tenure_months", -0.52, 0.02), row("engagement", 0.1, -0.04)),
            {},
            "After weighting, no measured difference is above 0.04; before, tenure differed by "
            "0.52",
        ),
        (
            (row("level", 0.31, -0.14, "4"),),
            {},
            "After weighting, level: 4 still differs by 0.14; before, level: 4 differed by 0.31",
        ),
        (
            (row("engagement", 0.31, 0.01),),
            {"left_out": (("level", "few"),)},
            "After weighting, no difference shown is above 0.01; before, engagement differed by "
            "0.31",
        ),
        (
            (row("age", -0.2), row("level", 0.1)),
            {"limit": None},
            "The largest of 2 differences is 0.20, in age",
        ),
        ((row("age", 0.2),), {"limit": None}, "The measured difference is 0.20, in age"),
        ((), {"left_out": (("level", "few"),)}, "Nothing that was measured may be shown"),
        (
            (row("year", 0.9, 0.0, "2024"), row("age", 0.2, 0.01)),
            {},
            "After weighting, no measured difference is above 0.01; before, age differed by 0.20",
        ),
    ],
)  # fmt: skip
def test_the_title_is_the_finding(rows, changes, said) -> None:
    assert finding(made(*rows, **changes)) == said


@pytest.mark.parametrize(
    ("covariate", "words"),
    [
        ("pre_period_outcome missing", "outcome before the start, not recorded"),
        ("engagement squared", "engagement, squared"),
        ("performance.calls", "performance, calls"),
        ("HR_index", "HR index"),
    ],
)
def test_names_of_columns_are_words(covariate: str, words: str) -> None:
    assert covariate_words(covariate) == words


def test_bands_of_tenure_say_where_they_begin() -> None:
    assert row_words(row("tenure from", 0.1, None, "12")) == "tenure: from 12\u00a0months"


def test_where_a_share_is_hidden_the_overlap_has_no_figure_in_its_title() -> None:
    hidden = overlap_finding("not shown (small group)", "74 %", "joined", False)
    assert hidden == "Where the choices of the two groups overlap"
    assert overlap_finding("over 98 %", "74 %", "joined", False) == (
        "Over 98\u202f% of “joined” have a comparator near them; the choice was open for "
        "74\u202f% of people"
    )


def test_a_report_without_anything_before_the_start_has_no_section() -> None:
    bare = report(released(replace(trial(), diagnostics=required())))
    assert section.view(bare)["nothing_to_say"]
    assert 'id="balance"' not in render_html(bare)


def test_every_dot_has_its_number_and_the_limit_is_dashed() -> None:
    found = section_of(render_html(public_report()))
    lines = re.findall(r'<th scope="row">([^<]*)</th>.*?data-l="difference">([\d.]+)<', found)
    assert lines[:2] == [("Sector: retail", "0.22"), ("Sector: manufacturing", "0.14")]
    assert len(lines) == found.count('class="naive"') == found.count('class="lim"') == 7
    assert "single differences are shown and not gated" in " ".join(found.split())


def test_a_rare_category_is_nowhere_in_the_report() -> None:
    """The level of seven people of the sales lottery."""
    case = company_report()
    html = render_html(case)
    assert "Level: 2" in section_of(html)
    assert "No line, or not all, for level: a group of fewer than 10 people." in html
    assert "board" not in html.split("<script>")[0]
    assert "board" not in findings_json(case)


def test_weighted_studies_show_both_differences_overlap_and_weights() -> None:
    found = re.sub(r"[ \n]+", " ", section_of(render_html(leaving_report())))
    assert "after weighting, no measured difference is above 0.05; before, tenure" in found
    assert found.count('class="est"') == found.count('class="naive"') == 7
    assert "When trials begin: calendar, not people" in found
    assert found.count('class="outline') == 2
    assert "over 98\u202f% of “mentored” have a comparator near them" in found
    assert "the 2,310 people compared count as about 1,205 people once weighted" in found
    assert "ambition or a pending offer" in found


def test_shares_of_the_overlap_are_a_table_of_one_cell_a_range() -> None:
    """Three and twelve starters share the first two tenths; forty entries are four people."""
    found = section_of(render_html(leaving_report()))
    (table,) = re.findall(r'<table class="r keep tenths">.*?</table>', found, re.DOTALL)
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", table)
    spans = [re.findall(r'rowspan="(\d+)"', cells) for _, cells in rows]
    assert [label for label, _ in rows][:2] == ["0 to 0.1", "0.1 to 0.2"]
    assert spans[0] == ["2", "2"]
    assert rows[1][1] == ""
    covered = sum(len(re.findall("<td", cells)) for _, cells in rows)
    extra = sum(int(n) - 1 for row in spans for n in row)
    assert covered + extra == 20


def test_small_groups_have_a_reason_and_no_figure() -> None:
    few = Balance(
        arm="mentored", comparison="not_yet_mentored", people=(8, 2310),
        rows=(BalanceRow(covariate="engagement", level="", before=0.7654, after=0.01),),
        limit=0.1,
    )  # fmt: skip
    base = turnover()
    checks = tuple(
        replace(d, balances=(few,)) if d.name == "adjusted_balance" else d for d in base.diagnostics
    )
    case = leaving_report(replace(base, diagnostics=checks))
    assert "Not shown: A group has fewer than 10 people." in section_of(render_html(case))
    (balance,) = next(f for f in json.loads(findings_json(case)) if f["balance"])["balance"]
    assert (balance["rows"], balance["n_treated"]) == ([], None)
    assert "0.77" not in section_of(render_html(case))


def test_names_of_covariates_cannot_run() -> None:
    bad = "<script>alert(1)</script>"
    alike = Balance(
        arm="mentee", comparison="control", people=(300, 310),
        rows=(BalanceRow(covariate=bad, level=bad, before=0.5, after=None, groups=((90, 90),)),),
    )  # fmt: skip
    finding_ = replace(trial(), diagnostics=required(balance=check("balance", balances=(alike,))))
    html = render_html(report(released(finding_)))
    assert bad not in html
    assert "&lt;script&gt;alert(1)" in section_of(html)
