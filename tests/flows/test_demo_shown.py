"""The finished report of the demo company, read for what gives people away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines import adhoc, saved_queries
from pipelines.demo import write_demo
from pipelines.engine import Engine
from pipelines.models import Contract, contracts, verify
from tests.disclosed import breaches
from tests.flows.conftest import Firm, own_key

if TYPE_CHECKING:
    from pathlib import Path

# Tables that a run may leave empty: no calibration was asked for, no curve can be shown.
OPTIONAL = {
    "false-alarms": "results.calibration",
    "leaving": "results.curves",
    "retention": "results.curves",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of one run."""
    folder = tmp_path_factory.mktemp("demo")
    made = write_demo(folder, people=1_500)
    with own_key(folder):
        firm = Firm(made.project, made.data, folder / "out")
        _, _, err = firm.run()
    assert (firm.out / "findings.json").is_file(), err
    return firm.out


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
