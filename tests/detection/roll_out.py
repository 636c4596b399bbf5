"""Sites that drifted along a line before they started, against sites that never do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.compress import NEVER, People, fold
from analysis.finding import Flow
from analysis.roll_out import effects_of, leads_alike
from analysis.roll_out_panel import RollOut
from tests.detection.curve import Gate
from tests.detection.data import study

if TYPE_CHECKING:
    from analysis.study import StudySpec

FEW, MANY, A_SITE = 20, 60, 2
MONTHS, START = np.arange(1, 20), 14
LEADS = ((-12, -9), (-8, -5), (-4, -2))
LEVEL, SIMULTANEOUS = 0.01, 0.05
INTEREST = 1.0  # effect of interest, standard deviations of a month of a site
DRAWN = 20_000  # sets of three contrasts, for the theory


def site_study(interest: float | None) -> StudySpec:
    more = {} if interest is None else {"effect_of_interest": interest}
    return study("rollout", cluster="site", rollout={"control": "never"}, **more)


def drifting(slope: float, sites: int, rng: np.random.Generator) -> RollOut:
    """Half of the sites start in month 14; a month of a site is its line and a normal."""
    cohort = np.where(np.arange(sites) < sites // 2, START, NEVER)
    line = slope * np.minimum(MONTHS - START + 1, 0) * (cohort == START)[:, None]
    site = np.repeat(np.arange(sites), A_SITE)
    value = (line + rng.normal(size=(sites, len(MONTHS))))[site]
    person, month = np.indices(value.shape)
    rows = (person.ravel(), month.ravel(), value.ravel())
    people = People(cohort=cohort[site], cell=np.zeros(len(site), dtype=int), cluster=site)
    return RollOut(
        moments=fold(lambda: [rows], people, MONTHS),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip


def status(slope: float, rng: np.random.Generator, sites: int, interest: float | None) -> str:
    """The pre-trend check as a study makes it."""
    spec, made = site_study(interest), drifting(slope, sites, rng)
    return leads_alike(spec, effects_of(made, spec)).status


def _contrasts() -> tuple[np.ndarray, np.ndarray]:
    """Leads of a slope of one (3,), and the covariance of a site's three (3, 3)."""
    months = np.arange(-12, 0)  # the last is the base
    rows = np.array([(months >= a) & (months <= b) for a, b in LEADS], dtype=float)
    rows /= rows.sum(axis=1, keepdims=True)
    rows[:, -1] -= 1
    return rows @ (months + 1.0), rows @ rows.T


def joint_theory(slope: float, sites: int) -> float:
    """Two-sample Hotelling T2, noncentral F(3, sites - 4), above its own 1 % point."""
    line, one = _contrasts()
    df, noncentral = sites - 4, slope**2 * line @ np.linalg.solve(one, line) * sites / 4
    if not slope:
        return LEVEL
    critical = stats.f.isf(LEVEL, 3, df)
    return float(np.nan_to_num(stats.ncf.sf(critical, 3, df, noncentral), nan=1.0))


@lru_cache(maxsize=2)
def _noise(sites: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the leads, and estimates of their covariance (Wishart), many times."""
    rng, variance = np.random.default_rng(5), 4 / sites * _contrasts()[1]
    errors = rng.multivariate_normal(np.zeros(3), variance, DRAWN)
    return errors, stats.wishart(sites - 2, variance / (sites - 2)).rvs(DRAWN, random_state=rng)


def sure_theory(slope: float, sites: int) -> float:
    """The same, and the largest lead surely over half the effect of interest (t, Bonferroni)."""
    errors, found = _noise(sites)
    leads, df = errors + slope * _contrasts()[0], sites - 2
    square = np.einsum("ij,ij->i", leads, np.linalg.solve(found, leads[..., None])[..., 0])
    p = stats.f.sf(square * (df - 2) / (3 * df), 3, df - 2)
    largest, row = np.abs(leads).argmax(axis=1), np.arange(DRAWN)
    error = np.sqrt(found[row, largest, largest])
    reach = stats.t.isf(SIMULTANEOUS / 6, df) * error
    return float(((p < LEVEL) & (np.abs(leads[row, largest]) - reach > INTEREST / 2)).mean())


def _gate(name: str, sites: int, interest: float | None) -> Gate:
    theory = joint_theory if interest is None else sure_theory
    return Gate(
        name=name,
        planted="drift a month before the start, SD of a month",
        theory=lambda slope: theory(slope, sites),
        draw=lambda slope, rng: status(slope, rng, sites, interest),
        nominal=LEVEL,
        search=(0.0, 1.0),
        slack=0.01,
        how="noncentral F of Hotelling's T2" + ("" if interest is None else ", by simulation"),
    )


GATES = (
    _gate(f"pre-trend, {FEW} sites", FEW, None),
    _gate(f"pre-trend, {MANY} sites", MANY, None),
    _gate(f"pre-trend, {FEW} sites, surely over half the effect of interest", FEW, INTEREST),
)
