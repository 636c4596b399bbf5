"""The command line end to end: a run, the second run, and everything that can be wrong with it."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from pipelines.workspace import ARTIFACTS
from tests.disclosed import breaches

if TYPE_CHECKING:
    from tests.flows.conftest import Firm


def test_a_run_leaves_report_findings_and_one_line_an_answer(firm: Firm) -> None:
    code, out, err = firm.run()
    assert code == 0, err
    assert "sales" in out and "Randomised" in out
    assert out.strip().endswith("report.html")
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    (headline,) = [e for e in finding["estimates"] if e["role"] == "headline"]
    assert headline["estimate"] == pytest.approx(10, abs=2)
    assert headline["n_people"] == 60
    assert {"study", "design", "grade", "estimates", "diagnostics", "population", "hashes"} <= set(
        finding
    )


def test_a_second_run_changes_nothing(answered: Firm) -> None:
    first = {p.name: p.read_bytes() for p in answered.out.glob("*.*")}
    code, out, err = answered.run()
    assert code == 0 and "nothing has changed" in err and "Randomised" in out
    assert {p.name: p.read_bytes() for p in answered.out.glob("*.*")} == first


def test_the_report_does_not_depend_on_the_key(answered: Firm) -> None:
    first = [(answered.out / name).read_bytes() for name in ARTIFACTS]
    other = answered.project.parent / "other.key"
    other.write_text("f" * 64)
    again = type(answered)(answered.project, answered.data, answered.project.parent / "out2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENTORLIFT_KEY_FILE", str(other))
        again.run()
    assert [(again.out / name).read_bytes() for name in ARTIFACTS] == first


def test_row_data_are_private_and_intermediate_ones_removed(answered: Firm) -> None:
    modes = {p.name: p.stat().st_mode & 0o777 for p in answered.out.iterdir()}
    assert modes["warehouse"] == modes["runs"] == 0o700
    assert modes["analyst.duckdb"] == 0o600
    assert not list((answered.out / "runs").rglob("*.duckdb"))


def test_no_personnel_number_is_stored_anywhere(answered: Firm) -> None:
    for path in answered.out.rglob("*"):
        if path.is_file():
            assert b"E0042" not in path.read_bytes(), path.name
    with zipfile.ZipFile(answered.out / "report.xlsx") as book:
        assert not [n for n in book.namelist() if b"E0042" in book.read(n)]


STUDY, PROJECT = "studies/sales.yml", "mentorlift.yml"
BASIS = "lawful_basis: Legitimate interest, agreed with the works council."
ONCE = "E0001,lottery_lost,2025-03-10\n"

# What is spoiled (file, old text, new text), the exit code, words the message must have.
UNHAPPY = {
    "missing column": ("sales.csv", "month,revenue", "month,turnover", 4, ["sales.csv", "revenue"]),
    "unknown metric": (STUDY, "metric: revenue", "metric: reveneu", 3, ["outcome.metric"]),
    "empty follow-up": (
        STUDY, "months: 3, primary: [1, 3]", "months: 30, primary: [20, 24]",
        3, ["follow_up.primary", "20 to 24"],
    ),
    "unknown key": (STUDY, "take_up:", "takeup:", 3, ["takeup", "take_up"]),
    "unknown arm": (STUDY, "treated: mentee", "treated: mentees", 3, ["arms"]),
    "completers among exits": (
        STUDY,
        "arms: {treated: mentee, comparison: lottery_lost}\nallocation: {share: 0.5}\n"
        "take_up: met_mentor_once\noutcome: {metric: revenue, unit: EUR}",
        "arms: {treated: completers, comparison: lottery_lost}\n"
        "outcome: {kind: exit, metric: voluntary}",
        3, ["arms.treated", "immortal time", "Write the arms as drawn"],
    ),
    "taking part by completing": (
        STUDY, "take_up: met_mentor_once", "take_up: completed", 3, ["take_up", "immortal time"]
    ),
    "no purpose": (
        PROJECT, "purpose: Learn whether the sales mentoring programme works.", "", 3, ["purpose"]
    ),
    "no lawful basis": (PROJECT, BASIS, "", 3, ["lawful_basis"]),
    "no retention": (PROJECT, "retention: {months: 24}", "", 3, ["retention"]),
    "not YAML": (PROJECT, "title: Little Firm", "title: [Little", 3, ["line"]),
    "renamed column": ("funnel.csv", "drawn", "drawn on", 4, ["funnel.csv", "drawn on"]),
}  # fmt: skip

GONE = {"sales.csv": 4, "mentorlift.yml": 3, "test.key": 3}


def _said_plainly(firm: Firm, expected: int, words: list[str]) -> None:
    code, out, err = firm.run()
    assert code == expected, err
    assert "Traceback" not in err and not out
    error = err[err.index("error: ") :]
    assert "fix: " in error
    for word in words:
        assert word in error
    assert "E0001" not in err, "a person's number in a message"
    assert not (firm.out / "report.html").exists()


@pytest.mark.parametrize("name", UNHAPPY)
def test_what_is_wrong_is_said_in_two_lines(firm: Firm, name: str) -> None:
    file, old, new, code, words = UNHAPPY[name]
    firm.edit(file, old, new)
    _said_plainly(firm, code, words)


@pytest.mark.parametrize("name", GONE)
def test_a_missing_file_is_named(firm: Firm, name: str) -> None:
    for folder in (firm.data, firm.project, firm.project.parent):
        (folder / name).unlink(missing_ok=True)
    _said_plainly(firm, GONE[name], [name])


def test_an_arm_with_three_people_gets_no_number(firm: Firm) -> None:
    lines = (firm.data / "funnel.csv").read_text().splitlines()
    winners = [line for line in lines if ",mentee," in line][3:]
    kept = [line for line in lines if line not in winners]
    (firm.data / "funnel.csv").write_text("\n".join(kept) + "\n")
    code, out, err = firm.run()
    assert code == 9 and "Traceback" not in err
    assert "people in the smallest group" in out
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    for estimate in finding["estimates"]:
        assert estimate["estimate"] is None and estimate["reason"]
    report = (firm.out / "report.html").read_text()
    assert "&lt;10" in report and ">3<" not in report


def test_a_second_run_at_the_same_time_leaves_at_once(firm: Firm) -> None:
    from pipelines.publish import run_lock

    firm.out.mkdir()
    with run_lock(firm.out):
        code, _, err = firm.run_apart()
    assert code == 5 and "Traceback" not in err and "fix: " in err


def test_a_killed_run_keeps_its_finished_stages(firm: Firm) -> None:
    """That it ends the same wherever it is killed, `tests/faults` tries."""
    assert firm.run_apart(MENTORLIFT_FAULT="build-after-mark")[0] == -9
    code, _, err = firm.run()
    assert code == 0, err
    kept = [line.split(":")[0] for line in err.splitlines() if line.endswith("kept")]
    assert kept == ["ingest", "build"]


REFUSED = {
    "settle-synced:ingested.duckdb=EACCES": ("ingested.duckdb: Permission denied", "Let the user"),
    "settle-written:checks.json=EIO": ("checks.json: Input/output error", "Have the disk"),
    "settle-opened:report.html=ENOSPC": ("report.html: No space left on device", "Make room"),
}


def test_a_disk_that_refuses_is_named_and_the_version_before_stays(
    answered: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = answered
    before = {p.name: p.read_bytes() for p in firm.out.glob("*.*")}
    firm.edit("sales.csv", "E0001,2025-01,", "E0001,2025-01,1")
    for fault, (why, fix) in REFUSED.items():
        monkeypatch.setenv("MENTORLIFT_FAULT", fault)
        code, out, err = firm.run()
        assert (code, out) == (10, "") and "Traceback" not in err
        error, told = err[err.index("error: ") :].splitlines()
        assert why in error and told.startswith("  fix: ") and fix in told
    for name in (*ARTIFACTS, "analyst.duckdb"):
        assert (firm.out / name).read_bytes() == before[name]
    monkeypatch.delenv("MENTORLIFT_FAULT")
    code, _, err = firm.run()
    assert code == 0 and "that a run which was cut off left behind" in err
    assert (firm.out / "report.html").read_bytes() != before["report.html"]


def test_too_little_memory_for_the_database_is_said(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.run.MEMORY", "1MB")
    code, _, err = firm.run()
    assert code == 10 and "more memory than it may use" in err and "fix: " in err
    monkeypatch.undo()


def test_a_project_without_studies_still_reports_its_data(firm: Firm) -> None:
    (firm.project / "studies" / "sales.yml").unlink()
    code, out, err = firm.run()
    assert code == 0 and out.strip().endswith("report.html")
    assert "rows: 440 in = 440 loaded + 0 quarantined + 0 excluded + 0 duplicates" in err


def test_a_folder_that_cannot_be_written_is_named(firm: Firm) -> None:
    firm.out.write_text("a file is in the way")
    code, _, err = firm.run()
    assert code == 10 and str(firm.out) in err and "fix: " in err


def _headline(firm: Firm) -> tuple[dict, dict[str, dict]]:
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    return finding, {d["name"]: d for d in finding["diagnostics"]}


def test_an_arm_changed_by_a_later_delivery_is_no_lottery(firm: Firm) -> None:
    text = (firm.data / "funnel.csv").read_text()
    (firm.data / "funnel-2025-03-15.csv").write_text(text)
    swapped = text.replace("E0001,lottery_lost", "E0001,mentee")
    (firm.data / "funnel-2025-12-01.csv").write_text(swapped)
    (firm.data / "funnel.csv").unlink()
    firm.edit(
        PROJECT,
        "file: funnel.csv\n    delivered_on: 2025-12-31",
        "file: funnel-*.csv\n    delivered_on: {from_name: '(\\d{4}-\\d{2}-\\d{2})'}",
    )
    code, _, err = firm.run()
    finding, checks = _headline(firm)
    assert code == 9, err
    assert finding["grade"] == "Withheld" and checks["roster"]["status"] == "fail"


def test_meetings_before_the_draw_are_no_take_up(firm: Firm) -> None:
    text = (firm.data / "meetings.csv").read_text().replace("2025-04", "2024-06")
    (firm.data / "meetings.csv").write_text(text)
    firm.run()
    finding, _ = _headline(firm)
    (naive,) = [e for e in finding["estimates"] if e["role"] == "naive"]
    assert (naive["status"], naive["estimate"]) == ("suppressed", None)
    assert "fewer than 10 people" in naive["reason"]  # nobody, and not told from nine


def test_a_mentor_of_another_programme_contaminates(firm: Firm) -> None:
    firm.edit(PROJECT, "name: Sales mentoring}]", "name: Sales mentoring}, {id: OTHER}]")
    firm.edit(
        PROJECT,
        "columns: {person_id: employee, held_on: day}\n        constants: {programme: SALES,",
        "columns: {person_id: employee, held_on: day, programme: programme}\n        constants: {",
    )
    lines = (firm.data / "meetings.csv").read_text().splitlines()
    rows = [f"{line},SALES" for line in lines[1:]]
    rows += [f"E{number:04d},2025-04-09,OTHER" for number in range(1, 60, 2)]
    (firm.data / "meetings.csv").write_text("\n".join(["employee,day,programme", *rows]) + "\n")
    firm.run()
    _, checks = _headline(firm)
    assert checks["contamination"]["status"] == "fail"


def test_who_had_left_before_the_draw_is_not_in_the_study(firm: Firm) -> None:
    left = "\n".join(f"E{n:04d},2020-01-01,{'2024-12-31' if n < 12 else ''}" for n in range(60))
    (firm.data / "workers.csv").write_text(f"employee,hired,left\n{left}\n")
    project = firm.project / PROJECT
    project.write_text(
        project.read_text()
        + """
  - name: workers
    file: workers.csv
    delivered_on: 2025-12-31
    loads:
      - table: employment
        columns: {person_id: employee, hired_on: hired, exited_on: left}
"""
    )
    code, _, err = firm.run()
    finding, _ = _headline(firm)
    assert code == 0, err
    (head,) = [e for e in finding["estimates"] if e["role"] == "headline"]
    assert head["n_people"] == 50  # 48, rounded to 5


def test_a_withheld_study_leaves_no_figure_about_the_precision_of_its_effect(firm: Firm) -> None:
    lines = ["employee,day", *(f"E{n:04d},2025-04-03" for n in range(40))]
    (firm.data / "meetings.csv").write_text("\n".join(lines) + "\n")
    firm.run()
    finding, checks = _headline(firm)
    assert finding["grade"] == "Withheld"
    assert checks["minimum_detectable_effect"]["value"] is None


def test_one_missing_outcome_is_not_given_away(firm: Firm) -> None:
    rows = (firm.data / "sales.csv").read_text().splitlines()
    kept = [row for row in rows if not row.startswith("E0001,2025-04")]
    (firm.data / "sales.csv").write_text("\n".join(kept) + "\n")
    firm.run()
    finding, checks = _headline(firm)
    assert checks["differential_missing_outcome"]["value"] is None
    shares = [d["display"] for d in finding["diagnostics"] if d["name"] == "response"]
    assert "rests on fewer than 10 people" in shares
    for estimate in finding["estimates"]:
        if estimate["std_error"] is not None:
            assert len(f"{estimate['std_error']:.6g}".replace(".", "").strip("0")) <= 3


def test_another_key_is_refused_since_nobody_could_be_compared(answered: Firm) -> None:
    (answered.project.parent / "test.key").write_text("c" * 64)
    code, _, err = answered.run()
    assert code == 3 and "made with another key" in err and "rotate-key" in err
    assert "ingest: started" not in err


def test_the_same_content_under_two_names_is_read_once_and_said(firm: Firm) -> None:
    (firm.data / "funnel-copy.csv").write_bytes((firm.data / "funnel.csv").read_bytes())
    firm.edit(PROJECT, "file: funnel.csv", "file: funnel*.csv")
    code, _, err = firm.run()
    assert code == 0, err
    assert "same content as" in (firm.out / "report.html").read_text()


def test_the_report_of_a_past_date_is_byte_for_byte_what_it_was(firm: Firm) -> None:
    late = "delivered_on: {from_name: 'sales-(.*)\\.csv'}"
    firm.edit(
        PROJECT,
        "    file: sales.csv\n    delivered_on: 2025-12-31",
        f"    file: sales-*.csv\n    {late}",
    )
    (firm.data / "sales.csv").rename(firm.data / "sales-2025-12-31.csv")
    firm.run()
    first = {p.name: p.read_bytes() for p in firm.out.glob("*.*")}
    corrected = (firm.data / "sales-2025-12-31.csv").read_text().replace(",100\n", ",900\n")
    (firm.data / "sales-2026-01-31.csv").write_text(corrected)
    again = type(firm)(firm.project, firm.data, firm.project.parent / "past")
    code, _, err = again.run("--as-known-at", "2025-12-31")
    assert code == 0, err
    for name in ARTIFACTS:
        assert (again.out / name).read_bytes() == first[name]
    assert not (again.out / "quarantine").exists() and not (again.out / "ledger.json").exists()


def test_a_study_cannot_be_later_than_what_is_known(firm: Firm) -> None:
    code, _, err = firm.run("--as-known-at", "2025-12-30")
    assert code == 3 and "later than --as-known-at" in err


def test_deliveries_that_vanish_or_change_are_named_in_the_next_run(firm: Firm) -> None:
    project = firm.project / PROJECT
    project.write_text(project.read_text().replace("file: meetings.csv", "file: meetings*.csv"))
    (firm.data / "meetings-more.csv").write_text("employee,day\nE0002,2025-05-01\n")
    _, _, err = firm.run()
    assert "gone" not in err
    (firm.data / "meetings-more.csv").unlink()
    firm.edit("meetings.csv", "2025-04-03", "2025-04-13")
    _, _, err = firm.run()
    assert "meetings-more.csv was delivered earlier and is gone" in err
    assert "meetings.csv: the same name as in an earlier run, with new content" in err
    firm.edit("meetings.csv", "2025-04-13", "2025-04-14")
    assert "gone" not in firm.run()[2]


def test_a_refused_file_shows_in_the_exit_code_and_the_others_land(firm: Firm) -> None:
    project = firm.project / PROJECT
    text = project.read_text().replace(
        "file: meetings.csv", "file: meetings*.csv\n    on_refused: continue"
    )
    project.write_text(text)
    (firm.data / "meetings-more.csv").write_text("name\nAda\n")
    code, out, err = firm.run()
    assert code == 11 and "Randomised" in out
    assert "meetings-more.csv: refused" in err and "left out: meetings-more.csv" in err
    assert "meetings-more.csv" in (firm.out / "report.html").read_text()


def test_contradicting_rows_go_back_to_hr_and_the_run_goes_on(firm: Firm) -> None:
    firm.edit("funnel.csv", ONCE, ONCE + ONCE.replace("lottery_lost", "mentee"))
    code, _, err = firm.run()
    assert code == 0 and "funnel.csv: 61 in = 59 loaded + 2 quarantined" in err
    assert (firm.out / "quarantine" / "funnel.xlsx").is_file()


def test_nothing_a_run_shows_gives_people_away(answered: Firm) -> None:
    findings = json.loads((answered.out / "findings.json").read_text())
    assert breaches(findings, (answered.out / "report.html").read_text(encoding="utf-8")) == []
