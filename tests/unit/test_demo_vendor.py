"""The demo company as vendors deliver it: layouts, places of defects, and how many there are."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from pipelines.demo import DemoPaths, write_demo
from pipelines.demo_vendor.defects import BY_NAME, DEFECTS
from pipelines.errors import UserError
from tests.unit.vendor_reader import lines_of, manifest_of

if TYPE_CHECKING:
    from pathlib import Path

QUARTERS = [f"{y}-{d}" for y in range(2022, 2026) for d in ("03-31", "06-30", "09-30", "12-31")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoPaths:
    return write_demo(tmp_path_factory.mktemp("vendor"), people=500, dialects="vendor")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> DemoPaths:
    return write_demo(
        tmp_path_factory.mktemp("clean"), people=500, dialects="vendor", defects="none"
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> DemoPaths:
    """The company of the specification."""
    return write_demo(tmp_path_factory.mktemp("whole"), dialects="vendor")


def hashes(paths: DemoPaths) -> dict[str, str]:
    files = [p for folder in (paths.data, paths.truth) for p in sorted(folder.iterdir())]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def record(folder: Path, file: str, line: str) -> dict[str, str]:
    """The record that begins on a physical line of a delimited file."""
    lines = dict(lines_of(folder / file))
    header = lines[7 if file.startswith("workday") else 1]
    return dict(zip(header, lines[int(line)], strict=True))


def test_totals_are_those_of_the_specification(whole: DemoPaths) -> None:
    found = manifest_of(whole.truth)
    totals = Counter(row["outcome"] for row in found)
    assert {o: totals[o] for o in "QLCF"} == {"Q": 74, "L": 27, "C": 6, "F": 2}
    by_delivery = Counter((BY_NAME[r["defect"]].delivery, r["outcome"]) for r in found)
    quarantined = {d: n for (d, outcome), n in by_delivery.items() if outcome == "Q"}
    assert quarantined == {
        "workday": 18, "successfactors": 4, "glint": 11, "mentorloop": 18, "ratings": 8,
        "warehouse": 15,
    }  # fmt: skip
    assert Counter(row["defect"] for row in found) == {d.name: d.several for d in DEFECTS}


def test_no_two_row_defects_stand_in_one_record(whole: DemoPaths) -> None:
    found = [r for r in manifest_of(whole.truth) if r["physical_row"] != "0"]
    places = [(r["file"], r["sheet"], r["physical_row"]) for r in found]
    assert len(set(places)) == len(places)


def test_a_smaller_company_has_one_of_each_and_pairs_stay_pairs(demo: DemoPaths) -> None:
    found = Counter(row["defect"] for row in manifest_of(demo.truth))
    assert found["zero_stripped_id"] == found["own_mentor"] == found["masked_mentee"] == 1
    assert found["conflicting_duplicate"] == found["kpi_conflict"] == found["manager_cycle"] == 2
    assert found["inactive_on_leave"] == found["few_items"] == found["soft_deleted"] == 3
    assert set(found) == set(BY_NAME)


def test_without_defects_every_counter_is_zero(clean: DemoPaths, demo: DemoPaths) -> None:
    assert manifest_of(clean.truth) == []
    assert pq.read_table(clean.truth / "defects.parquet").num_rows == 0
    planted = {p.name for p in demo.data.iterdir()} - {p.name for p in clean.data.iterdir()}
    assert planted == {
        "workday_workers_2023-05-31.csv", "workday_workers_2024-08-31.csv",
        "ratings_2025-06-30.xlsx",
    }  # fmt: skip


def test_the_same_arguments_give_the_same_bytes(demo: DemoPaths, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "again", people=500, dialects="vendor")
    assert hashes(again) == hashes(demo)
    other = write_demo(tmp_path / "other", people=500, dialects="vendor", seed=7)
    assert hashes(other)["defects.csv"] != hashes(demo)["defects.csv"]


def test_defects_leave_the_canonical_layer_alone(demo: DemoPaths, clean: DemoPaths) -> None:
    for path in demo.canonical.iterdir():
        assert path.read_bytes() == (clean.canonical / path.name).read_bytes()


def test_a_company_without_an_acquired_entity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Use 500 or more"):
        write_demo(tmp_path, people=499, dialects="vendor")
    assert not list(tmp_path.iterdir())


def test_a_workday_file_has_six_lines_above_its_header_and_a_total(clean: DemoPaths) -> None:
    for day in QUARTERS:
        lines = lines_of(clean.data / f"workday_workers_{day}.csv")
        assert [len(cells) for _, cells in lines[:6]] == [1] * 6
        assert lines[6][1][:3] == ["Employee ID", "Legacy Person ID", "Worker"]
        assert lines[-1][1][:2] == ["Total workers", str(len(lines) - 8)]
        assert all(re.fullmatch(r"\d{6}", cells[0]) for _, cells in lines[7:-1])


def test_workday_files_differ_in_encoding(clean: DemoPaths) -> None:
    def encoding(day: str) -> str:
        raw = (clean.data / f"workday_workers_{day}.csv").read_bytes()
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            return "cp1252"
        return "bom" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"

    assert Counter(map(encoding, QUARTERS)) == {"bom": 8, "utf-8": 7, "cp1252": 1}


def test_a_legal_transfer_is_an_exit_and_a_hire_of_one_to_three_days_later(
    whole: DemoPaths,
) -> None:
    lines = lines_of(whole.data / "workday_workers_2025-12-31.csv")
    rows = [dict(zip(lines[6][1], cells, strict=True)) for _, cells in lines[7:-1]]
    moved = [r for r in rows if r["Primary Termination Reason"].endswith("Another Legal Entity")]
    back = [r for r in rows if r["Company"] == "Demo Services Ltd"]
    assert len(moved) == len(back) == 40
    assert {r["Employee ID"] for r in moved} == {r["Employee ID"] for r in back}
    assert all(r["Original Hire Date"] != r["Hire Date"] for r in back)


def test_withdrawn_terminations_appear_once_and_vanish(whole: DemoPaths) -> None:
    announced: dict[tuple[str, str], list[str]] = {}
    open_ended: set[tuple[str, str]] = set()
    for day in QUARTERS:
        lines = lines_of(whole.data / f"workday_workers_{day}.csv")
        rows = [dict(zip(lines[6][1], cells, strict=True)) for _, cells in lines[7:-1]]
        for row in rows:
            if row["Worker Status"] == "Active" and row["Primary Termination Reason"]:
                spell = row["Employee ID"], row["Hire Date"]
                announced.setdefault(spell, []).append(day)
        open_ended = {
            (r["Employee ID"], r["Hire Date"])
            for r in rows
            if r["Last Day of Work"] == "12/31/9999"
        }
    vanished = {spell: days for spell, days in announced.items() if spell in open_ended}
    assert len(vanished) == 6
    assert all(len(days) == 1 for days in vanished.values())


def test_workday_defects_stand_where_the_manifest_says(demo: DemoPaths) -> None:
    planted = {r["defect"]: r for r in manifest_of(demo.truth)}

    def row(defect: str) -> dict[str, str]:
        return record(demo.data, planted[defect]["file"], planted[defect]["physical_row"])

    assert re.fullmatch(r"[1-9]\d*", row("zero_stripped_id")["Employee ID"])
    assert row("unmapped_reason")["Primary Termination Reason"].endswith(
        "Sabbatical without Return"
    )
    late = row("termination_before_hire")
    assert int(late["Last Day of Work"][-4:]) <= int(late["Hire Date"][-4:])
    assert row("test_worker")["Worker Type"] == "Test"
    assert not row("no_link_at_migration")["Legacy Person ID"]


def test_a_zero_stripped_number_fits_two_people_of_its_file(demo: DemoPaths) -> None:
    planted = next(r for r in manifest_of(demo.truth) if r["defect"] == "zero_stripped_id")
    lines = lines_of(demo.data / planted["file"])
    stripped = record(demo.data, planted["file"], planted["physical_row"])["Employee ID"]
    numbers = {cells[0] for _, cells in lines_of(demo.data / "workday_workers_2025-06-30.csv")[7:]}
    assert {n for n in numbers if n.lstrip("0") == stripped} == {
        stripped.zfill(6), stripped.zfill(7)
    }  # fmt: skip
    assert stripped.zfill(6) not in {cells[0] for _, cells in lines[7:]}


def test_successfactors_files_have_two_headers_and_their_own_words(demo: DemoPaths) -> None:
    path = demo.data / "successfactors_users_2023-12-31.csv"
    lines = lines_of(path)
    assert lines[0][1][:3] == ["STATUS", "USERID", "PERSON_ID_EXTERNAL"]
    assert lines[1][1][:3] == ["Status", "User ID", "Person ID External"]
    rows = [dict(zip(lines[0][1], cells, strict=True)) for _, cells in lines[2:]]
    assert {row["HR"] for row in rows} == {"NO_HR"}
    assert "NO_MANAGER" in {row["MANAGER"] for row in rows}
    assert any(row["EMAIL"].endswith(" ") for row in rows)
    assert any(row["EMAIL"].isupper() for row in rows)
    assert b"\r\n" in path.read_bytes()
    damaged = [r for r in manifest_of(demo.truth) if r["defect"] == "scientific_id"]
    number = record(demo.data, damaged[0]["file"], damaged[0]["physical_row"])
    assert number["PERSON_ID_EXTERNAL"] == "1.0E+05"


def test_glint_has_four_columns_a_question_and_comments_of_several_lines(demo: DemoPaths) -> None:
    lines = lines_of(demo.data / "glint_wave_2023-06-30.csv")
    header = lines[0][1]
    at = header.index("tis_1")
    assert header[at : at + 4] == [
        "tis_1", "tis_1_COMMENT", "tis_1_COMMENT_TOPICS", "tis_1_SENSITIVE_COMMENT_FLAG",
    ]  # fmt: skip
    assert lines[-1][0] > len(lines), "a comment with a line break moves the rows below it"
    assert re.fullmatch(r"\d\d-06-2023 \d\d:\d\d", lines[1][1][6])
    assert lines_of(demo.data / "glint_wave_2024-12-31.csv")[0][1][6] == "Completion Date"
    planted = next(r for r in manifest_of(demo.truth) if r["defect"] == "score_out_of_range")
    places = lines_of(demo.data / planted["file"])
    assert places[int(planted["spreadsheet_row"]) - 1][0] == int(planted["physical_row"])
    item = planted["key"].split(" of ")[0]
    assert record(demo.data, planted["file"], planted["physical_row"])[item] == "11"


def test_qualtrics_has_three_header_rows_and_codes(demo: DemoPaths) -> None:
    """Line breaks in the texts of the second header row move the lines below it."""
    assert not list(demo.data.glob("glint_wave_2025*"))
    path = demo.data / "qualtrics_pulse_2025-06-30.csv"
    (_, names), (_, texts), (_, ids), *responses = lines_of(path)
    assert responses[0][0] == 4 + sum(text.count("\n") for text in texts) > 4
    assert names[:3] == ["StartDate", "EndDate", "Status"]
    assert texts[:3] == ["Start Date", "End Date", "Response Type"]
    assert ids[:3] == [
        '{"ImportId":"startDate","timeZone":"Europe/Berlin"}',
        '{"ImportId":"endDate","timeZone":"Europe/Berlin"}', '{"ImportId":"status"}',
    ]  # fmt: skip
    at = names.index("informal_mentor")
    assert {cells[at] for _, cells in responses} - {""} == {"21", "22"}
    assert {len(cells) for _, cells in responses} == {len(names)}


def test_qualtrics_defects_stand_where_the_manifest_says(demo: DemoPaths) -> None:
    planted = {r["defect"]: r for r in manifest_of(demo.truth)}

    def row(defect: str) -> dict[str, str]:
        return record(demo.data, planted[defect]["file"], planted[defect]["physical_row"])

    preview, unfinished = row("preview_response"), row("unfinished_response")
    assert (preview["Status"], preview["ExternalReference"]) == ("1", "")
    assert (unfinished["Finished"], unfinished["knowledge_3"] != "") == ("0", True)
    assert {unfinished[q] for q in ("knowledge_4", "mfq_1", "engagement", "comments")} == {""}
    closed, left = unfinished["RecordedDate"][:10], unfinished["EndDate"][:10]
    assert date.fromisoformat(closed) - date.fromisoformat(left) == timedelta(days=7)


def test_the_second_wave_is_averages_with_fourteen_suppressed_cells(clean: DemoPaths) -> None:
    assert not list(clean.data.glob("glint_wave_2022-12*"))
    lines = lines_of(clean.data / "glint_averages_2022-12-31.csv")
    assert sum(cells[2:] == ["*", "*"] for _, cells in lines) == 14


def test_the_mentoring_tool_sends_one_file_twice(demo: DemoPaths) -> None:
    first = (demo.data / "mentorloop_activity_2025-12-31.csv").read_bytes()
    assert (demo.data / "mentorloop_activity_2025-12-31_copy.csv").read_bytes() == first
    planted = {r["defect"]: r for r in manifest_of(demo.truth)}
    own = planted["own_mentor"]
    loop = record(demo.data, own["file"], own["physical_row"])
    assert loop["Mentor Email"] == loop["Mentee Email"]
    masked = planted["masked_mentee"]
    loop = record(demo.data, masked["file"], masked["physical_row"])
    assert (loop["Mentee Name"], loop["Mentee Email"]) == ("Mentee", "")


def test_workbooks_have_titles_a_hidden_column_and_footers(demo: DemoPaths) -> None:
    book = load_workbook(demo.data / "ratings_2022-07-31.xlsx")
    assert book.epoch.year == 1904
    assert book.sheetnames == ["Contact centre", "Sales", "Operations", "Engineering", "Corporate"]
    sheet = book["Sales"]
    assert [cell.value for cell in sheet[3]][:4] == [
        "Employee ID",
        "Employee",
        "Potential",
        "Rating",
    ]
    assert sheet.column_dimensions["C"].hidden
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A1:I1", "A2:I2"}
    assert [sheet.cell(sheet.max_row - n, 1).value for n in (1, 0)] == [
        f"Total: {sheet.max_row - 5}", "Source: talent system",
    ]  # fmt: skip
    numbers = [sheet.cell(row, 1).value for row in range(4, sheet.max_row - 1)]
    assert all(isinstance(number, int) for number in numbers)
    kinds = {type(sheet.cell(row, 7).value).__name__ for row in range(4, sheet.max_row - 1)}
    assert kinds == {"datetime", "str"}
    assert load_workbook(demo.data / "ratings_2023-02-28.xlsx").epoch.year == 1899


def test_ratings_off_their_scale_stand_in_the_cell_the_manifest_names(demo: DemoPaths) -> None:
    planted = {r["defect"]: r for r in manifest_of(demo.truth) if r["sheet"]}
    values = {
        defect: load_workbook(demo.data / r["file"])[r["sheet"]]
        .cell(int(r["physical_row"]), 4)
        .value
        for defect, r in planted.items()
    }
    assert values["off_scale"] == 7
    assert values["half_point"] % 1 == 0.5
    assert set(values) == {"off_scale", "half_point", "pre_calibration", "unknown_rated"}


def test_the_dump_reads_like_one(demo: DemoPaths) -> None:
    lines = (demo.data / "warehouse_2025-12-31.sql").read_text(encoding="utf-8").split("\n")
    copies = [line for line in lines if line.startswith("COPY ")]
    assert [re.findall(r"public\.(\w+)", line)[0] for line in copies] == [
        "kpi_monthly", "job_history", "contracts", "pay",
    ]  # fmt: skip
    assert lines.count("\\.") == 4
    assert lines[-4:] == ["--", "-- PostgreSQL database dump complete", "--", ""]
    planted = {r["defect"]: r for r in manifest_of(demo.truth) if r["file"].endswith(".sql")}
    row = lines[int(planted["impossible_value"]["physical_row"]) - 1].split("\t")
    assert row[4] in {"NaN", "Infinity", "-Infinity"}
    gone = lines[int(planted["soft_deleted"]["physical_row"]) - 1].split("\t")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00\+00", gone[6])
