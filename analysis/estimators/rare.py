"""Categories of a few people who all joined: nobody is there to compare them with."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 10  # people


def rare_columns(
    covariates: NDArray[np.float64], names: tuple[str, ...], treated: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which 0/1 columns (k,) of ``covariates`` (n, k; gaps are nan) a model cannot bear.

    Where everybody in a category joined the study has no answer (separation). If these are fewer
    than ``FEW`` people, the category goes without its column and so counts with the first one; the
    first one counts with the largest. Categories from which nobody joined need no help: the chance
    of joining is 0 there.
    """
    found = np.zeros(len(names), dtype=bool)
    for _, group in groupby(range(len(names)), key=lambda j: _family(names[j])):
        columns = list(group)
        values = covariates[:, columns]
        known = ~np.isnan(values).any(axis=1)
        if not np.isin(values[known], (0.0, 1.0)).all():
            continue  # a number
        own = [_rare((values[:, i] == 1.0) & known, treated) for i in range(len(columns))]
        found[columns] = own
        first = known & (values.sum(axis=1) == 0)
        if _rare(first, treated):
            found[columns[int(np.nansum(values, axis=0).argmax())]] = True
    return found


def _family(name: str) -> str:
    """Columns of one covariate: "level=2" and "level=3"; "stratum 2" and "stratum 3"."""
    if name.endswith(" missing"):
        return name
    return "stratum" if name.startswith("stratum ") else name.split("=")[0]


def _rare(inside: NDArray[np.bool_], treated: NDArray[np.bool_]) -> bool:
    joined, others = int((inside & treated).sum()), int((inside & ~treated).sum())
    return 0 < joined < FEW and not others
