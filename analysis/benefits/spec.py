"""The part of a study about who benefits: subgroups, quantiles, the gradient of joining."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from analysis.errors import SpecError
from analysis.study_parts import Part, as_tuple

if TYPE_CHECKING:
    from analysis.study import StudySpec

PAST = "pre_period_outcome"
TENURE = "tenure_months"
JOBS = ("department", "level", "site", "manager_no")  # names, never quantities
# Columns that are made of what happened after time zero.
_LATER = (
    "arm", "take_up", "took_up", "mentored", "says_informal", "meetings", "hours", "exited_on",
    "exit_kind", "outcome", "matched_on", "met_on", "first_met_on", "last_met_on",
)  # fmt: skip
_COMPLETION = ("complet", "graduated", "finished", "finisher", "graduation")


def _rising(cuts: tuple[float, ...]) -> tuple[float, ...]:
    if not all(map(math.isfinite, cuts)):
        raise ValueError("cuts are numbers")
    if any(a >= b for a, b in pairwise(cuts)):
        raise ValueError("cuts rise")
    return cuts


Cuts = Annotated[tuple[float, ...], AfterValidator(_rising)]


class Subgroup(Part):
    """A column known at time zero; ``cuts`` are where a group of a number begins (12: under 12,
    12 and over).
    """

    name: str = Field(min_length=1)
    cuts: Cuts = ()


def _as_subgroups(value: object) -> object:
    """YAML authors write a name, a mapping with cuts, or a list of both."""
    if isinstance(value, str | dict):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple({"name": v} if isinstance(v, str) else v for v in value)
    return value


Subgroups = Annotated[tuple[Subgroup, ...], BeforeValidator(_as_subgroups)]
Further = Annotated[tuple[Literal["quantiles", "eagerness"], ...], BeforeValidator(as_tuple)]


def check_bands(spec: StudySpec) -> None:
    """Raises SpecError where ``bands`` cut something that is no number of the study."""
    adjusted = {*spec.adjust_for, *(n for s in spec.specifications for n in s.adjust_for)}
    for name, cuts in spec.bands.items():
        problem = None
        if name not in adjusted:
            problem = "is not adjusted for", "Name it under `adjust_for` too, or remove it."
        elif name in JOBS:
            problem = "is a name, not a quantity", "Remove it: each of its values counts apart."
        elif name == PAST:
            problem = "is read anew for every check, as a number", "Remove it."
        elif not cuts:
            problem = "has no cuts", f"Write where bands begin: `{name}: [12]`."
        if problem:
            raise SpecError("bands", f"{name}: {problem[0]}", problem[1])


def check_benefits(spec: StudySpec) -> None:
    """Raises SpecError where a subgroup is not known at time zero, or a design cannot answer."""
    names = [s.name for s in spec.subgroups]
    for subgroup in spec.subgroups:
        problem = _problem(spec, subgroup, names)
        if problem:
            raise SpecError("subgroups", f"{subgroup.name}: {problem[0]}", problem[1])
    plain = spec.outcome.kind == "continuous" and spec.design in ("randomised", "opt_in")
    if "quantiles" in spec.who_benefits and not plain:
        raise SpecError(
            "who_benefits",
            "quantiles are answered for a KPI (`kind: continuous`), randomised or opt-in",
            "Remove `quantiles`.",
        )
    exits = spec.outcome.kind in ("exit", "scale")
    if "eagerness" in spec.who_benefits and (spec.design != "opt_in" or exits):
        raise SpecError(
            "who_benefits",
            "eagerness to join is told where people chose, in studies of performance",
            "Remove `eagerness`.",
        )


def _problem(spec: StudySpec, subgroup: Subgroup, names: list[str]) -> tuple[str, str] | None:
    """What is wrong with one subgroup, and what to do about it."""
    name = subgroup.name
    if names.count(name) > 1:
        return "stands twice", "Name each column once, with all its cuts."
    later = name in _LATER or name == spec.outcome.metric or name in (*spec.dose, *spec.practices)
    if later or any(word in name.lower() for word in _COMPLETION):
        return (
            "is not known at time zero: what came later may be a result of mentoring",
            "Name a column of people or of their job at the start.",
        )
    if subgroup.cuts and name in JOBS:
        return "is a name, not a quantity", "Remove `cuts`."
    if name in (TENURE, PAST) and not subgroup.cuts:
        return "is a number", f"Declare where groups begin: {{name: {name}, cuts: [12]}}."
    past = spec.design == "rollout" or spec.outcome.kind in ("exit", "promotion")
    if name == PAST and past:
        return "is not looked at in this design", "Remove it."
    return None
