"""Counts in an opt-in design: ratios of means from the pieces of AIPW, the same from cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.estimate import Estimate
from analysis.estimators.aipw import aipw
from analysis.estimators.cells import Cells, build_cells
from analysis.estimators.influence import Influence, spread
from analysis.estimators.mean_ratio import NO_RATIO, everybody_treated, log_ratio
from analysis.estimators.nuisance import fit_nuisance
from analysis.estimators.weighting import raw_difference
from analysis.opt_in import estimate_opt_in
from analysis.panel import Panel
from analysis.study import parse_study

CLOSE = 1e-8

#              x    joined  outcome
PEOPLE = [
    (0.0, False, 0.0),
    (0.0, False, 4.0),
    (0.0, True, 4.0),
    (1.0, False, 10.0),
    (1.0, True, 11.0),
    (1.0, True, 15.0),
]


def table(rows: list[tuple[float, bool, float]] = PEOPLE, **how: object) -> Cells:
    x, joined, outcome = (np.array(column) for column in zip(*rows, strict=True))
    return build_cells(x[:, None], joined, outcome, **how)


def ratios(cells: Cells) -> dict[str, Influence | str]:
    nuisance = fit_nuisance(cells)
    everybody = everybody_treated(cells, nuisance)
    return {
        "naive": log_ratio(cells, raw_difference(cells), "treated"),
        "att": log_ratio(cells, aipw(cells, nuisance, "att"), "treated"),
        "ate": log_ratio(cells, aipw(cells, nuisance, "ate"), everybody),
        "atc": log_ratio(cells, aipw(cells, nuisance, "atc"), "comparison"),
    }


# Within x = 0 the means are 2 and 4, within x = 1 they are 10 and 13.
BY_HAND = {
    "naive": (30 / 3) / (14 / 3),
    "att": (4 + 2 * 13) / (2 + 2 * 10),
    "ate": (3 * 4 + 3 * 13) / (3 * 2 + 3 * 10),
    "atc": (2 * 4 + 13) / (2 * 2 + 10),
}


@pytest.mark.parametrize("exact_rows", [False, True])
@pytest.mark.parametrize("name", BY_HAND)
def test_one_category_by_hand(name: str, exact_rows: bool) -> None:
    found = ratios(table(exact_rows=exact_rows))[name]
    assert np.exp(found.estimate) == pytest.approx(BY_HAND[name])


def test_the_raw_ratio_has_the_variance_of_two_means() -> None:
    """Delta method: squares about the mean over n^2 and the mean squared, times n / (n - 1)."""
    cells = table()
    joined, others = np.array([4, 11, 15.0]), np.array([0, 4, 10.0])
    parts = [((y - y.mean()) ** 2).sum() / 9 / y.mean() ** 2 for y in (joined, others)]
    error = spread(cells, ratios(cells)["naive"]).std_error
    assert error == pytest.approx(np.sqrt(sum(parts) * 6 / 5))


@pytest.mark.parametrize("name", BY_HAND)
def test_the_influence_is_that_of_leaving_people_out(name: str) -> None:
    """Jackknife over people, which knows nothing of influence functions: within 3 %."""
    rng = np.random.default_rng(4)
    x = rng.integers(0, 3, 400).astype(float)
    joined = rng.random(400) < 0.3 + 0.15 * x
    y = rng.poisson(np.exp(0.4 * x + 0.3 * joined)).astype(float)
    design = np.column_stack([x == 1, x == 2]).astype(float)
    cells = build_cells(design, joined, y)
    left_out = []
    for i in range(400):
        kept = np.arange(400) != i
        left_out.append(ratios(build_cells(design[kept], joined[kept], y[kept]))[name].estimate)
    jackknife = np.sqrt(399 / 400 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert spread(cells, ratios(cells)[name]).std_error == pytest.approx(jackknife, rel=0.03)


@pytest.mark.parametrize("clustered", [False, True])
def test_cells_equal_rows(clustered: bool) -> None:
    rng = np.random.default_rng(9)
    x = rng.integers(0, 2, (600, 2)).astype(float)
    joined = rng.random(600) < 0.4 + 0.1 * x[:, 0]
    y = 1e6 * rng.poisson(2 + x[:, 1] + joined).astype(float)
    cluster = rng.integers(0, 50, 600) if clustered else None
    both = [build_cells(x, joined, y, cluster=cluster, exact_rows=rows) for rows in (False, True)]
    for name in BY_HAND:
        one, other = (ratios(cells)[name] for cells in both)
        assert one.estimate == pytest.approx(other.estimate, rel=CLOSE)
        errors = [spread(c, i).std_error for c, i in zip(both, (one, other), strict=True)]
        assert errors[0] == pytest.approx(errors[1], rel=CLOSE)


def test_no_mean_of_the_comparison_no_ratio() -> None:
    cells = table([(x, joined, y if joined else 0.0) for x, joined, y in PEOPLE])
    assert ratios(cells)["att"] == NO_RATIO


def people_who_chose(seed: int, people: int = 1500) -> Panel:
    """Sales with many zeros; who joins sells more anyway; joining multiplies sales by 1.25."""
    rng = np.random.default_rng(seed)
    grade = rng.integers(0, 4, people).astype(float)
    joined = rng.random(people) < 1 / (1 + np.exp(1.2 - 0.6 * grade))
    months = np.arange(-9, 7)
    mean = np.exp(-0.8 + 0.5 * grade)[:, None] * np.where((months > 0) & joined[:, None], 1.25, 1)
    frame = pd.DataFrame(
        {
            "person": np.arange(people),
            "arm": np.where(joined, "joined", "stayed_out"),
            "stratum": 0,
            "cluster": np.arange(people),
            "take_up": joined.astype(float),
            "pre_outcome": np.nan,
            **{f"grade={g}": (grade == g).astype(float) for g in (1, 2, 3)},
        }
    )
    rows = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), len(months)),
            "event_month": np.tile(months, people),
            "outcome": rng.poisson(mean).astype(float).ravel(),
        }
    )
    return Panel(people=frame, rows=rows, treated=("joined",), comparison="stayed_out")


SPEC = parse_study(
    {
        "study": "chosen",
        "question": "What did joining do to sales?",
        "as_of": "2024-12-31",
        "programme": "P",
        "design": "opt_in",
        "arms": {"treated": "joined", "comparison": "stayed_out"},
        "outcome": {"metric": "sales", "kind": "count"},
        "follow_up": {"months": 6, "primary": [1, 6]},
        "adjust_for": ["grade"],
    }
)
DRAWS = 30


def test_a_planted_ratio_is_recovered_and_the_raw_one_is_not() -> None:
    """Bias within four standard errors of a mean; coverage as of .95 in all but .06 %."""
    found: dict[str, list[Estimate]] = {}
    for seed in range(DRAWS):
        for result in estimate_opt_in(people_who_chose(seed), SPEC):
            if isinstance(result, Estimate) and result.target.unit == "%":
                found.setdefault(result.target.name, []).append(result)
    for name in ("primary", "aipw_plug_in", "ipw", "outcome_regression", "entropy_balancing",
                 "aipw_ate", "aipw_atc"):  # fmt: skip
        values = np.array([r.estimate for r in found[name]])
        assert abs(values.mean() - 25) < 4 * values.std(ddof=1) / np.sqrt(DRAWS), name
    covered = sum(r.ci_low < 25 < r.ci_high for r in found["primary"])
    assert covered >= 24  # P(Binomial(30, .95) < 24) = .0006
    assert min(r.estimate for r in found["naive"]) > 50  # twice what joining did
    assert "overlap" not in found


def test_zeros_after_exits_lead_and_while_employed_stands_beside() -> None:
    """A tenth of the joiners left before the window: output per joiner is a tenth less."""
    panel = people_who_chose(3)
    rows = panel.rows.assign(after_exit=False)
    left = panel.people.loc[panel.people["arm"] == "joined", "person"].iloc[::10]
    gone = rows["person"].isin(left) & (rows["event_month"] > 0)
    rows.loc[gone, "outcome"], rows.loc[gone, "after_exit"] = 0.0, True
    found = {r.target.name: r for r in estimate_opt_in(replace(panel, rows=rows), SPEC)}
    whole, stayers = found["primary"], found["while_employed"]
    assert 100 + whole.estimate == pytest.approx(0.9 * (100 + stayers.estimate), rel=0.02)
    assert stayers.target.estimand.endswith("not causal if exits differ")
    assert stayers.n_smallest == len(left)
