"""Checks of a randomised study: figures by hand, each threshold from both sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.diagnostics.balance import balance
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.fading import fading
from analysis.diagnostics.first_stage import first_stage
from analysis.diagnostics.power import enough_data, minimum_detectable_effect
from analysis.diagnostics.response import (
    differential_missing,
    response,
    response_by_month,
    told_of,
)
from analysis.diagnostics.sample_ratio import arm_counts, chi_square, sample_ratio
from analysis.diagnostics.thresholds import DEFAULT
from analysis.errors import SpecError
from analysis.estimators.difference import difference_in_means
from analysis.randomised import diagnose_randomised

WINDOW = (1, 12)


def _people(**arms: int) -> str:
    """A table with so many people an arm, all with outcomes that differ."""
    names = [arm for arm, count in arms.items() for _ in range(count)]
    return "arm m1\n" + "\n".join(f"{arm} {i % 7}" for i, arm in enumerate(names))


def test_the_published_sample_ratio_mismatch():
    """821,588 against 815,482 at equal shares: chi-square 22.774, p 1.82e-6."""
    statistic, p_value = chi_square(np.array([[821_588.0, 815_482.0]]), np.array([0.5, 0.5]))
    assert statistic == pytest.approx(22.774, abs=5e-4)
    assert p_value == pytest.approx(1.82e-6, rel=5e-3)


def test_chi_square_adds_strata_with_their_degrees_of_freedom():
    """Two strata of 10 v 20 at equal shares: 2 x 3.333 on 2 degrees of freedom, p = exp(-10/3)."""
    statistic, p_value = chi_square(np.array([[10.0, 20], [10, 20]]), np.array([0.5, 0.5]))
    assert statistic == pytest.approx(20 / 3)
    assert p_value == pytest.approx(np.exp(-10 / 3))


@pytest.mark.parametrize(
    ("mentored", "control", "status"),
    [(50, 50, "pass"), (36, 64, "warn"), (30, 70, "fail")],
    # chi-square 0, 7.84 (p = .005), 16 (p = .00006)
)
def test_sample_ratio_thresholds(make_panel, make_spec, mentored, control, status):
    panel = make_panel(_people(mentored=mentored, control=control))
    check = sample_ratio(panel, make_spec(allocation={"share": 0.5}))
    assert check.status == status
    assert bool(check.remedy) == (status != "pass")
    assert check.n_smallest == mentored
    assert check.threshold == (
        "warn below p = 0.01, fail below p = 0.001 with a deviation of 0.1 points or more"
    )


def test_a_share_an_arm(make_panel, make_spec):
    panel = make_panel(_people(mentored=20, coached=30, control=50))
    arms = {"treated": ["mentored", "coached"], "comparison": "control"}
    planned = make_spec(arms=arms, allocation={"share": {"mentored": 0.2, "coached": 0.3}})
    assert sample_ratio(panel, planned).value == pytest.approx(1.0)
    each = make_spec(arms=arms, allocation={"share": 0.25})
    _, p_value = chi_square(arm_counts(panel), np.array([0.25, 0.25, 0.5]))
    assert sample_ratio(panel, each).value == pytest.approx(p_value)


def test_without_a_plan_the_ratio_is_a_note(make_panel, make_spec):
    check = sample_ratio(make_panel(_people(mentored=5, control=9)), make_spec())
    assert (check.status, check.display) == ("note", "no planned share declared")


@pytest.mark.parametrize("share", [1.0, 0.0, {"coached": 0.5}])
def test_an_impossible_plan_names_the_key(make_panel, make_spec, share):
    with pytest.raises(SpecError, match=r"allocation\.share"):
        sample_ratio(
            make_panel(_people(mentored=5, control=9)), make_spec(allocation={"share": share})
        )


def _with_covariate(shift: float) -> str:
    rng = np.random.default_rng(5)
    lines = []
    for i in range(120):
        arm = "mentored" if i % 2 else "control"
        lines.append(f"{arm} {rng.normal() + shift * (i % 2):.4f} {rng.normal():.4f}")
    return "arm x m1\n" + "\n".join(lines)


@pytest.mark.parametrize(("shift", "status"), [(0.0, "pass"), (1.5, "fail")])
def test_balance_fails_only_beyond_the_draw(make_panel, make_spec, shift, status):
    check = balance(make_panel(_with_covariate(shift), covariates=("x",)), make_spec())
    assert check.status == status
    assert check.threshold == "fail below p = 0.001"


def test_balance_is_tested_within_strata(make_panel, make_spec):
    """X is the stratum: different shares by design are no imbalance."""
    lines = ["mentored 0 1 2"] * 5 + ["control 0 1 3"] * 15 + ["mentored 1 2 2"] * 15
    table = "arm stratum x m1\n" + "\n".join(lines + ["control 1 2 5"] * 5)
    check = balance(make_panel(table, covariates=("x",)), make_spec())
    assert check.status == "note"  # nothing varies within strata


RESPONSE = """
arm      m1 m2
mentored 1  2
mentored 3  -
mentored -  -
mentored 2  5
control  2  1
control  4  2
control  1  6
control  5  -
"""


def test_few_people_with_any_outcome_are_few_as_those_without():
    shares = np.array([1.0] * 3 + [0.0] * 197)
    assert told_of(shares) == told_of(1 - shares) == 3
    assert told_of(np.ones(50)) == told_of(np.zeros(50)) == 50


def test_a_share_of_people_is_printed_like_the_same_share_by_month(make_panel, make_spec):
    """In one measured month both are shares of people: two forms would give counts away."""
    panel = make_panel("arm m3\n" + "control 1\n" * 31 + "control -\n" * 29 + "mentored 1\n" * 60)
    spec = make_spec(follow_up={"months": 3, "primary": [3, 3]})
    (first, _), (month,) = response(panel, spec), response_by_month(panel, spec)
    assert (first.shares[0].people, first.shares[0].of) == (31, 60)
    assert month.shares[0].people == 31


def test_response_counts_person_months(make_panel, make_spec):
    """Mentored 5 of 8, control 7 of 8; month 2: 2 of 4 and 3 of 4."""
    panel = make_panel(RESPONSE)
    assert [d.value for d in response(panel, make_spec())] == [7 / 8, 5 / 8]
    month_1, month_2 = response_by_month(panel, make_spec())
    assert month_2.display == "month 2: control 75.0 %, mentored 50.0 %"
    assert month_1.value == pytest.approx(0.25)
    (check,) = differential_missing(panel, make_spec())
    assert check.value == pytest.approx(-0.25)
    assert check.status == "warn"  # 25 points, but the interval of eight people is wide


@pytest.mark.parametrize(("gone", "status"), [(2, "pass"), (6, "warn"), (30, "fail")])
def test_differential_missing_outcome_thresholds(make_panel, make_spec, gone, status):
    """Of 100 an arm: 2 points; 6 points with lower limit 1.3; 30 points with lower limit 21."""
    lines = [f"mentored {'-' if i < gone else i % 5}" for i in range(100)]
    lines += [f"control {i % 5}" for i in range(100)]
    (check,) = differential_missing(make_panel("arm m1\n" + "\n".join(lines)), make_spec())
    assert check.status == status
    assert check.name == "differential_missing_outcome"
    assert check.value == pytest.approx(-gone / 100)


@pytest.mark.parametrize(
    ("takers", "status"), [(1, "pass"), (2, "warn"), (4, "warn"), (5, "fail"), (None, "note")]
)
def test_contamination_thresholds(make_panel, takers, status):
    lines = ["mentored 1 1"] * 5
    lines += [f"control {'-' if takers is None else int(i < takers)} 1" for i in range(20)]
    check = contamination(make_panel("arm take_up m1\n" + "\n".join(lines)), DEFAULT)
    assert check.status == status
    assert check.value == (None if takers is None else takers / 20)
    assert check.threshold == "warn above 5 %, fail above 20 %"


def test_a_weak_first_stage_points_to_anderson_rubin(make_panel, make_spec):
    lines = [f"mentored {int(i < 6)} {i % 7}" for i in range(20)]
    lines += [f"control {int(i < 4)} {i % 5}" for i in range(20)]
    (note,) = first_stage(make_panel("arm take_up m1\n" + "\n".join(lines)), make_spec())
    assert note.status == "note"
    assert note.value < 10
    assert "Anderson-Rubin" in note.remedy


@pytest.mark.parametrize(
    ("transform", "wanted", "tells"),
    [("none", 100.0, True), ("none", 0.5, False), ("log", 999.0, True), ("log", 0.05, False)],
)
def test_minimum_detectable_effect(make_panel, make_spec, transform, wanted, tells):
    """5.6535 standard errors, in per cent for logs.

    What statsmodels has for two people an arm (noncentral t, 2 degrees of freedom).
    """
    spec = make_spec(transform=transform, effect_of_interest=wanted)
    panel = make_panel("arm m1\nmentored 1\nmentored 3\ncontrol 2\ncontrol 1")
    error = (2 / 2 + 0.5 / 2) ** 0.5
    (note,) = minimum_detectable_effect(difference_in_means(panel, spec, WINDOW), spec)
    smallest = 5.6535 * error if transform == "none" else 100 * (np.exp(5.6535 * error) - 1)
    assert note.value == pytest.approx(smallest, rel=1e-4)
    assert note.status == "note"
    assert ("cannot tell" in note.display) == (not tells)


def test_fading_reveals_the_effect_and_gates_nothing(make_panel, make_spec):
    table = "arm m1 m2\n" + "\n".join(
        [f"mentored {5 + i % 3} {2 + i % 4}" for i in range(6)]
        + [f"control {1 + i % 3} {2 + i % 2}" for i in range(6)]
    )
    notes = fading(make_panel(table), make_spec())
    assert [n.name for n in notes] == ["fading_equality", "fading_trend"]
    assert all(n.reveals_effect and n.status == "note" for n in notes)


@pytest.mark.parametrize(
    ("table", "status"),
    [
        ("arm m1\nmentored 1\nmentored 2\ncontrol 1\ncontrol 3", "pass"),
        ("arm m1\nmentored 1\nmentored -\ncontrol 1\ncontrol 3", "fail"),
        ("arm m1\nmentored 1\nmentored 1\ncontrol 1\ncontrol 1", "fail"),
    ],
)
def test_enough_data(make_panel, make_spec, table, status):
    assert enough_data(make_panel(table), make_spec()).status == status


@pytest.mark.parametrize("added", [-50.0, 0.0, 0.5, 50.0])
def test_no_gate_depends_on_the_effect(make_panel, make_spec, added):
    """Any effect added to the arm's outcomes leaves every verdict as it was."""
    panel = make_panel(_with_covariate(0.0), covariates=("x",))
    spec = make_spec(allocation={"share": 0.5}, adjust_for=["x"])
    people = panel.people.set_index("person")["arm"]
    arm = (panel.rows["person"].map(people) == "mentored").astype(float)
    moved = replace(panel, rows=panel.rows.assign(outcome=panel.rows["outcome"] + added * arm))
    verdicts = [(d.name, d.status) for d in diagnose_randomised(moved, spec)]
    assert verdicts == [(d.name, d.status) for d in diagnose_randomised(panel, spec)]


@pytest.mark.parametrize(("shift", "status"), [(0.0, "pass"), (1.0, "fail")])
def test_negative_controls_of_a_lottery_are_what_people_were_at_the_start(
    make_panel, make_spec, shift, status
):
    """Named, not adjusted for, and different between the arms by a whole standard deviation."""
    panel = make_panel(_with_covariate(shift), covariates=("x",))
    found = diagnose_randomised(panel, make_spec(negative_controls=["x"]))
    (check,) = (d for d in found if d.name == "negative_controls")
    assert (check.status, check.display.split(" of ")[1]) == (status, "1")
    assert bool(check.remedy) == (status == "fail")
