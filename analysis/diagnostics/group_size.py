"""Is every arm large enough to say anything about it without saying it of somebody?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic

if TYPE_CHECKING:
    import pandas as pd


def group_size(arms: pd.Series[str], names: tuple[str, ...], min_group: int) -> Diagnostic:
    """Fails where an arm has fewer than ``min_group`` people; ``arms`` holds one arm a person."""
    counts = {name: int((arms == name).sum()) for name in names}
    smallest = min(counts, key=lambda name: (counts[name], name))
    small = counts[smallest] < min_group
    shown = f"{smallest}: fewer than {min_group}" if small else f"at least {min_group}"
    return Diagnostic(
        name="group_size",
        label="People in the smallest group",
        value=None,
        display=shown,
        threshold=f"fail below {min_group} people",
        status="fail" if small else "pass",
        remedy=(
            "Wait for the next intake or study several rounds together, until every arm has "
            f"{min_group} people."
            if small
            else ""
        ),
    )
