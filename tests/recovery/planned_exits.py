"""Studies of exits with the effect their plan says is found: arms drawn, or started by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import optimize

from analysis.exits.careers import KINDS, Careers, Covariate
from analysis.exits.careers import NEVER as NO_DAY
from analysis.exits.figures import Maker
from analysis.exits.results import difference
from analysis.exits.setting import ExitSetting, fitter_of
from analysis.planning.exits import leaving_of
from analysis.planning.power import fewer, people_for_fewer
from analysis.planning.size import starters_of
from tests.detection.data import study
from tests.detection.exits import BEGIN, SPEC, WINDOW, YEAR, drawn_careers, fitted
from tests.recovery.planned import ON_A_MONTH, PAST, STUDIES

if TYPE_CHECKING:
    from analysis.planning.starters import Starters

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
