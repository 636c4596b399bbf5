"""The declared subgroups of a study of exits: the group of each spell, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.benefits.members import cut, cut_labels, levels
from analysis.benefits.spec import TENURE
from analysis.errors import SpecError
from analysis.exits.careers import Covariate
from analysis.funnel import JOB_COLUMNS

if TYPE_CHECKING:
    from analysis.benefits.spec import Subgroup
    from analysis.exits.grid import Grid
    from analysis.study import StudySpec


def subgroup_codes(spec: StudySpec, grid: Grid) -> tuple[Covariate, ...]:
    """The group of each spell in each month, of each variable; -1 where it is not recorded."""
    return tuple(_codes(s, grid) for s in spec.subgroups)


def _codes(subgroup: Subgroup, grid: Grid) -> Covariate:
    name = subgroup.name
    if name == TENURE:
        months = grid.tenure()
        found = (
            cut(subgroup.cuts, pd.Series(months.ravel())).cat.codes.to_numpy().reshape(months.shape)
        )
        labels = cut_labels(subgroup.cuts)
    else:
        if name not in JOB_COLUMNS and name not in grid.attributes:
            raise SpecError(
                "subgroups",
                f"{name}: is not known of people month by month",
                f"Use {', '.join(JOB_COLUMNS)}, {TENURE} or an attribute of people.",
            )
        of_job = name in JOB_COLUMNS
        column = levels(subgroup, (grid.jobs if of_job else grid.attributes)[name])
        own = column.cat.codes.to_numpy()
        found = np.append(own, -1)[grid.job] if of_job else own[:, None]
        labels = list(column.cat.categories)
    return Covariate(name=name, codes=found.astype(np.int16), labels=tuple(labels))
