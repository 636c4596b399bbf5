"""Do the items of a scale mean the same to both arms, and in every wave?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.diagnostics import Diagnostic
from analysis.estimators.item_bias import item_tests

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.estimators.item_bias import ItemTest

_THRESHOLD = (
    "{0} an item at p < {1:g} (Benjamini-Hochberg) that given the others differs by over {2:g} SD, "
    "or whose correlation with them differs by over {3:g}; configural, metric and scalar models "
    "are not fitted"
)
_REMEDY = (
    "Look at the anchors and the wording of these items in each group; a changed translation or "
    "printing does this. Compare them one by one, or leave them out everywhere."
)


def invariance(
    items: pd.DataFrame, names: Sequence[str], group: NDArray[np.int64], across: str,
    limits: Thresholds, *, gated: bool,
) -> Diagnostic:  # fmt: skip
    """Verdict on items (n rows, a column each; nan: not answered) in groups (n,).

    Between arms a difference warns, since it would pass for an effect; between waves, which both
    arms answer, it is a note.
    """
    whole = items[list(names)].notna().all(axis=1).to_numpy()
    values = items.loc[whole, list(names)].to_numpy(dtype=float)
    found = item_tests(values, group[whole])
    label = f"Items mean the same in each {across}"
    lead = "warn with" if gated else "not gated; told of"
    threshold = _THRESHOLD.format(lead, limits.item_p, limits.item_level, limits.item_slope)
    counts = np.unique(group[whole], return_counts=True)[1]
    if not found:
        return Diagnostic(
            name="invariance",
            label=label,
            value=None,
            display="too few items, groups or complete answers to tell",
            threshold=threshold,
            status="note",
            remedy="",
        )
    told = _told(found, names, limits)
    largest = max(t.level for t in found)
    said = f"answered otherwise: {', '.join(told)}" if told else "no item differs"
    return Diagnostic(
        name="invariance",
        label=label,
        value=largest,
        display=f"{said}; largest difference given the others {largest:.2f} SD",
        threshold=threshold,
        status=("warn" if gated else "note") if told else ("pass" if gated else "note"),
        remedy=_REMEDY if told else "",
        n_smallest=int(counts.min()),
        coarse=(round(largest, 1), f"{said}; largest difference given the others {largest:.1f} SD"),
    )


def _told(found: Sequence[ItemTest], names: Sequence[str], limits: Thresholds) -> list[str]:
    """The items that differ surely and by enough to matter."""
    adjusted = stats.false_discovery_control([p for t in found for p in (t.level_p, t.slope_p)])
    return [
        names[t.item]
        for t, (level_p, slope_p) in zip(found, adjusted.reshape(-1, 2), strict=True)
        if (level_p < limits.item_p and t.level > limits.item_level)
        or (slope_p < limits.item_p and t.slope > limits.item_slope)
    ]
