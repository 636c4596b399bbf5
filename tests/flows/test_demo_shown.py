"""The finished report of the demo company, read for what gives people away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines.demo import write_demo
from tests.disclosed import breaches
from tests.flows.conftest import Firm

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_nothing_the_demo_shows_gives_people_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts, curves and their steps, in findings.json, tables, charts and sheets."""
    made = write_demo(tmp_path, people=1_500)
    (tmp_path / "demo.key").write_text("0123456789abcdef" * 4 + "\n")
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(tmp_path / "demo.key"))
    firm = Firm(made.project, made.data, tmp_path / "out")
    _, _, err = firm.run()
    findings = json.loads((firm.out / "findings.json").read_text(encoding="utf-8"))
    page = (firm.out / "report.html").read_text(encoding="utf-8")
    assert len(findings) >= 3, err
    assert breaches(findings, page, (firm.out / "report.xlsx").read_bytes()) == []
    for finding in findings:
        head = next(e for e in finding["estimates"] if e["role"] == "headline")
        of_exits = finding["outcome_kind"] == "exit" and head["status"] == "released"
        assert bool(finding["curves"]) == of_exits
