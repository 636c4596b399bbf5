"""What an estimator returns: an Estimate, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# How a reason begins that tells the size of a group; protected projects say "fewer than 10".
TOO_FEW = "fewer than 2 people"
OBJECTIVE = "objective_outcome"  # the name of a measured outcome beside a rating
Role = Literal["headline", "secondary", "naive", "association"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a number is about; shared by an estimate and by the reason there is none.

    ``window`` is in event months, inclusive; ``unit`` is the unit of the figure ("KES a week",
    "%", "share"). ``arm`` and ``comparison`` are arm names of the study.
    """

    name: str
    role: Role
    estimand: str
    estimator: str
    arm: str
    comparison: str
    window: tuple[int, int]
    unit: str
    subgroup: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One figure with its uncertainty, on the scale named by ``target.unit``.

    ``df`` is the residual degrees of freedom of the model (rows or clusters minus parameters,
    whichever is fewer). ``n_treated`` and ``n_comparison`` count people, not rows;
    ``n_both`` those on both sides in turn (people of sites that start later);
    ``n_smallest`` is a smaller group that the figure gives away too (those who did not take part).
    ``t_df`` are the degrees of freedom of the t behind the interval, None where it is another.
    ``counted``, of a difference of two shares as seen: who left and the people behind the share, of
    the treated, then the comparison. Such a figure gives its counts away.
    ``convention`` states how the standard error was made ("HC2", "clustered by person, CR1").
    """

    target: Target
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float | None
    df: float
    n_treated: int
    n_comparison: int
    n_rows: int
    convention: str
    n_smallest: int | None = None
    t_df: float | None = None
    n_both: int = 0
    counted: tuple[tuple[int, float], ...] = ()

    @property
    def n_people(self) -> int:
        """People in the two groups compared, each once."""
        return self.n_treated + self.n_comparison - self.n_both


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEstimable:
    """The reason a figure could not be made. It travels to the report and is printed there."""

    target: Target
    reason: str


Result = Estimate | NotEstimable
