"""Is every arm large enough to say anything about it, and without saying it of somebody?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.estimate import Estimate
from analysis.rules import MIN_SIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.estimate import Result


def group_size(arms: pd.Series[str], names: tuple[str, ...], min_group: int) -> Diagnostic:
    """Fails where an arm has fewer than ``min_group`` people; ``arms`` holds one arm a person.

    A project may show smaller groups than ten; no comparison rests on fewer.
    """
    return _verdict({name: int((arms == name).sum()) for name in names}, min_group)


def groups_compared(result: Result, min_group: int) -> tuple[Diagnostic, ...]:
    """The same of the people behind an estimate; nothing where there is none."""
    if not isinstance(result, Estimate):
        return ()
    target = result.target
    counts = {target.arm: result.n_treated, target.comparison: result.n_comparison}
    return (_verdict(counts, min_group),)


def _verdict(counts: Mapping[str, int], min_group: int) -> Diagnostic:
    few = max(min_group, MIN_SIDE)
    smallest = min(counts, key=lambda name: (counts[name], name))
    small = counts[smallest] < few
    shown = f"{smallest}: fewer than {few}" if small else f"at least {few}"
    return Diagnostic(
        name="group_size",
        label="People in the smallest group",
        value=None,
        display=shown,
        threshold=f"fail below {few} people",
        status="fail" if small else "pass",
        remedy=(
            "Wait for the next intake or study several rounds together, until every arm has "
            f"{few} people."
            if small
            else ""
        ),
    )
