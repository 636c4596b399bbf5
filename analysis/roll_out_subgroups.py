"""A roll-out in pre-declared subgroups: people as first seen, compared within their group.

Groups share sites, and so their errors: what is common to a site cancels in the difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.benefits.interaction import corrected, same_effects, told_apart
from analysis.benefits.members import present
from analysis.benefits.subgroups import Benefits, relabel
from analysis.errors import SpecError
from analysis.estimate import NotEstimable
from analysis.roll_out import effects_of
from analysis.roll_out_results import window_result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.benefits.interaction import Interaction
    from analysis.benefits.spec import Subgroup
    from analysis.compress import Moments
    from analysis.estimate import Result
    from analysis.roll_out_panel import RollOut
    from analysis.roll_out_results import Effects
    from analysis.study import StudySpec

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]


def subgroup_roll_out(roll_out: RollOut, spec: StudySpec, effects: Effects) -> Benefits:
    """The headline's figure in each group of each variable, and a test for each variable."""
    results: list[Result] = []
    tests: list[Interaction] = []
    for place, subgroup in enumerate(spec.subgroups):
        found, test = _of_variable(roll_out, spec, effects, subgroup, place)
        results += found
        tests.append(test)
    return Benefits(results=tuple(results), interactions=corrected(tests, spec))


def _of_variable(
    roll_out: RollOut, spec: StudySpec, effects: Effects, subgroup: Subgroup, place: int
) -> tuple[list[Result], Interaction]:
    codes, labels = roll_out.groups[place]
    every = np.unique(roll_out.moments.cluster)
    results: list[Result] = []
    known: list[tuple[str, float, Floats]] = []
    for code, label in present(labels, codes):
        result, found = _in_group(restricted(roll_out, codes == code), spec, effects, every)
        results.append(relabel(result, subgroup, label))
        if found is not None and code >= 0 and told_apart(result):
            known.append((label, *found))
    sums = np.array([s for _, _, s in known]).reshape(len(known), len(every))
    values = np.array([value for _, value, _ in known])
    arm = spec.arms.treated[0]
    return results, same_effects(
        subgroup.name, arm, [label for label, _, _ in known], values, sums @ sums.T, effects.t_df
    )


def _in_group(
    part: RollOut, spec: StudySpec, everybody: Effects, every: NDArray[np.int64]
) -> tuple[Result, tuple[float, Floats] | None]:
    """The figure, and on the model's scale with the influence of each site, where there is one."""
    window = spec.follow_up.primary
    try:
        own = effects_of(part, spec)
    except SpecError:
        target = everybody.target(window, "subgroup")
        return NotEstimable(target=target, reason="no start can be compared with anybody"), None
    result = window_result(own, window, name="subgroup", role="secondary")
    sums, event = own.group_time.sums, own.event
    if isinstance(result, NotEstimable) or sums is None:
        return result, None
    inside = (event.labels >= window[0]) & (event.labels <= window[1])
    weight = inside / inside.sum()
    spread = np.zeros(len(every))
    influence = sums @ (weight @ event.gradient) * np.sqrt(own.factor)
    spread[np.searchsorted(every, np.unique(part.moments.cluster))] = influence
    return result, (float(weight @ event.estimate), spread)


def restricted(roll_out: RollOut, members: Bools) -> RollOut:
    """The roll-out of the people of some patterns (P,)."""
    moments = roll_out.moments
    strata = roll_out.strata
    if strata is not None:
        every, kept = np.unique(moments.cluster), np.unique(moments.cluster[members])
        strata = strata[np.searchsorted(every, kept)]
    return replace(roll_out, moments=_only(moments, members), strata=strata, groups=())


def _only(moments: Moments, members: Bools) -> Moments:
    """Moments of these patterns; of declared clusters, whose sums need no second look at people."""
    if not moments.clustered:
        raise ValueError("patterns can be left out where errors are clustered")
    return replace(
        moments,
        cohort=moments.cohort[members],
        cell=moments.cell[members],
        cluster=moments.cluster[members],
        observed=moments.observed[members],
        people=moments.people[members],
        weight=moments.weight[members],
        total=moments.total[members],
        square_weight=moments.square_weight[members],
        square_total=moments.square_total[members],
    )
