"""Subgroups of a study: which may be declared, who is in which, effects in each, the joint test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from analysis.benefits.interaction import Interaction, corrected, same_effects, wald
from analysis.benefits.members import NOT_RECORDED, banded, levels, parts
from analysis.benefits.spec import Subgroup
from analysis.benefits.subgroups import subgroup_effects
from analysis.errors import SpecError
from analysis.estimate import Estimate
from analysis.estimators.ancova import ancova
from analysis.follow_up import _covariates
from analysis.panel import Panel
from analysis.study import parse_study

TENURE = {"name": "tenure_months", "cuts": [12]}
COLUMN = "subgroup: team"
EXACT = 1e-8  # two ways to one figure, apart by rounding alone


def study(**keys: Any):
    return parse_study(
        {
            "study": "who",
            "question": "Who gains?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "randomised",
            "arms": {"treated": "mentored", "comparison": "control"},
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 3, "primary": [1, 3]},
            **keys,
        }
    )


def drawn(seed: int, *, people: int = 240, sites: int | None = None, gap: float = 0.0) -> Panel:
    """A lottery of people in two teams, three months each; team b gains ``gap`` more."""
    rng = np.random.default_rng(seed)
    team = np.arange(people) % 2
    cluster = np.arange(people) if sites is None else rng.integers(0, sites, people)
    won = rng.permutation(people) < people // 2
    x = rng.normal(size=people)
    luck = rng.normal(size=people if sites is None else sites)[cluster]
    mean = 5 + x + luck + won * (1 + gap * team)
    outcome = mean[:, None] + rng.normal(size=(people, 3))
    frame = pd.DataFrame(
        {
            "person": np.arange(people),
            "arm": np.where(won, "mentored", "control"),
            "stratum": 0,
            "cluster": cluster,
            "take_up": np.nan,
            "pre_outcome": x + rng.normal(size=people),
            "x": x,
            COLUMN: pd.Categorical(np.array(["a", "b"])[team], ["a", "b"], ordered=True),
        }
    )
    rows = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), 3),
            "event_month": np.tile([1, 2, 3], people),
            "outcome": outcome.ravel(),
        }
    )
    return Panel(
        people=frame, rows=rows, treated=("mentored",), comparison="control", covariates=("x",)
    )


@pytest.mark.parametrize(
    ("subgroups", "said"),
    [
        (["take_up"], "not known at time zero"),
        (["meetings"], "not known at time zero"),
        (["sales"], "not known at time zero"),
        (["programme_completed"], "not known at time zero"),
        (["tenure_months"], "is a number"),
        (["level", "level"], "stands twice"),
        ([{"name": "level", "cuts": [2]}], "not a quantity"),
        ([{"name": "age", "cuts": [40, 30]}], "cuts rise"),
    ],
)
def test_what_cannot_be_a_subgroup_is_refused(subgroups: list[Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        study(subgroups=subgroups)


@pytest.mark.parametrize(
    "keys",
    [
        {"who_benefits": ["eagerness"]},
        {"who_benefits": ["quantiles"], "outcome": {"metric": "calls", "kind": "count"}},
    ],
)
def test_what_a_design_cannot_answer_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"answered for|told where"):
        study(**keys)


def test_a_name_a_mapping_and_a_list_mean_the_same() -> None:
    one = study(subgroups="level").subgroups
    assert one == study(subgroups=["level"]).subgroups == (Subgroup(name="level"),)
    assert study(subgroups=TENURE).subgroups == (Subgroup(name="tenure_months", cuts=(12.0,)),)


def test_groups_begin_at_the_cuts() -> None:
    found = levels(Subgroup(name="age", cuts=(30, 50)), pd.Series(["29.9", "30", "49", "50", None]))
    labels = ["under 30", "30 to under 50", "50 and over"]
    assert list(found.cat.categories) == labels
    assert found.tolist()[:4] == [labels[0], labels[1], labels[1], labels[2]]
    assert found.isna().tolist()[4]


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ({"age": [40]}, "is not adjusted for"),
        ({"level": [2]}, "not a quantity"),
        ({"pre_period_outcome": [2]}, "read anew"),
        ({"tenure_months": []}, "has no cuts"),
        ({"tenure_months": [12, 6]}, "cuts rise"),
    ],
)
def test_what_cannot_be_in_bands_is_refused(bands: dict[str, Any], said: str) -> None:
    adjusted = ["level", "pre_period_outcome", "tenure_months"]
    with pytest.raises(SpecError, match=said) as refused:
        study(adjust_for=adjusted, bands=bands)
    assert refused.value.key.startswith("bands")


def test_bands_of_a_covariate_count_apart() -> None:
    """The first band that has people is what the others are compared with; nobody is 30 or over."""
    found = _covariates(
        pd.DataFrame({"age": ["9", "12", "24", None, "11.9", "29"]}),
        pd.Series(dtype=float),
        ["age"],
        {"age": (5.0, 12.0, 24.0, 30.0)},
    )
    assert list(found.columns) == ["age=12 to under 24", "age=24 to under 30"]
    assert found.iloc[:, 0].tolist()[:3] == [0.0, 1.0, 0.0]
    assert found.iloc[:, 1].tolist()[:3] == [0.0, 0.0, 1.0]
    assert found.isna().all(axis=1).tolist() == [False, False, False, True, False, False]


def test_bands_of_words_are_refused_without_quoting_them() -> None:
    with pytest.raises(SpecError, match="not a number for everybody") as refused:
        banded("age", (30.0,), pd.Series(["29", "old"]))
    assert refused.value.key == "bands" and "old" not in str(refused.value)


def test_bands_make_a_new_question_and_their_absence_none() -> None:
    asked = {"adjust_for": ["tenure_months"]}
    plain, cut = study(**asked), study(**asked, bands={"tenure_months": [12]})
    assert plain.digest() == study(**asked, bands={}).digest() != cut.digest()


def test_values_are_groups_of_their_own_in_order() -> None:
    found = levels(Subgroup(name="level"), pd.Series(["10", "2", None, "2"]))
    assert list(found.cat.categories) == ["2", "10"]


@pytest.mark.parametrize(
    ("subgroup", "values", "fix"),
    [
        (Subgroup(name="age", cuts=(30,)), ["29", "old"], "Remove"),
        (Subgroup(name="age"), [str(i) for i in range(20)], "Declare `cuts`"),
        (Subgroup(name="site"), [f"s{i}" for i in range(20)], "Group the values"),
    ],
)
def test_columns_that_do_not_fit_are_refused(subgroup, values, fix) -> None:
    with pytest.raises(SpecError) as refused:
        levels(subgroup, pd.Series(values))
    assert refused.value.key == "subgroups" and fix in refused.value.fix
    assert "old" not in str(refused.value)


def test_each_group_has_the_estimate_of_its_people_alone() -> None:
    panel, spec = drawn(1), study(adjust_for=["x"], subgroups=["team"])
    found = subgroup_effects(panel, spec)
    groups = dict(parts(panel, spec.subgroups[0]))
    assert [r.target.subgroup for r in found.results] == ["team a", "team b"]
    for result, label in zip(found.results, "ab", strict=True):
        alone = ancova(groups[label], spec, (1, 3))[0]
        assert isinstance(result, Estimate) and isinstance(alone, Estimate)
        assert (result.estimate, result.std_error) == (alone.estimate, alone.std_error)
        assert result.n_treated + result.n_comparison == 120


def test_people_apart_share_no_error() -> None:
    """The test of two groups is the difference of two estimates over the root of their squares."""
    panel, spec = drawn(2), study(adjust_for=["x"], subgroups=["team"])
    found = subgroup_effects(panel, spec)
    one, other = found.results
    z = (one.estimate - other.estimate) ** 2 / (one.std_error**2 + other.std_error**2)
    # CR1 of one regression counts all people at once, of two each its own: apart by about 1 / 120
    assert found.interactions[0].statistic == pytest.approx(z, rel=0.02)


@pytest.mark.parametrize("estimator", ["ancova", "difference_in_means", "lin", "cuped"])
def test_every_estimator_has_its_test(estimator: str) -> None:
    keys = {"adjust_for": ["x"]} if estimator in ("ancova", "lin") else {}
    spec = study(estimator=estimator, subgroups=["team"], **keys)
    found = subgroup_effects(drawn(3), spec)
    one, other = found.results
    z = (one.estimate - other.estimate) ** 2 / (one.std_error**2 + other.std_error**2)
    assert found.interactions[0].statistic == pytest.approx(z, rel=0.02)


def test_shared_clusters_share_their_errors() -> None:
    """As statsmodels has it: everything interacted with the group, errors clustered by site."""
    panel, spec = drawn(4, sites=60), study(adjust_for=["x"], subgroups=["team"], cluster="site")
    test = subgroup_effects(panel, spec).interactions[0]
    rows = panel.rows.merge(panel.people, on="person")
    rows["won"], rows["b"] = (rows["arm"] == "mentored") * 1.0, (rows[COLUMN] == "b") * 1.0
    fit = smf.ols("outcome ~ b * (won + x + C(event_month))", rows).fit(
        cov_type="cluster", cov_kwds={"groups": rows["cluster"]}, use_t=True
    )
    sites = rows["cluster"].nunique()
    assert test.statistic == pytest.approx(float(fit.tvalues["b:won"]) ** 2, rel=1e-6)
    assert test.df == (1.0, sites - 1)
    assert test.p_value == pytest.approx(float(fit.pvalues["b:won"]), rel=1e-6)


def test_few_clusters_have_degrees_of_freedom_of_their_own() -> None:
    panel, spec = drawn(5, sites=12), study(subgroups=["team"], cluster="site")
    test = subgroup_effects(panel, spec).interactions[0]
    assert test.df is not None and test.df[1] < 11


def test_who_is_not_recorded_stands_beside_and_is_not_tested() -> None:
    panel = drawn(6)
    column = panel.people[COLUMN].where(panel.people["person"] >= 60)
    panel = replace(panel, people=panel.people.assign(**{COLUMN: column}))
    found = subgroup_effects(panel, study(subgroups=["team"]))
    assert [r.target.subgroup for r in found.results] == [
        "team a",
        "team b",
        f"team {NOT_RECORDED}",
    ]
    assert found.interactions[0].levels == ("a", "b")
    people = sum(r.n_treated + r.n_comparison for r in found.results if isinstance(r, Estimate))
    assert people == 240


def test_a_group_of_a_few_is_not_tested() -> None:
    panel = drawn(7)
    few = np.where(panel.people["person"] < 12, "c", panel.people[COLUMN].astype(str))
    column = pd.Categorical(few, ["a", "b", "c"], ordered=True)
    panel = replace(panel, people=panel.people.assign(**{COLUMN: column}))
    found = subgroup_effects(panel, study(subgroups=["team"]))
    assert found.interactions[0].levels == ("a", "b")


def test_compressed_and_from_rows_alike() -> None:
    spec = study(adjust_for=["x"], subgroups=["team"])
    panel = drawn(8)
    cells, rows = (subgroup_effects(replace(panel, exact_rows=r), spec) for r in (False, True))
    for one, other in zip(cells.results, rows.results, strict=True):
        assert one.estimate == pytest.approx(other.estimate, rel=EXACT)
        assert one.std_error == pytest.approx(other.std_error, rel=EXACT)
    one, other = cells.interactions[0], rows.interactions[0]
    assert one.statistic == pytest.approx(other.statistic, rel=EXACT)


def test_a_joint_test_of_independent_estimates_is_that_of_cochran() -> None:
    """Q of a meta-analysis: squares about the weighted mean, over the groups less one."""
    values, errors = np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.0, 0.8])
    weight = 1 / errors**2
    q = float(weight @ (values - weight @ values / weight.sum()) ** 2)
    statistic, df, p_value = wald(values, np.diag(errors**2), 100.0)
    # of T2 with 100 degrees of freedom: F(2, 99) of T2 / 2 x 99 / 100
    assert statistic == pytest.approx(q / 2 * 0.99)
    assert df == (2.0, 99.0)
    assert p_value == pytest.approx(stats.f.sf(q / 2 * 0.99, 2, 99))


def test_many_groups_of_few_clusters_differ_by_chance_as_often_as_said() -> None:
    """Six equal effects, their covariance estimated from 20 clusters: 5 % of draws are below .05.

    F(5, 19) would reject 10 %. Bounds are binomial ones at 99.9 %.
    """
    rng = np.random.default_rng(20)
    draws, groups, df = 2_000, 6, 19
    found = 0
    for _ in range(draws):
        errors = rng.normal(size=(df, groups))
        test = same_effects(
            "team", "mentored", list("abcdef"), rng.normal(size=groups),
            errors.T @ errors / df, df,
        )  # fmt: skip
        assert test.p_value is not None
        found += test.p_value < 0.05
    assert stats.binom.ppf(0.0005, draws, 0.05) <= found <= stats.binom.ppf(0.9995, draws, 0.05)


def test_more_groups_than_clusters_can_tell_apart_are_a_reason() -> None:
    made = same_effects("team", "mentored", list("abcde"), np.arange(5.0), np.eye(5), 3.0)
    assert made.p_value is None and "too few people or clusters" in made.reason


def test_corrections_are_over_all_tests_declared() -> None:
    """Benjamini & Hochberg 1995: 15 p-values, Holm rejects 3, BH 4; one could not be made."""
    p_values = (
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, None,
    )  # fmt: skip
    tests = [
        Interaction(variable=f"v{i}", arm="mentored", levels=("a", "b"), p_value=p)
        for i, p in enumerate(p_values)
    ]
    made = corrected(tests, study())
    assert sum(t.p_holm < 0.05 for t in made if t.p_holm is not None) == 3
    assert sum(t.p_bh < 0.05 for t in made if t.p_bh is not None) == 4
    assert made[0].p_holm == pytest.approx(15 * 0.0001)
    assert made[-1].p_holm is None and made[-1].verdict == "not_tested"
    assert {t.family for t in made} == {15}
    assert [t.verdict for t in made[:4]] == ["differ", "differ", "differ", "cannot_tell"]


@pytest.mark.parametrize(
    ("error", "wanted", "verdict"),
    [(0.1, 1.0, "no_sign"), (0.6, 1.0, "cannot_tell"), (0.1, None, "cannot_tell")],
)
def test_no_sign_is_said_where_a_difference_of_interest_is_ruled_out(
    error: float, wanted: float | None, verdict: str
) -> None:
    covariance = np.diag([error**2, error**2])
    test = same_effects("team", "mentored", ("a", "b"), np.array([1.0, 1.1]), covariance, 200.0)
    spec = study(effect_of_interest=wanted) if wanted else study()
    assert corrected([test], spec)[0].verdict == verdict


def test_one_group_alone_is_no_test() -> None:
    made = same_effects("team", "mentored", ("a",), np.array([1.0]), np.eye(1), 50.0)
    assert made.p_value is None and "fewer than two" in made.reason
