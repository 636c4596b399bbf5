"""The answer of a survey scale in pre-declared subgroups: the headline's estimator in each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.benefits.members import column_of, named, parts
from analysis.benefits.subgroups import Benefits, subgroup_effects
from analysis.estimate import Estimate
from analysis.scales.results import STOOD_FOR, primary_only
from analysis.scales.standing_in import whole_panel

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.scales.study import ScaleStudy

Answers = dict[tuple[str, str, str], int]  # variable, group, arm: people who answered


def subgroup_scales(study: ScaleStudy) -> Benefits:
    """Effects in each group, made of those who answered in it, and tests that they are equal."""
    spec, window = study.spec, study.spec.follow_up.primary
    if not spec.subgroups:
        return Benefits()
    panel = whole_panel(study, window)
    found = subgroup_effects(panel, primary_only(spec))
    if not study.beside:
        return found
    given = _answers(study, panel)
    return replace(found, results=tuple(_resting(r, given) for r in found.results))


def _resting(result: Result, given: Answers) -> Result:
    """The result with the fewest answers it rests on, which are fewer than its people."""
    target = replace(result.target, estimator=f"{result.target.estimator}{STOOD_FOR}")
    result = replace(result, target=target)
    if not isinstance(result, Estimate):
        return result
    arms = (target.arm, target.comparison)
    fewest = min(given.get((target.name, target.subgroup or "", arm), 0) for arm in arms)
    return replace(result, n_smallest=fewest)


def _answers(study: ScaleStudy, panel: Panel) -> Answers:
    window = study.spec.follow_up.primary
    values = study.values(window, study.headline)
    known = values.notna() & ~study.certain(window, study.headline).reindex(values.index)
    answered = set(known.index[known])
    made: Answers = {}
    for subgroup in study.spec.subgroups:
        for label, part in parts(panel, subgroup):
            there = part.people[part.people["person"].isin(answered)]
            for arm, count in there["arm"].value_counts().items():
                made[column_of(subgroup), named(subgroup.name, label), str(arm)] = int(count)
    return made
