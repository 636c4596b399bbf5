"""What a plan calls detectable is found as often as it says: exits, opt-in and roll-out studies.

A past is drawn and planned from, as the company's records would be; then studies like it, with the
planned effect in them, answered by the product's own headline. With `MENTORLIFT_LONG=1` 2,000
studies of each design (half an hour), with `MENTORLIFT_DRAWS` as many as it says.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.estimators.opt_in_results import headline
from analysis.estimators.opt_in_setting import make_setting
from analysis.opt_in import with_past
from analysis.panel import Panel
from analysis.planning.joining import Joining, people_needed, smallest_by_people
from analysis.planning.plan import as_compared
from analysis.planning.size import joining_of
from analysis.planning.spread import Spread, of_means, spread_of
from tests.detection.data import panel, study
from tests.long_runs import draws
from tests.recovery.planned import ALLOWED, ON_A_MONTH, PAST, POWER, STUDIES
from tests.recovery.planned_exits import chosen_exits, drawn_exits, drawn_exits_needed
from tests.recovery.planned_sites import drawn_waves, half_of_sites, waves_of_sites

DRAWS = draws(40, 2000)

CHOSEN = study(
    "opt_in", follow_up={"months": 6, "primary": ON_A_MONTH},
    adjust_for=["pre_period_outcome", "grade"],
)  # fmt: skip
MONTHS, WANTED = range(-12, 7), 0.15
FEW = 210  # people


def _chosen(people: int, gain: float, rng: np.random.Generator) -> Panel:
    """People who join by the last three months and grade; some leave, some months are not known."""
    talent, grade = rng.normal(size=people), rng.integers(1, 5, people).astype(float)
    left = rng.geometric(0.02, people)
    value = {m: talent + 0.2 * grade + 0.8 * rng.normal(size=people) for m in MONTHS}
    late = np.mean([value[m] for m in (-3, -2, -1)], axis=0)
    chance = 1 / (1 + np.exp(1.4 - 0.6 * late - 0.2 * grade))
    joined = rng.random(people) < chance
    past = np.mean([value[m] for m in range(-12, 0)], axis=0)
    for month in MONTHS:
        if month > 0:
            unknown = (left <= month) | (rng.random(people) < 0.05)
            value[month] = np.where(unknown, np.nan, value[month] + gain * joined)
    return panel(joined, value, {"pre_period_outcome": past, "grade": grade})


def _choice_planned(rng: np.random.Generator) -> tuple[Spread, Joining, float]:
    """Spread of people, how those differ who join and their share, from a past without any."""
    who = _chosen(PAST, 0.0, rng)
    came = (who.people["arm"] == "with").to_numpy()
    nobody = Panel(
        people=who.people.assign(arm="without"), rows=who.rows, treated=("with",),
        comparison="without", covariates=who.covariates,
    )  # fmt: skip
    known = pd.DataFrame({"person_no": np.arange(PAST), "came": came})
    past = as_compared(nobody, CHOSEN)
    spread = spread_of(past, CHOSEN, ON_A_MONTH)
    assert not isinstance(spread, str)
    spread = of_means(past, CHOSEN, ON_A_MONTH, spread)
    people = known.assign(of=known["person_no"])
    joining = joining_of(CHOSEN, lambda _: known, past, people, spread.seen / spread.people)
    assert joining is not None
    return spread, joining, float(came.mean())


def _choice_found(people: int, gain: float, rng: np.random.Generator) -> bool:
    made = with_past(_chosen(people, gain, rng), CHOSEN)
    return headline(make_setting(made, CHOSEN, "with", ON_A_MONTH)).p_value < 0.05


def chosen(rng: np.random.Generator) -> list[bool]:
    """The smallest difference for 800 people."""
    spread, joining, share = _choice_planned(rng)
    gain = smallest_by_people(spread, joining, share, POWER)(800)
    return [_choice_found(800, gain, rng) for _ in range(STUDIES)]


def chosen_needed(rng: np.random.Generator) -> list[bool]:
    """The people needed for .15 of a standard deviation of talent, about 600."""
    spread, joining, share = _choice_planned(rng)
    people = round(people_needed(WANTED, spread, joining, share, POWER))
    return [_choice_found(people, WANTED, rng) for _ in range(STUDIES)]


def few_chosen(rng: np.random.Generator) -> list[bool]:
    """The smallest difference for 210 people, of whom some fifty join."""
    spread, joining, share = _choice_planned(rng)
    gain = smallest_by_people(spread, joining, share, POWER)(FEW)
    return [_choice_found(FEW, gain, rng) for _ in range(STUDIES)]


DESIGNS = {
    "drawn, exits": drawn_exits,
    "drawn, exits, people needed": drawn_exits_needed,
    "opt-in, exits": chosen_exits,
    "opt-in": chosen,
    "opt-in, people needed": chosen_needed,
    "opt-in, few people": few_chosen,
    "roll-out, half of the sites": half_of_sites,
    "roll-out in waves": waves_of_sites,
    "roll-out in waves, starts drawn": drawn_waves,
}


@cache
def found(design: str) -> np.ndarray:
    """Studies that find the planned effect, one flag each."""
    pasts = range(max(1, DRAWS // STUDIES))
    return np.array([DESIGNS[design](np.random.default_rng([41, past])) for past in pasts]).ravel()


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_the_planned_effect_is_found_as_often_as_planned(design: str) -> None:
    """.80, two points aside, within 99.9 % binomial bounds of the studies drawn."""
    studies, power = len(found(design)), found(design).mean()
    low = stats.binom.ppf(0.0005, studies, POWER - ALLOWED) / studies
    high = stats.binom.ppf(0.9995, studies, POWER + ALLOWED) / studies
    print(f"{design}: {studies} studies, {power:.3f}")
    assert low <= power <= high
