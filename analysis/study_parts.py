"""Parts of a study file: arms, draw, roll-out, trials, follow-up, further specifications."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

DesignName = Literal["randomised", "opt_in", "rollout", "descriptive"]
TimeZero = Literal["assigned_on", "invited_on", "eligible_on", "applied_on"]
TakeUp = Literal["met_mentor_once", "matched", "recorded"]
Estimator = Literal["ancova", "difference_in_means", "lin", "cuped"]
Covariance = Literal["HC1", "HC2", "HC3"]
TrialStart = Literal["applied_on", "matched_on", "first_met_on"]
Window = tuple[int, int]
COMPLETION = ("complet", "graduat", "finish")  # words for having stayed to the end


def as_tuple(value: object) -> object:
    """YAML authors write one name or a list of names; both mean a tuple."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _as_text(value: object) -> object:
    """Names of values are text, whatever YAML made of them: 1 and 'Sales' alike."""
    if isinstance(value, bool | int | float | str):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple(str(v) for v in value)
    return value


def never_the_first_meeting(value: object) -> object:
    """Validates the key that time begins with: people must stay to meet anybody."""
    if value in ("matched_on", "first_met_on", "completed_on"):
        raise ValueError(
            "people must stay to be matched, to meet and to complete (immortal time); time begins "
            "with eligible_on, invited_on, applied_on or assigned_on"
        )
    return value


def never_completion(value: object) -> object:
    """Validates a key of exposure: what came of it is no exposure."""
    if isinstance(value, str) and any(word in value for word in COMPLETION):
        raise ValueError(
            "exposure defined by completion is refused (immortal time): only people who stayed "
            "can complete; write what began, the match or the first meeting, and completing "
            "counts as what came later"
        )
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
AsText = Annotated[tuple[str, ...], BeforeValidator(_as_text)]
Practice = Literal["goal_set_before", "reason_recorded", "rhythm", "acted_on_advice", "formality"]
Practices = Annotated[tuple[Practice, ...], BeforeValidator(as_tuple)]


class Part(BaseModel):
    """A frozen part of the file without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(Part):
    """Inclusive limits of a number; an absent limit is open."""

    min: float = -math.inf
    max: float = math.inf


class Arms(Part):
    """Arms from the funnel: one or several treated, one comparison."""

    treated: Names
    comparison: str

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if not self.treated:
            raise ValueError("name at least one treated arm")
        if self.comparison in self.treated or len(set(self.treated)) < len(self.treated):
            raise ValueError("name each arm once; the comparison is not a treated arm")
        return self


class Allocation(Part):
    """How the draw was made: columns of the strata and the planned share of each treated arm.

    ``lottery``: audit files of ``mentorlift lottery``, by their path below the project folder.
    """

    strata: Names = ()
    share: float | dict[str, float] | None = None
    lottery: Names = ()


class Rollout(Part):
    """How sites start (design ``rollout`` only).

    ``control``: whom starters are compared with, sites not yet started or those that never start.
    ``base``: months before the start are compared with the month before each (varying) or with the
    same month as the effects (universal). ``anticipation``: months before the start in which an
    effect may already show; the base month lies before them. ``drawn``: the order of starts was
    drawn by lot, within ``allocation.strata`` where declared.
    """

    control: Literal["not_yet", "never"] = "not_yet"
    base: Literal["varying", "universal"] = "varying"
    anticipation: int = Field(default=0, ge=0, le=12)
    drawn: bool = False


class Trials(Part):
    """Sequential target trials of a study of exits where people or sites start by themselves.

    Each month in which somebody starts is a trial: start now against not yet. ``start``: the day
    that counts as starting (opt-in; a roll-out's sites start at ``time_zero``). ``within``: months
    after time zero in which a trial may begin; by default all.
    """

    start: Annotated[TrialStart, BeforeValidator(never_completion)] = "matched_on"
    within: int | None = Field(default=None, ge=0, le=240)


class FollowUp(Part):
    """Event months looked at: the primary window and further, secondary ones (inclusive)."""

    months: int = Field(ge=0, le=240)
    primary: Window
    windows: tuple[Window, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.primary[0] < 0:
            raise ValueError("the primary window begins before time zero, where nothing has begun")
        for first, last in (self.primary, *self.windows):
            if first > last:
                raise ValueError(f"the window [{first}, {last}] ends before it begins")
            if last > self.months:
                raise ValueError(f"the window [{first}, {last}] goes beyond month {self.months}")
        return self


class Specification(Part):
    """A further named specification, shown as secondary (a published table's, say).

    ``first_month`` before 0 lets baseline rows enter as control rows for everybody.
    """

    name: str
    note: str = ""
    estimator: Estimator = "ancova"
    first_month: int
    last_month: int
    adjust_for: Names = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first_month > self.last_month:
            raise ValueError("the last month lies before the first")
        return self
