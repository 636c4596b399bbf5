"""Careers of a study of exits: little warehouses in, spells, months and starts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.errors import SpecError
from analysis.exits.build import build_starting
from analysis.exits.build_assigned import build_assigned
from analysis.exits.careers import KINDS, NEVER
from analysis.exits.query import spells_query
from analysis.study import StudySpec, parse_study

if TYPE_CHECKING:
    from analysis.exits.built import Built

ARMS = {"treated": "mentored", "comparison": "not_yet_mentored"}
JANUARY = 12 * 2024  # number of the month


def study(design: str = "opt_in", **keys: Any) -> StudySpec:
    zero = {} if design == "randomised" or "start_dates" in keys else {"time_zero": "invited_on"}
    return parse_study(
        {
            "study": "s",
            "question": "q?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": design,
            "arms": ARMS,
            "outcome": {"kind": "exit", "metric": "voluntary"},
            "follow_up": {"months": 3, "primary": [1, 3]},
            **zero,
            **keys,
        }
    )


def made(built: Any, spec: StudySpec) -> Built:
    build = build_assigned if spec.design == "randomised" else build_starting
    return build(spec, lambda query: built.engine.frame(query.sql, query.params))


def day(number: int) -> str:
    return "-" if number == NEVER else str(np.datetime64(int(number), "D"))


def shown(careers: Any, *columns: str) -> list[str]:
    """A line a spell: person, hired, then the named columns."""
    lines = []
    for i in range(len(careers)):
        cells = [str(careers.person[i]), day(careers.hired[i])]
        for name in columns:
            value = getattr(careers, name)[i]
            if name == "kind":
                cells.append(KINDS[value] or "-")
            elif name in ("undated", "arm", "cluster"):
                cells.append(str(int(value)))
            elif name == "eligible":
                cells.append("".join("x" if e else "." for e in value))
            else:
                cells.append(day(value))
        lines.append(" ".join(cells))
    return lines


FIRST = """
    person_id | programme | invited_on | matched_on | delivered
    a         | P         | 2024-01-10 | 2024-03-05 | 2024-12-31
    b         | P         | 2024-02-10 | -          | 2024-12-31
    c         | P         | 2024-03-01 | 2024-04-20 | 2024-12-31
    z         | Q         | 2024-01-01 | 2024-01-20 | 2024-12-31
"""


def test_spells_rehires_transfers_leave_and_kinds_of_exits(warehouse: Any) -> None:
    """Person b resigns, comes back in August: two spells. c is on leave, d transfers within the
    records (one spell), e out of them; f dies. The exit of g is announced for after the date.
    """
    built = warehouse(
        transfer_gap_days=3,
        enrolments="""
            person_id | programme | invited_on | matched_on | delivered
            a         | P         | 2024-01-10 | 2024-03-05 | 2024-12-31
            b         | P         | 2024-01-10 | -          | 2024-12-31
            c         | P         | 2024-01-10 | -          | 2024-12-31
            d         | P         | 2024-01-10 | -          | 2024-12-31
            e         | P         | 2024-01-10 | -          | 2024-12-31
            f         | P         | 2024-01-10 | -          | 2024-12-31
            g         | P         | 2024-01-10 | -          | 2024-12-31
            h         | P         | 2024-01-10 | -          | 2024-12-31
        """,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | status | notice_on  | delivered
            a         | 2020-01-01 | -          | -         | -      | -          | 2024-12-31
            b         | 2020-01-01 | 2024-05-31 | voluntary | -      | 2024-04-15 | 2024-12-31
            b         | 2024-08-01 | -          | -         | -      | -          | 2024-12-31
            c         | 2020-01-01 | 2024-06-30 | -         | leave  | -          | 2024-12-31
            d         | 2020-01-01 | 2024-06-30 | transfer  | -      | -          | 2024-12-31
            d         | 2024-07-01 | -          | -         | -      | -          | 2024-12-31
            e         | 2020-01-01 | 2024-06-30 | transfer  | -      | -          | 2024-12-31
            f         | 2020-01-01 | 2024-09-09 | death     | -      | -          | 2024-12-31
            g         | 2020-01-01 | 2025-01-31 | voluntary | -      | 2024-12-15 | 2024-12-31
            h         | 2020-01-01 | 2024-04-30 | -         | -      | -          | 2024-12-31
            y         | 2019-01-01 | 2023-12-01 | voluntary | -      | -          | 2024-12-31
        """,
    )
    careers = made(built, study()).careers
    assert shown(careers, "start", "exit", "kind", "notice", "undated") == [
        "0 2020-01-01 2024-03-05 - - - 0",
        "1 2020-01-01 - 2024-05-31 voluntary 2024-04-15 0",
        "1 2024-08-01 - - - - 0",
        "2 2020-01-01 - - - - 0",
        "3 2020-01-01 - - - - 0",
        "4 2020-01-01 - 2024-06-30 transfer - 0",
        "5 2020-01-01 - 2024-09-09 death - 0",
        "6 2020-01-01 - - - 2024-12-15 0",
        "7 2020-01-01 - 2024-04-30 unknown - 0",
    ]
    assert {day(end) for end in careers.end} == {"2024-12-31"}


def test_months_from_the_invitation_to_the_start_while_employed_in_the_population(
    warehouse: Any,
) -> None:
    """The grid begins with the first start, in March. b moves to sales in June and back in
    September, and leaves in November; c is invited in March and starts in April, d is hired in
    May. z is not asked.
    """
    built = warehouse(
        enrolments=FIRST
        + """    d         | P         | 2024-03-01 | -          | 2024-12-31
        """,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | -          | -         | 2024-12-31
            b         | 2020-01-01 | 2024-11-15 | voluntary | 2024-12-31
            c         | 2020-01-01 | -          | -         | 2024-12-31
            d         | 2024-05-15 | -          | -         | 2024-12-31
            y         | 2019-01-01 | 2023-12-01 | voluntary | 2024-12-31
            z         | 2020-01-01 | -          | -         | 2024-12-31
        """,
        jobs="""
            person_id | valid_from | department | level | delivered
            a         | 2020-01-01 | care       | 1     | 2024-12-31
            b         | 2020-01-01 | care       | 2     | 2024-12-31
            b         | 2024-05-20 | sales      | 2     | 2024-12-31
            b         | 2024-08-20 | care       | 3     | 2024-12-31
            c         | 2020-01-01 | care       | 1     | 2024-12-31
            d         | 2024-05-15 | care       | 1     | 2024-12-31
            z         | 2020-01-01 | care       | 1     | 2024-12-31
        """,
    )
    spec = study(population={"department": ["care"]}, adjust_for=["level"])
    found = made(built, spec)
    careers = found.careers
    assert careers.first_month == JANUARY + 2
    assert shown(careers, "zero", "start", "eligible") == [
        "0 2020-01-01 2024-01-10 2024-03-05 x.........",
        "1 2020-01-01 2024-02-10 - xxx...xxx.",
        "2 2020-01-01 2024-03-01 2024-04-20 xx........",
        "3 2024-05-15 2024-05-15 - ..xxxxxxxx",
    ]
    (level,) = careers.covariates
    assert level.labels == ("1", "2", "3")
    assert level.codes[1].tolist() == [1, 1, 1, 1, 1, 1, 2, 2, 2, -1]
    steps = [(s.label, s.people) for s in found.flow.steps]
    assert steps == [
        ("employed between 2024-03-01 and 2024-12-31", 5),
        ("invited by then", 4),
        ("in a month in which somebody starts", 3),
    ]
    assert [(a.arm, a.people) for a in found.flow.arms] == [
        ("mentored", 2),
        ("not_yet_mentored", 2),  # b, and c in March
    ]
    assert (
        found.population == "people who could join and start, month by month, Mar 2024 to Apr 2024"
    )


def test_without_recorded_days_everybody_in_the_population_could_start(warehouse: Any) -> None:
    """Whoever came could have come earlier: nothing known later takes them out."""
    built = warehouse(
        enrolments="""
            person_id | programme | applied_on | delivered
            a         | P         | 2024-03-05 | 2024-12-31
            b         | P         | 2024-05-05 | 2024-12-31
        """,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | -          | -         | 2024-12-31
            b         | 2020-01-01 | -          | -         | 2024-12-31
            c         | 2020-01-01 | 2024-04-15 | voluntary | 2024-12-31
            y         | 2019-01-01 | 2023-12-01 | voluntary | 2024-12-31
        """,
    )
    spec = study(start_dates="matched", trials={"start": "applied_on"})
    assert shown(made(built, spec).careers, "zero", "start", "eligible") == [
        "0 2020-01-01 2024-03-01 2024-03-05 x.........",
        "1 2020-01-01 2024-03-01 2024-05-05 xxx.......",
        "2 2020-01-01 2024-03-01 - xx........",
    ]
    with pytest.raises(SpecError, match="start_dates: matched"):
        made(built, study())


def test_another_mentor_before_the_own_start_is_contamination(warehouse: Any) -> None:
    """Person b has an informal mentor, c one of another programme, d had one before the study;
    e gets one after starting here. The notice of c was withdrawn long ago.
    """
    built = warehouse(
        enrolments="""
            person_id | programme | invited_on | matched_on | delivered
            a         | P         | 2024-03-01 | 2024-03-05 | 2024-12-31
            b         | P         | 2024-03-01 | -          | 2024-12-31
            c         | P         | 2024-03-01 | -          | 2024-12-31
            d         | P         | 2024-03-01 | -          | 2024-12-31
            e         | P         | 2024-03-01 | 2024-05-05 | 2024-12-31
        """,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | notice_on  | delivered
            a         | 2020-01-01 | -          | -         | -          | 2024-12-31
            b         | 2020-01-01 | -          | -         | -          | 2024-12-31
            c         | 2020-01-01 | -          | -         | 2024-03-20 | 2024-12-31
            d         | 2020-01-01 | -          | -         | -          | 2024-12-31
            e         | 2020-01-01 | -          | -         | -          | 2024-12-31
            y         | 2019-01-01 | 2023-12-01 | voluntary | -          | 2024-12-31
        """,
        matches="""
            mentee_id | mentor_id | programme | kind     | matched_on | ended_on   | delivered
            b         | m         | X         | informal | 2024-01-01 | -          | 2024-12-31
            c         | m         | Q         | formal   | 2024-06-01 | -          | 2024-12-31
            d         | m         | Q         | formal   | 2023-06-01 | 2023-09-01 | 2024-12-31
            e         | m         | Q         | formal   | 2024-08-01 | -          | 2024-12-31
        """,
    )
    found = made(built, study())
    people = found.panel.people
    compared = people[people["arm"] == "not_yet_mentored"]
    assert compared["mentored"].tolist() == [1, 1, 0, 0]
    assert found.careers.notice.tolist() == [NEVER] * 5


EMPLOYED = """
    person_id | hired_on   | exited_on  | exit_kind | delivered
    a         | 2020-01-01 | -          | -         | 2024-01-31
    b         | 2020-01-01 | -          | -         | 2024-01-31
    c         | 2020-01-01 | -          | -         | 2024-01-31
    b         | 2020-01-01 | 2024-05-20 | voluntary | 2024-06-30
    c         | 2020-01-01 | 2024-05-20 | voluntary | 2024-09-30
    c         | 2020-01-01 | 2024-05-25 | voluntary | 2024-10-31
"""


@pytest.mark.parametrize(
    ("as_of", "end", "exits"),
    [
        ("2024-12-31", "2024-10-31", ["-", "2024-05-20", "2024-05-25"]),
        ("2024-10-15", "2024-09-30", ["-", "2024-05-20", "2024-05-20"]),
        ("2024-06-30", "2024-06-30", ["-", "2024-05-20", "-"]),
    ],
)
def test_exits_are_those_known_at_the_date(
    warehouse: Any, as_of: str, end: str, exits: list[str]
) -> None:
    built = warehouse(
        employment=EMPLOYED,
        enrolments="""
            person_id | programme | invited_on | matched_on | delivered
            a         | P         | 2024-02-01 | 2024-03-05 | 2024-03-31
            b         | P         | 2024-02-01 | -          | 2024-03-31
            c         | P         | 2024-02-01 | -          | 2024-03-31
        """,
    )
    careers = made(built, study(as_of=as_of)).careers
    assert [day(d) for d in careers.exit] == exits
    assert {day(d) for d in careers.end} == {end}


def test_an_exit_is_known_since_it_was_last_told(warehouse: Any) -> None:
    """Told in June, withdrawn in July, told again in September; corrected by a day in October."""
    built = warehouse(
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | 2024-06-20 | voluntary | 2024-06-30
            a         | 2020-01-01 | -          | -         | 2024-07-31
            a         | 2020-01-01 | 2024-08-20 | voluntary | 2024-09-30
            a         | 2020-01-01 | 2024-08-21 | voluntary | 2024-10-31
            b         | 2020-01-01 | -          | -         | 2024-06-30
            c         | 2020-01-01 | 2024-06-20 | voluntary | 2024-06-30
        """,
    )
    query = spells_query(study())
    found = built.engine.frame(query.sql, query.params)
    told = found.loc[found["exited_on"].notna(), "exit_known_on"].astype(str).tolist()
    assert told == ["2024-09-30", "2024-06-30"]
    assert len(found) == 3


def test_nobody_is_followed_from_before_exits_are_on_record(warehouse: Any) -> None:
    """The first delivery is of March and tells of no earlier exit: whoever started in February was
    there to be delivered in March. A single exit of long ago would move nothing among many.
    """
    built = warehouse(
        employment=EMPLOYED.replace("2024-01-31", "2024-03-15"),
        enrolments="""
            person_id | programme | invited_on | matched_on | delivered
            a         | P         | 2024-01-01 | 2024-02-05 | 2024-12-31
            b         | P         | 2024-01-01 | 2024-05-05 | 2024-12-31
            c         | P         | 2024-01-01 | -          | 2024-12-31
        """,
    )
    found = made(built, study())
    assert day(found.records.begin) == "2024-03-15"
    assert found.careers.first_month == JANUARY + 4
    assert shown(found.careers, "zero", "start", "eligible") == [
        "0 2020-01-01 2024-03-15 2024-05-05 x.......",
        "1 2020-01-01 2024-03-15 - x.......",
    ]


def test_an_exit_without_a_day_is_undated(warehouse: Any) -> None:
    built = warehouse(
        full=("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"),
        employment="""
            person_id | hired_on   | delivered
            a         | 2020-01-01 | 2024-01-31
            b         | 2020-01-01 | 2024-01-31
            c         | 2020-01-01 | 2024-01-31
            a         | 2020-01-01 | 2024-02-29
            b         | 2020-01-01 | 2024-02-29
            a         | 2020-01-01 | 2024-03-31
            b         | 2020-01-01 | 2024-03-31
            a         | 2020-01-01 | 2024-04-30
        """,
        enrolments="""
            person_id | programme | invited_on | matched_on | delivered
            a         | P         | 2024-02-01 | 2024-03-05 | 2024-04-30
            b         | P         | 2024-02-01 | -          | 2024-04-30
            c         | P         | 2024-02-01 | -          | 2024-04-30
        """,
    )
    careers = made(built, study()).careers
    assert shown(careers, "exit", "kind", "undated") == [
        "0 2020-01-01 - - 0",
        "1 2020-01-01 2024-03-31 unknown 1",
    ]


def test_sites_start_together_and_people_keep_theirs(warehouse: Any) -> None:
    """North starts in March, south in May, west never. c moves from west to north and stays west;
    d comes to north after its start and could not start any more.
    """
    built = warehouse(
        enrolments="""
            person_id | programme | eligible_on | delivered
            a         | P         | 2024-03-01  | 2024-12-31
            b         | P         | 2024-05-10  | 2024-12-31
        """,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | -          | -         | 2024-12-31
            b         | 2020-01-01 | -          | -         | 2024-12-31
            c         | 2020-01-01 | -          | -         | 2024-12-31
            d         | 2024-06-01 | -          | -         | 2024-12-31
            y         | 2019-01-01 | 2023-12-01 | voluntary | 2024-12-31
        """,
        jobs="""
            person_id | valid_from | site  | delivered
            a         | 2020-01-01 | north | 2024-12-31
            b         | 2020-01-01 | south | 2024-12-31
            c         | 2020-01-01 | west  | 2024-12-31
            c         | 2024-04-10 | north | 2024-12-31
            d         | 2024-06-01 | north | 2024-12-31
        """,
    )
    spec = study("rollout", time_zero="eligible_on", cluster="site")
    found = made(built, spec)
    assert shown(found.careers, "cluster", "start", "eligible") == [
        "0 2020-01-01 0 2024-03-01 x.........",
        "1 2020-01-01 1 2024-05-10 xxx.......",
        "2 2020-01-01 2 - xxxxxxxxxx",
    ]
    assert (
        found.population == "people of each site that starts, month by month, Mar 2024 to May 2024"
    )


def test_people_as_drawn_in_the_spell_of_the_draw(warehouse: Any) -> None:
    """Person b was drawn in the second spell; c left and came back, which is no longer followed."""
    built = warehouse(
        enrolments="""
            person_id | programme | assigned_on | arm      | stratum | matched_on | delivered
            a         | P         | 2024-02-10  | mentee   | s1      | 2024-03-01 | 2024-12-31
            b         | P         | 2024-03-10  | lost     | s2      | -          | 2024-12-31
            c         | P         | 2024-03-10  | mentee   | s1      | -          | 2024-12-31
        """,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind   | delivered
            a         | 2020-01-01 | 2024-06-01 | involuntary | 2024-12-31
            b         | 2020-01-01 | 2023-01-31 | voluntary   | 2024-12-31
            b         | 2024-01-01 | -          | -           | 2024-12-31
            c         | 2020-01-01 | 2024-04-30 | voluntary   | 2024-12-31
            c         | 2024-09-01 | -          | -           | 2024-12-31
        """,
        jobs="""
            person_id | valid_from | level | delivered
            a         | 2020-01-01 | 1     | 2024-12-31
            b         | 2024-01-01 | 2     | 2024-12-31
            c         | 2020-01-01 | 2     | 2024-12-31
            c         | 2024-03-05 | 3     | 2024-12-31
        """,
    )
    spec = study(
        "randomised",
        arms={"treated": "mentee", "comparison": "lost"},
        allocation={"strata": ["stratum"], "share": 0.5},
        take_up="matched",
        adjust_for=["level"],
    )
    found = made(built, spec)
    assert shown(found.careers, "zero", "arm", "start", "exit", "kind") == [
        "0 2020-01-01 2024-02-10 1 2024-03-01 2024-06-01 involuntary",
        "1 2024-01-01 2024-03-10 0 - - -",
        "2 2020-01-01 2024-03-10 1 - 2024-04-30 voluntary",
    ]
    stratum, level = found.careers.covariates
    assert [stratum.labels[code] for code in stratum.codes[:, 0]] == ["s1", "s2", "s1"]
    assert [level.labels[code] for code in level.codes[:, 0]] == ["1", "2", "2"]  # on 1 March
    assert [(a.label, a.people) for a in found.flow.arms][:2] == [
        ("drawn", 2),
        ("matched with a mentor", 1),
    ]


def test_figures_of_the_months_before(warehouse: Any) -> None:
    """In March the mean of December to February counts, and the last answer before March."""
    built = warehouse(
        enrolments=FIRST,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | -          | -         | 2024-12-31
            b         | 2020-01-01 | -          | -         | 2024-12-31
            y         | 2019-01-01 | 2023-12-01 | voluntary | 2024-12-31
        """,
        performance="""
            person_id | metric | period     | value | delivered
            a         | kpi    | 2023-11-01 | 900   | 2024-12-31
            a         | kpi    | 2023-12-01 | 1     | 2024-12-31
            a         | kpi    | 2024-02-01 | 3     | 2024-12-31
            a         | kpi    | 2024-03-01 | 700   | 2024-12-31
            b         | kpi    | 2024-03-01 | 6     | 2024-12-31
            b         | other  | 2024-02-01 | 6     | 2024-12-31
        """,
        surveys="""
            person_id | instrument | wave | item | value | answered_on | delivered
            a         | s          | 1    | mood | 2     | 2023-06-01  | 2024-12-31
            a         | s          | 2    | mood | 4     | 2024-02-20  | 2024-12-31
            b         | s          | 2    | mood | 5     | 2024-04-20  | 2024-12-31
        """,
    )
    spec = study(adjust_for=["performance.kpi", "survey.mood"])
    kpi, mood = made(built, spec).careers.covariates
    assert kpi.scores == (2.0, 6.0)
    assert kpi.codes[:, :4].tolist() == [[0, 1, 1, 1], [-1, 1, 1, 1]]
    assert mood.scores == (4.0, 5.0)
    assert mood.codes[:, :4].tolist() == [[0, 0, 0, 0], [-1, -1, 1, 1]]


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"adjust_for": ["performance.nothing"]}, "adjust_for"),
    ({"adjust_for": ["shoe_size"]}, "adjust_for, population"),
    ({"adjust_for": ["stratum"]}, "adjust_for"),
    ({"population": {"shoe_size": ["44"]}}, "adjust_for, population"),
    ({"population": {"tenure_months": ["3"]}}, "population"),
    ({"population": {"stratum": ["s"]}}, "population"),
    ({"population": {"tenure_months": {"min": 9000}}}, "population"),
    ({"trials": {"start": "first_met_on"}}, "trials.start"),
    ({"as_of": "2020-01-01"}, "as_of"),
    ({"programme": "X"}, "time_zero"),
]


def test_what_nobody_knows_is_refused(warehouse: Any, subtests: pytest.Subtests) -> None:
    built = warehouse(
        enrolments=FIRST,
        employment="""
            person_id | hired_on   | exited_on  | exit_kind | delivered
            a         | 2020-01-01 | -          | -         | 2024-12-31
            b         | 2020-01-01 | 2023-12-01 | voluntary | 2024-12-31
        """,
    )
    for keys, named in UNKNOWN:
        with subtests.test(str(keys)):
            with pytest.raises(SpecError) as refused:
                made(built, study(**keys))
            assert refused.value.key.startswith(named)
