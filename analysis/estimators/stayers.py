"""The outcome while employed, beside output per person with its zeros after an exit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.estimate import Estimate
from analysis.estimators.results import relabelled

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import Window

WHILE_EMPLOYED = "while employed: not causal if exits differ"


def while_employed(panel: Panel) -> Panel:
    """The panel without the zeros of people who had left; the same panel where there are none."""
    if "after_exit" not in panel.rows or not panel.rows["after_exit"].any():
        return panel
    kept = panel.rows[~panel.rows["after_exit"]]
    return replace(panel, rows=kept.reset_index(drop=True))


def beside_zeros(whole: Panel, window: Window, found: tuple[Result, ...]) -> tuple[Result, ...]:
    """The same results, which beside a headline with zeros tell of those who left.

    ``whole`` still holds the zeros.
    """
    rows = whole.between(*window).rows
    if "after_exit" not in rows:
        return found
    left = whole.people[whole.people["person"].isin(rows.loc[rows["after_exit"], "person"])]
    counts = left.groupby("arm").size()
    results: list[Result] = []
    for result in found:
        if isinstance(result, Estimate):
            arms = [int(counts.get(arm, 0)) for arm in (result.target.arm, whole.comparison)]
            told = [n for n in (*arms, result.n_smallest or 0) if n > 0]
            result = replace(result, n_smallest=min(told, default=None))
        results.append(result)
    return tuple(results)


def called_while_employed(found: tuple[Result, ...]) -> tuple[Result, ...]:
    """Results of the people who stayed under a name that says so."""
    return tuple(relabelled(r, name="while_employed", estimand=WHILE_EMPLOYED) for r in found)
