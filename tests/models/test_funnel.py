"""The path through a programme, as known at any date; matches and their meetings."""

from __future__ import annotations

ENROLLED = """
    person_id | programme | assigned_on | arm     | took_up | delivered
    a         | P         | 2024-01-10  | mentee  | -       | 2024-01-31
    b         | P         | 2024-01-10  | control | no      | 2024-01-31
"""


def test_meetings_become_known_with_their_delivery_and_scheduled_ones_do_not_count(warehouse):
    built = warehouse(
        enrolments=ENROLLED,
        sessions="""
            person_id | programme | held_on    | minutes | status    | delivered
            a         | P         | 2024-02-20 | -       | scheduled | 2024-01-31
            a         | P         | 2024-02-10 | 30      | confirmed | 2024-02-29
            a         | P         | 2024-02-10 | 45      | confirmed | 2024-02-29
            a         | P         | 2024-02-20 | 30      | confirmed | 2024-03-31
            a         | Q         | 2024-01-15 | 30      | confirmed | 2024-01-31
        """,
    )
    built.expect(
        "marts.programme_funnel",
        """
            person_no | arm     | took_up | first_met_on | sessions_held | known_from | known_to
            1         | mentee  | -       | -            | 0             | 2024-01-31 | 2024-02-29
            1         | mentee  | -       | 2024-02-10   | 2             | 2024-02-29 | 2024-03-31
            1         | mentee  | -       | 2024-02-10   | 3             | 2024-03-31 | 9999-12-31
            2         | control | False   | -            | 0             | 2024-01-31 | 9999-12-31
        """,
    )


def test_a_meeting_withdrawn_later_is_still_known_for_its_time(warehouse):
    built = warehouse(
        enrolments=ENROLLED,
        sessions="""
            person_id | programme | held_on    | status    | delivered
            b         | P         | 2024-02-10 | confirmed | 2024-02-29
            b         | P         | 2024-02-10 | scheduled | 2024-03-31
        """,
    )
    built.expect(
        "marts.programme_funnel",
        """
            person_no | first_met_on | sessions_held | known_from | known_to
            1         | -            | 0             | 2024-01-31 | 9999-12-31
            2         | -            | 0             | 2024-01-31 | 2024-02-29
            2         | 2024-02-10   | 1             | 2024-02-29 | 2024-03-31
            2         | -            | 0             | 2024-03-31 | 9999-12-31
        """,
    )


def test_the_first_match_stands_in_where_the_enrolment_does_not_say(warehouse):
    built = warehouse(
        enrolments=ENROLLED,
        matches="""
            mentee_id | mentor_id | programme | matched_on | ended_on   | kind   | delivered
            a         | m         | P         | 2024-02-01 | 2024-02-15 | formal | 2024-02-29
            a         | n         | P         | 2024-02-16 | -          | formal | 2024-02-29
        """,
        sessions="""
            person_id | programme | held_on    | status    | delivered
            a         | P         | 2024-02-10 | -         | 2024-02-29
            a         | P         | 2024-02-15 | confirmed | 2024-02-29
            a         | P         | 2024-02-20 | confirmed | 2024-02-29
        """,
    )
    built.expect(
        "marts.programme_funnel",
        """
            person_no | matched_on | known_from | known_to
            1         | -          | 2024-01-31 | 2024-02-29
            1         | 2024-02-01 | 2024-02-29 | 9999-12-31
            2         | -          | 2024-01-31 | 9999-12-31
        """,
    )
    built.expect(
        "marts.mentorships",
        """
            mentee_no | mentor_no | matched_on | ended_on   | meetings
            1         | 3         | 2024-02-01 | 2024-02-15 | 2
            1         | 4         | 2024-02-16 | -          | 1
        """,
    )


def test_a_changed_arm_makes_a_version(warehouse):
    built = warehouse(
        enrolments="""
            person_id | programme | arm     | delivered
            a         | P         | control | 2024-01-31
            a         | P         | mentee  | 2024-02-29
        """
    )
    built.expect(
        "marts.programme_funnel",
        """
            arm     | known_from | known_to
            control | 2024-01-31 | 2024-02-29
            mentee  | 2024-02-29 | 9999-12-31
        """,
    )
