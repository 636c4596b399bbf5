"""Kaplan-Meier, Aalen-Johansen, restricted means, log-rank: by hand, statsmodels, identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

from analysis.estimators.aalen_johansen import aalen_johansen
from analysis.estimators.kaplan_meier import kaplan_meier
from analysis.estimators.log_rank import log_rank
from analysis.estimators.risk_table import RiskTable, risk_table
from analysis.estimators.rmst import rmst, time_lost

EXACT = 1e-10  # the same arithmetic in another order
DIFFERENCES = 1e-6  # numerical derivatives
LATE_ENTRY = 0.05  # of those there at one time and not at another; vanishes with their number


def _table(time, kind, entry=None, n_kinds=2, **more) -> RiskTable:
    time = np.asarray(time, dtype=np.int64)
    entry = np.zeros_like(time) if entry is None else np.asarray(entry, dtype=np.int64)
    return risk_table(entry, time, np.asarray(kind, dtype=np.int64), n_kinds=n_kinds, **more)


def _drawn(seed: int, people: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Late entry, ties, two kinds of exits, censoring; somebody is at risk early on."""
    rng = np.random.default_rng(seed)
    entry = np.where(np.arange(people) < people // 2, 0, rng.integers(0, 15, people))
    return entry, entry + rng.integers(1, 25, people), rng.integers(0, 3, people)


def test_a_table_by_hand_with_late_entry_and_weights() -> None:
    """Exit at 3 is at risk at 3, entry at 3 is not; the weight of two is two people."""
    table = _table(
        [3, 3, 5, 8], [1, 0, 2, 1], [0, 0, 3, 1], weight=np.array([1, 1, 2, 1]), also=np.array([4])
    )
    assert table.times.tolist() == [3, 4, 5, 8]
    assert table.at_risk.tolist() == [3, 3, 3, 1]  # 4 and 5: the two who entered at 3, and one
    assert table.events.tolist() == [[1, 0], [0, 0], [0, 2], [1, 0]]
    assert table.size == 5


@given(st.integers(0, 10**6))
def test_counts_of_people_give_the_same_table_as_people(seed: int) -> None:
    entry, time, kind = _drawn(seed, 60)
    rows, weight = np.unique(np.column_stack([entry, time, kind]), axis=0, return_counts=True)
    people, counts = _table(time, kind, entry), _table(*rows.T[[1, 2, 0]], weight=weight)
    for name in ("times", "at_risk", "events", "size"):
        assert np.array_equal(getattr(people, name), getattr(counts, name))


def test_who_leaves_before_coming_is_refused() -> None:
    with pytest.raises(ValueError, match="entry before exit"):
        _table([3], [1], [3])


def test_kaplan_meier_with_late_entry_by_hand() -> None:
    """At 2: 1 of 3 leaves. At 4 (one more came at 2, at 3 one is lost): 1 of 2. At 6: the last."""
    table = _table([2, 3, 4, 6], [1, 0, 1, 1], [0, 0, 0, 2], n_kinds=1)
    curve = kaplan_meier(table, np.array([1, 2, 3, 4, 6]))
    assert curve.share == pytest.approx([1, 2 / 3, 2 / 3, 1 / 3, 0], abs=EXACT)
    terms = np.array([0, 1 / (3 * 2), 1 / (3 * 2), 1 / (3 * 2) + 1 / (2 * 1)])
    assert curve.std_error[:4] == pytest.approx(curve.share[:4] * np.sqrt(terms), abs=EXACT)
    middle, half = math.log(-math.log(1 / 3)), 1.959964 * curve.std_error[3] / (1 / 3 * math.log(3))
    assert curve.ci_low[3] == pytest.approx(math.exp(-math.exp(middle + half)), abs=1e-6)
    assert curve.ci_high[3] == pytest.approx(math.exp(-math.exp(middle - half)), abs=1e-6)
    assert (curve.ci_low[4], curve.ci_high[4]) == (0, curve.ci_high[3])


@pytest.mark.parametrize("seed", range(5))
def test_kaplan_meier_is_that_of_statsmodels_late_entry_too(seed: int) -> None:
    entry, time, kind = _drawn(seed)
    other = SurvfuncRight(time, (kind > 0) * 1, entry=entry)
    curve = kaplan_meier(_table(time, kind, entry), other.surv_times.astype(np.int64))
    some = other.surv_prob > 0
    assert curve.share == pytest.approx(other.surv_prob, abs=EXACT)
    assert curve.std_error[some] == pytest.approx(other.surv_prob_se[some], abs=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_aalen_johansen_is_that_of_statsmodels(seed: int) -> None:
    """Which knows no late entry; somebody stays to the end, or it divides by nobody left."""
    _, time, kind = _drawn(seed)
    kind[time >= 20], time = 0, np.minimum(time, 20)
    other = CumIncidenceRight(time, kind)
    table, times = _table(time, kind), other.times.astype(np.int64)
    for code in (1, 2):
        curve = aalen_johansen(table, (code,), times)
        assert curve.share == pytest.approx(other.cinc[code - 1], abs=EXACT)
        assert curve.std_error == pytest.approx(other.cinc_se[code - 1], abs=EXACT)


def _moved(entry, time, kind, figure) -> float:
    """Infinitesimal jackknife: root of the sum over people of squared derivatives by weight."""
    weight = np.full(len(time), 10**6, dtype=np.int64)
    moves = []
    for i in range(len(time)):
        more, less = weight.copy(), weight.copy()
        more[i] += 10**3
        less[i] -= 10**3
        upper = figure(_table(time, kind, entry, weight=more))
        moves.append((upper - figure(_table(time, kind, entry, weight=less))) / 2e-3)
    return float(np.linalg.norm(moves))


@pytest.mark.parametrize(("late", "tolerance"), [(False, DIFFERENCES), (True, LATE_ENTRY)])
def test_standard_errors_are_those_of_the_infinitesimal_jackknife(
    late: bool, tolerance: float
) -> None:
    entry, time, kind = _drawn(11, 60)
    entry = entry if late else np.zeros_like(entry)
    table, at, tau = _table(time, kind, entry), np.array([14]), 17
    figures = [
        (aalen_johansen(table, (1,), at).std_error[0],
         lambda t: aalen_johansen(t, (1,), at).share[0]),
        (kaplan_meier(table, at).std_error[0], lambda t: kaplan_meier(t, at).share[0]),
        (rmst(table, tau).std_error, lambda t: rmst(t, tau).value),
        (time_lost(table, (2,), tau).std_error, lambda t: time_lost(t, (2,), tau).value),
    ]  # fmt: skip
    for error, figure in figures:
        assert error == pytest.approx(_moved(entry, time, kind, figure), rel=tolerance)


def test_shares_gone_by_kind_and_the_share_that_stays_are_everybody() -> None:
    entry, time, kind = _drawn(3)
    table = _table(time, kind, entry)
    at = np.arange(1, 20)
    gone = sum(aalen_johansen(table, (k,), at).share for k in (1, 2))
    stays = kaplan_meier(table, at)
    assert gone + stays.share == pytest.approx(np.ones(len(at)), abs=EXACT)
    everything = aalen_johansen(table, (1, 2), at)
    assert everything.std_error == pytest.approx(stays.std_error, abs=EXACT)
    assert everything.ci_high == pytest.approx(1 - stays.ci_low, abs=EXACT)
    lost = sum(time_lost(table, (k,), 15).value for k in (1, 2))
    assert rmst(table, 15).value == pytest.approx(15 - lost, abs=EXACT)


def test_where_everybody_is_followed_these_are_shares_and_means_of_people() -> None:
    """No censoring before the horizon: binomial errors, and the mean of min(T, horizon)."""
    rng = np.random.default_rng(8)
    time, kind = rng.integers(1, 40, 300), rng.integers(1, 3, 300)
    kind[time > 30], time[time > 30] = 0, 31
    table = _table(time, kind)
    share = np.mean((time <= 12) & (kind == 1))
    curve = aalen_johansen(table, (1,), np.array([12]))
    assert curve.share[0] == pytest.approx(share, abs=EXACT)
    assert curve.std_error[0] == pytest.approx(math.sqrt(share * (1 - share) / 300), abs=EXACT)
    stayed = np.minimum(time, 25)
    assert rmst(table, 25).value == pytest.approx(stayed.mean(), abs=EXACT)
    assert rmst(table, 25).std_error == pytest.approx(stayed.std() / math.sqrt(300), abs=EXACT)
    lost = np.where(kind == 2, 25 - stayed, 0)
    assert time_lost(table, (2,), 25).value == pytest.approx(lost.mean(), abs=EXACT)
    assert time_lost(table, (2,), 25).std_error == pytest.approx(
        lost.std() / math.sqrt(300), abs=EXACT
    )


def test_a_mean_beyond_the_follow_up_is_refused() -> None:
    assert rmst(_table([3, 5], [1, 0]), 5).value == pytest.approx((3 + 5) / 2)
    with pytest.raises(ValueError, match="followed"):
        rmst(_table([3, 5], [1, 0]), 6)
    assert rmst(_table([3, 5], [1, 1]), 9).value == pytest.approx(4)  # nobody stays: known


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("strata", [1, 3])
def test_log_rank_is_that_of_statsmodels(strata: int, late: bool) -> None:
    entry, time, kind = _drawn(21, 240)
    if not late:
        entry = np.zeros_like(entry)
    group, stratum = np.arange(240) % 2, np.arange(240) % strata
    # Strata are told from each other by time: who is never at risk together is not compared.
    # (With `strata` and `entry` both, statsmodels 0.15 fails.)
    apart = 1000 * stratum
    chi, p_value = survdiff(time + apart, (kind == 1) * 1, group, entry=entry + apart)
    rows = [[(group == g) & (stratum == s) for g in (1, 0)] for s in range(strata)]
    pairs = [
        tuple(_table(time[r], kind[r], entry[r], also=np.unique(time)) for r in two) for two in rows
    ]
    test = log_rank(pairs, (1,))
    assert test.chi_square == pytest.approx(chi, rel=EXACT)
    assert test.p_value == pytest.approx(p_value, rel=1e-8)


def test_log_rank_needs_rows_for_the_same_times() -> None:
    with pytest.raises(ValueError, match="same times"):
        log_rank([(_table([3], [1]), _table([4], [1]))], (1,))
