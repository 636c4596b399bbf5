"""Strength of the first stage: did assignment move taking part enough?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.estimators.first_stage import stages

if TYPE_CHECKING:
    from analysis.panel import Panel
    from analysis.study import StudySpec

_REMEDY = "The two-stage least squares interval is weak: read the Anderson-Rubin interval."
_EXACT = 1e-10


def first_stage(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """One note an arm with a first stage: its F with the study's covariates and covariance."""
    notes: list[Diagnostic] = []
    for arm in panel.treated:
        both = stages(panel.pair(arm), spec, spec.follow_up.primary, adjusted=True)
        if isinstance(both, str):
            continue
        share, error = both.first.figures(0)
        exact = error <= _EXACT
        f = None if exact else (share / error) ** 2
        about = None if f is None else float(f"{f:.1g}")
        notes.append(
            Diagnostic(
                name="first_stage_f",
                label=f"Assignment moves taking part, {arm} (first-stage F)",
                value=f,
                display="everybody in an arm did the same" if f is None else f"F = {f:,.1f}",
                threshold=f"weak below {spec.thresholds.weak_first_stage:g}",
                status="note",
                remedy=_REMEDY if f is not None and f < spec.thresholds.weak_first_stage else "",
                n_smallest=both.smallest_group,
                reveals_effect=True,
                coarse=None if about is None else (about, f"F about {about:,.0f}"),
            )
        )
    return tuple(notes)
