"""Comparison groups are told from days up to one day; what looks into the future is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analysis.diagnostics.comparison_group import comparison_group, notice
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.thresholds import DEFAULT
from analysis.errors import SpecError
from analysis.finding import Group
from analysis.groups import (
    arms_of,
    check_groups,
    formed_on,
    funnel_groups,
    on_notice,
    states,
)
from analysis.panel import Panel
from analysis.study import StudySpec, parse_study
from tests.models.given import table


def study(treated: str = "matched", comparison: str = "wait_listed", **more: Any) -> StudySpec:
    return parse_study(
        {
            "study": "waiting",
            "question": "What does a mentor do?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "opt_in",
            "time_zero": "applied_on",
            "arms": {"treated": treated, "comparison": comparison},
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 12, "primary": [6, 12]},
            **more,
        }
    )


def people(text: str) -> pd.DataFrame:
    """A funnel drawn as text, dates as the engine gives them."""
    frame = pd.DataFrame(table(text))
    for column in frame.columns:
        values = frame[column].replace("-", None)
        days = column.endswith("_on") or column == "time_zero"
        frame[column] = pd.to_datetime(values) if days else values
    return frame


def test_the_state_is_what_was_known_on_the_day_the_groups_are_formed() -> None:
    """Applied in January, told apart on 31 March; a match by 29 February is an early one."""
    funnel = people("""
        applied_on | matched_on | closed_on  | expected
        2024-01-10 | 2024-01-20 | -          | matched
        2024-01-10 | 2024-02-29 | -          | matched
        2024-01-10 | 2024-03-01 | -          | matched_later
        2024-01-10 | 2024-03-31 | -          | matched_later
        2024-01-10 | 2024-04-01 | -          | wait_listed
        2024-01-10 | -          | -          | wait_listed
        2024-01-10 | -          | 2024-04-01 | wait_listed
        2024-01-10 | -          | 2024-03-31 | applied_unmatched
        2024-01-10 | 2024-05-01 | 2024-03-15 | applied_unmatched
        2024-01-10 | 2024-02-01 | 2024-03-15 | matched
    """)
    spec = study(comparison="matched_later", matched_within=1, decided_within=2)
    assert states(spec, funnel, funnel["applied_on"]).tolist() == funnel["expected"].tolist()
    assert formed_on(spec, funnel["applied_on"]).unique() == [pd.Timestamp("2024-03-31")]


def test_what_comes_later_moves_nobody() -> None:
    """Everything after the day the groups are formed is blotted out, and nobody changes group."""
    funnel = people("""
        applied_on | matched_on | closed_on
        2024-01-10 | 2024-04-01 | 2024-08-01
        2024-05-01 | 2024-05-02 | -
        2024-01-10 | 2024-01-11 | 2024-07-01
    """)
    spec = study(decided_within=2)
    start = pd.Series(pd.Timestamp("2024-01-05"), index=funnel.index)
    known_then = funnel.where(funnel <= pd.Timestamp("2024-03-31"))
    assert states(spec, funnel, start).tolist() == states(spec, known_then, start).tolist()
    assert states(spec, funnel, start).tolist() == ["wait_listed", "never_applied", "matched"]


def test_who_joined_is_told_from_the_invitation() -> None:
    """Invited in January, told apart on 29 February."""
    funnel = people("""
        time_zero  | applied_on | matched_on | closed_on | assigned_on | arm | expected
        2024-01-15 | 2024-01-20 | -          | -         | -           | -   | joined
        2024-01-15 | 2024-02-29 | -          | -         | -           | -   | joined
        2024-01-15 | 2024-03-01 | 2024-03-02 | -         | -           | -   | never_applied
        2024-01-15 | -          | -          | -         | -           | -   | never_applied
        2024-01-15 | -          | 2024-02-10 | -         | -           | -   | joined
        2024-01-15 | 2024-01-03 | -          | -         | -           | -   | joined
        2024-01-15 | 2023-12-31 | -          | -         | -           | -   | before
        2024-01-15 | -          | 2023-11-05 | -         | -           | -   | before
        2024-01-15 | 2023-11-01 | 2024-02-01 | -         | -           | -   | before
    """)
    spec = study("joined", "never_applied", time_zero="invited_on")
    assert arms_of(spec, funnel).tolist() == funnel["expected"].tolist()


def test_a_recorded_arm_counts_where_it_was_assigned_by_then() -> None:
    funnel = people("""
        time_zero  | applied_on | matched_on | closed_on | assigned_on | arm          | expected
        2024-01-15 | 2024-01-20 | -          | -         | 2024-02-05  | lottery_lost | lottery_lost
        2024-01-15 | 2024-01-20 | -          | -         | -           | wait_listed  | wait_listed
        2024-01-15 | 2024-01-20 | 2024-02-01 | -         | 2024-03-01  | lottery_lost | matched
    """)
    assert arms_of(study(), funnel).tolist() == funnel["expected"].tolist()


@pytest.mark.parametrize(
    ("spec", "key", "why"),
    [
        (study("joined", "joined_later"), "arms", "immortal time"),
        (study(comparison="matched_later"), "arms.comparison", "immortal time"),
        (study(comparison="matched_later", matched_within=3, decided_within=2), "matched_within",
         "later than the day"),
        (study("joined", "wait_listed"), "arms", "overlap"),
        (study(decided_within=6), "follow_up.primary", "before the groups are told apart"),
        (study(follow_up={"months": 12, "primary": [6, 12], "windows": [[1, 3]]}),
         "follow_up.windows", "before the groups are told apart"),
        (study(decided_within=1, outcome={"metric": "tis6", "kind": "scale"},
               mediation={"mediators": ["perceived_fit.value_congruence"], "measured": [1, 3]}),
         "mediation.measured", "before the groups are told apart"),
        (study(comparison="never_applied"), "time_zero", "no day of application"),
        (study(start_dates="matched"), "start_dates", "never_applied"),
        (study(start_dates_within="site"), "start_dates_within", "no start dates"),
        (study(comparison="never_applied", start_dates="matched", start_dates_within="grade"),
         "start_dates_within", "grade"),
        (study("a", "b", decided_within=2), "decided_within", "only used"),
    ],
)  # fmt: skip
def test_a_comparison_that_cannot_be_fair_is_refused_with_the_reason(
    spec: StudySpec, key: str, why: str
) -> None:
    with pytest.raises(SpecError) as caught:
        check_groups(spec)
    assert caught.value.key == key
    assert why in caught.value.problem
    assert caught.value.fix


@pytest.mark.parametrize("start", ["matched_on", "first_met_on"])
def test_time_never_begins_with_the_mentor(start: str) -> None:
    with pytest.raises(SpecError, match="immortal time"):
        study(time_zero=start)


FUNNEL = """
    applied_on | matched_on | closed_on  | exited_on  | arm
    2024-01-10 | 2024-01-20 | -          | -          | -
    2024-01-10 | -          | -          | -          | -
    2024-01-10 | -          | 2024-02-20 | -          | -
    2024-01-10 | -          | -          | 2024-02-28 | -
    2024-01-10 | -          | -          | 2024-02-29 | -
    2024-12-10 | -          | -          | -          | -
    -          | 2024-01-20 | -          | -          | -
    -          | -          | -          | 2024-02-28 | -
    -          | -          | -          | -          | -
    2024-01-10 | 2024-06-01 | -          | -          | lottery_lost
    2024-01-10 | -          | -          | -          | pilot
"""


def test_everybody_is_in_one_group_and_the_best_stands_first() -> None:
    """Told apart on 29 February, the last day on which somebody may have been employed."""
    groups = funnel_groups(study(), people(FUNNEL))
    assert [(g.arm, g.people, g.rank, g.role) for g in groups] == [
        ("lottery_lost", 1, 1, "available"),
        ("wait_listed", 2, 2, "used"),
        ("applied_unmatched", 1, 3, "available"),
        ("never_applied", 2, 5, "available"),
        ("matched", 2, None, "treated"),
        ("left_first", 1, None, "other"),
        ("pilot", 1, None, "other"),
        ("too_recent", 1, None, "other"),
    ]
    assert sum(g.people for g in groups) == len(people(FUNNEL))


def test_the_comparison_of_a_draw_is_the_best_whatever_it_is_called() -> None:
    spec = study("mentee", "control", design="randomised")
    groups = funnel_groups(spec, people(FUNNEL.replace("pilot", "control")))
    assert [(g.arm, g.rank) for g in groups][:2] == [("lottery_lost", 1), ("control", 1)]
    assert comparison_group(groups, "control", 1).status == "pass"


def test_a_later_match_is_no_contamination_of_those_matched_later() -> None:
    frame = pd.DataFrame({"arm": ["matched", "matched_later"], "take_up": 1.0, "mentored": 1.0})
    rows = pd.DataFrame({"person": [], "event_month": [], "outcome": []})
    for comparison, status in (("matched_later", "note"), ("wait_listed", "fail")):
        arms = frame["arm"].replace("matched_later", comparison)
        panel = Panel(
            people=frame.assign(arm=arms), rows=rows, treated=("matched",), comparison=comparison
        )
        assert contamination(panel, DEFAULT).status == status


def group(arm: str, size: int, rank: int | None, role: str = "available") -> Group:
    return Group(arm=arm, what=f"what {arm} is", people=size, rank=rank, role=role)  # type: ignore[arg-type]


def test_a_better_group_with_enough_people_is_named() -> None:
    groups = (
        group("lottery_lost", 9, 1),
        group("wait_listed", 10, 2),
        group("never_applied", 50, 5, "used"),
    )
    check = comparison_group(groups, "never_applied", 10)
    assert check.status == "note"
    assert "better in this programme: wait listed" in check.display
    assert "lottery" not in check.display
    assert "what never_applied is" in check.display
    assert check.remedy
    assert comparison_group(groups, "never_applied", 11).status == "pass"


def test_a_better_group_among_the_treated_is_no_comparison_of_the_study() -> None:
    groups = (
        group("wait_listed", 50, 2, "treated"),
        group("never_applied", 50, 5, "used"),
    )
    check = comparison_group(groups, "never_applied", 10)
    assert check.status == "note"
    assert "better in this programme" not in check.display
    assert "wait listed would be better for what being matched does" in check.display
    assert "another question" in check.remedy
    both = comparison_group((group("lottery_lost", 50, 1), *groups), "never_applied", 10)
    assert both.display.endswith("better in this programme: lottery lost")


LEAVING = """
    time_zero  | notice_on  | exited_on  | recorded | declared
    2024-01-10 | 2024-02-29 | 2024-05-31 | yes      | yes
    2024-01-10 | 2024-03-01 | 2024-03-15 | no       | no
    2024-01-10 | -          | 2024-04-30 | no       | yes
    2024-01-10 | -          | 2024-05-01 | no       | no
    2024-01-10 | -          | -          | no       | no
"""


def test_on_notice_is_who_had_given_it_by_the_day_the_groups_are_formed() -> None:
    """Told apart on 29 February; who left by 30 April had been on two months' notice then."""
    leaving = people(LEAVING)
    for months, column in ((0, "recorded"), (2, "declared")):
        found = on_notice(study(notice_months=months), leaving)
        assert found.tolist() == leaving[column].eq("yes").tolist()


def test_notice_that_nobody_recorded_is_said() -> None:
    leaving = people(LEAVING)
    silent = leaving.assign(notice_on=pd.NaT)
    assert [c.name for c in notice(study(), silent)] == ["notice"]
    assert notice(study(notice_months=2), silent) == ()
    assert notice(study(), leaving) == ()
    assert notice(study(), silent.assign(exited_on=pd.NaT)) == ()
    assert notice(study("mentee", "lottery_lost", design="randomised"), silent) == ()


def test_a_question_without_notice_keeps_its_hash() -> None:
    assert study(notice_months=0).digest() == study().digest() != study(notice_months=1).digest()


def test_a_group_of_unknown_standing_is_worse_than_any_known_one() -> None:
    groups = (group("never_applied", 50, 5), group("pilot", 50, None, "used"))
    assert comparison_group(groups, "pilot", 10).status == "note"
    assert comparison_group((), "control", 10).status == "pass"
