"""The results schema is described: what a row is, how tables join, and which words may stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from analysis.benefits.interaction import Verdict
from analysis.curve import CurveName
from analysis.diagnostics import Status
from analysis.disclosure import Shown
from analysis.estimate import Role
from analysis.finding import Grade
from analysis.study_parts import DesignName
from pipelines.models import Contract, contracts

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    ("estimates", "role"): Role,
    ("estimates", "status"): Shown,
    ("interactions", "status"): Shown,
    ("interactions", "verdict"): Verdict,
    ("diagnostics", "status"): Status,
    ("findings", "grade"): Grade,
    ("findings", "design"): DesignName,
    ("studies", "design"): DesignName,
    ("curves", "name"): CurveName,
}


@pytest.mark.parametrize(("table", "column"), sorted(WORDS))
def test_the_words_of_a_column_are_those_of_the_code(table: str, column: str) -> None:
    (contract,) = (c for c in contracts("results") if c.table == table)
    (described,) = (c for c in contract.columns if c.name == column)
    assert set(described.accepted_values) == set(get_args(WORDS[table, column]))


@pytest.mark.parametrize("contract", contracts("results"), ids=lambda c: c.table)
def test_every_table_of_results_says_what_a_row_is_and_joins_somewhere(contract: Contract) -> None:
    names = {column.name for column in contract.columns}
    assert set(contract.unique) <= names
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    drawn = text.split("## How the tables join")[1].split("```")[1]
    (line,) = re.findall(rf"^[ │├└─]*{contract.table} +(.*)$", drawn, re.MULTILINE)
    key = re.split(r" {2,}", line)[0].split(", ")
    assert set(key) <= names
    assert not contract.unique or key == list(contract.unique)
