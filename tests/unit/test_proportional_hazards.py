"""The score test of proportional hazards beside statsmodels, and where hazards do cross."""

from __future__ import annotations

import numpy as np
from statsmodels.duration.hazard_regression import PHReg

from analysis.diagnostics.proportional_hazards import (
    left_before,
    proportional_hazards,
    proportionality,
)
from analysis.estimators.cox import Cox, fit_cox
from analysis.exits.spans import risk_sets, spans_at_events

EXACT = 1e-8  # the same sums, in another order


def _people(crossing: float, seed: int = 0, count: int = 600) -> tuple[np.ndarray, ...]:
    """Entry, stop and exit of people in whole weeks; the effect of x changes over time."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(0, 2, count), rng.integers(0, 4, count)]).astype(float)
    entry, stop = rng.integers(0, 5, count).astype(float), np.full(count, 30.0)
    exit_seen = np.zeros(count, dtype=np.int64)
    for week in range(1, 31):
        chance = 0.03 * np.exp(x @ [0.4, 0.1] - crossing * x[:, 0] * (week > 12))
        gone = (rng.random(count) < chance) & (stop == 30) & (entry < week) & (exit_seen == 0)
        stop[gone], exit_seen[gone] = week, 1
    return x, entry, stop, exit_seen


def _fit(people: tuple[np.ndarray, ...]) -> tuple[Cox, np.ndarray, np.ndarray]:
    x, entry, stop, exit_seen = people
    spans, times = spans_at_events(entry, stop, exit_seen, np.arange(len(x)))
    sets = risk_sets(spans, len(x), (1,))
    cox = fit_cox(x, sets.at_risk, sets.events)
    assert isinstance(cox, Cox)
    return cox, left_before(sets), times


def test_the_score_of_a_model_with_interactions_at_no_interaction() -> None:
    """Statsmodels on a row for each person and time, with columns times time beside the columns."""
    people = _people(0.5)
    cox, of_time, times = _fit(people)
    x, entry, stop, exit_seen = people
    person, when = np.nonzero((entry[:, None] < times) & (times <= stop[:, None]))
    wide = np.column_stack([x[person], x[person] * of_time[when, None]])
    status = ((stop[person] == times[when]) & (exit_seen[person] == 1)).astype(int)
    model = PHReg(times[when], wide, status=status, entry=times[when] - 0.5, ties="efron")
    start = np.concatenate([cox.coefficients, [0, 0]])
    score, hessian = model.score(start), model.hessian(start)
    found = proportionality(cox, of_time)
    joint = score @ np.linalg.solve(-hessian, score)
    np.testing.assert_allclose(found.joint, joint, rtol=EXACT)
    for column in (0, 1):
        at = [0, 1, 2 + column]
        own = score[at] @ np.linalg.solve(-hessian[np.ix_(at, at)], score[at])
        np.testing.assert_allclose(found.chi2[column], own, rtol=EXACT)
    assert found.df == 2


def test_proportional_hazards_are_seldom_doubted_and_crossing_ones_found() -> None:
    def p_value(crossing: float, seed: int) -> float:
        cox, of_time, _ = _fit(_people(crossing, seed))
        return float(proportionality(cox, of_time).p_values[0])

    doubted = sum(p_value(0.0, seed) < 0.05 for seed in range(100))
    assert doubted <= 13  # 99.9 % binomial bound of 5 % in 100 draws
    assert all(p_value(2.0, seed) < 0.001 for seed in range(5))


def test_the_note_names_the_figure_and_never_gates() -> None:
    cox, of_time, _ = _fit(_people(0.0))
    note = proportional_hazards(proportionality(cox, of_time), 0, people=40)
    assert (note.status, note.reveals_effect, note.n_smallest) == ("note", True, 40)
    assert note.display.startswith("p = ")


def test_the_share_that_left_before_each_time() -> None:
    entry, stop = np.zeros(4), np.array([1.0, 2, 2, 3])
    spans, _ = spans_at_events(entry, stop, np.array([1, 1, 0, 1]), np.arange(4))
    assert left_before(risk_sets(spans, 4, (1,))).tolist() == [0, 0.25, 0.5]


def test_one_time_of_exits_says_nothing_of_time() -> None:
    x = np.array([[0.0], [1], [0], [1], [0]])
    spans, _ = spans_at_events(
        np.zeros(5), np.full(5, 3.0), np.array([1, 1, 0, 0, 0]), np.arange(5)
    )
    sets = risk_sets(spans, 5, (1,))
    cox = fit_cox(x, sets.at_risk, sets.events)
    assert isinstance(cox, Cox)
    found = proportionality(cox, left_before(sets))
    assert np.isnan(found.chi2).all()
    assert found.df == 0
