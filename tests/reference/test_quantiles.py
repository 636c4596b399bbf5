"""Quantile effects and dispersion against other ways to the same figures.

JTPA (Abadie, Angrist & Imbens 2002, their file): what an offer does to the quantiles of earnings is
the coefficient of a quantile regression on the offer alone, as statsmodels fits it. NHEFS (Hernan &
Robins): quantiles of those who did not quit, with the odds of quitting as weights (Firpo 2007),
from statsmodels' logit and weighted quantiles; standard errors by drawing people again, the logit
fitted anew in each draw. The published tables of the JTPA are of quantile regressions on training
with covariates, which is another question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.benefits.spread import QUANTILES, quantile_effects
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.quantiles import MASS
from analysis.panel import Panel
from analysis.study import parse_study

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.estimate import Result

FITTED = 0.02  # relative: between two people statsmodels stops anywhere, here 1,557 for 1,574
ERRORS = 0.25  # relative: densities by another rule, at their widest where earnings begin at 0
DRAWS = 400  # of the bootstrap: its standard errors are known to 3.5 %
REDRAWN = 0.2  # relative: five standard errors of 3.5 %, and what the density adds
SAME = 1e-6


def study(design: str, arms: dict[str, str], **keys: Any):
    return parse_study(
        {
            "study": "quantiles",
            "question": "Whom does it move?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": design,
            "arms": arms,
            "outcome": {"metric": "outcome"},
            "follow_up": {"months": 30, "primary": [30, 30]},
            "who_benefits": ["quantiles"],
            **keys,
        }
    )


def panel_of(treated: np.ndarray, outcome: np.ndarray, arms: tuple[str, str], more: Any) -> Panel:
    person = np.arange(len(outcome))
    people = pd.DataFrame(
        {
            "person": person,
            "arm": np.where(treated == 1, *arms),
            "stratum": 0,
            "cluster": person,
            "take_up": np.nan,
            "pre_outcome": np.nan,
        }
    )
    rows = pd.DataFrame({"person": person, "event_month": 30, "outcome": outcome})
    return Panel(
        people=pd.concat([people, more], axis=1), rows=rows, treated=arms[:1],
        comparison=arms[1], covariates=tuple(more.columns),
    )  # fmt: skip


def by_name(results: tuple[Result, ...]) -> dict[str, Result]:
    return {r.target.name: r for r in results}


@pytest.fixture(scope="module")
def jtpa(shared: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    table = pd.read_stata(shared / "benchmarks" / "jtpa" / "jtpa.dta")
    split = {"men": table[table["sex"] == 1], "women": table[table["sex"] == 0]}
    return {
        who: (t["jtpa_offer"].to_numpy(float), t["earnings"].to_numpy(float))
        for who, t in split.items()
    }


@pytest.mark.parametrize("who", ["men", "women"])
def test_effects_of_the_offer_are_those_of_quantile_regression(jtpa, who: str) -> None:
    offer, earnings = jtpa[who]
    arms = ("offered", "not_offered")
    spec = study("randomised", {"treated": arms[0], "comparison": arms[1]})
    found, _ = quantile_effects(panel_of(offer, earnings, arms, pd.DataFrame()), spec)
    ours = by_name(found)
    for tau in QUANTILES[1:]:
        one = ours[f"quantile: {tau:g}"]
        fit = sm.QuantReg(earnings, sm.add_constant(offer)).fit(q=tau, max_iter=5000)
        assert isinstance(one, Estimate)
        assert one.estimate == pytest.approx(fit.params[1], rel=FITTED)
        assert one.std_error == pytest.approx(fit.bse[1], rel=ERRORS)
        assert one.ci_low < one.estimate - 1.96 * one.std_error  # the band covers all five
    ratio = earnings[offer == 1].std() / earnings[offer == 0].std()
    spread = ours["sd_ratio"]
    assert isinstance(spread, Estimate) and spread.estimate == pytest.approx(ratio)


@pytest.mark.parametrize("who", ["men", "women"])
def test_a_quantile_at_which_many_earn_nothing_has_no_standard_error(jtpa, who: str) -> None:
    offer, earnings = jtpa[who]
    assert (earnings == 0).mean() > 0.1
    arms = ("offered", "not_offered")
    spec = study("randomised", {"treated": arms[0], "comparison": arms[1]})
    found, _ = quantile_effects(panel_of(offer, earnings, arms, pd.DataFrame()), spec)
    lowest = by_name(found)["quantile: 0.1"]
    assert isinstance(lowest, NotEstimable) and lowest.reason == MASS


@pytest.fixture(scope="module")
def nhefs(shared: Path) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    table = pd.read_csv(shared / "benchmarks" / "nhefs" / "nhefs.csv").dropna(subset="wt82_71")
    table = table.reset_index(drop=True)
    more = table[["sex", "race", "age", "smokeintensity", "smokeyrs", "wt71"]].astype(float)
    return table["qsmk"].to_numpy(float), table["wt82_71"].to_numpy(float), more


def other_way(quit_: np.ndarray, gain: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Differences of quantiles, then the log ratio of standard deviations, of quitters."""
    chance = sm.Logit(quit_, sm.add_constant(more)).fit(disp=0).predict()
    stayed = quit_ == 0
    weight = chance[stayed] / (1 - chance[stayed])
    order = np.argsort(gain[stayed])
    below = np.cumsum(weight[order]) / weight.sum()
    place = np.searchsorted(below, np.array(QUANTILES) - 1e-12)
    quantiles = gain[stayed][order][place]
    own = np.quantile(gain[~stayed], QUANTILES, method="inverted_cdf")
    centred = gain[stayed] - np.average(gain[stayed], weights=weight)
    spread = np.sqrt(np.average(centred**2, weights=weight))
    return np.append(own - quantiles, np.log(gain[~stayed].std() / spread))


def test_effects_on_quitters_and_their_errors(nhefs) -> None:
    quit_, gain, more = nhefs
    arms = ("quit", "went_on")
    spec = study(
        "opt_in",
        {"treated": arms[0], "comparison": arms[1]},
        time_zero="eligible_on",
        adjust_for=list(more.columns),
    )
    found, _ = quantile_effects(panel_of(quit_, gain, arms, more), spec)
    ours = [r for r in found if isinstance(r, Estimate)]
    point = other_way(quit_, gain, more.to_numpy())
    assert [r.estimate for r in ours[:5]] == pytest.approx(list(point[:5]), rel=SAME)
    assert np.log(ours[5].estimate) == pytest.approx(point[5], rel=SAME)
    rng = np.random.default_rng(3)
    draws = []
    for _ in range(DRAWS):
        some = rng.integers(0, len(gain), len(gain))
        draws.append(other_way(quit_[some], gain[some], more.to_numpy()[some]))
    errors = np.std(draws, axis=0, ddof=1)
    mine = [r.std_error for r in ours[:5]] + [ours[5].std_error / ours[5].estimate]
    print(errors, mine)
    assert mine == pytest.approx(list(errors), rel=REDRAWN)
