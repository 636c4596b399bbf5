"""Placebo programmes of companies where mentoring does nothing: p-values are what they say.

Programmes of one company share people, so a test of uniformity needs others: here every company
gives one programme of each kind, and companies are independent. In CI a smoke of few companies of
5,000 heads; `MENTORLIFT_DRAWS=500` takes some twenty minutes on an idle core. Bounds are the
99.9 % binomial ones at the companies drawn.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from analysis.calibration.exits import exit_placebos
from analysis.calibration.kpi import lottery_placebos, opt_in_placebos
from analysis.calibration.sites import site_placebos
from analysis.calibration.summary import line_of
from analysis.study import parse_study
from analysis.synthetic.company import draw_company
from tests.long_runs import draws
from tests.synthetic_pool import Series, built_of, pool_of, site_past_of

if TYPE_CHECKING:
    from analysis.calibration.placebo import Placebo

COMPANIES = draws(8, 12)
FIRST_SEED = 20_000
MIN_GROUP = 10
UNIFORM = 0.01  # the promise: the Kolmogorov-Smirnov test does not tell the p-values from uniform
STUDIES = (
    "opt_in random",
    "opt_in matched",
    "lottery",
    "exits random",
    "exits matched",
    "roll-out",
)

_COMMON = {"question": "What did mentoring do?", "as_of": "2025-12-31"}
OPT_IN = parse_study(
    {
        **_COMMON,
        "study": "care",
        "programme": "CARE-OPTIN",
        "design": "opt_in",
        "time_zero": "invited_on",
        "arms": {"treated": "joined", "comparison": "stayed_out"},
        "outcome": {"metric": "resolved_per_hour", "transform": "log"},
        "follow_up": {"months": 12, "primary": [4, 12]},
        "adjust_for": ["pre_period_outcome", "engagement", "newcomer"],
    }
)
LOTTERY = parse_study(
    {
        **_COMMON,
        "study": "sales",
        "programme": "SALES-LOT",
        "design": "randomised",
        "arms": {"treated": "mentee", "comparison": "lottery_lost"},
        "allocation": {"strata": ["stratum"], "share": 0.5},
        "outcome": {"metric": "revenue_per_call", "transform": "log"},
        "follow_up": {"months": 6, "primary": [1, 6]},
        "adjust_for": ["pre_period_outcome", "tenure_months", "level"],
    }
)
EXITS = parse_study(
    {
        **_COMMON,
        "study": "care-exits",
        "programme": "CARE-OPTIN",
        "design": "opt_in",
        "time_zero": "invited_on",
        "notice_months": 0,
        "arms": {"treated": "with_mentor", "comparison": "without"},
        "outcome": {"kind": "exit", "metric": "voluntary"},
        "follow_up": {"months": 12, "primary": [1, 12]},
    }
)
ROLL_OUT = parse_study(
    {
        **_COMMON,
        "study": "operations",
        "programme": "OPS-ROLL",
        "design": "rollout",
        "time_zero": "eligible_on",
        "cluster": "site",
        "rollout": {"drawn": True},
        "arms": {"treated": "mentoring", "comparison": "not_yet"},
        "outcome": {"metric": "orders_per_hour", "transform": "log"},
        "follow_up": {"months": 15, "primary": [1, 9]},
    }
)


def one(seed: int) -> dict[str, Placebo]:
    """A placebo programme of each kind in one company."""
    company = draw_company("null", size=5_000, seed=seed)
    series = Series(company)
    care = pool_of(series, OPT_IN, "contact_centre", seed)
    sales = pool_of(series, LOTTERY, "sales", seed)
    # the seed of exits is the study's: another question makes another draw
    exits = EXITS.model_copy(update={"question": f"Company {seed}?"})
    built = built_of(company, exits)
    sites = replace(site_past_of(series, ROLL_OUT), seed=seed)
    drawn = (
        opt_in_placebos(care, "random", 1, MIN_GROUP),
        opt_in_placebos(care, "matched", 1, MIN_GROUP),
        lottery_placebos(sales, 1, MIN_GROUP),
        exit_placebos(built, exits, "random", 1, MIN_GROUP),
        exit_placebos(built, exits, "matched", 1, MIN_GROUP),
        site_placebos(sites, 1),
    )
    return {name: next(found) for name, found in zip(STUDIES, drawn, strict=True)}


@cache
def run() -> dict[str, list[Placebo]]:
    """The programmes of every company by kind."""
    found = [one(FIRST_SEED + number) for number in range(COMPANIES)]
    return {name: [each[name] for each in found] for name in STUDIES}


@pytest.mark.parametrize("study", STUDIES)
def test_p_values_are_uniform_and_claims_no_more_than_chance(study: str) -> None:
    placebos = run()[study]
    p_values = np.array([p.p_value for p in placebos if p.p_value is not None])
    line = line_of(study, placebos)
    uniform = stats.kstest(p_values, "uniform").pvalue
    print(
        f"\n{study}: {len(p_values)} figures, KS p {uniform:.3f}, "
        f"p < .05 {line.ungated.value:.3f}, "
        f"claimed {line.claimed.value:.3f}, covered {line.covered.value:.3f}, "
        f"withheld {line.withheld.value:.3f} {dict(line.failed)}, naive {line.naive.value:.3f}"
    )
    assert len(p_values) > 0.9 * COMPANIES
    assert uniform > UNIFORM
    most = stats.binom.ppf(0.9995, COMPANIES, 0.05)
    assert line.claimed.count <= most
    assert line.ungated.count <= most
    assert line.covered.of - line.covered.count <= most
