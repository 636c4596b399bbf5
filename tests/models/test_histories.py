"""What full, partial and corrected deliveries say about when somebody was employed."""

from __future__ import annotations

FULL = ("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30")


def test_absence_from_a_full_file_is_an_exit_on_the_last_date_seen(warehouse):
    warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-01 | 2024-01-31
            a         | 2023-01-01 | 2024-02-29
            b         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-02-29
            b         | 2023-01-01 | 2024-03-31
        """,
    ).expect(
        "marts.employment",
        """
            person_no | exited_on  | exit_kind | exit_inferred | known_from | known_to
            1         | -          | -         | False         | 2024-01-31 | 2024-03-31
            1         | 2024-02-29 | unknown   | True          | 2024-03-31 | 9999-12-31
            2         | -          | -         | False         | 2024-01-31 | 9999-12-31
        """,
    )


def test_absence_from_other_files_says_nothing(warehouse):
    warehouse(
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-02-29
        """
    ).expect(
        "marts.employment",
        """
            person_no | exited_on | known_to
            1         | -         | 9999-12-31
            2         | -         | 9999-12-31
        """,
    )


def test_absence_counts_between_full_files_of_one_source_only(warehouse):
    warehouse(
        full=FULL[:2],
        employment="""
            person_id | hired_on   | delivered  | _source
            a         | 2023-01-01 | 2024-01-31 | agency
            b         | 2023-01-01 | 2024-01-31 | test
            b         | 2023-01-01 | 2024-02-29 | test
        """,
    ).expect(
        "marts.employees",
        """
            person_no | exited_on
            1         | -
            2         | -
        """,
    )


def test_who_reappears_had_not_left(warehouse):
    warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-01 | 2024-01-31
            a         | 2023-01-01 | 2024-03-31
            b         | 2023-01-01 | 2024-02-29
        """,
    ).expect(
        "marts.employment",
        """
            person_no | exited_on  | exit_inferred | known_from | known_to
            1         | -          | False         | 2024-01-31 | 2024-02-29
            1         | 2024-01-31 | True          | 2024-02-29 | 2024-03-31
            1         | -          | False         | 2024-03-31 | 9999-12-31
            2         | -          | False         | 2024-02-29 | 2024-03-31
            2         | 2024-02-29 | True          | 2024-03-31 | 9999-12-31
        """,
    )


def test_an_exit_that_was_delivered_is_never_deleted_by_a_later_full_file(warehouse):
    warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2023-01-01 | 2024-01-15 | voluntary | 2024-01-31
            b         | 2023-01-01 | -          | -         | 2024-02-29
            b         | 2023-01-01 | -          | -         | 2024-03-31
        """,
    ).expect(
        "marts.exits",
        """
            person_no | exited_on  | exit_kind | exit_inferred
            1         | 2024-01-15 | voluntary | False
        """,
    )


def test_the_true_day_replaces_the_inferred_one(warehouse):
    warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered  | _source
            a         | 2023-01-01 | -          | -         | 2024-01-31 | test
            b         | 2023-01-01 | -          | -         | 2024-02-29 | test
            b         | 2023-01-01 | -          | -         | 2024-03-31 | test
            a         | 2023-01-01 | 2024-02-12 | voluntary | 2024-03-15 | leavers
        """,
    ).expect(
        "marts.employment",
        """
            person_no | exited_on  | exit_kind | exit_inferred | known_from | known_to
            1         | -          | -         | False         | 2024-01-31 | 2024-02-29
            1         | 2024-01-31 | unknown   | True          | 2024-02-29 | 2024-03-15
            1         | 2024-02-12 | voluntary | False         | 2024-03-15 | 9999-12-31
            2         | -          | -         | False         | 2024-02-29 | 9999-12-31
        """,
    )


def test_somebody_whose_row_is_in_quarantine_is_not_absent(warehouse):
    warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-02-29
            b         | 2023-01-01 | 2024-03-31
        """,
        quarantine="""
            person_id | table_name | delivered
            a         | employment | 2024-02-29
        """,
    ).expect(
        "marts.employment",
        """
            person_no | exited_on  | known_from | known_to
            1         | -          | 2024-01-31 | 2024-03-31
            1         | 2024-01-31 | 2024-03-31 | 9999-12-31
            2         | -          | 2024-01-31 | 9999-12-31
        """,
    )


def test_a_row_that_names_nobody_may_be_the_one_who_is_missing(warehouse):
    """Somebody's number is damaged in February: only March tells who has gone."""
    warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-02-29
            b         | 2023-01-01 | 2024-03-31
        """,
        quarantine="""
            person_id | table_name | delivered
            -         | employment | 2024-02-29
        """,
    ).expect(
        "marts.employment",
        """
            person_no | exited_on  | known_from | known_to
            1         | -          | 2024-01-31 | 2024-03-31
            1         | 2024-01-31 | 2024-03-31 | 9999-12-31
            2         | -          | 2024-01-31 | 9999-12-31
        """,
    )


def test_a_corrected_first_day_replaces_the_spell_and_is_no_exit(warehouse):
    warehouse(
        full=FULL[:2],
        employment="""
            person_id | hired_on   | delivered
            a         | 2023-01-10 | 2024-01-31
            a         | 2023-01-01 | 2024-02-29
        """,
    ).expect(
        "marts.employment",
        """
            person_no | spell_no | hired_on   | exited_on | known_from | known_to
            1         | 1        | 2023-01-10 | -         | 2024-01-31 | 2024-02-29
            1         | 2        | 2023-01-01 | -         | 2024-02-29 | 9999-12-31
        """,
    )


def test_a_hire_that_never_happened_is_withdrawn(warehouse):
    warehouse(
        full=FULL[:2],
        employment="""
            person_id | hired_on   | delivered
            a         | 2024-02-15 | 2024-01-31
            b         | 2023-01-01 | 2024-01-31
            b         | 2023-01-01 | 2024-02-29
        """,
    ).expect(
        "marts.employment",
        """
            person_no | exited_on | known_from | known_to
            1         | -         | 2024-01-31 | 2024-02-29
            2         | -         | 2024-01-31 | 9999-12-31
        """,
    )


def test_old_dates_cleared_by_a_rehire_keep_the_earlier_spell(warehouse):
    built = warehouse(
        full=FULL[:3],
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | -          | -         | 2024-01-31
            a         | 2020-01-01 | 2024-02-10 | voluntary | 2024-02-29
            a         | 2024-03-15 | -          | -         | 2024-03-31
        """,
    )
    built.expect(
        "marts.employees",
        """
            first_hired_on | hired_on   | exited_on | spells | prior_spell
            2020-01-01     | 2024-03-15 | -         | 2      | True
        """,
    )
    built.expect(
        "marts.exits",
        """
            hired_on   | exited_on
            2020-01-01 | 2024-02-10
        """,
    )


def test_a_rehire_within_the_month_of_the_delivery_is_seen_as_exit_and_hire(warehouse):
    warehouse(
        full=FULL[:2],
        employment="""
            person_id | hired_on   | delivered
            a         | 2020-01-01 | 2024-01-31
            a         | 2024-02-20 | 2024-02-29
        """,
    ).expect(
        "marts.employment",
        """
            spell_no | hired_on   | exited_on  | exit_inferred | known_from | known_to
            1        | 2020-01-01 | -          | False         | 2024-01-31 | 2024-02-29
            1        | 2020-01-01 | 2024-01-31 | True          | 2024-02-29 | 9999-12-31
            2        | 2024-02-20 | -          | False         | 2024-02-29 | 9999-12-31
        """,
    )


def test_terminations_are_dated_back_changed_and_withdrawn(warehouse):
    warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind   | delivered
            a         | 2023-01-01 | -          | -           | 2024-01-31
            a         | 2023-01-01 | 2023-12-15 | voluntary   | 2024-02-29
            a         | 2023-01-01 | 2023-12-20 | involuntary | 2024-03-31
            a         | 2023-01-01 | -          | -           | 2024-04-30
        """
    ).expect(
        "marts.employment",
        """
            exited_on  | exit_kind   | known_from | known_to
            -          | -           | 2024-01-31 | 2024-02-29
            2023-12-15 | voluntary   | 2024-02-29 | 2024-03-31
            2023-12-20 | involuntary | 2024-03-31 | 2024-04-30
            -          | -           | 2024-04-30 | 9999-12-31
        """,
    )


def test_an_exit_announced_for_later_is_none_yet(warehouse):
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind  | delivered
            a         | 2023-12-01 | 2024-01-31 | retirement | 2024-01-15
        """
    )
    built.expect("marts.employees", "exited_on | exit_kind\n- | -")
    built.expect("marts.exits", "person_no | exited_on")
    built.expect(
        "marts.employee_months",
        """
            month      | exit_kind
            2024-01-01 | -
        """,
    )
    built.expect("marts.employment", "exited_on | exit_kind\n2024-01-31 | retirement")


def test_leave_is_no_exit_whatever_date_stands_beside_it(warehouse):
    warehouse(
        employment="""
            person_id | hired_on   | exited_on  | status   | delivered
            a         | 2023-01-01 | 2024-01-10 | leave    | 2024-01-31
            b         | 2023-01-01 | -          | inactive | 2024-01-31
            c         | 2023-01-01 | 2024-06-30 | leave    | 2024-01-31
        """
    ).expect(
        "marts.employment",
        """
            person_no | exited_on
            1         | -
            2         | -
            3         | 2024-06-30
        """,
    )


def test_terminated_without_a_day_keeps_the_day_known_before(warehouse):
    warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | status     | delivered
            a         | 2023-01-01 | 2024-01-10 | voluntary | terminated | 2024-01-31
            a         | 2023-01-01 | -          | -         | terminated | 2024-02-29
            b         | 2023-01-01 | -          | -         | active     | 2024-01-31
            b         | 2023-01-01 | -          | -         | terminated | 2024-02-29
        """
    ).expect(
        "marts.employment",
        """
            person_no | exited_on  | exit_kind | exit_inferred | known_from | known_to
            1         | 2024-01-10 | voluntary | False         | 2024-01-31 | 9999-12-31
            2         | -          | -         | False         | 2024-01-31 | 2024-02-29
            2         | 2024-01-31 | unknown   | True          | 2024-02-29 | 9999-12-31
        """,
    )


def test_a_file_without_a_column_is_silent_about_it(warehouse):
    warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered  | _columns
            a         | 2023-01-01 | -          | -         | 2024-01-31 | person_id hired_on
            a         | 2023-01-01 | 2024-01-10 | voluntary | 2024-02-15 | -
            a         | 2023-01-01 | 2024-01-12 | -         | 2024-02-29 | x exited_on x
            a         | 2023-01-01 | -          | -         | 2024-03-31 | person_id hired_on
        """
    ).expect(
        "marts.employment",
        """
            exited_on  | exit_kind | known_from | known_to
            -          | -         | 2024-01-31 | 2024-02-15
            2024-01-10 | voluntary | 2024-02-15 | 2024-02-29
            2024-01-12 | voluntary | 2024-02-29 | 9999-12-31
        """,
    )


MOVED = """
    person_id | hired_on   | exited_on  | exit_kind | delivered
    a         | 2020-01-01 | 2024-01-31 | transfer  | 2024-01-31
    a         | 2024-02-02 | -          | -         | 2024-02-29
    a         | 2024-02-02 | 2024-03-20 | voluntary | 2024-03-31
"""


def test_a_legal_transfer_joins_spells_and_tenure_goes_on(warehouse):
    built = warehouse(employment=MOVED, transfer_gap_days=3)
    built.expect(
        "marts.employment",
        """
            spell_no | hired_on   | exited_on  | exit_kind | transfers | known_from | known_to
            1        | 2020-01-01 | 2024-01-31 | transfer  | 0         | 2024-01-31 | 2024-02-29
            1        | 2020-01-01 | -          | -         | 1         | 2024-02-29 | 2024-03-31
            1        | 2020-01-01 | 2024-03-20 | voluntary | 1         | 2024-03-31 | 9999-12-31
        """,
    )
    built.expect("marts.exits", "exit_kind | tenure_months\nvoluntary | 50")


def test_a_longer_gap_or_another_kind_of_exit_joins_nothing(warehouse):
    spells = """
        spell_no | transfers
        1        | 0
        2        | 0
    """
    current = "(from marts.employment where known_to = date '9999-12-31')"
    warehouse(employment=MOVED, transfer_gap_days=0).expect(current, spells)
    warehouse(employment=MOVED).expect(current, spells)
    resigned = MOVED.replace("transfer ", "voluntary")
    warehouse(employment=resigned, transfer_gap_days=3).expect(current, spells)


def test_a_join_is_undone_when_the_reason_turns_out_to_be_another(warehouse):
    warehouse(
        transfer_gap_days=3,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind   | delivered
            a         | 2020-01-01 | 2024-01-31 | unknown     | 2024-02-29
            a         | 2024-02-01 | -          | -           | 2024-02-29
            a         | 2020-01-01 | 2024-01-31 | involuntary | 2024-03-31
        """,
    ).expect(
        "marts.employment",
        """
            spell_no | hired_on   | exited_on  | transfers | known_from | known_to
            1        | 2020-01-01 | -          | 1         | 2024-02-29 | 2024-03-31
            1        | 2020-01-01 | 2024-01-31 | 0         | 2024-03-31 | 9999-12-31
            2        | 2024-02-01 | -          | 0         | 2024-03-31 | 9999-12-31
        """,
    )
