"""The attacker on small relations worked by hand, and on two firms: it bites, and is held off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.disclosure import counts, pay
from tests.disclosure.firms import ABSENT, Firm, draw_firm
from tests.disclosure.intervals import System, tightest
from tests.disclosure.judged import bare, firm_of, protected
from tests.disclosure.printed import CENT, Count, Mean, Print, Together, size_rule_only

SEED = 20_000
# Of the leavers of firms that hire nobody 55 % went alone and are told (results.md). A firm has 425
# of them: three binomial standard errors are 7 points, and departments are larger in some firms.
BITES_PAY = (0.40, 0.68)
# A third of the hidden counts are told exactly: those that are alone in a line. A firm has 120 of
# them: three standard errors are 13 points.
BITES_COUNTS = (0.20, 0.46)
MOST_LOST = 0.10


def solid(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """No target is safe: every end is solved for."""
    return np.zeros(len(low), dtype=bool)


def test_intervals_of_two_parts_of_a_known_whole() -> None:
    system = System()
    a, b = system.unknown("a", 1, 9), system.unknown("b", 0, 20)
    system.relate({a: 1.0, b: 1.0}, 13, 17)
    low, high = tightest(system, [a, b], solid)
    assert (low.tolist(), high.tolist()) == ([1, 4], [9, 16])


def test_relations_that_contradict_each_other_are_no_attack() -> None:
    system = System()
    a = system.unknown("a", 0, 9)
    system.relate({a: 1.0}, 12, 14)
    with pytest.raises(AssertionError, match="contradict"):
        tightest(system, [a], solid)


def little_firm() -> Firm:
    """Departments of 12 and 14; after a month one of the first, who earns 70,000, has left."""
    department = np.repeat([0, 1], [12, 14])
    pay_ = np.linspace(40_000, 65_000, 26).round()
    pay_[3], pay_[0] = 70_000, 40_005
    months = np.tile(department, (2, 1))
    months[1, 3] = ABSENT
    level = np.where(months >= 0, np.arange(26) % 3, ABSENT)
    return Firm(months, level, np.where(months >= 0, pay_, 0))


def test_a_leaver_between_two_months_is_told_by_means_times_people() -> None:
    firm = little_firm()
    means = size_rule_only(firm).means
    assert pay.known(firm, means, programming=True) == pay.Known(1, 1, 1, 1)


def test_a_leaver_is_not_told_where_the_mean_was_not_made_anew() -> None:
    firm = little_firm()
    once = [m for m in size_rule_only(firm).means if m.month == 0]
    assert pay.known(firm, once, programming=True).close == 0


def test_a_mean_with_cents_tells_how_many_people_it_is_of() -> None:
    firm = little_firm()
    mean = Mean(month=0, rows=(0,), value=round(firm.pay[0][:12].mean(), 2), half=CENT)
    assert pay.headcounts(firm, [mean]) == 1
    assert pay.headcounts(firm, [replace(mean, value=round(mean.value, -2), half=50)]) == 0


def printed_levels(*, total: bool) -> Print:
    """The first month of the little firm: levels of 4 hidden, the department perhaps shown."""
    firm = little_firm()
    small = [
        Count(name=(0, "people by level", 0, level), sign="small", low=1, high=9)
        for level in range(firm.levels)
    ]
    together = [Together(names=(small[0].name, small[1].name), low=8, high=8)]
    whole = Count(name=(0, "people", 0, -1), sign="shown", low=12, high=12)
    return Print(counts=[*small, whole], together=together) if total else Print(counts=small)


def test_a_hidden_count_is_told_by_total_and_remainder_but_not_by_its_own_sign() -> None:
    firm = little_firm().first(1)
    told = counts.attack(firm, printed_levels(total=True))
    assert told.truth.tolist() == [4, 4, 4]
    assert told.near.all() and told.exact.tolist() == [False, False, True]
    assert not counts.attack(firm, printed_levels(total=False)).near.any()


def test_the_rule_of_ten_alone_gives_leavers_and_hidden_counts_away() -> None:
    firm = draw_firm(SEED, hires=False)
    told = bare(firm)
    assert BITES_PAY[0] < told.leavers_exact / told.leavers < BITES_PAY[1]
    assert BITES_COUNTS[0] < told.exact / told.hidden < BITES_COUNTS[1]


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_protected_tables_tell_nothing(seed: int) -> None:
    firm = firm_of(seed, people=400, departments=10, months=8)
    found = protected(firm)
    assert (found.exact, found.near, found.headcounts) == (0, 0, 0)
    assert (found.salaries_exact, found.salaries_close) == (0, 0)
    assert found.lost <= MOST_LOST * found.large
