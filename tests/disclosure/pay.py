"""The attack on pay: an insider who knows who was where in each month, and no salary.

A mean times the people it is of is a sum; sums of all departments and months are relations among
the salaries of those who came, went, moved or were promoted. What they pin down is found by linear
algebra where figures are all but exact, and by linear programming for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.disclosure.intervals import System, tightest
from tests.disclosure.printed import MIN_GROUP

if TYPE_CHECKING:
    from tests.disclosure.firms import Firm
    from tests.disclosure.printed import Mean

CEILING = 1_000_000.0  # EUR a year that the attacker takes nobody to earn
EXACT = 0.01  # an interval that ends within 1 % of the salary on both sides gives it away
CLOSE = 0.10  # p % rule with p = 10: nor may it be known to within a tenth


@dataclass(frozen=True, slots=True)
class Known:
    """What is told of sums of fewer than ten salaries, and of leavers' last salaries alone."""

    exact: int
    close: int
    leavers_exact: int
    leavers: int


@dataclass(frozen=True, eq=False)
class Atoms:
    """Salaries that every printed mean holds together.

    ``uses`` (cells, atoms): 1 where the people of the atom are in the cell; ``size`` salaries and
    their true ``total`` of each atom; ``unit`` (months, people): number of a salary, -1 absent;
    ``atom`` of each salary.
    """

    uses: np.ndarray
    size: np.ndarray
    total: np.ndarray
    unit: np.ndarray
    atom: np.ndarray

    def leavers(self, firm: Firm) -> np.ndarray:
        """For everybody who left: the atom of the last salary (leavers)."""
        last = [
            self.atom[self.unit[month - 1, who]]
            for month in range(1, firm.months)
            for who in np.flatnonzero(firm.left(month))
        ]
        return np.array(last, dtype=int)


def atoms(firm: Firm, means: list[Mean]) -> Atoms:
    """Salaries of people in the same cells of all months, taken together."""
    unit = np.full(firm.pay.shape, -1)
    people = np.arange(firm.pay.shape[1])
    keys = people[None, :] * CEILING + firm.pay
    here = firm.department >= 0
    found, number = np.unique(keys[here], return_inverse=True)
    unit[here] = number
    uses = np.zeros((len(means), len(found)), dtype=np.int8)
    for at, mean in enumerate(means):
        uses[at, unit[mean.month][mean.members(firm)]] = 1
    kinds, atom, size = np.unique(uses, axis=1, return_inverse=True, return_counts=True)
    pay = found % CEILING
    total = np.bincount(atom, weights=pay, minlength=len(size))
    return Atoms(kinds.astype(float), size, total, unit, atom)


def sums(made: Atoms, means: list[Mean]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sum of each printed mean: times the people it is of."""
    people = made.uses @ made.size
    value, half = np.array([(m.value, m.half) for m in means]).T
    return people * (value - half), people * (value + half)


def by_algebra(made: Atoms, means: list[Mean]) -> tuple[np.ndarray, np.ndarray]:
    """Ends for each atom by adding and subtracting sums; infinite where they do not tell it.

    The combination of least squares; its error is the roundings of all sums it takes.
    """
    low, high = sums(made, means)
    inverse = np.linalg.pinv(made.uses)  # (atoms, cells)
    told = np.isclose(inverse @ made.uses, np.eye(len(made.size)), atol=1e-6).all(1)
    value = inverse @ ((low + high) / 2)
    error = np.where(told, abs(inverse) @ ((high - low) / 2), np.inf)
    return value - error, value + error


def by_programming(made: Atoms, means: list[Mean]) -> tuple[np.ndarray, np.ndarray]:
    """Ends for each atom of fewer people than may be shown, the tightest there are.

    Of others, and of those that are farther than CLOSE, ends that are possible salaries.
    """
    system = System()
    for n in made.size:
        system.unknown(len(system.low), 0.0, n * CEILING)
    for uses, low, high in zip(made.uses, *sums(made, means), strict=True):
        system.relate(dict.fromkeys(map(int, np.flatnonzero(uses)), 1.0), low, high)
    few = np.flatnonzero(made.size < MIN_GROUP)
    truth = made.total[few]
    low, high = np.full(len(made.size), -np.inf), np.full(len(made.size), np.inf)
    low[few], high[few] = tightest(
        system, list(few), lambda low, high: ~within(low, high, truth, CLOSE)
    )
    return low, high


def known(firm: Firm, means: list[Mean], *, programming: bool) -> Known:
    """All that algebra, and linear programming if wanted, tell of salaries of fewer than ten."""
    if not means:
        return Known(0, 0, 0, 0)
    made = atoms(firm, means)
    few, last = made.size < MIN_GROUP, made.leavers(firm)
    exact, close = np.zeros((2, few.size), dtype=bool)
    for attack in (by_algebra, by_programming)[: 1 + programming]:
        low, high = attack(made, means)
        exact |= few & within(low, high, made.total, EXACT)
        close |= few & within(low, high, made.total, CLOSE)
    alone = exact & (made.size == 1)
    return Known(int(exact.sum()), int(close.sum()), int(alone[last].sum()), last.size)


def headcounts(firm: Firm, means: list[Mean]) -> int:
    """Means that tell how many people they are of to who knows it to within two.

    Salaries are whole numbers: so is a mean times the people, and only one of five numbers fits.
    """
    told = 0
    for mean in means:
        near = int(mean.members(firm).sum()) + np.arange(-2, 3)
        whole = np.round(mean.value * near)
        told += (abs(whole - mean.value * near) <= mean.half * near).sum() == 1
    return told


def within(low: np.ndarray, high: np.ndarray, truth: np.ndarray, share: float) -> np.ndarray:
    """Where both ends are nearer to the truth than the share of it."""
    return (low >= truth * (1 - share)) & (high <= truth * (1 + share))
