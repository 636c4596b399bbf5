"""Weights of comparators who start later, where nobody starts soon after they could."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.exits.calendar import calendar_month
from analysis.exits.careers import NEVER, Careers, Covariate
from analysis.exits.columns import baseline_of
from analysis.exits.entries import sequential
from analysis.exits.start_weights import StartWeights, start_weights
from analysis.synthetic.company import draw_company
from tests.synthetic_careers import opt_in_careers


@pytest.fixture(scope="module")
def changing() -> Careers:
    """People of a company, with something that comes and goes at random."""
    careers = opt_in_careers(draw_company("default", size=2_000, seed=11))
    codes = np.random.default_rng(1).integers(0, 2, careers.eligible.shape).astype(np.int16)
    return replace(careers, covariates=(Covariate(name="x", codes=codes, labels=("a", "b")),))


def weighted(careers: Careers) -> StartWeights:
    made = start_weights(careers, sequential(careers, 12), baseline_of(careers))
    assert not isinstance(made, str), made
    return made


def test_where_nobody_starts_in_the_first_months_the_others_are_weighted(changing: Careers) -> None:
    """Matching takes two months: who could start for less has no chance to, and keeps weight 1."""
    soon = changing.start < changing.zero + 62
    made = weighted(replace(changing, start=np.where(soon, NEVER, changing.start)))
    assert made.mean == pytest.approx(1, abs=0.02)
    assert made.largest < 2


def test_where_months_and_waiting_tell_starts_apart_covariates_stay(changing: Careers) -> None:
    """Nobody starts in the month in which they could first, but in the first month of all."""
    known = np.where(changing.start < NEVER, changing.start, 0)
    first = int(calendar_month(changing.zero).min())
    at_once = calendar_month(known) == calendar_month(changing.zero)
    late = at_once & (calendar_month(changing.zero) > first)
    opening = calendar_month(changing.zero) == first
    start = np.where(late, NEVER, changing.start)
    start = np.where(opening & (np.arange(len(start)) % 3 == 0), changing.zero, start)
    made = weighted(replace(changing, start=start))
    assert made.mean == pytest.approx(1, abs=0.05)
    assert made.largest < 20
