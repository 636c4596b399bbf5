"""Plans of roll-outs: the spread of sites, and the errors that the headline reports of waves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.compress import NEVER as NO_MONTH
from analysis.compress import People, fold
from analysis.finding import Flow
from analysis.planning.months import NEVER
from analysis.planning.power import critical_t, errors_needed
from analysis.planning.sites import SiteSpread, site_spread
from analysis.planning.waves import Waves, errors_of, smallest_in_waves, waves_of
from analysis.roll_out import effects_of
from analysis.roll_out_panel import RollOut
from analysis.roll_out_results import window_result
from tests.detection.data import panel, study

STARTS = np.repeat([0, 4, 8, NEVER], [5, 6, 4, 7])
PEOPLE = np.random.default_rng(3).integers(3, 9, len(STARTS))
WAVES = Waves(start=STARTS, people=PEOPLE.astype(float))


def _spec(**rollout: object):
    return study("rollout", cluster="site", rollout=rollout,
                 follow_up={"months": 6, "primary": [1, 6]})  # fmt: skip


def _levels(sites: int, lags: int) -> SiteSpread:
    """Months that are independent, with variance 1: any two differ with variance 2."""
    change = np.r_[0.0, np.full(lags, 2.0)]
    return SiteSpread(change=change, people=np.ones(sites))


def test_changes_of_sites_by_hand() -> None:
    """Three sites of 2, 1 and 1 people change by 0, 4 and 0: mean 1, shares 1/2, 1/4, 1/4.

    Squares of share x rest: 1/4 + 9/16 + 1/16 = 7/8; the divisor sums share^2 (1 - 2 share + 3/8):
    1/4 x 3/8 + 2 x 1/16 x 7/8 = 13/64.
    """
    frame = panel(
        np.zeros(5, dtype=bool),
        {-1: np.array([1.0, 3, 0, 5, 9]), 1: np.array([2.0, 2, 4, 5, np.nan])},
        cluster=np.array([0, 0, 1, 2, 2]),
    )  # fmt: skip
    found = site_spread([frame], _spec(), np.array([2.0, 1, 1]))
    assert found.sites == 3
    assert found.change[2] == pytest.approx((7 / 8) / (13 / 64))
    assert np.isnan(found.change[:2]).all()
    assert site_spread([frame], _spec(), np.ones(2)) is None


def test_half_of_the_sites_in_one_month() -> None:
    """Independent months of variance 1: the mean of six less one month has 1 + 1/6."""
    assert _levels(20, 10).variance((1, 6), -1) == pytest.approx(7 / 6)
    uneven = SiteSpread(change=np.r_[0.0, np.full(10, 2.0)], people=np.array([1.0, 3.0]))
    assert uneven.variance((1, 6), -1) == pytest.approx(7 / 6 * 5 / 4)


def test_one_wave_is_a_comparison_of_two_halves() -> None:
    """Ten sites against ten: variance 2/10, reported before its factor 18/20 of it, 18 df."""
    waves = Waves(start=np.repeat([0, NEVER], 10), people=np.ones(20))
    made = errors_of(_levels(20, 10), waves, _spec(), (1, 6))
    assert made.variance == pytest.approx(7 / 6 * 2 / 10)
    assert made.reported == pytest.approx(made.variance * 18 / 20)
    assert made.df == pytest.approx(18)
    found = smallest_in_waves(_levels(20, 10), waves, _spec(), (1, 6))(0.8)
    assert found == pytest.approx(errors_needed(0.8, df=18) * made.variance**0.5)


def _headline(value: np.ndarray, **rollout: object) -> tuple[float, float]:
    """Estimate and variance without a factor, of people alike in a site, sites' months given."""
    site = np.repeat(np.arange(len(STARTS)), PEOPLE)
    rows = value[site]
    person, month = np.indices(rows.shape)
    cohort = np.where(STARTS < NEVER, STARTS + 1, NO_MONTH)[site]
    people = People(cohort=cohort, cell=np.zeros(len(site), dtype=int), cluster=site)
    listed = (person.ravel(), month.ravel(), rows.ravel())
    made = RollOut(
        moments=fold(lambda: [listed], people, np.arange(value.shape[1])),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip
    effects = effects_of(made, _spec(**rollout))
    found = window_result(effects, (1, 6), name="x", role="headline")
    return found.estimate, found.std_error**2 / effects.factor


@pytest.mark.parametrize("control", ["not_yet", "never"])
def test_expected_errors_are_those_the_headline_reports_on_average(control: str) -> None:
    """100 draws of independent months: means of squares within four of their own errors."""
    rng, draws = np.random.default_rng(12), 100
    made = errors_of(_levels(len(STARTS), 15), WAVES, _spec(control=control), (1, 6))
    found = np.array([_headline(rng.normal(size=(len(STARTS), 15)), control=control)
                      for _ in range(draws)])  # fmt: skip
    assert (found[:, 0] ** 2).mean() == pytest.approx(made.variance, rel=4 * (2 / draws) ** 0.5)
    own = (2 / made.df / draws) ** 0.5
    assert found[:, 1].mean() == pytest.approx(made.reported, rel=4 * own)
    spread = found[:, 1].var() / found[:, 1].mean() ** 2
    assert 2 / spread == pytest.approx(made.df, rel=4 * (2 / draws) ** 0.5)


def test_recorded_starts_become_waves() -> None:
    days = pd.Series(
        pd.to_datetime(["2024-04-01", None, "2024-01-01", "2024-04-01"]), index=list("abcd")
    )
    waves = waves_of(days, pd.Series([3, 4, 5, 6], index=list("abcd")))
    assert waves.start.tolist() == [0, 3, 3, NEVER]
    assert waves.people.tolist() == [5, 3, 6, 4]
    assert (waves.number, waves.groups) == (2, 3)


def test_nobody_waits_for_the_only_wave() -> None:
    alone = Waves(start=np.zeros(10, dtype=int), people=np.ones(10))
    assert smallest_in_waves(_levels(10, 10), alone, _spec(), (1, 6)) is None


def test_drawn_starts_are_told_by_their_own_distribution() -> None:
    """The factor of few sites does not count: only the df of the reported errors do."""
    spread = _levels(len(STARTS), 15)
    made = errors_of(spread, WAVES, _spec(), (1, 6))
    drawn = smallest_in_waves(spread, WAVES, _spec(drawn=True), (1, 6))(0.8)
    assert drawn == pytest.approx(errors_needed(0.8, df=made.df) * made.variance**0.5)
    by_t = smallest_in_waves(spread, WAVES, _spec(), (1, 6))(0.8)
    wider = (22 / 18 * made.reported / made.variance) ** 0.5
    told = errors_needed(0.8, made.df, critical_t(18) * wider) * made.variance**0.5
    assert drawn < by_t == pytest.approx(told)


def test_many_sites_are_told_by_some_of_them() -> None:
    """Every third of 900: variances and degrees of freedom of all."""
    waves = Waves(start=np.repeat([0, 4, NEVER], 300), people=np.ones(900))
    few = Waves(start=np.repeat([0, 4, NEVER], 100), people=np.ones(300))
    spread = _levels(900, 12)
    all_of, some = (errors_of(spread, w, _spec(), (1, 6)) for w in (waves, few))
    assert all_of.variance == pytest.approx(some.variance / 3, rel=0.03)
    assert all_of.df == pytest.approx(3 * some.df, rel=0.03)
