"""Values as delivered become the outcome that is compared, in every design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.study import StudySpec


def fitting_values(spec: StudySpec, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The outcome (n,) of values as delivered (n,); SpecError where they do not fit its kind."""
    if spec.outcome.kind == "count" and (values < 0).any():
        raise SpecError(
            "outcome.kind",
            f"count, but {int((values < 0).sum())} rows are below 0",
            "A ratio of means needs outcomes of 0 or more; use `kind: continuous`.",
        )
    if spec.outcome.transform != "log":
        return values
    if (values <= 0).any():
        raise SpecError(
            "outcome.transform",
            f"log of a value of 0 or less in {int((values <= 0).sum())} rows",
            "Use `kind: count`, which takes zeros, `transform: none`, or another metric.",
        )
    return np.log(values)
