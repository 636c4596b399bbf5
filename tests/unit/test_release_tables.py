"""Tables as printed, month after month."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from analysis.release.ledger import Ledger
from analysis.release.members import Members, members
from analysis.release.suppress import protect
from analysis.release.tables import OTHERS, TOTAL, Part, ReleasedTable, Table
from analysis.rules import Rules

PROTECTED, PUBLIC = Rules(), Rules(mode="public")


def _people(first: int, last: int) -> Members:
    return members(range(first, last + 1))


def _count(name: str = "people", **parts: Members) -> Table:
    made = (Part(key=tuple(key.split("_")), members=who) for key, who in parts.items())
    return Table(name=name, parts=tuple(made))


def _pay(name: str = "people", **parts: Members) -> Table:
    """Everybody earns 30,000 and 100 times their number."""
    made = (
        Part(key=(key,), members=who, contributions=30_000 + 100.0 * who)
        for key, who in parts.items()
    )
    return Table(name=name, measure="pay", parts=tuple(made))


# Of 1 to 60, the odd and the even.
BY_LEVEL = _pay("level", x=members(range(1, 61, 2)), y=members(range(2, 61, 2)))


def _run(*months: list[Table]) -> list[tuple[ReleasedTable, ...]]:
    ledger, made = Ledger(), []
    for number, tables in enumerate(months):
        shown, ledger = protect(tables, ledger, PROTECTED, f"m{number}")
        made.append(shown)
    return made


def _signs(table: ReleasedTable) -> dict[str, str]:
    return {"_".join(c.key): c.sign for c in table.cells}


def test_a_total_is_the_sum_of_what_is_printed() -> None:
    """Exact: 12 + 23 + 37 = 72; printed: 10 + 25 + 35."""
    ((made,),) = _run([_count(a=_people(1, 12), b=_people(21, 43), c=_people(51, 87))])
    assert [made.cell(k).value for k in "abc"] == [10, 25, 35]
    assert made.cell(TOTAL).value == 70 and made.cell(TOTAL).reason == ""


@pytest.mark.parametrize("size", [5, 8])
def test_small_groups_together_have_a_bound(size: int) -> None:
    """With 13 to 17 together none of 8 and 8 could be under 4; a figure for 5 and 5 says so."""
    small = {"b": _people(41, 40 + size), "c": _people(51, 50 + size)}
    ((made,),) = _run([_count(a=_people(1, 30), **small)])
    assert _signs(made) == {
        "a": "shown", "b": "small", "c": "small", OTHERS: "at_least", TOTAL: "sum",
    }  # fmt: skip
    assert (made.cell(OTHERS).value, made.cell(TOTAL).value) == (10, 40)


def test_one_small_group_is_not_what_the_total_has_beyond_the_others() -> None:
    ((made,),) = _run([_count(a=_people(1, 30), b=_people(41, 44))])
    assert _signs(made) == {"a": "shown", "b": "small", TOTAL: "sum"}
    assert made.cell(TOTAL).value == 30
    assert made.cell(TOTAL).reason == "Without the groups that are not shown."


def test_two_tables_of_the_same_people_do_not_tell_what_one_hides() -> None:
    """A department of 18, on its levels 14 and 4.

    Printed 20 (18 to 22) and 15 (13 to 17), they would say of the 4 that they are 1 to 9: as the
    sign does. A department of 20 as 11 and 9, printed 20 and 10 (10 to 12), would say 6 to 9.
    """
    who, more = _people(1, 18), _people(101, 120)
    levels = _count("levels", a_x=who[:14], a_y=who[14:], b_x=more[:11], b_y=more[11:])
    ((people, by_level),) = _run([_count(a=who, b=more), levels])
    assert [people.cell(k).sign for k in "ab"] == ["shown", "shown"]
    assert by_level.cell("a", "x").sign == "shown"
    assert by_level.cell("b", "x").sign == "hidden"
    assert by_level.cell("b", "y").sign == "small"
    # together they are the department, which says 1 to 9 of the one and 10 to 21 of the other
    assert by_level.cell("b", OTHERS).value == by_level.cell("b", TOTAL).value == 20


@pytest.mark.parametrize(("small", "levels"), [([6, 6], [10, 4]), ([3, 3, 3], [12, 5])])
def test_the_remainder_of_a_mean_tells_no_count(small: list[int], levels: list[int]) -> None:
    """26 people, small groups and x, whose count its levels (4 or 5 on one) forbid: 23 to 27.

    Two small groups are 2 to 18 people, so x is 10 to 25. That those without a mean have one
    together tells that they are at least 10, and x 17 at most. Of three that have none they are 3
    to 9, and x 14 to 24: to within five.
    """
    ends = np.cumsum([0, *small, sum(levels)])
    who = [_people(a + 1, b) for a, b in pairwise(ends)]
    x = who[-1]
    groups = {"x": x, **dict(zip("abc", who[:-1], strict=False))}
    counts = [_count(**groups), _count("levels", x_p=x[: levels[0]], x_q=x[levels[0] :])]
    ((alone, _),) = _run(counts)
    assert (alone.cell("x").sign, alone.cell(OTHERS).sign) == ("hidden", "shown")
    ((beside, _, pay),) = _run([*counts, _pay(**groups)])
    assert pay.cell("x").sign == "shown"
    assert (OTHERS in _signs(pay)) is (sum(small) >= 10)
    assert (beside.cell(OTHERS).sign, beside.cell(OTHERS).value) == ("at_least", 25)


def test_totals_over_two_dimensions_are_sums_of_what_is_printed() -> None:
    table = _count(
        a_x=_people(1, 13), a_y=_people(21, 33), b_x=_people(41, 52), b_y=_people(61, 90)
    )  # fmt: skip
    ((made,),) = _run([table])
    printed = {"_".join(c.key): c.value for c in made.cells}
    assert printed == {
        "a_x": 15, "a_y": 15, "b_x": 10, "b_y": 30, f"a_{TOTAL}": 30, f"b_{TOTAL}": 40,
        f"{TOTAL}_x": 25, f"{TOTAL}_y": 45, f"{TOTAL}_{TOTAL}": 70,
    }  # fmt: skip


def test_a_leaver_between_two_months_changes_nothing_that_is_printed() -> None:
    now = {"a": _people(1, 30), "b": _people(41, 80)}
    later = now | {"a": _people(2, 30)}
    first, second = _run([_count(**now), _pay(**now)], [_count(**later), _pay(**later)])
    for before, after in zip(first, second, strict=True):
        assert [c.value for c in after.cells] == [c.value for c in before.cells]
    assert (second[0].cell("a").sign, second[0].cell("a").run) == ("stands", "m0")
    assert second[1].cell("a").sign == "stands"


def test_a_figure_of_ten_stands_only_where_it_may_have_been_twelve() -> None:
    """36 at most 37, less two groups of at least 13: the ten are at most 11, a month later 20."""
    by_level = {"a_x": _people(1, 10), "a_y": _people(11, 23), "a_z": _people(24, 36)}
    level, site = _count("level", **by_level), _count(a=_people(1, 36))
    joined = _count("level", **by_level | {"a_x": members([*range(1, 11), 37])})
    (_, (alone,)) = _run([level], [joined])
    assert alone.cell("a", "x").sign == "stands"
    ((then, _), (now,)) = _run([level, site], [joined])
    assert [then.cell("a", k).value for k in "xyz"] == [10, 15, 15]
    assert now.cell("a", "x").sign == "hidden"
    # the same figures are shown twice, and told in the second run only
    (_, _, (later,)) = _run([level], [level, site], [joined])
    assert later.cell("a", "x").sign == "hidden"


def test_ten_leavers_are_shown_to_be_gone() -> None:
    first, second = _run([_pay(a=_people(1, 30))], [_pay(a=_people(11, 30))])
    # the numbers 1 to 30 are 15.5 on average, 11 to 30 are 20.5; pay has three digits
    assert [m[0].cell("a").value for m in (first, second)] == [31_600, 32_000]
    assert second[0].cell("a").run == "m1"


def test_a_raise_among_unchanged_people_is_not_told() -> None:
    who = _people(1, 30)
    part = Part(key=("a",), members=who, contributions=np.where(who == 7, 90_000.0, 30_000 + who))
    first, second = _run([_pay(a=who)], [Table(name="people", measure="pay", parts=(part,))])
    assert second[0].cell("a").value == first[0].cell("a").value
    # the same words whether nobody or a few came or went
    (_, few) = _run([_pay(a=who)], [_pay(a=_people(1, 29))])
    assert second[0].cell("a").reason == few[0].cell("a").reason != ""


def test_cells_that_are_each_far_apart_are_looked_at_together() -> None:
    """Of eleven who left a, ten went to b: the two changes tell what the eleventh earned."""
    moved = members([*range(20, 30), *range(31, 61)])
    first = {"a": _people(1, 30), "b": _people(31, 60)}
    months = _run([_pay(**first)], [_pay(a=_people(1, 19), b=moved)])
    assert _signs(months[1][0]) == {"a": "stands", "b": "shown", TOTAL: "hidden"}
    apart = _run([_pay(**first)], [_pay(a=_people(1, 19), b=_people(31, 75))])
    assert _signs(apart[1][0]) == {"a": "shown", "b": "shown", TOTAL: "hidden"}


def test_groups_that_overlap_are_shown_where_no_difference_is_of_a_few() -> None:
    """By department 30 and 30, by level 30 and 30: the whole less a part is another part."""
    ((one, other),) = _run([_pay(a=_people(1, 30), b=_people(31, 60)), BY_LEVEL])
    assert {one.cell(k).sign for k in "ab"} | {other.cell(k).sign for k in "xy"} == {"shown"}
    few = _pay(a=_people(1, 30), b=_people(31, 64))  # four more than the levels have
    ((one, other),) = _run([few, BY_LEVEL])
    signs = [one.cell(k).sign for k in "ab"] + [other.cell(k).sign for k in "xy"]
    assert sorted(signs) == ["hidden", "shown", "shown", "shown"]


def test_a_group_hidden_beside_others_is_in_the_remainder() -> None:
    """Less the levels (1 to 60), b tells of 61 to 64; without a, those without a mean are 21."""
    who = {"a": _people(1, 12), "b": _people(13, 64), "c": _people(65, 68), "d": _people(70, 74)}
    ((made, _),) = _run([_pay(**who), BY_LEVEL])
    assert [made.cell(k).sign for k in "abcd"] == ["hidden", "shown", "small", "small"]
    # 1 to 12, 65 to 68 and 70 to 74: 704 / 21 = 33.5
    assert made.cell(OTHERS).value == 33_400


@pytest.mark.parametrize(
    ("pay", "reason"),
    [
        ([90_000.0, 80_000] + [1_000] * 10, "One or two people make up nearly all of it."),
        ([200_000.0, 4_000, *range(1_000, 1_013)], "One or two people make up nearly all of it."),
        ([41_000.0] * 15, "Everybody in it has the same."),
        ([*np.arange(30_000.0, 30_015)], ""),
    ],
)
def test_groups_that_one_or_two_make_up(pay: list[float], reason: str) -> None:
    who = _people(1, len(pay))
    part = Part(key=("a",), members=who, contributions=np.array(pay))
    ((made,),) = _run([Table(name="people", measure="pay", parts=(part,))])
    assert made.cell("a").reason == reason
    assert (made.cell("a").value is None) is bool(reason)


def test_the_number_of_people_behind_a_mean_is_that_of_the_table_of_counts() -> None:
    who = {"a": _people(1, 31), "b": _people(41, 81)}
    ((_, pay),) = _run([_count(**who), _pay(**who)])
    assert [pay.cell(k).people for k in "ab"] == [30, 40]
    # (31,600 times 30 and 36,100 times 40) / 70 = 34,171
    assert (pay.cell(TOTAL).value, pay.cell(TOTAL).people) == (34_200, 70)
    ((alone,),) = _run([_pay(**who)])
    assert alone.cell("a").people is None and alone.cell(TOTAL).value is None


def test_means_and_sums_of_one_measure_are_refused_together() -> None:
    """36,100 and 1,480,000 say 41 people."""
    means = _pay(b=_people(41, 81))
    sums = Table(name="costs", measure="pay", parts=means.parts, of="sum")
    with pytest.raises(ValueError, match="choose one"):
        protect([means, sums], Ledger(), PROTECTED, "m0")


def test_public_data_are_printed_as_they_are_and_remembered_nowhere() -> None:
    (made,), ledger = protect([_count(a=_people(1, 3), b=_people(11, 22))], Ledger(), PUBLIC, "m0")
    assert [c.value for c in made.cells] == [3, 12, 15]
    assert ledger.shown == ()


def test_what_is_shown_again_is_remembered_once() -> None:
    table, ledger = _count(a=_people(1, 30), b=_people(41, 44)), Ledger()
    for month in ("m0", "m1"):
        _, ledger = protect([table], ledger, PROTECTED, month)
    assert [(s.cell, s.run) for s in ledger.shown] == [('["", "people", "a"]', "m0")]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"a": _people(1, 3), "b": _people(3, 5)}, "somebody is in two parts"),
        ({"a": _people(1, 3), "b_x": _people(4, 5)}, "one label, or every part of two"),
        ({TOTAL: _people(1, 3)}, "no labels of parts"),
    ],
)
def test_tables_that_are_none_are_refused(parts: dict[str, Members], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _count(**parts)
