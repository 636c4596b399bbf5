"""Who works in the company: departments, sites, the hiring schedule and unobserved traits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from analysis.synthetic.calendar import MONTHS, day_in
from analysis.synthetic.streams import Bools, Dates, Floats, Ints, Streams, normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department: its share of headcount and the annual rates of exits and hires.

    Exit rates are those of an average person with 12-23 months of tenure; ``hires`` is hires a
    year per head at month 0. ``metric`` is None where work is rated, not measured; ``level`` is
    its typical value.
    """

    name: str
    share: float
    sites: int
    voluntary: float
    involuntary: float
    hires: float
    metric: str | None = None
    level: float = 1.0


DEPARTMENTS = (
    Department(name="contact_centre", share=0.30, sites=6, voluntary=0.23, involuntary=0.06,
               hires=0.345, metric="resolved_per_hour", level=6.0),
    Department(name="sales", share=0.22, sites=12, voluntary=0.17, involuntary=0.05,
               hires=0.245, metric="revenue_per_call", level=42.0),
    Department(name="operations", share=0.24, sites=20, voluntary=0.14, involuntary=0.05,
               hires=0.215, metric="orders_per_hour", level=24.0),
    Department(name="engineering", share=0.14, sites=4, voluntary=0.10, involuntary=0.02,
               hires=0.135),
    Department(name="corporate", share=0.10, sites=2, voluntary=0.08, involuntary=0.02,
               hires=0.115),
)  # fmt: skip
CODES = {department.name: code for code, department in enumerate(DEPARTMENTS)}

HIRING_SEASON = np.array([1.2, 1, 1, 1, 1, 1, 0.9, 0.9, 1.3, 1.1, 0.9, 0.7])
LEVEL_CUTS = np.array([0.62, 0.84, 0.94, 0.98])  # levels 1-5: 62/22/10/4/2 %
MEAN_STOCK_TENURE, LONGEST_TENURE = 55.0, 420
SITE_MOVES_A_YEAR = 0.03
REFERENCE_SIZE = 5_000
SEVERAL_SITES = 500  # a smaller company has one site a department
SPLIT_OF_SALES, SPLIT_MOVES = 31, 0.08  # month of the reorganisation, share who change site


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Parallel arrays, one row an employment; traits are standard normal and never exported.

    A human being who comes back has two rows: the second has the ``origin`` of the first.

    ``hire_month`` is negative for the stock of month 0; tenure in month m is m - hire_month.
    ``site`` is the site at first hire, numbered over the whole company.
    """

    department: Ints
    hire_month: Ints
    hired_on: Dates
    site: Ints
    level: Ints
    fixed_term: Bools
    age: Floats  # years at month 0
    ability: Floats
    motivation: Floats
    commitment: Floats
    intention: Floats  # baseline intention to leave
    origin: Ints  # row of the first employment of the same human being
    starter: Bools  # in the lottery at hire (scenario attrition alone)

    def __len__(self) -> int:
        return len(self.department)

    def take(self, rows: Ints | Bools | slice) -> Self:
        """The given people only."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def tenure(self) -> Ints:
        """Months of tenure by calendar month, shape (people, 48); negative before the hire."""
        return np.arange(MONTHS)[None, :] - self.hire_month[:, None]


def site_counts(size: int) -> Ints:
    """Sites of each department: they grow with the company above 5,000 people."""
    if size < SEVERAL_SITES:
        return np.ones(len(DEPARTMENTS), dtype=np.int64)
    factor = max(1.0, size / REFERENCE_SIZE)
    counts = [round(d.sites * factor) for d in DEPARTMENTS]
    counts[CODES["operations"]] = 20 * round(factor)
    return np.array(counts)


def schedule(size: int) -> tuple[Ints, Ints]:
    """Department and hire month (-1: stock of month 0) of everybody: it follows no exits."""
    shares = np.array([d.share for d in DEPARTMENTS])
    rates = np.array([d.hires for d in DEPARTMENTS])
    stock = np.diff(np.rint(size * np.cumsum(np.append(0.0, shares)))).astype(np.int64)
    season = np.tile(HIRING_SEASON, MONTHS // 12)[:, None]
    planned = np.rint(np.cumsum(size * shares * rates / 12 * season, axis=0))
    hires = np.diff(planned, axis=0, prepend=0.0).astype(np.int64)
    codes = np.arange(len(DEPARTMENTS))
    hired = np.repeat(np.tile(codes, MONTHS), hires.ravel())
    department = np.append(np.repeat(codes, stock), hired)
    month = np.repeat(np.arange(-1, MONTHS), np.append(stock.sum(), hires.sum(axis=1)))
    return department, month


def draw_people(streams: Streams, size: int, first: int = 0, count: int | None = None) -> People:
    """People first..first+count-1 of a company with ``size`` heads at month 0."""
    department, month = (part[first:][:count] for part in schedule(size))
    n = len(department)

    def u(name: str) -> Floats:
        return streams.scalar(name, first, n)

    tenure = np.minimum(np.ceil(-MEAN_STOCK_TENURE * np.log1p(-u("stock_tenure"))), LONGEST_TENURE)
    hire_month = np.where(month < 0, -np.maximum(tenure, 1).astype(np.int64), month)
    ability = normal(u("ability"))
    motivation = 0.30 * ability + np.sqrt(0.91) * normal(u("motivation"))
    commitment = 0.10 * ability + 0.20 * motivation + np.sqrt(0.938) * normal(u("commitment"))
    rank = 0.30 * ability + np.sqrt(0.91) * normal(u("level"))
    counts = site_counts(size)
    site = np.floor(u("site") * counts[department]).astype(np.int64)
    at_hire = 19.0 + np.minimum(-10.0 * np.log1p(-u("age")), 38.0)
    return People(
        department=department,
        hire_month=hire_month,
        hired_on=day_in(hire_month, u("hire_day")),
        site=(np.cumsum(counts) - counts)[department] + site,
        level=1 + np.searchsorted(normal(LEVEL_CUTS), rank),
        fixed_term=u("contract") < 0.08,
        age=np.minimum(at_hire - hire_month / 12, 64.0 - hire_month.clip(0) / 12),
        ability=ability,
        motivation=motivation,
        commitment=commitment,
        origin=first + np.arange(n),
        starter=np.zeros(n, dtype=bool),
        intention=-0.60 * commitment + 0.80 * normal(u("intention")),
    )


def site_by_month(streams: Streams, size: int, people: People, first: int = 0) -> Ints:
    """Site in each month, shape (people, 48): 3 % a year move, nobody in operations.

    When sales is split, 8 % of its people move besides.
    """
    counts = site_counts(size)
    starts = (np.cumsum(counts) - counts)[people.department]
    n = len(people)
    moves = streams.monthly("site_move", first, n) < SITE_MOVES_A_YEAR / 12
    moves &= (people.tenure() > 0) & (people.department != CODES["operations"])[:, None]
    split = streams.scalar("split_move", first, n) < SPLIT_MOVES
    moves[:, SPLIT_OF_SALES] |= (
        split & (people.department == CODES["sales"]) & (people.hire_month < SPLIT_OF_SALES)
    )
    latest = np.maximum.accumulate(np.where(moves, np.arange(MONTHS), -1), axis=1)
    target = streams.monthly("site_target", first, n)
    target = np.take_along_axis(target, latest.clip(0), axis=1)
    new = starts[:, None] + np.floor(target * counts[people.department][:, None]).astype(np.int64)
    return np.where(latest >= 0, new, people.site[:, None])
