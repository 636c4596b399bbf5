"""The finished report of the demo company: the same bytes anywhere, and nothing of people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines import adhoc, saved_queries
from pipelines.demo import DemoPaths, write_demo
from pipelines.engine import Engine
from pipelines.models import Contract, contracts, verify
from pipelines.workspace import ARTIFACTS
from tests.disclosed import breaches
from tests.flows.places import PLACES

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = "İstanbul ıŞık, Größe ≥ 1"
# Tables that a run may leave empty: no calibration was asked for, no curve can be shown.
OPTIONAL = {
    "false-alarms": "results.calibration",
    "leaving": "results.curves",
    "retention": "results.curves",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DemoPaths:
    """A demo company, which asks all designs and kinds of outcome, with letters of all kinds."""
    paths = write_demo(tmp_path_factory.mktemp("demo"), people=1_500)
    settings = paths.project / "mentorlift.yml"
    text = settings.read_text(encoding="utf-8")
    assert "title: Mentoring at the demo company" in text
    settings.write_text(
        text.replace("title: Mentoring at", f"title: {LETTERS}, at"), encoding="utf-8"
    )
    return paths


@pytest.fixture(scope="module")
def out(made: DemoPaths, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of one run."""
    return PLACES["east"].run(tmp_path_factory.mktemp("places") / "east", made.project, made.data)


@pytest.mark.slow
def test_two_processes_leave_the_same_bytes(made: DemoPaths, out: Path, tmp_path: Path) -> None:
    """Wherever and by whomever they are made."""
    again = PLACES["west"].run(tmp_path / "west", made.project, made.data)
    assert len(ARTIFACTS) >= 3
    for name in ARTIFACTS:
        assert (out / name).read_bytes() == (again / name).read_bytes(), name
    assert LETTERS in (out / "report.html").read_text(encoding="utf-8")


def test_nothing_the_demo_shows_gives_people_away(out: Path) -> None:
    """Counts, curves and their steps, in findings.json, tables, charts and sheets."""
    findings = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    page = (out / "report.html").read_text(encoding="utf-8")
    assert len(findings) >= 3
    assert breaches(findings, page, (out / "report.xlsx").read_bytes()) == []
    for finding in findings:
        head = next(e for e in finding["estimates"] if e["role"] == "headline")
        of_exits = finding["outcome_kind"] == "exit" and head["status"] == "released"
        assert bool(finding["curves"]) == of_exits


@pytest.mark.parametrize("contract", contracts("results"), ids=lambda c: c.table)
def test_results_are_as_their_contracts_say(out: Path, contract: Contract) -> None:
    """Unique keys, columns that are never empty, words that may stand."""
    with Engine.open(out / "analyst.duckdb", read_only=True) as engine:
        verify(engine, contract)


@pytest.mark.parametrize("saved", saved_queries.all_queries(), ids=lambda q: q.name)
def test_every_saved_question_has_an_answer(out: Path, saved: saved_queries.SavedQuery) -> None:
    found = adhoc.query(out / "analyst.duckdb", saved.sql)
    assert found.columns
    assert (
        found.rows or not adhoc.query(out / "analyst.duckdb", f"from {OPTIONAL[saved.name]}").rows
    )
