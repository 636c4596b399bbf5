"""Questionnaire items: a trait and noise, cut to the printed scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from analysis.synthetic.streams import Floats, Ints, normal
from analysis.synthetic.surveys import WAVES

if TYPE_CHECKING:
    from analysis.synthetic.streams import Streams
    from analysis.synthetic.surveys import Feelings


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A scale of ``items`` items that share ``loading`` of their variance with the trait."""

    name: str
    items: int
    loading: float
    cuts: tuple[float, ...]
    first: int  # column of its first item


TIS = Instrument(name="tis", items=6, loading=0.44, cuts=(-1.1, -0.25, 0.50, 1.35), first=0)
CONGRUENCE = Instrument(
    name="value_congruence", items=3, loading=0.72, cuts=(-2, -1.3, -0.7, -0.1, 0.6, 1.4), first=6
)
KNOWLEDGE = Instrument(
    name="knowledge", items=6, loading=0.45, cuts=(-2, -1.2, -0.35, 0.75), first=9
)
MFQ = Instrument(name="mfq", items=9, loading=0.68, cuts=(-1.8, -1.0, -0.1, 0.9), first=15)
INSTRUMENTS = (TIS, CONGRUENCE, KNOWLEDGE, MFQ)
COLUMNS = 24
INVERTED = (1, 3)  # items of TIS-6, from 0, that are worded the other way round
FLIPPED_WAVE, FLIPPED_ITEM = 4, 4  # the fifth wave printed this item's anchors reversed
_SUBSCALES = 0.80  # correlation of the three traits of MFQ-9


def draw_item_noise(streams: Streams, first: int, n: int) -> Floats:
    """Disturbances of people first..first+n-1, shape (n, 8 waves, 24 items); in every world."""
    return normal(item_uniforms(streams, first, n))


def item_uniforms(streams: Streams, first: int, n: int) -> Floats:
    """What the disturbances are made of, for callers who need few of them."""
    width = len(WAVES) * COLUMNS
    return streams.rows("survey.items", first, n, width).reshape(n, len(WAVES), COLUMNS)


def answers_to(instrument: Instrument, trait: Floats, noise: Floats) -> Ints:
    """Answers 1.. with high meaning much of the trait; ``noise`` has a last axis of 24 items.

    ``trait`` lacks that axis or has one of the instrument's items.
    """
    own = noise[..., instrument.first : instrument.first + instrument.items]
    trait = trait if trait.ndim == own.ndim else trait[..., None]
    x = np.sqrt(instrument.loading) * trait + np.sqrt(1 - instrument.loading) * own
    return np.asarray(1 + np.searchsorted(instrument.cuts, x))


def score(instrument: Instrument, trait: Floats, noise: Floats) -> Floats:
    """Mean of the items, on the printed scale."""
    return np.asarray(answers_to(instrument, trait, noise).mean(axis=-1))


def expected_score(instrument: Instrument, mean: Floats, variance: float) -> Floats:
    """Mean of the items when the trait is normal with this mean and variance."""
    share = instrument.loading
    spread = np.sqrt(share * variance + 1 - share)
    cuts = np.array(instrument.cuts)
    return np.asarray(1 + ndtr((np.sqrt(share) * mean[..., None] - cuts) / spread).sum(axis=-1))


def as_printed(answers: Ints) -> Ints:
    """TIS-6 as people tick it, shape (people, 8, 6): worded and printed the other way round."""
    printed = answers.copy()
    printed[..., INVERTED] = 6 - printed[..., INVERTED]
    printed[:, FLIPPED_WAVE, FLIPPED_ITEM] = 6 - printed[:, FLIPPED_WAVE, FLIPPED_ITEM]
    return printed


def mentoring_functions(streams: Streams, first: int, n: int) -> Floats:
    """Traits behind the nine items of MFQ-9 by wave, shape (n, 8, 9): three of a kind."""
    u = normal(streams.rows("survey.mfq", first, n, 4 * len(WAVES))).reshape(n, len(WAVES), 4)
    three = np.sqrt(_SUBSCALES) * u[..., :1] + np.sqrt(1 - _SUBSCALES) * u[..., 1:]
    return np.asarray(np.repeat(three, 3, axis=-1))


def all_items(felt: Feelings, functions: Floats, noise: Floats) -> Ints:
    """Every item as ticked, shape (people, 8, 24)."""
    intention, congruence, knowledge = felt.standardised()
    return np.concatenate(
        [
            as_printed(answers_to(TIS, intention, noise)),
            answers_to(CONGRUENCE, congruence, noise),
            answers_to(KNOWLEDGE, knowledge, noise),
            answers_to(MFQ, functions, noise),
        ],
        axis=-1,
    )
