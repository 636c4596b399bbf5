"""Good data: nothing is wrong, and yet some check fails. How often, by design and by check."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.compress import NEVER, People, fold
from analysis.diagnostics.balance import balance
from analysis.diagnostics.sample_ratio import sample_ratio
from analysis.exits.checks import checks_of
from analysis.finding import Flow
from analysis.opt_in import diagnose_opt_in
from analysis.randomised import diagnose_randomised
from analysis.roll_out import effects_of, leads_alike
from analysis.roll_out_panel import RollOut
from tests.detection.data import panel, study
from tests.detection.exits import drawn_careers, fitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.diagnostics import Diagnostic

HEAD = ("design", "draws", "withheld", "99.9 % bound of 5 %", "by check")
PROMISED = 0.05
LEAVES, ABSENT, INFORMAL = 0.015, 0.05, 0.03  # a month; a month; of the comparison
TALENT, NOISE = 1.0, 0.7  # standard deviations of a person, and of a month of theirs
LONG = {"months": 6, "primary": [1, 6]}
PLANNED = study("randomised", allocation={"share": 0.5}, follow_up=LONG)
CHOSEN = study(
    "opt_in", follow_up=LONG, negative_controls=["commute", "shoe_size", "birth_month"],
)  # fmt: skip
SITES = study("rollout", cluster="site", follow_up={"months": 6, "primary": [1, 6]})


def _outcomes(
    rng: np.random.Generator, people: int, first: int
) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """Outcomes by month up to 6, with gaps and exits from month 1 on; mean of months -3 to -1."""
    talent, found = TALENT * rng.normal(size=people), {}
    left = rng.geometric(LEAVES, people)
    for month in range(first, 7):
        value = talent + NOISE * rng.normal(size=people)
        found[month] = np.where((left <= month) | (rng.random(people) < ABSENT), np.nan, value)
    return found, np.nanmean(np.vstack([np.zeros(people), *(found[m] for m in (-3, -2, -1))]), 0)


def lottery(rng: np.random.Generator) -> tuple[Diagnostic, ...]:
    """600 people, half drawn; five covariates, exits, and comparators with informal mentors."""
    n = 600
    outcome, past = _outcomes(rng, n, -3)
    treated = rng.random(n) < 0.5
    known = {"past": past, **{f"x{i}": rng.integers(0, 2 + i, n).astype(float) for i in range(4)}}
    took = np.where(treated, rng.random(n) < 0.9, rng.random(n) < INFORMAL).astype(float)
    return diagnose_randomised(panel(treated, outcome, known, take_up=took), PLANNED)


def opt_in(rng: np.random.Generator, arms: int = 1) -> tuple[Diagnostic, ...]:
    """1,000 people who join by past results, grade and tenure; three negative controls."""
    n = 1_000
    outcome, past = _outcomes(rng, n, -9)
    grade, tenure = rng.integers(1, 5, n).astype(float), rng.exponential(5, n).clip(0.2, 30)
    wish = -1.2 + 0.5 * past + 0.2 * grade - 0.05 * tenure
    joined = rng.random(n) < 1 / (1 + np.exp(-wish))
    controls = {c: rng.normal(size=n) + 0.1 * grade for c in CHOSEN.negative_controls}
    took = np.where(joined, 1.0, rng.random(n) < INFORMAL)
    made = panel(
        joined, outcome, {"past": past, "grade": grade, "tenure": tenure}, take_up=took, **controls
    )
    if arms == 1:
        return diagnose_opt_in(made, CHOSEN)
    also = joined & (rng.random(n) < 0.5)
    made.people.loc[also, "arm"] = "also"
    spec = CHOSEN.model_copy(
        update={"arms": CHOSEN.arms.model_copy(update={"treated": ("with", "also")})}
    )
    both = type(made)(
        people=made.people, rows=made.rows, treated=("with", "also"), comparison="without",
        covariates=made.covariates,
    )  # fmt: skip
    return diagnose_opt_in(both, spec)


def two_arms(rng: np.random.Generator) -> tuple[Diagnostic, ...]:
    """The same people, who join one of two programmes."""
    return opt_in(rng, arms=2)


def roll_out(rng: np.random.Generator) -> tuple[Diagnostic, ...]:
    """24 sites, a quarter each starting in three months or never; site-wide shocks, 480 people."""
    sites, months = 24, np.arange(1, 31)
    start = rng.permutation(np.repeat([14, 18, 22, NEVER], sites // 4))
    site = np.repeat(np.arange(sites), 20)
    shock = 0.3 * rng.normal(size=(sites, 1)) + 0.2 * rng.normal(size=(sites, len(months)))
    value = shock[site] + rng.normal(size=(len(site), 1)) + rng.normal(size=(len(site), 30))
    person, month = np.nonzero(rng.random(value.shape) >= ABSENT)
    rows = (person, month, value[person, month])
    people = People(cohort=start[site], cell=np.zeros(len(site), dtype=int), cluster=site)
    made = RollOut(
        moments=fold(lambda: [rows], people, months),
        covariates=None, covariate_names=(), strata=None, flow=Flow(steps=(), arms=()),
    )  # fmt: skip
    return (leads_alike(SITES, effects_of(made, SITES)),)


def exits(rng: np.random.Generator) -> tuple[Diagnostic, ...]:
    """1,000 people drawn, and their resignations, retirements and ends of contracts."""
    n = 1_000
    forces = {"voluntary": 0.2, "retirement": 0.06, "end_of_contract": 0.08}
    careers = drawn_careers({k: np.full(n, f) for k, f in forces.items()}, rng)
    age = {"age": rng.normal(size=n), "level": rng.integers(0, 3, n).astype(float)}
    made = panel(careers.arm == 1, {1: rng.normal(size=n)}, age)
    drawn = (sample_ratio(made, PLANNED), balance(made, PLANNED))
    return (*drawn, *checks_of(fitted(careers), ()))


DESIGNS: dict[str, Callable[[np.random.Generator], tuple[Diagnostic, ...]]] = {
    "randomised, 600 people": lottery,
    "opt-in, 1,000 people": opt_in,
    "opt-in, 1,000 people in two arms": two_arms,
    "roll-out, 24 sites": roll_out,
    "exits, 1,000 people drawn": exits,
}


def failures(design: str, draws: int) -> tuple[int, Counter[str]]:
    """Draws in which any check fails, and in how many each does."""
    withheld, each = 0, Counter[str]()
    for number in range(draws):
        checks = DESIGNS[design](np.random.default_rng([99, number]))
        failed = {c.name for c in checks if c.status == "fail"}
        withheld += bool(failed)
        each.update(failed)
    return withheld, each


def most(draws: int) -> int:
    """The most draws that may fail where the share is 5 %, in 99.9 % binomial bounds."""
    return int(stats.binom.ppf(0.9995, draws, PROMISED))


def row_of(design: str, draws: int) -> tuple[list[str], int]:
    """The row of a design, and in how many draws it was withheld."""
    withheld, each = failures(design, draws)
    parts = ", ".join(f"{n} {c / draws:.4f}" for n, c in each.most_common()) or "none"
    bound = f"at most {most(draws) / draws:.4f}"
    return [design, str(draws), f"{withheld / draws:.4f}", bound, parts], withheld
