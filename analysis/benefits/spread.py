"""Who gains along the distribution: quantile effects with a simultaneous band, and dispersion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.benefits.interaction import wald
from analysis.diagnostics import Diagnostic
from analysis.estimate import Estimate, NotEstimable
from analysis.estimators.aggregate import simultaneous, with_df
from analysis.estimators.cells import build_cells
from analysis.estimators.choice import build_choice, not_comparable
from analysis.estimators.logit import fit_logit
from analysis.estimators.quantiles import Weighted, log_sd_influence, quantile_influence
from analysis.estimators.results import ITT, Figures, make_estimate, make_target
from analysis.figures import RATIO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result, Target
    from analysis.estimators.choice import Choice
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
NAME = "quantile: "  # how the names of the results begin
SD_RATIO = "sd_ratio"
EQUAL = "quantile_equality_"  # how the names of the notes begin, an arm each
ON_JOINERS = "effect on the distribution of those who joined"
ROUNDING = 1e-9  # of a logarithm, below which an error is none
NO_ERROR = "everybody is as far from the mean: how certain the ratio of spreads is cannot be told"
_STREAM = 4003  # keeps the draws of the band apart from other draws of the study


def quantile_effects(panel: Panel, spec: StudySpec) -> tuple[tuple[Result, ...], list[Diagnostic]]:
    """Differences of quantiles of the person means, the ratio of their spreads, and a test.

    ``panel`` has the covariates of the study (opt-in). One set an arm.
    """
    results: list[Result] = []
    notes: list[Diagnostic] = []
    for arm in panel.treated:
        pair = panel.pair(arm)
        found, note = _Arm.of(pair, spec).answer()
        results += found
        notes += note
    return tuple(results), notes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arm:
    """One arm against the comparison: people with weights, or why there are none."""

    pair: Panel
    spec: StudySpec
    choice: Choice
    sides: tuple[Weighted, Weighted] | str  # treated, comparison

    @classmethod
    def of(cls, pair: Panel, spec: StudySpec) -> _Arm:
        choice = build_choice(pair, spec.follow_up.primary, spec.missing_covariates)
        why = not_comparable(choice, pair.treated[0], pair.comparison)
        weigh = _of_choice if spec.design == "opt_in" else _of_draw
        return cls(pair=pair, spec=spec, choice=choice, sides=why or weigh(pair, choice))

    def answer(self) -> tuple[list[Result], list[Diagnostic]]:
        made = [(tau, self._quantile(tau)) for tau in QUANTILES]
        known = [found for _, found in made if not isinstance(found, str)]
        covariance, df, how = self._covariance([influence for _, influence in known])
        band = self._band(covariance, df)
        results: list[Result] = []
        for tau, found in made:
            target = self._target(f"{NAME}{tau:g}", f"Difference of the {_ordinal(tau)} percentile")
            if isinstance(found, str):
                results.append(NotEstimable(target=target, reason=found))
                continue
            place = next(i for i, one in enumerate(known) if one is found)
            error = float(covariance[place, place]) ** 0.5
            results.append(self._estimate(target, found[0], error, band, df, how, tau))
        return [*results, self._dispersion()], self._equality(known, covariance, df)

    def _quantile(self, tau: float) -> tuple[float, Floats] | str:
        if isinstance(self.sides, str):
            return self.sides
        return _less(*(quantile_influence(side, tau, self._people) for side in self.sides))

    def _dispersion(self) -> Result:
        target = self._target(SD_RATIO, "Ratio of standard deviations", unit=RATIO)
        if isinstance(self.sides, str):
            return NotEstimable(target=target, reason=self.sides)
        found = _less(*(log_sd_influence(side, self._people) for side in self.sides))
        if isinstance(found, str):
            return NotEstimable(target=target, reason=found)
        value, influence = found
        covariance, df, how = self._covariance([influence])
        error = float(covariance[0, 0]) ** 0.5
        if not (error > ROUNDING and df > 0):
            return NotEstimable(target=target, reason=NO_ERROR)
        half = float(stats.t.ppf(0.975, df)) * error
        treated, comparison = self.choice.people
        ratio = float(np.exp(value))
        return Estimate(
            target=target, estimate=ratio, std_error=ratio * error,
            ci_low=float(np.exp(value - half)), ci_high=float(np.exp(value + half)),
            p_value=float(2 * stats.t.sf(abs(value) / error, df)), df=df, n_treated=treated,
            n_comparison=comparison, n_rows=treated + comparison, t_df=df,
            convention=f"{how}; interval of the logarithm",
        )  # fmt: skip

    @property
    def _people(self) -> int:
        return len(self.choice.outcome)

    def _target(self, name: str, estimator: str, unit: str | None = None) -> Target:
        estimand = ON_JOINERS if self.spec.design == "opt_in" else f"{ITT}, on the distribution"
        return make_target(
            self.pair, self.spec, self.pair.treated[0], self.spec.follow_up.primary,
            name=name, estimator=estimator, estimand=estimand, unit=unit,
        )  # fmt: skip

    def _covariance(self, influences: list[Floats]) -> tuple[Floats, float, str]:
        """Covariance of figures from influences (N,) each, degrees of freedom, and the words."""
        stacked = np.array(influences).reshape(len(influences), self._people)
        names, code = np.unique(self.choice.cluster, return_inverse=True)
        sums = np.zeros((len(names), len(stacked)))
        np.add.at(sums, code, stacked.T)
        groups = len(names)
        unit = self.spec.cluster.replace("_", " ") if self.choice.clustered else "person"
        words = f"influence function by {unit}, factor G / (G − 1)"
        return sums.T @ sums * groups / max(groups - 1, 1), float(groups - 1), words

    def _band(self, covariance: Floats, df: float) -> float:
        """How many standard errors a band reaches that covers all quantiles at once."""
        if not len(covariance):
            return float("nan")
        rng = np.random.default_rng([self.spec.seed(), _STREAM])
        return with_df(simultaneous(covariance, rng), df)

    def _estimate(
        self, target: Target, value: float, error: float, band: float, df: float, how: str,
        tau: float,
    ) -> Result:  # fmt: skip
        treated, comparison = self.choice.people
        made = make_estimate(
            target,
            Figures(
                estimate=value, std_error=error, t_df=df, df=df,
                counts=(treated, comparison, treated + comparison),
                convention=f"{how}; simultaneous band over {len(QUANTILES)} quantiles",
                size=float(np.abs(self.choice.outcome).max()),
                interval=(value - band * error, value + band * error),
            ),
            log=self.spec.outcome.per_cent,
        )  # fmt: skip
        if isinstance(made, NotEstimable):
            return made
        side = min(tau, 1 - tau)  # people beyond the quantile, whom its value is about
        return replace(made, n_smallest=int(min(treated, comparison) * side + 1e-9))

    def _equality(
        self, known: list[tuple[float, Floats]], covariance: Floats, df: float
    ) -> list[Diagnostic]:
        if len(known) < 2 or df < len(known) - 1:
            return []
        _, _, p_value = wald(np.array([value for value, _ in known]), covariance, df)
        return [
            Diagnostic(
                name=f"{EQUAL}{self.pair.treated[0]}",
                label=f"The effect of {self.pair.treated[0]} is the same at all quantiles",
                value=p_value,
                display=f"p = {p_value:.2g}",
                threshold="a small p speaks against it",
                status="note",
                remedy="",
                reveals_effect=True,
                coarse=(float(f"{p_value:.1g}"), f"p = {p_value:.1g}"),
            )
        ]


def _less(
    treated: tuple[float, Floats] | str, comparison: tuple[float, Floats] | str
) -> tuple[float, Floats] | str:
    """The difference of two figures and its influence, or why there is none."""
    if isinstance(treated, str) or isinstance(comparison, str):
        return treated if isinstance(treated, str) else str(comparison)
    return treated[0] - comparison[0], treated[1] - comparison[1]


def _of_draw(pair: Panel, choice: Choice) -> tuple[Weighted, Weighted] | str:
    """Everybody stands for the people of their stratum, of whichever arm.

    Shares of the arms may differ between strata by design; within them they are chance.
    """
    stratum = pair.people["stratum"].to_numpy(dtype=np.int64)[choice.place]
    names, code = np.unique(stratum, return_inverse=True)
    design = (code[:, None] == np.arange(len(names))).astype(float)
    size, won = np.bincount(code), np.bincount(code, weights=choice.treated)
    if ((won == 0) | (won == size)).any():
        return "a stratum has people of one arm only"
    chance = (won / size)[code]
    sides = []
    for arm in (True, False):
        place = np.flatnonzero(choice.treated == arm)
        given = chance if arm else 1 - chance
        # d(1 / share of a stratum): its score is (drawn - share) / (people x share)
        own = ((choice.treated == arm) - given) / (size[code] * given)
        sides.append(
            Weighted(
                outcome=choice.outcome[place], weight=1 / given[place], place=place,
                choice=-design * own[:, None], design=design[place],
            )
        )  # fmt: skip
    return sides[0], sides[1]


def _of_choice(pair: Panel, choice: Choice) -> tuple[Weighted, Weighted] | str:
    """Joiners as they are; the others with the odds of joining (Firpo 2007, effects on treated)."""
    cells = build_cells(choice.covariates, choice.treated, choice.outcome, exact_rows=True)
    logit = fit_logit(cells.design, cells.people)
    if isinstance(logit, str):
        return logit
    place = np.flatnonzero(~choice.treated)
    chance = logit.chance
    if (chance[place] >= 1).any():
        return "somebody was sure to join and did not"
    scores = cells.design * (choice.treated - chance)[:, None]
    joined = np.flatnonzero(choice.treated)
    return (
        Weighted(outcome=choice.outcome[joined], weight=np.ones(len(joined)), place=joined),
        Weighted(
            outcome=choice.outcome[place],
            weight=chance[place] / (1 - chance[place]),
            place=place,
            choice=scores @ logit.bread,
            design=cells.design[place],
        ),
    )


def _ordinal(tau: float) -> str:
    return f"{round(100 * tau)}th"
