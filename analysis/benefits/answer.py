"""All a study of a lottery or an opt-in says about who benefits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.benefits.eagerness import eagerness_effects
from analysis.benefits.spread import quantile_effects
from analysis.benefits.subgroups import subgroup_effects
from analysis.opt_in import as_adjusted

if TYPE_CHECKING:
    from analysis.benefits.interaction import Interaction
    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result
    from analysis.panel import Panel
    from analysis.study import StudySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoBenefits:
    """Results beside the headline, tests of equal effects, and notes."""

    results: tuple[Result, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


def who_benefits(panel: Panel, spec: StudySpec) -> WhoBenefits:
    """Subgroups, quantiles and eagerness, where the study declares them; else nothing."""
    found = subgroup_effects(panel, spec)
    results: list[Result] = [*found.results]
    notes: list[Diagnostic] = []
    if spec.who_benefits:
        adjusted = as_adjusted(panel, spec)
        if "quantiles" in spec.who_benefits:
            made, notes = quantile_effects(adjusted, spec)
            results += made
        if "eagerness" in spec.who_benefits:
            results += eagerness_effects(adjusted, spec)
    return WhoBenefits(results=tuple(results), interactions=found.interactions, notes=tuple(notes))
