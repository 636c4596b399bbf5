"""Scores before exits: the area by pairs and DeLong's definition, odds against statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.diagnostics.intent_predicts_exit import area, intent_predicts_exit
from analysis.scales.followed import followed

RNG = np.random.default_rng(2)
SCORE = RNG.integers(1, 6, 300).astype(float)
LEFT = (RNG.random(300) < 0.05 + 0.05 * SCORE).astype(float)


def test_the_area_is_the_share_of_pairs_and_its_error_delongs():
    gone, stayed = SCORE[LEFT > 0], SCORE[LEFT == 0]
    pairs = (gone[:, None] > stayed) + 0.5 * (gone[:, None] == stayed)
    value, error = area(SCORE, LEFT)
    assert value == pytest.approx(pairs.mean())
    variance = pairs.mean(axis=1).var(ddof=1) / len(gone)
    variance += pairs.mean(axis=0).var(ddof=1) / len(stayed)
    assert error == pytest.approx(np.sqrt(variance))


def test_odds_are_a_standard_deviations_and_the_base_rate_is_said():
    check = intent_predicts_exit(SCORE, LEFT)
    z = (SCORE - SCORE.mean()) / SCORE.std(ddof=1)
    peer = sm.Logit(LEFT, sm.add_constant(z)).fit(disp=0)
    odds, (low, high) = np.exp(peer.params[1]), np.exp(peer.conf_int()[1])
    assert f"times {odds:.2f} ({low:.2f} to {high:.2f}) a standard deviation" in check.display
    assert f"{100 * LEFT.mean():.1f} % of 300 people left" in check.display
    assert check.status == "note" and not check.reveals_effect
    assert check.n_smallest == int(LEFT.sum())


def test_too_few_leavers_tell_nothing():
    few = np.zeros(300)
    few[:9] = 1
    assert intent_predicts_exit(SCORE, few).value is None


def test_who_counts_as_followed():
    """1 left in a year; 2 stayed; 3 answered too late; 4 had given notice; 5 was dismissed; 6 left
    after more than a year; 7 has a second answer, which does not count.
    """
    day = pd.Timestamp("2024-03-01")
    scores = pd.DataFrame(
        {
            "person_no": [1, 2, 3, 4, 5, 6, 7, 7],
            "wave": ["1"] * 7 + ["2"],
            "answered_on": [day, day, "2025-06-01", day, day, day, day, "2024-09-01"],
            "value": [4.0, 2.0, 3.0, 5.0, 3.0, 3.0, 1.0, 5.0],
            "employed": True,
        }
    ).astype({"answered_on": "datetime64[s]"})
    exits = pd.DataFrame(
        {
            "person_no": [1, 2, 3, 4, 5, 6, 7],
            "hired_on": pd.Timestamp("2020-01-01"),
            "exited_on": pd.to_datetime(
                ["2025-03-01", None, None, "2024-04-30", "2024-06-01", "2025-03-02", "2024-08-01"]
            ),
            "notice_on": pd.to_datetime([None, None, None, "2024-02-20", None, None, None]),
            "exit_kind": ["voluntary", None, None, "voluntary", "involuntary"] + ["voluntary"] * 2,
        }
    )
    value, left = followed(scores, exits, pd.Timestamp("2025-12-31"))
    assert value.to_dict() == {1: 4.0, 2: 2.0, 5: 3.0, 6: 3.0, 7: 1.0}
    assert left.to_dict() == {1: 1.0, 2: 0.0, 5: 0.0, 6: 0.0, 7: 1.0}
