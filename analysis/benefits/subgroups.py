"""Effects in pre-declared subgroups of a lottery or an opt-in, by the study's own estimator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.benefits.influences import cross_covariance, influence_of
from analysis.benefits.interaction import Interaction, corrected, same_effects, told_apart
from analysis.benefits.members import NOT_RECORDED, column_of, named, parts
from analysis.benefits.together import tests_of_draw
from analysis.estimators.opt_in_results import headline, held_out
from analysis.estimators.opt_in_setting import Maker, make_setting
from analysis.opt_in import as_adjusted
from analysis.randomised import primary_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.benefits.influences import OfPeople
    from analysis.benefits.spec import Subgroup
    from analysis.estimate import Result
    from analysis.estimators.opt_in_results import Held
    from analysis.estimators.opt_in_setting import Setting
    from analysis.panel import Panel
    from analysis.study import StudySpec

Groups = list[tuple[str, "Panel"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefits:
    """Who benefits: estimates beside the headline, and tests that effects are the same."""

    results: tuple[Result, ...] = ()
    interactions: tuple[Interaction, ...] = ()


def subgroup_effects(panel: Panel, spec: StudySpec) -> Benefits:
    """The headline's estimator in each group of each variable, and a test for each variable.

    Everybody of a variable is in one of its groups; who is not recorded stands beside, untested.
    """
    adjusted = as_adjusted(panel, spec)
    results: list[Result] = []
    tests: list[Interaction] = []
    for subgroup in spec.subgroups:
        groups = list(parts(adjusted, subgroup))
        answer = _of_choice if spec.design == "opt_in" else _of_draw
        found, made = answer(spec, subgroup, groups)
        results += found
        tests += made
    return Benefits(results=tuple(results), interactions=corrected(tests, spec))


def relabel(result: Result, subgroup: Subgroup, label: str) -> Result:
    """The result as that of a group."""
    target = replace(
        result.target,
        name=column_of(subgroup),
        role="secondary",
        subgroup=named(subgroup.name, label),
    )
    return replace(result, target=target)


def _of_draw(
    spec: StudySpec, subgroup: Subgroup, groups: Groups
) -> tuple[list[Result], Sequence[Interaction]]:
    found = [(label, panel, primary_results(panel, spec)) for label, panel in groups]
    told = [
        (label, panel)
        for label, panel, results in found
        if label != NOT_RECORDED and all(map(told_apart, results))
    ]
    results = [relabel(r, subgroup, label) for label, _, own in found for r in own]
    return results, tests_of_draw(spec, subgroup, told)


def _of_choice(
    spec: StudySpec, subgroup: Subgroup, groups: Groups
) -> tuple[list[Result], Sequence[Interaction]]:
    results: list[Result] = []
    tests: list[Interaction] = []
    for arm in spec.arms.treated:
        known: list[tuple[str, OfPeople]] = []
        for label, panel in groups:
            setting = make_setting(panel, spec, arm, spec.follow_up.primary)
            held = held_out(setting)
            result = headline(setting, held=held)
            results.append(relabel(result, subgroup, label))
            made = _influence(setting, held)
            if made is not None and label != NOT_RECORDED and told_apart(result):
                known.append((label, made))
        values = np.array([one.estimate for _, one in known])
        covariance, df = cross_covariance([one for _, one in known])
        labels = [label for label, _ in known]
        tests.append(same_effects(subgroup.name, arm, labels, values, covariance, df))
    return results, tests


def _influence(setting: Setting, held: Held) -> OfPeople | None:
    """The headline on the model's scale with the influence of each person or cluster."""
    found = Maker(setting).influence(held[0], "att")
    return None if isinstance(found, str) else influence_of(setting.cells, found)
