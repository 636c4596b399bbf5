"""Survey responses: versions by delivery, hidden answers without a value."""

from __future__ import annotations


def test_a_later_delivery_supersedes_an_answer_and_keeps_the_earlier_version(warehouse):
    built = warehouse(
        surveys="""
            person_id | instrument | wave | item | value | answered_on | suppressed | delivered
            a         | TIS        | 2024 | 1    | 4     | 2024-03-05  | no         | 2024-04-01
            a         | TIS        | 2024 | 2    | -     | 2024-03-05  | yes        | 2024-04-01
            a         | TIS        | 2024 | 1    | 4     | 2024-03-05  | no         | 2024-05-01
            a         | TIS        | 2024 | 1    | 2     | 2024-05-20  | no         | 2024-06-01
        """
    )
    built.expect(
        "marts.survey_responses",
        """
        person_no | item | value | suppressed | known_from | known_to
        1         | 1    | 4.0   | False      | 2024-04-01 | 2024-06-01
        1         | 1    | 2.0   | False      | 2024-06-01 | 9999-12-31
        1         | 2    | -     | True       | 2024-04-01 | 9999-12-31
        """,
    )
