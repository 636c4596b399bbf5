"""Who comes back: places in the hiring schedule filled by people who left long before."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import NEVER, first_hit
from analysis.synthetic.exits import (
    END_OF_CONTRACT,
    INVOLUNTARY,
    KINDS,
    VOLUNTARY,
    Exits,
    combine,
    other_hazards,
    voluntary_force,
    voluntary_month,
)
from analysis.synthetic.streams import MONTHLY

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.streams import Ints, Streams

SHARE = 0.04  # of hires after month 12
_FROM = 13
_TRAITS = (
    "level", "fixed_term", "age", "ability", "motivation", "commitment", "intention", "origin",
)  # fmt: skip


def with_rehires(streams: Streams, people: People, exits: Exits) -> tuple[People, Exits]:
    """The same company with 4 % of late hires coming back; they left by month 12.

    No programme existed then, so who comes back is the same in every world.
    """
    slot = people.hire_month >= _FROM
    slot &= streams.scalar("rehire", 0, len(people)) < SHARE
    back, origin = _pairs(streams, people, exits, np.flatnonzero(slot))
    traits = {}
    for name in _TRAITS:
        traits[name] = getattr(people, name).copy()
        traits[name][back] = traits[name][origin]
    people = replace(people, **traits)
    return people, redrawn(streams, people, exits, back)


def redrawn(streams: Streams, people: People, exits: Exits, rows: Ints) -> Exits:
    """The same exits with those of a few rows drawn again, from the same uniforms."""
    again = _exits_of(streams, people.take(rows), rows)
    parts = {}
    for field in fields(Exits):
        parts[field.name] = getattr(exits, field.name).copy()
        parts[field.name][rows] = getattr(again, field.name)
    return Exits(**parts)


def _pairs(streams: Streams, people: People, exits: Exits, slots: Ints) -> tuple[Ints, Ints]:
    """Rows who come back and the rows of their first employment, within a department."""
    left = (exits.month < _FROM) & (people.hire_month < _FROM)
    left &= np.isin(exits.kind, (VOLUNTARY, INVOLUNTARY, END_OF_CONTRACT))
    leavers = np.flatnonzero(left)
    leavers = leavers[np.argsort(streams.scalar("rehire.who", 0, len(people))[leavers])]
    back, origin = [], []
    for code in np.unique(people.department):
        mine = slots[people.department[slots] == code]
        gone = leavers[people.department[leavers] == code]
        several = min(len(mine), len(gone))
        back.append(mine[:several])
        origin.append(gone[:several])
    return np.concatenate(back), np.concatenate(origin)


def _exits_of(streams: Streams, people: People, rows: Ints) -> Exits:
    """Exits of few and scattered rows."""
    n = len(people)
    other_month, other_kind = np.full(n, NEVER), np.zeros(n, dtype=np.int64)
    for kind, hazard in other_hazards(people).items():
        month = first_hit(streams.picked(f"exit.{KINDS[kind]}", rows, MONTHLY) < hazard)
        sooner = month < other_month
        other_month = np.where(sooner, month, other_month)
        other_kind = np.where(sooner, kind, other_kind)
    uniform = streams.picked("exit.voluntary", rows, MONTHLY)
    return combine(voluntary_month(uniform, voluntary_force(people)), other_month, other_kind)
