"""A study with a failing gate: its numbers are in nothing that the run leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines.demo import write_demo
from tests.flows.conftest import Firm
from tests.withheld import exact_findings, leaks, leaks_of_run, withheld_figures

if TYPE_CHECKING:
    from pathlib import Path


def _everybody_meets(firm: Firm) -> None:
    """A third of those who lost the draw met a mentor all the same."""
    lost = [f"E{n:04d},2025-04-02" for n in range(1, 60, 6)]
    with (firm.data / "meetings.csv").open("a") as file:
        file.write("\n".join(lost) + "\n")


def test_contaminated_arms_leave_no_number_behind(firm: Firm) -> None:
    _everybody_meets(firm)
    code, out, err = firm.run()
    assert code == 9, err
    assert "Withheld" in out
    found = exact_findings(firm.project, firm.out)["sales"]
    assert [d.name for d in found.diagnostics if d.status == "fail"] == ["contamination"]
    again, as_json, more = firm.run("--json")
    assert again == 9
    assert leaks_of_run(found, firm.out, out, err, as_json, more) == []


def test_the_search_finds_the_numbers_of_a_study_that_is_shown(firm: Firm) -> None:
    """What it says of a withheld study means something only if it sees what is shown."""
    code, out, err = firm.run()
    assert code == 0, err
    found = leaks_of_run(exact_findings(firm.project, firm.out)["sales"], firm.out, out, err)
    places = {line.split(":")[0] for line in found}
    assert {"report.html", "findings.json", "terminal 0"} <= places
    assert "analyst.duckdb results.estimates.estimate" in places
    assert {"report.xlsx Answer Estimate", "report.xlsx Answer Answer"} <= places
    assert any(p.startswith("warehouse/") for p in places)
    assert any(p.startswith("runs/") for p in places)


WAYS = ("about {0:.2f} more", "{0:,.1f}", '"estimate": {0!r}', "x: [{0:.3f}, 4]", "−{0:.2f}")


def test_each_way_to_print_a_number_is_seen(answered: Firm) -> None:
    firm = answered
    found = exact_findings(firm.project, firm.out)["sales"]
    value = abs(withheld_figures(found)[0])
    for text in WAYS:
        assert leaks(found, {"page": text.format(value)}, {}), text
    assert leaks(found, {}, {"column": [None, "text", value / 100]})
    assert leaks(found, {"page": json.dumps({"limit": 0.05, "p": 0.01})}, {}) == []


# So strict that no study of the demo company passes, whatever its design and outcome.
STRICT = """
thresholds:
  people_fail: 1000000
  answers_fail: 1000000
  exits_a_parameter_warn: 1000000
  exits_a_parameter_fail: 1000000
  pre_trend_warn_p: 0.9999
  pre_trend_fail_p: 0.9999
"""
FAILS = {
    "care-mentoring": "enough_data",  # an opt-in
    "care-turnover": "events_per_parameter",  # exits where people chose
    "operations-mentoring": "pre_trend",  # a roll-out
    "sales-intention": "enough_answers",  # a survey scale
    "sales-mentoring": "enough_data",  # a lottery
}


@pytest.mark.usefixtures("key")
def test_no_design_leaves_a_withheld_number_behind(tmp_path: Path) -> None:
    """The demo company with limits that nothing passes: five studies, three designs."""
    made = write_demo(tmp_path, people=1_500)
    firm = Firm(made.project, made.data, tmp_path / "out")
    with (firm.project / "mentorlift.yml").open("a") as file:
        file.write(STRICT)
    firm.edit("studies/operations.yml", "effect_of_interest: 0.05", "")
    code, out, err = firm.run("--json")
    assert code == 9, err
    findings = exact_findings(firm.project, firm.out)
    assert set(findings) == set(FAILS)
    for study, found in findings.items():
        assert FAILS[study] in {d.name for d in found.diagnostics if d.status == "fail"}
        assert leaks_of_run(found, firm.out, out, err) == [], study
