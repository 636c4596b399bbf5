"""What a programme is worth, as a frozen value: everything a report prints about money."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.money.assumptions import Assumption
    from analysis.money.effect import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """One benefit. Without ``refused`` it is counted: ``effect`` to ``effect_high`` are as
    released, ``amount`` to ``high`` in the currency, from worse to better.

    A refused benefit is counted as nothing, and has no figure but those that assumptions alone
    give: ``each``, what one unit of the effect is worth, and ``break_even``, the effect (in the
    study's unit and direction) that would pay all costs by itself, None where none could.
    ``per_cent``: effects are relative to the output of the comparison. ``person_months``: months
    of a person that an uplift counts for: those of ``window`` and of the ``persists`` months after
    it, less those after exits and what fades.
    """

    kind: str
    study: str
    people: int
    window: tuple[int, int]
    persists: int
    person_months: float | None
    unit: str
    per_cent: bool
    each: float
    break_even: float | None
    grade: str = ""
    refused: Refusal | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    amount: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the costs, in the currency."""

    name: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """Net over cost when one thing is at either end and all others stand at their values.

    ``study`` with the name ``effect``: the ends of the interval of that study's estimate.
    """

    name: str
    study: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How much hangs on it."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What comes back. ``net`` in the currency, ``ratio`` net over cost; intervals 95 %.

    The errors of several estimates move together, the worst that can be: ``net_low`` and ``low``
    are the case in which each effect is at the worse end of its own interval. ``apart_low`` and
    ``apart_high`` are the ratio's interval if the errors had nothing to do with each other (None
    with one estimate). ``p_positive``: share of the draws in which more comes back than was spent.
    """

    benefits: float
    net: float
    net_low: float
    net_high: float
    ratio: float
    low: float
    high: float
    p_positive: float
    apart_low: float | None
    apart_high: float | None

    @property
    def back(self) -> tuple[float, float, float]:
        """What comes back for 1 of the currency spent, and its interval."""
        return 1 + self.ratio, 1 + self.low, 1 + self.high

    @property
    def direction(self) -> int:
        """1 or -1 where the interval excludes breaking even, 0 where the data cannot tell."""
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One case. ``returned`` is None where no benefit may be counted. ``grade`` is the weakest
    among the benefits counted, empty where none is.
    """

    case: str
    title: str
    programme: str
    currency: str
    horizon: int
    people: int
    pairs: int
    grade: str
    benefits: tuple[Benefit, ...]
    costs: tuple[Line, ...]
    cost: float
    assumptions: tuple[Assumption, ...]
    returned: Return | None = None
    tornado: tuple[Swing, ...] = ()

    @property
    def counted(self) -> tuple[Benefit, ...]:
        """The benefits that are counted."""
        return tuple(b for b in self.benefits if b.refused is None)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, in a fixed order."""
        return asdict(self)
