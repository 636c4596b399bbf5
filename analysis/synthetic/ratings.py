"""Yearly and mid-year ratings: mostly about the rater."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.streams import MONTHLY, Bools, Floats, Ints, normal

if TYPE_CHECKING:
    from analysis.synthetic.people import People
    from analysis.synthetic.streams import Streams

YEARLY = (11, 23, 35)  # the cycle of December 2025 is not dated before 2026
MID_YEAR = (5, 17, 29, 41)
CYCLES = np.array(sorted((*YEARLY, *MID_YEAR)))
DATED_AFTER = np.where(np.isin(CYCLES, YEARLY), 2, 1)  # months until a rating is on file
FOUR_POINTS = 35  # the cycle with four points, 1 the best
MID_YEAR_SHARE = 0.25
FIVE = np.array([-1.88, -1.28, 0.31, 1.41])
FOUR = np.array([-1.5, 0.31, 1.41])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Latent rating nobody mentored and who has one, shape (people, 7); see CYCLES."""

    latent: Floats
    asked: Bools


def draw_ratings(
    streams: Streams, people: People, seat: Ints, since: Ints, severity: Floats, first: int
) -> Ratings:
    """Ratings of people first.. by the raters of each cycle; ``severity`` has shape (n, 7).

    A pair of rater and ratee keeps its disturbance: it is addressed by the month from which they
    have been together, of which ``since`` and the ``seat`` are proxies.
    """
    n = len(people)
    pair = normal(streams.monthly("rating.pair", first, n))
    column = (since + 7 * seat) % MONTHLY
    together = np.take_along_axis(pair, column, axis=1)
    noise = normal(streams.monthly("rating.noise", first, n)[:, CYCLES])
    latent = 0.5 * people.ability[:, None] + np.sqrt(0.20) * severity
    latent = latent + np.sqrt(0.35) * together + np.sqrt(0.20) * noise
    picked = streams.monthly("rating.mid_year", first, n)[:, CYCLES] < MID_YEAR_SHARE
    return Ratings(latent=latent, asked=picked | np.isin(CYCLES, YEARLY))


def points(latent: Floats, four: Bools | bool = False) -> Ints:
    """Rating on the printed scale: five points, 5 the best, or four points, 1 the best."""
    return np.where(four, 4 - np.searchsorted(FOUR, latent), 1 + np.searchsorted(FIVE, latent))
