"""A pattern a person, and textbook sums over people: what clusters and imputation must equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from analysis.compress import NEVER, People, fold
from analysis.estimators.fixed_effects import event_study, two_way
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.imputation import imputation
from tests.unit.test_compress import PERIODS, RELATIVE, Drawn, designs

COVARIATES = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1]], dtype=float)


def rows_of(d: Drawn, *, clustered: bool):
    """Moments with a pattern for every person, as `--exact-rows` makes them."""
    cluster = d.cluster if clustered else None
    everyone = People(cohort=d.cohort, cell=np.arange(len(d.x)), cluster=cluster, weight=d.weight)
    moments = fold(d.rows, everyone, PERIODS, keep_cross=False)
    return replace(moments, cell=d.x[moments.cell])


@pytest.mark.parametrize("clustered", [False, True])
@settings(max_examples=15, deadline=None)
@given(d=designs)
def test_patterns_give_what_people_give(clustered, d):
    moments, people = d.moments(clustered=clustered), rows_of(d, clustered=clustered)
    assert people.compression == 1 < moments.compression
    for estimate in (
        att_by_group_and_time,
        lambda m: att_by_group_and_time(m, covariates=COVARIATES, base="universal"),
        two_way,
        event_study,
        imputation,
    ):
        found, exact = estimate(moments), estimate(people)
        name = "att" if hasattr(found, "att") else "estimate"
        points = getattr(exact, name)
        size = np.sqrt(np.nanmax(np.abs(exact.covariance)))
        assert getattr(found, name) == pytest.approx(
            points, RELATIVE, abs=RELATIVE * size, nan_ok=True
        )
        assert found.covariance == pytest.approx(
            exact.covariance, RELATIVE, abs=RELATIVE * size**2, nan_ok=True
        )


@settings(max_examples=15, deadline=None)
@given(d=designs)
def test_two_way_fixed_effects_clustered_by_site(d):
    """Weighted least squares with a dummy for everybody and every period, summed by site."""
    person, period = np.nonzero(~np.isnan(d.y))
    x = np.column_stack(
        [
            d.cohort[person] <= PERIODS[period],
            np.eye(len(d.y))[person],
            np.eye(len(PERIODS))[period, 1:],
        ]
    ).astype(float)
    w, y = d.weight[person], d.y[person, period]
    bread = np.linalg.pinv(x.T @ (x * w[:, None]))
    left = y - x @ (bread @ (x.T @ (w * y)))
    sums = np.bincount(d.cluster[person], w * left * (x @ bread[:, 0]))
    found = two_way(d.moments(clustered=True))
    assert found.covariance[0, 0] == pytest.approx(sums @ sums, RELATIVE)


@pytest.mark.parametrize("clustered", [False, True])
@settings(max_examples=15, deadline=None)
@given(d=designs)
def test_standard_error_of_imputation(clustered, d):
    """Borusyak, Jaravel and Spiess 2024, equation 6: the estimator is a sum of a y over rows; the
    residual of a treated row is its effect less the mean effect of its cohort and period.
    """
    person, period = np.nonzero(~np.isnan(d.y))
    after = d.cohort[person] <= PERIODS[period]
    known_person = np.isin(person, person[~after])
    known_period = np.isin(period, period[~after])
    treated = after & known_person & known_period
    w, y = d.weight[person], d.y[person, period]
    x = np.column_stack([np.eye(len(d.y))[person], np.eye(len(PERIODS))[period]])
    free, wf = x[~after], w[~after]
    solve = np.linalg.pinv(free.T @ (free * wf[:, None])) @ (free * wf[:, None]).T
    gain = y - x @ (solve @ y[~after])
    share = np.where(treated, w, 0) / w[treated].sum()
    a = share.copy()
    a[~after] = -(share @ x) @ solve
    left = gain.copy()
    for cohort in np.unique(d.cohort[d.cohort < NEVER]):
        for t in range(len(PERIODS)):
            same = treated & (d.cohort[person] == cohort) & (period == t)
            if same.any():
                left[same] -= np.average(gain[same], weights=w[same])
    left[after & ~treated] = 0
    unit = d.cluster if clustered else np.arange(len(d.y))
    sums = np.bincount(unit[person], a * left)
    found = imputation(d.moments(clustered=clustered))
    assert found.std_error[0] == pytest.approx(np.sqrt(sums @ sums), RELATIVE)
