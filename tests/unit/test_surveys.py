"""Surveys: the last complete response counts, hidden is not zero, groups cannot be linked."""

from __future__ import annotations

import pytest

from pipelines.errors import UserError
from tests.unit.delivered import Landing, settings

WIDE = {
    "table": "surveys",
    "columns": {"person_id": "id", "answered_on": "day", "status": "state"},
    "constants": {"instrument": "TIS", "wave": "2024"},
    "formats": {"answered_on": "iso_datetime"},
    "unpivot": {"pattern": r"q(\d)"},
}
LONG = {
    "table": "surveys",
    "columns": {"person_id": "id", "item": "item", "value": "value", "answered_on": "day"},
    "constants": {"instrument": "TIS", "wave": "2024"},
    "suppressed": ["*", "n<10"],
}


@pytest.fixture
def deliver(tmp_path):
    """Lands one file of text under one load."""

    def run(text: str, load) -> Landing:
        (tmp_path / "s.csv").write_text(text, encoding="utf-8")
        return Landing(tmp_path, settings({"file": "s.csv", "loads": [load]}))

    return run


def answers(landed: Landing) -> list[tuple[str, str | None, str]]:
    return sorted(landed.rows("surveys", "item", "value", "answered_on"))


def excluded(landed: Landing) -> dict[str, int]:
    return {r.rule: r.rows for r in landed.report.files[0].loads[0].rules}


def test_the_last_complete_response_counts_and_the_others_are_named(deliver):
    landed = deliver(
        "id,day,state,q1,q2\n"
        "1,2024-03-05T18:00:00,complete,4,5\n"  # the last complete one, though not the last row
        "1,2024-03-05T09:00:00,complete,1,1\n"
        "1,2024-03-06T09:00:00,partial,2,\n"
        "2,2024-03-05T09:00:00,partial,3,\n",  # the only one of this person
        WIDE,
    )
    assert answers(landed) == [
        ("1", "3", "2024-03-05"),
        ("1", "4", "2024-03-05"),
        ("2", "5", "2024-03-05"),
    ]
    # Two cells of the earlier response and one of the partial one; its other cell was blank.
    assert excluded(landed) == {"superseded by a later response": 3, "no value": 2}


def test_the_same_response_twice_counts_once(deliver):
    row = "1,2024-03-05,complete,4,5\n"
    landed = deliver(f"id,day,state,q1,q2\n{row}{row}", WIDE)
    assert len(answers(landed)) == 2
    assert excluded(landed) == {"superseded by a later response": 2}


def test_in_a_long_file_each_item_counts_by_itself(deliver):
    landed = deliver(
        "id,item,value,day\n1,a,4,2024-03-05\n1,b,2,2024-03-01\n1,a,1,2024-03-01\n", LONG
    )
    assert answers(landed) == [("a", "4", "2024-03-05"), ("b", "2", "2024-03-01")]


def test_a_hidden_answer_is_flagged_and_never_a_figure(deliver):
    landed = deliver(
        "id,item,value,day\n1,a,N<10,2024-03-05\n1,b,*,2024-03-05\n1,c,0,2024-03-05\n1,d,,2024-03-05\n",
        LONG,
    )
    assert landed.rows("surveys", "item", "value", "suppressed") == [
        ("a", None, "yes"),
        ("b", None, "yes"),
        ("c", "0", "no"),
    ]
    assert excluded(landed) == {"no value": 1}


def test_a_file_of_groups_is_refused_since_nobody_can_be_linked(deliver):
    aliases = {"person_id": ["Employee ID", "Email"], "item": ["Question"], "value": ["Score"]}
    load = {"table": "surveys", "aliases": aliases, "constants": LONG["constants"]}
    with pytest.raises(UserError) as caught:
        deliver("Department,Question,Score\nSales,a,3.9\nTax,a,*\n", load)
    assert caught.value.problem == (
        "s.csv: no column says who answered (Employee ID, Email); results by group cannot be "
        "linked to people."
    )
    assert "later version" in caught.value.fix
