"""Synthetic firms: who is where and earns what at the end of each of 24 months, known to the last.

2,000 people in 40 departments of very uneven size on three levels; 1 to 2 % leave a month and are
replaced, others move or are promoted, with a raise. Pay is log-normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ABSENT = -1
PEOPLE, DEPARTMENTS, MONTHS = 2000, 40, 24
LEVELS = (0.62, 0.28, 0.10)  # share of the people on each level: staff, seniors, leads
SPREAD = 0.6  # of log sizes of departments: some twenty people to some two hundred
TINY = 3  # departments of 3 to 9 people beside
BASE, STEP, PAY_SPREAD = 38_000, 1.3, 0.25  # median pay of level 0; a level up; SD of log pay
MOVES, PROMOTIONS, RAISE = 0.004, 0.004, 1.08  # shares a month


@dataclass(frozen=True, eq=False)
class Firm:
    """What nobody outside knows.

    ``department``, ``level`` (months, people): ABSENT where the person is not employed; ``pay``
    (months, people) in EUR a year, whole, 0 where absent. Months are ends of months.
    """

    department: np.ndarray
    level: np.ndarray
    pay: np.ndarray

    @property
    def months(self) -> int:
        """Months that are reported."""
        return len(self.department)

    @property
    def departments(self) -> int:
        """Departments, numbered from 0."""
        return int(self.department.max()) + 1

    @property
    def levels(self) -> int:
        """Levels, numbered from 0."""
        return int(self.level.max()) + 1

    def first(self, months: int) -> Firm:
        """The firm as reported in its first months."""
        return Firm(self.department[:months], self.level[:months], self.pay[:months])

    def left(self, month: int) -> np.ndarray:
        """Mask of who was employed a month before and is no longer (people)."""
        if month == 0:
            return np.zeros(self.department.shape[1], dtype=bool)
        return (self.department[month - 1] >= 0) & (self.department[month] < 0)


def draw_firm(
    seed: int, people: int = PEOPLE, departments: int = DEPARTMENTS, months: int = MONTHS,
    *, hires: bool = True,
) -> Firm:  # fmt: skip
    """The firm of a seed; one that does not hire loses 1 % a month, and nobody moves or rises."""
    rng = np.random.default_rng([seed, 24])
    turnover = rng.uniform(0.01, 0.02) if hires else 0.01
    sizes = rng.lognormal(0, SPREAD, departments)
    sizes *= people / sizes.sum()
    sizes[:TINY] = rng.uniform(3, 9, TINY)
    sizes /= sizes.sum()
    joiners = rng.poisson(turnover * people * hires, months)
    joiners[0] = 0
    every = people + int(joiners.sum())
    first = np.repeat(np.arange(months), np.r_[people, joiners[1:]])  # first month of each person
    department = rng.choice(departments, size=every, p=sizes)
    department[:departments] = np.arange(departments)  # none is empty at first
    level = rng.choice(len(LEVELS), size=every, p=LEVELS)
    pay = np.round(BASE * STEP**level * rng.lognormal(0, PAY_SPREAD, every))
    shape = (months, every)
    made = Firm(np.full(shape, ABSENT), np.full(shape, ABSENT), np.zeros(shape))
    gone = np.zeros(every, dtype=bool)
    for month in range(months):
        here = (first < month) & ~gone  # nobody leaves or moves in the month of joining
        gone |= here & (rng.random(every) < turnover)
        moves = here & (rng.random(every) < MOVES * hires)
        department = np.where(moves, rng.choice(departments, size=every, p=sizes), department)
        up = here & (rng.random(every) < PROMOTIONS * hires) & (level < len(LEVELS) - 1)
        level, pay = level + up, np.where(up, np.round(pay * RAISE), pay)
        now = (first <= month) & ~gone
        made.department[month, now] = department[now]
        made.level[month, now] = level[now]
        made.pay[month, now] = pay[now]
    return made
