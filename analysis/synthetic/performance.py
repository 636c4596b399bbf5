"""Monthly performance in logs, and the profile of what mentoring adds to it."""

from __future__ import annotations

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.people import DEPARTMENTS, People
from analysis.synthetic.streams import Bools, Floats, Ints, Streams, normal

_LEVEL = np.log([d.level for d in DEPARTMENTS])
MEASURED = np.array([d.metric is not None for d in DEPARTMENTS])
_RISE = (0.5, 0.9, 1.1, 1.15, 1.2, 1.15)  # event months 1-6, mean 1
_LEAVE_MONTHS = 3
_LEAVE_STARTS = 1 - 0.97 ** (1 / _LEAVE_MONTHS)  # 3 % of person-months are on leave


def gain_profile(fade_from: int, fade_to: int, floor: float) -> Floats:
    """Multiplier of the gain by event month 0..48: 0, a rise, flat, then linear to ``floor``."""
    event = np.arange(MONTHS + 1)
    profile = np.append(0.0, np.append(_RISE, np.full(MONTHS - len(_RISE), _RISE[-1])))
    return np.where(
        event <= fade_from, profile, np.interp(event, [fade_from, fade_to], [_RISE[-1], floor])
    )


def log_kpi(streams: Streams, people: People, site: Ints, first: int = 0) -> Floats:
    """Log KPI nobody mentored, shape (people, 48); employed or not, measured or not."""
    month = np.arange(MONTHS)
    departments = normal(streams.monthly("kpi.department_month", 0, len(DEPARTMENTS)))
    sites = int(site.max(initial=0)) + 1
    site_effect = 0.05 * normal(streams.scalar("kpi.site", 0, sites))
    by_site = site_effect[:, None] + 0.010 * normal(streams.monthly("kpi.site_month", 0, sites))
    season = 0.002 * month + 0.04 * np.sin(2 * np.pi * (month + 2) / 12)
    person = _LEVEL[people.department] + 0.25 * people.ability + 0.06 * people.motivation
    value = 0.20 * normal(streams.monthly("kpi.noise", first, len(people)))
    value += person[:, None] + season + (0.02 * departments)[people.department]
    value += by_site[site, month]
    value -= _learning(people.tenure())
    return value


def _learning(tenure: Ints) -> Floats:
    """What a newcomer lacks; about nothing after a year."""
    by_tenure = 0.40 * np.exp(-np.arange(61) / 2.5)
    return np.asarray(by_tenure[tenure.clip(0, 60)])


def on_leave(streams: Streams, people: People, exit_month: Ints, first: int = 0) -> Bools:
    """Months on leave while employed, shape (people, 48)."""
    starts = streams.monthly("leave", first, len(people)) < _LEAVE_STARTS
    leave = starts.copy()
    for lag in range(1, _LEAVE_MONTHS):
        leave[:, lag:] |= starts[:, :-lag]
    employed = (people.tenure() >= 1) & (np.arange(MONTHS) < exit_month[:, None])
    return np.asarray(employed & leave)


def recorded(streams: Streams, people: People, exit_month: Ints, first: int = 0) -> Bools:
    """Months with a KPI on file, shape (people, 48): whole months employed and not on leave."""
    employed = (people.tenure() >= 1) & (np.arange(MONTHS) < exit_month[:, None])
    there = employed & ~on_leave(streams, people, exit_month, first)
    return np.asarray(there & MEASURED[people.department][:, None])
