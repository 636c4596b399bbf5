"""From a built warehouse to a study's people: what is true of them at the start, who is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analysis.cohort import build_cohort
from analysis.diagnostics.informal_mentors import informal_mentors
from analysis.errors import SpecError
from analysis.follow_up import build_panel, outcome_query
from analysis.funnel import attributes_query, funnel_query
from analysis.study import StudySpec, parse_study
from pipelines.errors import UserError
from pipelines.studies import answer

if TYPE_CHECKING:
    from analysis.cohort import Cohort
    from tests.models.given import Warehouse


def study(**more: Any) -> StudySpec:
    return parse_study(
        {
            "study": "joining",
            "question": "What does joining do?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": "opt_in",
            "time_zero": "invited_on",
            "arms": {"treated": "joined", "comparison": "never_applied"},
            "take_up": "met_mentor_once",
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 6, "primary": [2, 6]},
            **more,
        }
    )


def cohort(built: Warehouse, spec: StudySpec) -> Cohort:
    def frame(query: Any) -> Any:
        return built.engine.frame(query.sql, query.params)

    return build_cohort(spec, frame(funnel_query(spec)), frame(attributes_query(spec)))


def steps(made: Cohort) -> list[tuple[str, int, str]]:
    return [(s.label, s.people, s.left_out) for s in made.steps]


INVITED = """
    person_id | programme | invited_on | applied_on | matched_on | delivered
    a         | P         | 2025-01-15 | 2025-01-20 | 2025-03-01 | 2025-12-31
    b         | P         | 2025-01-15 | 2025-02-10 | -          | 2025-12-31
    c         | P         | 2025-01-15 | -          | -          | 2025-12-31
    d         | P         | 2025-01-15 | 2025-06-01 | -          | 2025-12-31
    e         | P         | 2025-01-15 | 2025-01-16 | -          | 2025-12-31
    f         | P         | 2025-01-15 | 2024-11-01 | -          | 2025-12-31
    g         | P         | -          | -          | -          | 2025-12-31
    h         | P         | 2025-12-15 | -          | -          | 2025-12-31
    i         | P         | 2025-01-15 | -          | -          | 2025-12-31
    j         | P         | 2025-01-15 | -          | -          | 2025-12-31
"""
EMPLOYED = """
    person_id | hired_on   | exited_on  | delivered
    a         | 2020-01-01 | -          | 2025-12-31
    b         | 2020-01-01 | 2025-02-28 | 2025-12-31
    c         | 2020-01-01 | -          | 2025-12-31
    d         | 2020-01-01 | -          | 2025-12-31
    e         | 2020-01-01 | 2025-02-27 | 2025-12-31
    f         | 2020-01-01 | -          | 2025-12-31
    g         | 2020-01-01 | -          | 2025-12-31
    h         | 2020-01-01 | -          | 2025-12-31
    i         | 2020-01-01 | 2025-02-01 | 2025-12-31
    j         | 2020-01-01 | 2024-12-31 | 2025-12-31
"""


def test_each_step_is_the_next_one_and_those_left_out(warehouse):
    made = cohort(warehouse(enrolments=INVITED, employment=EMPLOYED), study())
    assert steps(made) == [
        ("recorded in the programme", 10, ""),
        ("invited", 9, "not invited"),  # g
        ("employed at the start", 8, "not employed then"),  # j
        ("new at the start", 7, "had applied or been matched before"),  # f
        ("told apart by the study's date", 6, "started too recently"),  # h
        ("still employed at the end of month 1", 4, "left before the groups were told apart"),
        ("in an arm of the study", 4, "in no study arm"),
    ]
    # e and i left before 28 February, the day on which b still was there; d applied too late
    assert made.people["arm"].tolist() == ["joined", "joined", "never_applied", "never_applied"]
    assert sum(g.people for g in made.groups) == 10


@pytest.mark.parametrize(
    "keys",
    [
        {"adjust_for": ["meetings"]},
        {"adjust_for": ["person"]},
        {"adjust_for": ["took_up"]},
        {"dose": ["pre_period_outcome"]},
        {"population": {"hours": {"min": 1}}},
        {"specifications": [
            {"name": "x", "first_month": 2, "last_month": 3, "adjust_for": ["arm"]}
        ]},
        {"cluster": "take_up"},
    ],
)  # fmt: skip
def test_a_word_that_is_no_attribute_of_people_is_refused(warehouse, keys):
    with pytest.raises(SpecError, match=r"no such attribute|word of ours"):
        cohort(warehouse(enrolments=INVITED, employment=EMPLOYED), study(**keys))


def test_who_is_about_to_leave_is_compared_with_nobody(warehouse):
    """Only a joined; c had given notice before the groups were told apart."""
    employment = """
        person_id | hired_on   | notice_on  | exited_on  | delivered
        a         | 2020-01-01 | 2025-03-01 | 2025-04-30 | 2025-12-31
        c         | 2020-01-01 | 2025-02-27 | 2025-04-30 | 2025-12-31
        d         | 2020-01-01 | -          | -          | 2025-12-31
    """
    made = cohort(warehouse(enrolments=INVITED, employment=employment), study())
    assert ("not on notice then", 2, "had given notice") in steps(made)
    assert made.people["arm"].tolist() == ["joined", "never_applied"]


def test_a_new_application_under_the_same_programme_stands_for_the_old_one(warehouse):
    """What is known at the study's date counts, as everywhere."""
    again = """
        person_id | programme | invited_on | applied_on | delivered
        a         | P         | 2025-01-15 | 2025-01-20 | 2025-01-31
        a         | P         | 2025-01-15 | 2025-06-20 | 2025-06-30
        b         | P         | 2025-01-15 | 2025-01-16 | 2025-01-31
    """
    built = warehouse(enrolments=again)
    now, then = study(), study(as_of="2025-05-31")
    assert cohort(built, now).people["arm"].tolist() == ["never_applied", "joined"]
    assert cohort(built, then).people["arm"].tolist() == ["joined", "joined"]


def test_clusters_are_those_of_the_start_and_history_ends_before_it(warehouse):
    built = warehouse(
        enrolments=INVITED,
        employment=EMPLOYED,
        jobs="""
            person_id | valid_from | site  | manager_id | delivered
            a         | 2024-01-01 | north | x          | 2025-12-31
            a         | 2025-01-16 | south | y          | 2025-12-31
            c         | 2024-01-01 | south | y          | 2025-12-31
            c         | 2025-01-15 | north | x          | 2025-12-31
            d         | 2024-01-01 | south | y          | 2025-12-31
        """,
        performance="""
            person_id | metric | period     | value | delivered
            a         | sales  | 2024-01-01 | 10    | 2025-12-31
            a         | sales  | 2024-12-01 | 20    | 2025-12-31
            a         | sales  | 2025-01-01 | 99    | 2025-12-31
            a         | sales  | 2025-03-01 | 99    | 2025-12-31
            c         | sales  | 2023-12-01 | 99    | 2025-12-31
            c         | sales  | 2025-03-01 | 99    | 2025-12-31
        """,
    )
    for unit in ("site", "manager_no"):
        spec = study(cluster=unit, adjust_for=["pre_period_outcome"])
        made = cohort(built, spec)
        query = outcome_query(spec)
        panel = build_panel(spec, made, built.engine.frame(query.sql, query.params))
        code = dict(zip(made.people["person_no"], panel.people["cluster"], strict=True))
        a, _, c, d = made.people["person_no"]
        assert code[a] == code[c] != code[d]
    assert panel.people["pre_period_outcome"].fillna(-1).tolist() == [15, -1, -1, -1]


def test_an_attribute_is_that_of_the_start_where_it_was_known_then(warehouse):
    built = warehouse(
        enrolments="""
            person_id | programme | invited_on | applied_on | delivered
            a         | P         | 2025-01-15 | 2025-01-20 | 2025-12-31
            b         | P         | 2025-01-15 | -          | 2025-12-31
            c         | P         | 2025-01-15 | -          | 2025-12-31
        """,
        people="""
            person_id | attributes         | delivered
            a         | {"engagement":"1"} | 2024-01-31
            a         | {"engagement":"2"} | 2025-01-15
            a         | {"engagement":"3"} | 2025-01-16
            b         | {"engagement":"4"} | 2025-06-30
            b         | {"engagement":"5"} | 2025-07-31
        """,
    )
    made = cohort(built, study(adjust_for=["engagement"]))
    assert made.people["engagement"].fillna("-").tolist() == ["2", "4", "-"]


@pytest.mark.parametrize("take_up", [None, "met_mentor_once", "matched"])
def test_who_waited_and_was_matched_later_is_a_mentored_comparator(warehouse, take_up):
    """Whatever the study calls taking part: here nobody's meetings are recorded."""
    waiting = """
        person_id | programme | applied_on | matched_on | delivered
        a         | P         | 2025-01-15 | 2025-01-20 | 2025-12-31
        b         | P         | 2025-01-15 | 2025-05-10 | 2025-12-31
        c         | P         | 2025-01-15 | 2025-08-01 | 2025-12-31
        d         | P         | 2025-01-15 | -          | 2025-12-31
    """
    arms = {"treated": "matched", "comparison": "wait_listed"}
    made = cohort(
        warehouse(enrolments=waiting),
        study(arms=arms, time_zero="applied_on", take_up=take_up),
    )
    assert made.people["arm"].tolist() == ["matched", *["wait_listed"] * 3]
    assert made.people["mentored"].tolist() == [1, 1, 0, 0]  # c after the primary window


def test_mentors_of_any_kind_are_counted_among_comparators(warehouse):
    names = "abcdefg"
    built = warehouse(
        enrolments="person_id | programme | invited_on | applied_on | delivered\n"
        + "\n".join(f"{n} | P | 2025-01-15 | - | 2025-12-31" for n in names)
        + "\nz | P | 2025-01-15 | 2025-01-15 | 2025-12-31",
        sessions="""
            person_id | programme | held_on    | status    | delivered
            b         | Q         | 2025-03-01 | confirmed | 2025-12-31
        """,
        matches="""
            mentee_id | mentor_id | programme | matched_on | ended_on   | kind     | delivered
            c         | x         | NONE      | 2025-03-01 | -          | informal | 2025-12-31
            d         | x         | NONE      | 2024-03-01 | 2025-01-15 | informal | 2025-12-31
            e         | x         | NONE      | 2024-03-01 | 2025-01-14 | informal | 2025-12-31
            f         | x         | NONE      | 2025-08-01 | -          | informal | 2025-12-31
            g         | x         | Q         | 2025-03-01 | -          | formal   | 2025-12-31
        """,
        surveys="""
            person_id | instrument | wave | item            | value | answered_on | delivered
            a         | pulse      | 1    | informal_mentor | 1     | 2025-03-01  | 2025-12-31
            b         | pulse      | 1    | informal_mentor | 0     | 2025-03-01  | 2025-12-31
            c         | pulse      | 1    | informal_mentor | 1     | 2024-12-01  | 2025-12-31
            d         | pulse      | 1    | tis_1           | 5     | 2025-03-01  | 2025-12-31
        """,
    )
    made = cohort(built, study())
    # b met somebody elsewhere; c and d had an informal mentor in the months looked at
    assert made.people["mentored"].tolist() == [0, 1, 1, 1, 0, 0, 0, 0]
    assert made.people["says_informal"].fillna(-1).tolist() == [1, 0, -1, -1, -1, -1, -1, -1]
    (note,) = informal_mentors(made.people, ("joined", "never_applied"))
    assert [(s.label, s.people, s.of) for s in note.shares] == [("never applied", 1, 2)]
    assert note.status == "note"
    assert informal_mentors(made.people.assign(says_informal=float("nan")), ("joined",)) == ()


def test_who_never_came_gets_a_day_on_which_others_started(warehouse):
    """Twelve applied; of three others two were there in the months in which they did."""
    applied = [f"2024-{month:02d}-10" for month in range(1, 13)]
    months = [f"2025-{month:02d}-01" for month in range(1, 13)]
    names = [*(f"t{i:02d}" for i in range(12)), "never", "short", "late"]
    spells = {"short": ("2024-06-01", "2024-12-31"), "late": ("2024-12-11", "-")}
    built = warehouse(
        enrolments="person_id | programme | applied_on | delivered\n"
        + "\n".join(f"t{i:02d} | P | {day} | 2025-12-31" for i, day in enumerate(applied)),
        employment="person_id | hired_on | exited_on | delivered\n"
        + "\n".join(
            f"{n} | {spells.get(n, ('2020-01-01', '-'))[0]} | "
            f"{spells.get(n, ('2020-01-01', '-'))[1]} | 2025-12-31"
            for n in names
        ),
        performance="person_id | metric | period | value | delivered\n"
        + "\n".join(
            f"{n} | sales | {m} | {i + j} | 2025-12-31"
            for i, n in enumerate(names)
            for j, m in enumerate(months)
        ),
    )
    spec = study(time_zero="applied_on", start_dates="matched", take_up="matched")
    found = answer(built.engine, spec, 10).flow
    assert [(s.label, s.people, s.left_out) for s in found.steps[:2]] == [
        ("employed or recorded in the programme", 15, ""),
        (
            "recorded in the programme or given a start date",
            14,
            "in the population on no day on which others started",
        ),
    ]
    base = {(a.arm, a.label): a.people for a in found.arms}
    assert base["joined", "in the group"] == 12
    assert base["never_applied", "in the group"] in (1, 2)  # `short` may start in December


@pytest.mark.parametrize("comparison", ["wait_listed", "applied_unmatched"])
def test_a_group_that_nobody_is_in_is_withheld_not_refused(warehouse, comparison):
    built = warehouse(
        enrolments="person_id | programme | applied_on | matched_on | delivered\n"
        + "\n".join(f"p{i:02d} | P | 2025-01-10 | 2025-01-20 | 2025-12-31" for i in range(30)),
        performance="person_id | metric | period | value | delivered\n"
        + "\n".join(f"p{i:02d} | sales | 2025-04-01 | {i} | 2025-12-31" for i in range(30)),
    )
    spec = study(
        time_zero="applied_on", arms={"treated": "matched", "comparison": comparison},
    )  # fmt: skip
    made = answer(built.engine, spec, 10)
    assert made.grade == "Withheld"
    assert [g.people for g in made.flow.groups if g.role == "used"] == [0]


def test_negative_controls_are_attributes_of_people_and_looked_at(warehouse):
    """Shoe sizes of 20 who joined are 41 or 42, those of 20 others the same: no difference."""
    names = [f"p{i:02d}" for i in range(40)]
    built = warehouse(
        enrolments="person_id | programme | invited_on | applied_on | delivered\n"
        + "\n".join(
            f"{n} | P | 2025-01-15 | {'2025-01-20' if i < 20 else '-'} | 2025-12-31"
            for i, n in enumerate(names)
        ),
        people="person_id | attributes | delivered\n"
        + "\n".join(
            f'{n} | {{"shoe": "{41 + i % 2}", "colour": "red"}} | 2025-12-31'
            for i, n in enumerate(names)
        ),
        performance="person_id | metric | period | value | delivered\n"
        + "\n".join(f"{n} | sales | 2025-04-01 | {i} | 2025-12-31" for i, n in enumerate(names)),
    )
    made = answer(built.engine, study(negative_controls=["shoe"]), 10)
    (check,) = (d for d in made.diagnostics if d.name == "negative_controls")
    assert (check.status, check.display) == ("pass", "smallest p = 1.00 of 1")
    for name, why in (("colour", "not a number"), ("level", "not a number"), ("hat", "no such")):
        with pytest.raises(UserError, match=why):
            answer(built.engine, study(negative_controls=[name]), 10)
