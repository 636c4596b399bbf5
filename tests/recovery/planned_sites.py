"""Roll-outs with the effect their plan says is found: half of the sites at once, or waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.compress import NEVER, People, fold
from analysis.finding import Flow
from analysis.planning.power import smallest_difference
from analysis.planning.sites import SiteSpread, site_spread
from analysis.planning.waves import smallest_in_waves, waves_of
from analysis.roll_out import effects_of
from analysis.roll_out_panel import RollOut
from analysis.roll_out_results import window_result
from tests.detection.data import panel, study
from tests.recovery.planned import ON_A_MONTH, POWER, STUDIES

if TYPE_CHECKING:
    from analysis.study import StudySpec

SITES = 24
PERIODS = np.arange(1, 31)
SITED = study("rollout", cluster="site", follow_up={"months": 6, "primary": ON_A_MONTH})
DRAWN = SITED.model_copy(update={"rollout": SITED.rollout.model_copy(update={"drawn": True})})


def _sites(months: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Site of each person, and outcomes by month: shocks of sites that last, and of people."""
    site = np.repeat(np.arange(SITES), rng.integers(10, 31, SITES))
    size = (SITES, months)
    shock = 0.25 * rng.normal(size=size) + 0.05 * rng.normal(size=size).cumsum(axis=1)
    own = rng.normal(size=(len(site), 1)) + rng.normal(size=(len(site), months))
    return site, shock[site] + own


def _past_of_sites(rng: np.random.Generator) -> SiteSpread:
    """From three spans of the past half a year apart, each with the year before it."""
    site, value = _sites(31, rng)
    at = (24, 18, 12)
    frames = [
        panel(
            np.zeros(len(site), dtype=bool),
            {m: value[:, a + m] for m in range(-12, 7)}, cluster=site,
        )
        for a in at
    ]  # fmt: skip
    spread = site_spread(frames, SITED, np.bincount(site).astype(float))
    assert spread is not None
    return spread


def _sites_found(
    starts: np.ndarray, effect: float, rng: np.random.Generator, spec: StudySpec = SITED
) -> bool:
    site, value = _sites(len(PERIODS), rng)
    cohort = rng.permutation(starts)[site]
    value = value + effect * (cohort[:, None] <= PERIODS)
    person, month = np.indices(value.shape)
    rows = (person.ravel(), month.ravel(), value.ravel())
    people = People(cohort=cohort, cell=np.zeros(len(site), dtype=int), cluster=site)
    made = RollOut(
        moments=fold(lambda: [rows], people, PERIODS),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip
    effects = effects_of(made, spec)
    return window_result(effects, ON_A_MONTH, name="x", role="headline").p_value < 0.05


def half_of_sites(rng: np.random.Generator) -> list[bool]:
    """Half of the sites start in one month."""
    variance = _past_of_sites(rng).variance(ON_A_MONTH, -1)
    effect = smallest_difference(variance, SITES / 2, SITES / 2, POWER)
    starts = np.repeat([14, NEVER], SITES // 2)
    return [_sites_found(starts, effect, rng) for _ in range(STUDIES)]


def waves_of_sites(rng: np.random.Generator, spec: StudySpec = SITED) -> list[bool]:
    """A quarter of the sites each in three months, a quarter never."""
    months = np.repeat([14, 18, 22, NEVER], SITES // 4)
    spread = _past_of_sites(rng)
    day = [pd.Timestamp(2023, 1, 1) + pd.DateOffset(months=int(m)) if m < NEVER else pd.NaT
           for m in rng.permutation(months)]  # fmt: skip
    waves = waves_of(pd.Series(day), pd.Series(spread.people))
    smallest = smallest_in_waves(spread, waves, spec, ON_A_MONTH)
    assert smallest is not None
    effect = smallest(POWER)
    return [_sites_found(months, effect, rng, spec) for _ in range(STUDIES)]


def drawn_waves(rng: np.random.Generator) -> list[bool]:
    """The same where starts were drawn, and the headline permutes them."""
    return waves_of_sites(rng, DRAWN)
