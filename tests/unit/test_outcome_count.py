"""Counts: ratios of means with zeros, against published figures, algebra and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.errors import SpecError
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.ancova import ancova
from analysis.estimators.as_treated import as_treated
from analysis.estimators.by_month import effects_by_month
from analysis.estimators.difference import difference_in_means
from analysis.estimators.lee import lee_bounds
from analysis.estimators.linear import fit_outcome
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.follow_up import build_panel
from analysis.randomised import estimate_randomised

CLOSE = 1e-8
PRINTED = 5e-5  # half of the last digit in print
COUNT = {"metric": "sales", "unit": "sales", "kind": "count"}
WINDOW = (1, 12)


def test_the_trial_of_dobson_1990_page_93():
    """Counts of three outcomes by three treatments; R's documentation of glm prints the answer."""
    counts = np.array([18, 17, 15, 20, 10, 20, 25, 13, 12], dtype=float)
    outcome, treatment = np.tile([0, 1, 2], 3), np.repeat([0, 1, 2], 3)
    controls = np.column_stack([np.ones(9), treatment == 1, treatment == 2])
    arms = np.column_stack([outcome == 1, outcome == 2]).astype(float)
    fit = fit_outcome(
        counts, controls, arms, np.arange(9), covariance="HC1", cluster_name="person", link="log"
    )
    assert fit.effects == pytest.approx([-0.4543, -0.2930], abs=PRINTED)


# Two arms with zeros: means 2 and 3.5, as many people in each.
ARMS = """
arm      take_up m1
control  0       0
control  0       1
control  0       3
control  0       4
mentored 1       0
mentored 1       0
mentored 0       6
mentored 1       8
"""


def test_two_arms_are_the_ratio_of_means_with_the_delta_method(make_panel, make_spec):
    """HC0 of a saturated model: sum of squares / n^2 / mean^2 of each arm; HC2 has n (n - 1)."""
    (found,) = difference_in_means(make_panel(ARMS), make_spec(outcome=COUNT), WINDOW)
    variance = (4 + 1 + 1 + 4) / (4 * 3) / 2**2 + (2 * 3.5**2 + 2.5**2 + 4.5**2) / (4 * 3) / 3.5**2
    ratio, error = 3.5 / 2, variance**0.5
    assert found.estimate == pytest.approx(100 * (ratio - 1))
    assert found.std_error == pytest.approx(100 * ratio * error)
    half = stats.t.ppf(0.975, 6) * error
    assert found.ci_low == pytest.approx(100 * (ratio * np.exp(-half) - 1))
    assert (found.target.unit, found.target.estimator) == ("%", "Ratio of means")
    assert found.convention.startswith("Poisson quasi-likelihood with log link")
    assert "HC2" in found.convention


def test_taking_part_is_compared_as_a_raw_ratio(make_panel, make_spec):
    spec = make_spec(outcome=COUNT, take_up="recorded")
    (naive,) = as_treated(make_panel(ARMS), spec, WINDOW)
    assert naive.estimate == pytest.approx(100 * ((8 / 3) / (14 / 5) - 1))
    late, _ = two_stage_least_squares(make_panel(ARMS), spec, WINDOW)
    assert late.estimate == pytest.approx(1.5 / 0.75)  # difference over share, not a ratio
    assert late.target.unit == "sales"


def simulated(people: int = 300, months: int = 3, seed: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, arm = rng.normal(size=people), np.arange(people) % 2
    luck = rng.gamma(2.0, 0.5, size=people)
    person = np.repeat(np.arange(people), months)
    mean = np.exp(0.3 + 0.5 * x + 0.25 * arm) * luck
    return {
        "y": rng.poisson(mean[person]).astype(float),
        "x": x[person],
        "arm": arm[person].astype(float),
        "person": person,
        "month": np.tile(np.arange(months), people),
    }


@pytest.mark.parametrize("clustered", [True, False])
def test_equals_the_generalised_linear_model_of_statsmodels(clustered: bool) -> None:
    """Outside our weighted least squares: the sandwich that GLM makes itself, CR1 and HC1."""
    data = simulated(months=3 if clustered else 1)
    controls = np.column_stack([np.ones(len(data["y"])), data["x"], data["month"]])
    fit = fit_outcome(
        data["y"], controls, data["arm"][:, None], data["person"],
        covariance="HC1", cluster_name="person", link="log",
    )  # fmt: skip
    design = np.column_stack([controls if clustered else controls[:, :2], data["arm"]])
    model = sm.GLM(data["y"], design, family=sm.families.Poisson())
    if clustered:
        theirs = model.fit(cov_type="cluster", cov_kwds={"groups": data["person"]}, tol=1e-14)
        error = theirs.bse[-1]
    else:
        theirs = model.fit(cov_type="HC0", tol=1e-14)
        error = theirs.bse[-1] * np.sqrt(theirs.nobs / theirs.df_resid)
    assert fit.figures(0)[0] == pytest.approx(theirs.params[-1], rel=CLOSE)
    assert fit.figures(0)[1] == pytest.approx(error, rel=CLOSE)


def test_the_unit_of_the_outcome_does_not_matter() -> None:
    data = simulated(months=1)
    controls = np.column_stack([np.ones(len(data["y"])), 1e6 + data["x"]])
    fits = [
        fit_outcome(
            scale * data["y"], controls, data["arm"][:, None], data["person"],
            covariance="HC2", cluster_name="person", link="log",
        ).figures(0)
        for scale in (1.0, 1e6)
    ]  # fmt: skip
    assert fits[0] == pytest.approx(fits[1], rel=1e-6)


def test_an_arm_with_zeros_only_has_no_ratio(make_panel, make_spec):
    table = "arm m1\n" + "control 0\n" * 4 + "mentored 2\n" * 3 + "mentored 5\n"
    for result in ancova(make_panel(table), make_spec(outcome=COUNT), WINDOW):
        assert isinstance(result, NotEstimable)
        assert "zeros only" in result.reason


def test_a_month_or_stratum_of_zeros_only_says_nothing(make_panel, make_spec):
    lines = [
        f"{('control', 'mentored')[i % 2]} {i % 3} {i % 5 if i % 3 else 0} 0" for i in range(60)
    ]
    (found,) = difference_in_means(
        make_panel("arm stratum m1 m2\n" + "\n".join(lines)), make_spec(outcome=COUNT), WINDOW
    )
    without = [line.rsplit(" ", 1)[0] for i, line in enumerate(lines) if i % 3]
    (same,) = difference_in_means(
        make_panel("arm stratum m1\n" + "\n".join(without)), make_spec(outcome=COUNT), WINDOW
    )
    assert (found.estimate, found.std_error) == (same.estimate, same.std_error)
    assert found.n_rows == 40


def test_lee_bounds_are_ratios_too(make_panel, make_spec):
    """Keep 4 of 5: the lowest four (1 + 3 + 5 + 7) / 4, the highest four 29 / 4; comparison 3."""
    values = ("1 3 5 7 14", "2 3 4 3 -")
    lines = [
        f"{a} {v}"
        for a, vs in zip(("mentored", "control"), values, strict=True)
        for v in vs.split()
    ]
    low, high = lee_bounds(
        make_panel("arm m1\n" + "\n".join(lines)), make_spec(outcome=COUNT), WINDOW
    )
    assert low.estimate == pytest.approx(100 * (4 / 3 - 1))
    assert high.estimate == pytest.approx(100 * (29 / 4 / 3 - 1))
    assert low.ci_low < low.estimate < high.estimate < low.ci_high


def test_by_month_and_the_whole_study_are_ratios(make_panel, make_spec):
    rng = np.random.default_rng(2)
    lines = [
        f"{('control', 'mentored')[i % 2]} {rng.poisson(2 + i % 2)} {rng.poisson(2 + i % 2)}"
        for i in range(120)
    ]
    panel, spec = make_panel("arm m1 m2\n" + "\n".join(lines)), make_spec(outcome=COUNT)
    rows = panel.rows.merge(panel.people, on="person")
    for effect in effects_by_month(panel, spec, WINDOW):
        month = rows[rows["event_month"] == effect.target.window[0]].groupby("arm")["outcome"]
        means = month.mean()
        assert effect.estimate == pytest.approx(100 * (means["mentored"] / means["control"] - 1))
    results = estimate_randomised(panel, spec)
    names = {r.target.name for r in results}
    assert not names & {"lin", "cuped"}
    assert all(r.target.unit == "%" for r in results if isinstance(r, Estimate))


def test_values_below_zero_are_refused_by_number_not_by_value(make_spec):
    outcomes = pd.DataFrame(
        {"person_no": [1, 1, 2], "month": pd.Timestamp("2024-02-01"), "value": [3.0, -2.5, 0.0]}
    ).drop_duplicates(["person_no", "value"])
    with pytest.raises(SpecError, match="1 rows are below 0") as caught:
        build_panel(make_spec(outcome=COUNT), cohort_of(2), outcomes)
    assert "2.5" not in str(caught.value)


def cohort_of(people: int):
    from analysis.cohort import Cohort

    frame = pd.DataFrame(
        {
            "person_no": np.arange(1, people + 1),
            "time_zero": pd.Timestamp("2024-01-10"),
            "arm": ["mentored" if i % 2 else "control" for i in range(people)],
            "take_up": np.nan,
            "mentored": np.nan,
            "exited_on": pd.NaT,
        }
    )
    return Cohort(people=frame, steps=())
