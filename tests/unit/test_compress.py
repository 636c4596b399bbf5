"""Moments by pattern give the answers of the people themselves, on random rolled-out designs.

The row-level answers are worked out here by textbook formulae on one array a person; nothing of
the compressed path is used. RELATIVE is the promise of the product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import covariance, person_chunks
from analysis.compress import NEVER, People, fold
from analysis.estimators.fixed_effects import event_study, two_way
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.imputation import imputation

RELATIVE = 1e-8
PERIODS = np.arange(1, 7)
STARTS = np.array([3, 5, NEVER])


@dataclass
class Drawn:
    """A random panel: outcomes (n, T) with nan where not seen."""

    y: np.ndarray
    cohort: np.ndarray
    x: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray

    def rows(self):
        person, period = np.nonzero(~np.isnan(self.y))
        cut = len(person) // 3
        for part in (slice(0, cut), slice(cut, cut), slice(cut, None)):
            yield person[part], period[part], self.y[person[part], period[part]]

    def moments(self, *, clustered: bool = False, keep_cross: bool = True):
        people = People(
            cohort=self.cohort,
            cell=self.x,
            cluster=self.cluster if clustered else None,
            weight=self.weight,
        )
        return fold(self.rows, people, PERIODS, keep_cross=keep_cross)


def draw(seed: int, *, gaps: bool, weighted: bool, level: float = 0.0) -> Drawn:
    rng = np.random.default_rng(seed)
    n = 90
    cohort = np.concatenate([STARTS, rng.choice(STARTS, n - 3)])
    x = rng.integers(0, 3, n)
    x[:9] = np.repeat([0, 1, 2], 3)
    cohort[:9] = np.tile(STARTS, 3)
    y = rng.normal(size=(n, 1)) + 0.3 * x[:, None] * PERIODS + rng.normal(size=(n, len(PERIODS)))
    y += (cohort[:, None] <= PERIODS) * 0.5 + level
    if gaps:
        seen = rng.random(y.shape) < 0.8
        seen[:9] = True
        y[~seen] = np.nan
        y[n - 1] = np.nan  # somebody without any outcome
    weight = rng.uniform(0.5, 2, n) if weighted else np.ones(n)
    return Drawn(y, cohort, x, weight, rng.integers(0, 12, n))


designs = st.builds(draw, st.integers(0, 10_000), gaps=st.booleans(), weighted=st.booleans())


def influence_by_person(d: Drawn, g: int, t: int, b: int, adjusted: bool):
    """(ATT, influence of each person (n,)), not-yet-treated comparison; Sant'Anna & Zhao 2020."""
    change = d.y[:, t] - d.y[:, b]
    treated = d.cohort == g
    compared = (d.cohort > PERIODS[max(t, b)]) & ~treated
    used = (treated | compared) & ~np.isnan(change)
    dy, big_d, w = change[used], treated[used] * 1.0, d.weight[used]
    x = np.column_stack([np.ones(used.sum()), *(d.x[used] == c for c in (1, 2))]) * 1.0
    if not adjusted:
        x = x[:, :1]
    n = used.sum()
    gamma = np.zeros(x.shape[1])
    for _ in range(40):
        p = 1 / (1 + np.exp(-x @ gamma))
        hessian = np.linalg.inv(x.T @ (x * (w * p * (1 - p))[:, None]))
        gamma = gamma + hessian @ (x.T @ (w * (big_d - p)))
    p = 1 / (1 + np.exp(-x @ gamma))
    c = 1 - big_d
    beta = np.linalg.lstsq(x * np.sqrt(w * c)[:, None], dy * np.sqrt(w * c), rcond=None)[0]
    out = x @ beta
    w_treat, w_cont = w * big_d, w * p * c / (1 - p)
    eta1 = np.mean(w_treat * (dy - out)) / np.mean(w_treat)
    eta0 = np.mean(w_cont * (dy - out)) / np.mean(w_cont)
    bread = np.linalg.inv(x.T @ (x * (w * c)[:, None]) / n)
    lin_ols = ((w * c * (dy - out))[:, None] * x) @ bread
    lin_ps = ((w * (big_d - p))[:, None] * x) @ (hessian * n)
    m1 = np.mean(w_treat[:, None] * x, axis=0)
    m2 = np.mean((w_cont * (dy - out - eta0))[:, None] * x, axis=0)
    m3 = np.mean(w_cont[:, None] * x, axis=0)
    treat = (w_treat * (dy - out - eta1) - lin_ols @ m1) / np.mean(w_treat)
    cont = (w_cont * (dy - out - eta0) + lin_ps @ m2 - lin_ols @ m3) / np.mean(w_cont)
    influence = np.zeros(len(d.y))
    influence[used] = (treat - cont) / n
    return eta1 - eta0, influence


@pytest.mark.parametrize("adjusted", [False, True])
@settings(max_examples=25, deadline=None)
@given(d=designs)
def test_group_time_effects(adjusted, d):
    covariates = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1]], dtype=float) if adjusted else None
    for moments in (d.moments(), d.moments(keep_cross=False)):
        found = att_by_group_and_time(moments, covariates=covariates)
        rows = [
            influence_by_person(d, g, t - 1, b - 1, adjusted)
            for g, t, b in zip(found.group, found.period, found.base, strict=True)
        ]
        known = ~np.isnan(found.att)
        assert known.sum() > 5
        assert found.att[known] == pytest.approx(np.array([a for a, _ in rows])[known], RELATIVE)
        psi = np.array([p for _, p in rows])[known]
        expected = psi @ psi.T
        covariance = found.covariance[: len(rows), : len(rows)][np.ix_(known, known)]
        assert covariance == pytest.approx(expected, RELATIVE, abs=RELATIVE * expected.max())


@settings(max_examples=15, deadline=None)
@given(d=designs)
def test_group_time_effects_clustered(d):
    found = att_by_group_and_time(d.moments(clustered=True))
    for k in np.flatnonzero(~np.isnan(found.att)):
        g, t, b = found.group[k], found.period[k] - 1, found.base[k] - 1
        _, psi = influence_by_person(d, g, t, b, adjusted=False)
        sums = np.bincount(d.cluster, psi)
        assert found.std_error[k] == pytest.approx(np.sqrt(sums @ sums), RELATIVE)


@pytest.mark.parametrize("clustered", [False, True])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), gaps=st.booleans(), weighted=st.booleans())
def test_proportional_effects(clustered, seed, gaps, weighted):
    """Log ratio of ratios of weighted means, delta method person by person; outcomes around 10."""
    d = draw(seed, gaps=gaps, weighted=weighted, level=10.0)
    for keep_cross in (True, False):
        moments = d.moments(clustered=clustered, keep_cross=keep_cross)
        found = att_by_group_and_time(moments, proportional=True)
        for k in np.flatnonzero(~np.isnan(found.att)):
            g, t, b = found.group[k], found.period[k] - 1, found.base[k] - 1
            both = ~np.isnan(d.y[:, t]) & ~np.isnan(d.y[:, b])
            value, psi = 0.0, np.zeros(len(d.y))
            for side, sign in ((d.cohort == g, 1), ((d.cohort > PERIODS[t]) & (d.cohort != g), -1)):
                w = np.where(side & both, d.weight, 0.0)
                late, early = (np.where(both, d.y[:, m], 0.0) for m in (t, b))
                value += sign * np.log((w @ late) / (w @ early))
                psi += sign * w * (late / (w @ late) - early / (w @ early))
            sums = np.bincount(d.cluster, psi) if clustered else psi
            assert found.att[k] == pytest.approx(value, RELATIVE, abs=RELATIVE)
            assert found.std_error[k] == pytest.approx(np.sqrt(sums @ sums), RELATIVE)


def least_squares(d: Drawn, treatment):
    """Weighted least squares with a dummy for everybody and every period, clustered by person.

    (coefficients of the treatment columns, their plain sandwich); treatment is (n, T, K).
    """
    person, period = np.nonzero(~np.isnan(d.y))
    _, code = np.unique(person, return_inverse=True)
    x = np.column_stack(
        [treatment[person, period], np.eye(code.max() + 1)[code], np.eye(len(PERIODS))[period, 1:]]
    )
    w = d.weight[person]
    y = d.y[person, period]
    bread = np.linalg.pinv(x.T @ (x * w[:, None]))
    beta = bread @ (x.T @ (w * y))
    score = (x * (w * (y - x @ beta))[:, None]) @ bread
    sums = np.zeros((code.max() + 1, x.shape[1]))
    np.add.at(sums, code, score)
    k = treatment.shape[2]
    return beta[:k], (sums.T @ sums)[:k, :k]


@settings(max_examples=25, deadline=None)
@given(d=designs)
def test_two_way_fixed_effects(d):
    treated = (d.cohort[:, None] <= PERIODS)[:, :, None] * 1.0
    beta, sandwich = least_squares(d, treated)
    for moments in (d.moments(), d.moments(keep_cross=False)):
        found = two_way(moments)
        assert found.estimate == pytest.approx(beta, RELATIVE)
        assert found.covariance == pytest.approx(sandwich, RELATIVE)


@settings(max_examples=15, deadline=None)
@given(d=designs)
def test_event_study(d):
    found = event_study(d.moments())
    event = PERIODS - np.where(d.cohort == NEVER, 0, d.cohort)[:, None]
    columns = (event[:, :, None] == found.labels) & (d.cohort < NEVER)[:, None, None]
    beta, sandwich = least_squares(d, columns * 1.0)
    assert -1 not in found.labels
    assert found.estimate == pytest.approx(beta, 1e-7)
    assert found.covariance == pytest.approx(sandwich, 1e-6, abs=RELATIVE * sandwich.max())


@settings(max_examples=15, deadline=None)
@given(d=designs)
def test_imputation(d):
    """Fit people and periods to untreated months, impute, average what is left."""
    untreated = ~np.isnan(d.y) & (d.cohort[:, None] > PERIODS)
    person, period = np.nonzero(untreated)
    x = np.column_stack([np.eye(len(d.y))[person], np.eye(len(PERIODS))[period, 1:]])
    w = np.sqrt(d.weight[person])
    beta = np.linalg.lstsq(x * w[:, None], d.y[person, period] * w, rcond=None)[0]
    level = np.where(untreated.any(axis=1), beta[: len(d.y)], np.nan)
    effect = np.concatenate([[0], beta[len(d.y) :]])
    seen = untreated.any(axis=0)
    gain = np.where(seen, d.y - level[:, None] - effect, np.nan)
    treated = ~np.isnan(gain) & (d.cohort[:, None] <= PERIODS)
    weights = np.broadcast_to(d.weight[:, None], d.y.shape)
    found = imputation(d.moments())
    expected = np.average(gain[treated], weights=weights[treated])
    assert found.estimate[0] == pytest.approx(expected, RELATIVE)
    plain = d.moments(keep_cross=False)
    assert found.std_error == pytest.approx(imputation(plain).std_error, RELATIVE)


def test_patterns_in_many_pieces_give_the_same(monkeypatch):
    """Influences are made some patterns at a time; how many is a matter of memory alone."""
    found = []
    for numbers in (2_000_000, 50):
        monkeypatch.setattr(covariance, "_NUMBERS_AT_ONCE", numbers)
        for clustered in (False, True):
            for keep_cross in (False, True):
                moments = draw(4, gaps=True, weighted=True).moments(
                    clustered=clustered, keep_cross=keep_cross
                )
                made = [imputation(moments), event_study(moments), two_way(moments)]
                found.append(np.concatenate([m.covariance.ravel() for m in made]))
    for whole, pieces in zip(found[:4], found[4:], strict=True):
        assert pieces == pytest.approx(whole, RELATIVE, abs=RELATIVE * np.abs(whole).max())


def test_large_means_keep_their_digits():
    """Outcomes of a million with a spread of one: centring before squaring keeps the variance."""
    near = att_by_group_and_time(draw(1, gaps=True, weighted=False).moments())
    far = att_by_group_and_time(draw(1, gaps=True, weighted=False, level=1e6).moments())
    assert far.att == pytest.approx(near.att, rel=1e-7, abs=1e-9)
    assert far.std_error == pytest.approx(near.std_error, rel=1e-7)


def test_compression_says_how_many_people_a_pattern_stands_for():
    drawn = draw(3, gaps=False, weighted=False)
    assert drawn.moments().compression == pytest.approx(90 / 9)  # three cohorts, three cells


@pytest.mark.parametrize("size", [1, 7, 90])
def test_chunks_add_up(monkeypatch, size):
    """However many people are held at a time; some chunks have nobody with an outcome."""
    drawn = draw(5, gaps=True, weighted=True)
    drawn.y[20:40] = np.nan
    whole = drawn.moments()
    monkeypatch.setattr(person_chunks, "CHUNK", size)
    parts = drawn.moments()
    shift = whole.centre - parts.centre  # each centres by the means of its first chunk
    assert (parts.observed == whole.observed).all()
    assert (parts.people == whole.people).all()
    moved = whole.total + whole.weight[:, None] * np.where(whole.observed, shift, 0.0)
    assert parts.total == pytest.approx(moved, rel=RELATIVE, abs=RELATIVE)
    left, right = att_by_group_and_time(whole), att_by_group_and_time(parts)
    assert right.att == pytest.approx(left.att, RELATIVE, nan_ok=True)
    assert right.std_error == pytest.approx(left.std_error, RELATIVE, nan_ok=True)


TWO = People(cohort=np.array([2, NEVER]), cell=np.array([0, 0]))


@pytest.mark.parametrize(
    ("person", "period", "problem"),
    [
        ([1, 0], [0, 0], "not sorted"),
        ([0, 0], [1, 0], "not sorted"),
        ([0, 0], [1, 1], "twice"),
        ([0, 2], [0, 0], "outside the people and periods"),
        ([0, 1], [0, 6], "outside the people and periods"),
        ([0, 1], [-1, 0], "outside the people and periods"),
    ],
)
def test_rows_that_are_no_sorted_panel(person, period, problem):
    """Refused within a batch, and across two."""
    rows = (np.array(person), np.array(period), np.ones(2))
    with pytest.raises(ValueError, match=problem):
        fold(lambda: [rows], TWO, PERIODS)
    with pytest.raises(ValueError, match=problem):
        fold(lambda: [tuple(p[:1] for p in rows), tuple(p[1:] for p in rows)], TWO, PERIODS)


def test_nobody_with_an_outcome():
    people = People(cohort=np.array([3]), cell=np.array([0]))
    with pytest.raises(ValueError, match="without outcomes"):
        fold(lambda: [], people, PERIODS)
