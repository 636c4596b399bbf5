"""What questions about mentors ask of the marts, on small warehouses; and months by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.beyond.mentor_exits import (
    eligible_query,
    first_mentees_query,
    mentor_exits,
    person_months,
)
from analysis.beyond.mentor_months import mentor_months_query
from analysis.exits.careers import NEVER
from analysis.exits.records import Records, Spells
from tests.models.test_outcome_queries import asked, study

PEOPLE = {
    "employment": """
        person_id | hired_on   | exited_on  | exit_kind | delivered
        m         | 2020-01-01 | -          | -         | 2024-12-31
        n         | 2023-12-15 | 2024-05-10 | voluntary | 2024-12-31
        o         | 2020-01-01 | -          | -         | 2024-12-31
    """,
    "jobs": """
        person_id | valid_from | level | department | delivered
        m         | 2020-01-01 | 3     | sales      | 2024-12-31
        n         | 2023-12-15 | 4     | sales      | 2024-12-31
        o         | 2020-01-01 | 1     | sales      | 2024-12-31
        o         | 2024-03-15 | 3     | sales      | 2024-12-31
    """,
    "matches": """
        mentee_id | mentor_id | programme | matched_on | ended_on   | delivered
        a         | m         | P         | 2024-02-20 | 2024-03-02 | 2024-12-31
        b         | m         | Q         | 2024-05-31 | -          | 2024-12-31
        c         | n         | P         | 2024-12-31 | -          | 2025-01-31
    """,
    "performance": """
        person_id | metric | period     | value | delivered
        m         | kpi    | 2024-01-01 | 1     | 2024-12-31
        m         | kpi    | 2024-02-01 | 2     | 2024-12-31
        m         | kpi    | 2024-03-01 | 3     | 2024-12-31
        m         | kpi    | 2024-04-01 | 4     | 2024-12-31
        m         | kpi    | 2024-05-01 | 5     | 2024-12-31
        n         | kpi    | 2024-01-01 | 6     | 2024-12-31
        n         | kpi    | 2024-03-01 | 7     | 2024-12-31
        o         | kpi    | 2024-03-01 | 8     | 2024-12-31
        o         | kpi    | 2024-04-01 | 9     | 2024-12-31
        m         | other  | 2024-01-01 | 9     | 2024-12-31
    """,
}


def test_months_of_people_who_may_mentor_with_and_without_a_mentee(warehouse):
    """In a pair of any programme, on any day of the month. o may from the first of April on, n
    with two months of tenure; that n has a mentee became known after the study's date.
    """
    built = warehouse(**PEOPLE)
    spec = study(mentors={"level": [3, 4], "department": "sales", "tenure_from": 2})
    found = asked(built, mentor_months_query(spec))
    assert found[["person_no", "value", "with_mentee"]].values.tolist() == [
        ["m", 1.0, False], ["m", 2.0, True], ["m", 3.0, True], ["m", 4.0, False],
        ["m", 5.0, True], ["n", 7.0, False], ["o", 9.0, False],
    ]  # fmt: skip
    first = found.groupby("person_no")["first_on"].first()
    assert (str(first["m"].date()), first[["n", "o"]].isna().all()) == ("2024-02-01", True)


def test_exits_of_people_who_may_mentor(warehouse):
    built = warehouse(**PEOPLE)
    spec = study(outcome={"metric": "voluntary", "kind": "exit"}, mentors={"level": [3, 4]})
    assert asked(built, first_mentees_query(spec)).values.tolist() == [
        ["m", pd.Timestamp("2024-02-20")]
    ]
    assert asked(built, eligible_query(spec))["person_no"].tolist() == ["m", "n", "o"]
    found = mentor_exits(spec, lambda q: built.engine.frame(q.sql, q.params))
    assert [r.reason for r in found] == ["nobody of one side left in this way"] * 2


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def test_months_at_risk_by_hand():
    """1 has a first mentee in February and leaves on the 5th of April; 2 is hired in mid January,
    moves out of the job in March and resigns later, as somebody else; 3 gives notice in March.
    """
    spells = Spells(
        person_no=np.array([1, 2, 3]),
        hired=np.array([day("2020-01-01"), day("2024-01-15"), day("2023-12-01")]),
        exit=np.array([day("2024-04-05"), day("2024-05-01"), NEVER]),
        kind=np.array([1, 1, 0]),
        notice=np.array([NEVER, NEVER, day("2024-03-20")]),
        undated=np.zeros(3, dtype=bool),
    )
    jobs = pd.DataFrame(
        {
            "person_no": [1, 2, 3],
            "valid_from": pd.to_datetime(["2020-01-01", "2024-01-15", "2023-12-01"]),
            "valid_to": pd.to_datetime(["2200-01-01", "2024-03-10", "2200-01-01"]),
            "department": "sales",
            "level": "3",
        }
    )
    first = pd.DataFrame({"person_no": [1], "first_on": [pd.Timestamp("2024-02-10")]})
    records = Records(
        begin=day("2024-01-01"), end=day("2024-06-15"), delivered=day("2024-06-15"),
        known=None, fewer=False,
    )  # fmt: skip
    spec = study(
        outcome={"metric": "voluntary", "kind": "exit"}, mentors={"level": 3, "tenure_from": 1}
    )
    made = person_months(spec, records, spells, jobs, first)
    month = [f"{m + 1}" for m in made.month - 12 * 54]
    rows = list(zip(made.person.tolist(), month, made.started.tolist(), made.left.tolist(),
                    strict=True))  # fmt: skip
    assert rows == [
        (1, "1", False, False), (1, "2", False, False), (1, "3", True, False), (1, "4", True, True),
        (2, "2", False, False), (2, "3", False, False),
        (3, "1", False, False), (3, "2", False, False), (3, "3", False, True),
    ]  # fmt: skip
    assert made.tenure.tolist() == [48, 49, 50, 51, 1, 2, 1, 2, 3]
    assert made.ever.tolist() == [True] * 4 + [False] * 5
