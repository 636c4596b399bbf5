"""Columns, dates and values as companies deliver them: read as declared, or named and set aside."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from pipelines.errors import Exit, UserError
from tests.unit.delivered import KEY, Landing, performance, settings

OPEN = {"person_id": "id", "hired_on": "hired"}


@pytest.fixture
def deliver(tmp_path):
    """Writes one file of text and lands it under one load; the source's keys may be given."""

    def run(text: str, load, name: str = "f.csv", **source) -> Landing:
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        return Landing(tmp_path, settings({"file": "f*.csv", "loads": [load], **source}))

    return run


@pytest.fixture
def refuse(deliver):
    """Lands a file that must be refused; the error."""

    def run(text: str, load, **source) -> UserError:
        with pytest.raises(UserError) as caught:
            deliver(text, load, **source)
        assert caught.value.fix
        return caught.value

    return run


def hired(**changes):
    """A load of the table employment from the columns id and hired."""
    return {"table": "employment", "columns": OPEN} | changes


def day(deliver, given: str, form, **load) -> tuple[str | None, dict[str, int]]:
    """The first day of employment that lands, and the rules that set rows aside."""
    landed = deliver(f'id,hired\n1,"{given}"\n', hired(formats={"hired_on": form}, **load))
    rows = landed.rows("employment", "hired_on")
    rules = landed.report.files[0].loads[0].rules
    return rows[0][0] if rows else None, {r.rule: r.rows for r in rules}


def value(deliver, given: str, **load) -> tuple[str | None, dict[str, int]]:
    """The figure that lands, and the rules that set rows aside."""
    landed = deliver(f'id,month,sales\n1,2024-01-01,"{given}"\n', performance(**load))
    rows = landed.rows("performance", "value")
    rules = landed.report.files[0].loads[0].rules
    return rows[0][0] if rows else None, {r.rule: r.rows for r in rules}


def pseudonym(identifier: str) -> str:
    return hmac.new(KEY, f"person:{identifier}".encode(), hashlib.sha256).hexdigest()[:32]


# ---------- columns


def by_alias(**aliases):
    """A load of employment by aliases."""
    named = {"person_id": ["Employee ID"], "hired_on": ["Hire Date", "Eintrittsdatum"]}
    return {"table": "employment", "aliases": named | aliases}


@pytest.mark.parametrize(
    "header",
    [
        "Employee ID,Hire Date",
        "EMPLOYEE ID,hire date",
        " employee  id ,HireDate",
        "EmployeeID,Eintrittsdatum",
    ],
)
def test_headers_are_found_whatever_their_case_spaces_and_language(deliver, header):
    landed = deliver(f"{header}\n007,2024-01-01\n", by_alias())
    assert landed.rows("employment", "person_id", "hired_on") == [(pseudonym("007"), "2024-01-01")]


def test_composed_and_decomposed_letters_are_one_header(deliver):
    load = by_alias(hired_on=["Date d\u2019entr\u00e9e"])
    landed = deliver("Employee ID,Date d\u2019entre\u0301e\n1,2024-01-01\n", load)
    assert landed.report.loaded == 1


def test_a_required_column_that_is_missing_names_the_aliases_and_a_near_match(refuse):
    error = refuse("Employee ID,Hire Dte\n1,2024-01-01\n", by_alias())
    assert error.problem == (
        "f.csv: no column is hired_on, which employment needs; hired_on was looked for as: "
        "Hire Date, Eintrittsdatum."
    )
    assert "Did you mean 'Hire Dte'? Add `columns: {hired_on: Hire Dte}`" in error.fix


def test_all_missing_columns_are_named_at_once(refuse):
    load = hired(columns={**OPEN, "exited_on": "left", "exit_reason": "why"})
    error = refuse("id,hired\n1,2024-01-01\n", load)
    assert error.problem == "f.csv: there are no columns 'left', 'why', which employment reads."


def test_an_optional_column_that_is_missing_is_named_and_left_out(deliver):
    landed = deliver("Employee ID,Hire Date\n1,2024-01-01\n", by_alias(exited_on=["Left"]))
    load = landed.report.files[0].loads[0]
    assert (load.loaded, load.absent) == (1, ("exited_on",))
    assert landed.report.as_dict()["files"][0]["loads"][0]["columns_absent"] == ["exited_on"]


def test_a_new_column_is_named_and_not_read(deliver):
    landed = deliver("Employee ID,Hire Date,IBAN\n1,2024-01-01,DE1\n", by_alias())
    assert landed.report.files[0].columns_not_loaded == ("IBAN",)


def test_headers_that_differ_by_case_alone_are_refused_unless_one_is_exact(deliver, refuse):
    error = refuse("employee id,EMPLOYEE ID,Hire Date\n1,2,2024-01-01\n", by_alias())
    assert "'employee id' and 'EMPLOYEE ID' differ by case or spaces alone" in error.problem
    landed = deliver("Employee ID,EMPLOYEE ID,Hire Date\n1,2,2024-01-01\n", by_alias())
    assert landed.rows("employment", "person_id") == [(pseudonym("1"),)]


def test_two_columns_of_one_name_are_refused(refuse):
    assert "twice" in refuse("id,id,hired\n1,2,2024-01-01\n", hired()).problem


@pytest.mark.parametrize(
    "name", ["select", 'a"; drop table t; --', "<img src=x onerror=alert(1)>", "_row", "rowid"]
)
def test_names_that_mean_something_elsewhere_are_names(deliver, name):
    quoted = name.replace('"', '""')
    people = {"table": "people", "columns": {"person_id": name}, "attributes": ["age"]}
    landed = deliver(f'"{quoted}",age\n1,31\n', people)
    assert landed.rows("people", "person_id", "attributes") == [(pseudonym("1"), '{"age":"31"}')]


def test_the_first_of_several_columns_with_a_value_counts_and_differences_are_counted(deliver):
    """Four dates of one termination: the last day of work goes first, as the owner declared."""
    exits = ["Last Day of Work", "Termination Date", "Pay Through Date"]
    text = (
        "id,hired,Last Day of Work,Termination Date,Pay Through Date\n"
        "1,2020-01-01,2023-06-16,2023-06-30,2023-07-15\n"
        "2,2020-01-01,9999-12-31,2023-06-30,2023-06-30\n"
        "3,2020-01-01,,,\n"
    )
    load = hired(columns={**OPEN, "exited_on": exits}, null_words={"exited_on": ["9999-12-31"]})
    landed = deliver(text, load)
    assert landed.rows("employment", "exited_on") == [("2023-06-16",), ("2023-06-30",), (None,)]
    assert landed.report.files[0].loads[0].differing == (("exited_on", 1),)


def test_ids_of_two_systems_never_stand_in_one_column_by_alias(deliver):
    load = by_alias(person_id=["Employee ID", "Worker ID"])
    landed = deliver("Worker ID,Employee ID,Hire Date\nW1,,2024-01-01\nW2,E2,2024-01-01\n", load)
    assert landed.rows("employment", "person_id") == [(pseudonym("E2"),)]
    assert landed.report.quarantined == 1
    assert landed.report.files[0].columns_not_loaded == ("Worker ID",)


def test_the_owner_may_read_a_renamed_column_as_ours_or_ignore_a_missing_one(deliver, refuse):
    load = hired(columns={**OPEN, "exit_reason": "why"})
    text = "id,hired,warum\n1,2024-01-01,pay\n"
    assert "no column 'why'" in refuse(text, load).problem
    landed = deliver(text, load, on_drift={"why": "ignore"})
    assert landed.report.files[0].loads[0].absent == ("exit_reason",)
    renamed = {"warum": {"map": "exit_reason"}}
    assert deliver(text, load, on_drift=renamed).rows("employment", "exit_reason") == [("pay",)]
    needed = refuse("id,since\n1,2024-01-01\n", hired(), on_drift={"hired": "ignore"})
    assert "no column 'hired'" in needed.problem


def test_a_column_without_any_value_loads_nothing_and_loses_nothing(deliver):
    landed = deliver("id,month,sales\n1,2024-01-01,\n2,2024-01-01,NA\n", performance())
    load = landed.report.files[0].loads[0]
    assert (load.rows_in, load.loaded, load.excluded) == (2, 0, 2)


def test_currencies_side_by_side_are_no_numbers_until_they_are_split(deliver):
    text = "id,month,sales\n1,2024-01-01,100 EUR\n2,2024-01-01,$90\n3,2024-01-01,80\n"
    load = deliver(text, performance()).report.files[0].loads[0]
    assert {(r.rule, r.rows) for r in load.rules} == {("not a finite number", 2)}
    assert load.loaded == 1


def test_a_type_that_changed_is_quarantined_by_row_and_column(deliver):
    text = "id,month,sales\n1,2024-01-01,5\n2,2024-01-01,good\n"
    landed = deliver(text, performance())
    assert landed.rows("quarantine", "_row", "rule", "column_name") == [
        (3, "not a finite number", "value")
    ]


def test_pseudo_headers_stand_for_the_row_and_the_day_of_delivery(deliver):
    load = {"table": "jobs", "columns": {"person_id": "@row", "valid_from": "@delivered_on"}}
    landed = deliver("team\nMaps\n", load, delivered_on="2024-05-06")
    assert landed.rows("jobs", "person_id", "valid_from") == [(pseudonym("1"), "2024-05-06")]


def test_the_day_of_delivery_stands_in_where_a_row_has_none(deliver):
    columns = {"person_id": "id", "valid_from": ["since", "@delivered_on"]}
    load = {"table": "jobs", "columns": columns, "formats": {"valid_from": "%d.%m.%Y"}}
    landed = deliver("id,since\n1,31.12.2023\n2,\n", load, delivered_on="2024-05-06")
    assert landed.rows("jobs", "valid_from") == [("2023-12-31",), ("2024-05-06",)]


# ---------- dates

BAD = {"not a date in the declared format": 1}
FAR = {"date before 1900 or after 2199": 1}


@pytest.mark.parametrize(
    ("given", "form", "landed"),
    [
        ("2024-02-29", "iso", "2024-02-29"),  # a leap day
        ("2019-01-01T00:00:00.000Z", "iso", "2019-01-01"),  # midnight somewhere stays that day
        ("2019-01-01T00:00:00+14:00", "iso", "2019-01-01"),
        ("2019-01-01 00:00:00-1200", "iso", "2019-01-01"),
        ("2024-03-31T02:30:00", "iso_datetime", "2024-03-31"),  # an hour that DST leaves out
        ("2024-10-27T02:30:00+01:00", "iso_datetime", "2024-10-27"),  # one that comes twice
        ("2024-01-01T23:59:59.999-12:00", "iso_datetime", "2024-01-01"),
        ("1706745599000", "epoch_ms", "2024-01-31"),  # a second before midnight
        ("-86400000", "epoch_ms", "1969-12-31"),
        ("31/01/2024", "%d/%m/%Y", "2024-01-31"),
        ("04-03-2024 17:20", "%d-%m-%Y %H:%M", "2024-03-04"),
        ("31.01.2024", ["iso", "%d.%m.%Y"], "2024-01-31"),
        ("2024-01-31", ["iso", "%d.%m.%Y"], "2024-01-31"),
    ],
)
def test_the_day_is_the_one_that_is_written(deliver, given, form, landed):
    assert day(deliver, given, form) == (landed, {})


@pytest.mark.parametrize(
    ("given", "form", "rule"),
    [
        ("2024-02-31", "iso", BAD),
        ("31.02.2024", "%d.%m.%Y", BAD),
        ("2023-02-29", "iso", BAD),
        ("2024-01-31T08:00:00Z", "iso", BAD),  # a time where none was declared
        ("12/31/2024", "%d/%m/%Y", BAD),
        ("1706659200000", "iso", BAD),  # milliseconds where none were declared
        ("99999999999999999999", "epoch_ms", BAD),
        ("0001-01-01", "iso", FAR),
        ("9999-12-31", "iso", FAR),
        ("03.04.24", "%d.%m.%Y", FAR),  # the year 24
    ],
)
def test_what_is_no_day_as_declared_is_quarantined_by_a_named_rule(deliver, given, form, rule):
    assert day(deliver, given, form) == (None, rule)


@pytest.mark.parametrize(
    ("given", "pivot", "landed"),
    [
        ("31-Mar-24", 50, "2024-03-31"),
        ("31-Mar-51", 50, "1951-03-31"),
        ("29-Feb-00", 50, "2000-02-29"),
    ],
)
def test_two_digit_years_by_the_declared_pivot(deliver, given, pivot, landed):
    assert day(deliver, given, "%d-%b-%y", pivot=pivot) == (landed, {})


def test_two_digit_years_without_a_pivot_are_refused(refuse):
    error = refuse("id,hired\n1,31-Mar-24\n", hired(formats={"hired_on": "%d-%b-%y"}))
    assert "two-digit years have no century" in error.problem
    assert "pivot" in error.fix
    assert error.exit_code is Exit.PROJECT


@pytest.mark.parametrize(
    "forms", [["%d/%m/%Y", "%m/%d/%Y"], ["iso", "%d.%m.%Y", "%m.%d.%Y"], ["%d%m%Y", "%m%d%Y"]]
)
def test_day_and_month_are_never_guessed(refuse, forms):
    error = refuse("id,hired\n1,03/04/2024\n", hired(formats={"hired_on": forms}))
    assert "read one text as two days" in error.problem


@pytest.mark.parametrize(
    ("locale", "given", "form"),
    [
        ("de", "1. März 2024", "%d. %B %Y"),
        ("de", "01-Mrz-2024", "%d-%b-%Y"),
        ("fr", "1 mars 2024", "%d %B %Y"),
        ("es", "01 MARZO 2024", "%d %B %Y"),
        ("it", "1 mar. 2024", "%d %b %Y"),
        ("nl", "1 maart 2024", "%d %B %Y"),
        ("en", "1 March 2024", "%d %B %Y"),
    ],
)
def test_months_by_their_name_in_the_declared_language(deliver, locale, given, form):
    assert day(deliver, given, form, locale=locale) == ("2024-03-01", {})


def test_a_month_in_another_language_is_quarantined(deliver):
    assert day(deliver, "1 mars 2024", "%d %B %Y", locale="de") == (None, BAD)


def test_an_open_interval_has_no_end_by_null_word_of_its_column_alone(deliver):
    text = "id,hired,left\n1,9999-12-31,9999-12-31\n2,2024-01-01,9999-12-31\n"
    load = hired(columns={**OPEN, "exited_on": "left"}, null_words={"exited_on": ["9999-12-31"]})
    landed = deliver(text, load)
    assert landed.rows("employment", "hired_on", "exited_on") == [("2024-01-01", None)]
    assert landed.rows("quarantine", "rule", "column_name") == [
        ("date before 1900 or after 2199", "hired_on")
    ]


# ---------- values


@pytest.mark.parametrize(
    "given", ["NaN", "inf", "-Infinity", "1e309", "four", "12 %", "1,5", "1_000", "0x1F", "١٢"]
)
def test_what_is_no_finite_number_is_quarantined(deliver, given):
    assert value(deliver, given) == (None, {"not a finite number": 1})


@pytest.mark.parametrize("given", ["-0", "1e308", "-1200.50", "99999999999999999999"])
def test_every_finite_number_lands_in_its_own_text(deliver, given):
    assert value(deliver, given) == (given, {})


@pytest.mark.parametrize("given", ["", "N/A", "-", "NULL", " NA "])
def test_null_words_are_no_value_and_counted_as_such(deliver, given):
    assert value(deliver, given) == (None, {"no value": 1})


def test_null_words_of_one_column_hold_there_alone_and_in_any_case(deliver):
    text = "id,month,sales,unit\n1,2024-01-01,Too New to Rate,x\n2,2024-01-01,3,too new to rate\n"
    load = performance(
        columns={"person_id": "id", "period": "month", "value": "sales", "scale": "unit"},
        null_words={"value": ["Too new to rate"]},
    )
    landed = deliver(text, load)
    assert landed.rows("performance", "value", "scale") == [("3", "too new to rate")]


@pytest.mark.parametrize(
    ("given", "landed"),
    [
        ("1.234,5", "1234.5"),
        ("1234,5", "1234.5"),
        ("-,5", "-.5"),
        ("1 234,50", "1234.50"),
        ("7", "7"),
    ],
)
def test_a_declared_decimal_comma(deliver, given, landed):
    assert value(deliver, given, decimal=",")[0] == landed


def test_a_decimal_point_is_no_number_where_a_comma_is_declared(deliver):
    assert value(deliver, "1.5", decimal=",") == (None, {"not a finite number": 1})


@pytest.mark.parametrize(
    ("given", "scale", "landed"),
    [
        ("45 %", 0.01, 0.45),
        ("45", 0.01, 0.45),
        ("57%", 0.01, 0.57),
        (".45", 100, 45.0),
        ("3", 0.5, 1.5),
    ],
)
def test_a_declared_scale(deliver, given, scale, landed):
    assert float(value(deliver, given, scale_by={"value": scale})[0]) == landed


def test_percent_with_a_decimal_comma(deliver):
    assert value(deliver, "45,5 %", scale_by={"value": 0.01}, decimal=",")[0] == "0.455"


@pytest.mark.parametrize(
    ("given", "kept"), [("1", True), ("5.0", True), ("6", False), ("0.9", False)]
)
def test_a_rating_outside_the_declared_range_is_quarantined(deliver, given, kept):
    found, rules = value(deliver, given, range={"value": [1, 5]})
    assert (found == given) is kept
    assert rules == ({} if kept else {"outside the declared range": 1})


def test_negative_pay_is_outside_a_range_that_begins_at_zero(deliver):
    load = {"range": {"value": [0, 1e9]}}
    assert value(deliver, "-3000", **load) == (None, {"outside the declared range": 1})


def test_values_are_mapped_in_any_case_and_the_declared_spelling_goes_first(deliver):
    load = hired(
        columns={**OPEN, "regretted": "r", "exit_kind": "k"},
        values={
            "regretted": {"Ja": "yes", "Nein": "no"},
            "exit_kind": {"V": "voluntary", "v": "involuntary", "Kündigung AG": "involuntary"},
        },
    )
    text = (
        "id,hired,r,k\n1,2024-01-01,ja,V\n2,2024-01-01,NEIN,v\n"
        "3,2024-01-01, Ja ,KÜNDIGUNG AG\n4,2024-01-01,,\n"
    )
    assert deliver(text, load).rows("employment", "regretted", "exit_kind") == [
        ("yes", "voluntary"),
        ("no", "involuntary"),
        ("yes", "involuntary"),
        (None, None),
    ]


def test_what_yaml_makes_of_yes_and_no_is_read_as_words(deliver):
    load = hired(columns={**OPEN, "regretted": "r"}, values={"regretted": {1: True, 0: False}})
    landed = deliver("id,hired,r\n1,2024-01-01,1\n2,2024-01-01,0\n", load)
    assert landed.rows("employment", "regretted") == [("yes",), ("no",)]


# ---------- lines of columns

WIDE = {
    "table": "performance",
    "columns": {"person_id": "id", "period": "month"},
    "unpivot": {"item": "metric", "value": "value", "pattern": r"kpi_(\w+)"},
}


def test_columns_become_lines_and_blank_cells_are_no_value(deliver):
    text = "id,month,kpi_calls,kpi_sales,note\n1,2024-01-01,7,80,x\n2,2024-01-01,,90,y\n"
    landed = deliver(text, WIDE)
    assert landed.rows("performance", "metric", "value", "_row") == [
        ("calls", "7", 2),
        ("sales", "80", 2),
        ("sales", "90", 3),
    ]
    load = landed.report.files[0].loads[0]
    assert (load.rows_in, load.lines_per_row, load.excluded) == (4, 2, 1)
    assert landed.report.files[0].columns_not_loaded == ("note",)


def test_columns_that_become_lines_may_be_listed(deliver):
    listed = WIDE | {"unpivot": {"item": "metric", "value": "value", "columns": ["Sales"]}}
    landed = deliver("id,month,sales\n1,2024-01-01,7\n", listed)
    assert landed.rows("performance", "metric", "value") == [("Sales", "7")]


def test_repeated_rows_of_a_wide_file_are_duplicates_line_by_line(deliver):
    text = "id,month,kpi_a,kpi_b\n1,2024-01-01,7,8\n1,2024-01-01,7,8\n"
    load = deliver(text, WIDE).report.files[0].loads[0]
    assert (load.rows_in, load.loaded, load.duplicates) == (4, 2, 2)


def test_a_cell_that_is_no_number_is_quarantined_and_its_row_kept(deliver):
    landed = deliver("id,month,kpi_a,kpi_b\n1,2024-01-01,x,8\n", WIDE)
    assert landed.rows("performance", "metric") == [("b",)]
    assert landed.rows("quarantine", "_row", "column_name") == [(2, "value")]


def test_no_column_that_becomes_lines_is_an_error(refuse):
    error = refuse("id,month,calls\n1,2024-01-01,7\n", WIDE)
    assert "no column matches unpivot" in error.problem


def test_two_columns_that_would_be_one_item_are_refused(refuse):
    both = WIDE | {"unpivot": {"item": "metric", "value": "value", "pattern": r"(?:a|b)_(\w+)"}}
    error = refuse("id,month,a_x,b_x\n1,2024-01-01,7,8\n", both)
    assert "two columns are the item 'x'" in error.problem


def test_rows_dropped_by_name_are_counted(deliver):
    text = "id,hired,kind\n1,2024-01-01,TEST account\n2,2024-01-01,real\n"
    landed = deliver(text, hired(drop_if={"kind": "test account"}))
    load = landed.report.files[0].loads[0]
    assert {(r.rule, r.rows) for r in load.rules} == {("drop_if kind", 1)}


def test_a_word_that_no_mapping_knows_is_kept_counted_and_not_shown(deliver):
    load = {
        "table": "jobs",
        "columns": {"person_id": "id", "valid_from": "since", "department": "unit"},
        "values": {"department": {"S": "sales", "C": "care"}},
    }
    lines = "1,2024-01-01,S\n2,2024-01-01,care\n3,2024-01-01,X7\n4,2024-01-01,\n"
    landed = deliver(f"id,since,unit\n{lines}", load)
    assert landed.rows("jobs", "department") == [("sales",), ("care",), ("X7",), (None,)]
    assert landed.report.as_dict()["files"][0]["loads"][0]["words_not_mapped"] == {"department": 1}
    told = [line for line in landed.report.lines() if "unit" in line]
    assert told == [
        "f.csv: 1 rows hold a word in 'unit' that `values: department:` does not map; it is kept"
    ]
