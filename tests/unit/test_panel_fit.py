"""Least squares from sums gives what the full rows give: points, covariance, degrees of freedom.

The rows go through statsmodels and through CR2 by singular value decomposition; the sums touch
neither.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.estimate import Estimate
from analysis.estimators import ESTIMATORS
from analysis.estimators.as_treated import as_treated
from analysis.estimators.by_month import effects_by_month, fading_tests, month_model
from analysis.estimators.first_stage import first_stage
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.panel import Panel

RELATIVE = 1e-8  # the promise of the product
WINDOW = (1, 6)


def draw(seed: int, *, people: int, gaps: bool, level: float, clusters: int | None) -> Panel:
    """A lottery of two arms with strata, take-up, and covariates with and without gaps."""
    rng = np.random.default_rng(seed)
    arm = np.array(["control", "mentored", "class"])[np.arange(people) % 3]
    x = rng.normal(level, 1.0, size=people)
    own = rng.normal(size=people)
    cluster = np.arange(people) if clusters is None else np.arange(people) % clusters
    holes = np.where(rng.random(people) < 0.2, np.nan, rng.normal(50, 9, people))
    frame = pd.DataFrame(
        {
            "person": np.arange(1, people + 1),
            "arm": arm,
            "stratum": rng.integers(0, 3, people),
            "cluster": cluster,
            "take_up": ((arm != "control") & (rng.random(people) < 0.7)).astype(float),
            "pre_outcome": np.where(rng.random(people) < 0.1, np.nan, x + own),
            "x": x,
            "tenure": holes,
            "twice": 2 * x - 1,  # follows from x
            "level=b": rng.integers(0, 2, people).astype(float),
        }
    )
    months = np.arange(-2, 7)
    y = 1e4 * level + x[:, None] + own[:, None] + (arm == "mentored")[:, None] * 0.05 * months
    y = y + rng.normal(size=y.shape) * (1 + 0.2 * frame["stratum"].to_numpy())[:, None]
    person, month = np.nonzero(rng.random(y.shape) < (0.7 if gaps else 2.0))
    rows = pd.DataFrame(
        {"person": person + 1, "event_month": months[month], "outcome": y[person, month]}
    )
    return Panel(
        people=frame,
        rows=rows,
        treated=("mentored", "class"),
        comparison="control",
        covariates=("x", "tenure", "twice", "level=b"),
    )


panels = st.builds(
    draw,
    st.integers(0, 10_000),
    people=st.sampled_from([60, 130]),
    gaps=st.booleans(),
    level=st.sampled_from([0.0, 100.0]),
    clusters=st.sampled_from([None, 9, 45]),
)


def every_result(panel: Panel, spec) -> list:
    found = [r for name in sorted(ESTIMATORS) for r in ESTIMATORS[name](panel, spec, WINDOW)]
    found += ESTIMATORS["ancova"](panel, spec, (-2, 6))  # rows before time zero are controls
    found += effects_by_month(panel, spec, WINDOW)
    found += first_stage(panel, spec, WINDOW)
    found += two_stage_least_squares(panel, spec, WINDOW)
    return [*found, *as_treated(panel, spec, WINDOW)]


@settings(max_examples=12, deadline=None)
@given(panel=panels, missing=st.sampled_from(["indicator", "drop"]))
@example(draw(10, people=130, gaps=False, level=100.0, clusters=9), "drop")  # few, far from zero
def test_every_estimator_of_a_lottery(make_spec, panel, missing):
    arms = {"treated": list(panel.treated), "comparison": "control"}
    spec = make_spec(
        arms=arms, missing_covariates=missing, take_up="matched", estimator="ancova", cluster="site"
    )
    found = every_result(panel, spec)
    rows = every_result(replace(panel, exact_rows=True), spec)
    assert sum(isinstance(r, Estimate) for r in found) > 20
    for one, other in zip(found, rows, strict=True):
        assert one.target == other.target
        assert isinstance(one, Estimate) == isinstance(other, Estimate)
        if isinstance(one, Estimate):
            size = RELATIVE * other.std_error  # an effect near zero has no digits of its own
            assert one.estimate == pytest.approx(other.estimate, rel=RELATIVE, abs=size)
            assert one.std_error == pytest.approx(other.std_error, rel=RELATIVE)
            assert (one.t_df is None) == (other.t_df is None)
            assert (one.t_df or 0) == pytest.approx(other.t_df or 0, rel=1e-7)
            assert (one.convention, one.n_rows) == (other.convention, other.n_rows)


@settings(max_examples=10, deadline=None)
@given(panel=panels)
def test_the_whole_covariance_of_effects_by_month(make_spec, panel):
    spec = make_spec(arms={"treated": list(panel.treated), "comparison": "control"})
    exact = replace(panel, exact_rows=True)
    found, rows = (month_model(p, spec, WINDOW).fit for p in (panel, exact))
    scale = np.sqrt(np.diag(rows.cov))
    assert found.cov / np.outer(scale, scale) == pytest.approx(
        rows.cov / np.outer(scale, scale), rel=RELATIVE, abs=RELATIVE
    )
    tests = zip(fading_tests(panel, spec, WINDOW), fading_tests(exact, spec, WINDOW), strict=True)
    for one, other in tests:
        assert one.equality == pytest.approx(other.equality, rel=1e-6)  # a quadratic form
        assert one.slope_error == pytest.approx(other.slope_error, rel=RELATIVE)
