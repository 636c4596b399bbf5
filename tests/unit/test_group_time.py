"""ATT(g,t) of small tables: who is compared with whom, from which month on, on which scale.

Outside numbers are statsmodels'; expected differences are worked out by hand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from analysis.compress import NEVER, Moments, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.goodman_bacon import decompose
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.imputation import imputation
from analysis.estimators.poisson_two_way import poisson_two_way

PERIODS = np.arange(1, 8)
EXACT = 1e-9


def moments(
    y: np.ndarray,
    cohort: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    keep_cross: bool = True,
) -> Moments:
    person, period = np.nonzero(~np.isnan(y))
    people = People(cohort=cohort, cell=np.zeros(len(y), dtype=int), weight=weight, cluster=cluster)
    periods = np.arange(1, y.shape[1] + 1)
    return fold(
        lambda: [(person, period, y[person, period])], people, periods, keep_cross=keep_cross
    )


def att(found, group: int, period: int) -> tuple[float, int]:
    """(ATT(g,t), base period)."""
    k = np.flatnonzero((found.group == group) & (found.period == period))[0]
    return float(found.att[k]), int(found.base[k])


# One person a cohort: starts in 5, in 7, never. Each outcome is a number of its own.
STEPS = np.array(
    [
        [0.0, 1, 3, 6, 20, 30, 40],
        [0.0, 0, 0, 1, 2, 4, 50],
        [1.0, 1, 2, 2, 3, 3, 3],
    ]
)
COHORTS = np.array([5, 7, NEVER])


@pytest.mark.parametrize(
    ("base", "period", "expected"),
    [
        # from two months before the start (5) on the base is month 2 = 5 - 2 - 1
        ("varying", 3, (2.0 - 1.0, 2)),
        ("varying", 5, (19.0 - 2.0, 2)),
        ("varying", 2, (1.0 - 0.0, 1)),
        ("universal", 1, (-1.0 - 0.0, 2)),
        ("universal", 2, (0.0, 2)),
    ],
)
def test_the_base_lies_before_the_anticipation(base, period, expected):
    found = att_by_group_and_time(
        moments(STEPS, COHORTS), control="never_treated", base=base, anticipation=2
    )
    assert att(found, 5, period) == pytest.approx(expected)


def test_not_yet_started_means_further_off_than_the_anticipation():
    """The person who starts in 7 is compared with in month 5 without anticipation, not with two."""
    plain = att_by_group_and_time(moments(STEPS, COHORTS))
    early = att_by_group_and_time(moments(STEPS, COHORTS), anticipation=2)
    assert att(plain, 5, 5) == pytest.approx((14.0 - (1.0 + 1.0) / 2, 4))
    assert att(early, 5, 5) == pytest.approx((19.0 - 2.0, 2))
    assert att(early, 5, 4) == pytest.approx((5.0 - (1.0 + 1.0) / 2, 2))


def test_whoever_starts_after_the_last_month_never_starts():
    late = np.where(COHORTS == NEVER, 9, COHORTS)
    found = att_by_group_and_time(moments(STEPS, late), control="never_treated")
    same = att_by_group_and_time(moments(STEPS, COHORTS), control="never_treated")
    assert found.att == pytest.approx(same.att)
    with_anticipation = att_by_group_and_time(
        moments(STEPS, late), control="never_treated", anticipation=2
    )
    assert np.isnan(with_anticipation.att[with_anticipation.period > 3]).all()


def test_imputation_fits_only_months_before_the_anticipation():
    """What moves in the two months before the start does not enter the imputed level."""
    moved = STEPS.copy()
    moved[0, 2:4] += 100
    found = imputation(moments(moved, COHORTS), anticipation=2)
    plain = imputation(moments(STEPS, COHORTS), anticipation=2)
    later, before = found.labels >= 0, np.isin(found.labels, (-2, -1))
    assert found.estimate[1:][later] == pytest.approx(plain.estimate[1:][later])
    assert found.estimate[0] == pytest.approx(plain.estimate[0])
    assert (found.estimate[1:][before] > plain.estimate[1:][before] + 40).all()


def counts(seed: int = 0, people: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts with many zeros, (outcomes, cohorts, clusters); effects multiply."""
    rng = np.random.default_rng(seed)
    cohort = rng.choice([4, 6, NEVER], people)
    cluster = rng.integers(0, 15, people)
    rate = np.exp(0.3 * rng.normal(size=(people, 1)) + 0.05 * PERIODS)
    rate = rate * np.where(cohort[:, None] <= PERIODS, 1.5, 1.0)
    return rng.poisson(rate).astype(float), cohort, cluster


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("keep_cross", [False, True])
def test_proportional_effects_are_poisson_regressions(clustered, keep_cross):
    """Wooldridge 2023: the saturated Poisson fit of two cohorts and two months, HC0 by cluster."""
    y, cohort, cluster = counts()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(y))
    made = moments(
        y, cohort, weight=weight, cluster=cluster if clustered else None, keep_cross=keep_cross
    )
    found = att_by_group_and_time(made, control="never_treated", proportional=True)
    k = np.flatnonzero((found.group == 4) & (found.period == 6))[0]
    used = np.isin(cohort, (4, NEVER))
    table = pd.DataFrame(
        {
            "y": np.concatenate([y[used, 2], y[used, 5]]),
            "treated": np.tile(cohort[used] == 4, 2) * 1.0,
            "after": np.repeat([0.0, 1.0], used.sum()),
            "w": np.tile(weight[used], 2),
            "c": np.tile((cluster if clustered else np.arange(len(y)))[used], 2),
        }
    )
    fit = smf.glm(
        "y ~ treated * after", table, family=sm.families.Poisson(), var_weights=table["w"]
    ).fit()
    # Its clustered covariance does not know weights: the sandwich of its own pieces.
    x = fit.model.exog
    mean = table["w"] * fit.fittedvalues
    bread = np.linalg.inv(x.T @ (x * mean.to_numpy()[:, None]))
    score = pd.DataFrame(x * (table["w"] * table["y"] - mean).to_numpy()[:, None])
    sums = score.groupby(table["c"]).sum().to_numpy()
    error = np.sqrt(np.diag(bread @ sums.T @ sums @ bread))[3]
    assert found.att[k] == pytest.approx(fit.params["treated:after"], rel=1e-7)
    assert found.std_error[k] == pytest.approx(error, rel=1e-6)


def test_poisson_two_way_is_the_fit_with_a_dummy_for_everybody():
    """Balanced, so effects of cohorts and of people give one coefficient."""
    y, cohort, _ = counts(3, 60)
    y[y.sum(axis=1) == 0, 0] = 1  # nobody without any outcome, whom dummies drop
    person, period = np.indices(y.shape)
    table = pd.DataFrame(
        {
            "y": y.ravel(),
            "person": person.ravel(),
            "period": period.ravel(),
            "d": (cohort[:, None] <= PERIODS).ravel() * 1.0,
        }
    )
    fit = smf.glm("y ~ d + C(person) + C(period)", table, family=sm.families.Poisson()).fit()
    value, _ = poisson_two_way(moments(y, cohort))
    assert value == pytest.approx(fit.params["d"], rel=1e-6)


def test_poisson_two_way_standard_error():
    """Sandwich over clusters of the pooled fit with dummies of cohorts, unbalanced."""
    y, cohort, cluster = counts(4)
    y[np.random.default_rng(2).random(y.shape) < 0.2] = np.nan
    person, period = np.nonzero(~np.isnan(y))
    table = pd.DataFrame(
        {
            "y": y[person, period],
            "cohort": cohort[person],
            "period": period,
            "d": (cohort[person] <= PERIODS[period]) * 1.0,
            "c": cluster[person],
        }
    )
    fit = smf.glm("y ~ d + C(cohort) + C(period)", table, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": table["c"], "use_correction": False}
    )
    value, error = poisson_two_way(moments(y, cohort, cluster=cluster))
    assert value == pytest.approx(fit.params["d"], rel=1e-7)
    assert error == pytest.approx(fit.bse["d"], rel=1e-6)


def test_no_mean_no_ratio():
    y = np.where(COHORTS[:, None] == NEVER, 0.0, STEPS + 1)
    found = att_by_group_and_time(
        moments(y, COHORTS), control="never_treated", proportional=True, base="universal"
    )
    assert np.isnan(found.att[found.period != found.base]).all()
    assert "no positive mean" in found.reason[0]
    with pytest.raises(ValueError, match="no covariates"):
        att_by_group_and_time(moments(y, COHORTS), proportional=True, covariates=np.ones((1, 1)))


def test_a_weight_of_two_is_two_people():
    """Every point estimate of a weighted panel equals that of the panel with people repeated."""
    y, cohort, _ = counts(7)
    y[np.random.default_rng(5).random(y.shape) < 0.15] = np.nan
    y[:40] = np.nan_to_num(y[:40], nan=1.0)  # some seen throughout, for Goodman-Bacon
    double = np.arange(len(y)) % 3 == 0
    weighted = moments(y, cohort, weight=np.where(double, 2.0, 1.0))
    again = np.concatenate([np.arange(len(y)), np.flatnonzero(double)])
    repeated = moments(y[again], cohort[again])
    for proportional in (False, True):
        one, other = (
            att_by_group_and_time(m, proportional=proportional) for m in (weighted, repeated)
        )
        assert one.att == pytest.approx(other.att, rel=EXACT)
        for kind in ("simple", "group", "event", "calendar"):
            a, b = aggregate(one, kind), aggregate(other, kind)
            assert a.estimate == pytest.approx(b.estimate, rel=EXACT)
            assert a.overall == pytest.approx(b.overall, rel=EXACT)
    assert imputation(weighted).estimate == pytest.approx(imputation(repeated).estimate, rel=EXACT)
    assert two_way(weighted).estimate == pytest.approx(two_way(repeated).estimate, rel=EXACT)
    assert poisson_two_way(weighted)[0] == pytest.approx(poisson_two_way(repeated)[0], rel=EXACT)
    pairs = [[(p.weight, p.estimate) for p in decompose(m)] for m in (weighted, repeated)]
    assert np.array(pairs[0]) == pytest.approx(np.array(pairs[1]), rel=EXACT)
