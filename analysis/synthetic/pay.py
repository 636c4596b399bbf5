"""Yearly pay: by level, rising each May."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.streams import normal

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.streams import Bools, Floats, Ints, Streams

_BASE = np.array([34_000.0, 46_000.0, 64_000.0, 92_000.0, 140_000.0])
_RISE, _MAY = 1.03, 4


def pay_rises(
    streams: Streams, people: People, exit_month: Ints, first: int
) -> tuple[Ints, Ints, Bools, Floats]:
    """Row, month, whether it is the first on file, and EUR a year, wherever pay is set."""
    start = people.hire_month.clip(0)
    month = np.arange(MONTHS)
    change = (month % 12 == _MAY) & (month > start[:, None]) & (month < exit_month[:, None])
    change[np.arange(len(people)), start] = True
    row, at = np.nonzero(change)
    noise = normal(streams.scalar("pay", first, len(people)))
    own = _BASE[people.level - 1] * np.exp(0.12 * noise + 0.03 * people.ability)
    rises = (at + 12 - _MAY) // 12  # Mays since the company's calendar began
    hired = (at == start[row]) & (people.hire_month[row] >= 0)
    return row, at, hired, own[row] * _RISE**rises
