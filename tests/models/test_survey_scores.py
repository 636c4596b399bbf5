"""Scores of survey scales: reversals, ranges, too few items, versions, unlinked waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.scoring import ScaleKey, scores

if TYPE_CHECKING:
    from tests.models.given import Warehouse

KEYS = """
    questionnaire | item | wave | instrument | scale | key_item | low | high | is_reversed | weight | items_total | items_needed | is_formative
    pulse         | q1   | -    | tis        | total | t1       | 1   | 5    | false       | 1      | 3           | 2            | false
    pulse         | q2   | -    | tis        | total | t2       | 1   | 5    | true        | 1      | 3           | 2            | false
    pulse         | q3   | -    | tis        | total | t3       | 1   | 5    | false       | 1      | 3           | 2            | false
    pulse         | q3   | 5    | tis        | total | t3       | 1   | 5    | true        | 1      | 3           | 2            | false
"""  # noqa: E501
STAFF = """
    person_id | hired_on   | delivered
    a         | 2020-01-01 | 2023-01-01
    b         | 2020-01-01 | 2023-01-01
    c         | 2020-01-01 | 2023-01-01
"""
HEAD = "person_id | instrument | wave | item | value | answered_on | suppressed | delivered"


def surveys(*rows: str, delivered: str = "2024-04-01") -> str:
    """Answers to the questionnaire pulse: `person wave item value`, hidden where value is `*`."""
    lines = []
    for row in rows:
        person, wave, item, value, *when = row.split()
        hidden = "yes" if value == "*" else "no"
        value, day = value.replace("*", "-"), when[0] if when else delivered
        lines.append(
            f"{person} | pulse | {wave} | {item} | {value} | 2024-03-05 | {hidden} | {day}"
        )
    return "\n".join([HEAD, *lines])


def named(built: Warehouse, check: str) -> list[tuple[int, dict[str, int]]]:
    """Rows of a check, and by what they are about."""
    return [(w.rows, dict(w.named)) for w in built.report.warnings if w.check == check]


def test_reversed_items_are_turned_and_the_mean_is_on_the_printed_scale(warehouse):
    built = warehouse(
        scoring_keys=KEYS, employment=STAFF, surveys=surveys("a 1 q1 4", "a 1 q2 2", "a 1 q3 5")
    )
    built.expect(
        "marts.survey_scores",
        """
        person_no | instrument | scale | wave | answered_on | score             | items_answered | items_total | known_from | known_to
        1         | tis        | total | 1    | 2024-03-05  | 4.333333333333333 | 3              | 3           | 2024-04-01 | 9999-12-31
        """,  # noqa: E501
    )


def test_anchors_printed_otherwise_in_one_wave_count_in_that_wave_alone(warehouse):
    answers = surveys("a 4 q1 5", "a 4 q2 1", "a 4 q3 1", "a 5 q1 5", "a 5 q2 1", "a 5 q3 1")
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=answers)
    built.expect(
        "marts.survey_scores",
        """
        wave | score
        4    | 3.6666666666666665
        5    | 5.0
        """,
    )


def test_too_few_answers_leave_a_row_without_a_score_and_hidden_ones_are_no_answers(warehouse):
    answers = surveys("a 1 q1 4", "a 1 q2 2", "b 1 q1 4", "b 1 q2 *", "c 1 q3 *")
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=answers)
    built.expect(
        "marts.survey_scores",
        """
        person_no | score | items_answered | answered_on
        1         | 4.0   | 2              | 2024-03-05
        2         | -     | 1              | 2024-03-05
        3         | -     | 0              | -
        """,
    )


def test_an_answer_out_of_range_is_left_out_and_named_by_item(warehouse):
    answers = surveys("a 1 q1 4", "a 1 q2 2", "a 1 q3 11", "b 1 q1 0", "b 1 q2 2", "b 1 q3 3")
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=answers)
    built.expect(
        "marts.survey_scores",
        """
        person_no | score | items_answered
        1         | 4.0   | 2
        2         | 3.5   | 2
        """,
    )
    assert named(built, "survey_answer_out_of_range") == [(2, {"q1": 1, "q3": 1})]
    [told] = [w.describe() for w in built.report.warnings if w.check.endswith("out_of_range")]
    assert told.endswith("left out of scores (2 rows, q1: 1, q3: 1)")


def test_a_later_answer_makes_a_new_version_and_the_same_one_makes_none(warehouse):
    answers = surveys(
        "a 1 q1 4", "a 1 q2 2",
        "a 1 q3 1 2024-05-01",  # the third item comes later
        "a 1 q1 4 2024-06-01",  # delivered again
        "a 1 q1 1 2024-07-01",  # corrected
    )  # fmt: skip
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=answers)
    built.expect(
        "marts.survey_scores",
        """
        score | items_answered | known_from | known_to
        4.0   | 2              | 2024-04-01 | 2024-05-01
        3.0   | 3              | 2024-05-01 | 2024-07-01
        2.0   | 3              | 2024-07-01 | 9999-12-31
        """,
    )


def test_an_item_counts_in_each_of_its_scales_and_weights_count(warehouse):
    keys = """
        questionnaire | item | wave | instrument | scale | key_item | low | high | is_reversed | weight | items_total | items_needed | is_formative
        pulse         | q1   | -    | index      | total | s1       | 1   | 5    | false       | 3      | 2           | 2            | true
        pulse         | q2   | -    | index      | total | s2       | 1   | 5    | false       | 1      | 2           | 2            | true
        pulse         | q1   | -    | index      | part  | s1       | 1   | 5    | false       | 3      | 1           | 1            | true
    """  # noqa: E501
    built = warehouse(
        scoring_keys=keys, employment=STAFF, surveys=surveys("a 1 q1 5", "a 1 q2 1", "b 1 q1 2")
    )
    built.expect(
        "marts.survey_scores",
        """
        person_no | scale | score
        1         | part  | 5.0
        1         | total | 4.0
        2         | part  | 2.0
        2         | total | -
        """,
    )


def test_a_wave_of_groups_or_hidden_answers_has_no_scores_and_is_named(warehouse):
    """Wave 1 of people, wave 2 of departments, wave 3 with every answer hidden."""
    people, groups = ("a 1 q1 4", "a 1 q2 2"), ("sales 2 q1 4", "sales 2 q2 2")
    answers = surveys(*people, *groups, "a 3 q1 *", "b 3 q2 *")
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=answers)
    built.expect("marts.survey_scores", "person_no | wave | score\n1 | 1 | 4.0")
    built.expect(
        "staging.survey_wave",
        """
        wave | respondents | respondents_shown | respondents_known | is_linked
        1    | 1           | 1                 | 1                 | True
        2    | 1           | 1                 | 0                 | False
        3    | 2           | 0                 | 0                 | False
        """,
    )
    assert named(built, "survey_wave_not_linked") == [(2, {"2": 1, "3": 1})]


def test_without_personnel_files_the_programmes_say_who_is_known(warehouse):
    enrolled = "person_id | programme | delivered\na | P | 2024-01-01"
    answers = surveys("a 1 q1 4", "token 2 q1 4")
    built = warehouse(scoring_keys=KEYS, enrolments=enrolled, surveys=answers)
    built.expect("staging.survey_wave", "wave | is_linked\n1 | True\n2 | False")
    alone = warehouse(scoring_keys=KEYS, surveys=surveys("token 2 q1 4"))
    alone.expect("staging.survey_wave", "wave | is_linked\n2 | True")


def against(turned: bool, people: int = 120) -> str:
    """Answers of many people to three questions that go together, one of them perhaps turned."""
    rows = []
    for n in range(people):
        level = 1 + n % 5
        near = min(5, max(1, level + (n // 5) % 3 - 1))
        third = 6 - near if turned else near
        rows += [f"p{n} 1 q1 {level}", f"p{n} 1 q2 {6 - level}", f"p{n} 1 q3 {third}"]
    return surveys(*rows)


def staff(people: int = 120) -> str:
    lines = [f"p{n} | 2020-01-01 | 2023-01-01" for n in range(people)]
    return "\n".join(["person_id | hired_on | delivered", *lines])


def test_a_scored_item_that_runs_against_its_scale_is_named(warehouse):
    check = "survey_item_against_scale"
    assert not named(
        warehouse(scoring_keys=KEYS, employment=staff(), surveys=against(False)), check
    )
    turned = warehouse(scoring_keys=KEYS, employment=staff(), surveys=against(True))
    assert named(turned, check) == [(1, {"q3": 1})]
    few = warehouse(scoring_keys=KEYS, employment=staff(99), surveys=against(True, 99))
    assert not named(few, check)


def test_an_item_that_nobody_answered_is_named_where_its_scale_is_scored_without(warehouse):
    """Wave 1 asks two of three, which is enough for a score; wave 2 asks one, which is not."""
    rows = ["a 1 q1 4", "a 1 q2 2", "b 1 q1 3", "a 2 q1 4", "a 3 q1 1", "a 3 q2 1", "a 3 q3 1"]
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=surveys(*rows))
    assert named(built, "survey_item_not_asked") == [(1, {"q3": 1})]


def test_a_wave_answered_by_many_unknown_people_is_named(warehouse):
    known = [f"{p} {wave} q1 4" for wave in (1, 2) for p in "abc"]
    built = warehouse(scoring_keys=KEYS, employment=STAFF, surveys=surveys(*known, "anon1 2 q1 3"))
    assert named(built, "survey_wave_partly_linked") == [(1, {"2": 1})]


def test_sql_and_numpy_score_alike_with_gaps_and_answers_out_of_range(warehouse):
    """Forty people, five items of which two are reversed, answers from -1 to 7 on one to 5."""
    rng = np.random.default_rng(5)
    answers = rng.integers(-1, 8, size=(40, 5)).astype(float)
    answers[rng.random(answers.shape) < 0.3] = np.nan
    turned, weights = np.array([0, 1, 0, 1, 0], bool), np.array([1.0, 2.0, 0.7, 1.0, 1.3])
    key = ScaleKey(np.full(5, 1.0), np.full(5, 5.0), turned, weights, 3)
    head = KEYS.strip().splitlines()[0]
    keys = [
        f"pulse | i{k} | - | x | total | i{k} | 1 | 5 | {turned[k]} | {weights[k]} | 5 | 3 | false"
        for k in range(5)
    ]
    rows = [
        f"p{n:02d} 1 i{k} {answers[n, k]}"
        for n in range(40)
        for k in range(5)
        if not np.isnan(answers[n, k])
    ]
    built = warehouse(scoring_keys="\n".join([head, *keys]), surveys=surveys(*rows))
    found = built.engine.frame("select score, items_answered from marts.survey_scores")
    asked = ~np.isnan(answers).all(axis=1)
    score, answered = scores(answers[asked], key)
    assert found["items_answered"].tolist() == answered.tolist()
    np.testing.assert_allclose(found["score"], score, rtol=1e-14)
    assert 5 < np.isnan(score).sum() < 35  # both happen
