"""Exits in the demo company's lottery and roll-out, from drawn companies as arrays.

SALES-LOT: who drew a mentor against who did not; truth is the expected effect of the offer on the
applicants drawn. OPS-ROLL: twenty sites of which a quarter each start at three months and never;
nothing is planted on exits, and errors are clustered by site. `MENTORLIFT_DRAWS=500` takes about
ten minutes.
"""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest
from scipy import stats

from analysis.estimate import Estimate
from analysis.exits.figures import Maker
from analysis.exits.results import difference, unadjusted
from analysis.exits.setting import ExitSetting, fitter_of
from analysis.study import StudySpec, parse_study
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.worlds import exit_differences
from tests.synthetic_careers import lottery_careers, roll_out_careers

DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "15"))
FIRST_SEED = 3_000


def spec(design: str, **more: object) -> StudySpec:
    return parse_study(
        {
            "study": "exits",
            "question": "Do people with a mentor leave less?",
            "as_of": "2025-12-31",
            "programme": "P",
            "design": design,
            "arms": {"treated": "with", "comparison": "without"},
            "outcome": {"kind": "exit", "metric": "voluntary"},
            "follow_up": {"months": 12, "primary": [1, 12]},
            **more,
        }
    )


LOTTERY, ROLL_OUT = spec("randomised"), spec("rollout", cluster="site")


def answers(company: Company, design: str) -> list[tuple[float, float, float, float]]:
    """Estimate, interval and truth: of the headline, and as seen where arms were drawn."""
    drawn = design == "lottery"
    careers = lottery_careers(company) if drawn else roll_out_careers(company)
    study = LOTTERY if drawn else ROLL_OUT
    fitter = fitter_of(careers, study)
    compared = fitter.headline(1 if drawn else None)
    assert not isinstance(compared, str), compared
    setting = ExitSetting(
        careers=careers, spec=study, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
    )
    maker, truth = Maker(setting=setting, arm="with"), 0.0
    found = [difference(maker, compared, "x", "voluntary")]
    if drawn:
        some = company.lottery.take(company.lottery.applied)
        truth = float((some.takes_up * exit_differences(company, some, 365)[0]).mean())
        found.append(unadjusted(maker, compared))
    rows = []
    for result in found:
        assert isinstance(result, Estimate), result
        rows.append((result.estimate, result.ci_low, result.ci_high, truth))
    return rows


@cache
def run(design: str, scenario: str) -> np.ndarray:
    """(figures, draws, 4)."""
    seeds = range(FIRST_SEED, FIRST_SEED + DRAWS)
    draws = [answers(draw_company(scenario, size=5_000, seed=s), design) for s in seeds]
    return np.array(draws).transpose(1, 0, 2)


@pytest.mark.parametrize(
    ("design", "scenario"),
    [
        ("lottery", "default"),
        ("lottery", "notice"),
        ("roll_out", "default"),
        ("roll_out", "notice"),
    ],
)
def test_intervals_cover_the_expected_truth(design: str, scenario: str) -> None:
    least, most = stats.binom.interval(0.999, DRAWS, 0.95)
    for estimate, low, high, truth in run(design, scenario).transpose(0, 2, 1):
        assert least <= ((low <= truth) & (truth <= high)).sum() <= most
        miss = estimate - truth
        assert abs(miss.mean()) < 4 * miss.std(ddof=1) / np.sqrt(DRAWS)
