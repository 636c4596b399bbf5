"""What a scenario plants. A switch changes only what it names: the noise stays the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Planted effects. Gains are in log KPI at the profile's mean of months 1-6.

    ``theta`` multiplies the hazard of leaving voluntarily in the months 1-12 of mentoring;
    ``mentor_cost`` is what a mentor's own log KPI loses in months with a mentee.
    """

    name: str
    theta: float = 0.78
    gain_new: float = 0.075  # tenure below 12 months at the draw
    gain_established: float = 0.040
    mentor_cost: float = 0.015


SCENARIOS = {
    s.name: s
    for s in (
        Scenario(name="default"),
        Scenario(name="null", theta=1.0, gain_new=0.0, gain_established=0.0, mentor_cost=0.0),
    )
}
