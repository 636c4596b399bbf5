"""Managers of the day, leavers included; a line that comes back to itself is cut and named."""

from __future__ import annotations

HEADER = "person_id | valid_from | manager_id | delivered"


def jobs(*rows: str) -> str:
    return "\n".join([HEADER, *(f"{row} | 2024-01-31" for row in rows)])


def circles(built) -> int:
    return sum(w.rows for w in built.report.warnings if w.check == "manager_circle")


def test_the_manager_changes_with_the_day(warehouse):
    built = warehouse(jobs=jobs("a | 2020-01-01 | m", "a | 2022-01-01 | n", "m | 2015-01-01 | -"))
    built.expect(
        "marts.reporting_lines",
        """
            person_no | manager_no | in_circle | valid_from | valid_to
            1         | 2          | False     | 2020-01-01 | 2022-01-01
            1         | 3          | False     | 2022-01-01 | 9999-12-31
        """,
    )
    assert circles(built) == 0


def test_a_manager_who_has_left_is_kept(warehouse):
    warehouse(
        jobs=jobs("a | 2020-01-01 | m"),
        employment="""
            person_id | hired_on   | exited_on  | delivered
            m         | 2010-01-01 | 2019-12-31 | 2024-01-31
            a         | 2020-01-01 | -          | 2024-01-31
        """,
    ).expect(
        "marts.reporting_lines",
        """
            person_no | manager_no | in_circle
            1         | 2          | False
        """,
    )


def test_links_of_a_circle_have_no_manager_and_the_others_stay(warehouse):
    built = warehouse(
        jobs=jobs(
            "a | 2020-01-01 | b", "b | 2020-01-01 | c", "c | 2020-01-01 | a",
            "d | 2020-01-01 | a", "e | 2020-01-01 | e",
        )
    )  # fmt: skip
    built.expect(
        "marts.reporting_lines",
        """
            person_no | manager_no | in_circle
            1         | -          | True
            2         | -          | True
            3         | -          | True
            4         | 1          | False
            5         | -          | True
        """,
    )
    assert circles(built) == 4


def test_two_people_who_managed_each_other_in_turn_are_no_circle(warehouse):
    built = warehouse(
        jobs=jobs(
            "a | 2020-01-01 | b", "a | 2022-01-01 | -", "b | 2020-01-01 | -", "b | 2022-01-01 | a"
        )
    )
    assert circles(built) == 0
