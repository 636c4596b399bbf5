"""The part of a study about mediation: which scales, in what order, and when they were answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from analysis.errors import SpecError
from analysis.study_parts import Names, Part, Window

if TYPE_CHECKING:
    from analysis.study import StudySpec

MOST_SERIAL = 3  # mediators one after the other: beyond, there are more paths than can be read
# Instruments that only mentored people can answer: among the others there is nothing to compare.
MENTORED_ONLY = ("mfq9", "mentorship_quality")
_DESIGNS = ("randomised", "opt_in")


class Mediation(Part):
    """What may lie between mentoring and the outcome (studies of a survey scale).

    ``mediators``: instruments, or instrument.subscale, answered in event months ``measured``
    (inclusive), a wave before the outcome. ``order``: parallel, or serial in the order written.
    ``moderator``: a number known of everybody, in every arm, that may change the way from mentoring
    to the mediators (``moderates: first``) or from them to the outcome (second); ``at``: its values
    at which the effects are shown, by default its 16th, 50th and 84th percentile. ``interaction``:
    the mediators may matter more, or less, to the mentored. ``functions``: scales of the mentees'
    own, answered in ``functions_measured``, whose ways to the outcome are associations.
    """

    mediators: Names = Field(min_length=1)
    measured: Window
    order: Literal["parallel", "serial"] = "parallel"
    moderator: str | None = None
    moderates: Literal["first", "second"] = "first"
    at: tuple[float, ...] = ()
    interaction: bool = False
    functions: Names = ()
    functions_measured: Window | None = None

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> Self:
        names = [*self.mediators, *self.functions, *([self.moderator] if self.moderator else [])]
        if len(set(names)) < len(names):
            raise ValueError("name each scale once; a moderator or function is no mediator")
        if self.order == "serial" and not 2 <= len(self.mediators) <= MOST_SERIAL:
            raise ValueError(f"serial mediators are two to {MOST_SERIAL}, one moving the next")
        if (self.order == "serial") + bool(self.moderator) + self.interaction > 1:
            raise ValueError("choose one of `order: serial`, `moderator` and `interaction`")
        if self.moderator is None and {"moderates", "at"} & self.model_fields_set:
            raise ValueError(
                "`moderates` and `at` belong to a `moderator`; name it, or remove them"
            )
        if bool(self.functions) != bool(self.functions_measured):
            raise ValueError("`functions` and `functions_measured` are written together")
        for key, window in (("measured", self.measured), ("functions", self.functions_measured)):
            if window and window[0] > window[1]:
                raise ValueError(f"the window of `{key}` ends before it begins")
            if window and window[0] < 1:
                raise ValueError(
                    f"`{key}`: what is measured at or before assignment is no result of it and "
                    "mediates nothing; begin in month 1 or later, and adjust for the earlier score"
                )
        return self


def check_mediation(spec: StudySpec) -> None:
    """Raises SpecError where the mediators do not fit the study's outcome, windows or design."""
    asked = spec.mediation
    if asked is None:
        return
    for name in asked.mediators:
        if name.partition("/")[0].partition(".")[0] in MENTORED_ONLY:
            raise SpecError(
                "mediation.mediators",
                f"{name} is answered by mentored people alone, so it cannot lie between assignment "
                "and the outcome",
                "Name it under `mediation.functions`: an association among mentees.",
            )
    if spec.outcome.kind != "scale":
        raise SpecError(
            "mediation",
            f"mediators are survey scales, and this outcome is of kind {spec.outcome.kind}",
            "Study the scale of a later wave: `outcome: {kind: scale, metric: NAME}`.",
        )
    if spec.outcome.metric in (*asked.mediators, *asked.functions, asked.moderator):
        raise SpecError("mediation", f"{spec.outcome.metric} is the outcome", "Name another scale.")
    if spec.design not in _DESIGNS:
        raise SpecError(
            "mediation",
            f"is not answered in the design {spec.design}",
            f"Remove it, or use one of: {', '.join(_DESIGNS)}.",
        )
    if asked.measured[0] > spec.follow_up.primary[1]:
        raise SpecError(
            "mediation.measured",
            "begins after the outcome was measured",
            "A mediator is measured one wave before the outcome.",
        )
