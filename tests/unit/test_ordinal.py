"""Ordinal logit: thresholds, cells, clusters and shares, against statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.miscmodels.ordinal_model import OrderedModel

from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.item import item_effects
from analysis.estimators.ordinal import fit_ordinal, share_difference

THRESHOLDS = np.array([-1.0, 0.5, 2.0])


def drawn(n=800, effect=0.6, seed=0):
    """Answers 1 to 4 with a planted log odds of .6, a covariate around 50."""
    rng = np.random.default_rng(seed)
    t, x = (np.arange(n) % 2).astype(float), np.round(50 + 10 * rng.normal(size=n))
    latent = effect * t + 0.03 * (x - 50) + rng.logistic(size=n)
    return 1.0 + np.searchsorted(THRESHOLDS, latent), np.column_stack([t, x])


@pytest.fixture(scope="module")
def fit():
    found = fit_ordinal(*drawn())
    assert found is not None
    return found


def test_it_is_statsmodels_with_thresholds_converted(fit):
    """Columns around 50 keep statsmodels' optimiser from its last digits; hence 1e-4."""
    answer, columns = drawn()
    scaled = columns - [0, 50]
    peer = OrderedModel(answer, scaled, distr="logit").fit(method="bfgs", disp=0, gtol=1e-6)
    cuts = peer.model.transform_threshold_params(peer.params)[1:-1]
    assert fit.effects == pytest.approx(peer.params[:2], rel=1e-4)
    assert fit.thresholds - 50 * fit.effects[1] == pytest.approx(cuts, rel=1e-4)
    assert fit.std_errors[:2] == pytest.approx(peer.bse[:2], rel=1e-3)
    assert fit.log_likelihood == pytest.approx(peer.llf, rel=1e-8)


def test_errors_of_thresholds_are_those_of_another_parametrisation():
    """Without columns but an arm that does nothing, a threshold is the logit of a share.

    Two answers: threshold and effect are those of a logistic regression with its closed form.
    """
    answer = np.repeat([1.0, 2.0, 1.0, 2.0], [30, 20, 10, 40])
    t = np.repeat([0.0, 0.0, 1.0, 1.0], [30, 20, 10, 40])
    found = fit_ordinal(answer, t[:, None])
    assert found.thresholds == pytest.approx([np.log(30 / 20)], rel=1e-6)
    assert found.effects == pytest.approx([np.log(40 / 10) + np.log(30 / 20)], rel=1e-6)
    errors = [np.sqrt(1 / 30 + 1 / 20 + 1 / 10 + 1 / 40), np.sqrt(1 / 30 + 1 / 20)]
    assert found.std_errors == pytest.approx(errors, rel=1e-6)


def test_clusters_of_one_repeat_the_information_where_the_model_is_right(fit):
    answer, columns = drawn(8_000)
    plain = fit_ordinal(answer, columns)
    robust = fit_ordinal(answer, columns, np.arange(8_000))
    assert robust.effects == pytest.approx(plain.effects)
    assert robust.std_errors == pytest.approx(plain.std_errors, rel=0.05)  # chance of 8,000


def test_people_who_stand_twice_in_a_cluster_add_no_information():
    answer, columns = drawn(400)
    once = fit_ordinal(answer, columns, np.arange(400))
    twice = fit_ordinal(np.tile(answer, 2), np.tile(columns, (2, 1)), np.tile(np.arange(400), 2))
    assert twice.std_errors == pytest.approx(once.std_errors, rel=1e-5)


def test_shares_are_means_of_predictions_and_their_error_is_that_of_numbers(fit):
    _, columns = drawn()
    on, off = columns.copy(), columns.copy()
    on[:, 0], off[:, 0] = 1, 0
    found, error = share_difference(fit, on, off, 3)

    def by_hand(params):
        effects, threshold = params[:2], params[3]  # between answers 2 and 3
        chance = [1 / (1 + np.exp(threshold - c @ effects)) for c in (on, off)]
        return chance[0].mean() - chance[1].mean()

    params = np.concatenate([fit.effects, fit.thresholds])
    assert found == pytest.approx(by_hand(params))
    steps = np.diag(1e-5 * np.abs(params))
    gradient = [(by_hand(params + s) - by_hand(params - s)) / (2 * s.sum()) for s in steps]
    assert error == pytest.approx(np.sqrt(gradient @ fit.cov @ gradient), rel=1e-4)
    assert share_difference(fit, on, off, 1) == (0, 0)  # everybody answers at least the lowest
    assert share_difference(fit, on, off, 9) == (0, 0)


def test_a_planted_effect_is_covered():
    """120 draws of 200 people: 95 % covered, down to the lower 99.9 % bound of a binomial."""
    hits = 0
    for seed in range(120):
        found = fit_ordinal(*drawn(200, seed=seed))
        hits += abs(found.effects[0] - 0.6) < 1.96 * found.std_errors[0]
    assert hits >= 105


@pytest.mark.parametrize("answer", [[1, 1, 1, 1], [1, 1, 2, 2]])
def test_no_maximum_is_no_fit(answer):
    """One answer only; and an arm that separates the answers."""
    columns = np.repeat([[0.0], [1.0]], 20, axis=0)
    assert fit_ordinal(np.repeat(np.array(answer, dtype=float), 10), columns) is None


TABLE = "\n".join(["arm m1 m3", *(["control 1 2", "control 2 1", "mentored 3 2"] * 20),
                   *(["mentored - 1", "control - 3"] * 5)])  # fmt: skip


def test_an_item_by_arm(make_panel, make_spec):
    """The last answer counts; with a cut one share, else one for each answer but the lowest."""
    panel = make_panel(TABLE)
    odds, *shares = item_effects(panel, make_spec(), (1, 12))
    assert isinstance(odds, Estimate)
    assert (odds.n_treated, odds.n_comparison, odds.n_rows) == (25, 45, 70)
    assert [s.target.estimator[-9:] for s in shares] == ["2 or more", "3 or more"]
    assert {s.target.unit for s in shares} == {"share"}
    cut = make_spec(outcome={"metric": "tis6", "kind": "scale", "cut": 3})
    assert len(item_effects(panel, cut, (1, 12))) == 2


def test_an_item_that_nobody_varies_has_a_reason(make_panel, make_spec):
    (none,) = item_effects(make_panel("arm m1\ncontrol 1\ncontrol 1\nmentored 1\nmentored 1"),
                           make_spec(), (1, 12))  # fmt: skip
    assert isinstance(none, NotEstimable)
