"""Known truth: intervals cover it and tests reject a true null as often as they say.

Small draws, fixed seeds; MENTORLIFT_LONG=1 takes twice as many. Limits are 99.9 % binomial bounds
of the nominal rate at the draws run.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.diagnostics.balance import balance
from analysis.estimators import ESTIMATORS
from analysis.estimators.by_month import effects_by_month
from analysis.estimators.lee import lee_bounds
from analysis.estimators.permutation import randomisation_inference
from analysis.estimators.two_stage import two_stage_least_squares
from analysis.panel import Panel
from analysis.study import StudySpec, parse_study
from tests.long_runs import draws

DRAWS = draws(100, 200)
EFFECT = 2.0
WINDOW = (1, 3)


def _bounds(rate: float) -> tuple[float, float]:
    low, high = stats.binom.interval(0.999, DRAWS, rate)
    return low / DRAWS, high / DRAWS


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return parse_study(
        {
            "study": "recovery",
            "question": "What was planted?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "randomised",
            "arms": {"treated": "mentored", "comparison": "control"},
            "take_up": "recorded",
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 3, "primary": WINDOW},
        }
    )


def _draw(
    rng: np.random.Generator,
    *,
    effect: float,
    people: int = 80,
    months: int = 1,
    sites: int | None = None,
    compliance: float = 1.0,
    leavers: float = 0.0,
) -> Panel:
    """A lottery of two strata with unequal shares; skewed outcomes that depend on x and stratum.

    ``sites``: whole sites are drawn. ``compliance``: share that takes part when assigned; the
    effect is on those. ``leavers``: share of comparators without an outcome who would have one
    as mentored.
    """
    stratum = np.arange(people) % 2
    site = np.arange(people) if sites is None else np.arange(people) % sites
    if sites is None:
        assigned = np.zeros(people, dtype=int)
        for s, share in ((0, 0.3), (1, 0.6)):
            members = rng.permutation(np.flatnonzero(stratum == s))
            assigned[members[: round(share * len(members))]] = 1
    else:
        stratum[:] = 0
        assigned = (rng.permutation(sites) < sites // 2).astype(int)[site]
    x = rng.normal(size=people)
    took = assigned * (rng.random(people) < compliance)
    shared_luck = rng.normal(size=people) if sites is None else rng.normal(size=sites)[site]
    level = 10 + x + 2 * stratum + shared_luck + rng.exponential(size=people) * (1 + assigned)
    level += effect * took - assigned  # the exponential adds 1 to the mean of the assigned
    outcome = level[:, None] + rng.normal(size=(people, months)) + np.arange(months)
    outcome[(rng.random(people) < leavers) & (assigned == 0)] = np.nan
    rows = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), months),
            "event_month": np.tile(np.arange(1, months + 1), people),
            "outcome": outcome.ravel(),
        }
    ).dropna(ignore_index=True)
    people_frame = pd.DataFrame(
        {
            "person": np.arange(people),
            "arm": np.where(assigned == 1, "mentored", "control"),
            "stratum": stratum,
            "cluster": site,
            "take_up": took.astype(float),
            "pre_outcome": x + rng.normal(size=people),
            "x": x,
        }
    )
    return Panel(
        people=people_frame,
        rows=rows,
        treated=("mentored",),
        comparison="control",
        covariates=("x",),
    )


CASES = {
    "one row a person": {},
    "several months, people clustered": {"months": 3},
    "24 sites drawn, CR2": {"sites": 24, "people": 96},
}


@pytest.mark.parametrize("case", CASES)
def test_intervals_cover_the_planted_effect(spec: StudySpec, case: str) -> None:
    """The effect varies with nothing, so that all four estimators aim at the same number."""
    rng = np.random.default_rng(20)
    low, high = _bounds(0.95)
    covered = dict.fromkeys(ESTIMATORS, 0)
    for _ in range(DRAWS):
        panel = _draw(rng, effect=EFFECT, **CASES[case])
        for name, estimator in ESTIMATORS.items():
            (result,) = estimator(panel, spec, WINDOW)
            covered[name] += result.ci_low <= EFFECT <= result.ci_high
    assert {n: c for n, c in covered.items() if not low <= c / DRAWS <= high} == {}


def test_a_band_covers_the_planted_effect_in_all_months_at_once(spec: StudySpec) -> None:
    """Months of one person have much in common, so single intervals together cover less."""
    rng = np.random.default_rng(23)
    low, high = _bounds(0.95)
    covered = {"by_month": 0, "by_month_together": 0}
    for _ in range(DRAWS):
        found = effects_by_month(_draw(rng, effect=EFFECT, months=3), spec, WINDOW)
        for name in covered:
            months = [r for r in found if r.target.name == name]
            assert len(months) == 3
            covered[name] += all(r.ci_low <= EFFECT <= r.ci_high for r in months)
    assert low <= covered["by_month_together"] / DRAWS <= high, covered
    assert covered["by_month"] < covered["by_month_together"]


def test_two_stage_intervals_cover_the_effect_on_takers(spec: StudySpec) -> None:
    rng = np.random.default_rng(21)
    low, high = _bounds(0.95)
    covered = np.zeros(2)
    for _ in range(DRAWS):
        panel = _draw(rng, effect=EFFECT, people=160, compliance=0.6)
        results = two_stage_least_squares(panel, spec, WINDOW)
        covered += [r.ci_low <= EFFECT <= r.ci_high for r in results]
    assert np.all((low <= covered / DRAWS) & (covered / DRAWS <= high)), covered / DRAWS


@pytest.mark.parametrize("case", ["one row a person", "24 sites drawn, CR2"])
def test_randomisation_inference_rejects_a_true_null_as_often_as_it_says(
    spec: StudySpec, case: str
) -> None:
    """No effect on anybody, not on the spread either; 199 draws make p = .05 and .10 exact."""
    rng = np.random.default_rng(22)
    p_values = []
    for _ in range(DRAWS):
        panel = _draw(rng, effect=0.0, **CASES[case])
        arms = panel.people["arm"]
        if case == "one row a person":  # draw again after outcomes exist: the sharp null holds
            arms = arms.groupby(panel.people["stratum"]).transform(
                lambda g: rng.permutation(g.to_numpy())
            )
        else:
            by_site = arms.groupby(panel.people["cluster"]).first()
            drawn = pd.Series(rng.permutation(by_site.to_numpy()), index=by_site.index)
            arms = panel.people["cluster"].map(drawn)
        panel.people["arm"] = arms
        headline = ESTIMATORS["ancova"](panel, spec, WINDOW)
        (result,) = randomisation_inference(panel, spec, headline, draws=199)
        p_values.append(result.p_value)
    for level in (0.05, 0.10):
        low, high = _bounds(level)
        assert low <= np.mean(np.array(p_values) <= level) <= high


def test_lee_bounds_hold_the_effect_where_people_are_missing(spec: StudySpec) -> None:
    """Comparators go missing at random (30 %): the interval covers at least as often as stated."""
    rng = np.random.default_rng(23)
    covered = 0
    for _ in range(DRAWS):
        panel = _draw(rng, effect=EFFECT, people=120, leavers=0.3)
        low, _ = lee_bounds(panel, spec, WINDOW)
        covered += low.ci_low <= EFFECT <= low.ci_high
    assert covered / DRAWS >= _bounds(0.95)[0]


def test_balance_rarely_fails_a_fair_draw(spec: StudySpec) -> None:
    """Rejections at 5 % of a fair draw, which the check never calls a failure (limit .001)."""
    rng = np.random.default_rng(24)
    values = [balance(_draw(rng, effect=EFFECT), spec, draws=199).value for _ in range(DRAWS)]
    low, high = _bounds(0.05)
    assert low <= np.mean(np.array(values) <= 0.05) <= high
