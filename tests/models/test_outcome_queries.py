"""What the outcomes ask of the marts: little warehouses in, rows of the queries out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analysis.outcomes.dose import exposures, meetings_query
from analysis.outcomes.practices import matches_query, practices
from analysis.outcomes.promotion import promotion_query
from analysis.outcomes.rating import rating_query
from analysis.outcomes.team import team_query
from analysis.study import StudySpec, parse_study

if TYPE_CHECKING:
    from analysis.cohort import Query


def study(**keys: object) -> StudySpec:
    return parse_study(
        {
            "study": "s",
            "question": "q?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "randomised",
            "arms": {"treated": "mentee", "comparison": "control"},
            "outcome": {"metric": "kpi"},
            "follow_up": {"months": 6, "primary": [1, 6]},
            **keys,
        }
    )


def asked(built, query: Query) -> pd.DataFrame:
    """The answer with the letters of people instead of their numbers."""
    names = {
        int(no): key
        for no, key in built.engine.rows("select person_no, person_key from staging.person")
    }
    found = built.engine.frame(query.sql, query.params)
    for column in ("person_no", "rater_no"):
        if column in found:
            found[column] = found[column].map(names)
    return found


FUNNEL = """
    person_id | programme | assigned_on | arm     | delivered
    a         | P         | 2024-01-10  | mentee  | 2024-01-31
    b         | P         | 2024-02-10  | control | 2024-01-31
    z         | Q         | 2024-01-10  | mentee  | 2024-01-31
"""


def test_each_rating_comes_with_everybody_of_its_cycle_and_scale(warehouse):
    """Only people of the programme are answered for; z and y are part of the yardstick."""
    built = warehouse(
        enrolments=FUNNEL,
        performance="""
            person_id | metric | period     | value | scale | rater_id | delivered
            a         | rating | 2024-06-01 | 4     | five  | m        | 2024-07-01
            b         | rating | 2024-06-01 | 2     | five  | n        | 2024-07-01
            z         | rating | 2024-06-01 | 3     | five  | n        | 2024-07-01
            y         | rating | 2024-06-01 | 1     | four  | n        | 2024-07-01
            b         | rating | 2024-12-01 | 5     | -     | -        | 2024-12-15
            a         | kpi    | 2024-06-01 | 99    | -     | -        | 2024-07-01
        """,
        matches="""
            mentee_id | mentor_id | programme | matched_on | delivered
            a         | m         | P         | 2024-06-20 | 2024-06-30
            b         | n         | P         | 2024-07-20 | 2024-07-30
        """,
    )
    spec = study(outcome={"metric": "rating", "kind": "rating"})
    found = asked(built, rating_query(spec)).drop(columns="month")
    assert found.fillna("-").to_dict("records") == [
        {
            "person_no": "a", "scale": "five", "value": 4, "rater_no": "m",
            "rated": 3, "centre": 3, "squares": 29, "by_mentor": True,
        },
        {
            "person_no": "b", "scale": "five", "value": 2, "rater_no": "n",
            "rated": 3, "centre": 3, "squares": 29, "by_mentor": False,  # matched later
        },
        {
            "person_no": "b", "scale": "", "value": 5, "rater_no": "-",
            "rated": 1, "centre": 5, "squares": 25, "by_mentor": False,
        },
    ]  # fmt: skip


def test_levels_of_people_of_the_programme_as_known(warehouse):
    built = warehouse(
        enrolments=FUNNEL,
        jobs="""
            person_id | valid_from | level | delivered
            a         | 2023-01-01 | 1     | 2024-01-31
            a         | 2024-05-01 | 2     | 2024-05-31
            a         | 2025-05-01 | 3     | 2025-05-31
            z         | 2023-01-01 | 4     | 2024-01-31
        """,
    )
    spec = study(
        outcome={"metric": "level", "kind": "promotion"}, follow_up={"months": 6, "primary": [6, 6]}
    )
    found = asked(built, promotion_query(spec))
    assert found["person_no"].tolist() == ["a", "a"]
    assert found["level"].tolist() == ["1", "2"]


def test_a_team_is_fixed_at_time_zero_and_counts_whoever_has_results(warehouse):
    """a, c, d and the leaver e report to m; e had left before. d moves to n in March and still
    counts. b reports to n, alone in February: no team.
    """
    built = warehouse(
        enrolments=FUNNEL,
        employment="""
            person_id | hired_on   | exited_on  | delivered
            a         | 2020-01-01 | -          | 2024-01-31
            b         | 2020-01-01 | -          | 2024-01-31
            c         | 2020-01-01 | 2024-02-20 | 2024-03-31
            d         | 2020-01-01 | -          | 2024-01-31
            e         | 2020-01-01 | 2023-12-31 | 2024-01-31
            m         | 2010-01-01 | -          | 2024-01-31
            n         | 2010-01-01 | -          | 2024-01-31
        """,
        jobs="""
            person_id | valid_from | manager_id | delivered
            a         | 2020-01-01 | m          | 2024-01-31
            b         | 2020-01-01 | n          | 2024-01-31
            c         | 2020-01-01 | m          | 2024-01-31
            d         | 2020-01-01 | m          | 2024-01-31
            d         | 2024-03-01 | n          | 2024-03-31
            e         | 2020-01-01 | m          | 2024-01-31
        """,
        performance="""
            person_id | metric | period     | value | delivered
            a         | kpi    | 2024-02-01 | 1     | 2024-04-01
            c         | kpi    | 2024-02-01 | 3     | 2024-04-01
            d         | kpi    | 2024-02-01 | 8     | 2024-04-01
            d         | kpi    | 2024-03-01 | 7     | 2024-04-01
            b         | kpi    | 2024-03-01 | 5     | 2024-04-01
            a         | other  | 2024-03-01 | 5     | 2024-04-01
        """,
    )
    spec = study(outcome={"metric": "kpi", "kind": "team"}, cluster="manager_no")
    found = asked(built, team_query(spec))
    assert found["person_no"].tolist() == ["a", "a"]
    assert found["value"].tolist() == [4.0, 7.0]


def test_a_vacant_seat_produces_nothing_until_somebody_is_hired_into_it(warehouse):
    """Four seats report to m. c leaves in February, a and d in April. In May n is hired to m; o,
    who is moved there, and p, hired elsewhere, fill no seat. From July on nobody is there.
    """
    people = {  # hired, left, manager since then
        "a": ("2020-01-01", "2024-04-10", "m"),
        "b": ("2020-01-01", "2024-06-20", "m"),
        "c": ("2020-01-01", "2024-02-20", "m"),
        "d": ("2020-01-01", "2024-04-30", "m"),
        "n": ("2024-05-02", "2024-06-30", "m"),
        "o": ("2020-01-01", "-", "x"),
        "p": ("2024-05-02", "-", "x"),
    }
    values = {  # by month of 2024 from December 2023 on; d is not measured in March
        "a": "2 4 4 4 4", "b": "4 4 4 8 4 6 6", "c": "6 4 4", "d": "4 4 4 - 4",
        "n": "- - - - - 2 -", "o": "9 9 9 9 9 9 9 9", "p": "- - - - - 9 9 9",
    }  # fmt: skip
    months = ["2023-12", *(f"2024-0{i}" for i in range(1, 8))]
    built = warehouse(
        enrolments=FUNNEL,
        employment="person_id | hired_on | exited_on | delivered\n"
        + "\n".join(
            f"{k} | {hired} | {left} | 2024-09-30" for k, (hired, left, _) in people.items()
        ),
        jobs="person_id | valid_from | manager_id | delivered\n"
        + "\n".join(
            f"{k} | {hired} | {boss} | 2024-09-30" for k, (hired, _, boss) in people.items()
        )
        + "\no | 2024-05-01 | m | 2024-09-30",
        performance="person_id | metric | period | value | delivered\n"
        + "\n".join(
            f"{k} | kpi | {month}-01 | {value} | 2024-09-30"
            for k, line in values.items()
            for month, value in zip(months, line.split(), strict=False)
            if value != "-"
        ),
    )
    spec = study(
        outcome={"metric": "kpi", "kind": "team", "after_exit": "zero"}, cluster="manager_no"
    )
    found = asked(built, team_query(spec))
    a = found[found["person_no"] == "a"]
    assert [f"{m:%Y-%m}" for m in a["month"]] == months
    assert a["value"].tolist() == [
        4.0,  # before time zero: the mean
        4.0,
        4.0,  # c left in this month
        6.0 * 3 / 4,  # a 4 and b 8, d there and unmeasured: mean 6 on three of four seats
        4.0 * 3 / 4,
        4.0 * 2 / 4,  # b 6 and the new n 2
        6.0 * 2 / 4,  # n there and unmeasured
        0.0,  # nobody left
    ]
    plain = study(outcome={"metric": "kpi", "kind": "team"}, cluster="manager_no")
    without = asked(built, team_query(plain))
    assert without[without["person_no"] == "a"]["value"].tolist()[2:] == [4.0, 6.0, 4.0, 6.0, 6.0]


def test_without_personnel_data_everybody_of_the_manager_is_the_team(warehouse):
    built = warehouse(
        enrolments=FUNNEL,
        jobs="""
            person_id | valid_from | manager_id | delivered
            a         | 2020-01-01 | m          | 2024-01-31
            b         | 2020-01-01 | m          | 2024-01-31
        """,
        performance="""
            person_id | metric | period     | value | delivered
            b         | kpi    | 2024-02-01 | 6     | 2024-04-01
        """,
    )
    spec = study(outcome={"metric": "kpi", "kind": "team"}, cluster="manager_no")
    found = asked(built, team_query(spec))
    assert found[["person_no", "value"]].values.tolist() == [["a", 6.0], ["b", 6.0]]


def test_meetings_held_from_time_zero_to_the_end_of_the_window(warehouse):
    built = warehouse(
        enrolments=FUNNEL,
        sessions="""
            person_id | programme | held_on    | minutes | status    | delivered
            a         | P         | 2024-01-20 | 30      | confirmed | 2024-08-31
            a         | P         | 2024-06-20 | 60      | -         | 2024-08-31
            a         | P         | 2024-08-01 | 30      | confirmed | 2024-08-31
            a         | P         | 2024-03-01 | 30      | scheduled | 2024-08-31
            a         | Q         | 2024-03-01 | 30      | confirmed | 2024-08-31
            b         | P         | 2024-03-01 | -       | confirmed | 2024-08-31
        """,
    )
    spec = study(dose=["meetings", "hours", "goal_set"])
    meetings = built.engine.frame(meetings_query(spec).sql, meetings_query(spec).params)
    assert len(meetings) == 4
    numbers = {
        key: int(no)
        for no, key in built.engine.rows("select person_no, person_key from staging.person")
    }
    people = pd.DataFrame(
        {
            "person_no": [numbers["a"], numbers["b"], numbers["z"]],
            "time_zero": pd.to_datetime(["2024-01-10", "2024-02-10", "2024-01-10"]),
            "goal_set": ["1", None, "0"],
        }
    )
    found = exposures(spec, people, meetings)
    assert found["dose: meetings"].tolist() == [2, 1, 0]
    assert found["dose: hours"].tolist() == pytest.approx([1.5, float("nan"), 0], nan_ok=True)
    assert found["dose: goal_set"].tolist() == pytest.approx([1, float("nan"), 0], nan_ok=True)


def test_what_pairs_did_as_known(warehouse):
    """The goal of a came out in a later delivery; the informal match of b is of no programme."""
    built = warehouse(
        enrolments=FUNNEL,
        matches="""
            mentee_id | programme | matched_on | kind | goal_set_on | reason_recorded | delivered
            a | P | 2024-02-20 | formal | - | yes | 2024-02-28
            a | P | 2024-02-20 | formal | 2024-02-10 | yes | 2024-03-31
            b | P | 2024-03-20 | informal | 2024-03-01 | yes | 2024-03-31
            z | Q | 2024-03-20 | formal | 2024-03-01 | yes | 2024-03-31
        """,
        sessions="""
            person_id | programme | held_on    | acted_on_advice | delivered
            a         | P         | 2024-03-01 | -               | 2024-03-31
            a         | P         | 2024-03-20 | yes             | 2024-03-31
        """,
    )
    names = ["goal_set_before", "reason_recorded", "acted_on_advice"]
    for as_of, goal in (("2024-12-31", 1.0), ("2024-03-30", None)):
        spec = study(practices=names, as_of=as_of)
        found = asked(built, matches_query(spec))
        assert found["person_no"].tolist() == ["a"]
        assert found["goal_set_on"].notna().tolist() == [goal is not None]
        assert found["reason_recorded"].tolist() == [True]
    spec = study(practices=names)
    people = pd.DataFrame({"person_no": ["a"], "time_zero": pd.Timestamp("2024-01-10")})
    meetings, matches = asked(built, meetings_query(spec)), asked(built, matches_query(spec))
    made = practices(spec, people, meetings, matches)
    assert {name: value.tolist() for name, value in made.items()} == {n: [1.0] for n in names}
