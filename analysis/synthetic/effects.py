"""What mentoring adds to monthly performance, in one place for the data and for the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.lottery import PROGRAMME as LOTTERY
from analysis.synthetic.roll_out import PROGRAMME as ROLL_OUT
from analysis.synthetic.sessions import EVENTS, planned_meetings
from analysis.synthetic.spillover import others_mentored
from analysis.synthetic.streams import MONTHLY

if TYPE_CHECKING:
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Floats

_ANTICIPATES = 2  # months before the start


def gain_if_mentored(company: Company, some: Enrolment) -> Floats:
    """Log gain of mentored people by calendar month, shape (people, 48), spillover left out."""
    planted = company.scenario
    gain = some.gain_by_month()
    if planted.anticipation and some.programme == ROLL_OUT:
        event = some.effect_month()
        early = (event >= -_ANTICIPATES) & (event <= 0)
        gain += early * (planted.anticipation * some.profile[1] * some.gain)[:, None]
    if planted.per_meeting and some.programme != ROLL_OUT:
        gain += planted.per_meeting * meetings_so_far(company, some)
    return gain


def meetings_so_far(company: Company, some: Enrolment) -> Floats:
    """Planned meetings up to each calendar month from event month 1 on, shape (people, 48)."""
    uniform = company.streams.picked("session.count", some.person, MONTHLY)
    motivation = company.people.motivation[some.person]
    total = planned_meetings(uniform, some.start, motivation).cumsum(axis=1)
    event = some.effect_month()
    so_far = np.take_along_axis(total, event.clip(0, EVENTS - 1), axis=1)
    return np.where(event >= 1, so_far, 0.0)


def spillover_by_month(company: Company, share: Floats) -> Floats:
    """Log gain from mentored others by calendar month, shape (the lottery's people, 48)."""
    lottery = company.programme(LOTTERY)
    by_event = lottery.profile[lottery.effect_month().clip(0)]
    return np.asarray(company.scenario.spillover * share[:, None] * by_event)


def happened_spillover(company: Company) -> Floats:
    """Share of mentored others as it happened; zeros without spillover."""
    lottery = company.programme(LOTTERY)
    if not company.scenario.spillover:
        return np.zeros(len(lottery))
    return others_mentored(lottery, lottery.mentored.astype(float))


def mentored_by_month(some: Enrolment) -> Floats:
    """1.0 from the first full month with a mentor if mentored, shape (people, 48)."""
    month = np.arange(MONTHS)
    return ((month - some.start[:, None]) >= 1).astype(float)
