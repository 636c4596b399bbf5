"""Hazard models on cells: statsmodels on rows, limits, reasons."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.estimators.hazard import ONE_OUTCOME, SEPARATION, Hazard, fit_hazard

# Both sides end within rounding of the maximum; statsmodels is told to go on until there.
EXACT = 1e-8
LINKS = {"logit": sm.families.links.Logit(), "cloglog": sm.families.links.CLogLog()}
BOTH = pytest.mark.parametrize("link", LINKS)


def _cells(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three bands by two groups: design, people at risk, exits (with weights, not integers)."""
    rng = np.random.default_rng(seed)
    band, group = (codes.ravel() for codes in np.meshgrid([0, 1, 2], [0, 1], indexing="ij"))
    design = np.column_stack([np.ones(6), band == 1, band == 2, group]).astype(float)
    at_risk = rng.uniform(50, 200, 6)
    return design, at_risk, at_risk * rng.uniform(0.05, 0.6, 6)


def _peer(design: np.ndarray, at_risk: np.ndarray, events: np.ndarray, link: str) -> object:
    rows = np.vstack([design, design])
    left = np.repeat([1.0, 0.0], len(design))
    weights = np.concatenate([events, at_risk - events])
    family = sm.families.Binomial(link=LINKS[link])
    return sm.GLM(left, rows, family=family, freq_weights=weights).fit(
        tol=1e-10, tol_criterion="params"
    )


def _fit(design: np.ndarray, at_risk: np.ndarray, events: np.ndarray, link: str) -> Hazard:
    found = fit_hazard(design, at_risk, events, link)
    assert isinstance(found, Hazard), found
    return found


@BOTH
def test_weighted_cells_as_statsmodels(link: str) -> None:
    cells = _cells()
    ours, peer = _fit(*cells, link), _peer(*cells, link)
    np.testing.assert_allclose(ours.coefficients, peer.params, rtol=EXACT)
    np.testing.assert_allclose(ours.bread, peer.cov_params(), rtol=EXACT)
    observed = np.linalg.inv(-peer.model.hessian(peer.params, observed=True))
    np.testing.assert_allclose(ours.observed, observed, rtol=EXACT)
    np.testing.assert_allclose(ours.hazard(cells[0]), peer.predict(cells[0]), rtol=EXACT)
    scores = peer.model.score_factor(peer.params) / peer.model.freq_weights
    np.testing.assert_allclose(np.concatenate(ours.residuals(cells[0])), scores, rtol=1e-7)


@BOTH
def test_a_category_without_exits_has_hazard_zero_and_tells_nothing_else(link: str) -> None:
    design, at_risk, events = _cells()
    band = design[:, 2] == 1
    events[band] = 0
    ours, rest = _fit(design, at_risk, events, link), _peer(
        design[~band][:, [0, 1, 3]], at_risk[~band], events[~band], link
    )  # fmt: skip
    assert ours.shared == ((2, 0.0),)
    np.testing.assert_allclose(ours.coefficients[[0, 1, 3]], rest.params, rtol=EXACT)
    assert (ours.hazard(design)[band] == 0).all()
    assert all((scores[band] == 0).all() for scores in ours.residuals(design))


@BOTH
def test_columns_that_follow_from_others_are_left_out(link: str) -> None:
    design, at_risk, events = _cells()
    twice = np.column_stack([design, 1 - design[:, 3]])
    ours, plain = _fit(twice, at_risk, events, link), _fit(design, at_risk, events, link)
    np.testing.assert_array_equal(ours.coefficients, [*plain.coefficients, 0])
    assert not ours.bread[-1].any()
    assert not ours.observed[:, -1].any()


@BOTH
def test_separation_and_nobody_left_are_reasons(link: str) -> None:
    design, at_risk, events = _cells()
    assert fit_hazard(design, at_risk, np.zeros(6), link) == ONE_OUTCOME
    assert fit_hazard(design, at_risk, at_risk, link) == ONE_OUTCOME
    all_leave = np.where(design[:, 1] == 1, at_risk, events)
    assert fit_hazard(design, at_risk, all_leave, link) == SEPARATION
    reference = np.where(design[:, 1] + design[:, 2] == 0, 0, events)
    assert fit_hazard(design, at_risk, reference, link) == SEPARATION


@BOTH
def test_rare_exits_and_common_ones(link: str) -> None:
    """Hazards from one in a million to nine in ten."""
    design, at_risk, _ = _cells()
    for share in (1e-6, 0.9):
        events = at_risk * share * np.array([1, 1.05, 1.1, 1.02, 0.95, 1])
        ours = _fit(design, at_risk, events, link)
        peer = _peer(design, at_risk, events, link)
        np.testing.assert_allclose(ours.coefficients, peer.params, rtol=1e-6)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_a_curve_that_runs_to_zero_on_both_sides_is_separation(link: str) -> None:
    """Exits at two neighbouring values alone: a parabola can make every other chance 0."""
    x = np.repeat(np.arange(-4.0, 6.0), 2)
    design = np.column_stack([np.ones(20), x, x**2])
    at_risk = np.full(20, 500.0)
    exits = np.where((x == 0) | (x == 1), 3.0, 0.0)
    assert fit_hazard(design, at_risk, exits, link) == SEPARATION
