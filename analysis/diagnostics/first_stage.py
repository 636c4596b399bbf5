"""Strength of the first stage: did assignment move taking part enough?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.thresholds import DEFAULT, Thresholds
from analysis.estimate import Estimate
from analysis.estimators.take_up import take_up_effects

if TYPE_CHECKING:
    from analysis.panel import Panel
    from analysis.study import StudySpec

_REMEDY = "The two-stage least squares interval is weak: read the Anderson-Rubin interval."


def first_stage(
    panel: Panel, spec: StudySpec, limits: Thresholds = DEFAULT
) -> tuple[Diagnostic, ...]:
    """One note an arm with a first stage: its F. Below the limit the 2SLS interval is weak."""
    notes: list[Diagnostic] = []
    for stage in take_up_effects(panel, spec, spec.follow_up.primary):
        if stage.target.name != "first_stage" or not isinstance(stage, Estimate):
            continue
        f = (stage.estimate / stage.std_error) ** 2
        notes.append(
            Diagnostic(
                name="first_stage_f",
                label=f"Assignment moves taking part, {stage.target.arm} (first-stage F)",
                value=f,
                display=f"F = {f:,.1f}",
                threshold=f"weak below {limits.weak_first_stage:g}",
                status="note",
                remedy=_REMEDY if f < limits.weak_first_stage else "",
                n_smallest=min(stage.n_treated, stage.n_comparison),
            )
        )
    return tuple(notes)
