"""A study: one question written down before outcomes are read, validated and hashed."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from analysis.benefits.spec import Cuts, Further, Subgroups, check_bands, check_benefits
from analysis.beyond.spec import Beyond, check_beyond
from analysis.canonical import sha256_of
from analysis.diagnostics.thresholds import Thresholds
from analysis.errors import SpecError
from analysis.mediation_spec import Mediation, check_mediation
from analysis.outcome import Outcome
from analysis.outcome_rules import check_outcome
from analysis.study_parts import (
    Allocation,
    Arms,
    AsText,
    Covariance,
    DesignName,
    Estimator,
    FollowUp,
    Names,
    Practices,
    Range,
    Rollout,
    Specification,
    TakeUp,
    TimeZero,
    Trials,
    Window,
    never_completion,
    never_the_first_meeting,
)

__all__ = [
    "Allocation", "Arms", "Range", "Rollout", "Specification", "StudySpec", "Window", "explain",
    "parse_study",
]  # fmt: skip


class StudySpec(Beyond):
    """One question: population, time zero, arms, outcome, window, estimator. See the README."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    question: str
    title: str = ""
    as_of: dt.date
    programme: str
    design: DesignName
    population: dict[str, Range | AsText] = Field(default_factory=dict)
    time_zero: Annotated[TimeZero, BeforeValidator(never_the_first_meeting)] = "assigned_on"
    arms: Arms
    decided_within: int = Field(default=1, ge=0)  # months; then arms told from days are formed
    matched_within: int | None = Field(default=None, ge=0)  # months; [decided_within]
    notice_months: int = Field(default=0, ge=0, le=12)  # where no day of notice is recorded
    start_dates: Literal["recorded", "matched"] = "recorded"
    start_dates_within: Names = ()
    allocation: Allocation = Allocation()
    take_up: Annotated[TakeUp | None, BeforeValidator(never_completion)] = None
    cluster: str = "person"
    outcome: Outcome
    rollout: Rollout = Rollout()
    trials: Trials = Trials()
    follow_up: FollowUp
    estimator: Estimator | None = None
    covariance: Covariance = "HC2"
    missing_covariates: Literal["indicator", "drop"] = "indicator"
    adjust_for: Names = ()
    bands: dict[str, Cuts] = Field(default_factory=dict)  # numbers adjusted for by where they begin
    negative_controls: Names = ()
    subgroups: Subgroups = ()
    who_benefits: Further = ()
    dose: Names = ()
    practices: Practices = ()
    mediation: Mediation | None = None
    effect_of_interest: float | None = Field(default=None, allow_inf_nan=False)
    specifications: tuple[Specification, ...] = ()
    thresholds: Thresholds = Thresholds()  # the project's: no key of a study file
    # Why the study was changed after it was first answered; declared, its answer is exploratory.
    amended: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)] = ""

    @property
    def primary_estimator(self) -> Estimator:
        """The declared estimator; by default ANCOVA where there is something to adjust for."""
        return self.estimator or ("ancova" if self.adjust_for else "difference_in_means")

    @property
    def unit(self) -> str:
        """The unit every effect is shown in."""
        return self.outcome.shown_in

    @property
    def wanted(self) -> float | None:
        """How large the effect of interest is on the scale that is estimated; ratios in logs.

        A fall of 10 % is as large as a rise of 11 %. None where no effect is declared.
        """
        effect = self.effect_of_interest
        if effect is None:
            return None
        return abs(math.log1p(effect) if self.outcome.per_cent else effect)

    def digest(self) -> str:
        """SHA-256 of the question in canonical JSON: comments and key order do not matter.

        Nor does a key left at its default: new keys do not change the hash of an old question; nor
        ``amended``, which says something about a change and nothing of the question.
        """
        data = self.model_dump(mode="json", exclude_defaults=True, exclude={"amended"})
        return sha256_of(data)

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
    check_bands(spec)
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
