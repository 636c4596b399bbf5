"""What a scenario plants. A switch changes only what it names: the noise stays the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Planted effects and traps.

    Gains are in log KPI at the profile's mean of months 1-6; ``theta`` multiplies the hazard of
    leaving voluntarily in the months 1-12 of mentoring.
    """

    name: str
    theta: float = 0.78
    gain_new: float = 0.075  # lottery, tenure below 12 months at the draw
    gain_established: float = 0.040
    gain_opt_in: float = 0.072  # opt-in, a person of mean ability
    gain_opt_in_slope: float = -0.140  # a standard deviation of ability
    gain_roll_out: float = 0.055  # a site of the second wave
    gain_starter: float = 0.06
    rating: float = 0.15  # of the latent rating
    congruence: float = 0.20  # of value congruence
    knowledge: float = 0.25  # of organisational knowledge
    intention: float = -0.10  # direct, of the intention to leave
    informal: float = -0.10  # standard deviations of the intention to leave
    mentor_cost: float = 0.015  # a mentor's own log KPI in months with a mentee
    mentor_theta: float = 1.0  # factor on a mentor's hazard in months with a mentee
    hidden_selection: bool = False
    drift: float = 0.0  # a month and site of the second wave, from month 8
    everybody_in_the_end: bool = False  # no site is never treated, gains grow
    attrition: bool = False  # a lottery at hire among starters who leave fast
    answers_by_arm: bool = False
    error_correlation: float = 0.0  # of value congruence and intention
    spillover: float = 0.0  # log gain if all others of the team were mentored
    crossover: float = 0.0  # share of losers mentored
    moved_losers: float = 0.0  # share of losers whom managers make winners
    per_meeting: float = 0.0  # log gain a meeting held so far
    goal_factor: float = 1.0
    quality: float = 0.0  # gain multiplied by 1 + quality x Q
    notice: bool = False
    anticipation: float = 0.0  # share of the first month's gain, from event month -2 to 0
    late_entries: bool = False
    heads: int | None = None  # a company of this size at most


_NOTHING: dict[str, Any] = {
    "theta": 1.0, "gain_new": 0.0, "gain_established": 0.0, "gain_opt_in": 0.0,
    "gain_opt_in_slope": 0.0, "gain_roll_out": 0.0, "gain_starter": 0.0, "rating": 0.0,
    "congruence": 0.0, "knowledge": 0.0, "intention": 0.0, "informal": 0.0, "mentor_cost": 0.0,
}  # fmt: skip

SCENARIOS = {
    s.name: s
    for s in (
        Scenario(name="default"),
        Scenario(name="null", **_NOTHING),
        Scenario(name="hidden_selection", hidden_selection=True),
        Scenario(name="pre_trend", drift=0.003),
        Scenario(name="twfe_trap", everybody_in_the_end=True, gain_roll_out=0.0045),
        Scenario(name="attrition", attrition=True),
        Scenario(name="nonresponse", answers_by_arm=True),
        Scenario(name="mediator_confounded", error_correlation=-0.35),
        Scenario(name="spillover", spillover=0.06),
        Scenario(name="crossover", crossover=0.03),
        Scenario(name="broken_lottery", moved_losers=0.08),
        Scenario(name="dose_real", per_meeting=0.004),
        Scenario(name="goal_real", goal_factor=1.3),
        Scenario(name="mentor_side", mentor_theta=0.92),
        Scenario(name="quality", quality=0.25),
        Scenario(name="notice", notice=True, theta=1.0),
        Scenario(name="anticipation", anticipation=0.3),
        Scenario(name="late_entries", late_entries=True),
        Scenario(name="small", heads=300),
    )
}
