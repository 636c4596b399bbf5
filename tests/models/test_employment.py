"""Spells, exits and the spine of person-months."""

from __future__ import annotations

import pytest

REHIRED = """
    person_id | hired_on   | exited_on  | exit_kind | regretted | delivered
    a         | 2023-11-15 | -          | -         | -         | 2024-01-31
    a         | 2023-11-15 | 2024-02-10 | voluntary | yes       | 2024-02-29
    a         | 2024-04-01 | -          | -         | -         | 2024-05-31
    b         | 2024-04-30 | -          | -         | -         | 2024-05-31
"""


def test_a_rehire_makes_a_second_spell_and_an_exit_is_known_from_its_delivery(warehouse):
    warehouse(employment=REHIRED).expect(
        "marts.employment",
        """
            person_no | spell_no | hired_on   | exited_on  | exit_kind | known_from | known_to
            1         | 1        | 2023-11-15 | -          | -         | 2024-01-31 | 2024-02-29
            1         | 1        | 2023-11-15 | 2024-02-10 | voluntary | 2024-02-29 | 9999-12-31
            1         | 2        | 2024-04-01 | -          | -         | 2024-05-31 | 9999-12-31
            2         | 1        | 2024-04-30 | -          | -         | 2024-05-31 | 9999-12-31
        """,
    )


def test_a_spell_is_valid_up_to_and_including_the_last_day(warehouse):
    warehouse(employment=REHIRED).expect(
        "staging.employment_spell",
        """
            person_no | spell_no | valid_from | valid_to   | regretted | known_from
            1         | 1        | 2023-11-15 | 9999-12-31 | -         | 2024-01-31
            1         | 1        | 2023-11-15 | 2024-02-11 | True      | 2024-02-29
            1         | 2        | 2024-04-01 | 9999-12-31 | -         | 2024-05-31
            2         | 1        | 2024-04-30 | 9999-12-31 | -         | 2024-05-31
        """,
    )


def test_exits_count_calendar_months_of_tenure(warehouse):
    warehouse(employment=REHIRED).expect(
        "marts.exits",
        """
            person_no | spell_no | exited_on  | exit_kind | regretted | tenure_months
            1         | 1        | 2024-02-10 | voluntary | True      | 3
        """,
    )


def test_employees_show_the_last_spell_and_the_last_job(warehouse):
    built = warehouse(
        employment=REHIRED,
        jobs="""
            person_id | valid_from | department | delivered
            a         | 2023-11-15 | Sales      | 2024-01-31
            a         | 2024-04-01 | Care       | 2024-05-31
        """,
    )
    built.expect(
        "marts.employees",
        """
            person_no | first_hired_on | hired_on   | exited_on | spells | department
            1         | 2023-11-15     | 2024-04-01 | -         | 2      | Care
            2         | 2024-04-30     | 2024-04-30 | -         | 1      | -
        """,
    )


def test_the_spine_has_a_row_for_every_month_employed_up_to_the_last_delivery(warehouse):
    built = warehouse(
        employment=REHIRED,
        jobs="""
            person_id | valid_from | department | delivered
            a         | 2023-12-15 | Sales      | 2024-01-31
        """,
        performance="""
            person_id | metric | period     | value | delivered
            a         | sales  | 2024-01-01 | 1     | 2024-01-31
            a         | rating | 2024-01-01 | 3     | 2024-01-31
        """,
        sessions="""
            person_id | programme | held_on    | status    | delivered
            a         | P         | 2023-11-20 | scheduled | 2024-01-31
            a         | P         | 2024-01-31 | confirmed | 2024-01-31
        """,
    )
    built.expect(
        "marts.employee_months",
        """
            person_no | month      | tenure_months | department | mentored | metrics_recorded | exit_kind
            1         | 2023-11-01 | 0             | -          | False    | 0                | -
            1         | 2023-12-01 | 1             | Sales      | False    | 0                | -
            1         | 2024-01-01 | 2             | Sales      | True     | 2                | -
            1         | 2024-02-01 | 3             | Sales      | True     | 0                | voluntary
            1         | 2024-04-01 | 0             | Sales      | True     | 0                | -
            1         | 2024-05-01 | 1             | Sales      | True     | 0                | -
            2         | 2024-04-01 | 0             | -          | False    | 0                | -
            2         | 2024-05-01 | 1             | -          | False    | 0                | -
        """,  # noqa: E501
    )


def test_exit_and_rehire_within_a_month_make_one_row(warehouse):
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2024-01-01 | -          | -         | 2024-01-31
            a         | 2024-01-01 | 2024-02-05 | transfer  | 2024-03-01
            a         | 2024-02-20 | -          | -         | 2024-03-01
        """
    )
    built.expect(
        "marts.employee_months",
        """
            month      | tenure_months | exit_kind
            2024-01-01 | 0             | -
            2024-02-01 | 0             | transfer
            2024-03-01 | 1             | -
        """,
    )


def test_the_spine_begins_where_the_files_first_see_anything(warehouse):
    """Who left before April is in no file, so earlier months would hold only those who stayed."""
    employment = """
        person_id | hired_on   | exited_on  | delivered
        a         | 1999-05-01 | -          | 2024-06-30
        b         | 2001-01-01 | 2024-04-10 | 2024-06-30
        c         | 2024-05-20 | -          | 2024-06-30
    """
    built = warehouse(employment=employment)
    built.expect(
        "marts.employee_months",
        """
            person_no | month      | tenure_months
            1         | 2024-04-01 | 299
            1         | 2024-05-01 | 300
            1         | 2024-06-01 | 301
            2         | 2024-04-01 | 279
            3         | 2024-05-01 | 0
            3         | 2024-06-01 | 1
        """,
    )


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("performance", "person_id | metric | period | value\na | sales | 2024-02-01 | 1"),
        ("enrolments", "person_id | programme | invited_on | matched_on\na | P | 2024-02-10 | -"),
        ("matches", "mentee_id | mentor_id | programme | matched_on\na | c | P | 2024-02-10"),
        ("sessions", "person_id | programme | held_on\na | P | 2024-02-10"),
        (
            "surveys",
            "person_id | instrument | wave | item | answered_on\na|E|1|q|2024-02-10",
        ),
    ],
)
def test_the_first_month_may_be_that_of_any_event(warehouse, name, row):
    header, line = row.split("\n")
    employment = "person_id | hired_on | delivered\na | 1999-05-01 | 2024-06-30"
    built = warehouse(employment=employment, **{name: f"{header} | delivered\n{line} | 2024-06-30"})
    built.expect(
        "staging.month",
        "month\n2024-02-01\n2024-03-01\n2024-04-01\n2024-05-01\n2024-06-01",
    )


def test_no_month_comes_before_the_first_hire(warehouse):
    employment = "person_id | hired_on | delivered\na | 2024-05-20 | 2024-06-30"
    sessions = "person_id | programme | held_on | delivered\na | P | 2024-02-10 | 2024-06-30"
    built = warehouse(employment=employment, sessions=sessions)
    built.expect("staging.month", "month\n2024-05-01\n2024-06-01")
