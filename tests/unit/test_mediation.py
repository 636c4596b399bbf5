"""Linear mediation: products of coefficients equal predictions of regressions made row by row."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.estimators.mediation import Paths, columns, path_effects
from analysis.estimators.mediation_sensitivity import sensitivity
from analysis.estimators.moment_bootstrap import resample

ROUNDING = 1e-9  # two ways to the same least squares


@pytest.fixture(scope="module")
def data():
    """600 people: two covariates, a drawn exposure, two mediators (A moves B), a moderator."""
    rng = np.random.default_rng(3)
    n = 600
    x = np.array([50.0, -3.0]) + rng.normal(size=(n, 2))
    t = rng.integers(0, 2, n).astype(float)
    w = rng.integers(1, 6, n).astype(float)
    a = 4 + 0.5 * t + 0.2 * t * w + 0.1 * x[:, 0] + rng.normal(size=n)
    b = 2 + 0.3 * t + 0.4 * a + rng.normal(size=n)
    y = 1 + 0.2 * t + 0.6 * a - 0.5 * b + 0.3 * t * a + 0.05 * w * a + x[:, 1] + rng.normal(size=n)
    return {"x": x, "t": t, "w": w, "m": np.column_stack([a, b]), "y": y}


def fitted(y, *parts):
    """Coefficients of a regression with a constant first, in the order of the parts."""
    return sm.OLS(y, np.column_stack([np.ones(len(y)), *parts])).fit().params


def effects(data, paths, *, names=2):
    made = columns(
        paths, np.column_stack([np.ones(len(data["y"])), data["x"]]), data["t"],
        data["m"][:, :names], data["y"], data["w"] if paths.moderates else None,
    )  # fmt: skip
    found = path_effects(paths, (made.T @ made)[None])
    return {name: value.item() for name, value in found.items()}


def test_parallel(data):
    x, t, m, y = (data[k] for k in ("x", "t", "m", "y"))
    moved = [fitted(m[:, j], t, x)[1] for j in (0, 1)]
    direct, *does = fitted(y, t, m, x)[1:4]
    found = effects(data, Paths(names=("A", "B"), controls=3))
    assert found["acme.A"] == pytest.approx(moved[0] * does[0], rel=ROUNDING)
    assert found["acme.B"] == pytest.approx(moved[1] * does[1], rel=ROUNDING)
    assert found["ade"] == pytest.approx(direct, rel=ROUNDING)
    # what is left of the outcome's own regression: the two ways add up to all of it
    assert found["total"] == pytest.approx(fitted(y, t, x)[1], rel=ROUNDING)
    assert found["proportion"] == pytest.approx(found["acme"] / found["total"], rel=ROUNDING)


def test_serial(data):
    """A moves B: three ways, and the same joint and total effect as in parallel."""
    x, t, m, y = (data[k] for k in ("x", "t", "m", "y"))
    moved_a = fitted(m[:, 0], t, x)[1]
    moved_b, passed = fitted(m[:, 1], t, m[:, 0], x)[1:3]
    _, does_a, does_b = fitted(y, t, m, x)[1:4]
    found = effects(data, Paths(names=("A", "B"), controls=3, order="serial"))
    assert found["acme.A"] == pytest.approx(moved_a * does_a, rel=ROUNDING)
    assert found["acme.B"] == pytest.approx(moved_b * does_b, rel=ROUNDING)
    assert found["acme.A>B"] == pytest.approx(moved_a * passed * does_b, rel=ROUNDING)
    parallel = effects(data, Paths(names=("A", "B"), controls=3))
    for name in ("acme", "ade", "total"):
        assert found[name] == pytest.approx(parallel[name], rel=ROUNDING)


def test_interaction_is_the_mean_of_predicted_outcomes(data):
    """Y(t, M(t')) predicted for everybody, and averaged (g-formula)."""
    x, t, m, y = data["x"], data["t"], data["m"][:, 0], data["y"]
    to_m, to_y = fitted(m, t, x), fitted(y, t, m, t * m, x)
    one = np.ones(len(y))

    def outcome(exposure, world):
        mediator = np.column_stack([one, world * one, x]) @ to_m
        return (
            np.column_stack([one, exposure * one, mediator, exposure * mediator, x]) @ to_y
        ).mean()

    found = effects(data, Paths(names=("A",), controls=3, interaction=True), names=1)
    assert found["acme.control"] == pytest.approx(outcome(0, 1) - outcome(0, 0), rel=ROUNDING)
    assert found["acme.treated"] == pytest.approx(outcome(1, 1) - outcome(1, 0), rel=ROUNDING)
    assert found["ade.control"] == pytest.approx(outcome(1, 0) - outcome(0, 0), rel=ROUNDING)
    assert found["ade.treated"] == pytest.approx(outcome(1, 1) - outcome(0, 1), rel=ROUNDING)
    assert found["total"] == pytest.approx(outcome(1, 1) - outcome(0, 0), rel=ROUNDING)
    assert found["acme"] == pytest.approx((found["acme.control"] + found["acme.treated"]) / 2)


@pytest.mark.parametrize("stage", ["first", "second"])
def test_moderated(data, stage):
    """Conditional effects at 2 and 4 from regressions with products; the index is their slope."""
    x, t, w, m, y = data["x"], data["t"], data["w"], data["m"][:, 0], data["y"]
    if stage == "first":
        _, moved, _, more = fitted(m, t, w, t * w, x)[:4]
        does = fitted(y, t, w, t * w, m, x)[4]
        expected = {v: (moved + more * v) * does for v in (2, 4)}
    else:
        moved = fitted(m, t, w, x)[1]
        does, more = fitted(y, t, w, t * w, m, w * m, x)[4:6]
        expected = {v: moved * (does + more * v) for v in (2, 4)}
    paths = Paths(names=("A",), controls=3, moderates=stage, at=(2.0, 4.0))
    found = effects(data, paths, names=1)
    assert found["acme.A@0"] == pytest.approx(expected[2], rel=1e-7)
    assert found["acme.A@1"] == pytest.approx(expected[4], rel=1e-7)
    assert found["index.A"] == pytest.approx((expected[4] - expected[2]) / 2, rel=1e-7)
    between = found["acme.A@0"] + found["index.A"] * (w.mean() - 2)
    assert found["acme"] == pytest.approx(between, rel=1e-7)


def test_a_resample_of_moments_is_a_resample_of_people(data):
    paths = Paths(names=("A", "B"), controls=3)
    x, t, m, y = (data[k] for k in ("x", "t", "m", "y"))
    table = columns(paths, np.column_stack([np.ones(600), x]), t, m, y)
    drawn = resample(
        table, np.arange(600), lambda g: path_effects(paths, g), np.random.default_rng(8), draws=5
    )
    for place, rows in enumerate(np.random.default_rng(8).integers(0, 600, (5, 600))):
        moved = fitted(m[rows, 0], t[rows], x[rows])[1]
        does = fitted(y[rows], t[rows], m[rows], x[rows])[2]
        assert drawn.draws["acme.A"][place] == pytest.approx(moved * does, rel=1e-8)
    rows = np.arange(1, 600)  # the first person left out
    moved = fitted(m[rows, 0], t[rows], x[rows])[1]
    does = fitted(y[rows], t[rows], m[rows], x[rows])[2]
    assert drawn.left_out["acme.A"][0] == pytest.approx(moved * does, rel=1e-8)


def mean_of(gram):
    return {"mean": gram[:, 0, 1] / gram[:, 0, 0]}


def test_clusters_are_drawn_whole():
    """Forty people in ten groups of one value each: the error is that of ten numbers."""
    value = np.repeat(np.random.default_rng(2).normal(size=10), 4)
    table = np.column_stack([np.ones(40), value])
    drawn = resample(table, np.repeat(np.arange(10), 4), mean_of, np.random.default_rng(1), 20_000)
    assert drawn.groups == 10
    assert drawn.std_error("mean") == pytest.approx(value.std() / np.sqrt(10), rel=0.02)


def test_intervals_are_those_of_scipy():
    """Forty skewed numbers, 20,000 draws each: quantiles agree to 2 % of the interval's width."""
    value = np.random.default_rng(5).exponential(size=40)
    table = np.column_stack([np.ones(40), value])
    drawn = resample(table, np.arange(40), mean_of, np.random.default_rng(1), 20_000)
    for method, ours in (("percentile", drawn.percentile), ("BCa", drawn.bca)):
        peer = stats.bootstrap(
            (value,), np.mean, n_resamples=20_000, method=method, rng=np.random.default_rng(2)
        ).confidence_interval
        assert ours("mean") == pytest.approx(tuple(peer), abs=0.02 * (peer.high - peer.low))


def test_the_effect_is_right_at_the_true_error_correlation():
    """Errors correlate at -.4, the mediator does nothing: rho undoes what least squares found."""
    rng = np.random.default_rng(9)
    n = 200_000  # so that two digits are certain
    t = rng.integers(0, 2, n).astype(float)
    of_m = rng.normal(size=n)
    of_y = -0.4 * of_m + np.sqrt(1 - 0.4**2) * rng.normal(size=n)
    paths = Paths(names=("M",), controls=1)
    made = columns(paths, np.ones((n, 1)), t, (0.5 * t + of_m)[:, None], 0.1 * t + of_y)
    found = sensitivity(paths, made.T @ made)["M"]
    naive, corrected = found.indirect(np.array([0.0, -0.4]))
    assert naive == pytest.approx(-0.2, abs=0.01)
    assert corrected == pytest.approx(0, abs=0.01)
    assert found.rho == pytest.approx(-0.4, abs=0.01)
    assert naive == pytest.approx(path_effects(paths, (made.T @ made)[None])["acme"].item())


def test_a_category_that_nobody_was_drawn_of_does_no_harm():
    rng = np.random.default_rng(4)
    n = 60
    rare = (np.arange(n) == 7).astype(float)
    controls = np.column_stack([np.ones(n), rare])
    t, m, y = (np.arange(n) % 2).astype(float), rng.normal(size=(n, 1)), rng.normal(size=n)
    paths = Paths(names=("M",), controls=2)
    table = columns(paths, controls, t, m, y)
    drawn = resample(table, np.arange(n), lambda g: path_effects(paths, g), rng, 500)
    assert np.isfinite(drawn.draws["acme"]).all()
    assert drawn.std_error("acme") < 1
