"""What may be shown of how alike groups were: no rare category, nothing of small groups."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.balance import Balance, BalanceRow, Overlap, Weights
from analysis.disclosure import release, restore
from analysis.released_balance import merge
from analysis.rules import Rules
from reports.build import findings_json
from tests.report_cases import check, report, required, trial

PROTECTED, PUBLIC = Rules(), Rules(mode="public")


def row(name: str, before: float = 0.123, *groups: tuple[int, int]) -> BalanceRow:
    covariate, _, level = name.partition("=")
    return BalanceRow(
        covariate=covariate, level=level, before=before, after=0.0123, groups=groups
    )  # fmt: skip


def alike(*rows: BalanceRow, **changes: object) -> Balance:
    made = Balance(arm="mentee", comparison="control", people=(300, 310), rows=rows, limit=0.1)
    return replace(made, **changes)


def shown(found: Balance, rules: Rules = PROTECTED, **overrides: object):
    checks = required(balance=check("balance", balances=(found,)), **overrides)
    ((made,), _) = release([replace(trial(), diagnostics=checks)], rules)
    return made


def lines(found: Balance, rules: Rules = PROTECTED) -> list[str]:
    (made,) = shown(found, rules).balances
    return [f"{r.covariate}={r.level}" if r.level else r.covariate for r in made.rows]


@pytest.mark.parametrize("people", [(9, 310), (300, 9)])
def test_nothing_is_shown_where_a_group_is_too_small(people: tuple[int, int]) -> None:
    overlap = Overlap(treated=(30,) * 10, comparison=(31,) * 10, least=(31,) * 10)
    (made,) = shown(alike(row("tenure"), people=people, overlap=overlap)).balances
    assert (made.status, made.rows, made.overlap, made.n_treated) == ("suppressed", (), (), None)
    assert made.reason == "A group has fewer than 10 people."


def test_a_withheld_answer_does_not_hide_why() -> None:
    """Differences before the start tell no outcome, and may be what withheld it."""
    made = shown(alike(row("tenure")), sample_ratio=check("sample_ratio", "fail", remedy="Ask."))
    assert made.grade == "Withheld"
    assert [r.covariate for r in made.balances[0].rows] == ["tenure"]


CEO = "level=board"  # a category of four and thirty people


def levels(*, rest: tuple[int, int]) -> Balance:
    return alike(
        row("level=2", 0.1, (200, 180), (100, 130), (0, 0)),
        row("level=3", 0.1, (50, 60), (250, 250), (0, 0)),
        row(CEO, 0.7, (4, 30), (296, 280), (0, 0)),
        rest=(("level", rest),),
    )


def test_a_rare_category_is_not_named_anywhere() -> None:
    made = shown(levels(rest=(46, 40)))
    assert [r.level for r in made.balances[0].rows] == ["2", "3"]
    assert made.balances[0].left_out == (("level", "a group of fewer than 10 people"),)
    assert "board" not in json.dumps(made.as_dict())
    assert "board" not in findings_json(report((made,)))


def test_no_remainder_gives_a_rare_category_away() -> None:
    """Nobody is left but the four: the next smallest category goes with them."""
    assert lines(levels(rest=(0, 0))) == ["level=2"]


def test_a_first_category_of_few_people_takes_the_next_with_it() -> None:
    found = alike(
        row("remote=yes", 0.4, (297, 200), (3, 110), (0, 0)), rest=(("remote", (3, 110)),)
    )
    assert lines(found) == []


@pytest.mark.parametrize(
    ("groups", "kept"),
    [
        (((200, 200), (100, 110), (0, 0)), True),
        (((4, 200), (296, 110), (0, 0)), False),
        (((300, 310), (0, 0), (0, 0)), True),
        (((200, 200), (95, 105), (5, 5)), False),  # not recorded of five
    ],
)
def test_a_mark_of_few_people_has_no_line(groups: tuple[tuple[int, int], ...], kept: bool) -> None:
    assert lines(alike(row("engagement missing", 0.1, *groups))) == ["engagement missing"] * kept


@pytest.mark.parametrize(
    ("people", "before", "printed"),
    [(1000, 0.1234, 0.12), (500, 0.1234, 0.12), (300, 0.1234, 0.1), (60, 0.31, 0.4)],
)
def test_differences_of_shares_do_not_count_five_people(
    people: int, before: float, printed: float
) -> None:
    """One of n people moves a share of half by 1/n, a difference by 2/n SD: 10/n is five."""
    many = tuple((people // 2, people // 2) for _ in range(2))
    found = alike(row("manager", before, *many), people=(people, people))
    (made,) = shown(found).balances
    assert (made.rows[0].before, made.rows[0].after) == (printed, 0.01)


def test_the_rarer_a_category_the_coarser_its_line() -> None:
    """15 of 300 have a standard deviation of .218: five people make 5 / 300 / .218 = .076."""
    half, rare = ((150, 150), (150, 150), (0, 0)), ((15, 15), (285, 285), (0, 0))
    found = alike(row("unit=a", 0.16, *half), row("site=b", 0.16, *rare), people=(300, 300),
                  rest=(("unit", (150, 150)), ("site", (285, 285))))  # fmt: skip
    (made,) = shown(found).balances
    assert [(r.level, r.before) for r in made.rows] == [("a", 0.15), ("b", 0.2)]
    assert made.step == 0.1


def test_shares_of_under_fifty_people_have_no_line() -> None:
    """A step that hides five of 49 would hide the difference, too."""
    many = ((25, 25), (24, 24), (0, 0))
    (made,) = shown(alike(row("tenure"), row("unit=a", 0.3, *many), people=(49, 310))).balances
    assert [r.covariate for r in made.rows] == ["tenure"]
    assert made.left_out == (
        ("unit", "so few people that a difference of shares would count them"),
    )


def test_means_have_two_decimals_and_public_data_all() -> None:
    found = alike(row("tenure", 0.12345))
    assert shown(found).balances[0].rows[0].before == 0.12
    assert shown(found, PUBLIC).balances[0].rows[0].before == 0.12345
    assert lines(levels(rest=(0, 0)), PUBLIC) == ["level=2", "level=3", CEO]


@pytest.mark.parametrize(
    ("counts", "merged"),
    [
        ((0, 3, 8, 0, 12, 2), [(0, 1, 0), (1, 3, 11), (3, 4, 0), (4, 6, 14)]),
        ((4, 0, 0, 20), [(0, 4, 24)]),
        ((10, 10), [(0, 1, 10), (1, 2, 10)]),
        ((20, 0, 5), [(0, 3, 25)]),
        ((3, 4), []),
        ((0, 0), [(0, 1, 0), (1, 2, 0)]),
    ],
)
def test_tenths_of_few_people_go_with_their_neighbours(
    counts: tuple[int, ...], merged: list[tuple[int, int, int]]
) -> None:
    assert merge(counts, counts, 10) == merged


def test_shares_come_from_rounded_counts_of_surely_enough_people() -> None:
    """12 count as 9, 30 as 27. Twenty entries of four people are no group by themselves."""
    overlap = Overlap(
        treated=(12, 0, 0, 0, 0, 0, 0, 0, 0, 30),
        comparison=(20, 60, 0, 0, 0, 0, 0, 0, 0, 60),
        least=(4, 30, 0, 0, 0, 0, 0, 0, 0, 30),
    )
    (made,) = shown(alike(row("tenure"), overlap=overlap)).balances
    treated = [(b.low, b.high, b.share) for b in made.overlap if b.side == "treated" and b.share]
    assert treated == [(0.0, 0.1, 0.25), (0.9, 1.0, 0.75)]
    comparison = [b for b in made.overlap if b.side == "comparison"]
    assert (comparison[0].low, comparison[0].high) == (0.0, 0.2)


def test_weights_of_few_people_are_not_shown() -> None:
    """Ten people must lie beyond a percentile, and be the tenth that weighs most."""
    weights = Weights(
        people=250, percentiles=((50, 0.777), (90, 1.9), (95, 2.6), (99, 4.4)), heaviest=0.2913,
        largest=0.04, extreme=(246, 250),
    )  # fmt: skip
    (made,) = shown(alike(row("tenure"), weights=weights)).balances
    assert made.weights is not None
    assert made.weights.percentiles == ((50, 0.78), (90, 1.9), (95, 2.6))
    assert (made.weights.heaviest, made.weights.largest) == (0.29, None)
    assert made.weights.extreme == "≥240"
    few = replace(weights, people=90, extreme=(4, 180))
    (made,) = shown(alike(row("tenure"), weights=few)).balances
    assert made.weights is not None
    assert (made.weights.heaviest, made.weights.extreme) == (None, "<10")
    assert [q for q, _ in made.weights.percentiles] == [50]


@pytest.mark.parametrize("seed", range(30))
def test_no_small_company_gives_a_category_away(seed: int) -> None:
    """Categories of any size: those shown, and all the others together, are ten a side or none."""
    rng = np.random.default_rng(seed)
    kinds = int(rng.integers(2, 7))
    sizes = rng.integers(0, 60, size=(kinds, 2)) * rng.integers(0, 3, size=(kinds, 2))
    people = (int(sizes[:, 0].sum()), int(sizes[:, 1].sum()))
    pairs = [(int(a), int(b)) for a, b in sizes]
    rows = [
        row(f"unit={k}", 0.2, pair, (people[0] - pair[0], people[1] - pair[1]), (0, 0))
        for k, pair in enumerate(pairs)
        if k
    ]
    found = alike(*rows, people=people, rest=(("unit", pairs[0]),))
    (made,) = shown(found).balances
    named = [int(r.level) for r in made.rows]
    assert made.status == ("released" if min(people) >= 10 else "suppressed")
    for side in (0, 1):
        assert all(pairs[k][side] >= 10 for k in named)
        left = people[side] - sum(pairs[k][side] for k in named)
        assert not named or left == 0 or left >= 10


def test_what_was_released_is_read_again_as_it_was() -> None:
    overlap = Overlap(treated=(30,) * 10, comparison=(31,) * 10, least=(31,) * 10)
    weights = Weights(people=310, percentiles=((50, 0.8),), heaviest=0.3, largest=0.1)
    made = shown(replace(levels(rest=(46, 40)), overlap=overlap, weights=weights))
    saved = json.loads(json.dumps(made.as_dict()))
    assert restore(saved, made.digest()) == made
