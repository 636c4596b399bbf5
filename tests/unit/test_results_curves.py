"""results.curves: one row a released day, as findings.json has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines import catalog, results
from pipelines.engine import Engine
from reports.build import findings_json
from tests.exit_cases import curves, leaving_report, turnover

if TYPE_CHECKING:
    from pathlib import Path


def test_curves_can_be_asked_for_and_equal_the_findings(tmp_path: Path) -> None:
    case = leaving_report()
    with Engine.open(tmp_path / "warehouse.duckdb") as engine:
        catalog.write_results(engine, results.tables(case.releases, case.manifest))
        rows = engine.rows(
            "select study, name, exit_kind, arm, day, share, at_risk, events, n_people "
            "from results.curves order by all"
        )
    findings = json.loads(findings_json(case))
    expected = [
        (
            f["study"], c["name"], c["exit_kind"], c["arm"], p["day"], p["share"], p["at_risk"],
            p["events"], c["n_people"],
        )
        for f in findings
        for c in f["curves"]
        for p in c["points"]
    ]  # fmt: skip
    assert rows == sorted(expected)
    assert len(rows) > 20


def test_suppressed_curves_have_no_rows() -> None:
    case = leaving_report(turnover(curves=curves(joined=9)))
    assert results.tables(case.releases, case.manifest)["curves"] == []
