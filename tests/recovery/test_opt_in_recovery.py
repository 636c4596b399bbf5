"""Known truth where people choose: able people join, and gain least.

Level and gain depend on ``x`` (performance so far), so the naive difference is too large and
effects differ between those who joined, everybody, and those who did not. Fixed seeds; limits
are 99.9 % binomial bounds of the nominal rate at the draws run, or four standard errors.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.estimate import Estimate
from analysis.opt_in import estimate_opt_in
from analysis.panel import Panel
from analysis.study import StudySpec, parse_study
from tests.long_runs import LONG, draws

DRAWS = draws(100, 200)
FEWER = 150 if LONG else 75
WINDOW = (1, 1)
GROUPS = np.array([0.0, 1.0])


def spec(**more: object) -> StudySpec:
    return parse_study(
        {
            "study": "recovery",
            "question": "What was planted?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "opt_in",
            "arms": {"treated": "joined", "comparison": "stayed_out"},
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 1, "primary": WINDOW},
            "adjust_for": ["x", "group"],
            **more,
        }
    )


def chance(x: np.ndarray, group: np.ndarray, curve: float) -> np.ndarray:
    return 1 / (1 + np.exp(0.4 - 0.8 * x - 0.5 * group - curve * (x**2 - 1)))


def gain(x: np.ndarray) -> np.ndarray:
    return 1 - 0.8 * x


@cache
def truths(curve: float) -> dict[str, float]:
    """Effects on joiners, everybody and the others, by quadrature over x and both groups."""
    nodes, mass = np.polynomial.hermite_e.hermegauss(80)
    x, group = (m.ravel() for m in np.meshgrid(nodes, GROUPS))
    weight = np.tile(mass / mass.sum(), 2) / 2
    joins = chance(x, group, curve)
    return {
        "att": float(weight * joins @ gain(x) / (weight @ joins)),
        "ate": float(weight @ gain(x)),
        "atc": float(weight * (1 - joins) @ gain(x) / (weight @ (1 - joins))),
    }


def draw(
    rng: np.random.Generator,
    *,
    people: int = 400,
    curve_of_outcome: float = 0.0,
    curve_of_choice: float = 0.0,
    teams: int | None = None,
) -> Panel:
    """People who choose by x and group. A curve is what linear models do not know of."""
    x = rng.normal(size=people)
    group = rng.integers(0, 2, size=people).astype(float)
    team = np.arange(people) if teams is None else rng.integers(0, teams, size=people)
    luck = 0.0 if teams is None else 0.5 * rng.normal(size=teams)[team]
    joined = rng.random(people) < chance(x, group, curve_of_choice)
    level = 10 + 2 * x + group + curve_of_outcome * x**2 + luck + rng.normal(size=people)
    frame = pd.DataFrame(
        {
            "person": np.arange(people),
            "arm": np.where(joined, "joined", "stayed_out"),
            "stratum": 0,
            "cluster": team,
            "take_up": joined.astype(float),
            "pre_outcome": x,
            "x": x,
            "group": group,
        }
    )
    rows = pd.DataFrame(
        {"person": frame["person"], "event_month": 1, "outcome": level + joined * gain(x)}
    )
    return Panel(people=frame, rows=rows, treated=("joined",), comparison="stayed_out")


@cache
def run(number: int = DRAWS, **how: float) -> dict[str, pd.DataFrame]:
    """Of each estimator, a row a draw: estimate, standard error and interval."""
    rng = np.random.default_rng(40)
    study = spec(cluster="team") if "teams" in how else spec()
    found: dict[str, list[tuple[float, ...]]] = {}
    for _ in range(number):
        for r in estimate_opt_in(draw(rng, **how), study):
            assert isinstance(r, Estimate), r
            figures = (r.estimate, r.std_error, r.ci_low, r.ci_high)
            found.setdefault(r.target.name, []).append(figures)
    columns = ["estimate", "std_error", "low", "high"]
    return {name: pd.DataFrame(rows, columns=columns) for name, rows in found.items()}


AIMS = {
    "primary": "att",
    "aipw_plug_in": "att",
    "entropy_balancing": "att",
    "outcome_regression": "att",
    "ipw": "att",
    "aipw_ate": "ate",
    "aipw_atc": "atc",
}


def bias_limit(estimates: pd.Series[float]) -> float:
    return 4 * float(estimates.std()) / np.sqrt(len(estimates))


@pytest.mark.parametrize("name", AIMS)
def test_intervals_cover_the_planted_effect(name: str) -> None:
    found, truth = run()[name], truths(0.0)[AIMS[name]]
    low, high = (bound / DRAWS for bound in stats.binom.interval(0.999, DRAWS, 0.95))
    covered = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert abs(found["estimate"].mean() - truth) < bias_limit(found["estimate"])
    assert low <= covered <= high


def test_the_naive_difference_takes_selection_for_treatment() -> None:
    """2 x and the group differ between arms; the truth is what is left of the difference."""
    found, truth = run()["naive"], truths(0.0)["att"]
    assert found["estimate"].mean() > truth + 1
    assert (found["low"] > truth).mean() > 0.99


def test_three_populations_have_three_effects() -> None:
    found = run()
    means = [found[name]["estimate"].mean() for name in ("primary", "aipw_ate", "aipw_atc")]
    assert means == sorted(means)
    assert means[2] - means[0] > 0.4


def test_intervals_of_clusters_cover_the_planted_effect() -> None:
    """60 teams share their luck; folds and standard errors are by team."""
    found, truth = run(FEWER, teams=60)["primary"], truths(0.0)["att"]
    low, high = (bound / FEWER for bound in stats.binom.interval(0.999, FEWER, 0.95))
    covered = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert abs(found["estimate"].mean() - truth) < bias_limit(found["estimate"])
    assert low <= covered <= high


# One model is wrong, the other right. The plain estimator that leans on the wrong one is off.
WRONG = {
    "outcome": ({"curve_of_outcome": 0.5}, "outcome_regression", "primary"),
    "choice": ({"curve_of_choice": -0.5}, "ipw", "primary"),
}


@pytest.mark.parametrize("model", WRONG)
def test_one_right_model_is_enough(model: str) -> None:
    how, off, right = WRONG[model]
    found = run(FEWER, people=1_000, **how)
    truth = truths(how.get("curve_of_choice", 0.0))["att"]
    assert abs(found[right]["estimate"].mean() - truth) < bias_limit(found[right]["estimate"])
    assert abs(found[off]["estimate"].mean() - truth) > bias_limit(found[off]["estimate"])
