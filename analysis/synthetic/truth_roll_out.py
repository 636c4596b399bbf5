"""Truths of the roll-out by months since a site began, in log points x 100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.effects import gain_if_mentored
from analysis.synthetic.estimand import Estimand, row
from analysis.synthetic.exits import other_hazards, voluntary_force
from analysis.synthetic.roll_out import PROGRAMME, STARTS_OF_ALL, TAKES_PART

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Floats

EVENTS = (1, 3, 6, 9, 12, 15)
BEFORE = 12  # months of tenure before the start
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class _View:
    """Mean gain of each person and month, and the weight of being there, shape (people, 48)."""

    gain: Floats
    there: Floats


def roll_out_truths(company: Company) -> Iterator[Estimand]:
    """ATT by event month and over all of them, of people who are there at both ends."""
    enrolment = company.programme(PROGRAMME)
    some = enrolment.take(enrolment.tenure >= BEFORE)
    if not len(some):
        return
    views = _views(company, some)
    last = STARTS_OF_ALL[-1] if company.scenario.everybody_in_the_end else MONTHS
    event = some.event_month()
    for subgroup, who in (("", np.ones(len(some), bool)), ("participants", some.takes_up)):
        factor = (1 / TAKES_PART if subgroup else 1.0, 1.0)
        for month in EVENTS:
            here = (event == month) & (np.arange(MONTHS) < last) & who[:, None]
            if here.any():
                values = [f * _mean(v, here) for f, v in zip(factor, views, strict=True)]
                yield _row(company, subgroup, f"e = {month}", values, some)
        if who.any():
            values = [
                f * _simple(some.take(who), _View(v.gain[who], v.there[who]), last)
                for f, v in zip(factor, views, strict=True)
            ]
            yield _row(company, subgroup, "simple", values, some)


def _row(
    company: Company, subgroup: str, window: str, values: list[float], some: Enrolment
) -> Estimand:
    return row(
        company, PROGRAMME, "orders_per_hour.att.always_survivors", (values[0], values[1]),
        population="12 months or more at a site that began", window=window,
        unit="log points x 100", n_units=len(some), subgroup=subgroup,
        arm_contrast="site began against not",
    )  # fmt: skip


def _views(company: Company, some: Enrolment) -> tuple[_View, _View]:
    """The gain a site's people can expect, and what the people drawn have."""
    gain, alive = [], []
    for begin in range(0, len(some), _CHUNK):
        part = some.take(slice(begin, begin + _CHUNK))
        people = company.people.take(part.person)
        stays = np.exp(-voluntary_force(people))
        stays = stays * np.prod([1 - h for h in other_hazards(people).values()], axis=0)
        alive.append(np.cumprod(np.where(part.event_month() >= 1, stays, 1.0), axis=1))
        gain.append(gain_if_mentored(company, part))
    if_mentored = np.concatenate(gain)
    there = (np.arange(MONTHS) < some.untreated_month[:, None]).astype(float)
    return (
        _View(TAKES_PART * if_mentored, np.concatenate(alive)),
        _View(if_mentored * some.takes_up[:, None], there),
    )


def _mean(view: _View, here: Floats) -> float:
    weight = view.there * here
    total = weight.sum()
    return float(100 * (weight * view.gain).sum() / total) if total else 0.0


def _simple(some: Enrolment, view: _View, last: int) -> float:
    """Mean of ATT(g, t) over months from each start on, weighted by the people of the start."""
    total = weight = 0.0
    for start in np.unique(some.start):
        cohort = (some.start == start)[:, None]
        for month in range(int(start), last):
            here = cohort & (np.arange(MONTHS) == month)
            total += cohort.sum() * _mean(view, here)
            weight += cohort.sum()
    return total / weight if weight else 0.0
