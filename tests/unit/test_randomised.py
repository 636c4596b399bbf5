"""The randomised design as a whole: which results and checks a study gets, and under what name."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from analysis.estimate import Estimate, NotEstimable
from analysis.finding import REQUIRED
from analysis.randomised import diagnose_randomised, estimate_randomised

TWO_ARMS = {"treated": ["mentored", "coached"], "comparison": "control"}


def _table(people: int = 60) -> str:
    rng = np.random.default_rng(8)
    lines = []
    for i in range(people):
        arm = ("control", "mentored", "coached")[i % 3]
        x, past = rng.normal(), rng.normal()
        months = [f"{x + past + (i % 3 == 1) + rng.normal():.3f}" for _ in range(3)]
        took = int(i % 3 > 0 and i % 4 > 0)
        lines.append(f"{arm} {took} {past:.3f} {x:.3f} {past:.3f} {' '.join(months)}")
    return "arm take_up pre_outcome x m-1 m1 m2 m6\n" + "\n".join(lines)


@pytest.fixture(scope="module")
def panel(make_panel):
    return make_panel(_table(), covariates=("x",))


@pytest.fixture(scope="module")
def spec(make_spec):
    return make_spec(
        arms=TWO_ARMS,
        adjust_for=["x"],
        take_up="recorded",
        follow_up={"months": 12, "primary": [1, 6], "windows": [[1, 2]]},
        specifications=[{"name": "with_baseline", "first_month": -1, "last_month": 6}],
    )


@pytest.fixture(scope="module")
def results(panel, spec):
    return estimate_randomised(panel, spec)


def test_every_result_comes_once_an_arm_under_its_name(results):
    count = Counter(r.target.name for r in results)
    assert count == {
        "primary": 2,
        "difference_in_means": 2,
        "lin": 2,
        "cuped": 2,
        "window": 2,
        "by_month": 6,
        "by_month_together": 6,
        "randomisation_inference": 2,
        "lee_bound_lower": 2,
        "lee_bound_upper": 2,
        "specification: with_baseline": 2,
        "first_stage": 2,
        "two_stage_least_squares": 2,
        "anderson_rubin": 2,
        "as_treated": 2,
    }


def test_one_headline_first_and_naive_only_as_treated(results):
    assert [r.target.role for r in results].count("headline") == 1
    head = results[0].target
    assert (head.role, head.arm, head.estimator, head.window) == (
        "headline",
        "mentored",
        "ANCOVA",
        (1, 6),
    )
    assert {r.target.name for r in results if r.target.role == "naive"} == {"as_treated"}


def test_every_estimate_is_a_number(results):
    found = [r for r in results if isinstance(r, Estimate)]
    assert len(found) == len(results)
    for r in found:
        assert math.isfinite(r.estimate)
        assert 0 < r.std_error < math.inf
        assert r.ci_low <= r.estimate <= r.ci_high
        assert r.n_treated > 0
        assert r.convention


def test_the_same_study_gives_the_same_results(panel, spec, results):
    assert estimate_randomised(panel, spec) == results


def test_without_covariates_nothing_is_shown_twice(make_panel, make_spec):
    rows = [f"{('control', 'mentored')[i % 2]} {i * i % 11}" for i in range(20)]
    plain = make_panel("arm m1\n" + "\n".join(rows))
    names = [r.target.name for r in estimate_randomised(plain, make_spec())]
    assert names.count("primary") == 1
    assert not {"ancova", "lin", "difference_in_means", "by_month"} & set(names)
    strata = "arm stratum m1\n" + "\n".join(
        f"{'mentored' if i % 2 else 'control'} {i % 3} {i * i % 11}" for i in range(30)
    )
    names = [r.target.name for r in estimate_randomised(make_panel(strata), make_spec())]
    assert "lin" in names  # slopes by stratum differ from dummies of strata
    assert "ancova" not in names


def test_a_specification_with_an_unknown_covariate_says_so(panel, make_spec):
    spec = make_spec(
        specifications=[{"name": "s", "first_month": 1, "last_month": 6, "adjust_for": ["age"]}]
    )
    found = [r for r in estimate_randomised(panel, spec) if r.target.name == "specification: s"]
    assert {r.reason for r in found} == {"a covariate of this specification is not in the panel"}


def test_the_required_checks_are_there(panel, spec):
    names = [d.name for d in diagnose_randomised(panel, spec)]
    assert REQUIRED["randomised"] - {"roster"} <= set(names)
    assert Counter(names) == {
        "sample_ratio": 1,
        "balance": 1,
        "negative_controls": 1,
        "differential_missing_outcome": 2,
        "contamination": 1,
        "enough_data": 1,
        "minimum_detectable_effect": 2,
        "first_stage_f": 2,
        "fading_equality": 2,
        "fading_trend": 2,
        "response": 3,
        "response_by_month": 3,
    }


@pytest.mark.parametrize(
    "table",
    [
        "arm m20\nmentored 1\nmentored 2\ncontrol 3\ncontrol 1",
        "arm m1\nmentored 1\ncontrol 1",
        "arm m1\nmentored 5\nmentored 5\nmentored 5\ncontrol 5\ncontrol 5",
        "arm take_up m1 m2\nmentored 1 5 5\nmentored 1 6 6\ncontrol 0 5 5\ncontrol 0 6 6",
        "arm stratum m1\nmentored 1 5\nmentored 1 6\ncontrol 2 7\ncontrol 2 8",
        "arm x m1\nmentored - 5\nmentored - 6\ncontrol - 7\ncontrol - 8",
        "arm m1\nmentored 5\nmentored 6",
        "arm cluster m1 m2\nmentored 1 5 7\nmentored 2 6 1\ncontrol 3 7 -\ncontrol 4 8 3",
    ],
)
@pytest.mark.parametrize("missing", ["drop", "indicator"])
@pytest.mark.parametrize("transform", ["none", "log"])
def test_poor_data_give_reasons_never_errors(make_panel, make_spec, table, missing, transform):
    covariates = ("x",) if " x " in table else ()
    panel = make_panel(table, covariates=covariates)
    spec = make_spec(missing_covariates=missing, transform=transform, take_up="recorded")
    results = estimate_randomised(panel, spec)
    assert results[0].target.role == "headline"
    for r in results:
        if isinstance(r, Estimate):
            assert math.isfinite(r.std_error)
            assert r.std_error > 0
        else:
            assert isinstance(r, NotEstimable)
            assert r.reason
    of_panel = REQUIRED["randomised"] - {"roster"}  # that one asks the marts
    assert of_panel <= {d.name for d in diagnose_randomised(panel, spec)}
