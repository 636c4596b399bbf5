"""Cells of people with the same covariates give what rows give."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.treatment.treatment_effects import TreatmentEffect

from analysis.estimators.aipw import aipw
from analysis.estimators.cells import Cells, build_cells, cells_from_sums
from analysis.estimators.entropy_balance import balanced_difference, entropy_balance
from analysis.estimators.influence import Influence, spread
from analysis.estimators.logit import SEPARATION, Logit, fit_logit
from analysis.estimators.nuisance import cross_fit, draw_folds, draw_folds_within, fit_nuisance
from analysis.estimators.outcome_model import fit_by_arm, fit_together
from analysis.estimators.standardisation import standardise
from analysis.estimators.weighting import NO_CHANCE, raw_difference, weighted_difference

CLOSE = 1e-8

#              x    joined  outcome
PEOPLE = [
    (0.0, False, 1.0),
    (0.0, False, 3.0),
    (0.0, True, 4.0),
    (1.0, False, 10.0),
    (1.0, True, 11.0),
    (1.0, True, 15.0),
]


def table(rows: list[tuple[float, bool, float]] = PEOPLE, **how: object) -> Cells:
    x, joined, outcome = (np.array(column) for column in zip(*rows, strict=True))
    return build_cells(x[:, None], joined, outcome, **how)


def test_counts_and_sums_by_arm_and_cell() -> None:
    cells = table()
    assert cells.people.tolist() == [[2, 1], [1, 2]]
    assert (cells.mean + cells.centre).tolist() == [[2, 10], [4, 13]]
    assert cells.within.tolist() == [[2, 0], [0, 8]]
    assert cells.compression == 3


def test_sums_made_elsewhere_are_the_same_cells() -> None:
    """Sums and squares of outcomes less 7, as SQL would give them for x = 0 and x = 1."""
    cells = cells_from_sums(
        np.array([[0.0], [1.0]]),
        people=np.array([[2.0, 1.0], [1.0, 2.0]]),
        total=np.array([[-10.0, 3.0], [-3.0, 12.0]]),
        squares=np.array([[52.0, 9.0], [9.0, 80.0]]),
        centre=7.0,
        size=15.0,
    )
    assert cells.within.tolist() == table().within.tolist() == [[2, 0], [0, 8]]
    for found, same in zip(all_plain(cells), all_plain(table()), strict=True):
        assert found == pytest.approx(same)


def all_plain(cells: Cells) -> list[tuple[float, float]]:
    nuisance = fit_nuisance(cells)
    found = [raw_difference(cells), aipw(cells, nuisance, "att"), aipw(cells, nuisance, "ate")]
    return [(f.estimate, spread(cells, f).std_error) for f in found]


def test_the_order_of_rows_does_not_matter() -> None:
    assert table(PEOPLE[::-1]).total.tolist() == table().total.tolist()


def test_where_hardly_two_people_are_alike_every_person_is_a_cell() -> None:
    rows = [(float(i), i % 2 == 0, 1.0) for i in range(6)]
    assert table(rows).compression == 1


def test_cells_do_not_mix_clusters_or_folds() -> None:
    codes = np.array([0, 1, 0, 0, 1, 1] * 2)
    for cells in (table(PEOPLE * 2, cluster=codes), table(PEOPLE * 2, fold=codes)):
        assert cells.people.sum() == 12
        assert cells.compression == 3


# Within x the differences are 2 and 3; one and two people joined, two and one did not.
BY_HAND = {
    "naive": (4 + 11 + 15) / 3 - (1 + 3 + 10) / 3,
    "att": (1 * 2 + 2 * 3) / 3,
    "ate": (3 * 2 + 3 * 3) / 6,
    "atc": (2 * 2 + 1 * 3) / 3,
    "overlap": (2 + 3) / 2,  # as many joined as did not, mirrored: equal weights
}


@pytest.mark.parametrize("exact_rows", [False, True])
def test_one_category_by_hand(exact_rows: bool) -> None:
    """With one category every model is saturated, so all estimators must agree."""
    cells = table(exact_rows=exact_rows)
    nuisance, logit = fit_nuisance(cells), fit_logit(cells.design, cells.people)
    assert raw_difference(cells).estimate == pytest.approx(BY_HAND["naive"])
    for whom in ("att", "ate", "atc"):
        assert aipw(cells, nuisance, whom).estimate == pytest.approx(BY_HAND[whom])
    for scheme in ("att", "ate", "overlap"):
        found = weighted_difference(cells, logit, scheme).estimate
        assert found == pytest.approx(BY_HAND[scheme])
    for whom in ("att", "ate"):
        found = standardise(cells, fit_by_arm(cells), whom).estimate
        assert found == pytest.approx(BY_HAND[whom])
    balanced = balanced_difference(cells, entropy_balance(cells))
    assert balanced.estimate == pytest.approx(BY_HAND["att"])


def simulate(seed: int, people: int, levels: int = 4) -> tuple[np.ndarray, ...]:
    """Two discrete covariates, choice by both, outcome by both; sites of about eight people."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, size=(people, 2)).astype(float)
    joined = rng.random(people) < 1 / (1 + np.exp(1.5 - 0.6 * x[:, 0] + 0.2 * x[:, 1]))
    outcome = 1e6 + x @ [1.0, -2.0] + joined * (1 - 0.3 * x[:, 0]) + rng.normal(size=people)
    return x, joined, outcome, rng.integers(0, max(people // 8, 2), size=people)


def all_influences(cells: Cells) -> dict[str, Influence | str]:
    logit, plug_in, crossed = (
        fit_logit(cells.design, cells.people), fit_nuisance(cells), cross_fit(cells),
    )  # fmt: skip
    balance = entropy_balance(cells)
    found: dict[str, Influence | str] = {"naive": raw_difference(cells)}
    for whom in ("att", "ate", "atc"):
        for how, nuisance in (("plug-in", plug_in), ("crossed", crossed)):
            known = not isinstance(nuisance, str)
            found[f"{how} {whom}"] = aipw(cells, nuisance, whom) if known else nuisance
    for scheme in ("att", "ate", "overlap"):
        known = isinstance(logit, Logit)
        found[scheme] = weighted_difference(cells, logit, scheme) if known else logit
    for whom in ("att", "ate"):
        found[f"by arm {whom}"] = standardise(cells, fit_by_arm(cells), whom)
        found[f"together {whom}"] = standardise(cells, fit_together(cells, (1,)), whom)
    known = not isinstance(balance, str)
    found["entropy"] = balanced_difference(cells, balance) if known else balance
    return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    people=st.integers(80, 400),
    clustered=st.booleans(),
    levels=st.integers(2, 5),
)
def test_compressed_equals_row_level(seed: int, people: int, clustered: bool, levels: int) -> None:
    """Every estimator, points and standard errors; a reason is the same reason."""
    x, joined, outcome, site = simulate(seed, people, levels)
    cluster = site if clustered else None
    fold = draw_folds(site, np.random.default_rng(seed))
    cells, rows = (
        build_cells(x, joined, outcome, cluster=cluster, fold=fold, exact_rows=exact)
        for exact in (False, True)
    )
    assert rows.compression == 1
    by_row = all_influences(rows)
    for name, found in all_influences(cells).items():
        if isinstance(found, str):
            assert found == by_row[name], name
            continue
        figures = (found.estimate, spread(cells, found).std_error)
        exact = (by_row[name].estimate, spread(rows, by_row[name]).std_error)
        assert figures == pytest.approx(exact, rel=CLOSE, abs=1e-10), name


def test_logit_is_the_maximum_likelihood_of_the_rows() -> None:
    x, joined, outcome, _ = simulate(3, 500)
    cells = build_cells(x, joined, outcome)
    fitted = fit_logit(cells.design, cells.people)
    model = sm.GLM(joined.astype(float), sm.add_constant(x), family=sm.families.Binomial())
    reference = model.fit(tol=1e-14)
    scale = x.std(axis=0)  # the design is in standard deviations
    assert cells.compression > 10
    assert fitted.coefficients[1:] / scale == pytest.approx(reference.params[1:], rel=CLOSE)
    errors = np.sqrt(np.diag(fitted.bread))[1:] / scale
    assert errors == pytest.approx(reference.bse[1:], rel=1e-6)


def test_a_repeated_covariate_changes_nothing() -> None:
    x, joined, outcome, _ = simulate(4, 300)
    once, twice = build_cells(x, joined, outcome), build_cells(x[:, [0, 1, 0]], joined, outcome)
    alone, repeated = (aipw(c, fit_nuisance(c), "att").estimate for c in (once, twice))
    assert repeated == pytest.approx(alone, rel=CLOSE)


def test_a_category_that_nobody_joined_from_leaves_the_effect_on_joiners_as_it_is() -> None:
    """Its people weigh nothing; an effect on everybody is about them too, and is not known."""
    x, joined, outcome, _ = simulate(9, 400)
    never = np.arange(400) % 10 == 0
    joined &= ~never
    with_them = build_cells(np.column_stack([x, never]), joined, outcome)
    without = build_cells(x[~never], joined[~never], outcome[~never])
    both = [with_them, without]
    logits = [fit_logit(c.design, c.people) for c in both]
    assert logits[0].chance.min() == 0
    for scheme in ("att", "overlap"):
        found = [weighted_difference(c, m, scheme) for c, m in zip(both, logits, strict=True)]
        assert found[0].estimate == pytest.approx(found[1].estimate, rel=CLOSE)
        errors = [spread(c, f).std_error for c, f in zip(both, found, strict=True)]
        assert errors[0] == pytest.approx(errors[1], rel=1e-3)  # n / (n - 1) differs
    found = [aipw(c, fit_nuisance(c), "att").estimate for c in both]
    assert found[0] == pytest.approx(found[1], abs=0.01)  # the outcome model does learn from them
    assert aipw(with_them, fit_nuisance(with_them), "ate") == NO_CHANCE
    assert weighted_difference(with_them, logits[0], "ate") == NO_CHANCE


NOBODY_ALIKE = {
    "a threshold": lambda x, joined: np.where(joined, x + 10, x),
    "one category": lambda x, joined: ((x > 1) & joined).astype(float),
}


@pytest.mark.parametrize("case", NOBODY_ALIKE)
def test_separation_has_a_reason_and_no_number(case: str) -> None:
    x, joined, outcome, _ = simulate(5, 200)
    made = NOBODY_ALIKE[case](x[:, :1], joined[:, None])
    cells = build_cells(made, joined, outcome)
    assert fit_logit(cells.design, cells.people) == SEPARATION
    assert fit_nuisance(cells) == SEPARATION
    assert isinstance(entropy_balance(cells), str)


def test_robust_least_squares_has_the_same_standard_errors() -> None:
    """Weights as given: HC0 of the weighted regression times n / (n - 1); clusters: G / (G - 1)."""
    x, joined, outcome, site = simulate(6, 300)
    cells = build_cells(x, joined, outcome, cluster=site)
    people = build_cells(x, joined, outcome)
    logit = fit_logit(people.design, people.people)
    found = spread(people, weighted_difference(people, logit, "ate", weights_known=True))
    rows = build_cells(x, joined, outcome, exact_rows=True)
    chance = fit_logit(rows.design, rows.people).chance
    weights = np.where(joined, 1 / chance, 1 / (1 - chance))
    arms = sm.add_constant(joined.astype(float))
    reference = sm.WLS(outcome, arms, weights=weights).fit(cov_type="HC0").bse[1]
    assert found.std_error == pytest.approx(reference * np.sqrt(300 / 299), rel=1e-7)
    groups = len(np.unique(site))
    plain = sm.OLS(outcome, arms).fit(
        cov_type="cluster", cov_kwds={"groups": site, "use_correction": False}
    )
    clustered = spread(cells, raw_difference(cells))
    assert clustered.std_error == pytest.approx(
        plain.bse[1] * np.sqrt(groups / (groups - 1)), rel=1e-7
    )
    assert clustered.df == groups - 1


GMM = {  # our estimator, the method and group of statsmodels
    "weights, everybody": (lambda c, m: weighted_difference(c, m, "ate"), "ipw", "all"),
    "weights, joiners": (lambda c, m: weighted_difference(c, m, "att"), "ipw", 1),
    "models, everybody": (lambda c, m: standardise(c, fit_by_arm(c), "ate"), "ra", "all"),
    "models, joiners": (lambda c, m: standardise(c, fit_by_arm(c), "att"), "ra", 1),
}


@pytest.mark.parametrize("case", GMM)
def test_standard_errors_carry_the_models_as_stacked_moments_do(case: str) -> None:
    """Statsmodels solves the models and the effect as one GMM; its factor is 1, not n / (n - 1)."""
    estimator, method, group = GMM[case]
    x, joined, outcome, _ = simulate(11, 600)
    outcome = outcome - 1e6  # its solver loses digits far from zero
    cells = build_cells(x, joined, outcome)
    found = estimator(cells, fit_logit(cells.design, cells.people))
    columns, chosen = sm.add_constant(x), joined.astype(int)
    logit = sm.Logit(chosen, columns).fit(disp=0, tol=1e-12)
    effect = TreatmentEffect(sm.OLS(outcome, columns), chosen, results_select=logit)
    reference = getattr(effect, method)(return_results=True, effect_group=group).results_gmm
    error = spread(cells, found).std_error * np.sqrt(599 / 600)
    assert found.estimate == pytest.approx(reference.params[0], rel=1e-7)
    assert error == pytest.approx(reference.bse[0], rel=1e-7)


def test_a_cluster_is_never_in_two_folds() -> None:
    site = np.repeat(np.arange(20), 7)
    fold = draw_folds(site, np.random.default_rng(1))
    assert len({(int(s), int(f)) for s, f in zip(site, fold, strict=True)}) == 20
    assert np.bincount(fold).tolist() == [28] * 5
    assert fold.tolist() == draw_folds(site, np.random.default_rng(1)).tolist()


def test_entropy_weights_balance_what_they_are_given() -> None:
    x, joined, outcome, _ = simulate(7, 400)
    cells = build_cells(x, joined, outcome, exact_rows=True)
    weights = entropy_balance(cells).weights
    assert weights @ x == pytest.approx(x[joined].mean(axis=0), abs=1e-7)
    assert weights[~joined].sum() == pytest.approx(1)
    assert not weights[joined].any()


def test_people_of_one_kind_are_shared_out_evenly():
    """Ten joiners and ten others of a rare category: two of each in each of five folds."""
    joined = np.repeat([1, 0], 200)
    rare = np.tile(np.repeat([1, 0], [10, 190]), 2)
    fold = draw_folds_within(np.column_stack([joined, rare]), np.random.default_rng(3))
    for side in (0, 1):
        inside = fold[(joined == side) & (rare == 1)]
        assert np.bincount(inside, minlength=5).tolist() == [2, 2, 2, 2, 2]
    assert np.bincount(fold).tolist() == [80] * 5
    other = draw_folds_within(np.column_stack([joined, rare]), np.random.default_rng(4))
    assert fold.tolist() != other.tolist()
