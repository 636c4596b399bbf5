"""What a study of a survey scale asks of the marts: little warehouses in, rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analysis.scales.query import exits_query, horizon_query, range_query, scores_query
from analysis.study import StudySpec, parse_study
from pipelines.errors import UserError
from pipelines.studies import answer

if TYPE_CHECKING:
    from analysis.funnel import Query

KEYS = """
    questionnaire | item | wave | instrument | scale | key_item | low | high | is_reversed | weight | items_total | items_needed | is_formative
    pulse         | q1   | -    | tis6       | total | tis6_1   | 1   | 5    | false       | 1      | 2           | 2            | false
    pulse         | q2   | -    | tis6       | total | tis6_2   | 1   | 5    | true        | 1      | 2           | 2            | false
"""  # noqa: E501
FUNNEL = """
    person_id | programme | assigned_on | arm     | delivered
    a         | P         | 2024-01-10  | mentee  | 2024-01-31
    b         | P         | 2024-01-10  | control | 2024-01-31
"""
STAFF = """
    person_id | hired_on   | exited_on  | exit_kind | notice_on  | delivered
    a         | 2020-01-01 | -          | -         | -          | 2024-01-01
    b         | 2020-01-01 | 2024-05-31 | voluntary | 2024-04-15 | 2024-06-30
    z         | 2020-01-01 | -          | -         | -          | 2024-01-01
"""
SURVEYS = """
    person_id | instrument | wave | item | value | answered_on | suppressed | delivered
    a         | pulse      | 1    | q1   | 4     | 2024-05-05  | no         | 2024-06-30
    a         | pulse      | 1    | q2   | 1     | 2024-05-05  | no         | 2024-06-30
    a         | pulse      | 1    | q2   | 5     | 2024-05-05  | no         | 2025-06-30
    b         | pulse      | 1    | q1   | 2     | 2024-06-05  | no         | 2024-06-30
    z         | pulse      | 1    | q1   | 9     | 2024-05-05  | no         | 2024-06-30
    z         | pulse      | 1    | q2   | 2     | 2024-05-05  | no         | 2024-06-30
"""


def study(metric: str = "tis6", **keys: object) -> StudySpec:
    return parse_study(
        {
            "study": "s",
            "question": "q?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "randomised",
            "arms": {"treated": "mentee", "comparison": "control"},
            "outcome": {"kind": "scale", "metric": metric},
            "follow_up": {"months": 6, "primary": [1, 6]},
            **keys,
        }
    )


@pytest.fixture
def built(warehouse):
    return warehouse(scoring_keys=KEYS, enrolments=FUNNEL, employment=STAFF, surveys=SURVEYS)


def asked(built, query: Query) -> dict[str, tuple[object, ...]]:
    """The rows by the letter of the person, without wave and day of hire; None where empty."""
    names = dict(built.engine.rows("select person_no, person_key from staging.person"))
    found = built.engine.frame(query.sql, query.params).astype(object)
    found = found.where(found.notna(), None)
    return {
        names[row["person_no"]]: tuple(
            str(v)[:10] if isinstance(v, pd.Timestamp) else v
            for k, v in row.items()
            if k not in ("person_no", "wave", "hired_on")
        )
        for row in found.to_dict("records")
    }


def test_scores_are_those_known_then_of_the_programme_and_say_who_was_employed(built):
    """4 and 1 turned make 4.5; a later delivery says 5, which is not known yet. b had left."""
    assert asked(built, scores_query(study(), "tis6")) == {
        "a": ("2024-05-05", 4.5, True),
        "b": ("2024-06-05", None, False),
    }
    later = study(as_of="2025-12-31")
    assert asked(built, scores_query(later, "tis6"))["a"] == ("2024-05-05", 2.5, True)


def test_everybody_s_scores_are_read_for_exits_that_follow(built):
    found = asked(built, scores_query(study(), "tis6", everybody=True))
    assert set(found) == {"a", "b", "z"}
    assert found["z"] == ("2024-05-05", None, True)  # 9 is out of range, one answer is too few


def test_a_single_question_is_turned_and_out_of_range_is_no_answer(built):
    assert asked(built, scores_query(study(), "tis6/tis6_2")) == {"a": ("2024-05-05", 5.0, True)}
    first = asked(built, scores_query(study(), "tis6/tis6_1", everybody=True))
    assert {name: row[1] for name, row in first.items()} == {"a": 4.0, "b": 2.0, "z": None}


def test_exits_come_with_kind_and_notice_as_known_then(built):
    assert asked(built, exits_query(study())) == {
        "a": (None, None, None),
        "b": ("2024-05-31", "2024-04-15", "voluntary"),
    }


def test_range_and_horizon(built):
    query = range_query(study())
    assert built.engine.rows(query.sql, query.params) == [(1.0, 5.0)]
    query = horizon_query(study())
    assert str(built.engine.scalar(query.sql, query.params))[:10] == "2024-06-30"


def test_without_personnel_files_the_last_delivery_is_as_far_as_answers_go(warehouse):
    built = warehouse(scoring_keys=KEYS, enrolments=FUNNEL, surveys=SURVEYS)
    days = []
    for as_of in ("2024-12-31", "2026-12-31"):
        query = horizon_query(study(as_of=as_of))
        days.append(str(built.engine.scalar(query.sql, query.params))[:10])
    assert days == ["2024-12-31", "2025-06-30"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"metric": "moaq"}, "no answers of single people to the scale moaq.total"),
        ({"metric": "tis6/tis6_9"}, "tis6 has no item tis6_9"),
        (
            {"mediation": {"mediators": ["fit.values"], "measured": [1, 3]}},
            "mediation.mediators: no answers of single people to the scale fit.values",
        ),
        ({"follow_up": {"months": 6, "primary": [5, 6]}}, "has a score of tis6 in event months 5"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_key(built, keys, said):
    with pytest.raises(UserError, match=said):
        answer(built.engine, study(**keys), 10)
