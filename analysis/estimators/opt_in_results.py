"""Results of an opt-in design: each estimator in one window, for one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.aipw import aipw
from analysis.estimators.choice import build_choice, cells_of, not_comparable
from analysis.estimators.entropy_balance import balanced_difference, entropy_balance
from analysis.estimators.influence import spread
from analysis.estimators.logit import fit_logit
from analysis.estimators.nuisance import FOLDS, cross_fit, fit_nuisance
from analysis.estimators.outcome_model import fit_by_arm
from analysis.estimators.results import Figures, make_estimate, make_target
from analysis.estimators.standardisation import standardise
from analysis.estimators.trimming import LIMITS, trimmed
from analysis.estimators.weighting import raw_difference, weighted_difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.estimate import Result, Role
    from analysis.estimators.aipw import Whom
    from analysis.estimators.cells import Cells
    from analysis.estimators.choice import Choice
    from analysis.estimators.influence import Influence
    from analysis.estimators.logit import Logit
    from analysis.estimators.nuisance import Nuisance
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window

ON_JOINERS = "effect on those who joined"
ON_ALL = "effect on everybody eligible"
ON_OTHERS = "effect on those who did not join"
ON_OPEN = "effect on people whose choice was open, by overlap weights"
NAIVE = "raw difference: not an effect"
CROSS_FITTED = f"cross-fitted in {FOLDS} folds of people"
PLUG_IN = "models fitted once (plug-in)"
_EMPTY = "hardly anybody is within the limits"
_FELL_BACK = f"{PLUG_IN}: a fold leaves too few people to fit the models without it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One arm and window: who is compared, their cells, and the study the figures belong to."""

    pair: Panel
    spec: StudySpec
    window: Window
    choice: Choice
    cells: Cells

    @property
    def arm(self) -> str:
        """The treated arm."""
        return self.pair.treated[0]

    @property
    def problem(self) -> str | None:
        """Why nothing can be compared; None where it can."""
        return not_comparable(self.choice, self.arm, self.pair.comparison)


def make_setting(panel: Panel, spec: StudySpec, arm: str, window: Window) -> Setting:
    """The setting of one arm of the panel in one window."""
    pair = panel.pair(arm)
    return setting_of(pair, spec, window, build_choice(pair, window, spec.missing_covariates))


def setting_of(pair: Panel, spec: StudySpec, window: Window, choice: Choice) -> Setting:
    """The setting of people already chosen."""
    cells = cells_of(choice, spec.seed())
    return Setting(pair=pair, spec=spec, window=window, choice=choice, cells=cells)


Held = tuple["Nuisance | str", str]


def held_out(setting: Setting, cells: Cells | None = None) -> Held:
    """Cross-fitted models and how they were made, plug-in ones where a fold cannot be fitted.

    Whether it can be depends on who joined, never on outcomes.
    """
    used = setting.cells if cells is None else cells
    if setting.problem:
        return setting.problem, ""
    nuisance = cross_fit(used)
    if not isinstance(nuisance, str) and np.isfinite(aipw(used, nuisance, "att").estimate):
        return nuisance, CROSS_FITTED
    return fit_nuisance(used), _FELL_BACK


def headline(
    setting: Setting, *, held: Held | None = None, name: str = "primary", role: Role = "secondary"
) -> Result:
    """AIPW for those who joined from cross-fitted models."""
    nuisance, how = held or held_out(setting)
    return Maker(setting).doubly_robust(nuisance, "att", name, ON_JOINERS, how, role=role)


def companions(setting: Setting, held: Held) -> Iterator[Result]:
    """Everything shown beside the headline in its window, the naive difference last."""
    made, cells, problem = Maker(setting), setting.cells, setting.problem
    nuisance, how = held
    plug_in = problem or fit_nuisance(cells)
    logit = problem or fit_logit(cells.design, cells.people)
    yield made.doubly_robust(nuisance, "ate", "aipw_ate", ON_ALL, how)
    yield made.doubly_robust(nuisance, "atc", "aipw_atc", ON_OTHERS, how)
    yield made.doubly_robust(plug_in, "att", "aipw_plug_in", ON_JOINERS, PLUG_IN)
    yield made.result(
        logit if isinstance(logit, str) else weighted_difference(cells, logit, "overlap"),
        "overlap", "Overlap weights", ON_OPEN,
    )  # fmt: skip
    balance = problem or entropy_balance(cells)
    yield made.result(
        balance if isinstance(balance, str) else balanced_difference(cells, balance),
        "entropy_balancing", "Entropy balancing", ON_JOINERS,
    )  # fmt: skip
    yield made.result(
        problem or standardise(cells, fit_by_arm(cells), "att"),
        "outcome_regression", "Outcome regression", ON_JOINERS,
    )  # fmt: skip
    yield made.result(
        logit if isinstance(logit, str) else weighted_difference(cells, logit, "att"),
        "ipw", "Inverse probability weights", ON_JOINERS,
    )  # fmt: skip
    yield from _within_limits(made, logit)
    yield made.result(
        problem or raw_difference(cells), "naive", "Difference in means", NAIVE, role="naive"
    )


def _within_limits(made: Maker, logit: Logit | str) -> Iterator[Result]:
    """The headline again without people who were almost sure to join or to stay out, if any."""
    if isinstance(logit, str):
        return
    cells = trimmed(made.setting.cells, logit.chance)
    if cells.people.sum() == made.setting.cells.people.sum():
        return
    low, high = (f"{100 * limit:g} %" for limit in LIMITS)
    whom = f"{ON_JOINERS}, among people whose chance of joining was between {low} and {high}"
    nuisance, how = held_out(made.setting, cells) if min(cells.counts) > 1 else (_EMPTY, "")
    yield made.doubly_robust(nuisance, "att", "trimmed", whom, how, cells=cells)


@dataclass(frozen=True, slots=True)
class Maker:
    """Turns influences into results of one setting."""

    setting: Setting

    def doubly_robust(
        self,
        nuisance: Nuisance | str,
        whom: Whom,
        name: str,
        estimand: str,
        how: str,
        *,
        role: Role = "secondary",
        cells: Cells | None = None,
    ) -> Result:
        """AIPW from these models, or why there is none."""
        used = cells or self.setting.cells
        found = nuisance if isinstance(nuisance, str) else aipw(used, nuisance, whom)
        return self.result(found, name, "AIPW", estimand, role=role, how=how, cells=used)

    def result(
        self,
        influence: Influence | str,
        name: str,
        estimator: str,
        estimand: str,
        *,
        role: Role = "secondary",
        how: str = "",
        cells: Cells | None = None,
    ) -> Result:
        """The estimate with its interval, or the reason there is none."""
        s = self.setting
        target = make_target(
            s.pair, s.spec, s.arm, s.window,
            name=name, estimator=estimator, estimand=estimand, role=role,
        )  # fmt: skip
        if isinstance(influence, str):
            return NotEstimable(target=target, reason=influence)
        return make_estimate(
            target, self._figures(influence, cells or s.cells, how),
            log=s.spec.outcome.transform == "log",
        )  # fmt: skip

    def _figures(self, influence: Influence, cells: Cells, how: str) -> Figures:
        comparison, treated = cells.counts
        found = spread(cells, influence)
        return Figures(
            estimate=influence.estimate,
            std_error=found.std_error,
            t_df=found.df,
            df=min(found.df, min(comparison, treated) - influence.terms),
            counts=(round(treated), round(comparison), round(treated + comparison)),
            convention=_convention(self.setting, how),
            size=cells.size,
        )


def _convention(setting: Setting, how: str) -> str:
    words = "influence function"
    if setting.choice.clustered:
        words += f" clustered by {setting.spec.cluster.replace('_', ' ')}, factor G / (G − 1)"
        words += ", t with clusters − 1 degrees of freedom"
    else:
        words += ", factor n / (n − 1), t with people − 1 degrees of freedom"
    return f"{words}; {how}" if how else words
