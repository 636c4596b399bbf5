"""Nothing about fewer than ten people in any artifact of companies drawn at random.

MENTORLIFT_DRAWS says how many projects of five companies are drawn.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.disclosure import release
from analysis.rules import Rules
from pipelines.config import load_project
from pipelines.engine import Engine
from pipelines.errors import UserError
from pipelines.studies import answer
from reports.build import findings_json, render_html
from reports.workbook import workbook
from tests.disclosed import breaches
from tests.flows.conftest import command
from tests.page import Page
from tests.report_cases import PROJECT, report
from tests.small_companies import Company, draw_project
from tests.strangers import learned

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.finding import Finding

DRAWS = range(int(os.environ.get("MENTORLIFT_DRAWS", "1")))
PROTECTED = Rules()
COMPANIES = 5  # a project: one of each design


def answered(folder: Path, seed: int) -> list[tuple[Company, Finding]]:
    """The exact finding of each company of a project, through ingest, build and estimate."""
    firm, made = draw_project(folder, seed, COMPANIES)
    code, _, err = command("build", str(firm.project), *firm.where)
    assert code == 0, err
    (built,) = firm.out.rglob("built.duckdb")
    found = []
    with Engine.open(built, read_only=True) as engine:
        for company, spec in zip(
            made, sorted(load_project(firm.project).studies, key=lambda s: s.study), strict=True
        ):
            try:
                found.append((company, answer(engine, spec, PROTECTED.min_group)))
            except UserError as refused:
                assert refused.fix
    return found


def all_that_is_learned(company: Company, finding: Finding, rules: Rules = PROTECTED) -> list[str]:
    """What every reader of the artifacts of one study learns and must not."""
    (made,), _ = release([finding], rules)
    case = report((made,), project=replace(PROJECT, disclosure=rules.mode))
    html, text = render_html(case), findings_json(case)
    data = json.loads(text)
    return [
        *breaches(data, html, workbook(case)),
        *learned(company, finding, made, Page(html), data),
    ]


@pytest.mark.parametrize("seed", DRAWS)
@pytest.mark.usefixtures("key")
def test_nothing_about_fewer_than_ten_people(seed: int, tmp_path: Path) -> None:
    found = answered(tmp_path, seed)
    assert len(found) >= COMPANIES - 2
    for company, finding in found:
        said = all_that_is_learned(company, finding)
        assert said == [], f"{company.study}, {company.design}"


@pytest.mark.usefixtures("key")
def test_the_readers_see_exact_counts(tmp_path: Path) -> None:
    """Else finding nothing above would prove nothing: shown as published data are, all is seen."""
    seen = [
        line
        for company, finding in answered(tmp_path, 1)
        for line in all_that_is_learned(company, finding, Rules(mode="public"))
    ]
    for word in ("exact count", "count of", "steps of", "cell", "team"):
        assert any(word in line for line in seen), word
