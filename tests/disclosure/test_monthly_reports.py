"""The product's own reports, month after month: what a leaver gave to them cannot be worked out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.disclosure.canary import found
from tests.disclosure.deliveries import SEED, attacked, draw_company, figures_in, needles
from tests.flows.conftest import Firm, command

if TYPE_CHECKING:
    from pathlib import Path

MONTHS = 2  # who leaves first sold 1,233 EUR a month more than the others of the arm
ARTIFACTS = {"findings.json", "report.xlsx", "analyst.duckdb"}


def test_reports_that_do_not_know_of_each_other_tell_of_the_leaver(
    tmp_path: Path, key: Path
) -> None:
    made = attacked(tmp_path, draw_company(SEED, MONTHS), MONTHS, memory=False)
    assert made.told == {(artifact, 0): True for artifact in ARTIFACTS}
    assert made.few == [(0, 1)]
    assert not made.leaks


def test_reports_in_one_folder_do_not_tell_of_the_leaver(tmp_path: Path, key: Path) -> None:
    made = attacked(tmp_path, draw_company(SEED, MONTHS), MONTHS, memory=True)
    assert made.told == {(artifact, 0): False for artifact in ARTIFACTS}
    assert not made.few
    assert not made.leaks


def test_a_corrected_figure_of_one_person_is_not_told(tmp_path: Path, key: Path) -> None:
    """Nobody comes or goes; anew, the difference times the people of the arm is the correction."""
    firm = Firm.below(tmp_path)
    company = draw_company(SEED, MONTHS)
    corrected = company.sales.copy()
    corrected[101] += 3000
    said = []
    for sales in (company.sales, corrected):
        replace(company, sales=sales).write(firm, 0)
        assert command(*firm.arguments)[0] == 0
        said.append(figures_in(firm.out))
    assert said[0] == said[1]


def test_the_search_for_names_finds_those_in_the_files_of_the_company(tmp_path: Path) -> None:
    firm = Firm.below(tmp_path)
    draw_company(SEED, MONTHS).write(firm, 0)
    assert {line.split(": ")[1] for line in found(tmp_path, needles())} == {
        *map(str.lower, needles())
    }
