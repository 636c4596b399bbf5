"""Does the effect fall or rise with the eagerness to join: fifths of the chance of joining.

The effect on everybody in each fifth, by AIPW from the headline's models (group averages of the
doubly robust score: Chernozhukov et al. 2018; Semenova & Chernozhukov 2021, Econometrics Journal
24:264-289), and the straight line through them (Xie, Brand & Jann 2012, Sociological Methodology
42:314-347). Whether people of one fifth are alike in what is not measured, it cannot tell.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.benefits.influences import OfPeople, cross_covariance, influence_of
from analysis.estimate import NotEstimable
from analysis.estimators.logit import fit_logit
from analysis.estimators.nuisance import Nuisance
from analysis.estimators.opt_in_results import held_out
from analysis.estimators.opt_in_setting import Maker, make_setting
from analysis.estimators.results import Figures, make_estimate, make_target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result, Target
    from analysis.estimators.cells import Cells
    from analysis.estimators.opt_in_setting import Setting
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]

FIFTHS = 5
NAME = "eagerness"  # name of the effects by fifth
TREND = "eagerness_trend"
ON_FIFTH = "effect on everybody in this fifth of the chance of joining"
ON_TREND = "change of the effect from the least to the most eager fifth, along a straight line"
_WORDS = ("least eager fifth", "second fifth", "middle fifth", "fourth fifth", "most eager fifth")


def eagerness_effects(panel: Panel, spec: StudySpec) -> tuple[Result, ...]:
    """The effect in each fifth of the chance of joining, and its trend; ``panel`` is adjusted."""
    results: list[Result] = []
    for arm in panel.treated:
        results += _of_arm(make_setting(panel, spec, arm, spec.follow_up.primary))
    return tuple(results)


def _of_arm(setting: Setting) -> list[Result]:
    nuisance, how = held_out(setting)
    fifth = setting.problem or fifths(setting.cells)
    if isinstance(nuisance, str) or isinstance(fifth, str):
        why = nuisance if isinstance(nuisance, str) else str(fifth)
        return [NotEstimable(target=_trend_target(setting), reason=why)]
    results: list[Result] = []
    known: list[tuple[int, OfPeople]] = []
    for place, words in enumerate(_WORDS):
        inside = fifth == place
        if not inside.any():
            continue
        cells = setting.cells.where(inside)
        own = Nuisance(
            chance=nuisance.chance[inside], outcome=nuisance.outcome[:, inside],
            terms=nuisance.terms,
        )  # fmt: skip
        made = Maker(setting).doubly_robust(own, "ate", NAME, ON_FIFTH, how, cells=cells)
        results.append(replace(made, target=replace(made.target, subgroup=words)))
        found = _influence(setting, cells, own)
        if not isinstance(found, str):
            known.append((place, found))
    return [*results, _trend(setting, known, results)]


def fifths(cells: Cells) -> Ints | str:
    """The fifth (c,) of the fitted chance of joining that each cell is in, or why there are none.

    People of one chance are in one fifth, so fifths need not be equally large.
    """
    logit = fit_logit(cells.design, cells.people)
    if isinstance(logit, str):
        return logit
    people = cells.people.sum(axis=0)
    chance = np.round(logit.chance, 12)  # cells that differ in their fold alone have one chance
    _, code = np.unique(chance, return_inverse=True)
    each = np.bincount(code, weights=people)
    middle = (np.cumsum(each) - each / 2) / each.sum()  # of those with the same chance
    return np.asarray(np.minimum((middle * FIFTHS).astype(np.int64), FIFTHS - 1)[code])


def _influence(setting: Setting, cells: Cells, nuisance: Nuisance) -> OfPeople | str:
    if min(cells.counts) < 1:
        return "there are people of one group only"
    found = Maker(setting).influence(nuisance, "ate", cells)
    return found if isinstance(found, str) else influence_of(cells, found)


def _trend_target(setting: Setting) -> Target:
    return make_target(
        setting.pair, setting.spec, setting.arm, setting.window,
        name=TREND, estimator="Straight line through the fifths", estimand=ON_TREND,
    )  # fmt: skip


def _trend(setting: Setting, known: list[tuple[int, OfPeople]], results: list[Result]) -> Result:
    target = _trend_target(setting)
    if len(known) < FIFTHS:
        return NotEstimable(target=target, reason="not every fifth can be compared")
    at = np.array([place for place, _ in known], dtype=float)
    centred = at - at.mean()
    weights = centred / (centred @ centred) * (at[-1] - at[0])
    covariance, df = cross_covariance([found for _, found in known])
    value = float(weights @ [found.estimate for _, found in known])
    joined, others = setting.choice.people
    made = make_estimate(
        target,
        Figures(
            estimate=value, std_error=float(weights @ covariance @ weights) ** 0.5, t_df=df, df=df,
            counts=(joined, others, joined + others),
            convention="influence functions of the fifths, their limits taken as known",
            size=1.0 if setting.spec.outcome.link == "log" else setting.cells.size,
        ),
        log=setting.spec.outcome.per_cent,
    )  # fmt: skip
    if isinstance(made, NotEstimable):
        return made
    smallest = [
        min(r.n_treated, r.n_comparison) for r in results if not isinstance(r, NotEstimable)
    ]
    return replace(made, n_smallest=min(smallest))
