"""The assumptions of a case as a flat list, and what the programme costs under them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.money.spec import ExitsAvoided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.money.spec import Assumed, BenefitSpec, MoneyCase

RANGE = 0.25  # an assumption without limits of its own is varied by so much, down and up
SHARES = frozenset({"still_employed", "kept", "still_employed_after"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One assumption as declared. ``study`` is that of the benefit it belongs to, empty of costs.

    ``declared``: whether the project gives the limits; else they are a quarter below and above.
    """

    name: str
    study: str
    value: float
    low: float
    high: float
    declared: bool
    note: str

    @property
    def key(self) -> str:
        """A name of its own within the case."""
        return f"{self.study}.{self.name}" if self.study else self.name


def assumptions_of(case: MoneyCase) -> tuple[Assumption, ...]:
    """Every number of the case that somebody assumed, benefits first."""
    found = [_made(name, b.study, a) for b in case.benefits for name, a in _of_benefit(b)]
    names = type(case.costs).model_fields
    found += [_made(name, "", getattr(case.costs, name)) for name in names]
    return tuple(found)


def costs(case: MoneyCase, values: Mapping[str, float]) -> dict[str, float]:
    """Cost lines in the case's currency under these values of the assumptions.

    Each line is for all pairs over the months that a pair met: who leaves costs nothing more.
    """
    pair_months = case.pairs * values["months"]
    return {
        "mentors": pair_months * values["mentor_hours"] * values["mentor_rate"],
        "mentees": pair_months * values["mentee_hours"] * values["mentee_rate"],
        "coordination": pair_months * values["coordination"],
        "platform": values["platform"],
        "training": values["training"],
    }


def _of_benefit(benefit: BenefitSpec) -> Iterator[tuple[str, Assumed]]:
    if isinstance(benefit, ExitsAvoided):
        yield "replacement_cost", benefit.replacement_cost
        return
    yield "monthly_value", benefit.monthly_value
    if benefit.still_employed:
        yield "still_employed", benefit.still_employed
    if benefit.persistence:
        yield "kept", benefit.persistence.kept
        yield "still_employed_after", benefit.persistence.still_employed


def _made(name: str, study: str, assumed: Assumed) -> Assumption:
    declared = assumed.low is not None and assumed.high is not None
    low, high = (1 - RANGE) * assumed.value, (1 + RANGE) * assumed.value
    if name in SHARES:
        high = min(high, 1.0)
    if assumed.low is not None and assumed.high is not None:
        low, high = assumed.low, assumed.high
    return Assumption(
        name=name, study=study, value=assumed.value, low=low, high=high, declared=declared,
        note=assumed.note,
    )  # fmt: skip
