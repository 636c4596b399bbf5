"""A study that is changed after it was answered: what report, files and terminal say."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.withheld import exact_findings, leaks, leaks_of_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

STUDY = "studies/sales.yml"
WINDOW, OTHER = "primary: [1, 3]", "primary: [1, 2]"
AMENDED = "amended: The third month was half a month.\n"


def _ledger(firm: Firm) -> Path:
    return firm.project / "registered_studies.jsonl"


def _lines(firm: Firm) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _ledger(firm).read_text().splitlines()]


def _finding(firm: Firm, study: str = "sales") -> dict[str, Any]:
    found = json.loads((firm.out / "findings.json").read_text())
    return next(f for f in found if f["study"] == study)


def _page(firm: Firm) -> str:
    return (firm.out / "report.html").read_text()


def _artifacts(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in ("report.html", "findings.json")}


def _is_withheld(firm: Firm, said: tuple[int, str, str], keys: list[str]) -> None:
    """No number anywhere, in the ledger neither; reason, keys and remedy in page and JSON."""
    code, out, err = said
    assert code == 9, err
    assert "[Withheld, exploratory]" in out
    finding, page = _finding(firm), _page(firm)
    if len(list(firm.out.glob("runs/*"))) == 1:  # no earlier run shows what it was allowed to
        exact = exact_findings(firm.project, firm.out)["sales"]
        assert leaks_of_run(exact, firm.out, out, err) == []
        assert leaks(exact, {"ledger": _ledger(firm).read_text()}, {}) == []
    assert finding["exploratory"] and finding["grade"] == "Withheld"
    check = finding["diagnostics"][0]
    assert (check["name"], check["status"]) == ("registered_study", "fail")
    assert [c["key"] for c in finding["registration"]["changes"]] == keys
    for key in keys:
        assert key in check["display"] and key in page
    for text in ("Put the study back as it was registered", "amended:"):
        assert text in check["remedy"] and text in page
    assert '<span class="mark">Exploratory</span>' in page


def test_a_study_stays_the_one_registered(answered: Firm) -> None:
    """New data, a later day, other wording and every other way to run it are no change."""
    firm = answered
    first, artifacts = _ledger(firm).read_bytes(), _artifacts(firm.out)
    (line,) = _lines(firm)
    entry = line["entry"]
    assert (entry["study"], entry["known_at"]) == ("sales", "2025-12-31")
    assert b"E00" not in first
    registered = _finding(firm)["registration"]
    assert registered["first_run"] == entry["run"] == _finding(firm)["hashes"]["run"]
    elsewhere = type(firm)(firm.project, firm.data, firm.project.parent / "elsewhere")
    assert elsewhere.run()[0] == 0
    assert _artifacts(elsewhere.out) == artifacts
    assert firm.run("--exact-rows")[0] == 0
    firm.edit(STUDY, "as_of: 2025-12-31", "as_of: 2026-01-31")
    firm.edit(STUDY, "question: Does mentoring raise revenue?", "question: More revenue?")
    firm.edit("sales.csv", "E0003,2025-04,", "E0003,2025-04,1")
    code, out, err = firm.run()
    assert code == 0 and "[Randomised]" in out, err
    assert _ledger(firm).read_bytes() == first
    found = _finding(firm)["registration"]
    assert (found["state"], found["first_run"]) == ("registered", entry["run"])
    assert "not changed since" in _page(firm)


def test_a_change_withholds_and_putting_it_back_shows_the_same_report(answered: Firm) -> None:
    firm = answered
    before = _artifacts(firm.out)
    shutil.rmtree(firm.out)  # the registry is none of its files
    firm.edit(STUDY, WINDOW, OTHER)
    _is_withheld(firm, firm.run(), ["follow_up.primary"])
    again, as_json, _ = firm.run("--json")
    assert again == 9 and json.loads(as_json)["without_number"] == ["sales"]
    assert [line["entry"]["departs_from"] != "" for line in _lines(firm)] == [False, True]
    firm.edit(STUDY, OTHER, WINDOW)
    shutil.rmtree(firm.out)  # or else page one says that the report before had withheld it
    assert firm.run()[0] == 0
    assert _artifacts(firm.out) == before


def test_a_declared_change_is_shown_as_exploratory_everywhere(answered: Firm) -> None:
    import duckdb

    firm = answered
    firm.edit(STUDY, WINDOW, f"{OTHER}")
    firm.edit(STUDY, "study: sales", f"{AMENDED}study: sales")
    code, out, err = firm.run()
    assert code == 0, err
    assert "[Suggestive, exploratory]" in out
    finding, page = _finding(firm), _page(firm)
    assert finding["exploratory"] and finding["grade"] == "Suggestive"
    assert finding["registration"]["amended"] == "The third month was half a month."
    assert finding["estimates"][0]["estimate"] is not None
    assert '<span class="mark">Exploratory</span>' in page
    assert "<q>In an exploratory analysis, among people assigned by chance" in page
    for text in ("follow_up.primary: [1, 3] → [1, 2]", "Does mentoring raise revenue?", "half a"):
        assert text in page[page.index('id="provenance"') :]
    with duckdb.connect(str(firm.out / "analyst.duckdb"), read_only=True) as db:
        rows = db.execute("select exploratory, grade, may_say from results.findings").fetchall()
        (changes,) = db.execute("select changes, amended from results.studies").fetchall()
    assert rows[0][:2] == (True, "Suggestive") and rows[0][2].startswith("In an exploratory")
    assert changes == ("follow_up.primary: [1, 3] -> [1, 2]", "The third month was half a month.")


def test_a_new_name_is_no_clean_start(answered: Firm) -> None:
    firm = answered
    firm.edit(STUDY, "study: sales", "study: sales-again")
    firm.edit(STUDY, WINDOW, OTHER)
    code, out, _ = firm.run()
    assert code == 9 and "sales-again [Withheld, exploratory]" in out
    found = _finding(firm, "sales-again")["registration"]
    assert found["registered_as"] == "sales"
    assert [c["key"] for c in found["changes"]] == ["study", "follow_up.primary"]


def test_only_answers_are_registered(firm: Firm) -> None:
    """Neither a look at the files nor marts, nor a study that could not be answered."""
    _, project, *rest = firm.arguments
    for command in ("check", "ingest", "build"):
        arguments = [command, project, *rest[: 2 if command == "check" else 4]]
        firm_of = type("Asked", (type(firm),), {"arguments": property(lambda _: arguments)})  # noqa: B023
        assert firm_of(firm.project, firm.data, firm.out).run()[0] == 0
    firm.edit(STUDY, "metric: revenue", "metric: reveneu")
    assert firm.run()[0] == 3
    assert not _ledger(firm).exists()


def test_killed_behind_the_registration_it_goes_on_the_same(firm: Firm) -> None:
    assert firm.run_apart(MENTORLIFT_FAULT="registered")[0] == -9
    assert len(_lines(firm)) == 1
    assert not list(firm.out.rglob("releases.json"))
    assert firm.run()[0] == 0
    assert len(_lines(firm)) == 1
    (manifest,) = (firm.out / "runs").glob("*/manifest.json")
    named = json.loads(manifest.read_text())["registered"]["sales"]
    assert len(named["line"]) == 64 and named["entry"] == _lines(firm)[0]["entry"]


@pytest.mark.parametrize("then", ["changed", "changed and the project renamed", "the same"])
def test_a_registry_that_was_deleted_is_put_back_from_the_runs(answered: Firm, then: str) -> None:
    firm = answered
    before = _lines(firm)
    _ledger(firm).unlink()
    if then.endswith("renamed"):
        firm.edit("mentorlift.yml", "project: little-firm", "project: another")
    if then.startswith("changed"):
        firm.edit(STUDY, WINDOW, OTHER)
        _is_withheld(firm, firm.run(), ["follow_up.primary"])
    else:
        code, out, err = firm.run()
        assert code == 0 and "[Randomised]" in out, err
    assert _lines(firm)[0] == {**before[0], "recovered": True}
    assert "put back from the manifest" in _page(firm)


def test_a_past_state_is_the_study_as_it_was_registered_then(firm: Firm) -> None:
    """The report of a day is the same after a later delivery and a later day of the study."""
    first = firm.data / "sales-2025-12-31.csv"
    (firm.data / "sales.csv").rename(first)
    firm.edit(
        "mentorlift.yml", "file: sales.csv\n    delivered_on: 2025-12-31",
        "file: sales-*.csv\n    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}",
    )  # fmt: skip
    firm.run()
    before = _artifacts(firm.out)
    shutil.copy(first, firm.data / "sales-2026-02-28.csv")
    firm.edit("sales-2026-02-28.csv", "E0003,2025-04,", "E0003,2025-04,1")
    firm.edit(STUDY, "as_of: 2025-12-31", "as_of: 2026-02-28")
    assert firm.run()[0] == 0
    assert _artifacts(firm.out) != before
    firm.edit(STUDY, "as_of: 2026-02-28", "as_of: 2025-12-31")
    assert firm.run("--as-known-at", "2025-12-31")[0] == 0
    assert _artifacts(firm.out) == before and len(_lines(firm)) == 1
