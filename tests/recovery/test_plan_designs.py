"""What a plan calls detectable is found as often as it says: exits, opt-in and roll-out studies.

A past is drawn and planned from, as the company's records would be; then studies like it, with the
planned effect in them, answered by the product's own headline. With `MENTORLIFT_LONG=1` 2,000
studies of each design (half an hour), with `MENTORLIFT_DRAWS` as many as it says.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from analysis.compress import NEVER, People, fold
from analysis.estimators.opt_in_results import headline
from analysis.estimators.opt_in_setting import make_setting
from analysis.exits.careers import KINDS, Careers, Covariate
from analysis.exits.careers import NEVER as NO_DAY
from analysis.exits.figures import Maker
from analysis.exits.results import difference
from analysis.exits.setting import ExitSetting, fitter_of
from analysis.finding import Flow
from analysis.opt_in import with_past
from analysis.panel import Panel
from analysis.planning.exits import leaving_of
from analysis.planning.joining import Joining, people_needed, smallest_by_people
from analysis.planning.plan import as_compared
from analysis.planning.power import fewer, people_for_fewer, smallest_difference
from analysis.planning.sites import SiteSpread, site_spread
from analysis.planning.size import joining_of, starters_of
from analysis.planning.spread import Spread, of_means, spread_of
from analysis.planning.waves import smallest_in_waves, waves_of
from analysis.roll_out import effects_of
from analysis.roll_out_panel import RollOut
from analysis.roll_out_results import window_result
from tests.detection.data import panel, study
from tests.detection.exits import BEGIN, SPEC, WINDOW, YEAR, drawn_careers, fitted

if TYPE_CHECKING:
    from analysis.planning.starters import Starters

LONG = bool(os.environ.get("MENTORLIFT_LONG"))
DRAWS = int(os.environ.get("MENTORLIFT_DRAWS", "2000" if LONG else "60"))
STUDIES = 20  # planned from one past
PAST = 4_000  # people of the past
POWER, ALLOWED = 0.80, 0.02  # the promise: power within two points of the plan
ON_A_MONTH = (1, 6)

LEAVES = {"voluntary": 0.30, "involuntary": 0.08}  # forces a year


def _gone(forces: dict[str, float], days: float = WINDOW) -> float:
    """The share who resigned by a day, other exits competing."""
    total = sum(forces.values())
    return forces["voluntary"] / total * float(-np.expm1(-total * days / YEAR))


def _leavers(rng: np.random.Generator) -> pd.DataFrame:
    """People of the past on a day, and their exits since."""
    careers = drawn_careers({k: np.full(PAST, f) for k, f in LEAVES.items()}, rng)
    left = np.where(careers.exit < NO_DAY, careers.exit, np.iinfo(np.int64).min)  # NaT
    return pd.DataFrame(
        {
            "seen_on": pd.Timestamp(np.datetime64(BEGIN, "D")),
            "exited_on": left.astype("datetime64[D]"),
            "notice_on": pd.NaT,
            "exit_kind": np.array([None, "voluntary", "involuntary"], dtype=object)[careers.kind],
        }
    )


def _exits_found(people: int, fall: float, rng: np.random.Generator) -> bool:
    """Whether a fall of the share of leavers is found among so many people, half drawn."""
    aim = _gone(LEAVES) - fall
    lower = optimize.brentq(lambda f: _gone({**LEAVES, "voluntary": f}) - aim, 1e-9, 1.0)
    treated = np.arange(people) < people // 2
    forces = {
        "voluntary": np.where(treated, lower, LEAVES["voluntary"]),
        "involuntary": np.full(people, LEAVES["involuntary"]),
    }
    setting = fitted(drawn_careers(forces, rng))
    compared = setting.arms[0].compared
    found = difference(Maker(setting=setting, arm="with"), compared, "x", "voluntary")
    return found.p_value < 0.05


def drawn_exits(rng: np.random.Generator) -> list[bool]:
    """The smallest fall for 1,200 people."""
    share = leaving_of(SPEC, _leavers(rng), ON_A_MONTH[1]).share
    fall = fewer(share, 600, 600)
    return [_exits_found(1_200, fall, rng) for _ in range(STUDIES)]


def drawn_exits_needed(rng: np.random.Generator) -> list[bool]:
    """The people needed for a fall of five points."""
    share = leaving_of(SPEC, _leavers(rng), ON_A_MONTH[1]).share
    people = 2 * round(people_for_fewer(share, 0.05, (0.5, 0.5)) / 2)
    return [_exits_found(people, 0.05, rng) for _ in range(STUDIES)]


STARTED = study(
    "opt_in", time_zero="invited_on", outcome={"kind": "exit", "metric": "voluntary"},
    follow_up={"months": 6, "primary": ON_A_MONTH}, adjust_for=["group"],
)  # fmt: skip
ABLE, MONTHS_OPEN, MONTHS_SEEN = 1_200, 12, 24
STARTS = np.array([0.04, 0.15])  # a month, in two groups: most people start
FIRST = 12 * 2024  # the month of BEGIN


def _began(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Group and the month (from 0) in which each would start, MONTHS_SEEN where none."""
    group = rng.integers(0, 2, ABLE)
    month = rng.geometric(STARTS[group]) - 1
    return group, np.where(month < MONTHS_OPEN, month, MONTHS_SEEN)


def _first_day(month: np.ndarray) -> np.ndarray:
    return (np.datetime64("2024-01", "M") + month).astype("datetime64[D]").astype(int)


def _drawn_starters(lower: float, rng: np.random.Generator) -> Careers:
    """People who start in the middle of a month, and resign less from the first of the next."""
    group, month = _began(rng)
    since = _first_day(month + 1) - BEGIN
    before = LEAVES["voluntary"] * since / YEAR
    drawn = rng.exponential(size=ABLE)
    days = np.where(
        drawn < before, drawn / LEAVES["voluntary"] * YEAR, since + (drawn - before) / lower * YEAR
    )
    other = rng.exponential(YEAR / LEAVES["involuntary"], ABLE)
    end = int(_first_day(np.array(MONTHS_SEEN))) - 1
    left = BEGIN + np.minimum(days, other).astype(int)
    kind = np.where(days < other, KINDS.index("voluntary"), KINDS.index("involuntary"))
    start = np.where(month < MONTHS_SEEN, _first_day(month) + 14, NO_DAY)
    never = np.full(ABLE, NO_DAY)
    return Careers(
        person=np.arange(ABLE), cluster=np.arange(ABLE), hired=np.full(ABLE, BEGIN - 400),
        zero=np.full(ABLE, BEGIN), arm=np.full(ABLE, -1),
        start=np.where(start > left, never, start),
        exit=np.where(left <= end, left, never), kind=np.where(left <= end, kind, 0), notice=never,
        end=np.full(ABLE, end), eligible=np.ones((ABLE, MONTHS_SEEN), dtype=bool),
        first_month=FIRST, undated=np.zeros(ABLE, dtype=bool),
        covariates=(Covariate(name="group", codes=group.astype(np.int16)[:, None],
                              labels=("a", "b")),),
    )  # fmt: skip


def _recorded(careers: Careers) -> Starters:
    """What a plan reads of people who could start."""

    def date(days: np.ndarray) -> pd.Series[pd.Timestamp]:
        known = np.where(days < NO_DAY, days, np.iinfo(np.int64).min).astype("datetime64[D]")
        return pd.Series(known)

    people = pd.DataFrame({"person_no": careers.person})
    funnel = people.assign(
        time_zero=date(careers.zero), matched_on=date(careers.start), exited_on=date(careers.exit),
        notice_on=pd.NaT, hired_on=date(careers.hired),
    )  # fmt: skip
    group = people.assign(
        attribute="group", value=np.array(["a", "b"])[careers.covariates[0].codes[:, 0]],
        known_from=pd.Timestamp("2020-01-01"), known_to=pd.Timestamp("2200-01-01"),
    )  # fmt: skip
    spec = STARTED.model_copy(update={"as_of": pd.Timestamp("2025-12-31").date()})
    found = starters_of(spec, lambda query: group if "attribute" in query.sql else funnel)
    assert found is not None
    return found


def _start_found(lower: float, rng: np.random.Generator) -> bool:
    careers = _drawn_starters(lower, rng)
    fitter = fitter_of(careers, STARTED)
    compared = fitter.headline(None)
    assert not isinstance(compared, str), compared
    setting = ExitSetting(
        careers=careers, spec=STARTED, kinds=fitter.kinds, cluster=fitter.cluster, arms=()
    )
    found = difference(Maker(setting=setting, arm="with"), compared, "x", "voluntary")
    return found.p_value < 0.05


def chosen_exits(rng: np.random.Generator) -> list[bool]:
    """The smallest fall for 1,200 people who could start, as recorded starts say."""
    share = leaving_of(STARTED, _leavers(rng), ON_A_MONTH[1]).share
    known = _recorded(_drawn_starters(LEAVES["voluntary"], rng))
    began = float((known.start <= known.last).sum())
    fall = fewer(share, began, known.told(ON_A_MONTH[1]))
    aim = _gone(LEAVES) - fall
    lower = optimize.brentq(lambda f: _gone({**LEAVES, "voluntary": f}) - aim, 1e-9, 1.0)
    return [_start_found(lower, rng) for _ in range(STUDIES)]


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


SITES = 24
PERIODS = np.arange(1, 31)
SITED = study("rollout", cluster="site", follow_up={"months": 6, "primary": ON_A_MONTH})


def _sites(months: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Site of each person, and outcomes by month: shocks of sites that last, and of people."""
    site = np.repeat(np.arange(SITES), rng.integers(10, 31, SITES))
    size = (SITES, months)
    shock = 0.25 * rng.normal(size=size) + 0.05 * rng.normal(size=size).cumsum(axis=1)
    own = rng.normal(size=(len(site), 1)) + rng.normal(size=(len(site), months))
    return site, shock[site] + own


def _past_of_sites(rng: np.random.Generator) -> SiteSpread:
    """From three spans of the past half a year apart, each with the year before it."""
    site, value = _sites(31, rng)
    at = (24, 18, 12)
    frames = [
        panel(
            np.zeros(len(site), dtype=bool),
            {m: value[:, a + m] for m in range(-12, 7)}, cluster=site,
        )
        for a in at
    ]  # fmt: skip
    spread = site_spread(frames, SITED, np.bincount(site).astype(float))
    assert spread is not None
    return spread


def _sites_found(starts: np.ndarray, effect: float, rng: np.random.Generator) -> bool:
    site, value = _sites(len(PERIODS), rng)
    cohort = rng.permutation(starts)[site]
    value = value + effect * (cohort[:, None] <= PERIODS)
    person, month = np.indices(value.shape)
    rows = (person.ravel(), month.ravel(), value.ravel())
    people = People(cohort=cohort, cell=np.zeros(len(site), dtype=int), cluster=site)
    made = RollOut(
        moments=fold(lambda: [rows], people, PERIODS),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip
    effects = effects_of(made, SITED)
    return window_result(effects, ON_A_MONTH, name="x", role="headline").p_value < 0.05


def half_of_sites(rng: np.random.Generator) -> list[bool]:
    """Half of the sites start in one month."""
    variance = _past_of_sites(rng).variance(ON_A_MONTH, -1)
    effect = smallest_difference(variance, SITES / 2, SITES / 2, POWER)
    starts = np.repeat([14, NEVER], SITES // 2)
    return [_sites_found(starts, effect, rng) for _ in range(STUDIES)]


def waves_of_sites(rng: np.random.Generator) -> list[bool]:
    """A quarter of the sites each in three months, a quarter never."""
    months = np.repeat([14, 18, 22, NEVER], SITES // 4)
    spread = _past_of_sites(rng)
    day = [pd.Timestamp(2023, 1, 1) + pd.DateOffset(months=int(m)) if m < NEVER else pd.NaT
           for m in rng.permutation(months)]  # fmt: skip
    waves = waves_of(pd.Series(day), pd.Series(spread.people))
    effect = smallest_in_waves(spread, waves, SITED, ON_A_MONTH, POWER)
    assert effect is not None
    return [_sites_found(months, effect, rng) for _ in range(STUDIES)]


DESIGNS = {
    "drawn, exits": drawn_exits,
    "drawn, exits, people needed": drawn_exits_needed,
    "opt-in, exits": chosen_exits,
    "opt-in": chosen,
    "opt-in, people needed": chosen_needed,
    "opt-in, few people": few_chosen,
    "roll-out, half of the sites": half_of_sites,
    "roll-out in waves": waves_of_sites,
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
    draws, power = len(found(design)), found(design).mean()
    low = stats.binom.ppf(0.0005, draws, POWER - ALLOWED) / draws
    high = stats.binom.ppf(0.9995, draws, POWER + ALLOWED) / draws
    print(f"{design}: {draws} studies, {power:.3f}")
    assert low <= power <= high
