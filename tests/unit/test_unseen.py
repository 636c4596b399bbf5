"""Notes on something unseen: which studies have them, their figures, and that they stay notes."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis.compress import NEVER, People, fold
from analysis.diagnostics import Diagnostic
from analysis.diagnostics.drift import drift_notes
from analysis.diagnostics.no_effect import negative_controls
from analysis.diagnostics.thresholds import DEFAULT
from analysis.diagnostics.unseen import pooled_sd
from analysis.disclosure import release
from analysis.estimate import Estimate, NotEstimable, Target
from analysis.estimators.cells import build_cells
from analysis.exits.results import estimate_exits
from analysis.finding import Finding, Flow
from analysis.opt_in import diagnose_opt_in, estimate_opt_in
from analysis.panel import Panel
from analysis.roll_out import effects_of
from analysis.roll_out_panel import RollOut
from analysis.roll_out_results import Effects, window_result
from analysis.rules import Rules
from analysis.study import StudySpec, parse_study
from analysis.synthetic.company import draw_company
from tests.synthetic_careers import lottery_careers, opt_in_careers

NOTHING = Flow(steps=(), arms=())


def study(design: str = "opt_in", **more: object) -> StudySpec:
    return parse_study(
        {
            "study": "unseen",
            "question": "?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": design,
            "arms": {"treated": "joined", "comparison": "stayed_out"},
            "outcome": {"metric": "sales", "unit": "units"},
            "follow_up": {"months": 2, "primary": [1, 2]},
            **more,
        }
    )


def company(controls: int = 0, error: float = 0.0) -> Panel:
    """Joining goes with grade, and so does the outcome; it adds 1. Controls lean by ``error``."""
    rng = np.random.default_rng(3)
    n = 800
    grade = rng.normal(size=n)
    joined = rng.random(n) < 1 / (1 + np.exp(-grade))
    outcome = 10 + grade + joined + rng.normal(size=n)
    people = pd.DataFrame(
        {
            "person": np.arange(n),
            "arm": np.where(joined, "joined", "stayed_out"),
            "stratum": 0,
            "cluster": np.arange(n),
            "take_up": joined.astype(float),
            "pre_outcome": np.nan,
            "grade": grade,
            "level=2": (grade > 1).astype(float),
            "level=3": (grade < -1).astype(float),
            **{f"control {i}": 7 * (error * joined + rng.normal(size=n)) for i in range(controls)},
        }
    )
    rows = pd.DataFrame({"person": np.arange(n), "event_month": 1, "outcome": outcome})
    return Panel(people=people, rows=rows, treated=("joined",), comparison="stayed_out")


def notes(checks: tuple[Diagnostic, ...], name: str) -> list[Diagnostic]:
    return [d for d in checks if d.name == name]


def test_an_opt_in_study_names_each_covariate_once() -> None:
    spec = study(adjust_for=["grade", "level"])
    checks = diagnose_opt_in(company(), spec)
    found = [d for d in checks if d.name.startswith("unseen")]
    assert [d.label for d in found] == [
        "E-value from the difference in standard deviations, joined",
        "Robustness value, joined",
        "As strong as grade, joined",
        "As strong as level, joined",
    ]
    assert {(d.status, d.reveals_effect) for d in found} == {("note", True)}


def test_a_mark_of_a_few_people_is_told_of_them() -> None:
    panel = company()
    rare = (panel.people["person"] < 7).astype(float)
    panel = replace(panel, people=panel.people.assign(rare=rare))
    found = notes(diagnose_opt_in(panel, study(adjust_for=["grade", "rare"])), "unseen_benchmark")
    assert [d.n_smallest for d in found][1:] == [7]
    assert found[0].n_smallest > 300


def test_the_e_value_is_that_of_the_headline_in_standard_deviations() -> None:
    spec, panel = study(adjust_for=["grade"]), company()
    (made,) = notes(diagnose_opt_in(panel, spec), "unseen_e_value")
    head = estimate_opt_in(panel, spec)[0]
    assert isinstance(head, Estimate)
    groups = panel.rows["outcome"].groupby(panel.people["arm"])
    squares = (groups.var() * (groups.count() - 1)).sum()
    ratio = math.exp(0.91 * head.estimate / math.sqrt(squares / (800 - 2)))
    assert made.value == pytest.approx(ratio + math.sqrt(ratio * (ratio - 1)))
    assert made.display.startswith(f"{made.value:.2f} times to explain the effect away, ")


@pytest.mark.parametrize(
    ("outcome", "measure"),
    [
        ({"metric": "sales", "transform": "log"}, "difference in standard deviations"),
        ({"metric": "sales", "kind": "count"}, "ratio of means"),
    ],
)
def test_effects_in_per_cent(outcome, measure) -> None:
    spec, panel = study(adjust_for=["grade"], outcome=outcome), company()
    checks = diagnose_opt_in(panel, spec)
    (made,) = notes(checks, "unseen_e_value")
    assert measure in made.label
    if measure == "ratio of means":
        head = estimate_opt_in(panel, spec)[0]
        ratio = 1 + head.estimate / 100
        assert made.value == pytest.approx(ratio + math.sqrt(ratio * (ratio - 1)))
        assert not notes(checks, "unseen_robustness")  # no regression of differences


def test_promotions_are_compared_by_their_risks() -> None:
    """Nothing is adjusted for, so the ratio is that of shares; folds move it by under 1 %."""
    panel = company()
    raised = (panel.rows["outcome"] > 11).astype(float)
    panel = replace(panel, rows=panel.rows.assign(outcome=raised))
    spec = study(
        outcome={"kind": "promotion", "metric": "level"},
        follow_up={"months": 1, "primary": [1, 1]},
    )
    (made,) = notes(diagnose_opt_in(panel, spec), "unseen_e_value")
    shares = raised.groupby(panel.people["arm"]).mean()
    ratio = shares["joined"] / shares["stayed_out"]
    assert made.label == "E-value from the risk ratio, joined"
    assert made.value == pytest.approx(ratio + math.sqrt(ratio * (ratio - 1)), rel=0.01)


def test_pooled_sd_is_that_within_the_arms() -> None:
    outcome = np.array([1.0, 3.0, 11.0, 15.0])
    arm = np.array([False, False, True, True])
    for covariate in (np.zeros(4), np.arange(4.0)):  # one cell, a cell each
        cells = build_cells(covariate[:, None], arm, outcome)
        assert pooled_sd(cells) == pytest.approx(math.sqrt((2 + 8) / 2))


def test_thirty_controls_without_error_pass_and_calibrate_the_p_value() -> None:
    names = [f"control {i}" for i in range(30)]
    spec = study(adjust_for=["grade"], negative_controls=names)
    checks = diagnose_opt_in(company(30), spec)
    (gate,) = notes(checks, "negative_controls")
    assert gate.status != "fail"
    assert float(re.search(r"EASE (\d\.\d\d)", gate.display).group(1)) < 0.05
    assert "EASE 0.25" in gate.threshold
    (made,) = notes(checks, "unseen_calibrated_p")
    assert made.value < 1e-4


def test_a_common_systematic_error_fails_even_where_no_control_stands_out() -> None:
    """Ratios of 1.45 with wide errors: no p below .01 after Holm, but EASE log 1.45 = .37."""
    target = Target(
        name="c", role="secondary", estimand="", estimator="", arm="a", comparison="b",
        window=(1, 1), unit="ratio",
    )  # fmt: skip
    one = Estimate(
        target=target, estimate=1.45, std_error=0.3 * 1.45, ci_low=0.8, ci_high=2.6, p_value=0.21,
        df=900.0, n_treated=500, n_comparison=500, n_rows=1000, convention="",
    )  # fmt: skip
    assert negative_controls([one] * 29, DEFAULT).status == "pass"
    gate = negative_controls([one] * 30, DEFAULT)
    assert (gate.status, gate.display) == ("fail", "smallest p = 0.21 of 30, EASE 0.37")


@cache
def careers_checks(design: str) -> tuple[Diagnostic, ...]:
    firm = draw_company("default", size=1_500, seed=11)
    made = lottery_careers(firm) if design == "randomised" else opt_in_careers(firm)
    spec = study(
        design,
        time_zero="assigned_on" if design == "randomised" else "invited_on",
        arms={"treated": "with", "comparison": "without"},
        outcome={"kind": "exit", "metric": "any"},
        follow_up={"months": 12, "primary": [1, 12]},
    )
    _, _, checks = estimate_exits(made, spec)
    return checks


def test_exits_have_e_values_of_risks_and_hazards() -> None:
    found = notes(careers_checks("opt_in"), "unseen_e_value")
    assert [d.label for d in found] == [
        "E-value from the ratio of risks, with",
        "E-value from the ratio of hazards, with",
    ]
    assert all(d.value >= 1 and d.reveals_effect for d in found)


def test_a_draw_needs_none() -> None:
    assert not notes(careers_checks("randomised"), "unseen_e_value")


MONTHS = np.arange(2022 * 12, 2022 * 12 + 24)


def roll_out(sites: int, step: float = 0.0, **more: object) -> Effects:
    """Sites of 12 people; half start in month 12 and gain 2, with a step before of this size."""
    rng = np.random.default_rng(4)
    n = sites * 12
    site = np.repeat(np.arange(sites), 12)
    started = site % 2 == 0
    y = rng.normal(size=(n, 24)) * 0.3 + rng.normal(size=(n, 1))
    y[started, 12:] += 2.0
    y[started, :6] -= step
    cohort = np.where(started, MONTHS[12], NEVER)
    people = People(cohort=cohort, cell=np.zeros(n, int), cluster=site)
    rows = (np.repeat(np.arange(n), 24), np.tile(np.arange(24), n), y.ravel())
    spec = study(
        "rollout", time_zero="eligible_on", cluster="site",
        follow_up={"months": 3, "primary": [0, 2]}, **more,
    )  # fmt: skip
    moments = fold(lambda: [rows], people, MONTHS)
    made = RollOut(moments=moments, covariates=None, covariate_names=(), strata=None, flow=NOTHING)
    return effects_of(made, spec)


def drift(effects: Effects) -> tuple[Diagnostic, ...]:
    return drift_notes(effects, window_result(effects, (0, 2), name="primary", role="headline"))


def limits(note: Diagnostic) -> tuple[float, ...]:
    words = note.display.replace("−", "-").replace("+", "")
    return tuple(float(part.split()[0]) for part in words.split(" to "))


@pytest.mark.parametrize("sites", [16, 60])
def test_without_drift_the_interval_is_the_headlines(sites, monkeypatch) -> None:
    """Under 40 sites on the t of the headline, else on the normal; to the digits shown."""
    monkeypatch.setattr("analysis.diagnostics.drift.MULTIPLES", (0.0,))
    effects = roll_out(sites)
    head = window_result(effects, (0, 2), name="primary", role="headline")
    assert isinstance(head, Estimate)
    assert np.isinf(effects.df) == (sites == 60)
    assert limits(drift(effects)[1]) == pytest.approx((head.ci_low, head.ci_high), abs=2e-3)


def test_a_larger_move_before_leaves_less() -> None:
    quiet, moved = drift(roll_out(60)), drift(roll_out(60, step=1.0))
    assert moved[0].value < quiet[0].value
    # A step of 1; three months' average lets moves count 1 + 2/3 + 1/3 times: 2 is gone at once.
    assert moved[0].value == pytest.approx(1.0, abs=0.15)
    assert all(d.status == "note" and d.reveals_effect for d in moved)


def test_months_of_anticipation_are_months_in_which_sites_may_drift() -> None:
    """The base lies two months earlier, so that two more moves count in full."""
    moved = drift(roll_out(60, step=1.0, rollout={"anticipation": 2}))
    assert moved[0].value == pytest.approx(0.5, abs=0.1)  # 2 of 4 moves


def test_no_headline_no_drift() -> None:
    effects = roll_out(16)
    nothing = NotEstimable(target=effects.target((0, 2), "primary", "headline"), reason="x")
    assert drift_notes(effects, nothing) == ()


def test_withheld_with_the_effect() -> None:
    """No figure that gives the effect away, in value, words or what to do."""
    spec, panel = study(adjust_for=["grade"]), company()
    checks = list(diagnose_opt_in(panel, spec))
    failed = [
        d if d.name != "placebo" else Diagnostic(
            name="placebo", label="x", value=None, display="x", threshold="", status="fail",
            remedy="x",
        ) for d in checks
    ]  # fmt: skip
    finding = Finding(
        spec=spec, population="all", flow=NOTHING, estimates=estimate_opt_in(panel, spec),
        diagnostics=tuple(failed),
    )  # fmt: skip
    (made,), _ = release([finding], Rules(mode="public", min_group=10))
    shown = [d for d in made.diagnostics if d.name.startswith("unseen")]
    assert len(shown) == 3
    assert {(d.value, d.display) for d in shown} == {(None, "withheld with the effect")}
    assert not any(re.search(r"\d", d.remedy + d.threshold) for d in shown)
