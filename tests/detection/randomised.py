"""Failures of a lottery: sizes of arms, imbalance, missing outcomes, mentored comparators."""

from __future__ import annotations

import numpy as np
from scipy import stats

from analysis.diagnostics.balance import balance
from analysis.diagnostics.contamination import contamination
from analysis.diagnostics.response import differential_missing
from analysis.diagnostics.sample_ratio import sample_ratio
from tests.detection.curve import Gate
from tests.detection.data import panel, study

PEOPLE = 400
COVARIATES, PERMUTATIONS = 3, 2_000
RECORDED, MISSING_LIMIT = 0.90, 0.05
MIXED_LIMIT = 0.20
SPEC, PLANNED = study("randomised"), study("randomised", allocation={"share": 0.5})


def _halves() -> np.ndarray:
    return np.arange(PEOPLE) < PEOPLE // 2


def ratio_theory(off: float) -> float:
    """Binomial: the counts that chi-square rejects at .001 and that are .1 points off a half."""
    count = np.arange(PEOPLE + 1)
    p = stats.chi2.sf((count - PEOPLE / 2) ** 2 / (PEOPLE / 4), 1)
    rejected = (p < 0.001) & (np.abs(count / PEOPLE - 0.5) >= 0.001)
    return float(stats.binom.pmf(count[rejected], PEOPLE, 0.5 + off).sum())


def ratio_draw(off: float, rng: np.random.Generator) -> str:
    treated = rng.random(PEOPLE) < 0.5 + off
    made = panel(treated, {1: rng.normal(size=PEOPLE)})
    return sample_ratio(made, PLANNED).status


def balance_theory(shift: float) -> float:
    """Noncentral F of Hotelling's T2, whose p-value 2,000 permutations estimate (binomial)."""
    half, q = PEOPLE / 2, COVARIATES
    df, noncentral = PEOPLE - q - 1, half / 2 * shift**2
    grid = np.linspace(0, 200, 20_001)[1:]
    density = stats.ncf.pdf(grid, q, df, noncentral) if shift else stats.f.pdf(grid, q, df)
    p = stats.f.sf(grid, q, df)
    most = np.ceil(0.001 * (1 + PERMUTATIONS)) - 2  # (1 + extreme) / (1 + draws) < .001
    most += float((2 + most) / (1 + PERMUTATIONS) < 0.001)
    return float((density * stats.binom.cdf(most, PERMUTATIONS, p)).sum() * (grid[1] - grid[0]))


def balance_draw(shift: float, rng: np.random.Generator) -> str:
    treated = _halves()
    values = rng.normal(size=(PEOPLE, COVARIATES))
    values[treated, 0] += shift
    made = panel(
        treated, {1: rng.normal(size=PEOPLE)}, {f"x{i}": x for i, x in enumerate(values.T)}
    )
    return balance(made, SPEC).status


def missing_theory(gap: float) -> float:
    """Two binomials: the 95 % limit (HC2, t) of the difference of shares above five points."""
    n = PEOPLE // 2
    count = np.arange(n + 1)
    share = count / n
    part = share * (1 - share) / (n - 1)
    half = stats.t.ppf(0.975, 2 * n - 2) * np.sqrt(part[:, None] + part)
    caught = np.abs(share[:, None] - share) - half > MISSING_LIMIT
    ours, others = (stats.binom.pmf(count, n, RECORDED - g) for g in (gap, 0.0))
    return float(ours @ caught @ others)


def missing_draw(gap: float, rng: np.random.Generator) -> str:
    treated = _halves()
    seen = rng.random(PEOPLE) < RECORDED - gap * treated
    made = panel(treated, {1: np.where(seen, rng.normal(size=PEOPLE), np.nan)})
    return differential_missing(made, SPEC)[0].status


def mixed_theory(share: float) -> float:
    """Binomial: more than a fifth of the comparison."""
    n = PEOPLE // 2
    return float(stats.binom.sf(np.floor(MIXED_LIMIT * n + 1e-9), n, share))


def mixed_draw(share: float, rng: np.random.Generator) -> str:
    treated = _halves()
    took = np.where(treated, 1.0, rng.random(PEOPLE) < share)
    made = panel(treated, {1: rng.normal(size=PEOPLE)}, take_up=took)
    return contamination(made, SPEC.thresholds).status


GATES = (
    Gate(
        name="sample ratio",
        planted="share drawn, off the planned half",
        theory=ratio_theory,
        draw=ratio_draw,
        nominal=0.001,
        search=(0.0, 0.3),
        how="binomial, exact",
    ),
    Gate(
        name="balance (randomised)",
        planted="shift of one of three covariates, SD",
        theory=balance_theory,
        draw=balance_draw,
        nominal=0.001,
        search=(0.0, 0.9),
        how="noncentral F of Hotelling's T2, permutations binomial",
        slack=0.01,
    ),
    Gate(
        name="missing outcomes (randomised)",
        planted="difference of shares with an outcome",
        theory=missing_theory,
        draw=missing_draw,
        nominal=0.025,
        allowed=MISSING_LIMIT,
        search=(0.0, 0.5),
        how="two binomials, exact",
    ),
    Gate(
        name="contamination",
        planted="share of the comparison with a mentor",
        theory=mixed_theory,
        draw=mixed_draw,
        nominal=0.5,
        allowed=MIXED_LIMIT,
        search=(0.01, 0.6),
        how="binomial, exact",
    ),
)
