"""The section ``money`` of a project file: what an effect is worth and what the programme cost."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from analysis.rules import MIN_SIDE
from analysis.study_parts import Part

Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
People = Annotated[int, Field(ge=MIN_SIDE)]  # no figure is about fewer


def _as_mapping(value: object) -> object:
    """Authors write a number, or a mapping that also says what it may be instead."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"value": value} if number else value


class Assumed(Part):
    """One assumption: its value, the limits it is varied between, and where it comes from."""

    value: Finite
    low: Finite | None = None
    high: Finite | None = None
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("give both `low` and `high`, or neither")
        low, high = (self.value if end is None else end for end in (self.low, self.high))
        if not low <= self.value <= high:
            raise ValueError("`low` lies below the value and `high` above it")
        return self


def _of_a_whole(assumed: Assumed) -> Assumed:
    if max(assumed.value, assumed.high or 0) > 1:
        raise ValueError("a share lies between 0 and 1")
    return assumed


def _something(assumed: Assumed) -> Assumed:
    if assumed.value <= 0:
        raise ValueError("is 0, so the effect would be worth nothing; leave the benefit out")
    return assumed


Amount = Annotated[Assumed, BeforeValidator(_as_mapping)]
Worth = Annotated[Assumed, AfterValidator(_something), BeforeValidator(_as_mapping)]
Share = Annotated[Assumed, AfterValidator(_of_a_whole), BeforeValidator(_as_mapping)]


class Persistence(Part):
    """The effect after the measured window: for ``months`` more, ``kept`` of it from each month to
    the next, among ``still_employed`` of the people.
    """

    months: int = Field(ge=1, le=60)
    kept: Share
    still_employed: Share


class Uplift(Part):
    """More output. ``monthly_value``: what 100 % of a person's output in a month is worth where the
    effect is in per cent, else one unit of it. ``still_employed``: share of the window's months in
    which people are there, where output after an exit is not zero in the study itself.
    """

    kind: Literal["uplift"]
    study: Name
    people: People | None = None
    monthly_value: Worth
    still_employed: Share | None = None
    persistence: Persistence | None = None


class ExitsAvoided(Part):
    """Fewer exits. ``includes_lost_output``: whether the cost of replacing somebody holds output
    that is lost until the place is filled and learnt.
    """

    kind: Literal["exits_avoided"]
    study: Name
    people: People | None = None
    replacement_cost: Worth
    includes_lost_output: bool


BenefitSpec = Annotated[Uplift | ExitsAvoided, Field(discriminator="kind")]


class Costs(Part):
    """What the programme costs. Hours and ``coordination`` are for a pair and month, rates for an
    hour, ``months`` those of a pair on average; ``platform`` and ``training`` are for all together.
    """

    months: Amount
    mentor_hours: Amount
    mentor_rate: Amount
    mentee_hours: Amount
    mentee_rate: Amount
    coordination: Amount = Assumed(value=0)
    platform: Amount = Assumed(value=0)
    training: Amount = Assumed(value=0)


class MoneyCase(Part):
    """One programme. ``people`` are those the studies' answers are about (offered a place, joined),
    ``pairs`` those who cost something; a benefit that reaches fewer names its own ``people``.
    ``horizon``: months after time zero within which anything counts.
    """

    case: Name
    title: str
    programme: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    horizon: int = Field(ge=1, le=120)
    people: People
    pairs: People
    benefits: tuple[BenefitSpec, ...] = Field(min_length=1)
    costs: Costs

    def people_of(self, benefit: BenefitSpec) -> int:
        """The people whom a benefit reaches."""
        return benefit.people or self.people
