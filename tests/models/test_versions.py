"""What was known when: later deliveries supersede earlier ones and overwrite nothing."""

from __future__ import annotations


def test_a_corrected_value_supersedes_the_first_from_its_own_delivery_on(warehouse):
    built = warehouse(
        performance="""
            person_id | metric | period     | value | delivered
            a         | sales  | 2024-01-01 | 10    | 2024-02-01
            a         | sales  | 2024-01-01 | 12    | 2024-03-01
        """
    )
    built.expect(
        "marts.performance",
        """
            person_no | month      | value | known_from | known_to
            1         | 2024-01-01 | 10.0  | 2024-02-01 | 2024-03-01
            1         | 2024-01-01 | 12.0  | 2024-03-01 | 9999-12-31
        """,
    )


def test_equal_content_delivered_again_keeps_the_first_date_of_knowing(warehouse):
    built = warehouse(
        performance="""
            person_id | metric | period     | value | scale | delivered
            a         | sales  | 2024-01-01 | 10    | -     | 2024-02-01
            a         | sales  | 2024-01-01 | 10    | -     | 2024-03-01
            a         | sales  | 2024-01-01 | 10    | EUR   | 2024-04-01
            a         | sales  | 2024-01-01 | 10    | -     | 2024-05-01
        """
    )
    built.expect(
        "marts.performance",
        """
            scale | known_from | known_to
            -     | 2024-02-01 | 2024-04-01
            EUR   | 2024-04-01 | 2024-05-01
            -     | 2024-05-01 | 9999-12-31
        """,
    )


def test_deliveries_out_of_order_make_the_same_versions(warehouse):
    built = warehouse(
        performance="""
            person_id | metric | period     | value | delivered
            a         | sales  | 2024-01-01 | 12    | 2024-03-01
            a         | sales  | 2024-01-01 | 10    | 2024-02-01
        """
    )
    built.expect(
        "marts.performance",
        """
            value | known_from | known_to
            10.0  | 2024-02-01 | 2024-03-01
            12.0  | 2024-03-01 | 9999-12-31
        """,
    )


def test_two_files_of_one_date_leave_the_row_that_landed_last(warehouse):
    built = warehouse(
        performance="""
            person_id | metric | period     | value | delivered
            a         | sales  | 2024-01-01 | 10    | 2024-02-01
            a         | sales  | 2024-01-01 | 11    | 2024-02-01
        """
    )
    built.expect(
        "marts.performance",
        """
            value | known_from | known_to
            11.0  | 2024-02-01 | 9999-12-31
        """,
    )


def test_an_attribute_that_is_emptied_is_known_no_more(warehouse):
    built = warehouse(
        people="""
            person_id | attributes               | delivered
            a         | {"age":"31","trade":"x"} | 2024-01-01
            a         | {"age":null,"trade":"x"} | 2024-02-01
        """
    )
    built.expect(
        "marts.person_attributes",
        """
            person_no | attribute | value | known_from | known_to
            1         | age       | 31    | 2024-01-01 | 2024-02-01
            1         | trade     | x     | 2024-01-01 | 9999-12-31
        """,
    )


def test_people_are_numbered_in_the_order_of_landing_never_by_pseudonym(warehouse):
    built = warehouse(
        jobs="""
            person_id | valid_from | manager_id | delivered
            zz        | 2024-01-01 | mm         | 2024-02-01
            aa        | 2024-01-01 | zz         | 2024-02-01
        """,
        people="""
            person_id | attributes | delivered
            bb        | -          | 2024-02-01
        """,
    )
    built.expect(
        "staging.person",
        """
            person_no | person_key
            1         | zz
            2         | mm
            3         | aa
            4         | bb
        """,
    )


def test_the_end_of_an_assignment_is_known_only_once_the_next_one_is(warehouse):
    built = warehouse(
        jobs="""
            person_id | valid_from | department | manager_id | delivered
            a         | 2024-01-01 | Sales      | m          | 2024-02-01
            a         | 2024-06-01 | Care       | -          | 2024-07-01
            a         | 2024-03-01 | Sales      | m          | 2024-08-01
        """
    )
    built.expect(
        "marts.job_history",
        """
            person_no | department | manager_no | valid_from | valid_to   | known_from | known_to
            1         | Sales      | 2          | 2024-01-01 | 9999-12-31 | 2024-02-01 | 2024-07-01
            1         | Sales      | 2          | 2024-01-01 | 2024-06-01 | 2024-07-01 | 2024-08-01
            1         | Sales      | 2          | 2024-01-01 | 2024-03-01 | 2024-08-01 | 9999-12-31
            1         | Sales      | 2          | 2024-03-01 | 2024-06-01 | 2024-08-01 | 9999-12-31
            1         | Care       | -          | 2024-06-01 | 9999-12-31 | 2024-07-01 | 9999-12-31
        """,
    )
