"""Enough people, and the smallest effect the study could have seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import number_text
from analysis.estimate import Estimate, Result
from analysis.estimators.results import as_per_cent
from analysis.planning.power import errors_needed

if TYPE_CHECKING:
    from analysis.panel import Panel
    from analysis.study import StudySpec


def minimum_detectable_effect(
    results: tuple[Result, ...], spec: StudySpec
) -> tuple[Diagnostic, ...]:
    """One note for each estimate given: its minimum detectable effect at 80 % power, as in plans.

    Imprecision never changes a grade: above the effect of interest it adds "cannot tell".
    """
    return tuple(_one(r, spec) for r in results if isinstance(r, Estimate))


def _one(result: Estimate, spec: StudySpec) -> Diagnostic:
    log = spec.outcome.per_cent
    error = result.std_error / (100 + result.estimate) if log else result.std_error
    needed = errors_needed(df=math.inf if result.t_df is None else result.t_df) * error
    smallest = as_per_cent(needed) if log else needed
    wanted, threshold = spec.effect_of_interest, "no effect of interest declared"
    verdict, remedy = "", ""
    if wanted is not None and spec.wanted is not None:
        wanted = 100 * wanted if log else wanted
        threshold = f"effect of interest {number_text(wanted, result.target.unit)}"
        if needed > spec.wanted:
            verdict = ": cannot tell"
            remedy = (
                "Cannot tell effects of the size of interest from none: more people or more "
                "months would; finding nothing here does not mean that there is nothing."
            )
    about = float(f"{smallest:.2g}")
    return Diagnostic(
        name="minimum_detectable_effect",
        label=f"Smallest effect the study can see, {result.target.arm} (80 % power)",
        value=smallest,
        display=number_text(smallest, result.target.unit) + verdict,
        threshold=threshold,
        status="note",
        remedy=remedy,
        reveals_effect=True,
        n_smallest=min(result.n_treated, result.n_comparison),
        coarse=(about, f"about {number_text(about, result.target.unit)}{verdict}"),
    )


def _rounded(people: int) -> int:
    return 5 * round(people / 5)


def enough_data(panel: Panel, spec: StudySpec) -> Diagnostic:
    """Smallest arm with outcomes in the primary window; fails where nothing can be compared."""
    rows = panel.between(*spec.follow_up.primary).rows
    seen = panel.people[panel.people["person"].isin(rows["person"])]
    counts = [int((seen["arm"] == arm).sum()) for arm in (*panel.treated, panel.comparison)]
    smallest = min(counts)
    constant = len(rows) > 0 and rows["outcome"].nunique() == 1
    least = spec.thresholds.people_fail
    failed = smallest < least or constant
    return Diagnostic(
        name="enough_data",
        label="People with an outcome in the smallest arm",
        value=float(smallest),
        display="the outcome never varies" if constant else f"{smallest:,} people",
        threshold=f"fail below {least} people, or when the outcome never varies",
        status="fail" if failed else "pass",
        remedy="Check the arms, the metric and the window of the study." if failed else "",
        n_smallest=smallest,
        coarse=(_rounded(smallest), f"about {_rounded(smallest):,} people"),
    )
