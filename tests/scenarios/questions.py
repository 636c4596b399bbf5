"""Which studies are asked of which scenario, and what the answer is meant to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from analysis.study import parse_study
from pipelines.config import load_project
from pipelines.demo import EXAMPLE

if TYPE_CHECKING:
    from analysis.study import StudySpec

SALES, CARE, TURNOVER = "sales-mentoring", "care-mentoring", "care-turnover"
SITES, INTENTION = "operations-mentoring", "sales-intention"
STARTERS, EXPECTED = "starter-mentoring", "operations-anticipated"
DEMO = (SALES, CARE, SITES, INTENTION, TURNOVER)

# recovers: bias, coverage and size are judged; warns: the grade must fall or the headline go;
# shown: the figure is printed and nothing is promised (methods or a companion answer there).
Promise = Literal["recovers", "warns", "shown"]


@dataclass(frozen=True, slots=True)
class Question:
    """A study asked of a scenario, and what is promised of its headline."""

    scenario: str
    study: str
    promise: Promise


_ASKED: dict[str, dict[str, Promise]] = {
    "default": dict.fromkeys(DEMO, "recovers"),
    "null": dict.fromkeys(DEMO, "recovers"),
    "notice": {TURNOVER: "recovers"},
    "hidden_selection": {CARE: "warns", TURNOVER: "warns"},
    "pre_trend": {SITES: "warns"},
    "twfe_trap": {SITES: "recovers"},
    "anticipation": {SITES: "shown", EXPECTED: "recovers"},
    "attrition": {STARTERS: "warns"},
    "nonresponse": {INTENTION: "warns"},
    "mediator_confounded": {INTENTION: "recovers"},
    "spillover": {SALES: "shown"},
    "crossover": {SALES: "recovers"},
    "broken_lottery": {SALES: "warns"},
    "dose_real": {SALES: "recovers"},
    "goal_real": {SALES: "recovers"},
    "quality": {SALES: "recovers", CARE: "recovers"},
    "mentor_side": {TURNOVER: "recovers"},
    "late_entries": {TURNOVER: "warns"},
    "small": dict.fromkeys(DEMO, "shown"),
}
SCENARIOS = tuple(_ASKED)
QUESTIONS = tuple(
    Question(scenario, study, promise)
    for scenario, asked in _ASKED.items()
    for study, promise in asked.items()
)


def asked_of(scenario: str) -> tuple[Question, ...]:
    """The questions of a scenario; KeyError where there is none of this name."""
    _ASKED[scenario]
    return tuple(q for q in QUESTIONS if q.scenario == scenario)


@cache
def spec_of(study: str) -> StudySpec:
    """The study as the demo project declares it; two scenarios need one of their own."""
    if study == STARTERS:
        return parse_study(_STARTERS)
    if study == EXPECTED:  # sites knew two months ahead: month 0 and those count as affected
        sites = spec_of(SITES)
        expected = sites.rollout.model_copy(update={"anticipation": 3})
        return sites.model_copy(update={"study": EXPECTED, "rollout": expected})
    return next(found for found in load_project(EXAMPLE).studies if found.study == study)


# The lottery at hire of scenario attrition, of which no file is exported.
_STARTERS = {
    "study": STARTERS,
    "question": "Does a mentor from the first day raise what starters of the contact centre do?",
    "as_of": "2025-12-31",
    "programme": "STARTER-LOT",
    "design": "randomised",
    "time_zero": "assigned_on",
    "arms": {"treated": "mentee", "comparison": "lottery_lost"},
    "allocation": {"strata": ["stratum"], "share": 0.5},
    "take_up": "matched",
    "outcome": {"metric": "resolved_per_hour", "transform": "log", "higher_is": "better"},
    "follow_up": {"months": 12, "primary": [7, 12]},
    "adjust_for": ["level"],
    "effect_of_interest": 0.05,
}
