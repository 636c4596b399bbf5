"""What is true of a drawn company: every estimand twice, and the potential outcomes behind it.

``realised`` averages the potential outcomes of the people drawn. ``expected`` integrates out what
chance does after the draw of lots (take-up and exits) given traits, for the same applicants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.exits import KINDS, VOLUNTARY, exit_dates, other_hazards, voluntary_force
from analysis.synthetic.lottery import (
    NEWCOMER_BELOW,
    PROFILE,
    PROGRAMME,
    Lottery,
    theta_mask,
)
from analysis.synthetic.people import CODES

if TYPE_CHECKING:
    from analysis.synthetic.company import Company
    from analysis.synthetic.streams import Bools, Dates, Floats, Ints

WINDOWS = ((1, 6), (1, 3))  # event months of the performance estimands
HORIZONS = (90, 180, 365)  # days from the draw, of the exit estimands

# SD of the usual estimator over draws of the default company of 5,000 heads, a rough guide
_ITT, _LATE = "revenue_per_call.itt.while_employed", "revenue_per_call.late.while_employed"
_SD = {
    (_ITT, "applicants in sales", "1-6", ""): 1.55,
    (_LATE, "compliers in sales", "1-6", ""): 2.45,
    (_ITT, "applicants in sales", "1-6", "tenure < 12"): 2.12,
    (_ITT, "applicants in sales", "1-6", "tenure >= 12"): 2.04,
    ("voluntary_exit.itt", "applicants", "90 d", ""): 1.2,
    ("voluntary_exit.itt", "applicants", "180 d", ""): 1.6,
    ("voluntary_exit.itt", "applicants", "365 d", ""): 2.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimand:
    """One planted truth; ``estimand`` is ``outcome.contrast.population rule``."""

    scenario: str
    seed: int
    n: int
    programme: str
    estimand: str
    arm_contrast: str
    population: str
    window: str
    unit: str
    subgroup: str
    value_expected: float
    value_realised: float
    method: str
    n_units: int
    prototype_sd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worlds:
    """Applicants with the chance of being employed in each month of both worlds, (people, 48).

    ``alive`` counts the month of exit out; ``leaves`` is the probability of a voluntary exit in
    the month. All are conditional on being there at the draw.
    """

    lottery: Lottery
    alive_untreated: Floats
    alive_mentored: Floats
    leaves_untreated: Floats
    leaves_mentored: Floats

    @property
    def gain(self) -> Floats:
        return self.lottery.gain_by_month()

    @property
    def p(self) -> Floats:
        return self.lottery.p_take_up[:, None]

    def take(self, rows: Bools) -> _Worlds:
        return _Worlds(
            lottery=self.lottery.take(rows),
            alive_untreated=self.alive_untreated[rows],
            alive_mentored=self.alive_mentored[rows],
            leaves_untreated=self.leaves_untreated[rows],
            leaves_mentored=self.leaves_mentored[rows],
        )


def _worlds(company: Company) -> _Worlds:
    lottery = company.lottery.take(company.lottery.applied)
    people = company.people.take(lottery.person)
    force, after = voluntary_force(people), lottery.event_month() >= 1
    stays = np.prod([1 - h for h in other_hazards(people).values()], axis=0)
    alive: list[Floats] = []
    leaves: list[Floats] = []
    for factor in (1.0, theta_mask(lottery, company.scenario.theta)):
        hazard = -np.expm1(-force * factor) * after
        survival = np.cumprod(np.where(after, (1.0 - hazard) * stays, 1.0), axis=1, dtype=float)
        before = np.concatenate([np.ones((len(lottery), 1)), survival[:, :-1]], axis=1)
        alive.append(survival)
        leaves.append(before * hazard)
    return _Worlds(
        lottery=lottery,
        alive_untreated=alive[0],
        alive_mentored=alive[1],
        leaves_untreated=leaves[0],
        leaves_mentored=leaves[1],
    )


def estimands(company: Company) -> list[Estimand]:
    """Every estimand of the lottery: performance in sales, voluntary exits in all departments."""
    everybody = _worlds(company)
    sales = everybody.take(everybody.lottery.department == CODES["sales"])
    new = sales.lottery.tenure < NEWCOMER_BELOW
    groups = (("", sales), ("tenure < 12", sales.take(new)), ("tenure >= 12", sales.take(~new)))
    found: list[Estimand] = []
    for subgroup, worlds in groups:
        if len(worlds.lottery):
            for window in WINDOWS:
                found += _performance(company, worlds, window, subgroup)
    for population, worlds in (("", everybody), (" in sales", sales)):
        if len(worlds.lottery):
            found += [_exit(company, worlds, days, population) for days in HORIZONS]
    theta = company.scenario.theta
    row = _row(
        company, "voluntary_exit.hazard_factor", "mentored against not", "takers", "1-12",
        "ratio", "", (theta, theta), "closed_form", int(everybody.lottery.takes_up.sum()),
    )  # fmt: skip
    return [*found, row]


def _performance(
    company: Company, worlds: _Worlds, window: tuple[int, int], subgroup: str
) -> list[Estimand]:
    """ITT and LATE on revenue per call, 100 (exp(mean log gain) - 1), by the rule of who counts."""
    contrasts = {"itt": "offered against not", "late": "mentored against not"}
    rows = []
    for contrast, label in contrasts.items():
        for rule, (expected, realised) in _gains(worlds, window, contrast).items():
            values = (100 * float(np.expm1(expected)), 100 * float(np.expm1(realised)))
            row = _row(
                company, f"revenue_per_call.{contrast}.{rule}", label,
                "applicants in sales" if contrast == "itt" else "compliers in sales",
                f"{window[0]}-{window[1]}", "%", subgroup, values, "integrated",
                len(worlds.lottery),
            )  # fmt: skip
            rows.append(row)
    return rows


def _gains(
    worlds: _Worlds, window: tuple[int, int], contrast: str
) -> dict[str, tuple[float, float]]:
    """Mean log gain (expected, realised) by rule: all stayed, while employed, always survivors.

    A mean over person-months; those who would not take up count with gain 0 in the ITT.
    """
    lottery, p, gain = worlds.lottery, worlds.p, worlds.gain
    event = lottery.event_month()
    inside = ((event >= window[0]) & (event <= window[1])).astype(float)
    takes = lottery.takes_up[:, None].astype(float)
    rest = 1.0 if contrast == "itt" else 0.0  # weight of those who do not take up
    month = np.arange(MONTHS)
    employed = (month < lottery.offered_month[:, None]).astype(float)
    through = _at_event(worlds.alive_untreated, lottery, window[1])[:, None]
    stayed = (lottery.untreated_month > lottery.round_month + window[1]).astype(float)[:, None]
    weights = {
        "if_all_stayed": ((inside, inside), inside),
        "while_employed": (
            (inside * worlds.alive_mentored, inside * worlds.alive_untreated),
            inside * employed,
        ),
        "always_survivors": ((inside * through, inside * through), inside * stayed),
    }
    return {
        rule: (_mean(gain, p, *expected, rest), _mean(gain, takes, realised, realised, rest))
        for rule, (expected, realised) in weights.items()
    }


def _mean(gain: Floats, p: Floats, taker: Floats, other: Floats, rest: float) -> float:
    total = (p * taker).sum() + rest * ((1 - p) * other).sum()
    return float((p * taker * gain).sum() / total) if total else 0.0


def _at_event(by_month: Floats, lottery: Lottery, event: int) -> Floats:
    return by_month[np.arange(len(lottery)), lottery.round_month + event]


def _exit(company: Company, worlds: _Worlds, days: int, population: str) -> Estimand:
    """ITT on leaving voluntarily within ``days`` of the draw, in percentage points."""
    lottery = worlds.lottery
    end = lottery.drawn_on + np.timedelta64(days, "D")
    share = _share_of_month(end)
    difference = lottery.p_take_up[:, None] * (worlds.leaves_mentored - worlds.leaves_untreated)
    untreated_on, offered_on = _exit_days(company, lottery)
    offered = (lottery.offered_kind == VOLUNTARY) & (offered_on <= end)
    untreated = (lottery.untreated_kind == VOLUNTARY) & (untreated_on <= end)
    realised = float(np.mean(offered.astype(float) - untreated))
    expected = float((difference * share).sum(axis=1).mean())
    return _row(
        company, "voluntary_exit.itt", "offered against not", f"applicants{population}",
        f"{days} d", "percentage points", "", (100 * expected, 100 * realised), "integrated",
        len(lottery),
    )  # fmt: skip


def _share_of_month(end: Dates) -> Floats:
    """Share of each calendar month that lies up to and including ``end``, (people, 48)."""
    starts = month_start(np.arange(MONTHS + 1))
    gone = (end[:, None] - starts[None, :-1]).astype(np.int64) + 1
    return np.asarray((gone / np.diff(starts).astype(np.int64)).clip(0, 1))


def _exit_days(company: Company, lottery: Lottery) -> tuple[Dates, Dates]:
    """Exit dates of the two worlds: the same uniform places the day in either month."""
    uniform = company.streams.scalar("exit.day", 0, len(company))[lottery.person]
    people = company.people.take(lottery.person)
    return (
        exit_dates(people, lottery.untreated_month, uniform),
        exit_dates(people, lottery.offered_month, uniform),
    )


def _row(
    company: Company, estimand: str, arm_contrast: str, population: str, window: str, unit: str,
    subgroup: str, values: tuple[float, float], method: str, n_units: int,
) -> Estimand:  # fmt: skip
    usual = company.size == 5_000 and company.scenario.name == "default"
    spread = _SD.get((estimand, population, window, subgroup)) if usual else None
    return Estimand(
        scenario=company.scenario.name, seed=company.streams.seed, n=company.size,
        programme=PROGRAMME, estimand=estimand, arm_contrast=arm_contrast, population=population,
        window=window, unit=unit, subgroup=subgroup, value_expected=values[0],
        value_realised=values[1], method=method, n_units=n_units,
        prototype_sd=spread,
    )  # fmt: skip


def potential_outcomes(company: Company) -> dict[str, Ints | Floats | Bools | Dates | list[str]]:
    """A row for each eligible person: exits of both worlds, gain, type; columns by name."""
    lottery = company.lottery
    kinds = np.array(KINDS)
    return {
        "person": lottery.person,
        "programme": [PROGRAMME] * len(lottery),
        "drawn_on": lottery.drawn_on,
        "applied": lottery.applied,
        "won": lottery.won,
        "complier": lottery.takes_up,
        "exit_month_untreated": lottery.untreated_month,
        "exit_kind_untreated": kinds[lottery.untreated_kind].tolist(),
        "exit_month_offered": lottery.offered_month,
        "exit_kind_offered": kinds[lottery.offered_kind].tolist(),
        "mean_log_gain_1_6": lottery.gain * float(PROFILE[1:7].mean()) * lottery.takes_up,
        "always_survivor_6": lottery.untreated_month > lottery.round_month + 6,
    }
