"""Fading: are the monthly effects equal, and do they follow a trend?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.diagnostics.wording import p_text
from analysis.estimators.by_month import fading_tests

if TYPE_CHECKING:
    from analysis.panel import Panel
    from analysis.study import StudySpec

_NOT_GATED = "not gated"


def fading(panel: Panel, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """Two notes an arm measured in several months of the primary window; their values are p."""
    notes: list[Diagnostic] = []
    for test in fading_tests(panel, spec, spec.follow_up.primary):
        for name, label, p_value in (
            ("fading_equality", "same effect in every month", test.equality_p),
            ("fading_trend", "no linear trend in the effect", test.slope_p),
        ):
            notes.append(
                Diagnostic(
                    name=name,
                    label=f"{test.arm}: {label} ({test.months} months)",
                    value=p_value,
                    display=p_text(p_value),
                    threshold=_NOT_GATED,
                    status="note",
                    remedy="",
                    reveals_effect=True,
                    n_smallest=test.people,
                )
            )
    return tuple(notes)
