"""A stratified draw of lots that anybody can make again from the list, the seed and a hash.

A person's lot is a SHA-256 of the algorithm's name, the seed and the person's identifier. It does
not depend on who else is in the list or in which order, and a shell makes it:
``(echo mentorlift-lottery-1; echo SEED; echo -n PERSON) | sha256sum``. Within a stratum the lowest
lots win; the others wait in the order of theirs.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "mentorlift-lottery-1"
WON, LOST = "won", "lost"
Stratum = tuple[str, ...]  # the values of the columns within which lots are drawn


@dataclass(frozen=True, slots=True)
class Drawn:
    """One applicant after the draw; ``waiting`` is the place in the stratum's queue, from 1."""

    person: str
    stratum: Stratum
    arm: str
    waiting: int | None


def lot(seed: str, person: str) -> str:
    """The lot of a person, 64 hexadecimal digits; the lower, the better."""
    return hashlib.sha256(f"{ALGORITHM}\n{seed}\n{person}".encode()).hexdigest()


def allocate(sizes: Mapping[Stratum, int], places: int, seed: str) -> dict[Stratum, int]:
    """Places of each stratum in proportion to its size, by largest remainder (Hamilton).

    Of equal remainders the stratum with the lower lot comes first. No stratum gets more places
    than it has people.
    """
    total = sum(sizes.values())
    given = {stratum: places * size // total for stratum, size in sizes.items()}
    left = places - sum(given.values())
    order = sorted(
        sizes,
        key=lambda stratum: (
            -(places * sizes[stratum] % total),
            lot(seed, json.dumps(stratum, ensure_ascii=False)),
        ),
    )
    for stratum in order[:left]:
        given[stratum] += 1
    return given


def draw(applicants: Mapping[str, Stratum], places: int, seed: str) -> tuple[Drawn, ...]:
    """Everybody who applied, by stratum: those who won, then those who wait, in order of the lots.

    ``applicants`` maps each person to a stratum. Raises SpecError where there is nothing to draw.
    """
    if not 0 < places < len(applicants):
        raise SpecError(
            "places",
            f"{places:,} places for {len(applicants):,} applicants leave nothing to draw",
            "Name at least one place, and fewer than there are applicants.",
        )
    members: dict[Stratum, list[str]] = defaultdict(list)
    for person, stratum in applicants.items():
        members[stratum].append(person)
    given = allocate({s: len(people) for s, people in members.items()}, places, seed)
    made: list[Drawn] = []
    for stratum in sorted(members):
        won = given[stratum]
        for rank, person in enumerate(sorted(members[stratum], key=lambda p: lot(seed, p)), 1):
            lost = rank > won
            made.append(Drawn(person, stratum, LOST if lost else WON, rank - won if lost else None))
    return tuple(made)
