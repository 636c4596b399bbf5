"""What others found, as data: one source a file, one entry a figure, each with a trust grade."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from analysis.errors import SpecError
from analysis.instruments import scale_of
from analysis.study import explain
from analysis.study_parts import Part

Family = Literal["performance", "turnover", "turnover_intention", "attitudes", "career"]
Trust = Literal["A", "B", "C", "D"]
Kind = Literal["randomised", "quasi_experiment", "meta_analysis", "association", "self_selected"]
Setting = Literal["workplace", "self_employed", "academic", "mixed", "youth"]
Unit = Literal["%", "points", "SD", "correlation", "relative %"]

# The best grade that a design can earn; a doubtful source gets a worse one.
BEST: dict[Kind, Trust] = {
    "randomised": "A",
    "quasi_experiment": "B",
    "meta_analysis": "B",
    "association": "C",
    "self_selected": "D",
}
# Young people in programmes are no employees: their figures are kept and never shown here.
NOT_SHOWN: frozenset[Setting] = frozenset({"youth"})
INTENTION_SCALES = frozenset({"tis6", "moaq_turnover"})  # survey scales of the wish to leave
_NAME = r"^[a-z][a-z0-9_]*$"


class Bears(Part):
    """How an entry bears on a report: one line for any, others where its design says more."""

    any: str = Field(min_length=10)
    randomised: str = ""
    opt_in: str = ""
    rollout: str = ""
    descriptive: str = ""

    def on(self, design: str) -> str:
        """The line for a study of this design."""
        return str(getattr(self, design, "")) or self.any


class Entry(Part):
    """One figure, or one finding without a figure, of a source.

    ``estimate`` is in ``unit``; `points` are percentage points, `relative %` a change of a chance
    ("14 % more likely"), `%` a change of an amount. Of turnover it is the share that *left*: where
    shares that stayed were published, ``as_published`` has them. ``verified``: the figure was read
    in the paper, its abstract or a record of its publisher; ``read_in`` says where, or where else
    it was read. ``interval`` (95 %), ``std_error`` and ``n`` only as published.
    """

    id: str = Field(pattern=_NAME)
    who: str = Field(min_length=3)
    outcome: str = Field(min_length=3)
    family: Family
    window: str = ""
    finding: str = Field(min_length=10)
    estimate: float | None = Field(default=None, allow_inf_nan=False)
    unit: Unit | None = None
    interval: tuple[float, float] | None = None
    std_error: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    n: int | None = Field(default=None, gt=0)
    as_published: str = ""
    grade: Trust
    verified: bool
    read_in: str = Field(min_length=5)
    caveat: str = Field(min_length=5)
    bears: Bears

    @model_validator(mode="after")
    def _figure_is_whole(self) -> Self:
        if (self.estimate is None) != (self.unit is None):
            raise ValueError("estimate and unit come together; leave both out where there is none")
        if self.estimate is None and (self.interval or self.std_error):
            raise ValueError("interval and std_error need an estimate")
        if self.interval and self.estimate is not None:
            low, high = self.interval
            if not low <= self.estimate <= high:
                raise ValueError("interval: lower end first, with the estimate inside")
        return self


class Source(Part):
    """One paper or report and what it found."""

    authors: str = Field(min_length=2)
    year: int = Field(ge=1900, le=2100)
    title: str = Field(min_length=5)
    venue: str = Field(min_length=2)
    doi: str = Field(default="", pattern=r"^$|^10\.\d{4,9}/\S+$")
    url: str = Field(default="", pattern=r"^$|^https?://\S+$")
    design: Kind
    setting: Setting
    place: str = Field(min_length=3)
    entries: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _grades_are_earned(self) -> Self:
        best = BEST[self.design]
        for entry in self.entries:
            if entry.grade < best:
                raise ValueError(
                    f"entries: {entry.id}: grade: {entry.grade} is better than {best}, the best "
                    f"of the design {self.design}"
                )
        return self


Shelf = tuple[Source, ...]


def parse_source(data: object) -> Source:
    """The validated source; raises :class:`SpecError` naming entry, key and fix."""
    if not isinstance(data, dict):
        fix = "Start it with `authors: NAMES`."
        raise SpecError("(file)", "not a mapping of keys to values", fix)
    try:
        return Source.model_validate(data)
    except ValidationError as error:
        said = explain(error, Source)
        raise SpecError(_named(said.key, data), said.problem, said.fix) from None


def _named(key: str, data: dict[str, object]) -> str:
    """`entries.1.grade` as `entries: sandvik_stay: grade`: an entry is named, not counted."""
    parts, entries = key.split("."), data.get("entries")
    if parts[0] != "entries" or len(parts) < 2 or not parts[1].isdigit():
        return key
    entry = entries[int(parts[1])] if isinstance(entries, list) else None
    known = entry.get("id") if isinstance(entry, dict) else None
    name = known if isinstance(known, str) else f"number {int(parts[1]) + 1}"
    return ": ".join(["entries", name, *([".".join(parts[2:])] if parts[2:] else [])])


def family_of(outcome_kind: str, metric: str) -> Family:
    """The family of outcomes that a study of the company belongs to."""
    if outcome_kind == "exit":
        return "turnover"
    if outcome_kind == "promotion":
        return "career"
    if outcome_kind == "scale":
        instrument, _ = scale_of(metric)
        return "turnover_intention" if instrument in INTENTION_SCALES else "attitudes"
    return "performance"
