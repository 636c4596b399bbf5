"""What vendors deliver loads to the company that was: every mart, every planted defect.

The truth lies beside the deliveries and is made without reading them; the loader never sees it.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import Exit
from tests.flows.conftest import own_key
from tests.flows.round_trip import MARTS, Held, Place, Trip, arrive, travel
from tests.long_runs import LONG, long

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE = 500  # the least that has everything; one in ten of the defects of the specification

UNKNOWN = "unknown person"
LEFT = "after the person has left"
DIFFER = "two rows with the same key differ"
# What becomes of the row (Q), of the cell (C: of one line of the row), or of the pair without a
# mentee (L: a match is a link and nothing else): the table, the rule and the column that broke it.
HELD = {
    "zero_stripped_id": Held("employment", "identifier fits several people", "person_id"),
    "unmapped_reason": Held("employment", "exit reason not in the mapping", "exit_reason"),
    "termination_before_hire": Held("employment", "exit before the day of hire", "exited_on"),
    "conflicting_duplicate": Held("employment", DIFFER, "person_id, hired_on"),
    "scientific_id": Held("employment", "identifier damaged by a spreadsheet", "person_id"),
    "unknown_respondent": Held("surveys", UNKNOWN, "person_id"),
    "answered_after_exit": Held("surveys", LEFT, "answered_on"),
    "score_out_of_range": Held("surveys", "outside the declared range", "value"),
    "own_mentor": Held("matches", "mentor and mentee are the same person", "mentor_id"),
    "masked_mentee": Held("matches", "missing required value", "mentee_id"),
    "unknown_participant": Held("enrolments", UNKNOWN, "person_id"),
    "activity_before_match": Held("sessions", "before the first match of the person", "held_on"),
    "activity_after_exit": Held("sessions", LEFT, "held_on"),
    "off_scale": Held("performance", "outside the declared range", "value"),
    "unknown_rated": Held("performance", UNKNOWN, "person_id"),
    "kpi_conflict": Held("performance", DIFFER, "person_id, metric, period"),
    "impossible_value": Held("performance", "not a finite number", "value"),
    "kpi_after_exit": Held("performance", LEFT, "period"),
}
# A manager that is left empty: the rule that the reconciliation names.
EMPTIED = {
    "ambiguous_manager": "identifier fits several people: manager_id",
    "manager_cycle": "managers in a circle: manager_id",
}
# Rows that a declared rule keeps out: the table in whose account they stand, and the rule there.
EXCLUDED = {
    "test_worker": ("employment", "keep_if Worker Type"),
    "superseded_response": ("surveys", "keep_if Latest Response"),
    "preview_response": ("surveys", "drop_if Status"),
    "test_account": ("enrolments", "keep_if Account Type"),
    "pre_calibration": ("performance", "keep_if Stage"),
    "soft_deleted": ("performance", "keep_if deleted_at"),
}
REPEATED = {"exact_duplicate": "employment", "kpi_duplicate": "performance"}
# Warnings about the marts: the check that counts as many rows as were planted.
CHECKED = {
    "few_items": "survey_few_items",
    "negative_item": "survey_item_turned",
    "half_point": "value_between_points",
    "overlapping_jobs": "overlapping_assignments",
    "unit_change": "level_shift_at_site",
}
REFUSED = {
    "delta_as_full": "headcount fell",
    "swapped_dates": "of the dates in hired_on are not %m/%d/%Y",
}
# Rows of the specification, at 5,000 people.
TOTALS = {"Q": 74, "L": 27, "C": 6, "F": 2}
# An estimate may move by this much of its standard error, which stands for its SD over draws.
MAX_MOVE = 0.1


@pytest.fixture(scope="module", autouse=True)
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One key for all runs, so that they can be compared, and nothing in anybody's home."""
    with own_key(tmp_path_factory.mktemp("key")):
        yield


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """All layouts of the vendors and no defect."""
    return travel(tmp_path_factory.mktemp("none"), defects="none", people=PEOPLE)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """The same company with all defects."""
    return travel(tmp_path_factory.mktemp("planted"), defects="planted", people=PEOPLE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """The company of the specification: about two minutes."""
    return travel(tmp_path_factory.mktemp("whole"), defects="planted", people=5_000)


@pytest.fixture(params=["planted", "whole"] if LONG else ["planted"])
def trip(request: pytest.FixtureRequest) -> Trip:
    """The planted run; where asked for, also of the whole company."""
    found: Trip = request.getfixturevalue(request.param)
    return found


# ---- without defects


@pytest.mark.parametrize("name", MARTS)
def test_without_defects_every_mart_is_the_truth(clean: Trip, name: str) -> None:
    found, wanted = clean.mart(name)
    assert (found - wanted, wanted - found) == (Counter(), Counter())
    assert wanted


def test_without_defects_nothing_is_set_aside(clean: Trip) -> None:
    assert clean.code == 0
    assert clean.held == {}
    assert sum(load["quarantined"] for _, load in clean.loads) == 0
    assert [load["blanked"] for _, load in clean.loads if load["blanked"]] == []
    assert clean.reconciliation["refused"] == []
    assert clean.review == []
    assert inferred_exits(clean) == 0
    assert not list((clean.out / "quarantine").glob("*"))


def test_without_defects_only_the_listed_copy_counts_as_a_repetition(clean: Trip) -> None:
    with (clean.demo / "truth" / "losses.csv").open(encoding="utf-8") as file:
        listed = sum(line.startswith("session,1 of 2 rows,") for line in file)
    assert {(f, load["table"]): n for f, load in clean.loads if (n := load["duplicates"])} == {
        ("mentorloop_activity_2025-12-31.csv", "sessions"): listed
    }


# ---- whatever is planted


@pytest.mark.parametrize("name", MARTS)
def test_every_mart_is_the_truth_minus_what_is_in_quarantine(trip: Trip, name: str) -> None:
    found, wanted = trip.mart(name)
    assert (found - wanted, wanted - found) == (Counter(), Counter())
    assert wanted


def test_nobody_is_merged_and_nobody_is_split(trip: Trip) -> None:
    people = list(trip.people.values())
    assert all(len(numbers) == 1 for numbers in people)
    assert len(set.union(*people)) == len(people)
    assert set.union(*people) == {row["employee_id"] for row in trip.expected("identifiers")}


@pytest.mark.parametrize("defect", HELD)
def test_a_broken_row_is_in_quarantine_where_it_stands_and_for_its_reason(
    trip: Trip, defect: str
) -> None:
    rows = trip.defects(defect)
    assert rows
    found = {trip.place(row): trip.held.get(trip.place(row), {}) for row in rows}
    wanted = HELD[defect]
    for place, broken in found.items():
        meeting = place.file.startswith("mentorloop_activity")  # unknown people meet as well
        assert replace(wanted, table="sessions" if meeting else wanted.table) in broken, place
    assert {held.rule for broken in found.values() for held in broken} == {wanted.rule}


def test_of_a_row_with_a_score_off_the_scale_one_cell_is_held(trip: Trip) -> None:
    rows = trip.defects("score_out_of_range")
    assert [sum(trip.held[trip.place(row)].values()) for row in rows] == [1] * len(rows)


def test_nothing_else_is_in_quarantine(trip: Trip) -> None:
    places = {trip.place(row) for row in trip.defects(*HELD)}
    assert {place: held for place, held in trip.held.items() if place not in places} == {}


@pytest.mark.parametrize(
    ("source", "delivery"),
    [
        ("workday", "workday"),
        ("successfactors", "successfactors"),
        ("glint", "glint"),
        ("ratings", "ratings"),
        ("kpi", "warehouse"),
    ],
)
def test_the_workbook_for_hr_names_the_rows_as_hr_sees_them(
    trip: Trip, source: str, delivery: str
) -> None:
    planted = {trip.place(row) for row in trip.defects(*HELD)}
    assert trip.to_correct(source) == {p for p in planted if p.file.split("_")[0] == delivery}


def test_no_exit_is_inferred_from_a_row_in_quarantine(trip: Trip) -> None:
    assert inferred_exits(trip) == 0


@pytest.mark.parametrize("defect", EMPTIED)
def test_a_doubtful_manager_is_left_empty_and_the_row_stays(trip: Trip, defect: str) -> None:
    rows = trip.defects(defect)
    places = {trip.place(row) for row in rows}
    managers = {
        Place(file, "", row): manager
        for file, row, manager in trip.rows("select _file, _row, manager_id from landed.jobs")
    }
    assert {place: managers.get(place, "no such row") for place in places} == dict.fromkeys(places)
    assert emptied(trip, EMPTIED[defect]) == dict(Counter(row["file"] for row in rows))


def test_no_other_link_is_left_empty(trip: Trip) -> None:
    rules = {rule for _, load in trip.loads for rule in load["blanked"]}
    assert rules - set(EMPTIED.values()) == set()


def test_two_numbers_that_nothing_joins_are_put_to_a_person(trip: Trip) -> None:
    """A line of the review file for each pair, undecided; until then they are two people."""
    asked = [
        {row["key"].rsplit(" ", 1)[1], row["canonical_keys"].removeprefix("identifier:")}
        for row in trip.defects("no_link_at_migration")
    ]
    lines = [{line["id_a"], line["id_b"]} for line in trip.review if not line["decision"]]
    assert asked
    assert [pair for pair in asked if pair not in lines] == []


def test_new_words_that_the_owner_ignores_are_recorded_and_not_told(trip: Trip) -> None:
    """A reorganisation is told; the title of each survey wave is another one and is not."""
    found = {
        (drift["column"], drift["decision"])
        for file in trip.reconciliation["files"]
        for drift in file["drift"]
        if drift["kind"] == "categories"
    }
    assert {("Supervisory Organization", "warn"), ("Survey Cycle Title", "ignore")} <= found
    assert "column 'Supervisory Organization' holds words" in trip.err
    assert "Survey Cycle Title" not in trip.err


def test_an_identifier_without_its_zeros_is_put_to_a_person(trip: Trip) -> None:
    """Two people carry numbers that differ in zeros alone: a third spelling is nobody's."""
    assert any(line["kind"] == "leading zeros" for line in trip.review)


def test_files_that_cannot_be_right_are_refused_and_listed(trip: Trip) -> None:
    planted = {row["file"]: REFUSED[row["defect"]] for row in trip.defects(*REFUSED)}
    refused = {row["file"]: row["why"] for row in trip.reconciliation["refused"]}
    assert set(refused) == set(planted)
    for file, why in planted.items():
        assert why in refused[file]
        assert f"{file}: refused: " in trip.err
    assert trip.code == Exit.PARTIAL
    listed = trip.rows("select file from landed.deliveries where outcome = 'refused' order by file")
    assert [file for (file,) in listed] == sorted(planted)


@pytest.mark.parametrize("table", ["employment", "jobs", "quarantine"])
def test_nothing_of_a_refused_file_is_kept(trip: Trip, table: str) -> None:
    refused = {row["file"] for row in trip.defects(*REFUSED)}
    landed = {file for (file,) in trip.rows(f"select distinct _file from landed.{table}")}
    assert landed & refused == set()


@pytest.mark.parametrize("defect", EXCLUDED)
def test_a_row_that_a_declared_rule_keeps_out_is_counted(trip: Trip, defect: str) -> None:
    table, rule = EXCLUDED[defect]
    found = {
        file: load["excluded"][rule] / load["lines_per_row"]
        for file, load in trip.loads
        if load["table"] == table and rule in load["excluded"]
    }
    assert found == dict(Counter(row["file"] for row in trip.defects(defect)))


def test_exact_duplicates_are_counted(trip: Trip) -> None:
    found = {
        (file, load["table"]): load["duplicates"]
        for file, load in trip.loads
        if load["table"] in REPEATED.values() and load["duplicates"]
    }
    wanted = Counter((row["file"], REPEATED[row["defect"]]) for row in trip.defects(*REPEATED))
    assert found == dict(wanted)


@pytest.mark.parametrize("defect", CHECKED)
def test_what_looks_odd_is_loaded_and_named_by_a_check(trip: Trip, defect: str) -> None:
    assert trip.checks.get(CHECKED[defect], 0) == len(trip.defects(defect))
    assert f"warning: {CHECKED[defect]}: " in trip.err


def test_people_left_out_of_a_file_that_is_sent_again_are_counted(trip: Trip) -> None:
    (row,) = trip.defects("leavers_purged")
    gone = trip.rated("ratings_2024-02-29.xlsx") - trip.rated(row["file"])
    assert 0 < len(gone) <= int(row["key"].split()[0])  # the manifest counts empty ratings as well
    assert trip.checks.get("left_out_of_redelivery", 0) == len(gone)


def test_a_renamed_column_is_named_as_drift(trip: Trip) -> None:
    (row,) = trip.defects("header_drift")
    before, after = row["key"].split(" -> ")
    told = {
        (drift["column"], drift["kind"])
        for file in trip.reconciliation["files"]
        if file["file"] == row["file"]
        for drift in file["drift"]
    }
    assert (before, "renamed") in told or {(before, "missing"), (after, "new")} <= told
    assert f"drift: {row['file']}: column '{before}'" in trip.err


def test_a_code_that_the_mapping_does_not_know_is_named(trip: Trip) -> None:
    """The row keeps the code as it came, as the marts say; file and column are named."""
    rows = trip.defects("unmapped_department")
    found = {f: w for f, load in trip.loads if (w := load.get("words_not_mapped"))}
    counts = Counter(row["file"] for row in rows)
    assert found == {file: {"department": n} for file, n in counts.items()}
    for file, n in counts.items():
        assert f"{file}: {n} rows hold a word in 'DEPARTMENT' that" in trip.err


def test_inactive_people_on_leave_have_not_left(trip: Trip) -> None:
    rows = trip.defects("inactive_on_leave")
    assert rows
    landed = {
        (file, row): (status, exited)
        for file, row, status, exited in trip.rows(
            "select _file, _row, status, exited_on from landed.employment "
            "where _source = 'successfactors'"
        )
    }
    for row in rows:
        assert landed[row["file"], int(row["spreadsheet_row"])] == ("inactive", None)


def test_layouts_are_read_and_what_they_hold_besides_data_is_counted(trip: Trip) -> None:
    files = {file["file"]: file for file in trip.reconciliation["files"]}
    workday = [file for name, file in files.items() if name.startswith("workday_")]
    assert {tuple(sorted(file["not_data"].items())) for file in workday} == {
        (("footer rows", 1), ("header rows", 1), ("rows above the header", 6))
    }
    users = [file for name, file in files.items() if name.startswith("successfactors_")]
    assert {tuple(file["not_data"].items()) for file in users} == {(("header rows", 2),)}
    notes = [note for file in workday for note in file["notes"]]
    assert sum("cp1252" in note for note in notes) == 1
    assert sum("byte-order mark" in note for note in notes) in {
        len(workday) // 2 + d for d in (0, 1)
    }
    books = [file for name, file in files.items() if name.startswith("ratings_")]
    assert {file["counted"]["hidden columns"] for file in books} == {5}
    assert {tuple(file["not_data"].items()) for file in books} == {
        (("footer rows", 10), ("header rows", 5), ("rows above the header", 10))
    }


def test_the_survey_has_three_header_rows(trip: Trip) -> None:
    """Names, texts with line breaks, import ids: after them begin the answers of two waves."""
    paths = sorted((trip.demo / "exports").glob("qualtrics_pulse_*.csv"))
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names, texts, ids = islice(csv.reader(file), 3)
        assert {"RecordedDate", "ExternalReference", "tis_1"} <= set(names)
        assert any("\n" in text for text in texts)
        assert [next(iter(json.loads(cell))) for cell in ids] == ["ImportId"] * len(names)
    read = {f["file"]: f for f in trip.reconciliation["files"] if f["source"] == "qualtrics"}
    assert [file["not_data"] for file in read.values()] == [{"header rows": 3}] * 2
    assert set(read) == {path.name for path in paths}
    landed = trip.rows("select distinct wave, _source from landed.surveys where wave >= '7'")
    assert sorted(landed) == [("7", "qualtrics"), ("8", "qualtrics")]


def test_a_response_that_was_broken_off_is_partial_and_every_other_complete(trip: Trip) -> None:
    rows = trip.defects("unfinished_response")
    landed = trip.rows(
        "select distinct _file, _row, status from landed.surveys where _source = 'qualtrics'"
    )
    partial = {Place(file, "", row) for file, row, status in landed if status == "partial"}
    assert partial == {trip.place(row) for row in rows}
    assert rows
    assert {status for *_, status in landed} == {"partial", "complete"}


def test_who_answered_from_where_and_in_what_words_lands_nowhere(planted: Trip) -> None:
    personal = {
        "IPAddress", "RecipientLastName", "RecipientFirstName", "RecipientEmail",
        "LocationLatitude", "LocationLongitude", "ResponseId", "comments",
    }  # fmt: skip
    words: set[str] = set()
    for path in sorted((planted.demo / "exports").glob("qualtrics_pulse_*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))[2:]
        words |= {row[column] for row in rows for column in (*personal, "ExternalReference")}
    landed = {str(cell) for rows in all_rows(planted).values() for row in rows for cell in row}
    assert len(words) > PEOPLE
    assert words & landed <= {""}
    for file in planted.reconciliation["files"]:
        if file["source"] == "qualtrics":
            assert personal <= set(file["columns_not_loaded"])


def test_a_file_sent_twice_is_read_once(trip: Trip) -> None:
    assert trip.reconciliation["skipped"] == [
        {
            "file": "mentorloop_activity_2025-12-31_copy.csv",
            "why": "same content as mentorloop_activity_2025-12-31.csv",
        }
    ]


def test_every_defect_of_the_manifest_is_looked_at_above(planted: Trip) -> None:
    looked_at = {*HELD, *EMPTIED, *EXCLUDED, *REPEATED, *CHECKED, *REFUSED}
    alone = {
        "no_link_at_migration", "header_drift", "unmapped_department", "inactive_on_leave",
        "leavers_purged", "unfinished_response",
    }  # fmt: skip
    assert {row["defect"] for row in planted.planted} == looked_at | alone


def test_the_run_sets_aside_as_much_as_the_manifest_says(trip: Trip) -> None:
    wanted = Counter(row["outcome"] for row in trip.planted)
    assert met(trip) == {outcome: wanted[outcome] for outcome in TOTALS}


@long("5,000 people, two minutes")
def test_the_company_of_the_specification_loses_what_it_says(whole: Trip) -> None:
    assert met(whole) == TOTALS


# ---- run again, and what it does to the answers


@long("two more runs of the vendors' deliveries")
def test_running_twice_changes_nothing(planted: Trip, tmp_path: Path) -> None:
    """Neither in the same folder, nor from nothing in another one."""
    files = ("report.html", "findings.json", "private/identity_review.csv", "quarantine/*.xlsx")
    before, tables = contents(planted, files), all_rows(planted)
    assert len(before) > len(files)
    arrive(planted.demo, planted.out)
    assert contents(planted, files) == before
    afresh = arrive(planted.demo, tmp_path / "out")
    assert contents(afresh, files) == before
    assert all_rows(afresh) == tables


def test_defects_that_are_set_aside_move_no_answer(clean: Trip, planted: Trip) -> None:
    without, with_defects = estimates(clean), estimates(planted)
    assert {name[2] for name in without} >= {"headline", "secondary", "naive"}
    assert without.keys() == with_defects.keys()
    moved = {
        name: round((with_defects[name][0] - value) / error, 3)
        for name, (value, error) in without.items()
        if abs(with_defects[name][0] - value) > MAX_MOVE * error
    }
    assert moved == {}


def inferred_exits(trip: Trip) -> int:
    """Exits in any version that no file names."""
    rows = trip.rows("select count(*) from staging.employment_spell where exit_inferred")
    return int(rows[0][0])


def emptied(trip: Trip, rule: str) -> dict[str, int]:
    """Rows of each file in which a link was left empty by a rule."""
    return {file: load["blanked"][rule] for file, load in trip.loads if rule in load["blanked"]}


def met(trip: Trip) -> dict[str, int]:
    """Rows, links, cells and files that the run set aside, whatever was planted."""
    masked, cell = HELD["masked_mentee"], HELD["score_out_of_range"]
    links = sum(masked in held for held in trip.held.values())
    cells = sum(cell in held for held in trip.held.values())
    emptied = sum(n for _, load in trip.loads for n in load["blanked"].values())
    kinds = {"leading zeros"}  # a spelling of a number, not two people
    asked = sum(line["kind"] not in kinds for line in trip.review)
    return {
        "Q": len(trip.held) - links - cells,
        "L": links + emptied + asked,
        "C": cells,
        "F": len(trip.reconciliation["refused"]),
    }


def contents(trip: Trip, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """The bytes of published files."""
    paths = [path for pattern in patterns for path in sorted(trip.out.glob(pattern))]
    return {path.relative_to(trip.out).as_posix(): path.read_bytes() for path in paths}


def all_rows(trip: Trip) -> dict[str, list[Any]]:
    """Every row of every table of the warehouse, sorted."""
    tables = trip.rows(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in ('landed', 'staging', 'marts', 'results') order by 1"
    )
    return {name: trip.rows(f"select * from {name} order by all") for (name,) in tables}


def estimates(trip: Trip) -> dict[tuple[Any, ...], tuple[float, float]]:
    """Released estimates with their standard errors, by study, name, role and window."""
    rows = trip.rows(
        "select study, name, role, estimand, coalesce(subgroup, ''), window_first, window_last, "
        "estimate, std_error from results.estimates where status = 'released'"
    )
    return {row[:-2]: (row[-2], row[-1]) for row in rows}
