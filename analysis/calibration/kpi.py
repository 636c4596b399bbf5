"""Placebo programmes of studies of a figure: opt-in and randomised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.calibration.draw import chances, lots, pick, programme
from analysis.calibration.placebo import Kind, NoPlaceboError, Placebo, judge
from analysis.diagnostics.group_size import group_size
from analysis.diagnostics.roster import roster
from analysis.estimators import ESTIMATORS
from analysis.estimators.opt_in_results import NAIVE, held_out
from analysis.estimators.opt_in_results import headline as opt_in_headline
from analysis.estimators.opt_in_setting import Maker, make_setting
from analysis.estimators.weighting import raw_difference
from analysis.opt_in import as_adjusted, diagnose_opt_in
from analysis.randomised import diagnose_randomised, primary_results, with_covariates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.calibration.pool import Pool
    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.panel import Panel

STREAMS: dict[Kind, int] = {"random": 4012, "matched": 4013}
_HALF = 0.5  # who wins where a study declares no share


def opt_in_placebos(pool: Pool, kind: Kind, programmes: int, min_group: int) -> Iterator[Placebo]:
    """Placebo programmes that people join; NoPlaceboError where no chance can be fitted.

    ``random``: everybody joins with the chance that the share of joiners of the real study is.
    """
    chance = np.full(len(pool.of), pool.share) if kind == "random" else chances(pool)
    if isinstance(chance, str):
        raise NoPlaceboError(chance)
    for number in range(programmes):
        rng = np.random.default_rng([pool.seed, STREAMS[kind], number])
        units = pick(pool, rng)
        joined = rng.random(len(units)) < chance[units]
        yield _opt_in(programme(pool, units, joined), pool, kind, min_group)


def lottery_placebos(pool: Pool, programmes: int, min_group: int) -> Iterator[Placebo]:
    """Placebo lotteries: lots within the declared strata, each month a round of its own."""
    share = pool.spec.allocation.share
    strata = pool.panel.people["stratum"].to_numpy(dtype=np.int64)
    for number in range(programmes):
        rng = np.random.default_rng([pool.seed, STREAMS["random"], number])
        units = pick(pool, rng)
        won = lots(strata[units], share if isinstance(share, float) else _HALF, rng)
        yield _randomised(programme(pool, units, won), pool, min_group)


def _opt_in(panel: Panel, pool: Pool, kind: Kind, min_group: int) -> Placebo:
    spec = pool.spec
    adjusted = as_adjusted(panel, spec)
    setting = make_setting(adjusted, spec, panel.treated[0], spec.follow_up.primary)
    head = opt_in_headline(setting, held=held_out(setting), role="headline")
    raw = setting.problem or raw_difference(setting.cells)
    naive = Maker(setting).result(raw, "naive", "Difference", NAIVE, role="naive")
    return judge(kind, spec, head, naive, (_sizes(panel, min_group), *diagnose_opt_in(panel, spec)))


def _randomised(panel: Panel, pool: Pool, min_group: int) -> Placebo:
    spec = pool.spec
    adjusted = with_covariates(panel, spec.adjust_for) or panel
    head = primary_results(adjusted, spec)[0]
    naive: Result = ESTIMATORS["difference_in_means"](adjusted, spec, spec.follow_up.primary)[0]
    checks = (_sizes(panel, min_group), roster(changed=0), *diagnose_randomised(panel, spec))
    return judge("random", spec, head, naive, checks)


def _sizes(panel: Panel, min_group: int) -> Diagnostic:
    return group_size(panel.people["arm"], (*panel.treated, panel.comparison), min_group)
