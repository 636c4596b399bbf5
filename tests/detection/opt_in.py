"""Failures of a programme people chose: imbalance left, no overlap, hidden selection, gaps."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats
from scipy.special import expit

from analysis.diagnostics.adjusted_balance import adjusted_balance
from analysis.diagnostics.comparability import comparability
from analysis.diagnostics.missing_outcome import missing_outcome
from analysis.diagnostics.no_effect import negative_controls, placebo
from analysis.estimate import Estimate, Target
from analysis.estimators.choice import choice_of
from analysis.estimators.logit import fit_logit
from analysis.estimators.opt_in_results import headline
from analysis.estimators.opt_in_setting import make_setting, setting_of
from analysis.opt_in import PLACEBO
from tests.detection.data import panel, status_of, study

if TYPE_CHECKING:
    from analysis.estimate import Result
    from analysis.panel import Panel

PEOPLE = 600
JOINS = np.array([0.3, 0.5])  # chance of joining of people without and with x, half each
CONTROLS = 3
SPEC = study("opt_in")


def people(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(joined, x) of 600 people."""
    x = rng.integers(0, 2, PEOPLE)
    return rng.random(PEOPLE) < JOINS[x], x.astype(float)


def overlap(made: Panel, name: str) -> str:
    """The checks of who is compared alone, as `diagnose_opt_in` makes them."""
    setting = make_setting(made, SPEC, "with", SPEC.follow_up.primary)
    model = None if setting.problem else fit_logit(setting.cells.design, setting.cells.people)
    chance = None if model is None or isinstance(model, str) else model.chance
    return status_of((adjusted_balance(setting, chance), *comparability(setting, chance)), name)


def of_people(made: Panel, figure: np.ndarray) -> Result:
    """The headline's estimator on another figure of people (n,), as `diagnose_opt_in` makes it."""
    choice = choice_of(made, figure, SPEC.missing_covariates)
    return headline(setting_of(made, SPEC, SPEC.follow_up.primary, choice))


def att_variance(treated: float, others: float) -> float:
    """Of an effect on joiners within x: variances of one joiner's and one other's figure."""
    n1, n0 = PEOPLE / 2 * JOINS, PEOPLE / 2 * (1 - JOINS)
    share = n1 / n1.sum()
    return treated / n1.sum() + others * float((share**2 / n0).sum())


def _rejected(shift: float, level: float) -> float:
    """Power of the t test of a difference in standard deviations between joiners and others."""
    df, critical = PEOPLE - 1, stats.t.isf(level / 2, PEOPLE - 1)
    z = shift / np.sqrt(att_variance(1.0, 1.0))
    upper, lower = stats.nct.sf(critical, df, z), stats.nct.cdf(-critical, df, z)
    return float(np.nan_to_num(upper, nan=1.0) + np.nan_to_num(lower, nan=0.0))


def placebo_theory(shift: float) -> float:
    """Noncentral t, .05."""
    return _rejected(shift, 0.05)


def placebo_draw(shift: float, rng: np.random.Generator) -> str:
    joined, x = people(rng)
    early = rng.normal(size=PEOPLE) + x + shift * joined
    made = panel(joined, {-8: early, 1: rng.normal(size=PEOPLE)}, {"x": x})
    return placebo(
        headline(make_setting(made, SPEC, "with", PLACEBO)), PLACEBO, SPEC.thresholds
    ).status


def controls_theory(shift: float) -> float:
    """One of three controls moved: the smallest p after Holm below .01."""
    level = 0.01 / CONTROLS
    return 1 - (1 - _rejected(shift, level)) * (1 - level) ** (CONTROLS - 1)


def controls_draw(shift: float, rng: np.random.Generator) -> str:
    joined, x = people(rng)
    values = rng.normal(size=(CONTROLS, PEOPLE)) + x
    values[0] += shift * joined
    made = panel(joined, {1: rng.normal(size=PEOPLE)}, {"x": x})
    return negative_controls([of_people(made, v) for v in values], SPEC.thresholds).status


MANY, ERROR, EASE = 40, 0.1, 0.25


def ease_theory(spread: float) -> float:
    """With equal errors the fit has a closed form: a normal mean, a chi-square variance."""
    total, level = spread**2 + ERROR**2, (np.arange(400) + 0.5) / 400
    mean = np.sqrt(total / MANY) * stats.norm.ppf(level)
    square = total * stats.chi2.ppf(level, MANY - 1) / MANY - ERROR**2
    sd = np.sqrt(np.maximum(square, 1e-18))[:, None]
    folded = sd * np.sqrt(2 / np.pi) * np.exp(-((mean / sd) ** 2) / 2)
    folded = folded + mean * (1 - 2 * stats.norm.cdf(-mean / sd))
    return float((folded > EASE).mean())


def ease_draw(spread: float, rng: np.random.Generator) -> str:
    """Controls whose p-values say nothing: what is left is their spread."""
    found = np.exp(rng.normal(0, np.hypot(spread, ERROR), MANY))
    return negative_controls([_ratio(float(r)) for r in found], SPEC.thresholds).status


def _ratio(ratio: float) -> Estimate:
    target = Target(
        name="c", role="secondary", estimand="", estimator="", arm="with", comparison="without",
        window=(1, 1), unit="ratio",
    )  # fmt: skip
    return Estimate(
        target=target, estimate=ratio, std_error=ERROR * ratio, ci_low=ratio, ci_high=ratio,
        p_value=1.0, df=100, n_treated=100, n_comparison=100, n_rows=200, convention="",
    )  # fmt: skip


SEEN, GAP_LIMIT = 0.9, 0.05


def missing_theory(gap: float) -> float:
    """Normal, with the variance of the adjusted difference of shares of those with an outcome."""
    joined, others = ((SEEN - g) * (1 - SEEN + g) for g in (gap, 0.0))
    error = np.sqrt(att_variance(joined, others))
    critical = stats.t.ppf(0.975, PEOPLE - 1)
    beyond = (np.array([gap, -gap]) - GAP_LIMIT) / error - critical
    return float(stats.norm.cdf(beyond).sum())


def missing_draw(gap: float, rng: np.random.Generator) -> str:
    joined, x = people(rng)
    seen = rng.random(PEOPLE) < SEEN - gap * joined
    made = panel(joined, {1: np.where(seen, rng.normal(size=PEOPLE), np.nan)}, {"x": x})
    return missing_outcome(of_people(made, seen.astype(float)), PEOPLE, SPEC.thresholds).status


ALONE = 0.2
GROUP = 200


def alone_theory(share: float) -> float:
    """Binomial: more than a fifth of the joiners are far from every comparator."""
    return float(stats.binom.sf(round(ALONE * GROUP), GROUP, share))


def alone_draw(share: float, rng: np.random.Generator) -> str:
    joined = np.arange(3 * GROUP) < GROUP
    x = rng.integers(-2, 3, 3 * GROUP).astype(float)
    x[joined & (rng.random(3 * GROUP) < share)] = 8.0
    made = panel(joined, {1: rng.normal(size=3 * GROUP)}, {"x": x})
    return overlap(made, "comparability")


ALIKE, FEWEST = 0.9, 20.0
SIZES = (100, 300)


@lru_cache(maxsize=1)
def _too_few() -> np.ndarray:
    """(joiners with x, others with x): whether Kish's size of the weighted others is below 20."""
    n1, n0 = SIZES
    ours, others = np.arange(n1 + 1.0)[:, None], np.arange(n0 + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = np.nan_to_num(ours**2 / others, nan=0.0, posinf=np.inf)
        square += np.nan_to_num((n1 - ours) ** 2 / (n0 - others), nan=0.0, posinf=np.inf)
        return n1**2 / square < FEWEST


def few_theory(unlike: float) -> float:
    """Two binomials: weights are the odds of the two groups."""
    (n1, n0), caught = SIZES, _too_few()
    ours = stats.binom.pmf(np.arange(n1 + 1), n1, ALIKE)
    return float(ours @ caught @ stats.binom.pmf(np.arange(n0 + 1), n0, 1 - unlike))


def few_draw(unlike: float, rng: np.random.Generator) -> str:
    joined = np.arange(sum(SIZES)) < SIZES[0]
    x = (rng.random(sum(SIZES)) < np.where(joined, ALIKE, 1 - unlike)).astype(float)
    made = panel(joined, {1: rng.normal(size=len(x))}, {"x": x})
    return overlap(made, "effective_sample_size")


@lru_cache(maxsize=1)
def _closed() -> np.ndarray:
    """(joiners with x, others with x) of 200 each: whether under half have a score in .3 to .7."""
    ours, others = np.arange(GROUP + 1.0)[:, None], np.arange(GROUP + 1.0)
    open_people = np.zeros((GROUP + 1, GROUP + 1))
    for a, b in ((ours, others), (GROUP - ours, GROUP - others)):
        score = a / np.maximum(a + b, 1)
        open_people += np.where((score >= 0.3) & (score <= 0.7), a + b, 0)
    return open_people / (2 * GROUP) < 0.5


def choice_theory(pull: float) -> float:
    """Two binomials: the preference score of a group is its share of all joiners and others."""
    count = np.arange(GROUP + 1)
    ours, others = (stats.binom.pmf(count, GROUP, 0.5 + p) for p in (pull, -pull))
    return float(ours @ _closed() @ others)


def choice_draw(pull: float, rng: np.random.Generator) -> str:
    joined = np.arange(2 * GROUP) < GROUP
    x = (rng.random(2 * GROUP) < np.where(joined, 0.5 + pull, 0.5 - pull)).astype(float)
    made = panel(joined, {1: rng.normal(size=len(x))}, {"x": x})
    return overlap(made, "equipoise")


CURVED, STEEP, VALUES = 6_000, 1.5, np.arange(-2.0, 3.0)
LIMIT = 0.1


def _chance(bend: float) -> np.ndarray:
    """Who joins by x: a logit with a square, of which the model knows nothing."""
    return expit(-1 + STEEP * VALUES - bend * (VALUES**2 - 2))


def _left(others: np.ndarray, joiners: np.ndarray) -> tuple[float, float]:
    """Difference left and Kish's size, from people by x: a straight logit by Newton's method."""
    x, both = np.column_stack([np.ones(5), VALUES]), others + joiners
    beta = np.zeros(2)
    for _ in range(60):
        p = expit(x @ beta)
        beta += np.linalg.solve(
            x.T @ (x * (both * p * (1 - p))[:, None]), x.T @ (joiners - both * p)
        )
    weight = np.exp(x @ beta)
    means = [VALUES @ n / n.sum() for n in (joiners, others, others * weight)]
    spread = [
        (VALUES - m) ** 2 @ n / n.sum() for m, n in zip(means, (joiners, others), strict=False)
    ]
    size = (others @ weight) ** 2 / (others @ weight**2)
    return float(means[0] - means[2]) / float(np.sqrt(np.mean(spread))), float(size)


def _bend(left: float) -> float:
    """The square that leaves so much of a difference, in large samples."""
    people = np.full(5, CURVED / 5)

    def off(bend: float) -> float:
        chance = _chance(bend)
        return abs(_left(people * (1 - chance), people * chance)[0]) - left

    return float(optimize.brentq(off, 0.0, 1.5)) if left else 0.0


def balance_theory(left: float) -> float:
    """Normal: the delta method over counts by x and arm, against the rule's own error."""
    chance, people = _chance(_bend(left)), np.full(5, CURVED / 5)
    counts = np.concatenate([people * (1 - chance), people * chance])

    def figure(n: np.ndarray) -> float:
        return abs(_left(n[:5], n[5:])[0]) if left else _left(n[:5], n[5:])[0]

    slope = np.array([(figure(counts + h) - figure(counts - h)) / 0.02 for h in 0.01 * np.eye(10)])
    variance = float(slope**2 @ counts - (slope @ counts) ** 2 / CURVED)
    rule = np.sqrt(1 / _left(counts[:5], counts[5:])[1] + 1 / counts[5:].sum())
    over = LIMIT + stats.norm.isf(0.05) * rule
    found = stats.norm.sf([over - left, over + left], scale=np.sqrt(variance))
    return float(found.sum())


def balance_draw(left: float, rng: np.random.Generator) -> str:
    x = rng.integers(0, 5, CURVED)
    joined = rng.random(CURVED) < _chance(_bend(left))[x]
    made = panel(joined, {1: rng.normal(size=CURVED)}, {"x": VALUES[x]})
    return overlap(made, "adjusted_balance")
