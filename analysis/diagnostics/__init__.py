"""Diagnostics: each returns a figure, its threshold, a verdict and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from analysis.balance import Balance

Status = Literal["pass", "warn", "fail", "note"]


@dataclass(frozen=True, slots=True)
class Share:
    """People of a group with a property: ``people`` of ``of``."""

    label: str
    people: int
    of: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label.replace("_", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One check of a study.

    ``status`` "note" informs and never changes a grade (a minimum detectable effect).
    ``reveals_effect`` marks figures from which the headline could be read back (Lee bounds,
    robustness values): they are blanked when the headline is withheld.
    ``n_smallest`` is the smallest group of people the figure rests on (None: not about people).
    Two forms for data that are not public: ``shares`` are printed as rates that hide small groups
    and remainders; ``coarse`` is value and display rounded until nobody can be counted.
    ``capped_at``: a warning that holds the grade there instead of lowering it one step.
    ``balances``: what a check of balance looked at, one for each treated arm.
    """

    name: str  # snake_case key
    label: str  # plain words, as printed; names of arms and columns become words
    value: float | None
    display: str  # the figure as printed, with its unit ("3.1 points", "p = 0.82")
    threshold: str  # plain words, as printed ("warn below 0.01, fail below 0.001")
    status: Status
    remedy: str  # what to do; empty when the check passes
    reveals_effect: bool = False
    n_smallest: int | None = None
    shares: tuple[Share, ...] = ()
    coarse: tuple[float | None, str] | None = None
    capped_at: Literal["Suggestive"] | None = None
    balances: tuple[Balance, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label.replace("_", " "))
