"""`mentorlift calibrate` and `calibrate:` in the project, on a small company."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines.workspace import ARTIFACTS
from tests.flows.conftest import command

if TYPE_CHECKING:
    from tests.flows.conftest import Firm


def calibrate(firm: Firm, *options: str) -> tuple[int, str, str]:
    """Exit code and both outputs of the command."""
    return command("calibrate", str(firm.project), "--out", str(firm.out), *options)


@pytest.fixture
def short(firm: Firm) -> Firm:
    """The little firm with a window that its six months of results hold twice."""
    firm.edit("studies/sales.yml", "primary: [1, 3]", "primary: [1, 2]")
    return firm


def test_records_that_are_too_short_are_named(answered: Firm) -> None:
    firm = answered
    assert "Not calibrated in this run" in (firm.out / "report.html").read_text()
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    assert finding["calibration"] is None
    code, out, _ = calibrate(firm)
    assert code == 9
    assert "results of 7 consecutive months are needed, and 6 are on record" in out


def test_the_command_prints_shares_and_writes_nothing(short: Firm) -> None:
    assert short.run()[0] == 0
    before = {p: p.read_bytes() for p in short.out.rglob("*") if p.is_file()}
    code, out, _ = calibrate(short, "--programmes", "8")
    assert code == 0, out
    assert "of 8 programmes that did not exist" in out
    assert {p: p.read_bytes() for p in short.out.rglob("*") if p.is_file()} == before
    code, out, _ = calibrate(short, "--programmes", "8", "--json")
    (found,) = json.loads(out)["calibrations"]
    assert found["lines"][-1]["programmes"] == 8
    assert calibrate(short, "--study", "none")[0] == 3


def test_a_run_that_is_asked_to_has_it_in_every_artifact(short: Firm) -> None:
    """And a run of the same inputs elsewhere has the same bytes."""
    short.edit("mentorlift.yml", "retention: {months: 24}", "retention: {months: 24}\ncalibrate: 8")
    assert short.run()[0] == 0
    html, findings, *_ = made = [(short.out / n).read_bytes() for n in ARTIFACTS]
    assert b"of 8 programmes that did not exist" in html
    (finding,) = json.loads(findings)
    total = finding["calibration"]["lines"][-1]
    with duckdb.connect(str(short.out / "analyst.duckdb"), read_only=True) as base:
        rows = base.sql("select kind, programmes, claimed from results.calibration").fetchall()
    assert rows[-1] == ("all", 8, total["claimed"]["count"] / 8)
    assert calibrate(short, "--programmes", "8", "--json")[1].count('"programmes": 8') == 2
    code, _, _ = type(short)(short.project, short.data, short.out.with_name("again")).run()
    assert code == 0
    again = short.out.with_name("again")
    assert [(again / n).read_bytes() for n in ARTIFACTS] == made
