"""The opt-in design: what comes out, in what order, and what its checks say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.diagnostics.comparability import open_choice, with_a_comparator
from analysis.diagnostics.no_effect import negative_controls, placebo
from analysis.diagnostics.thresholds import DEFAULT
from analysis.disclosure import release
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.cells import build_cells
from analysis.estimators.opt_in_setting import make_setting
from analysis.estimators.weighting import effective_size
from analysis.finding import REQUIRED, Finding, Flow
from analysis.opt_in import ADJUSTED, PLACEBO, diagnose_opt_in, estimate_opt_in, with_past
from analysis.panel import Panel
from analysis.rules import Rules
from analysis.study import StudySpec, parse_study

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic
    from analysis.estimators.cells import Cells

GAIN = 1.0


def study(**more: object) -> StudySpec:
    return parse_study(
        {
            "study": "opt-in",
            "question": "What did joining do?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "opt_in",
            "arms": {"treated": "joined", "comparison": "stayed_out"},
            "outcome": {"metric": "sales", "unit": "units"},
            "follow_up": {"months": 6, "primary": [1, 6], "windows": [[1, 3]]},
            "adjust_for": ["pre_period_outcome", "grade"],
            **more,
        }
    )


def company(
    *,
    people: int = 600,
    seed: int = 1,
    drive: float = 1.0,
    hidden: float = 0.0,
    third: bool = False,
) -> Panel:
    """Fifteen months of outcomes; joining follows past performance, and ``hidden`` talent."""
    rng = np.random.default_rng(seed)
    talent = rng.normal(size=people)
    months = np.arange(-9, 7)
    outcome = 10 + talent[:, None] + 0.5 * rng.normal(size=(people, len(months)))
    past = outcome[:, (months >= -3) & (months < 0)].mean(axis=1) - 10
    wish = drive * past + hidden * talent - 0.3
    joined = rng.random(people) < 1 / (1 + np.exp(-wish))
    outcome[:, months > 0] += GAIN * joined[:, None]
    arm = np.where(joined, "joined", "stayed_out")
    if third:
        arm[:60] = np.where(joined[:60], "tried", "stayed_out")
    frame = pd.DataFrame(
        {
            "person": np.arange(people),
            "arm": arm,
            "stratum": 0,
            "cluster": np.arange(people),
            "take_up": joined.astype(float),
            "pre_outcome": past,
            "pre_period_outcome": np.nan,
            "grade": rng.integers(1, 4, size=people).astype(float),
            "moved_house": rng.integers(0, 2, size=people).astype(float),
        }
    )
    rows = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), len(months)),
            "event_month": np.tile(months, people),
            "outcome": outcome.ravel(),
        }
    )
    treated = ("joined", "tried") if third else ("joined",)
    return Panel(people=frame, rows=rows, treated=treated, comparison="stayed_out")


def by_name(panel: Panel, spec: StudySpec) -> dict[str, Estimate | NotEstimable]:
    return {r.target.name: r for r in estimate_opt_in(panel, spec)}


def checks(panel: Panel, spec: StudySpec) -> dict[str, Diagnostic]:
    return {d.name: d for d in diagnose_opt_in(panel, spec)}


def test_one_headline_its_companions_and_the_naive_difference() -> None:
    results = estimate_opt_in(company(), study())
    assert [(r.target.name, r.target.role) for r in results] == [
        ("primary", "headline"),
        ("aipw_ate", "secondary"),
        ("aipw_atc", "secondary"),
        ("aipw_plug_in", "secondary"),
        ("overlap", "secondary"),
        ("entropy_balancing", "secondary"),
        ("outcome_regression", "secondary"),
        ("ipw", "secondary"),
        ("trimmed", "secondary"),
        ("naive", "naive"),
        ("window", "secondary"),
    ]
    found = {r.target.name: r for r in results}
    assert found["primary"].estimate == pytest.approx(GAIN, abs=0.15)
    assert found["naive"].estimate > GAIN + 0.5
    assert found["window"].target.window == (1, 3)
    assert "10 % and 90 %" in found["trimmed"].target.estimand
    assert found["trimmed"].n_people < found["primary"].n_people == 600


def test_the_same_study_gives_the_same_figures() -> None:
    assert estimate_opt_in(company(), study()) == estimate_opt_in(company(), study())


def test_nobody_is_trimmed_where_every_choice_was_open() -> None:
    assert "trimmed" not in by_name(company(drive=0.1), study())


def test_a_second_arm_is_compared_with_the_same_people() -> None:
    results = estimate_opt_in(company(third=True), study(
        arms={"treated": ["joined", "tried"], "comparison": "stayed_out"}))  # fmt: skip
    first, second = results[:2]
    assert (first.target.arm, first.target.role) == ("joined", "headline")
    assert (second.target.arm, second.target.role) == ("tried", "secondary")
    assert first.n_comparison == second.n_comparison


def test_a_log_outcome_is_shown_in_per_cent() -> None:
    panel = company()
    panel = replace(panel, rows=panel.rows.assign(outcome=panel.rows["outcome"] / 100))
    outcome = {"metric": "sales", "transform": "log"}
    (plain, log) = (
        by_name(panel, study(outcome=o))["aipw_plug_in"] for o in ({"metric": "sales"}, outcome)
    )
    assert log.estimate == pytest.approx(100 * np.expm1(plain.estimate))
    assert log.target.unit == "%"


def test_months_before_those_adjusted_for_stay_out_of_the_covariates() -> None:
    panel = replace(company(), covariates=("pre_period_outcome",))
    later = panel.between(*ADJUSTED).rows.groupby("person")["outcome"].mean()
    assert with_past(panel, study()).people["pre_period_outcome"].tolist() == later.tolist()
    assert PLACEBO[1] < ADJUSTED[0]


def test_clusters_stay_together_and_are_named() -> None:
    panel = company()
    panel = replace(panel, people=panel.people.assign(cluster=panel.people["person"] % 50))
    primary = by_name(panel, study(cluster="manager_no"))["primary"]
    assert "clustered by manager no" in primary.convention
    assert primary.t_df == 49


def test_a_fold_that_cannot_be_fitted_leaves_the_plug_in() -> None:
    """Two people of a rare grade: the fold that holds the one who stayed out has only joiners."""
    panel = company(people=200)
    rare = panel.people["person"].isin(
        [
            panel.people.query(f"arm == '{arm}'")["person"].iloc[0]
            for arm in ("joined", "stayed_out")
        ]
    )
    panel = replace(panel, people=panel.people.assign(grade=rare.astype(float)))
    found = by_name(panel, study())
    assert found["primary"].estimate == found["aipw_plug_in"].estimate
    assert "a fold leaves too few people" in found["primary"].convention


def test_a_few_who_all_joined_count_with_others() -> None:
    """Without the mark of their own they are as everybody else of the same past."""
    panel = company(people=200)
    few = panel.people["person"].isin(panel.people.query("arm == 'joined'")["person"].iloc[:3])
    marked = replace(panel, people=panel.people.assign(grade=few.astype(float)))
    plain = replace(panel, people=panel.people.assign(grade=0.0))
    found = by_name(marked, study())["primary"]
    assert isinstance(found, Estimate)
    unmarked = by_name(plain, study())["primary"].estimate
    assert found.estimate == pytest.approx(unmarked, rel=1e-9)  # a constant column: rounding
    assert checks(marked, study())["rare_categories"].display == "grade"
    assert "rare_categories" not in checks(plain, study())


def test_no_counterpart_no_number() -> None:
    panel = company()
    joined = (panel.people["arm"] == "joined").astype(float)
    panel = replace(panel, people=panel.people.assign(grade=joined))
    found, seen = by_name(panel, study()), checks(panel, study())
    for name in ("primary", "ipw", "overlap", "entropy_balancing"):
        assert isinstance(found[name], NotEstimable)
    assert "separation" in found["primary"].reason
    assert "look at grade" in found["primary"].reason
    assert isinstance(found["naive"], Estimate)
    assert seen["comparability"].status == seen["adjusted_balance"].status == "fail"


def test_a_further_specification_has_its_own_covariates_and_window() -> None:
    extra = {"first_month": 1, "last_month": 2}
    spec = study(
        specifications=[
            {"name": "grade alone", "adjust_for": ["grade"], **extra},
            {"name": "unheard of", "adjust_for": ["shoe_size"], **extra},
        ]
    )
    found = by_name(company(), spec)
    alone = found["specification: grade alone"]
    assert alone.target.window == (1, 2)
    assert alone.estimate > found["primary"].estimate + 0.5  # selection is left in
    assert isinstance(found["specification: unheard of"], NotEstimable)


def test_people_with_gaps_are_marked_or_dropped_as_declared() -> None:
    panel = company()
    grade = panel.people["grade"].where(panel.people["person"] % 5 > 0)
    panel = replace(panel, people=panel.people.assign(grade=grade))
    marked, dropped = (
        by_name(panel, study(missing_covariates=how))["primary"] for how in ("indicator", "drop")
    )
    assert (marked.n_people, dropped.n_people) == (600, 480)


def test_with_nothing_adjusted_for_nothing_is_claimed() -> None:
    seen = checks(company(), study(adjust_for=[]))
    assert seen["adjusted_balance"].status == "fail"
    assert "adjust_for" in seen["adjusted_balance"].remedy


NOBODY = {
    "no outcome": lambda p: replace(p, rows=p.rows.iloc[:0]),
    "a constant outcome": lambda p: replace(p, rows=p.rows.assign(outcome=1.0)),
    "one joiner": lambda p: replace(
        p, people=p.people.assign(arm=["joined", *["stayed_out"] * (len(p.people) - 1)])
    ),
    "no comparator": lambda p: replace(p, people=p.people.assign(arm="joined")),
}


@pytest.mark.parametrize("case", NOBODY)
def test_what_cannot_be_estimated_carries_its_reason(case: str) -> None:
    panel = NOBODY[case](company(people=60))
    for result in estimate_opt_in(panel, study()):
        assert isinstance(result, NotEstimable)
        assert result.reason
    diagnose_opt_in(panel, study())  # says so as well, and does not stop


def test_a_finding_has_all_its_required_checks_and_can_be_released() -> None:
    panel, spec = company(people=900, seed=2, drive=0.4), study()
    finding = Finding(
        spec=spec,
        population="people invited",
        flow=Flow(steps=(), arms=()),
        estimates=estimate_opt_in(panel, spec),
        diagnostics=diagnose_opt_in(panel, spec),
    )
    assert REQUIRED["opt_in"] <= {d.name for d in finding.diagnostics}
    assert finding.grade == "Credible", finding.reasons
    (released,), _ = release([finding], Rules(mode="protected", min_group=10))
    assert released.headline.status == "released"
    with pytest.raises(ValueError, match="placebo"):
        replace(finding, diagnostics=tuple(d for d in finding.diagnostics if d.name != "placebo"))


def test_hidden_selection_shows_in_the_months_before() -> None:
    """Talent that three months of performance do not tell drives the choice."""
    assert checks(company(people=2_000, drive=0.4), study())["placebo"].status == "pass"
    assert checks(company(people=2_000, drive=0.4, hidden=1.5), study())["placebo"].status == "fail"


def test_the_love_plot_shows_the_difference_before_and_after() -> None:
    check = checks(company(drive=0.5), study())["adjusted_balance"]
    (found,) = check.balances
    (past,) = (r for r in found.rows if r.covariate == "pre_period_outcome")
    assert past.before > 0.3
    assert abs(past.after) < 0.1
    assert max(abs(r.after) for r in found.rows) == pytest.approx(check.value)
    assert (found.arm, found.comparison, sum(found.people)) == ("joined", "stayed_out", 600)
    assert (sum(found.overlap.treated), sum(found.overlap.comparison)) == found.people


def test_negative_controls_are_looked_at_where_the_study_names_them() -> None:
    spec = study(negative_controls=["moved_house"])
    assert checks(company(), spec)["negative_controls"].display.endswith("of 1")
    none = checks(company(), study())["negative_controls"]
    assert (none.status, none.value) == ("note", None)
    assert "`negative_controls`" in none.remedy


def p_values(*values: float) -> list[Estimate]:
    (made,) = (r for r in estimate_opt_in(company(people=100), study()) if r.target.name == "naive")
    return [replace(made, p_value=value) for value in values]


@pytest.mark.parametrize(("p", "status"), [(0.2, "pass"), (0.08, "warn"), (0.04, "fail")])
def test_limits_of_the_placebo(p: float, status: str) -> None:
    assert placebo(p_values(p)[0], PLACEBO, DEFAULT).status == status


def test_several_arms_share_the_placebo() -> None:
    """Each of two arms fails at half the limit, and warns at the limit itself."""
    two = [placebo(r, PLACEBO, DEFAULT, tests=2) for r in p_values(0.04, 0.02, 0.2)]
    assert [d.status for d in two] == ["warn", "fail", "pass"]
    assert two[0].threshold.endswith("fail below p = 0.05 after Bonferroni over 2 arms")


@pytest.mark.parametrize(
    ("ps", "status"),
    [((0.5, 0.2), "pass"), ((0.5, 0.04), "warn"), ((0.5, 0.006), "warn"), ((0.5, 0.004), "fail")],
)
def test_limits_of_negative_controls(ps: tuple[float, ...], status: str) -> None:
    """The smallest p-value fails after Holm: two controls, so below .005."""
    assert negative_controls(p_values(*ps), DEFAULT).status == status


def two_groups(
    joined: list[tuple[float, int]], others: list[tuple[float, int]]
) -> tuple[Cells, np.ndarray]:
    """Cells of people at given chances: (chance, people)."""
    chance = np.array([c for group in (others, joined) for c, n in group for _ in range(n)])
    treated = np.repeat([False, True], [sum(n for _, n in g) for g in (others, joined)])
    cells = build_cells(chance[:, None], treated, np.zeros(len(chance)), exact_rows=True)
    return cells, chance


def test_comparators_within_the_caliper() -> None:
    """Two of ten joiners are sure to join; nobody who stayed out is near them."""
    cells, chance = two_groups([(0.5, 8), (0.99, 2)], [(0.5, 10)])
    assert with_a_comparator(cells, chance) == pytest.approx(0.8)


def test_open_choices() -> None:
    """Half join, so that preference scores are chances: 12 of 20 lie in .3 to .7."""
    cells, chance = two_groups([(0.5, 6), (0.9, 4)], [(0.5, 6), (0.1, 4)])
    assert open_choice(cells, chance) == pytest.approx(0.6)


def test_effective_size_of_uneven_weights() -> None:
    """Kish: (2 x 1 + 1 x 4)^2 / (2 x 1 + 1 x 16) = 2."""
    assert effective_size(np.array([2.0, 1.0]), np.array([1.0, 4.0])) == pytest.approx(2.0)


def test_a_person_counts_once_whatever_months_they_have() -> None:
    panel = company(people=80)
    first = panel.rows["event_month"].isin([1, 2]) & (panel.rows["person"] == 0)
    kept = panel.rows[(panel.rows["person"] > 0) | first]
    choice = make_setting(replace(panel, rows=kept), study(), "joined", (1, 6)).choice
    assert len(choice.outcome) == 80
    assert choice.outcome[0] == pytest.approx(panel.rows[first]["outcome"].mean())
