"""Checks name what looks wrong in histories, table by table, and count it."""

from __future__ import annotations


def warned(built) -> dict[str, int]:
    """The checks that found something, with the rows they found."""
    return {warning.check: warning.rows for warning in built.report.warnings}


def test_dates_that_cannot_be_are_named(warehouse):
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | status     | delivered
            a         | 2024-06-01 | -          | -         | active     | 2024-03-31
            b         | 2024-01-01 | 2024-03-01 | voluntary | leave      | 2024-03-31
            c         | 2024-01-01 | -          | voluntary | active     | 2024-03-31
            d         | 2024-01-01 | 2024-02-01 | -         | terminated | 2024-03-31
        """,
        enrolments="""
            person_id | programme | assigned_on | closed_on  | delivered
            d         | P         | 2024-01-20  | 2024-01-19 | 2024-03-31
        """,
        sessions="""
            person_id | programme | held_on    | delivered
            d         | P         | 2023-12-31 | 2024-03-31
        """,
        matches="""
            mentee_id | mentor_id | programme | matched_on | ended_on   | delivered
            d         | a         | P         | 2024-02-01 | 2024-01-31 | 2024-03-31
        """,
    )
    assert warned(built) == {
        "employed_after_exit": 1,
        "enrolment_ends_before_start": 1,
        "exit_kind_unknown": 1,
        "exit_without_day": 1,
        "hired_in_future": 1,
        "match_ends_before_start": 1,
        "matched_before_hire": 1,
        "met_before_hire": 1,
    }


def test_matches_before_the_first_hire_of_either_are_counted(warehouse):
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2023-01-01 | -          | -         | 2024-03-31
            b         | 2023-06-01 | -          | -         | 2024-03-31
            c         | 2020-01-01 | 2020-06-30 | voluntary | 2024-03-31
            c         | 2024-01-01 | -          | -         | 2024-03-31
        """,
        matches="""
            mentee_id | mentor_id | programme | matched_on | delivered
            a         | b         | P         | 2023-05-31 | 2024-03-31
            b         | a         | P         | 2023-05-31 | 2024-03-31
            a         | b         | P         | 2023-06-01 | 2024-03-31
            a         | outsider  | P         | 2022-12-31 | 2024-03-31
            a         | -         | P         | 2022-12-30 | 2024-03-31
            a         | c         | P         | 2023-07-01 | 2024-03-31
        """,
    )
    assert warned(built) == {"matched_before_hire": 4}


def test_inferred_exits_are_counted(warehouse):
    built = warehouse(
        full=("2024-01-31", "2024-02-29"),
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-02-29
        """,
    )
    assert warned(built) == {"exit_inferred": 1}


def test_reasons_that_nobody_reviewed_are_counted_by_exit(warehouse):
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | exit_reason | delivered
            a         | 2023-01-01 | 2024-01-10 | voluntary | New Job     | 2024-01-31
            b         | 2023-01-01 | 2024-01-10 | voluntary | Moved       | 2024-01-31
        """,
        exit_reasons="""
            reason  | kind      | valid_from | valid_to   | reviewed_on
            new job | voluntary | 2020-01-01 | 9999-12-31 | -
            moved   | voluntary | 2020-01-01 | 9999-12-31 | 2024-01-01
        """,
    )
    assert warned(built) == {"exit_reason_not_reviewed": 1}


LATE = """
    person_id | hired_on   | exited_on  | exit_kind | delivered
    a         | 2023-01-01 | -          | -         | 2024-01-31
    b         | 2023-01-01 | -          | -         | 2024-01-31
    c         | 2023-01-01 | 2023-06-30 | voluntary | 2024-01-31
    b         | 2023-01-01 | 2024-02-10 | voluntary | 2024-02-29
    a         | 2023-01-01 | 2024-02-10 | voluntary | 2024-03-31
"""


def test_exits_that_an_earlier_delivery_should_have_told_are_late(warehouse):
    assert warned(warehouse(employment=LATE)) == {"late_entries": 1}
    in_time = LATE.replace(
        "2024-02-10 | voluntary | 2024-03-31", "2024-03-10 | voluntary | 2024-03-31"
    )
    assert warned(warehouse(employment=in_time)) == {}
