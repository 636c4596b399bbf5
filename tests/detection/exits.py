"""Failures of a study of exits: controls that move, exits that become known late or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.diagnostics.exit_records import restatement_lag
from analysis.exits.careers import KINDS, NEVER, Careers
from analysis.exits.checks import checks_of
from analysis.exits.records import read_records
from analysis.exits.setting import ArmSetting, ExitSetting, fitter_of
from tests.detection.curve import Gate
from tests.detection.data import status_of, study

PEOPLE = 1_600
YEAR, FOLLOWED = 365, 250
BEGIN = int(np.datetime64("2024-01-01").astype(int))
RETIRES, RESIGNS = 0.25, 0.30  # a year, as forces
SPEC = study(
    "randomised", outcome={"kind": "exit", "metric": "voluntary"},
    follow_up={"months": 6, "primary": [1, 6]},
)  # fmt: skip
WINDOW = 180  # days: six months of follow-up
NEVER_WRONG = 0.01


def drawn_careers(forces: dict[str, np.ndarray], rng: np.random.Generator) -> Careers:
    """Two halves drawn on one day, who leave with constant forces (n,) a year by kind."""
    n = len(next(iter(forces.values())))
    times = np.array([rng.exponential(1 / f) for f in forces.values()])
    first, kind = times.min(axis=0), times.argmin(axis=0)
    left = first < FOLLOWED / YEAR
    codes = np.array([KINDS.index(name) for name in forces])
    never = np.full(n, NEVER)
    return Careers(
        person=np.arange(n), cluster=np.arange(n), hired=np.full(n, BEGIN - 400),
        zero=np.full(n, BEGIN), arm=(np.arange(n) < n // 2).astype(np.int64), start=never,
        exit=np.where(left, BEGIN + (first * YEAR).astype(int), NEVER),
        kind=np.where(left, codes[kind], 0), notice=never, end=np.full(n, BEGIN + FOLLOWED),
        eligible=np.ones((n, 14), dtype=bool), first_month=12 * 2024,
        undated=np.zeros(n, dtype=bool),
    )  # fmt: skip


def fitted(careers: Careers) -> ExitSetting:
    """The headline's comparison of the study, without the other ways to look."""
    fitter = fitter_of(careers, SPEC)
    compared = fitter.headline(1)
    why = "not looked at"
    arm = ArmSetting(
        arm="with", compared=compared, logit=why, one_effect=why, landmark=why,
        ever=compared.entries, ever_effect=why,
    )  # fmt: skip
    return ExitSetting(
        careers=careers, spec=SPEC, kinds=fitter.kinds, cluster=fitter.cluster, arms=(arm,)
    )


def _forces(log_ratio: float) -> dict[str, np.ndarray]:
    treated = np.arange(PEOPLE) < PEOPLE // 2
    return {
        "voluntary": np.full(PEOPLE, RESIGNS),
        "retirement": RETIRES * np.exp(log_ratio * treated),
        "end_of_contract": np.full(PEOPLE, RETIRES),
    }


def _expected(log_ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Retirements and ends of contracts expected in each arm within the window's six months."""
    ratio = np.exp([log_ratio, 0.0])
    total = RESIGNS + RETIRES + RETIRES * ratio
    each = PEOPLE / 2 * -np.expm1(-total * WINDOW / YEAR) / total * RETIRES
    return each * ratio, each


def controls_theory(log_ratio: float) -> float:
    """One of two hazard ratios moved: normal, the variance of its log 1/d + 1/d; Holm."""
    level = NEVER_WRONG / 2
    critical = stats.norm.isf(level / 2)
    moved, _ = _expected(log_ratio)
    z = log_ratio / np.sqrt((1 / moved).sum())
    power = stats.norm.sf(critical - z) + stats.norm.cdf(-critical - z)
    return float(1 - (1 - power) * (1 - level))


def controls_draw(log_ratio: float, rng: np.random.Generator) -> str:
    setting = fitted(drawn_careers(_forces(log_ratio), rng))
    return status_of(checks_of(setting, ()), "negative_controls")


# One exit a day of the year before last month's delivery; deliveries are monthly.
EXITS, LATE, TOLD = 360, 92, 0.95
LAST = 18  # deliveries a month apart


def _deliveries() -> np.ndarray:
    return BEGIN + (np.arange(LAST) * 31)


def _spells(exits: np.ndarray, known: np.ndarray, hired: int, stay: int) -> pd.DataFrame:
    """Spells with an exit on record, and of ``stay`` people who have none."""

    def dates(days: np.ndarray) -> np.ndarray:
        return np.append(days.astype("datetime64[D]"), np.full(stay, np.datetime64("NaT", "D")))

    return pd.DataFrame(
        {
            "hired_on": np.full(len(exits) + stay, np.datetime64(hired, "D")),
            "exited_on": dates(exits), "exit_known_on": dates(known), "exit_inferred": False,
        }
    )  # fmt: skip


def _told(delivered: np.ndarray, spells: pd.DataFrame) -> str:
    frame = pd.DataFrame({"delivered_on": delivered.astype("datetime64[D]")})
    return restatement_lag(read_records(SPEC, spells, frame), SPEC.thresholds).status


def _could() -> tuple[np.ndarray, np.ndarray]:
    """Days of exits, and the delivery that could tell of each."""
    delivered = _deliveries()
    exits = delivered[-1] - EXITS + np.arange(EXITS)
    return exits, np.searchsorted(delivered, exits)


def late_theory(share: float) -> float:
    """Binomial: of those three deliveries old, more than 5 % told by the third."""
    _, first = _could()
    old = int((first + 3 < LAST).sum())
    return float(stats.binom.sf(np.floor((1 - TOLD) * old + 1e-9), old, share))


def late_draw(share: float, rng: np.random.Generator) -> str:
    exits, first = _could()
    told = first + 3 * (rng.random(EXITS) < share)
    seen = told < LAST
    known = _deliveries()[np.minimum(told, LAST - 1)]
    return _told(_deliveries(), _spells(exits[seen], known[seen], BEGIN - 900, 1_000))


STAFF, FORCE = 3_000, 0.12  # people, and exits a year
TWO_MONTHS = 61


def fewer_theory(hidden: float) -> float:
    """Binomial given all exits: .01, exits of the last 61 days against the year before.

    Exits are on record for that year alone, so that no earlier season is looked at.
    """
    force = FORCE / YEAR
    early = -np.expm1(-force * YEAR)
    late = np.exp(-force * YEAR) * -np.expm1(-force * TWO_MONTHS)
    year = early / force  # days at work of one person, and of the last two months as recorded
    two = (1 - early) * (
        hidden * TWO_MONTHS + (1 - hidden) * -np.expm1(-force * TWO_MONTHS) / force
    )
    share, visible = two / (year + two), late * (1 - hidden)
    total = np.arange(1, STAFF // 3)
    # the largest number of late exits that the test takes for too few
    most = stats.binom.ppf(0.01, total, share) - 1
    most += stats.binom.cdf(most + 1, total, share) < 0.01
    found = stats.binom.cdf(most, total, visible / (early + visible))
    return float(stats.binom.pmf(total, STAFF, early + visible) @ found)


def fewer_draw(hidden: float, rng: np.random.Generator) -> str:
    last = BEGIN + 600
    day = last - YEAR - TWO_MONTHS + 1 + np.floor(rng.exponential(YEAR / FORCE, STAFF)).astype(int)
    late = (day > last - TWO_MONTHS) & (day <= last)
    seen = (day <= last) & ~(late & (rng.random(STAFF) < hidden))
    exits = day[seen]
    spells = _spells(exits, np.full(len(exits), last), BEGIN - 900, STAFF - len(exits))
    return _told(np.array([last]), spells)


GATES = (
    Gate(
        name="negative controls (exits)",
        planted="log hazard ratio of retirement",
        theory=controls_theory,
        draw=controls_draw,
        nominal=NEVER_WRONG,
        search=(0.0, 1.5),
        slack=0.02,
        how="normal (1/d + 1/d), Holm",
    ),
    Gate(
        name="exits known late (warns, cuts the follow-up)",
        planted="share of exits told three months late",
        theory=late_theory,
        draw=late_draw,
        nominal=0.5,
        allowed=1 - TOLD,
        search=(0.001, 0.4),
        caught_as=("warn",),
        how="binomial, exact",
    ),
    Gate(
        name="exits not entered yet (warns, cuts the follow-up)",
        planted="share of the last two months' exits missing",
        theory=fewer_theory,
        draw=fewer_draw,
        nominal=0.01,
        search=(0.0, 0.95),
        caught_as=("warn",),
        slack=0.01,
        how="binomial test, exact given the days at work expected",
    ),
)
