"""Who leaves less: the difference at the end of the primary window in pre-declared subgroups.

A person belongs to the group that was true when the trial's month began, and may so be in one
group in one trial and in another later; errors go together by person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.benefits.interaction import corrected, same_effects, told_apart
from analysis.benefits.members import NOT_RECORDED, present
from analysis.benefits.subgroups import Benefits, relabel
from analysis.estimate import Estimate
from analysis.exits.figures import Maker
from analysis.exits.results import contrast, difference, headline_kind
from analysis.exits.setting import ExitSetting, arm_codes, fitter_of, is_assigned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.benefits.interaction import Interaction
    from analysis.benefits.spec import Subgroup
    from analysis.estimate import Result
    from analysis.exits.careers import Careers, Covariate
    from analysis.exits.entries import Entries
    from analysis.exits.setting import Fitter
    from analysis.study import StudySpec

    Ints = NDArray[np.int64]

FEW_EXITS = 5  # in each arm of a group that is same_effects


def subgroup_exits(careers: Careers, spec: StudySpec, *, exact_rows: bool = False) -> Benefits:
    """The headline's figure in each group of each variable, and a test for each variable."""
    if not spec.subgroups:
        return Benefits()
    fitter = fitter_of(careers, spec, exact_rows=exact_rows)
    setting = ExitSetting(
        careers=careers, spec=spec, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
    )
    results: list[Result] = []
    tests: list[Interaction] = []
    codes = arm_codes(spec, assigned=is_assigned(careers))
    for subgroup, column in zip(spec.subgroups, careers.subgroups, strict=True):
        for code, name in zip(codes, spec.arms.treated, strict=False):
            found, test = _of_arm(fitter, Maker(setting=setting, arm=name), code, subgroup, column)
            results += found
            tests.append(test)
    return Benefits(results=tuple(results), interactions=corrected(tests, spec))


def _of_arm(
    fitter: Fitter, maker: Maker, code: int | None, subgroup: Subgroup, column: Covariate
) -> tuple[list[Result], Interaction]:
    entries, group = fitter.trials(code)
    kind = headline_kind(maker.setting)
    results: list[Result] = []
    labels, values, influences = [], [], []
    of_entries, of_group = (_of_entries(column, some) for some in (entries, group))
    for place, label in present(column.labels, of_entries):
        compared = fitter.compared(entries.take(of_entries == place), group.take(of_group == place))
        made = difference(maker, compared, "subgroup", kind)
        results.append(relabel(made, subgroup, label))
        if _tells(made) and not isinstance(compared, str) and label != NOT_RECORDED:
            value, influence = contrast(maker.setting, compared, kind, compared.entries.months)
            labels.append(label)
            values.append(value)
            influences.append(influence)
    if not values:
        return results, same_effects(
            subgroup.name, maker.arm, [], np.zeros(0), np.zeros((0, 0)), 0.0
        )
    stacked = np.array(influences)
    error, df, _ = maker.spread(stacked[0], entries)
    factor = error**2 / float(stacked[0] @ stacked[0])  # for few clusters, the same for all
    covariance = factor * stacked @ stacked.T
    return results, same_effects(subgroup.name, maker.arm, labels, np.array(values), covariance, df)


def _tells(result: Result) -> bool:
    """Whether a group has people and exits enough to be tested."""
    return (
        told_apart(result)
        and isinstance(result, Estimate)
        and (result.n_smallest is None or result.n_smallest >= FEW_EXITS)
    )


def _of_entries(column: Covariate, entries: Entries) -> Ints:
    """The group of each entry when its trial began."""
    month = entries.column if column.codes.shape[1] > 1 else 0
    return np.asarray(column.codes[entries.row, month], dtype=np.int64)
