"""A study: one question written down before outcomes are read, validated and hashed."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from analysis.benefits.spec import Further, Subgroups, check_benefits
from analysis.beyond.spec import Beyond, check_beyond
from analysis.diagnostics.thresholds import Thresholds
from analysis.errors import SpecError
from analysis.mediation_spec import Mediation, check_mediation
from analysis.outcome import Outcome
from analysis.outcome_rules import check_outcome

DesignName = Literal["randomised", "opt_in", "rollout", "descriptive"]
TimeZero = Literal["assigned_on", "invited_on", "eligible_on", "applied_on"]
TakeUp = Literal["met_mentor_once", "matched", "recorded"]
Estimator = Literal["ancova", "difference_in_means", "lin", "cuped"]
Covariance = Literal["HC1", "HC2", "HC3"]
TrialStart = Literal["applied_on", "matched_on", "first_met_on"]
Window = tuple[int, int]
COMPLETION = ("complet", "graduat", "finish")  # words for having stayed to the end


def _as_tuple(value: object) -> object:
    """YAML authors write one name or a list of names; both mean a tuple."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _as_names(value: object) -> object:
    """Names of values are text, whatever YAML made of them: 1 and 'Sales' alike."""
    if isinstance(value, bool | int | float | str):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple(str(v) for v in value)
    return value


def _never_the_first_meeting(value: object) -> object:
    if value in ("matched_on", "first_met_on", "completed_on"):
        raise ValueError(
            "people must stay to be matched, to meet and to complete (immortal time); time begins "
            "with eligible_on, invited_on, applied_on or assigned_on"
        )
    return value


def _never_completion(value: object) -> object:
    if isinstance(value, str) and any(word in value for word in COMPLETION):
        raise ValueError(
            "exposure defined by completion is refused (immortal time): only people who stayed "
            "can complete; write what began, the match or the first meeting, and completing "
            "counts as what came later"
        )
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Practice = Literal["goal_set_before", "reason_recorded", "rhythm", "acted_on_advice", "formality"]
Practices = Annotated[tuple[Practice, ...], BeforeValidator(_as_tuple)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(_Part):
    """Inclusive limits of a number; an absent limit is open."""

    min: float = -math.inf
    max: float = math.inf


class Arms(_Part):
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


class Allocation(_Part):
    """How the draw was made: columns of the strata and the planned share of each treated arm.

    ``lottery``: audit files of ``mentorlift lottery``, by their path below the project folder.
    """

    strata: Names = ()
    share: float | dict[str, float] | None = None
    lottery: Names = ()


class Rollout(_Part):
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


class Trials(_Part):
    """Sequential target trials of a study of exits where people or sites start by themselves.

    Each month in which somebody starts is a trial: start now against not yet. ``start``: the day
    that counts as starting (opt-in; a roll-out's sites start at ``time_zero``). ``within``: months
    after time zero in which a trial may begin; by default all.
    """

    start: Annotated[TrialStart, BeforeValidator(_never_completion)] = "matched_on"
    within: int | None = Field(default=None, ge=0, le=240)


class FollowUp(_Part):
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


class Specification(_Part):
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


class StudySpec(_Part, Beyond):
    """One question: population, time zero, arms, outcome, window, estimator. See the README."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    question: str
    title: str = ""
    as_of: dt.date
    programme: str
    design: DesignName
    population: dict[str, Range | Annotated[tuple[str, ...], BeforeValidator(_as_names)]] = Field(
        default_factory=dict
    )
    time_zero: Annotated[TimeZero, BeforeValidator(_never_the_first_meeting)] = "assigned_on"
    arms: Arms
    decided_within: int = Field(default=1, ge=0)  # months; then arms told from days are formed
    matched_within: int | None = Field(default=None, ge=0)  # months; [decided_within]
    notice_months: int = Field(default=0, ge=0, le=12)  # where no day of notice is recorded
    start_dates: Literal["recorded", "matched"] = "recorded"
    start_dates_within: Names = ()
    allocation: Allocation = Allocation()
    take_up: Annotated[TakeUp | None, BeforeValidator(_never_completion)] = None
    cluster: str = "person"
    outcome: Outcome
    rollout: Rollout = Rollout()
    trials: Trials = Trials()
    follow_up: FollowUp
    estimator: Estimator | None = None
    covariance: Covariance = "HC2"
    missing_covariates: Literal["indicator", "drop"] = "indicator"
    adjust_for: Names = ()
    negative_controls: Names = ()
    subgroups: Subgroups = ()
    who_benefits: Further = ()
    dose: Names = ()
    practices: Practices = ()
    mediation: Mediation | None = None
    effect_of_interest: float | None = Field(default=None, allow_inf_nan=False)
    specifications: tuple[Specification, ...] = ()
    thresholds: Thresholds = Thresholds()  # the project's: no key of a study file

    @property
    def primary_estimator(self) -> Estimator:
        """The declared estimator; by default ANCOVA where there is something to adjust for."""
        return self.estimator or ("ancova" if self.adjust_for else "difference_in_means")

    @property
    def unit(self) -> str:
        """The unit every effect is shown in."""
        return self.outcome.shown_in

    def digest(self) -> str:
        """SHA-256 of the question in canonical JSON: comments and key order do not matter.

        Nor does a key left at its default: new keys do not change the hash of an old question.
        """
        data = self.model_dump(mode="json", exclude_defaults=True)
        text = json.dumps(data, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def seed(self) -> int:
        """Seed of everything random in this study: a function of the question alone."""
        return int(self.digest()[:8], 16)


def parse_study(data: object) -> StudySpec:
    """The validated study; raises :class:`SpecError` naming the first wrong key and the fix."""
    if not isinstance(data, dict):
        raise SpecError("(file)", "not a mapping of keys to values", "Start it with `study: NAME`.")
    if "thresholds" in data:
        why = "limits hold for all studies of a project alike, whatever each hopes to find"
        raise SpecError("thresholds", why, "Move it to the project file, under `thresholds`.")
    try:
        spec = StudySpec.model_validate(data)
    except ValidationError as error:
        raise explain(error, StudySpec) from None
    adjusted = {*spec.adjust_for, *(n for s in spec.specifications for n in s.adjust_for)}
    if overlap := adjusted & {*spec.negative_controls}:
        why = f"{', '.join(sorted(overlap))} is also among adjust_for"
        fix = "A negative control may not be adjusted for; remove it from one of the two."
        raise SpecError("negative_controls", why, fix)
    _check_specifications(spec)
    check_outcome(spec)
    check_mediation(spec)
    check_beyond(spec)
    check_benefits(spec)
    return spec


def _check_specifications(spec: StudySpec) -> None:
    """Each has a name of its own and looks at months that are followed."""
    names = [s.name for s in spec.specifications]
    for further in spec.specifications:
        if names.count(further.name) > 1:
            raise SpecError(
                "specifications", f"{further.name} stands twice", "Give each a name of its own."
            )
        if further.last_month > spec.follow_up.months:
            raise SpecError(
                f"specifications.{further.name}.last_month",
                f"goes beyond month {spec.follow_up.months}, the last of the follow-up",
                "Lower it, or raise `follow_up.months`.",
            )


def explain(error: ValidationError, model: type[BaseModel]) -> SpecError:
    """The first problem of a pydantic error as one line with a fix; values are never quoted."""
    first: Any = error.errors(include_input=False, include_url=False)[0]
    parts = [str(p) for p in first["loc"] if not str(p).startswith(("function-", "tuple["))]
    key = ".".join(parts) or "(file)"
    if first["type"] == "missing":
        return SpecError(key, "is missing", f"Add `{parts[-1]}:` to the file.")
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(parts[-1], _all_keys(model), n=1)
        hint = f"Did you mean `{near[0]}`?" if near else "Remove it; the README lists the keys."
        return SpecError(key, "is not a key of this file", hint)
    message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return SpecError(key, message[:1].lower() + message[1:], "Correct the value of this key.")


def _all_keys(model: type[BaseModel]) -> list[str]:
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(name)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys += _all_keys(inner)
    return keys
