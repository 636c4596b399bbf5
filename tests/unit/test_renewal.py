"""Which answers a run may show anew beside what was shown, and what stands instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.membership import MAIN
from analysis.release.ledger import Ledger
from analysis.release.members import members
from analysis.release.renewal import Before, Cell, Renewal, as_shown, renew
from analysis.rules import Rules
from tests.report_cases import released, resealed
from tests.rich_cases import lottery

if TYPE_CHECKING:
    from analysis.disclosure import Release

ASKED = "hash of the question"
RULES = Rules()


def cells(treated: range, junior: range = range(0)) -> tuple[Cell, ...]:
    """The people of one arm, and of one group of the variable department."""
    return (
        Cell(block=MAIN, name="compared", members=members(treated)),
        Cell(block="department", name="answered|by department", members=members(junior)),
    )


@pytest.fixture(scope="module")
def fresh() -> Release:
    return released(lottery())[0]


def later(release: Release, **changes: object) -> Release:
    """Another answer: of a later day, or as changed."""
    return resealed({**release.as_dict(), "as_of": "2030-01-31", **changes})


def told(
    now: Release,
    sets: tuple[Cell, ...],
    first: Release,
    before: tuple[Cell, ...],
    asked: str = ASKED,
) -> Renewal:
    """What is shown of a study after a first run that showed it of other people."""
    then = renew(first, ASKED, before, Ledger(), (), RULES)
    assert (then.verdict, then.release) == ("fresh", first)
    earlier = [Before(run="first", question=ASKED, release=first)]
    return renew(now, asked, sets, Ledger(as_shown(then, "first")), earlier, RULES)


def test_nine_who_left_leave_the_answer_as_it_was_and_ten_renew_it(fresh: Release) -> None:
    now = later(fresh)
    nine = told(now, cells(range(31)), fresh, cells(range(40)))
    assert (nine.verdict, nine.release, nine.shown) == ("frozen", fresh, ())
    assert nine.of is not None and nine.of.run == "first"
    assert nine.why == "fewer than 10 people came, went or changed since it was last shown"
    ten = told(now, cells(range(30)), fresh, cells(range(40)))
    assert (ten.verdict, ten.release, ten.why) == ("fresh", now, "")
    same = told(now, cells(range(40)), fresh, cells(range(40)))
    assert (same.verdict, same.release) == ("fresh", now)


def test_sets_too_small_to_be_shown_are_neither_kept_nor_compared(fresh: Release) -> None:
    small = told(later(fresh), cells(range(40), range(9)), fresh, cells(range(40), range(8)))
    assert (small.verdict, small.groups) == ("fresh", ())
    assert [len(c.members) for c in small.shown] == [40]


def test_groups_alone_are_hidden_beside_a_new_answer(fresh: Release) -> None:
    """The whole less the other groups is what they are; less what they were, who came or went."""
    now = later(fresh)
    made = told(now, cells(range(40), range(19)), fresh, cells(range(40), range(20)))
    assert (made.verdict, made.groups) == ("fresh", ("department",))
    assert [c.block for c in made.shown] == [MAIN]
    own = [e for e in made.release.estimates if e.name == "subgroup: department"]
    assert own
    assert all(e.estimate is e.n_people is e.ci_low is None for e in own)
    tests = [i for i in made.release.interactions if i.variable == "department"]
    assert tests
    assert all((i.p_holm, i.verdict) == (None, "not_tested") for i in tests)
    rest = [e for e in now.estimates if e.name != "subgroup: department"]
    assert [e for e in made.release.estimates if e.name != "subgroup: department"] == rest


@pytest.mark.parametrize(("apart", "hidden"), [(0, ()), (9, ("site",)), (10, ())])
def test_groups_of_two_variables_that_are_nearly_the_same_are_not_shown_together(
    fresh: Release, apart: int, hidden: tuple[str, ...]
) -> None:
    """In one report as in two, the difference would be the few between them."""
    made = [
        Cell(block=block, name="answered", members=members(found))
        for block, found in (
            (MAIN, range(100)), ("level", range(40)), ("site", range(40 - apart)),
        )
    ]  # fmt: skip
    shows = renew(fresh, ASKED, made, Ledger(), (), RULES)
    assert (shows.verdict, shows.groups) == ("fresh", hidden)
    assert ("of another variable" in shows.why) == bool(hidden)
    assert {c.block for c in shows.shown} == {MAIN, "level", "site"} - set(hidden)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("question", "no earlier answer to this question may stand"),
        ("withheld now", "the earlier answer showed a number that is withheld now"),
        ("withheld then", "the earlier answer showed no number"),
        ("looser", "the earlier answer was shown under looser rules of disclosure"),
        ("of a later day", "no earlier answer to this question may stand"),
    ],
)
def test_where_no_earlier_answer_may_stand_nothing_is_shown(
    fresh: Release, what: str, why: str
) -> None:
    first = {
        "withheld then": later(fresh, grade="Withheld", as_of="2000-01-31"),
        "looser": later(fresh, min_group=5, as_of="2000-01-31"),
        "of a later day": later(fresh),
    }.get(what, fresh)
    now = {
        "withheld now": later(fresh, grade="Withheld"),
        "of a later day": later(fresh, as_of="2029-01-31"),
    }.get(what, later(fresh))
    asked = "another" if what == "question" else ASKED
    made = told(now, cells(range(39)), first, cells(range(40)), asked)
    assert made.verdict == "hidden"
    assert made.why.endswith(why)
    shows = made.release
    assert not any(e.estimate or e.n_people or e.convention for e in shows.estimates)
    assert not any(d.value or d.display != "not shown" for d in shows.diagnostics)
    assert not (shows.steps or shows.groups or shows.balances or shows.curves or made.shown)
    assert not any(i.p_holm for i in shows.interactions)


def test_what_was_shown_before_may_be_shown_again_to_the_byte(fresh: Release) -> None:
    """As of a past day: its report is made again, though a later one is near."""
    first = renew(fresh, ASKED, cells(range(40)), Ledger(), (), RULES)
    second = later(fresh)
    near = Ledger(
        (*as_shown(first, "first"), *as_shown(replace(first, shown=cells(range(45))), "x"))
    )
    before = [
        Before(run=n, question=ASKED, release=r) for n, r in (("first", fresh), ("x", second))
    ]
    again = renew(fresh, ASKED, cells(range(40)), near, before, RULES)
    assert (again.verdict, again.release) == ("fresh", fresh)


def test_a_withheld_answer_is_remembered_by_its_arms_alone(fresh: Release) -> None:
    """Its counts and balances were shown, and no figure of a group."""
    held = later(fresh, grade="Withheld")
    made = renew(held, ASKED, cells(range(40), range(20)), Ledger(), (), RULES)
    assert [c.block for c in made.shown] == [MAIN]


@pytest.mark.parametrize(("corrected", "verdict"), [(0, "fresh"), (9, "frozen"), (10, "fresh")])
def test_of_the_same_people_few_with_other_figures_leave_the_answer(
    fresh: Release, corrected: int, verdict: str
) -> None:
    who = members(range(40))
    before = (Cell(block=MAIN, name="compared", members=who, figures=members(range(100, 140))),)
    other = members([*range(100, 140 - corrected), *range(200, 200 + corrected)])
    now = (Cell(block=MAIN, name="compared", members=who, figures=other),)
    assert told(later(fresh), now, fresh, before).verdict == verdict
