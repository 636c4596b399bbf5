"""The roll-out of the demo company: group-time effects and imputation find what was planted.

Two-way fixed effects does not where every site starts in the end and gains grow; by how much is
held beside the other naive answers. `MENTORLIFT_DRAWS` asks for more companies.
"""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest

from analysis.compress import NEVER, Moments, People, fold
from analysis.estimators.aggregate import aggregate
from analysis.estimators.fixed_effects import two_way
from analysis.estimators.goodman_bacon import decompose
from analysis.estimators.group_time import att_by_group_and_time
from analysis.estimators.imputation import imputation
from analysis.synthetic.company import draw_company
from analysis.synthetic.people import CODES
from analysis.synthetic.truth import estimands
from tests.benchmarks.demo import SIMPLE, observed

DRAWS = min(int(os.environ.get("MENTORLIFT_DRAWS", "4")), 40)
SIZE = 5_000


def moments_of(scenario: str, seed: int) -> tuple[Moments, float]:
    """Settled people of operations by site and month, and the planted average."""
    firm = draw_company(scenario, size=SIZE, seed=seed)
    data, programme = observed(firm), firm.programme("OPS-ROLL")
    truth = next(
        e.value_expected
        for e in estimands(firm)
        if (e.programme, e.estimand, e.window, e.subgroup) == SIMPLE
    )
    start = np.full(int(data.site.max()) + 1, NEVER)
    start[firm.people.site[programme.person]] = programme.start
    who = np.flatnonzero(firm.people.department == CODES["operations"])
    seen = data.seen[who] & (firm.people.tenure()[who] >= 12)
    first = int(programme.start.min()) - 12
    person, month = np.nonzero(seen[:, first:])
    people = People(
        cohort=start[firm.people.site[who]],
        cell=np.zeros(len(who), dtype=int),
        cluster=firm.people.site[who],
    )
    values = data.kpi[who][person, month + first].astype(float)
    return fold(lambda: [(person, month, values)], people, np.arange(first, 48)), truth


@cache
def off(scenario: str) -> dict[str, np.ndarray]:
    """Each estimator less the truth, in log points times 100, one number a company."""
    rows = []
    for draw in range(DRAWS):
        moments, truth = moments_of(scenario, 700 + draw)
        simple = aggregate(att_by_group_and_time(moments), "simple")
        made = imputation(moments)
        fit = two_way(moments)
        rows.append([100 * v - truth for v in (simple.overall, made.estimate[0], fit.estimate[0])])
    return dict(zip(("att", "imputation", "twfe"), np.array(rows).T, strict=True))


# Published standard deviations of one company: 1.17 and .9; imputation uses more months.
@pytest.mark.parametrize("scenario", ["default", "twfe_trap"])
@pytest.mark.parametrize("name", ["att", "imputation"])
def test_the_planted_average_is_found(scenario: str, name: str) -> None:
    assert abs(off(scenario)[name].mean()) < 4 * 1.17 / np.sqrt(DRAWS)


def test_two_way_fixed_effects_falls_into_the_trap() -> None:
    """1.4 against 4.4, published SD .3: every company is fooled by over a log point."""
    assert off("twfe_trap")["twfe"].max() < -1


def test_the_trap_compares_with_sites_already_started() -> None:
    moments, _ = moments_of("twfe_trap", 700)
    pairs = decompose(moments)
    assert sum(p.weight for p in pairs if p.compared_with == "already treated") > 0.3
