"""The outcome of a study: what is measured, on which scale effects are shown, who has one."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["continuous", "count", "rating", "promotion", "team", "exit", "scale"]
EXIT_KINDS = ("voluntary", "involuntary", "retirement", "end_of_contract", "any")
Link = Literal["identity", "log"]
Best = Literal["highest", "lowest"]

_SCALE = re.compile(r"^[a-z][a-z0-9_]*([./][A-Za-z0-9_]+)?$")
LEVEL = "level"  # the metric of promotions: the level of the job
# Keys that only one kind reads; anywhere else they would be ignored.
_KEYS_OF: dict[str, Kind] = {
    "scales": "rating",
    "raters": "rating",
    "objective": "rating",
    "levels": "promotion",
    "cut": "scale",
}

ANSWERERS = (
    "known of people who stayed and answered: not causal if exits or answering differ between the "
    "groups"
)
STAYERS = (
    "known of people who stayed and were measured (while employed): not causal if exits differ "
    "between the groups"
)
NOTES: dict[str, str] = {
    "zero": "output per person: zero in every month after the person left; what it is while "
    "employed stands beside and is not causal if exits differ",
    "rating": "each rating less the mean of everybody rated in its cycle on its scale, in their "
    "standard deviations, the better the higher",
    "promotion": "a higher level than at time zero reached by the end of the month, while "
    "employed; who left before counts as not promoted",
    "exit": "the share of people who have left in this way by a day after time zero; other exits "
    "compete, leave and legal transfers are no exits, and months are of 30 days (365 a year)",
    "scale": "the score of each person's first answer in the window",
    "composite": "people who left voluntarily by the end of the window (dated at notice where that "
    "is recorded) or whose first answer in the window scored {cut:g} or more; who stayed and did "
    "not answer, or left otherwise before answering, is missing; the score itself, of those who "
    "stayed and answered, stands beside",
    "seats": "output per seat of the team of time zero, month by month: a seat is empty from the "
    "month after its holder left the company until somebody hired since reports to the same "
    "manager, and produces nothing; whoever is there and not measured counts as the others",
    "team": "mean, month by month, over everybody who had the person's manager at time zero, the "
    "person included; people who left it count while they are measured, newcomers do not",
}


def _as_names(value: object) -> object:
    """Names of levels are text, whatever YAML made of them."""
    return tuple(str(v) for v in value) if isinstance(value, list | tuple) else value


class Outcome(BaseModel):
    """The one primary outcome. ``unit`` is printed beside every figure on the natural scale.

    ``kind``: continuous (differences; with ``transform: log`` per cent), count (zeros allowed,
    ratios of means in per cent), rating (standard deviations within cycle and scale), promotion
    (percentage points; ``metric: level``), team (the mean of the person's team).
    ``after_exit``: what the months after an exit hold. ``scales``: which end of each scale is the
    best. ``raters``: whether those who rate know who is mentored. ``objective``: a measured outcome
    of the same people, which may confirm a rating. ``levels``: lowest first, where they are not
    numbers. ``cut``: scores of a scale from here on count as
    high; the outcome is then who left voluntarily or scored so (see the README of this folder).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    label: str = ""
    unit: str = ""
    kind: Kind = "continuous"
    transform: Literal["none", "log"] = "none"
    higher_is: Literal["better", "worse"] = "better"
    after_exit: Literal["missing", "zero"] = "missing"
    scales: dict[str, Best] = Field(default_factory=dict)
    raters: Literal["know", "blind"] = "know"
    objective: Outcome | None = None
    levels: Annotated[tuple[str, ...], BeforeValidator(_as_names)] = ()
    cut: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _fewer_exits_are_better(cls, data: Any) -> Any:
        """Nobody wants more exits: the direction need not be written."""
        exits = isinstance(data, dict) and (
            data.get("kind") == "exit"
            or (data.get("kind") == "scale" and data.get("cut") is not None)
        )
        if exits:
            return {"higher_is": "worse", **data}
        return data

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        if self.transform == "log" and self.kind not in ("continuous", "team"):
            raise ValueError(f"kind {self.kind} is not transformed; remove `transform: log`")
        if self.after_exit == "zero" and (self.transform, self.kind) not in (
            ("none", "continuous"),
            ("none", "count"),
            ("none", "team"),
        ):
            raise ValueError(
                "`after_exit: zero` needs an outcome that can be zero: kind continuous or team "
                "without log, or count"
            )
        for key, kind in _KEYS_OF.items():
            if self.kind != kind and key in self.model_fields_set:
                raise ValueError(f"`{key}` belongs to kind {kind}; remove it")
        if self.objective and self.objective.kind not in ("continuous", "count"):
            raise ValueError("an objective outcome is measured: kind continuous or count")
        if self.objective and self.objective.metric == self.metric:
            raise ValueError("an objective outcome is another metric: a rating confirms no rating")
        if self.kind == "rating" and self.higher_is == "worse":
            raise ValueError(
                "ratings are turned so that higher is better; remove `higher_is`, and say "
                "`scales: {NAME: lowest}` where the lowest is the best"
            )
        if self.kind == "exit" and self.metric not in EXIT_KINDS:
            raise ValueError(
                f"exits are studied by kind: `metric` is one of {', '.join(EXIT_KINDS)}"
            )
        if self.kind == "scale" and not _SCALE.match(self.metric):
            raise ValueError(
                "write INSTRUMENT, INSTRUMENT.SCALE, or INSTRUMENT/ITEM for a single question"
            )
        if self.cut is not None and self.higher_is == "better":
            raise ValueError(
                "a cut counts people with high scores together with those who left voluntarily, so "
                "high must be bad; remove `cut`, or `higher_is: better`"
            )
        if self.kind == "promotion" and self.metric != LEVEL:
            raise ValueError(f"promotions are read from the level of the job: `metric: {LEVEL}`")
        return self

    @property
    def per_cent(self) -> bool:
        """Whether effects are estimated as logs of ratios and shown in per cent."""
        return self.transform == "log" or self.kind == "count"

    @property
    def link(self) -> Link:
        """The link of a regression of the outcome: log for counts (Poisson quasi-likelihood)."""
        return "log" if self.kind == "count" else "identity"

    @property
    def shown_in(self) -> str:
        """The unit of effects: "%", "SD", "share" (printed as points), or the declared one."""
        if self.per_cent:
            return "%"
        if self.cut is not None:
            return "share"
        return {"rating": "SD", "promotion": "share", "exit": "share"}.get(
            self.kind, self.natural_unit
        )

    @property
    def natural_unit(self) -> str:
        """The unit of the outcome itself."""
        return self.unit or ("scale points" if self.kind == "scale" else "units")

    @property
    def name(self) -> str:
        """The outcome in words."""
        metric = self.metric.replace("_", " ").replace(".", ", ")
        if self.kind == "exit":
            metric = "exits of any kind" if self.metric == "any" else f"{metric} exits"
        elif self.kind == "promotion":
            metric = "promotion rate"
        elif self.kind == "team":
            metric = f"{metric} of the team"
        return self.label or metric

    @property
    def note(self) -> str:
        """Who has this outcome and what it is, as printed beside the answer."""
        if self.cut is not None:
            return NOTES["composite"].format(cut=self.cut)
        if (self.kind, self.after_exit) == ("team", "zero"):
            return NOTES["seats"]
        said = [NOTES[self.kind]] if self.kind in NOTES else []
        if self.kind == "scale":
            said.append(ANSWERERS)
        if self.after_exit == "zero":
            said.append(NOTES["zero"])
        elif self.kind in ("continuous", "count", "rating"):
            said.append(STAYERS)
        return "; ".join(said)
